"""What the wire knows of each symbol: the last price, the still forming bars, the rolling day, the book."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from math import fsum

from futtui.domain.candle import Candle
from futtui.domain.errors import InvalidInputError
from futtui.domain.timeframe import DAY_MS, Timeframe
from futtui.exchange.simulator.ports import MarketSource, MarketTick, SymbolSpec
from futtui.exchange.simulator.wire.book import BookChain
from futtui.exchange.simulator.wire.intervals import INTERVALS, Interval


@dataclass(slots=True)
class FormingBar:
    """A bar that is still open. `taker_buy_volume` None = unknown; `version` counts its updates."""

    open_time_ms: int
    end_ms: int
    open: float
    high: float
    low: float
    close: float
    volume: float = 0.0
    quote_volume: float = 0.0
    taker_buy_volume: float | None = 0.0
    taker_buy_quote: float | None = 0.0
    trades: int = 0
    version: int = 0

    def add(self, tick: MarketTick) -> None:
        """Take in the next tick of the bar."""
        price = tick.price
        if price > self.high:
            self.high = price
        if price < self.low:
            self.low = price
        self.close = price
        self.volume += tick.volume
        self.quote_volume += tick.volume * price
        self._add_taker(tick.taker_buy_volume, price)
        self.trades += 1
        self.version += 1

    def add_candle(self, candle: Candle) -> None:
        """Take in a complete finer bar."""
        self.high = max(self.high, candle.high)
        self.low = min(self.low, candle.low)
        self.close = candle.close
        self.volume += candle.volume
        self.quote_volume += quote_volume(candle)
        self._add_taker(candle.taker_buy_volume, candle.typical)
        self.trades += candle.trade_count or 0
        self.version += 1

    def _add_taker(self, volume: float | None, price: float) -> None:
        if volume is None or self.taker_buy_volume is None or self.taker_buy_quote is None:
            self.taker_buy_volume = self.taker_buy_quote = None
            return
        self.taker_buy_volume += volume
        self.taker_buy_quote += volume * price


def quote_volume(candle: Candle) -> float:
    """Traded value; where the source does not know it, volume at the typical price."""
    return candle.volume * candle.typical if candle.quote_volume is None else candle.quote_volume


def merge_candles(candles: list[Candle]) -> Candle:
    """One candle out of consecutive ones; a part that one of them does not know stays unknown."""
    takers = [candle.taker_buy_volume for candle in candles]
    quotes = [candle.taker_buy_quote_volume for candle in candles]
    counts = [candle.trade_count for candle in candles]
    return Candle(
        candles[0].open_time_ms,
        candles[0].open,
        max(candle.high for candle in candles),
        min(candle.low for candle in candles),
        candles[-1].close,
        fsum(candle.volume for candle in candles),
        fsum(quote_volume(candle) for candle in candles),
        None if None in counts else sum(count for count in counts if count is not None),
        None if None in takers else fsum(taker for taker in takers if taker is not None),
        None if None in quotes else fsum(quote for quote in quotes if quote is not None),
    )


class SymbolMarket:
    """One symbol: last price and forming bars, fed by ticks."""

    def __init__(self, spec: SymbolSpec, index: int) -> None:
        self.spec = spec
        self.symbol = spec.rules.symbol
        self.index = index
        self.book = BookChain(spec.rules, index)
        self.last_price = 0.0
        self.last_tick: MarketTick | None = None
        self.version = 0
        self.bars: dict[str, FormingBar] = {}
        self.price_format = f"%.{_decimals(spec.price_grid or spec.rules.tick_size)}f"
        self.quantity_format = f"%.{_decimals(spec.quantity_grid or spec.rules.step_size)}f"

    def apply(self, tick: MarketTick) -> None:
        """Take in the newest tick."""
        self.last_price = tick.price
        self.last_tick = tick
        self.version += 1
        for code, bar in self.bars.items():
            if tick.time_ms > bar.end_ms:
                interval = INTERVALS[code]
                open_ms = interval.open_ms(tick.time_ms - 1)
                bar = FormingBar(open_ms, interval.end_ms(open_ms), tick.price, tick.price, tick.price, tick.price)
                self.bars[code] = bar
            elif bar.version == 0:
                bar.open = bar.high = bar.low = tick.price
            bar.add(tick)


def _decimals(step: Decimal) -> int:
    return max(0, -int(step.normalize().as_tuple().exponent))


class MarketState:
    """All symbols of the exchange, and candles in every interval."""

    def __init__(self, source: MarketSource) -> None:
        self.source = source
        self.symbols = {spec.rules.symbol: SymbolMarket(spec, index) for index, spec in enumerate(source.specs)}
        self.hides: Callable[[str, int, int], bool] = lambda _symbol, _open_ms, _end_ms: False
        self._days: dict[str, tuple[int, Candle | None]] = {}
        for market in self.symbols.values():
            market.last_price = self._price_before(market.symbol, source.start_ms)

    def forming(self, market: SymbolMarket, code: str, now_ms: int) -> FormingBar:
        """The open bar at `now_ms`; a flat one at the last price if nothing traded in it yet."""
        interval = INTERVALS[code]
        open_ms = interval.open_ms(now_ms)
        bar = market.bars.get(code)
        if bar is None or bar.open_time_ms != open_ms:
            bar = market.bars[code] = self._rebuilt(market, interval, open_ms, now_ms)
        return bar

    def closed(self, symbol: str, code: str, open_ms: int) -> Candle | None:
        """The complete bar that opened at `open_ms`; None where the market has a gap."""
        interval = INTERVALS[code]
        end_ms = interval.end_ms(open_ms)
        if self.hides(symbol, open_ms, end_ms):
            return None
        found = self.source.candles(symbol, interval.base, open_ms, end_ms, 1 if interval.is_base else 0)
        if not found or found[0].open_time_ms >= end_ms:
            return None
        return found[0] if interval.is_base else merge_candles(found)

    def history(self, symbol: str, code: str, first_open_ms: int, end_ms: int, limit: int) -> list[Candle]:
        """Complete bars from `first_open_ms` on that end at or before `end_ms`, oldest first."""
        found = self._history(symbol, code, first_open_ms, end_ms, limit)
        interval = INTERVALS[code]
        return [bar for bar in found if not self.hides(symbol, bar.open_time_ms, interval.end_ms(bar.open_time_ms))]

    def _history(self, symbol: str, code: str, first_open_ms: int, end_ms: int, limit: int) -> list[Candle]:
        interval = INTERVALS[code]
        if interval.is_base:
            return self.source.candles(symbol, interval.base, first_open_ms, end_ms, limit)
        groups: dict[int, list[Candle]] = {}
        for candle in self.source.candles(symbol, interval.base, first_open_ms, end_ms, 0):
            groups.setdefault(interval.open_ms(candle.open_time_ms), []).append(candle)
        merged = [
            merge_candles(group)
            for open_ms, group in groups.items()
            if open_ms >= first_open_ms and interval.end_ms(open_ms) <= end_ms
        ]
        return merged[:limit] if limit else merged

    def day(self, symbol: str, now_ms: int) -> FormingBar:
        """The last 24 hours in quarter-hour steps, up to now."""
        market = self.symbols[symbol]
        quarter_ms = Timeframe.M15.open_ms(now_ms)
        cached = self._days.get(symbol)
        if cached is None or cached[0] != quarter_ms:
            found = self.source.candles(symbol, Timeframe.M15, quarter_ms - DAY_MS, quarter_ms, 0)
            cached = self._days[symbol] = (quarter_ms, merge_candles(found) if found else None)
        newest = self.forming(market, "15m", now_ms)
        whole = cached[1]
        if whole is None:
            return newest
        bar = FormingBar(whole.open_time_ms, now_ms, whole.open, whole.open, whole.open, whole.open)
        bar.add_candle(whole)
        bar.high, bar.low = max(bar.high, newest.high), min(bar.low, newest.low)
        bar.close = newest.close
        bar.volume += newest.volume
        bar.quote_volume += newest.quote_volume
        bar.trades += newest.trades
        return bar

    def _rebuilt(self, market: SymbolMarket, interval: Interval, open_ms: int, now_ms: int) -> FormingBar:
        """The open bar from complete finer bars, then from ticks: exact, whenever somebody first asks for it."""
        price = market.last_price
        bar = FormingBar(open_ms, interval.end_ms(open_ms), price, price, price, price)
        reached_ms = open_ms
        for timeframe in (Timeframe.D1, Timeframe.H1, Timeframe.M1):
            if timeframe.ms >= (interval.length_ms or 28 * DAY_MS) or timeframe.open_ms(now_ms) <= reached_ms:
                continue
            for candle in self._candles_or_none(market.symbol, timeframe, reached_ms, now_ms):
                if bar.version == 0:
                    bar.open, bar.high, bar.low = candle.open, candle.high, candle.low
                bar.add_candle(candle)
            reached_ms = timeframe.open_ms(now_ms)
        for tick in self.source.ticks(max(reached_ms, self.source.start_ms), now_ms):
            if tick.symbol == market.symbol:
                if bar.version == 0:
                    bar.open = bar.high = bar.low = tick.price
                bar.add(tick)
        return bar

    def _candles_or_none(self, symbol: str, timeframe: Timeframe, first_ms: int, end_ms: int) -> list[Candle]:
        try:
            return self.source.candles(symbol, timeframe, first_ms, end_ms, 0)
        except InvalidInputError:
            return []

    def _price_before(self, symbol: str, time_ms: int) -> float:
        for timeframe in (Timeframe.M1, Timeframe.M15, Timeframe.H1, Timeframe.D1):
            found = self._candles_or_none(symbol, timeframe, time_ms - 2 * timeframe.ms, time_ms)
            if found:
                return found[-1].close
        found = self._candles_or_none(symbol, Timeframe.D1, time_ms - 30 * DAY_MS, time_ms)
        if found:
            return found[-1].close
        first = self.source.candles(symbol, Timeframe.D1, time_ms, time_ms + 30 * DAY_MS, 1)
        return first[0].open if first else 1.0
