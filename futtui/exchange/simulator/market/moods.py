"""The moods of a synthetic market: trends, ranges, squeezes and storms that follow one another.

A mood says how the driving force behind a price behaves for a while: drift per bar, width of the swings, and a pull
towards an anchor. Trends move in waves (push, retreat, push), ranges swing between two edges and touch both several
times, a squeeze ends in a break-out. That gives break-and-retest and momentum setups room to occur.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from futtui.exchange.simulator.market.chance import Floats, Keys, uniforms


class MoodKind(Enum):
    """What the market is doing."""

    TREND_UP = "trend up"
    TREND_DOWN = "trend down"
    RANGE = "range"
    SQUEEZE = "squeeze"
    STORM = "storm"


@dataclass(frozen=True, slots=True)
class Mood:
    """One mood of one row from bar `start` up to, not including, `end` (bar numbers since the market's origin).

    `drift`, `swing` are in units of the row's usual 15-minute volatility; `anchor` is a level of the row.
    """

    kind: MoodKind
    start: int
    end: int
    number: int
    drift: float
    swing: float
    period: float
    phase: float
    anchor: float
    breakout: bool


@dataclass(frozen=True, slots=True)
class Forces:
    """What acts on one row in each bar of a stretch: drift and level in volatility units and row levels."""

    drift: Floats
    volatility: Floats
    pull: Floats
    anchor: Floats


_LENGTHS = {
    MoodKind.TREND_UP: (110, 380),
    MoodKind.TREND_DOWN: (110, 380),
    MoodKind.RANGE: (110, 330),
    MoodKind.SQUEEZE: (44, 110),
    MoodKind.STORM: (24, 72),
}
_VOLATILITY = {
    MoodKind.TREND_UP: 1.0,
    MoodKind.TREND_DOWN: 1.08,
    MoodKind.RANGE: 0.82,
    MoodKind.SQUEEZE: 0.42,
    MoodKind.STORM: 1.75,
}
_TREND = None
"""Stands for a trend whose direction is drawn separately."""
_NEXT: dict[MoodKind, tuple[tuple[float, MoodKind | None], ...]] = {
    MoodKind.RANGE: ((0.58, _TREND), (0.86, MoodKind.SQUEEZE), (0.94, MoodKind.STORM), (1.0, MoodKind.RANGE)),
    MoodKind.SQUEEZE: ((0.94, _TREND), (1.0, MoodKind.RANGE)),
    MoodKind.STORM: ((0.55, MoodKind.RANGE), (1.0, _TREND)),
}
_AFTER_TREND = ((0.46, MoodKind.RANGE), (0.66, MoodKind.SQUEEZE), (0.90, _TREND), (1.0, MoodKind.STORM))
_LEVEL_SCALE = 0.30
"""A row this far (log) above its home level is much likelier to turn down next, and the other way round."""


def first_mood(key: Keys) -> Mood:
    """The mood a row starts in."""
    draw = uniforms(key, np.array([0]))[0]
    before = MoodKind.RANGE if draw < 0.5 else MoodKind.TREND_UP
    return next_mood(Mood(before, 0, 0, 0, 0.0, 0.0, 1.0, 0.0, 0.0, False), key, 0.0)


def next_mood(last: Mood, key: Keys, level: float) -> Mood:
    """The mood that follows `last` in a row whose level (log distance from its home) is `level`."""
    number = last.number + 1
    draws = uniforms(key, number * 16 + np.arange(7)).tolist()
    kind = _drawn_kind(last.kind, draws[0], draws[1], level)
    shortest, longest = _LENGTHS[kind]
    length = int(shortest * (longest / shortest) ** draws[2])
    trending = kind in (MoodKind.TREND_UP, MoodKind.TREND_DOWN)
    sign = 1.0 if kind is MoodKind.TREND_UP else -1.0
    return Mood(
        kind,
        last.end,
        last.end + length,
        number,
        drift=sign * (0.07 + 0.09 * draws[3]) if trending else 0.0,
        swing=1.8 if trending else 4.0 + 2.5 * draws[4] if kind is MoodKind.RANGE else 0.0,
        period=36.0 + 50.0 * draws[5],
        phase=draws[6],
        anchor=level,
        breakout=trending and last.kind in (MoodKind.SQUEEZE, MoodKind.RANGE),
    )


def forces(mood: Mood, first: int, last: int, sigma: float) -> Forces:
    """What `mood` does in bars `first` up to `last`, for a row with the usual volatility `sigma`."""
    age = np.arange(first, last, dtype=np.float64) - mood.start
    wave = 2.0 * np.pi * age / mood.period
    quiet = np.zeros_like(age)
    volatility = np.full_like(age, _VOLATILITY[mood.kind])
    if mood.kind in (MoodKind.TREND_UP, MoodKind.TREND_DOWN):
        drift = mood.drift * (1.0 + mood.swing * np.cos(wave))
        if mood.breakout:
            drift += np.where(age < 6, np.sign(mood.drift) * 0.6, 0.0)
            volatility += np.where(age < 10, 0.5, 0.0)
        return Forces(drift, volatility, quiet, quiet)
    if mood.kind is MoodKind.RANGE:
        anchor = mood.anchor + mood.swing * sigma * np.sin(wave + 2.0 * np.pi * mood.phase)
        return Forces(quiet, volatility, np.full_like(age, 0.045), anchor)
    if mood.kind is MoodKind.SQUEEZE:
        return Forces(quiet, volatility, np.full_like(age, 0.06), np.full_like(age, mood.anchor))
    return Forces(quiet, volatility, quiet, quiet)


def _drawn_kind(last: MoodKind, draw: float, direction: float, level: float) -> MoodKind:
    for border, kind in _NEXT.get(last, _AFTER_TREND):
        if draw <= border:
            if kind is not _TREND:
                return kind
            break
    up_chance = 0.5 - 0.42 * level / (_LEVEL_SCALE + abs(level))
    return MoodKind.TREND_UP if direction < up_chance else MoodKind.TREND_DOWN
