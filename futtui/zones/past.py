"""Bars of the past in columns, to ask where price came to a band without looking at each bar."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from futtui.zones.episodes import Bar, NextReach

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Past:
    """Bars with an ATR, oldest first, as tuples (`bars`) and as columns. None of it may change later."""

    __slots__ = ("_closes", "_highs", "_lows", "bars")

    def __init__(self, bars: Sequence[Bar]) -> None:
        import numpy as np

        self.bars: Sequence[Bar] = bars
        table = np.array(bars, dtype=float).reshape(-1, 5)
        self._lows: NDArray[Any] = table[:, 1].copy()
        self._highs: NDArray[Any] = table[:, 2].copy()
        self._closes: NDArray[Any] = table[:, 3].copy()

    def since(self, time_ms: int) -> Past:
        """The bars that opened at `time_ms` or later."""
        start = bisect_left(self.bars, (time_ms,))
        if start == 0:
            return self
        part = object.__new__(Past)
        part.bars = self.bars[start:]
        part._lows, part._highs, part._closes = self._lows[start:], self._highs[start:], self._closes[start:]
        return part

    def closes_between(self, low: float, high: float) -> int:
        """How many bars closed from `low` to `high`, both included."""
        return int(((self._closes >= low) & (self._closes <= high)).sum())

    def next_reach(self, low: float, high: float) -> NextReach:
        """Answers where, from a place on, the next bar reaches down into a band (side +1) or up into it (side -1)."""

        def find(place: int, side: int) -> int:
            reach = self._lows[place:] <= high if side > 0 else self._highs[place:] >= low
            step = int(reach.argmax())
            return place + step if reach[step] else len(self.bars)

        return find
