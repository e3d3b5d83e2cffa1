"""How much each swing counts: young ones more than old ones, busy bars more than quiet ones."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from futtui.zones.swings import Swing

VOLUME_LIMITS = (0.5, 2.0)
"""Volume in averages counts within these limits: one wild bar must not decide alone."""


def swing_weights(swings: Sequence[Swing], now_ms: int, half_life_ms: float) -> list[float]:
    """0.5 ** (age / half life) times the swing's volume in averages of the given swings, held within limits.

    Where no volume is known, age alone decides.
    """
    total = 0.0
    for swing in swings:
        total += swing.volume
    least, most = VOLUME_LIMITS
    if total <= 0:
        return [0.5 ** ((now_ms - swing.time_ms) / half_life_ms) for swing in swings]
    per_mean = len(swings) / total
    return [
        (least if (share := swing.volume * per_mean) < least else most if share > most else share)
        * 0.5 ** ((now_ms - swing.time_ms) / half_life_ms)
        for swing in swings
    ]


def weighted_median(values: Sequence[float], weights: Sequence[float]) -> float:
    """Median of rising `values` with `weights` above zero; for equal weights the ordinary one, for two their mean.

    Each value stands at the middle of its weight on the line of summed weights; between them it is interpolated, so
    a little weight moves the median a little and a mirrored list gives the mirrored median.
    """
    if len(values) == 2 and values[0] != values[1]:
        return _median_of_two(values, weights)
    prices: list[float] = []
    places: list[float] = []
    before = total = mass = 0.0
    last = None
    for value, weight in zip(values, weights, strict=True):
        # Equal values are one: else their order, which means nothing, would count.
        if value == last:
            mass += weight
            total = before + mass
            places[-1] = total - mass / 2.0
        else:
            before, mass, last = total, weight, value
            total += weight
            prices.append(value)
            places.append(total - weight / 2.0)
    half = total / 2.0
    right = bisect_left(places, half)
    if right == 0 or right == len(places):
        return prices[min(right, len(prices) - 1)]
    left = right - 1
    share = (half - places[left]) / (places[right] - places[left])
    return prices[left] + share * (prices[right] - prices[left])


def _median_of_two(values: Sequence[float], weights: Sequence[float]) -> float:
    """The same for the commonest case, step by step."""
    (low, high), (first, second) = values, weights
    total = first + second
    half, left, right = total / 2.0, first - first / 2.0, total - second / 2.0
    # Beside a weight that vanishes next to the other, rounding may put both places on one side of the middle.
    if left >= half or right < half:
        return low if left >= half else high
    return low + (half - left) / (right - left) * (high - low)


def quantile(ordered: Sequence[float], share: float) -> float:
    """Quantile of rising values, interpolated as numpy does it."""
    place = share * (len(ordered) - 1)
    left = min(int(place), len(ordered) - 2)
    if left < 0:
        return ordered[0]
    return ordered[left] + (place - left) * (ordered[left + 1] - ordered[left])
