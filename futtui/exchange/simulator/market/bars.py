"""Bars of one symbol in columns of whole steps; exact aggregation to longer bars, and to candles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from futtui.domain.candle import Candle
from futtui.exchange.simulator.market.chance import Floats, Integers
from futtui.exchange.simulator.market.lattice import Lattice

UNKNOWN = -1
"""Stands for an unknown whole number in the integer columns; NaN does in the float columns."""


@dataclass(slots=True)
class Bars:
    """Columns of bars of one length, oldest first. Prices in ticks, volumes in quantity steps.

    `quote` None: the bar's quote volume is volume x typical price (the synthetic market); NaN: unknown.
    """

    open_ms: Integers
    open: npt.NDArray[Any]
    high: npt.NDArray[Any]
    low: npt.NDArray[Any]
    close: npt.NDArray[Any]
    volume: Integers
    taker: Integers
    count: npt.NDArray[Any]
    quote: Floats | None = None
    taker_quote: Floats | None = None

    def __len__(self) -> int:
        return len(self.open_ms)

    def cut(self, first: int, last: int) -> Bars:
        """The bars from index `first` up to, not including, `last` (views, no copies)."""
        part = slice(first, last)
        return Bars(
            self.open_ms[part],
            self.open[part],
            self.high[part],
            self.low[part],
            self.close[part],
            self.volume[part],
            self.taker[part],
            self.count[part],
            None if self.quote is None else self.quote[part],
            None if self.taker_quote is None else self.taker_quote[part],
        )


@dataclass(frozen=True, slots=True)
class Lattices:
    """The two grids of a symbol."""

    price: Lattice
    quantity: Lattice


def with_quotes(bars: Bars, lattices: Lattices) -> Bars:
    """The same bars with quote volumes filled in: as they are, or volume x typical price."""
    if bars.quote is not None and bars.taker_quote is not None:
        return bars
    thirds = bars.high.astype(np.int64) + bars.low + bars.close
    typical = lattices.price.values(thirds) / 3.0
    taker = lattices.quantity.values(bars.taker)
    filled = bars.cut(0, len(bars))
    filled.quote = np.round(lattices.quantity.values(bars.volume) * typical, 8)
    filled.taker_quote = np.where(bars.taker >= 0, np.round(taker * typical, 8), np.nan)
    return filled


def aggregate(bars: Bars, length_ms: int) -> Bars:
    """Longer bars from what exists of their parts; an unknown part makes the sum unknown."""
    buckets = bars.open_ms - bars.open_ms % length_ms
    starts = np.flatnonzero(np.diff(buckets, prepend=buckets[:1] - 1))
    if len(starts) == 0:
        return bars
    lasts = np.append(starts[1:], len(bars)) - 1
    return Bars(
        buckets[starts],
        bars.open[starts],
        np.maximum.reduceat(bars.high, starts),
        np.minimum.reduceat(bars.low, starts),
        bars.close[lasts],
        np.add.reduceat(bars.volume, starts),
        _known_sums(bars.taker, starts),
        _known_sums(bars.count, starts),
        None if bars.quote is None else np.add.reduceat(bars.quote, starts),
        None if bars.taker_quote is None else np.add.reduceat(bars.taker_quote, starts),
    )


def candles(bars: Bars, lattices: Lattices) -> list[Candle]:
    """The bars as domain candles; unknown figures are None."""
    filled = with_quotes(bars, lattices)
    price, quantity = lattices.price.values, lattices.quantity.values
    return list(
        map(
            Candle,
            bars.open_ms.tolist(),
            price(bars.open.astype(np.int64)).tolist(),
            price(bars.high.astype(np.int64)).tolist(),
            price(bars.low.astype(np.int64)).tolist(),
            price(bars.close.astype(np.int64)).tolist(),
            quantity(bars.volume).tolist(),
            _or_none(filled.quote, None),
            _or_none(bars.count, bars.count < 0),
            _or_none(quantity(bars.taker), bars.taker < 0),
            _or_none(filled.taker_quote, None),
        )
    )


def _known_sums(column: npt.NDArray[Any], starts: Integers) -> Integers:
    sums = np.add.reduceat(column.astype(np.int64), starts)
    unknown = np.logical_or.reduceat(column < 0, starts)
    return np.where(unknown, UNKNOWN, sums)


def _or_none(column: npt.NDArray[Any] | None, unknown: npt.NDArray[np.bool_] | None) -> list[Any]:
    if column is None:
        return []
    mask = np.isnan(column) if unknown is None else unknown
    values: list[Any] = column.tolist()
    if bool(mask.any()):
        for index in np.flatnonzero(mask).tolist():
            values[index] = None
    return values
