"""What every market made of bars can do: ticks in any slicing, and candles of any timeframe that agree with them."""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from futtui.domain.candle import Candle
from futtui.domain.errors import InvalidInputError
from futtui.domain.timeframe import DAY_MS, MINUTE_MS, Timeframe
from futtui.exchange.simulator.market.bars import Bars, Lattices, aggregate, candles, with_quotes
from futtui.exchange.simulator.market.chance import Keys
from futtui.exchange.simulator.market.lattice import Lattice
from futtui.exchange.simulator.market.roads import RoadGroup, batch_of, fine_bars
from futtui.exchange.simulator.market.walk import GRID_MS, symbol_key, walk
from futtui.exchange.simulator.ports import MarketTick, SymbolSpec

_KEPT_MINUTES = 8
_BARS_A_WALK = 256
_FEW_BARS = 2
_KEPT_FINE = 6


def lattices_of(spec: SymbolSpec) -> Lattices:
    """The price and quantity grids of a symbol."""
    price, quantity = spec.price_grid or spec.rules.tick_size, spec.quantity_grid or spec.rules.step_size
    return Lattices(Lattice.of_step(price), Lattice.of_step(quantity))


class BarMarket:
    """Base of the market sources. A subclass gives the bars: `_bars(symbol, until_ms)`, and the length of each.

    Ticks lie on a 5 s grid. Their order is by time, then by symbol name.
    """

    def __init__(self, specs: Sequence[SymbolSpec], lengths_ms: Sequence[int], seed: int) -> None:
        """`lengths_ms`: bar length of each symbol; a whole number of minutes that divides a day."""
        self._specs = tuple(sorted(specs, key=lambda spec: spec.rules.symbol))
        by_name = {spec.rules.symbol: length for spec, length in zip(specs, lengths_ms, strict=True)}
        self._length_ms = by_name
        self._lattices = {spec.rules.symbol: lattices_of(spec) for spec in specs}
        self._keys = {name: np.array([symbol_key(seed, name)], dtype=np.uint64) for name in by_name}
        for name, length in by_name.items():
            if length % MINUTE_MS or DAY_MS % length:
                raise InvalidInputError(
                    f"{name}: bars of {length / 1000:g} seconds cannot be replayed. "
                    "Use bars of whole minutes that divide a day, such as 1m, 5m, 15m, 1h or 1d."
                )
        self._groups = [self._group(length) for length in sorted(set(by_name.values()))]
        self._fine_kept: OrderedDict[tuple[str, int, int], Bars] = OrderedDict()
        self._minutes: OrderedDict[int, tuple[list[int], list[MarketTick]]] = OrderedDict()

    @property
    def specs(self) -> Sequence[SymbolSpec]:
        """The symbols on offer, by name."""
        return self._specs

    @property
    def end_ms(self) -> int | None:
        """Where the market runs out of data; None = endless."""
        return None

    def ticks(self, from_ms: int, to_ms: int) -> list[MarketTick]:
        """All ticks with from_ms < time_ms <= to_ms, by time, then by symbol name; the same whatever the slicing."""
        end_ms = self.end_ms
        last_ms = to_ms if end_ms is None else min(to_ms, end_ms)
        found: list[MarketTick] = []
        begin_ms = max(from_ms, self._begin_ms)
        for minute_ms in range(begin_ms - begin_ms % MINUTE_MS, last_ms, MINUTE_MS):
            times, ticks = self._minute(minute_ms)
            if from_ms <= minute_ms and minute_ms + MINUTE_MS <= last_ms:
                found.extend(ticks)
            else:
                found.extend(ticks[bisect_right(times, from_ms) : bisect_right(times, last_ms)])
        return found

    def candles(self, symbol: str, timeframe: Timeframe, first_open_ms: int, end_ms: int, limit: int) -> list[Candle]:
        """The first `limit` bars (0 = all) with open_time_ms >= first_open_ms that are complete at `end_ms`.

        Oldest first. Raises InvalidInputError for a symbol that the market does not have.
        """
        market_end_ms = self.end_ms
        until_ms = end_ms if market_end_ms is None else min(end_ms, market_end_ms)
        first_ms = -(-max(first_open_ms, self._begin_ms - DAY_MS) // timeframe.ms) * timeframe.ms
        last_ms = until_ms - until_ms % timeframe.ms
        if market_end_ms is not None and market_end_ms <= end_ms - end_ms % timeframe.ms:
            last_ms = market_end_ms
        length_ms = self._length_of(symbol)
        bars = self._bars(symbol, max(until_ms, 0))
        if timeframe.ms % length_ms == 0:
            chosen = self._coarse(bars, symbol, timeframe.ms, first_ms, last_ms, limit)
        else:
            chosen = self._fine(bars, symbol, timeframe.ms, first_ms, last_ms, limit)
        return candles(chosen, self._lattices[symbol])

    @property
    def _begin_ms(self) -> int:
        """Open time of the market's oldest bar."""
        raise NotImplementedError

    def _bars(self, symbol: str, until_ms: int) -> Bars:
        """The symbol's base bars; at least all that open before `until_ms`, as far as the market has them."""
        raise NotImplementedError

    def _length_of(self, symbol: str) -> int:
        length_ms = self._length_ms.get(symbol)
        if length_ms is None:
            raise InvalidInputError(f"This market has no symbol {symbol}. It has: {', '.join(self._length_ms)}.")
        return length_ms

    def _coarse(self, bars: Bars, symbol: str, frame_ms: int, first_ms: int, last_ms: int, limit: int) -> Bars:
        length_ms = self._length_ms[symbol]
        first = int(np.searchsorted(bars.open_ms, first_ms))
        last = max(first, int(np.searchsorted(bars.open_ms, last_ms)))
        if limit:
            last = min(last, first + limit * (frame_ms // length_ms))
        part = with_quotes(bars.cut(first, last), self._lattices[symbol])
        whole = part if frame_ms == length_ms else aggregate(part, frame_ms)
        return whole.cut(0, limit) if limit else whole

    def _fine(self, bars: Bars, symbol: str, frame_ms: int, first_ms: int, last_ms: int, limit: int) -> Bars:
        """Bars of a length that the base bars do not divide into: from the walked roads."""
        length_ms = self._length_ms[symbol]
        first = int(np.searchsorted(bars.open_ms, first_ms - length_ms, side="right"))
        last = max(first, int(np.searchsorted(bars.open_ms, last_ms)))
        if limit:
            last = min(last, first + -(-limit * frame_ms // length_ms) + 1)
        divides = length_ms % frame_ms == 0
        if divides and last - first <= _FEW_BARS:
            pieces = [self._fine_of_one(bars, symbol, frame_ms, index) for index in range(first, last)]
        else:
            at_once = _BARS_A_WALK if divides else max(1, last - first)
            pieces = [
                self._walked_fine(bars.cut(start, min(last, start + at_once)), symbol, frame_ms)
                for start in range(first, last, at_once)
            ]
        if not pieces:
            return bars.cut(0, 0)
        whole = joined(pieces)
        begin = int(np.searchsorted(whole.open_ms, first_ms))
        end = int(np.searchsorted(whole.open_ms, last_ms))
        return whole.cut(begin, min(end, begin + limit) if limit else end)

    def _walked_fine(self, bars: Bars, symbol: str, frame_ms: int) -> Bars:
        part = with_quotes(bars, self._lattices[symbol])
        walked = walk(batch_of(part, self._keys[symbol]), self._length_ms[symbol] // GRID_MS)
        return fine_bars(part, walked, frame_ms)

    def _fine_of_one(self, bars: Bars, symbol: str, frame_ms: int, index: int) -> Bars:
        """The fine bars of one base bar, kept: a server asks for the newest minute again and again."""
        key = (symbol, frame_ms, int(bars.open_ms[index]))
        kept = self._fine_kept.get(key)
        if kept is None:
            kept = self._fine_kept[key] = self._walked_fine(bars.cut(index, index + 1), symbol, frame_ms)
            if len(self._fine_kept) > _KEPT_FINE * len(self._specs):
                self._fine_kept.popitem(last=False)
        return kept

    def _minute(self, minute_ms: int) -> tuple[list[int], list[MarketTick]]:
        kept = self._minutes.get(minute_ms)
        if kept is None:
            ticks = [tick for group in self._groups for tick in group.minute(minute_ms)]
            if len(self._groups) > 1:
                ticks.sort(key=lambda tick: (tick.time_ms, tick.symbol))
            kept = self._minutes[minute_ms] = ([tick.time_ms for tick in ticks], ticks)
            if len(self._minutes) > _KEPT_MINUTES:
                self._minutes.popitem(last=False)
        return kept

    def _group(self, length_ms: int) -> RoadGroup:
        names = sorted(name for name, length in self._length_ms.items() if length == length_ms)
        keys: Keys = np.concatenate([self._keys[name] for name in names])

        def bars_at(open_ms: int) -> tuple[npt.NDArray[np.intp], Bars]:
            return self._bars_at(names, open_ms, length_ms)

        return RoadGroup(names, keys, [self._lattices[name] for name in names], length_ms, bars_at)

    def _bars_at(self, names: list[str], open_ms: int, length_ms: int) -> tuple[npt.NDArray[np.intp], Bars]:
        members: list[int] = []
        rows: list[Bars] = []
        for member, name in enumerate(names):
            bars = self._bars(name, open_ms + length_ms)
            index = int(np.searchsorted(bars.open_ms, open_ms))
            if index < len(bars) and bars.open_ms[index] == open_ms:
                members.append(member)
                rows.append(bars.cut(index, index + 1))
        return np.array(members, dtype=np.intp), joined(rows) if rows else self._bars(names[0], 0).cut(0, 0)


def joined(pieces: Sequence[Bars]) -> Bars:
    """The pieces one after the other (quote volumes only where all pieces have them)."""
    if len(pieces) == 1:
        return pieces[0]

    def column(name: str) -> npt.NDArray[Any]:
        return np.concatenate([getattr(piece, name) for piece in pieces])

    known = all(piece.quote is not None and piece.taker_quote is not None for piece in pieces)
    return Bars(
        open_ms=column("open_ms"),
        open=column("open"),
        high=column("high"),
        low=column("low"),
        close=column("close"),
        volume=column("volume"),
        taker=column("taker"),
        count=column("count"),
        quote=column("quote") if known else None,
        taker_quote=column("taker_quote") if known else None,
    )
