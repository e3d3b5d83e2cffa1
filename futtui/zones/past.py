"""Bars of the past in columns, to ask where price came to a band without looking at each bar."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from futtui.zones.episodes import Bar

if TYPE_CHECKING:
    from numpy.typing import NDArray

CUT_EVERY_BARS = 32
"""Seldom, for it is a copy; yet often enough that much the same is held always."""
TRUE = 1
"""A true element of a column of booleans, as a byte."""


class Marks(NamedTuple):
    """What is the same whichever way up bars are told."""

    times: list[int]
    atrs: list[float]

    def later(self, first: int) -> Marks:
        """A copy without the `first` bars."""
        return Marks(self.times[first:], self.atrs[first:])


class View(NamedTuple):
    """Bars one way up. Told upside down all prices are negative, so that a low is a high and nothing else changes."""

    lows: list[float]
    highs: list[float]
    closes: list[float]

    def upside_down(self) -> View:
        """The same bars the other way up."""
        lows, highs, closes = ([-price for price in column] for column in self)
        return View(highs, lows, closes)

    def later(self, first: int) -> View:
        """A copy without the `first` bars."""
        return View(self.lows[first:], self.highs[first:], self.closes[first:])


class Past:
    """Bars with an ATR, oldest first, as tuples and as columns; those from the place `first` on, before `end`, count.

    None of these may change later; more may follow after them.
    """

    __slots__ = ("_columns", "atrs", "bars", "downward", "end", "first", "times", "upward")

    def __init__(
        self, bars: Sequence[Bar], columns: NDArray[Any] | None = None, told: tuple[Marks, View, View] | None = None
    ) -> None:
        """`columns`: lows, highs, closes and ATRs as rows, `told`: the same as lists, if they are known already."""
        if columns is None:
            import numpy as np

            columns = np.array(bars, dtype=float).reshape(-1, 5)[:, 1:].T.copy()
        if told is None:
            upward = View(*columns[:3].tolist())
            told = Marks([bar[0] for bar in bars], columns[3].tolist()), upward, upward.upside_down()
        self.first = 0
        self.end: int = columns.shape[1]
        self.bars: Sequence[Bar] = bars
        self._columns = tuple(columns)
        (self.times, self.atrs), self.upward, self.downward = told

    @property
    def lows(self) -> list[float]:
        """Lows of all bars."""
        return self.upward.lows

    @property
    def highs(self) -> list[float]:
        """Highs of all bars."""
        return self.upward.highs

    def since(self, time_ms: int) -> Past:
        """The bars that opened at `time_ms` or later."""
        first = bisect_left(self.times, time_ms, self.first, self.end)
        if first == self.first:
            return self
        part = object.__new__(Past)
        part.bars, part.times, part.atrs = self.bars, self.times, self.atrs
        part.upward, part.downward, part._columns = self.upward, self.downward, self._columns
        part.first, part.end = first, self.end
        return part

    def __len__(self) -> int:
        return self.end - self.first

    def reached(self, low: float, high: float) -> tuple[bytes, bytes]:
        """For each place whether its bar reaches down into a band, and whether it reaches up into it: TRUE if so.

        Bytes, because a search among them is far cheaper than one among booleans.
        """
        return (self._columns[0] <= high).tobytes(), (self._columns[1] >= low).tobytes()


class KeptBars:
    """The newest bars that have an ATR, ready to be asked for as a `Past` at any close."""

    __slots__ = ("_bars", "_columns", "_filled", "_kept", "_told")

    def __init__(self, kept: int) -> None:
        self._kept = kept
        self._bars: list[Bar] = []
        self._columns: NDArray[Any] | None = None
        self._told = Marks([], []), View([], [], []), View([], [], [])
        self._filled = 0
        """How many bars stand in columns and lists: they are put there when somebody asks, which is at few closes."""

    def add(self, bar: Bar) -> None:
        """Take the next bar."""
        if len(self._bars) == self._kept + CUT_EVERY_BARS:
            self._cut()
        self._bars.append(bar)

    def _cut(self) -> None:
        """Keep only the newest bars, in new columns: the old ones belong to those who asked before."""
        marks, upward, downward = self._told
        self._bars = self._bars[CUT_EVERY_BARS:]
        self._told = marks.later(CUT_EVERY_BARS), upward.later(CUT_EVERY_BARS), downward.later(CUT_EVERY_BARS)
        filled = max(0, self._filled - CUT_EVERY_BARS)
        if self._columns is not None:
            columns = self._columns.copy()
            columns[:, :filled] = self._columns[:, CUT_EVERY_BARS : CUT_EVERY_BARS + filled]
            self._columns = columns
        self._filled = filled

    def since(self, time_ms: int) -> Past:
        """The bars that opened at `time_ms` or later, of those that are kept."""
        import numpy as np

        if self._columns is None:
            self._columns = np.empty((4, self._kept + CUT_EVERY_BARS))
        bars, filled, count = self._bars, self._filled, len(self._bars)
        if filled < count:
            self._fill(bars[filled:])
            self._columns[:, filled:count] = np.array([bar[1:] for bar in bars[filled:]]).T
            self._filled = count
        # Not copied: the bars that are kept are only added to, or left to those who asked before.
        return Past(bars, self._columns[:, :count], self._told).since(time_ms)

    def _fill(self, bars: Sequence[Bar]) -> None:
        times, lows, highs, closes, atrs = zip(*bars, strict=True)
        added = View(list(lows), list(highs), list(closes))
        marks, *views = self._told
        marks.times.extend(times)
        marks.atrs.extend(atrs)
        for view, more in zip(views, (added, added.upside_down()), strict=True):
            for column, values in zip(view, more, strict=True):
                column.extend(values)
