"""The confirmed swings of the lookback, by time and by price."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from heapq import heappop, heappush
from math import inf
from operator import is_, itemgetter

from futtui.zones.swings import Swing

Entry = tuple[float, int, Swing]
"""Price, time, swing: no two swings of one side share both, so swings themselves are never compared."""
_swing = itemgetter(2)


class KnownSwings:
    """Adds and forgets in a few microseconds; finds the neighbours of a swing without looking at the others."""

    __slots__ = ("_by_time", "_sides")

    def __init__(self) -> None:
        self._by_time: list[tuple[int, bool, Swing]] = []
        self._sides: dict[bool, list[Entry]] = {True: [], False: []}

    def add(self, swings: Iterable[Swing]) -> None:
        """Remember new swings; none may be known already."""
        for swing in swings:
            heappush(self._by_time, (swing.time_ms, swing.is_high, swing))
            insort(self._sides[swing.is_high], (swing.price, swing.time_ms, swing))

    def forget_before(self, time_ms: int) -> None:
        """Forget the swings of older bars."""
        heap = self._by_time
        while heap and heap[0][0] < time_ms:
            _, is_high, swing = heappop(heap)
            side = self._sides[is_high]
            del side[bisect_left(side, (swing.price, swing.time_ms))]

    def all(self) -> list[Swing]:
        """Lows by rising price, then highs by rising price."""
        return [entry[2] for is_high in (False, True) for entry in self._sides[is_high]]

    def between(self, low: float, high: float) -> list[Swing]:
        """The highs and lows from `low` to `high`, both included, by rising price."""
        found: list[Entry] = []
        for side in self._sides.values():
            found += side[bisect_left(side, (low,)) : bisect_left(side, (high, inf))]
        found.sort(key=_by_price)
        return [entry[2] for entry in found]

    def are_all(self, swings: Sequence[Swing]) -> bool:
        """Whether these swings of one side are all that are known of it, by rising price."""
        side = self._sides[swings[0].is_high]
        return len(side) == len(swings) and all(map(is_, map(_swing, side), swings))

    def runs(self, is_high: bool, gap: float) -> list[list[Swing]]:
        """All swings of a side by rising price, parted where neighbours lie more than `gap` apart."""
        return [[entry[2] for entry in run] for run in _parts(self._sides[is_high], gap)]

    def chains(self, fresh: Sequence[Swing], reach: float, limit: float) -> list[list[Swing]]:
        """For swings of one side: the runs, by rising price, of neighbours at most `reach` apart that hold one.

        A run ends `limit` away from the fresh swings, however far it goes on: what lies there can be no part of a zone
        with one of them.
        """
        side = self._sides[fresh[0].is_high]
        prices = sorted([swing.price for swing in fresh])
        found: list[list[Swing]] = []
        first = 0
        for number, price in enumerate(prices):
            if number + 1 < len(prices) and prices[number + 1] - price <= 2.0 * limit:
                continue
            low, high = prices[first] - limit, price + limit
            near = side[bisect_left(side, (low,)) : bisect_left(side, (high, inf))]
            found += _runs(near, prices[first : number + 1], reach)
            first = number + 1
        return found


def _by_price(entry: Entry) -> tuple[float, int]:
    return entry[0], entry[1]


def _runs(near: list[Entry], prices: list[float], reach: float) -> list[list[Swing]]:
    """The parts of rising entries without a gap above `reach` that hold one of these rising prices."""
    found = []
    for run in _parts(near, reach):
        place = bisect_left(prices, run[0][0])
        if place < len(prices) and prices[place] <= run[-1][0]:
            found.append([entry[2] for entry in run])
    return found


def _parts(entries: list[Entry], gap: float) -> list[list[Entry]]:
    """Rising entries, parted where neighbours lie more than `gap` apart."""
    found, start, before = [], 0, inf
    for end, entry in enumerate(entries):
        price = entry[0]
        if price - before > gap:
            found.append(entries[start:end])
            start = end
        before = price
    return [*found, entries[start:]] if entries else found
