"""The confirmed swings of the lookback, by time and by price."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from heapq import heappop, heappush
from math import inf

from futtui.zones.swings import Swing

Entry = tuple[float, int, Swing]
"""Price, time, swing: no two swings of one side share both, so swings themselves are never compared."""


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

    def chains(self, fresh: Sequence[Swing], reach: float, limit: float) -> list[list[Swing]]:
        """For swings of one side: the runs, by rising price, of neighbours at most `reach` apart that hold one.

        A run ends `limit` away from its swing, however far it goes on: what lies there can be no part of one zone.
        """
        side = self._sides[fresh[0].is_high]
        found: list[list[Swing]] = []
        end = 0
        for swing in sorted(fresh, key=lambda each: each.price):
            place = bisect_left(side, (swing.price, swing.time_ms))
            if place < end or place == len(side):
                continue
            least, most = swing.price - limit, swing.price + limit
            start, end = place, place + 1
            while start > 0 and side[start][0] - side[start - 1][0] <= reach and side[start - 1][0] >= least:
                start -= 1
            while end < len(side) and side[end][0] - side[end - 1][0] <= reach and side[end][0] <= most:
                end += 1
            found.append([entry[2] for entry in side[start:end]])
        return found


def _by_price(entry: Entry) -> tuple[float, int]:
    return entry[0], entry[1]
