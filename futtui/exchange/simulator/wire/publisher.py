"""Market streams: turns the state of the market into events, only for streams that somebody listens to.

State (forming bars, books, tickers, mark prices) goes out at most once a loop and symbol. The close of a bar goes out
exactly once, at its own virtual time, before anything later.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from futtui.exchange.simulator.core.exchange import ExchangeCore
from futtui.exchange.simulator.ports import MarketTick
from futtui.exchange.simulator.wire import market_payloads as payloads
from futtui.exchange.simulator.wire import streams
from futtui.exchange.simulator.wire.book import LEVELS, DepthChange
from futtui.exchange.simulator.wire.clock import VirtualClock
from futtui.exchange.simulator.wire.frames import encode
from futtui.exchange.simulator.wire.hub import Hub
from futtui.exchange.simulator.wire.intervals import INTERVALS
from futtui.exchange.simulator.wire.market_state import MarketState, SymbolMarket
from futtui.exchange.simulator.wire.streams import StreamName

ALL_BOOK_TICKERS_MS = 5_000
ALL_TICKERS_MS = 1_000
TICKER_MS = 2_000
LAST_MINUTE_MS = 60_000
CLOSED_KLINE = "klineClosed"
"""What fault rules call the final message of a bar (its `e` on the wire is `kline`)."""


class Publisher:
    """Makes the events of all market streams."""

    def __init__(self, state: MarketState, hub: Hub, core: ExchangeCore, clock: VirtualClock) -> None:
        self._state = state
        self._hub = hub
        self._core = core
        self._clock = clock
        self._hub_version = -1
        self._streams: list[StreamName] = []
        self._closing: dict[str, list[StreamName]] = {}
        self._traded: set[str] = set()
        self._next_close_ms: dict[str, int] = {}
        self._sent: dict[str, Any] = {}
        self._changes: dict[str, DepthChange] = {}
        self._funding: dict[str, tuple[int, str]] = {}
        self._makers: dict[str, Callable[[StreamName, SymbolMarket, int], Any]] = {
            streams.KLINE: self._kline,
            streams.CONTINUOUS_KLINE: self._kline,
            streams.MARK_PRICE: self._mark_price,
            streams.DEPTH: self._depth,
            streams.DEPTH_TOP: self._depth_top,
            streams.BOOK_TICKER: self._book_ticker,
            streams.MINI_TICKER: self._ticker,
            streams.TICKER: self._ticker,
        }
        self._whole_market: dict[str, Callable[[StreamName, int], None]] = {
            streams.MARK_PRICE_ALL: self._all_mark_prices,
            streams.BOOK_TICKER_ALL: self._all_book_tickers,
            streams.MINI_TICKER_ALL: self._all_tickers,
            streams.TICKER_ALL: self._all_tickers,
        }
        hub.before_first = self._before_first

    # -- the two calls of the loop ------------------------------------------------------------------------------------

    def close_bars(self, until_ms: int) -> None:
        """Publish the close of every bar that ends at or before `until_ms`, in order, longest bars first.

        Moves the clock to each close.
        """
        self._update_streams()
        while self._next_close_ms:
            boundary_ms = min(self._next_close_ms.values())
            if boundary_ms > until_ms:
                return
            self._clock.now_ms = boundary_ms
            codes = [code for code, close_ms in self._next_close_ms.items() if close_ms == boundary_ms]
            for code in sorted(codes, key=lambda code: INTERVALS[code].open_ms(boundary_ms - 1)):
                self._publish_closes(code, boundary_ms)
                self._next_close_ms[code] = INTERVALS[code].end_ms(boundary_ms)

    def publish_state(self, now_ms: int) -> None:
        """Publish the newest state on every stream that has news."""
        self._update_streams()
        self._changes.clear()
        for name in self._streams:
            whole_market = self._whole_market.get(name.kind)
            if whole_market is not None:
                whole_market(name, now_ms)
                continue
            maker = self._makers.get(name.kind)
            market = self._state.symbols.get(name.symbol)
            if maker is None or market is None:
                continue
            event = maker(name, market, now_ms)
            if event is not None:
                self._hub.publish(name.name, encode(event), event["e"], name.symbol)

    def publish_trades(self, ticks: list[MarketTick], now_ms: int) -> None:
        """Publish the aggregated trades of ticks, where somebody listens."""
        self._update_streams()
        if not self._traded:
            return
        for tick in ticks:
            if tick.symbol not in self._traded:
                continue
            lower = tick.symbol.lower()
            aggregate, single = f"{lower}@aggTrade", f"{lower}@trade"
            market = self._state.symbols[tick.symbol]
            for row in payloads.aggregate_trades(market, tick, *self.best_texts(market)):
                event = {"e": "aggTrade", "E": now_ms, "s": tick.symbol, **row, "st": payloads.USD_MARGINED}
                self._hub.publish(aggregate, encode(event), "aggTrade", tick.symbol)
                plain = {"e": "trade", "E": now_ms, "T": row["T"], "s": tick.symbol, "t": row["a"], "p": row["p"]}
                plain.update({"q": row["q"], "X": "MARKET", "m": row["m"]})
                self._hub.publish(single, encode(plain), "trade", tick.symbol)

    # -- what REST shares ----------------------------------------------------------------------------------------------

    def fresh_book(self, market: SymbolMarket) -> None:
        """Bring the book up to date, unless stream listeners get each change and do that in the loop."""
        if not self._has_depth_listeners(market):
            self._refresh(market)

    def best_texts(self, market: SymbolMarket) -> tuple[str, str]:
        """Best bid and ask as texts."""
        view = self._core.market(market.symbol)
        return market.price_format % view.bid, market.price_format % view.ask

    def best(self, market: SymbolMarket) -> tuple[list[str], list[str]]:
        """Best bid and ask with their quantities."""
        bids, asks = self._core.book(market.symbol, 1)
        best_bid, best_ask = (
            [market.price_format % price, market.quantity_format % quantity] for price, quantity in (bids[0], asks[0])
        )
        return best_bid, best_ask

    def mark_text(self, symbol: str) -> str:
        """Mark price with eight decimals."""
        return f"{self._core.market(symbol).mark_price:.8f}"

    def funding_text(self, symbol: str, now_ms: int) -> str:
        """The funding rate of the period that ended last: what is known now, nothing from the future.

        In its last minute a period's own rate is as good as known, as on the real exchange.
        """
        period_ms = self._core.funding_interval_ms(symbol)
        funding_ms = payloads.next_funding_ms(now_ms + LAST_MINUTE_MS, period_ms) - period_ms
        known = self._funding.get(symbol)
        if known is None or known[0] != funding_ms:
            rate = self._state.source.funding_rate(symbol, funding_ms)
            known = self._funding[symbol] = (funding_ms, f"{rate:.8f}")
        return known[1]

    def next_funding_ms(self, symbol: str, now_ms: int) -> int:
        """When the symbol is funded next."""
        return payloads.next_funding_ms(now_ms, self._core.funding_interval_ms(symbol))

    # -- single streams --------------------------------------------------------------------------------------------

    def _kline(self, name: StreamName, market: SymbolMarket, now_ms: int) -> dict[str, Any] | None:
        bar = self._state.forming(market, name.argument, now_ms)
        seen = (bar.open_time_ms, bar.version)
        before = self._sent.get(name.name)
        if before == seen or (before is not None and bar.version == 0):
            return None
        self._sent[name.name] = seen
        return self._kline_event(name, market, payloads.forming_row(market, bar), closed=False, now_ms=now_ms)

    def _kline_event(
        self, name: StreamName, market: SymbolMarket, row: list[Any], *, closed: bool, now_ms: int
    ) -> dict[str, Any]:
        make = payloads.kline_event if name.kind == streams.KLINE else payloads.continuous_kline_event
        return make(market, name.argument, row, closed, now_ms)

    def _publish_closes(self, code: str, boundary_ms: int) -> None:
        open_ms = INTERVALS[code].open_ms(boundary_ms - 1)
        for name in self._closing[code]:
            market = self._state.symbols.get(name.symbol)
            candle = self._state.closed(name.symbol, code, open_ms) if market else None
            if market is None or candle is None:
                continue
            row = payloads.kline_row(market, code, candle)
            event = self._kline_event(name, market, row, closed=True, now_ms=boundary_ms)
            self._hub.publish(name.name, encode(event), CLOSED_KLINE, name.symbol)

    def _mark_price(self, name: StreamName, market: SymbolMarket, now_ms: int) -> dict[str, Any] | None:
        if not self._is_due(name, now_ms, int(name.argument)):
            return None
        return self._mark_event(market, now_ms)

    def _mark_event(self, market: SymbolMarket, now_ms: int) -> dict[str, Any]:
        symbol = market.symbol
        mark, rate = self.mark_text(symbol), self.funding_text(symbol, now_ms)
        return payloads.mark_price_event(symbol, mark, rate, self.next_funding_ms(symbol, now_ms), now_ms)

    def _depth(self, name: StreamName, market: SymbolMarket, now_ms: int) -> dict[str, Any] | None:
        change = self._change(market)
        return None if change is None else payloads.depth_event(market.symbol, change, now_ms)

    def _depth_top(self, name: StreamName, market: SymbolMarket, now_ms: int) -> dict[str, Any] | None:
        change = self._change(market)
        if change is None:
            return None
        bids, asks = market.book.top(int(name.argument))
        whole = DepthChange(change.first_id, change.last_id, change.previous_id, bids, asks)
        return payloads.depth_event(market.symbol, whole, now_ms)

    def _book_ticker(self, name: StreamName, market: SymbolMarket, now_ms: int) -> dict[str, Any] | None:
        if self._sent.get(name.name) == market.version:
            return None
        self._sent[name.name] = market.version
        return payloads.book_ticker_event(market, self._numbered_best(market), now_ms)

    def _ticker(self, name: StreamName, market: SymbolMarket, now_ms: int) -> dict[str, Any] | None:
        if not self._is_due(name, now_ms, TICKER_MS):
            return None
        row = payloads.ticker_row(market, self._state.day(market.symbol, now_ms), now_ms)
        make = payloads.ticker_event if name.kind == streams.TICKER else payloads.mini_ticker_event
        return make(row, now_ms)

    # -- whole-market streams ------------------------------------------------------------------------------------------

    def _all_mark_prices(self, name: StreamName, now_ms: int) -> None:
        if self._is_due(name, now_ms, int(name.argument)):
            rows = [self._mark_event(market, now_ms) for market in self._state.symbols.values()]
            self._hub.publish(name.name, encode(rows), "markPriceUpdate")

    def _all_tickers(self, name: StreamName, now_ms: int) -> None:
        if not self._is_due(name, now_ms, ALL_TICKERS_MS):
            return
        make = payloads.ticker_event if name.kind == streams.TICKER_ALL else payloads.mini_ticker_event
        versions: dict[str, int] = self._sent.setdefault(f"{name.name} versions", {})
        changed = [market for market in self._state.symbols.values() if versions.get(market.symbol) != market.version]
        versions.update({market.symbol: market.version for market in changed})
        rows = [
            make(payloads.ticker_row(market, self._state.day(market.symbol, now_ms), now_ms), now_ms)
            for market in changed
        ]
        if rows:
            self._hub.publish(name.name, encode(rows), rows[0]["e"])

    def _all_book_tickers(self, name: StreamName, now_ms: int) -> None:
        if not self._is_due(name, now_ms, ALL_BOOK_TICKERS_MS):
            return
        for market in self._state.symbols.values():
            event = payloads.book_ticker_event(market, self._numbered_best(market), now_ms)
            self._hub.publish(name.name, encode(event), "bookTicker", market.symbol)

    # -- helpers ---------------------------------------------------------------------------------------------------

    def _is_due(self, name: StreamName, now_ms: int, period_ms: int) -> bool:
        number = now_ms // period_ms
        if self._sent.get(name.name) == number:
            return False
        self._sent[name.name] = number
        return True

    def _change(self, market: SymbolMarket) -> DepthChange | None:
        """The book's change in this loop, made once however many streams show it; None without news."""
        known = self._changes.get(market.symbol)
        if known is None and market.book.seen_version != market.version:
            known = self._changes[market.symbol] = self._refresh(market)
        return known

    def _refresh(self, market: SymbolMarket) -> DepthChange:
        bids, asks = self._core.book(market.symbol, LEVELS)
        return market.book.refresh(bids, asks, market.version)

    def _numbered_best(self, market: SymbolMarket) -> tuple[list[str], list[str]]:
        """Best prices under an update id that fits the depth stream, if somebody follows that."""
        if self._has_depth_listeners(market):
            self._change(market)
            bids, asks = market.book.top(1)
            return bids[0], asks[0]
        market.book.skip()
        return self.best(market)

    def _has_depth_listeners(self, market: SymbolMarket) -> bool:
        return any(
            name.symbol == market.symbol and name.kind in (streams.DEPTH, streams.DEPTH_TOP)
            for name in self._hub.market_names()
        )

    def _before_first(self, name: StreamName) -> None:
        """A stream gets its first listener: its state starts anew; the book is brought up to date unseen."""
        self._sent.pop(name.name, None)
        market = self._state.symbols.get(name.symbol)
        if market is None:
            return
        if name.kind in (streams.DEPTH, streams.DEPTH_TOP) and not self._has_depth_listeners(market):
            self._refresh(market)
            market.book.seen_version = -1

    def _update_streams(self) -> None:
        if self._hub_version == self._hub.version:
            return
        self._hub_version = self._hub.version
        self._streams = self._hub.market_streams()
        self._closing = {}
        trades = (streams.AGGREGATE_TRADE, streams.TRADE)
        self._traded = {name.symbol for name in self._streams if name.kind in trades} & self._state.symbols.keys()
        for name in self._streams:
            if name.kind in (streams.KLINE, streams.CONTINUOUS_KLINE):
                self._closing.setdefault(name.argument, []).append(name)
        for code in list(self._next_close_ms):
            if code not in self._closing:
                del self._next_close_ms[code]
        for code, names in self._closing.items():
            order = {symbol: market.index for symbol, market in self._state.symbols.items()}
            names.sort(key=lambda name: (name.kind, order.get(name.symbol, -1)))
            self._next_close_ms.setdefault(code, self._first_close(code))

    def _first_close(self, code: str) -> int:
        interval = INTERVALS[code]
        return interval.end_ms(interval.open_ms(self._clock.now_ms))
