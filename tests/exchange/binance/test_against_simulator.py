"""The whole adapter against the embedded exchange over real sockets, in lockstep."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import aiohttp

from futtui.domain.orders import Fill, OrderIntent, OrderPurpose, OrderStatus, OrderType, OrderUpdate
from futtui.domain.side import OrderSide
from futtui.domain.timeframe import Timeframe
from futtui.exchange.binance.book_sync import BookSync
from futtui.exchange.binance.rest import BinanceRest
from futtui.exchange.binance.routes import StreamSettings
from futtui.exchange.binance.streams import BinanceStreams
from futtui.exchange.binance.trading import BinanceTrading
from futtui.exchange.binance.user_stream import UserStream
from futtui.exchange.ports import (
    AccountMessage,
    BarrierMessage,
    BookTickerMessage,
    Credentials,
    Endpoints,
    KlineMessage,
    MarkPriceMessage,
)
from futtui.exchange.simulator.wire.config import ServerConfig
from futtui.exchange.simulator.wire.server import running_server
from tests.exchange.binance.stream_server import Inbox

SYMBOLS = ("BTCUSDT", "ETHUSDT")
CONFIG = ServerConfig(symbols=SYMBOLS, seed=7, history_days=3, speed="max", step_ms=15_000)


@dataclass
class Steps:
    """Moves the exchange's time and waits until every connection has seen the mark."""

    session: aiohttp.ClientSession
    endpoints: Endpoints
    inbox: Inbox
    connections: int
    now_ms: int = 0

    async def go(self, steps: int = 1) -> None:
        for _ in range(steps):
            await self._post("/sim/advance")

    async def mark(self) -> None:
        await self._post("/sim/barrier")

    async def _post(self, path: str) -> None:
        async with self.session.post(self.endpoints.rest + path) as response:
            answer: dict[str, Any] = await response.json()
        assert answer["connections"] == self.connections
        self.now_ms = answer["now_ms"]
        await self.inbox.wait(BarrierMessage, count=self.connections, step=answer["step"])


async def test_candles_and_streams_of_embedded_exchange_agree() -> None:
    inbox = Inbox()
    async with running_server(CONFIG) as endpoints, aiohttp.ClientSession() as session:
        rest = BinanceRest(endpoints, ask_time=True)
        rules = await rest.exchange_info()
        assert set(rules) == set(SYMBOLS)
        listings = await rest.listings()
        assert {item.symbol for item in listings} == set(SYMBOLS)
        assert all(item.quote_volume and item.spread_pct and item.listed_ms for item in listings)
        history = await rest.klines("BTCUSDT", Timeframe.M15, limit=100)
        assert len(history) == 100
        streams = BinanceStreams(endpoints, inbox, barrier=True, settings=StreamSettings.patient())
        names = [f"{symbol.lower()}@kline_1m" for symbol in SYMBOLS]
        await streams.subscribe([*names, "!markPrice@arr@1s", "btcusdt@bookTicker"])
        steps = Steps(session, endpoints, inbox, connections=2)
        await steps.go(4 * 20)
        closed = [m.closed for m in inbox.of(KlineMessage) if m.closed is not None and m.symbol == "BTCUSDT"]
        opens = [candle.open_time_ms for candle in closed]
        assert opens == list(range(opens[0], opens[0] + 60_000 * len(opens), 60_000))
        assert len(opens) >= 19
        fetched = await rest.klines("BTCUSDT", Timeframe.M1, start_ms=opens[0], end_ms=opens[-1], limit=100)
        assert fetched == closed
        newest = await rest.klines("BTCUSDT", Timeframe.M1, limit=1)
        assert newest[0].open_time_ms == Timeframe.M1.last_closed_open_ms(await rest.server_time_ms())
        assert {message.symbol for message in inbox.of(MarkPriceMessage)} == set(SYMBOLS)
        await streams.close()
        await rest.close()


