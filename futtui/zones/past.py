"""Bars of the past in columns, to ask where price came to a band without looking at each bar."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from futtui.zones.episodes import Bar

if TYPE_CHECKING:
    from numpy.typing import NDArray

TRUE = 1
"""A true element of a column of booleans, as a byte."""


class Past:
    """Bars with an ATR, oldest first, as tuples and as columns; those from the place `first` on count.

    None of it may change later.
    """

    __slots__ = ("_columns", "bars", "closes", "first", "highs", "lows")

    def __init__(self, bars: Sequence[Bar], columns: NDArray[Any] | None = None) -> None:
        """`columns`: lows, highs and closes as rows, if they are known already."""
        if columns is None:
            import numpy as np

            columns = np.array(bars, dtype=float).reshape(-1, 5)[:, 1:4].T.copy()
        self.first = 0
        self.bars: Sequence[Bar] = bars
        self._columns = columns
        lows, highs, closes = columns.tolist()
        self.lows: list[float] = lows
        self.highs: list[float] = highs
        self.closes: list[float] = closes

    def since(self, time_ms: int) -> Past:
        """The bars that opened at `time_ms` or later."""
        part = object.__new__(Past)
        part.bars, part._columns = self.bars, self._columns
        part.lows, part.highs, part.closes = self.lows, self.highs, self.closes
        part.first = bisect_left(self.bars, (time_ms,), self.first)
        return part

    def __len__(self) -> int:
        return len(self.bars) - self.first

    def closes_between(self, low: float, high: float) -> int:
        """How many bars closed from `low` to `high`, both included."""
        closes = self._columns[2, self.first :]
        return ((closes >= low) & (closes <= high)).tobytes().count(TRUE)

    def reached(self, low: float, high: float) -> tuple[bytes, bytes]:
        """For each place whether its bar reaches down into a band, and whether it reaches up into it: TRUE if so.

        Bytes, because a search among them is far cheaper than one among booleans.
        """
        return (self._columns[0] <= high).tobytes(), (self._columns[1] >= low).tobytes()


class KeptBars:
    """The newest bars that have an ATR, ready to be asked for as a `Past` at any close."""

    __slots__ = ("_bars", "_columns", "_filled", "_kept")

    def __init__(self, kept: int) -> None:
        self._kept = kept
        self._bars: list[Bar] = []
        self._columns: NDArray[Any] | None = None
        self._filled = 0
        """How many bars stand in the columns: they are put there when somebody asks, which is at few closes."""

    def add(self, bar: Bar) -> None:
        """Take the next bar."""
        if len(self._bars) == 2 * self._kept:
            # Into new columns: the old ones belong to those who asked before.
            self._bars = self._bars[self._kept :]
            self._columns, self._filled = None, 0
        self._bars.append(bar)

    def since(self, time_ms: int) -> Past:
        """The bars that opened at `time_ms` or later, of those that are kept."""
        import numpy as np

        if self._columns is None:
            self._columns = np.empty((3, 2 * self._kept))
        bars, filled, count = self._bars, self._filled, len(self._bars)
        if filled < count:
            self._columns[:, filled:count] = np.array([bar[1:4] for bar in bars[filled:]]).T
            self._filled = count
        start = bisect_left(bars, (time_ms,))
        return Past(bars[start:], self._columns[:, start:count])
