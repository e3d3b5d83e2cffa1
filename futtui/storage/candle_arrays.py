"""Many closed candles as arrays: open times and nine columns of figures, NaN where a figure is unknown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from futtui.domain.candle import SUM_DECIMALS
from futtui.domain.packing import quickly_made

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

FIGURES = (
    "open", "high", "low", "close", "volume", "quote_volume", "trade_count", "taker_buy_volume",
    "taker_buy_quote_volume",
)  # fmt: skip
"""Rows of `CandleArrays.figures`, in the order of the candle table."""
PRICES_AND_VOLUME = 5
"""The first figures of FIGURES, which every candle has."""


@quickly_made
@dataclass(frozen=True, slots=True)
class CandleArrays:
    """Closed candles in ascending time, each time once. `figures` has one contiguous row for each name of FIGURES."""

    open_time_ms: Integers
    figures: Floats

    @classmethod
    def empty(cls) -> CandleArrays:
        """No candles."""
        return cls(np.empty(0, np.int64), np.empty((len(FIGURES), 0)))

    @classmethod
    def of_rows(cls, rows: list[Any]) -> CandleArrays:
        """From rows of the candle table in ascending time (open time, then FIGURES; None = unknown)."""
        if not rows:
            return cls.empty()
        table = np.array(rows, dtype=np.float64)
        return cls(table[:, 0].astype(np.int64), np.ascontiguousarray(table[:, 1:].T))

    def __len__(self) -> int:
        return len(self.open_time_ms)

    def column(self, name: str) -> Floats:
        """The figures called `name`, NaN = unknown."""
        return self.figures[FIGURES.index(name)]

    @property
    def open(self) -> Floats:
        """Open prices."""
        return self.figures[0]

    @property
    def high(self) -> Floats:
        """Highest prices."""
        return self.figures[1]

    @property
    def low(self) -> Floats:
        """Lowest prices."""
        return self.figures[2]

    @property
    def close(self) -> Floats:
        """Close prices."""
        return self.figures[3]

    @property
    def volume(self) -> Floats:
        """Volumes in the base asset."""
        return self.figures[4]

    def chosen(self, which: Flags) -> CandleArrays:
        """The candles that are marked."""
        return CandleArrays(self.open_time_ms[which], np.ascontiguousarray(self.figures[:, which]))

    def between(self, start_ms: int, end_ms: int) -> CandleArrays:
        """Candles with start_ms <= open time < end_ms."""
        first, after = np.searchsorted(self.open_time_ms, (start_ms, end_ms))
        return CandleArrays(self.open_time_ms[first:after], self.figures[:, first:after])

    def impossible(self) -> Flags:
        """Marks candles whose figures contradict each other (the rule of `Candle.check`)."""
        low, high = np.fmin(self.open, self.close), np.fmax(self.open, self.close)
        return ~((self.low <= low) & (high <= self.high) & (self.low > 0) & (self.volume >= 0))


def merged(first: CandleArrays, second: CandleArrays) -> CandleArrays:
    """Both in one; where both have a candle, the one of `second` counts."""
    if not len(first) or not len(second):
        return second if len(second) else first
    kept = first.chosen(~np.isin(first.open_time_ms, second.open_time_ms))
    times = np.concatenate([kept.open_time_ms, second.open_time_ms])
    order = np.argsort(times, kind="stable")
    figures = np.concatenate([kept.figures, second.figures], axis=1)
    return CandleArrays(times[order], np.ascontiguousarray(figures[:, order]))


def completed(newer: CandleArrays, older: CandleArrays) -> CandleArrays:
    """`newer` and what it lacks from `older`: candles, and unknown figures where prices and volume are the same.

    A candle of other prices is another record of that time; its figures are never mixed in.
    """
    _, here, there = np.intersect1d(newer.open_time_ms, older.open_time_ms, assume_unique=True, return_indices=True)
    figures = newer.figures.copy()
    same = (figures[:PRICES_AND_VOLUME, here] == older.figures[:PRICES_AND_VOLUME, there]).all(axis=0)
    here, there = here[same], there[same]
    figures[:, here] = np.where(np.isnan(figures[:, here]), older.figures[:, there], figures[:, here])
    return merged(older, CandleArrays(newer.open_time_ms, figures))


EXACT_BELOW = 2.0**53 / 10**SUM_DECIMALS
"""Larger sums have no room for so many decimals in a float."""


def combined(fine: CandleArrays, fine_ms: int, coarse_ms: int) -> CandleArrays:
    """Bars of `coarse_ms` from those of `fine_ms`, whole ones only; what is unknown in a part is so in the sum.

    Sums are those of the decimal figures, as the exchange gives them: not off by the last binary digit.
    """
    parts = coarse_ms // fine_ms
    starts = np.flatnonzero(fine.open_time_ms % coarse_ms == 0)
    starts = starts[starts + parts <= len(fine)]
    whole = fine.open_time_ms[starts + parts - 1] == fine.open_time_ms[starts] + (parts - 1) * fine_ms
    starts = starts[whole]
    windows = fine.figures[:, starts[:, None] + np.arange(parts)]
    sums = windows[4:].sum(axis=2)
    sums = np.where(np.abs(sums) < EXACT_BELOW, np.round(sums, SUM_DECIMALS), sums)
    figures = np.stack([windows[0, :, 0], windows[1].max(axis=1), windows[2].min(axis=1), windows[3, :, -1], *sums])
    return CandleArrays(fine.open_time_ms[starts], figures)