async def test_orders_and_account_news_of_embedded_exchange_agree() -> None:
    inbox = Inbox()
    async with running_server(CONFIG) as endpoints, aiohttp.ClientSession() as session:
        credentials = Credentials(CONFIG.api_key, CONFIG.api_secret)
        rest = BinanceRest(endpoints, credentials, ask_time=True)
        rules = await rest.exchange_info()
        steps = Steps(session, endpoints, inbox, connections=1)
        steps.now_ms = await rest.server_time_ms()
        trading = BinanceTrading(endpoints, credentials, rules, lambda: steps.now_ms)
        user = UserStream(rest, endpoints, inbox, barrier=True)
        await user.start()
        await steps.go(4)
        mark = Decimal(str((await rest.premium_index("BTCUSDT"))[0].mark_price))
        assert await trading.wallet_balance() == CONFIG.balance
        await trading.set_margin_type("BTCUSDT", isolated=True)
        await trading.set_margin_type("BTCUSDT", isolated=True)
        assert await trading.set_leverage("BTCUSDT", 5) == 5

        def intent(name: str, side: OrderSide, kind: OrderType, **more: Any) -> OrderIntent:
            return OrderIntent(
                name, "BTCUSDT", side, kind, Decimal("0.010"), OrderPurpose.ENTRY, "p", steps.now_ms, **more
            )

        entry = await trading.place(intent("entry", OrderSide.BUY, OrderType.MARKET))
        assert entry.status is OrderStatus.FILLED
        stop_at = rules["BTCUSDT"].round_price(mark * Decimal("0.80"))
        stop = await trading.place(
            intent("stop", OrderSide.SELL, OrderType.STOP_MARKET, trigger_price=stop_at, reduce_only=True)
        )
        assert stop.status is OrderStatus.OPEN
        again = await trading.place(
            intent("stop", OrderSide.SELL, OrderType.STOP_MARKET, trigger_price=stop_at, reduce_only=True)
        )
        assert again.status is OrderStatus.UNKNOWN
        through = rules["BTCUSDT"].round_price(mark * Decimal("1.10"))
        at_once = await trading.place(intent("through", OrderSide.SELL, OrderType.STOP_MARKET, trigger_price=through))
        assert at_once.status is OrderStatus.REJECTED
        assert "-2021" in at_once.reason

        await steps.mark()
        fills = [fill for fill in inbox.of(Fill) if fill.client_id == "entry"]
        assert sum(fill.quantity for fill in fills) == Decimal("0.010")
        assert all(fill.fee > 0 and fill.fee_asset == "USDT" for fill in fills)
        states = [(item.client_id, item.status) for item in inbox.of(OrderUpdate)]
        assert ("entry", OrderStatus.FILLED) in states
        assert ("stop", OrderStatus.OPEN) in states
        wallet = inbox.of(AccountMessage)[-1].balances["USDT"]
        assert wallet == CONFIG.balance - sum(fill.fee for fill in fills) == await trading.wallet_balance()
        assert [(item.symbol, item.amount) for item in await trading.positions()] == [("BTCUSDT", Decimal("0.010"))]
        assert [(item.client_id, item.conditional) for item in await trading.open_orders()] == [("stop", True)]

        canceled = await trading.cancel("BTCUSDT", "stop", conditional=True)
        assert canceled.status is OrderStatus.CANCELED
        gone = await trading.cancel("BTCUSDT", "entry", conditional=False)
        assert gone.status is OrderStatus.FILLED
        exit_order = intent("exit", OrderSide.SELL, OrderType.MARKET, reduce_only=True)
        assert (await trading.place(exit_order)).status is OrderStatus.FILLED
        assert await trading.positions() == []
        await user.close()
        await trading.close()
        await rest.close()


async def test_local_book_of_embedded_exchange_equals_its_book_ticker() -> None:
    inbox = Inbox()
    async with running_server(CONFIG) as endpoints, aiohttp.ClientSession() as session:
        rest = BinanceRest(endpoints, ask_time=True)
        books = BookSync(["BTCUSDT"], rest.depth, spacing_seconds=0.0)
        compared: list[bool] = []

        def compare(message: Any) -> None:
            inbox(message)
            book = books.book("BTCUSDT")
            assert book is not None
            if isinstance(message, BookTickerMessage) and book.valid and book.update_id == message.update_id:
                best = (message.bid, message.bid_quantity), (message.ask, message.ask_quantity)
                compared.append((book.best_bid(), book.best_ask()) == best)

        streams = BinanceStreams(
            endpoints, compare, barrier=True, settings=StreamSettings.patient(), on_depth=books.feed
        )
        await streams.subscribe(["btcusdt@depth@100ms", "btcusdt@bookTicker"])
        steps = Steps(session, endpoints, inbox, connections=1)
        await steps.go(20)
        book = books.book("BTCUSDT")
        assert book is not None
        assert book.valid
        assert book.breaks == 0
        assert len(compared) >= 10
        assert all(compared)
        await books.close()
        await streams.close()
        await rest.close()
