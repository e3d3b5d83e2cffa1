"""How likely it is that the best of many variants was only the luckiest: combinatorially symmetric cross-validation."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import log

import numpy as np

BLOCKS = 10


@dataclass(frozen=True, slots=True)
class Overfitting:
    """`probability`: share of splits whose best variant was below the median of all variants in the other half.

    `loss_probability`: share in which it lost there. `slope`: how the unseen half follows the seen one.
    """

    probability: float
    loss_probability: float
    slope: float | None
    splits: int
    variants: int


def overfitting(returns: np.ndarray, blocks: int = BLOCKS) -> Overfitting | None:
    """The probability of backtest overfitting of a table of returns: a row a period, a column a variant.

    None without two different variants and two periods a block. Bailey, Borwein, Lopez de Prado and Zhu, "The
    Probability of Backtest Overfitting" (2017), section 2.2; the measure of a half is its Sharpe ratio.
    """
    table = np.asarray(returns, dtype=np.float64)
    if table.ndim != 2 or table.shape[1] < 2 or blocks < 2 or blocks % 2 or table.shape[0] < 2 * blocks:
        return None
    parts = np.array_split(table[: table.shape[0] // blocks * blocks], blocks)
    counts = np.array([len(part) for part in parts])
    sums = np.array([part.sum(axis=0) for part in parts])
    squares = np.array([(part**2).sum(axis=0) for part in parts])
    logits, seen, unseen = [], [], []
    for chosen in combinations(range(blocks), blocks // 2):
        inside = np.zeros(blocks, dtype=bool)
        inside[list(chosen)] = True
        here = _sharpes(counts[inside], sums[inside], squares[inside])
        there = _sharpes(counts[~inside], sums[~inside], squares[~inside])
        best = int(np.argmax(here))
        share = _rank(there, best) / (table.shape[1] + 1.0)
        logits.append(log(share / (1.0 - share)))
        seen.append(here[best])
        unseen.append(there[best])
    return Overfitting(
        probability=sum(each <= 0.0 for each in logits) / len(logits),
        loss_probability=sum(each < 0.0 for each in unseen) / len(unseen),
        slope=_slope(np.array(seen), np.array(unseen)),
        splits=len(logits),
        variants=table.shape[1],
    )


def _sharpes(counts: np.ndarray, sums: np.ndarray, squares: np.ndarray) -> np.ndarray:
    """Sharpe ratio of every variant over some blocks; 0 where it never changes."""
    count = counts.sum()
    means = sums.sum(axis=0) / count
    spreads = np.sqrt(np.maximum(squares.sum(axis=0) / count - means**2, 0.0))
    flat = spreads <= 1e-12
    return np.where(flat, 0.0, means / np.where(flat, 1.0, spreads))


def _rank(values: np.ndarray, place: int) -> float:
    """Rank from 1 (worst) of one value; equal ones share the mean of their ranks."""
    own = values[place]
    return float((values < own).sum()) + (float((values == own).sum()) + 1.0) / 2.0


def _slope(seen: np.ndarray, unseen: np.ndarray) -> float | None:
    centred = seen - seen.mean()
    square = float(centred @ centred)
    return float(centred @ (unseen - unseen.mean())) / square if square > 1e-18 else None
