"""Density of swing prices: a sum of bells of one fixed width on a fine grid, and how far its peaks stand out."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from math import ceil
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from numpy.typing import NDArray

STEPS_PER_BANDWIDTH = 6
REACH_BANDWIDTHS = 5
"""A bell is cut off here; what is left out is below a millionth of its height."""
MOST_STEPS = 40_000
"""A grid is never finer than this allows, whatever the prices."""
FEW = 24
"""So many prices are spread over the grid one by one; more of them all at once."""
_RISE_ENDS = b"\x01\x00"
"""Whether values rise, as bytes: yes, then no longer."""


class Valley(NamedTuple):
    """Price of the lowest density between two peaks, and how far it lies below the lower of them."""

    price: float
    depth: float


class Density:
    """Gaussian density of weighted prices, evaluated on a grid that is symmetric about the middle of the prices.

    Not normalised to an area of 1: only ratios are used. Same peaks as scipy's `gaussian_kde` with the same bandwidth.
    """

    __slots__ = ("_first", "_heights", "_lows", "_peaks", "_step", "highest", "values")

    def __init__(self, prices: Sequence[float], weights: Sequence[float], bandwidth: float) -> None:
        import numpy as np

        low, high = min(prices), max(prices)
        reach = STEPS_PER_BANDWIDTH * REACH_BANDWIDTHS
        self._step = max(bandwidth / STEPS_PER_BANDWIDTH, (high - low) / MOST_STEPS)
        half = ceil((high - low) / 2.0 / self._step) + reach + 1
        self._first = (low + high) / 2.0 - half * self._step
        values: NDArray[Any] = np.correlate(self._mass(prices, weights, 2 * half + 1), _bell(), mode="same")
        self.values = values
        self._peaks = _peaks(values)
        self._heights: list[float] = [values.item(place) for place in self._peaks]
        self._lows: list[float] = np.minimum.reduceat(values, [0, *self._peaks]).tolist()
        """Lowest density before the first peak, between each two, and after the last."""
        self.highest: float = max(self._heights)
        """The density at its highest peak."""

    def _mass(self, prices: Sequence[float], weights: Sequence[float], count: int) -> NDArray[Any]:
        """Weight at each place: a price is shared by its two neighbours, so the grid's place hardly matters."""
        import numpy as np

        if len(prices) <= FEW:
            mass: NDArray[Any] = np.zeros(count)
            for place, weight in self._shares(prices, weights).items():
                mass[place] = weight
            return mass
        places = np.array(prices, dtype=float)
        places -= self._first
        places /= self._step
        left = places.astype(np.int64)
        places -= left
        counted = np.array(weights, dtype=float)
        mass = np.bincount(left, counted * (1.0 - places), count)
        left += 1
        counted *= places
        mass += np.bincount(left, counted, count)
        return mass

    def _shares(self, prices: Sequence[float], weights: Sequence[float]) -> dict[int, float]:
        """The same sums, in the same order, of the places that hold any weight: for few prices quicker."""
        first, step = self._first, self._step
        lefts: dict[int, float] = {}
        rights: dict[int, float] = {}
        for price, weight in zip(prices, weights, strict=True):
            place = (price - first) / step
            left = int(place)
            place -= left
            lefts[left] = lefts.get(left, 0.0) + weight * (1.0 - place)
            rights[left + 1] = rights.get(left + 1, 0.0) + weight * place
        for right, weight in rights.items():
            lefts[right] = lefts.get(right, 0.0) + weight
        return lefts

    def grid(self) -> NDArray[Any]:
        """The prices at which `values` stand."""
        import numpy as np

        return self._first + self._step * np.arange(len(self.values))

    def price(self, place: int) -> float:
        """The price at a place of the grid."""
        return self._first + self._step * place

    def peaks(self) -> list[int]:
        """Places of all local maxima, lowest price first; of a flat top its middle."""
        return self._peaks

    def prominence_at(self, low: float, high: float) -> float:
        """How far the highest point between two prices stands out, as a share of the highest density of all (0-1).

        Prominence as in topography: height above the higher of the two lowest passes to higher ground. A slope of a
        hill that peaks elsewhere has none.
        """
        values = self.values
        last = len(values) - 1
        start = min(last, max(0, ceil((low - self._first) / self._step - 1e-9)))
        end = min(last, max(start, int((high - self._first) / self._step + 1e-9)))
        first = bisect_left(self._peaks, start)
        after = bisect_right(self._peaks, end, first)
        if first < after:
            height = max(self._heights[first:after])
            if height > values.item(start) and height > values.item(end):
                return self._prominence(self._heights.index(height, first))
        place = start + int(values[start : end + 1].argmax())
        height = float(values[place])
        # Of a flat top, peaks know the middle.
        number = bisect_left(self._peaks, place)
        for near in (number, number - 1):
            if 0 <= near < len(self._peaks) and self._is_top(near, place, height):
                return self._prominence(near)
        return 0.0

    def _prominence(self, number: int) -> float:
        """How far a peak stands out, as a share of the highest density of all."""
        left, right = self._pass(number, -1), self._pass(number, 1)
        return (self._heights[number] - (left if left > right else right)) / self.highest

    def _is_top(self, number: int, place: int, height: float) -> bool:
        """Whether a place belongs to the top of a peak."""
        if self._peaks[number] == place or self._heights[number] != height:
            return self._peaks[number] == place
        first, after = sorted((place, self._peaks[number]))
        return bool((self.values[first : after + 1] == height).all())

    def _pass(self, number: int, step: int) -> float:
        """The lowest density on the way from a peak to higher ground on one side; to the end where there is none."""
        heights, lows = self._heights, self._lows
        height, count = heights[number], len(heights)
        lowest = height
        # The valley on the left of a peak has its own number, the one on the right the next.
        valley = 0 if step < 0 else 1
        while True:
            low = lows[number + valley]
            if low < lowest:
                lowest = low
            number += step
            if number < 0 or number == count or heights[number] > height:
                return lowest

    def valleys(self, least_gap: float) -> list[Valley]:
        """The valleys between neighbouring peaks that lie `least_gap` apart, lowest price first."""
        found, heights, lows = [], self._heights, self._lows
        least_steps, step = least_gap * (1.0 - 1e-9), self._step
        for number, (left, right) in enumerate(pairwise(self._peaks)):
            if (right - left) * step < least_steps:
                continue
            lowest = lows[number + 1]
            depth = min(heights[number], heights[number + 1]) - lowest
            first, last = self._bottom(left, right, lowest * (1.0 + 1e-9))
            found.append(Valley(self.price(left) + self._step * float(first + last) / 2.0, depth))
        return found

    def _bottom(self, left: int, right: int, limit: float) -> tuple[int, int]:
        """First and last place from the left of two peaks on at which the valley between them is at most this high."""
        between = self.values[left : right + 1]
        place = int(between.argmin())
        # From a peak to the next the density falls and then rises, so what is as low lies side by side.
        if between.item(place - 1) > limit and between.item(place + 1) > limit:
            return place, place
        flat = (between <= limit).nonzero()[0]
        return int(flat[0]), int(flat[-1])


