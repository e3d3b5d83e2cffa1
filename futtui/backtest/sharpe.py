"""Sharpe ratios and what is left of them after length, crooked returns and the number of trials are counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import e, sqrt
from statistics import NormalDist

import numpy as np

from futtui.domain.timeframe import DAY_MS

EULER_GAMMA = 0.5772156649015329
_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Moments:
    """What a row of returns has: its length, Sharpe ratio a period, skewness and kurtosis (normal = 3)."""

    count: int
    sharpe: float
    skewness: float
    kurtosis: float


def daily_results(results: Sequence[float], times_ms: Sequence[int], start_ms: int, end_ms: int) -> np.ndarray:
    """The sum of R of every UTC day of [start_ms, end_ms), days without a trade included as 0."""
    first, last = start_ms // DAY_MS, (end_ms - 1) // DAY_MS
    days = np.zeros(max(0, last - first + 1))
    places = np.clip(np.asarray(times_ms, dtype=np.int64) // DAY_MS - first, 0, max(0, len(days) - 1))
    np.add.at(days, places, np.asarray(results, dtype=np.float64))
    return days


def moments(returns: np.ndarray) -> Moments | None:
    """Moments of some returns; None when there are fewer than three or they never change."""
    values = np.asarray(returns, dtype=np.float64)
    if len(values) < 3:
        return None
    centred = values - values.mean()
    spread = sqrt(float(np.mean(centred**2)))
    if not spread > 1e-12 * max(1.0, float(np.abs(values).max())):
        return None
    return Moments(
        len(values),
        float(values.mean()) / float(values.std(ddof=1)),
        float(np.mean(centred**3)) / spread**3,
        float(np.mean(centred**4)) / spread**4,
    )


def probabilistic_sharpe(found: Moments, benchmark: float = 0.0) -> float:
    """Probability that the true Sharpe ratio is above `benchmark`.

    Bailey and Lopez de Prado, "The Sharpe Ratio Efficient Frontier" (2012), equation 11.
    """
    return _NORMAL.cdf((found.sharpe - benchmark) * sqrt(found.count - 1) / _spread(found))


def least_length(found: Moments, benchmark: float = 0.0, confidence: float = 0.95) -> float | None:
    """Periods needed before this Sharpe ratio is above `benchmark` with `confidence`; None when it is not above it.

    "Minimum track record length", same paper, equation 13.
    """
    if found.sharpe <= benchmark:
        return None
    return 1.0 + (_spread(found) * _NORMAL.inv_cdf(confidence) / (found.sharpe - benchmark)) ** 2


def best_of_worthless(trials: int, spread: float) -> float:
    """Sharpe ratio that the best of `trials` worthless variants is expected to show; `spread` = their deviation.

    Bailey and Lopez de Prado, "The Deflated Sharpe Ratio" (2014), equation 1 with mean 0.
    """
    if trials < 2:
        return 0.0
    upper = _NORMAL.inv_cdf(1.0 - 1.0 / trials)
    further = _NORMAL.inv_cdf(1.0 - 1.0 / (trials * e))
    return spread * ((1.0 - EULER_GAMMA) * upper + EULER_GAMMA * further)


def deflated_sharpe(found: Moments, trials: int, spread: float) -> float:
    """Probability that the true Sharpe ratio is above zero, given that it is the best of `trials`.

    Same paper, equation 2: the benchmark is what the best of so many worthless variants would show.
    """
    return probabilistic_sharpe(found, best_of_worthless(trials, spread))


def _spread(found: Moments) -> float:
    """Standard error of the Sharpe ratio times the root of the length; skewed and fat tails widen it."""
    square = 1.0 - found.skewness * found.sharpe + (found.kurtosis - 1.0) / 4.0 * found.sharpe**2
    return sqrt(max(square, 1e-12))
