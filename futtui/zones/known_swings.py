"""The confirmed swings of the lookback, by time and by price."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from heapq import heappop, heappush
from itertools import pairwise
from operator import attrgetter, is_
from typing import NamedTuple

from futtui.zones.swings import Swing

_by_price = attrgetter("price", "time_ms")


class Side(NamedTuple):
    """Highs or lows by rising price, of equal ones the earlier first; the prices once more, to be searched."""

    prices: list[float]
    swings: list[Swing]

    def add(self, swing: Swing) -> None:
        """Put a swing in its place."""
        prices, swings = self
        place, count = bisect_left(prices, swing.price), len(prices)
        while place < count and prices[place] == swing.price and swings[place].time_ms < swing.time_ms:
            place += 1
        prices.insert(place, swing.price)
        swings.insert(place, swing)

    def remove(self, swing: Swing) -> None:
        """Take out a swing that was put in."""
        place = bisect_left(self.prices, swing.price)
        while self.swings[place] is not swing:
            place += 1
        del self.prices[place], self.swings[place]

    def within(self, low: float, high: float) -> Side:
        """Those from `low` to `high`, both included."""
        first, after = bisect_left(self.prices, low), bisect_right(self.prices, high)
        return Side(self.prices[first:after], self.swings[first:after])

    def runs(self, gap: float) -> list[list[Swing]]:
        """All of them, parted where neighbours lie more than `gap` apart."""
        prices, swings = self
        if not swings:
            return []
        ends = [place for place, (before, price) in enumerate(pairwise(prices), 1) if price - before > gap]
        return [swings[start:end] for start, end in zip([0, *ends], [*ends, len(swings)], strict=True)]


class KnownSwings:
    """Adds and forgets in a few microseconds; finds the neighbours of a swing without looking at the others."""

    __slots__ = ("_by_time", "_highs", "_lows")

    def __init__(self) -> None:
        self._by_time: list[tuple[int, bool, Swing]] = []
        self._highs, self._lows = Side([], []), Side([], [])

    def _side(self, is_high: bool) -> Side:
        return self._highs if is_high else self._lows

    def add(self, swings: Iterable[Swing]) -> None:
        """Remember new swings; none may be known already."""
        for swing in swings:
            heappush(self._by_time, (swing.time_ms, swing.is_high, swing))
            self._side(swing.is_high).add(swing)

    def forget_before(self, time_ms: int) -> None:
        """Forget the swings of older bars."""
        heap = self._by_time
        while heap and heap[0][0] < time_ms:
            _, is_high, swing = heappop(heap)
            self._side(is_high).remove(swing)

    @property
    def highs(self) -> Sequence[Swing]:
        """All highs by rising price."""
        return self._highs.swings

    @property
    def lows(self) -> Sequence[Swing]:
        """All lows by rising price."""
        return self._lows.swings

    def all(self) -> tuple[list[Swing], list[float]]:
        """Lows by rising price, then highs by rising price; and their prices."""
        return self._lows.swings + self._highs.swings, self._lows.prices + self._highs.prices

    def between(self, low: float, high: float) -> list[Swing]:
        """The highs and lows from `low` to `high`, both included, by rising price."""
        found = self._highs.within(low, high).swings + self._lows.within(low, high).swings
        found.sort(key=_by_price)
        return found

    def are_all(self, swings: Sequence[Swing]) -> bool:
        """Whether these swings of one side are all that are known of it, by rising price."""
        side = self._side(swings[0].is_high).swings
        return side is swings or (len(side) == len(swings) and all(map(is_, side, swings)))

    def runs(self, is_high: bool, gap: float) -> list[list[Swing]]:
        """All swings of a side by rising price, parted where neighbours lie more than `gap` apart."""
        return self._side(is_high).runs(gap)

    def chains(self, fresh: Sequence[Swing], reach: float, limit: float) -> list[list[Swing]]:
        """For swings of one side: the runs, by rising price, of neighbours at most `reach` apart that hold one.

        A run ends `limit` away from the fresh swings, however far it goes on: what lies there can be no part of a zone
        with one of them.
        """
        side = self._side(fresh[0].is_high)
        prices = sorted([swing.price for swing in fresh])
        found: list[list[Swing]] = []
        first = 0
        for number, price in enumerate(prices):
            if number + 1 < len(prices) and prices[number + 1] - price <= 2.0 * limit:
                continue
            near = side.within(prices[first] - limit, price + limit)
            found += _holding(near.runs(reach), prices[first : number + 1])
            first = number + 1
        return found


def _holding(runs: Sequence[list[Swing]], prices: list[float]) -> list[list[Swing]]:
    """The runs that hold one of these rising prices."""
    found = []
    for run in runs:
        place = bisect_left(prices, run[0].price)
        if place < len(prices) and prices[place] <= run[-1].price:
            found.append(run)
    return found
