"""The walked roads of a market's current bars: kept for a few bars, and cut into ticks minute by minute."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from futtui.domain.timeframe import MINUTE_MS
from futtui.exchange.simulator.market.bars import Bars, Lattices
from futtui.exchange.simulator.market.chance import Floats, Integers, Keys
from futtui.exchange.simulator.market.walk import GRID_MS, BarBatch, WalkedBars, bar_keys, walk
from futtui.exchange.simulator.ports import MarketTick

_KEPT_BARS = 4
BarsAt = Callable[[int], "tuple[npt.NDArray[np.intp], Bars]"]
"""For an open time: which members of the group have that bar (positions, ascending), and those bars."""


@dataclass(frozen=True, slots=True)
class _Roads:
    members: list[int]
    price: Floats
    volume: Floats
    taker: Floats
    all_taker_known: bool


def batch_of(bars: Bars, symbol_keys: Keys) -> BarBatch:
    """What the walker needs of `bars`; one key for all of them or one a bar."""
    return BarBatch(
        bar_keys(symbol_keys, bars.open_ms),
        bars.open.astype(np.int64),
        bars.high.astype(np.int64),
        bars.low.astype(np.int64),
        bars.close.astype(np.int64),
        bars.volume,
        bars.taker,
    )


class RoadGroup:
    """Symbols whose bars have the same length: all their roads of one bar are walked together."""

    def __init__(self, symbols: Sequence[str], keys: Keys, lattices: Sequence[Lattices], length_ms: int, at: BarsAt):
        self.length_ms = length_ms
        self._symbols = list(symbols)
        self._keys = keys
        self._scales: list[npt.NDArray[Any]] = [
            np.array(figures, dtype=np.float64)[:, None]
            for figures in (
                [one.price.numerator for one in lattices],
                [one.price.denominator for one in lattices],
                [one.quantity.numerator for one in lattices],
                [one.quantity.denominator for one in lattices],
            )
        ]
        self._at = at
        self._kept: OrderedDict[int, _Roads] = OrderedDict()

    def minute(self, minute_ms: int) -> list[MarketTick]:
        """The ticks with minute_ms < time <= minute_ms + one minute, by time, then by symbol."""
        open_ms = minute_ms - minute_ms % self.length_ms
        roads = self._roads(open_ms)
        if not roads.members:
            return []
        first = (minute_ms - open_ms) // GRID_MS
        part = slice(first, first + MINUTE_MS // GRID_MS)
        names = [self._symbols[member] for member in roads.members]
        steps = MINUTE_MS // GRID_MS
        times = [minute_ms + GRID_MS * step for step in range(1, steps + 1) for _ in names]
        takers: list[Any] = roads.taker[:, part].T.ravel().tolist()
        if not roads.all_taker_known:
            takers = [None if taker < 0 else taker for taker in takers]
        prices = roads.price[:, part].T.ravel().tolist()
        return list(map(MarketTick, names * steps, times, prices, roads.volume[:, part].T.ravel().tolist(), takers))

    def _roads(self, open_ms: int) -> _Roads:
        kept = self._kept.get(open_ms)
        if kept is None:
            kept = self._kept[open_ms] = self._walk(open_ms)
            if len(self._kept) > _KEPT_BARS:
                self._kept.popitem(last=False)
        return kept

    def _walk(self, open_ms: int) -> _Roads:
        members, bars = self._at(open_ms)
        if len(members) == 0:
            empty = np.empty((0, 0))
            return _Roads([], empty, empty, empty, True)
        walked = walk(batch_of(bars, self._keys[members]), self.length_ms // GRID_MS)
        price_n, price_d, lot_n, lot_d = (scale[members] for scale in self._scales)
        taker = walked.taker * lot_n / lot_d
        known = bool((bars.taker >= 0).all())
        return _Roads(members.tolist(), walked.price * price_n / price_d, walked.volume * lot_n / lot_d, taker, known)


def fine_bars(bars: Bars, walked: WalkedBars, length_ms: int) -> Bars:
    """Bars of `length_ms`, which the walked ones do not divide, from their roads.

    Trade counts and quote volumes of a bar are shared out by traded value; unknown stays unknown.
    """
    points = walked.price.shape[1]
    times = (bars.open_ms[:, None] + np.arange(1, points + 1, dtype=np.int64)[None, :] * GRID_MS).ravel()
    buckets = times - 1 - (times - 1) % length_ms
    starts = np.flatnonzero(np.diff(buckets, prepend=buckets[:1] - 1))
    lasts = np.append(starts[1:], len(buckets)) - 1
    price, volume, taker = walked.price.ravel(), walked.volume.ravel(), walked.taker.ravel()
    unknown = np.minimum.reduceat(taker, starts) < 0
    return Bars(
        buckets[starts],
        price[starts],
        np.maximum.reduceat(price, starts),
        np.minimum.reduceat(price, starts),
        price[lasts],
        np.add.reduceat(volume, starts),
        np.where(unknown, -1, np.add.reduceat(np.maximum(taker, 0), starts)),
        _shared_counts(bars.count, walked, starts),
        _shared(bars.quote, walked.price * walked.volume, starts),
        _shared(bars.taker_quote, walked.price * np.maximum(walked.taker, 0), starts),
    )


def _shared(totals: Floats | None, value: Integers, starts: npt.NDArray[np.intp]) -> Floats | None:
    if totals is None:
        return None
    figures = value.astype(np.float64)
    whole = np.cumsum(figures, axis=1)[:, -1:]
    shares = figures / np.where(whole > 0.0, whole, 1.0) * totals[:, None]
    sums: Floats = np.add.reduceat(shares.ravel(), starts)
    return sums.round(8)


def _shared_counts(counts: npt.NDArray[Any], walked: WalkedBars, starts: npt.NDArray[np.intp]) -> Integers:
    running = np.cumsum(walked.volume, axis=1).astype(np.float64)
    shares = running / np.where(running[:, -1:] > 0.0, running[:, -1:], 1.0)
    whole = np.floor(shares * counts[:, None] + 0.5).astype(np.int64)
    trades = np.diff(whole, axis=1, prepend=0).ravel()
    known = np.repeat(counts >= 0, walked.price.shape[1])
    sums = np.add.reduceat(trades, starts)
    return np.where(np.logical_and.reduceat(known, starts), sums, -1)
