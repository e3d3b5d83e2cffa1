"""The adapter against an embedded exchange that misbehaves by script."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from typing import Any

import aiohttp
import pytest

from futtui.domain.orders import OrderIntent, OrderPurpose, OrderStatus, OrderType
from futtui.domain.side import OrderSide
from futtui.domain.timeframe import Timeframe
from futtui.exchange.binance.book_sync import BookSync
from futtui.exchange.binance.errors import Banned, RateLimited
from futtui.exchange.binance.rest import BinanceRest
from futtui.exchange.binance.routes import StreamSettings
from futtui.exchange.binance.streams import BinanceStreams
from futtui.exchange.binance.trading import BinanceTrading
from futtui.exchange.binance.user_stream import UserStream
from futtui.exchange.ports import BarrierMessage, Credentials, Endpoints, KlineMessage, StreamStateMessage
from futtui.exchange.simulator.wire.config import ServerConfig
from futtui.exchange.simulator.wire.server import running_server
from tests.exchange.binance.stream_server import Inbox

CONFIG = ServerConfig(symbols=("BTCUSDT",), seed=11, history_days=2, speed="max")
KEYS = Credentials(CONFIG.api_key, CONFIG.api_secret)
FAST = StreamSettings(first_payload_ms=None, silence_ms={}, check_seconds=0.01, backoff_scale=0.01)
Post = Callable[[str, str], Awaitable[dict[str, Any]]]


@asynccontextmanager
async def exchange() -> AsyncIterator[tuple[Endpoints, Post, BinanceRest]]:
    async with running_server(CONFIG) as endpoints, aiohttp.ClientSession() as session:

        async def post(path: str, body: str = "") -> dict[str, Any]:
            async with session.post(endpoints.rest + path, data=body) as response:
                assert response.status == 200, await response.text()
                return dict(await response.json())

        rest = BinanceRest(endpoints, KEYS, ask_time=True)
        yield endpoints, post, rest
        await rest.close()


async def advance(post: Post, inbox: Inbox, steps: int) -> None:
    for _ in range(steps):
        answer = await post("/sim/advance", "")
        await inbox.wait(BarrierMessage, count=answer["connections"], step=answer["step"])


async def test_order_accepted_without_answer_is_unknown_until_the_query_finds_it_filled() -> None:
    async with exchange() as (endpoints, post, rest):
        now_ms = await rest.server_time_ms()
        rules = await rest.exchange_info()
        trading = BinanceTrading(endpoints, KEYS, rules, lambda: now_ms, deadline_seconds=0.3)
        await trading.open()
        await post("/sim/faults", "- {action: accept_then_timeout, method: POST, path: '*/order', count: 1}")
        intent = OrderIntent(
            "late", "BTCUSDT", OrderSide.BUY, OrderType.MARKET, Decimal("0.010"), OrderPurpose.ENTRY, "p", now_ms
        )
        assert (await trading.place(intent)).status is OrderStatus.UNKNOWN
        found = await trading.query("BTCUSDT", "late", conditional=False)
        assert found is not None
        assert found.status is OrderStatus.FILLED
        assert [item.amount for item in await trading.positions()] == [Decimal("0.010")]
        assert await trading.query("BTCUSDT", "never", conditional=False) is None
        await trading.close()


async def test_streams_cut_in_the_middle_come_back_and_the_hole_can_be_fetched() -> None:
    inbox = Inbox()
    async with exchange() as (endpoints, post, rest):
        slow_to_return = replace(FAST, backoff_scale=4.0)
        streams = BinanceStreams(endpoints, inbox, barrier=True, settings=slow_to_return, jitter=lambda: 1.0)
        await streams.subscribe(["btcusdt@kline_1m"])
        await advance(post, inbox, 12)
        await post("/sim/faults", "- {action: disconnect, stream: 'btcusdt@kline_1m', count: 1}")
        for _ in range(8):
            await post("/sim/advance", "")
        await inbox.wait(StreamStateMessage, count=2, state="LIVE")
        await advance(post, inbox, 12)
        states = [item.state for item in inbox.of(StreamStateMessage)]
        assert states == ["CONNECTING", "LIVE", "RECONNECTING", "LIVE"]
        seen = {m.closed.open_time_ms: m.closed for m in inbox.of(KlineMessage) if m.closed}
        whole = await rest.klines("BTCUSDT", Timeframe.M1, start_ms=min(seen), end_ms=max(seen))
        assert len(whole) > len(seen)
        assert {candle.open_time_ms: candle for candle in whole} | seen == {c.open_time_ms: c for c in whole}
        await streams.close()


async def test_book_with_lost_difference_is_refused_then_rebuilt() -> None:
    inbox = Inbox()
    async with exchange() as (endpoints, post, rest):
        books = BookSync(["BTCUSDT"], rest.depth, spacing_seconds=0.0)
        streams = BinanceStreams(endpoints, inbox, barrier=True, settings=FAST, on_depth=books.feed)
        await streams.subscribe(["btcusdt@depth@100ms"])
        await advance(post, inbox, 6)
        book = books.book("BTCUSDT")
        assert book is not None
        assert book.valid
        await post("/sim/faults", "- {action: drop, event: depthUpdate, count: 1}")
        await advance(post, inbox, 12)
        assert book.breaks == 1
        assert book.valid
        await books.close()
        await streams.close()


async def test_account_stream_with_expired_key_gets_a_new_one() -> None:
    inbox = Inbox()
    async with exchange() as (endpoints, post, rest):
        user = UserStream(rest, endpoints, inbox, barrier=True, settings=FAST)
        await user.start()
        await post("/sim/faults", "- {action: expire_listen_key, after_s: 1}")
        await post("/sim/advance", "")
        await inbox.wait(StreamStateMessage, count=2, state="LIVE")
        await advance(post, inbox, 1)
        reasons = [item.reason for item in inbox.of(StreamStateMessage) if item.state == "RECONNECTING"]
        assert len(reasons) == 1
        assert "ran out" in reasons[0]
        await user.close()


@pytest.mark.parametrize(("status", "error"), [(429, RateLimited), (418, Banned)])
async def test_refused_rest_closes_the_gate(status: int, error: type[Exception]) -> None:
    async with exchange() as (_, post, rest):
        await post("/sim/faults", f"- {{action: respond, status: {status}, path: '*/premiumIndex', count: 1}}")
        with pytest.raises(error):
            await rest.premium_index("BTCUSDT")
        assert rest.budget.closed_until_ms > rest.budget.now_ms()


@pytest.mark.parametrize("fault", ["status: 503, kind: C", "status: 502", "status: 403"])
async def test_rest_survives_transient_and_foreign_answers(fault: str) -> None:
    async with exchange() as (_, post, rest):
        await post("/sim/faults", f"- {{action: respond, {fault}, path: '*/premiumIndex', count: 1}}")
        if "403" in fault:
            with pytest.raises(Banned, match="firewall"):
                await rest.premium_index("BTCUSDT")
        else:
            assert (await rest.premium_index("BTCUSDT"))[0].mark_price > 0