def deepest(valleys: Sequence[Valley], low: float, high: float) -> list[float]:
    """Prices of the deepest of the valleys between two prices; none without one.

    Several only where they are equally deep: the answer must not depend on which way up the chart is.
    """
    inside = [valley for valley in valleys if low < valley.price < high]
    if len(inside) < 2:
        return [valley.price for valley in inside]
    least = max([valley.depth for valley in inside]) * (1.0 - 1e-9)
    return [valley.price for valley in inside if valley.depth >= least]


def _peaks(values: NDArray[Any]) -> list[int]:
    """Places where what rose falls; values may stand for a while between the two."""
    before, after = values[:-1], values[1:]
    rises, falls = (after > before).tobytes(), (after < before).tobytes()
    found, steps = [], len(falls)
    place = rises.find(_RISE_ENDS)
    while place >= 0:
        step = top = place + 1
        while step < steps and not falls[step] and not rises[step]:
            step += 1
        if step < steps and falls[step]:
            found.append((top + step) // 2)
        place = rises.find(_RISE_ENDS, step)
    return found


@cache
def _bell() -> NDArray[Any]:
    import numpy as np

    reach = STEPS_PER_BANDWIDTH * REACH_BANDWIDTHS
    return np.exp(-0.5 * (np.arange(-reach, reach + 1) / STEPS_PER_BANDWIDTH) ** 2)
