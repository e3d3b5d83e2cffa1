"""How good a zone is, 0-100, from parts that can be shown one by one."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from math import ceil, exp, floor, log10

from futtui.domain.timeframe import DAY_MS
from futtui.domain.zone import ZoneParts

WEAK_BELOW = 40.0
NOISE_FREE_SHARE = 0.2
_TOUCH_STEPS = (0.0, 0.3, 0.5, 0.7, 0.85, 0.9)
_ROUND_STEPS = ((0.5, 0.2), (0.25, 0.1), (0.1, 0.1))
"""Shares of a step of ten, and what they are worth. A whole step is two halves, to the last bit."""
_REACTIONS = (0.7, 1.0, 1.5, 2.0)
_REACTION_VALUES = (0.2, 0.4, 0.6, 1.0)


class ScoreParts(ZoneParts):
    """Parts of a score, each 0-1, and what they add up to."""

    __slots__ = ()

    @property
    def total(self) -> float:
        """The score they add up to, 0-100."""
        return weighted(*self)


def weighted(touches: float, reactions: float, freshness: float, confluence: float, noise: float) -> float:
    """100 * (22 T + 32 Re + 16 F + 24 C) / 94 - 14 N, held within 0-100."""
    good = 22.0 * touches + 32.0 * reactions + 16.0 * freshness + 24.0 * confluence
    return max(0.0, min(100.0, 100.0 * good / 94.0 - 14.0 * noise))


def blend_of(bounces: int, breaks: int) -> tuple[float, float]:
    """How much of the score counts in the strength, and the points that touches which held add to it.

    The share of the n decided touches that held, (bounces + 1) / (n + 2), counts n / (n + 4): nothing without touches.
    """
    decided = bounces + breaks
    weight = decided / (decided + 4.0)
    return 1.0 - weight, weight * 100.0 * (bounces + 1) / (decided + 2)


def touch_part(bounces: int) -> float:
    """Value of touches that held: quickly rising at first, 1 from ten on."""
    if bounces < len(_TOUCH_STEPS):
        return _TOUCH_STEPS[bounces]
    return min(1.0, 0.9 + 0.02 * (bounces - 5))


def reaction_part(reactions_atr: Sequence[float], bounces: int, touches: int) -> float:
    """Value of the median bounce, shrunk by how reliably touches bounce: (bounces + 1) / (touches + 2)."""
    if not reactions_atr:
        return 0.0
    size = median(reactions_atr)
    place = bisect_right(_REACTIONS, size)
    if place == 0:
        value = 0.0
    elif place == len(_REACTIONS):
        value = 1.0
    else:
        left, right = _REACTIONS[place - 1], _REACTIONS[place]
        low, high = _REACTION_VALUES[place - 1], _REACTION_VALUES[place]
        value = low + (high - low) * (size - left) / (right - left)
    return value * (bounces + 1) / (touches + 2)


def median(values: Iterable[float]) -> float:
    """The middle of at least one value, of an even number the mean of the two in the middle."""
    ordered = sorted(values)
    half, odd = divmod(len(ordered), 2)
    return ordered[half] if odd else (ordered[half - 1] + ordered[half]) / 2.0


def freshness_part(age_ms: int, freshness_days: float) -> float:
    """exp(-age / freshness)."""
    return exp(-max(0, age_ms) / (freshness_days * DAY_MS))


def noise_part(closes_inside: int, closes: int, touches: int, bounces: int) -> float:
    """Share of closes inside the zone where above 20 %, and 0.3 for many touches of which less than half held."""
    share = closes_inside / closes if closes else 0.0
    noise = share if share > NOISE_FREE_SHARE else 0.0
    return min(1.0, noise + restless_part(touches, bounces))


def restless_part(touches: int, bounces: int) -> float:
    """0.3 for many touches of which less than half held, else 0."""
    return 0.3 if touches > 5 and bounces < 0.5 * touches else 0.0


def round_number_part(low: float, high: float) -> float:
    """0.2 if a whole or half step of ten lies in the zone, 0.1 for a quarter or tenth of it, else 0.

    The step is 10 to the number of digits of price, so it works for 60,000 and for 0.00001234 alike.
    """
    decade = 10.0 ** floor(log10(high))
    for share, value in _ROUND_STEPS:
        step = decade * share
        # A hair of tolerance: 0.3 is not a whole number of 0.1 in binary.
        if floor(high / step * (1 + 1e-12)) >= ceil(low / step * (1 - 1e-12)):
            return value
    return 0.0
