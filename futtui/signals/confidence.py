"""What past trades say about a new signal: boosted trees over its parts and circumstances, made by `futtui train`.

The model is plain figures, so nothing but this file is needed to ask it. It knows when its training ended, and never
speaks about signals from before that moment.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, nan

from futtui.domain.performance import Interval
from futtui.domain.regime import Regime
from futtui.domain.shares import wilson_interval
from futtui.domain.signal import RawSignal, SignalPart
from futtui.domain.timeframe import DAY_MS, HOUR_MS

SCHEMA = 2
"""Form of the model file; 1 counted break-evens as wins and told a result that nothing had judged."""
PART_NAME = "past results"
PART_PREFIX = "part: "
CIRCUMSTANCES = (
    "strategy", "side", "hour", "weekday", "regime", "score", "base_score", "completeness", "atr_pct", "stop_pct",
    "stop_atr", "reward_r", "volume_ratio", "flow",
)  # fmt: skip
_REGIMES = tuple(Regime)
_FIRST_WEEKDAY = 3
"""1 January 1970 was a Thursday; Monday is 0."""


@dataclass(frozen=True, slots=True)
class Tree:
    """One decision tree as columns, a node a place. A leaf has `left` -1; `gap_left`: where a missing figure goes."""

    feature: tuple[int, ...]
    threshold: tuple[float, ...]
    left: tuple[int, ...]
    right: tuple[int, ...]
    gap_left: tuple[bool, ...]
    value: tuple[float, ...]

    def answer(self, figures: Sequence[float]) -> float:
        """The value of the leaf that these figures lead to."""
        node = 0
        while self.left[node] >= 0:
            figure = figures[self.feature[node]]
            goes_left = self.gap_left[node] if figure != figure else figure <= self.threshold[node]
            node = self.left[node] if goes_left else self.right[node]
        return self.value[node]


@dataclass(frozen=True, slots=True)
class Forest:
    """A sum of trees."""

    base: float
    trees: tuple[Tree, ...]

    def answer(self, figures: Sequence[float]) -> float:
        """Base and all trees together."""
        return self.base + sum(tree.answer(figures) for tree in self.trees)


@dataclass(frozen=True, slots=True)
class Estimate:
    """Chance of a net win, and what became of the `trades` like it that no model had seen.

    `observed` is the share of them that won, `result_r` their mean net result in R (None where they cannot say it).
    """

    win_share: float
    trades: int
    observed: float
    result_r: Interval

    @property
    def words(self) -> str:
        """As in `such signals won about 7 of 10 (n = 240, 64-75 of 100 with 95 % confidence); their mean
        was +0.03 R [-0.01..+0.07]`.
        """
        interval = wilson_interval(round(self.observed * self.trades), self.trades)
        low, high = interval if interval is not None else (0.0, 1.0)
        sure = f"{low * 100:.0f}-{high * 100:.0f} of 100 with 95 % confidence"
        won = f"such signals won about {self.observed * 10:.0f} of 10 (n = {self.trades}, {sure})"
        found = self.result_r
        if found.value is None or found.low is None or found.high is None:
            return won
        return f"{won}; their mean was {found.value:+.2f} R [{found.low:+.2f}..{found.high:+.2f}]"


@dataclass(frozen=True, slots=True)
class ConfidenceModel:
    """The whole of what was learned. `borders` cut the chances into classes.

    Of each class it is known how many unseen trades it held (`counts`), the share of them that won (`shares`), and
    their mean net result in R (`results_r`).
    """

    strategies: tuple[str, ...]
    features: tuple[str, ...]
    chance: Forest
    slope: float
    offset: float
    borders: tuple[float, ...]
    counts: tuple[int, ...]
    shares: tuple[float, ...]
    results_r: tuple[Interval, ...]
    cut_ms: int
    reliable: bool

    def estimate(
        self, raw: RawSignal, score: float, parts: Sequence[SignalPart], completeness: float
    ) -> Estimate | None:
        """What it says; None for a strategy that it never saw and for signals from before the end of its training."""
        if not self.reliable or raw.strategy not in self.strategies or raw.time_ms <= self.cut_ms:
            return None
        figures = row_of(figures_of(raw, score, parts, completeness, self.strategies), self.features)
        share = logistic(self.slope * self.chance.answer(figures) + self.offset)
        place = bisect_right(self.borders, share)
        return Estimate(share, self.counts[place], self.shares[place], self.results_r[place])


def estimate_part(estimate: Estimate) -> SignalPart:
    """The estimate as a part of the signal: it explains, and adds no points."""
    return SignalPart(PART_NAME, 0.0, estimate.words, estimate.win_share)


def figures_of(
    raw: RawSignal, score: float, parts: Sequence[SignalPart], completeness: float, strategies: Sequence[str]
) -> dict[str, float]:
    """Everything about a signal that is known when it is made, by name; what is not known is left out."""
    levels = raw.levels
    found: dict[str, float | None] = {
        "strategy": float(strategies.index(raw.strategy)),
        "side": float(raw.side.sign),
        "hour": float(raw.time_ms // HOUR_MS % 24),
        "weekday": float((raw.time_ms // DAY_MS + _FIRST_WEEKDAY) % 7),
        "regime": float(_REGIMES.index(raw.regime)),
        "score": score,
        "base_score": raw.base_score,
        "completeness": completeness,
        "atr_pct": raw.atr / levels.entry * 100.0,
        "stop_pct": levels.risk / levels.entry * 100.0,
        "stop_atr": levels.risk / raw.atr,
        "reward_r": levels.reward_r(0),
        "volume_ratio": raw.volume_ratio,
        "flow": raw.flow,
    }
    for part in parts:
        if part.valid and part.name != PART_NAME:
            found[PART_PREFIX + part.name] = part.points if part.value is None else part.value
    return {name: figure for name, figure in found.items() if figure is not None}


def row_of(figures: Mapping[str, float], features: Sequence[str]) -> list[float]:
    """The figures in the order of `features`; not a number where one is missing."""
    return [figures.get(name, nan) for name in features]


def logistic(value: float) -> float:
    """The share that belongs to a log-odds figure."""
    if value >= 0.0:
        return 1.0 / (1.0 + exp(-value))
    grown = exp(value)
    return grown / (1.0 + grown)
