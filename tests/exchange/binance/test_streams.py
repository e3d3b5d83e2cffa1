"""Stream connections against a local WebSocket server: routing, liveness, reconnects, renewal, clean ends."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from futtui.domain.errors import InvalidInputError
from futtui.exchange.binance.connection import pause_seconds
from futtui.exchange.binance.messages import DepthMessage
from futtui.exchange.binance.routes import StreamSettings, kind_of, route_of
from futtui.exchange.binance.streams import BinanceStreams
from futtui.exchange.ports import BarrierMessage, KlineMessage, MarkPriceMessage, StreamStateMessage
from tests.exchange.binance.stream_server import Inbox, StreamServer

HOUR = 3_600_000
MARK = {"e": "markPriceUpdate", "E": 5, "s": "BTCUSDT", "p": "10.5", "i": "10", "r": "0", "T": 9, "st": 1}
DEPTH = {"e": "depthUpdate", "E": 1, "T": 1, "s": "BTCUSDT", "U": 1, "u": 2, "pu": 0, "b": [["1", "2"]], "a": []}


def kline(symbol: str = "BTCUSDT", open_ms: int = 60_000, closed: bool = True) -> dict[str, Any]:
    bar = {"t": open_ms, "T": open_ms + 59_999, "s": symbol, "i": "1m", "f": 1, "L": 2, "o": "1", "c": "2", "h": "3"}
    bar |= {"l": "1", "v": "7", "n": 3, "x": closed, "q": "1", "V": "1", "Q": "1", "B": "0"}
    return {"e": "kline", "E": open_ms + 60_000, "s": symbol, "k": bar, "st": 1}


class HandClock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now_ms = 0

    def __call__(self) -> int:
        return self.now_ms


def fast(**changes: Any) -> StreamSettings:
    base: dict[str, Any] = {"check_seconds": 0.005, "backoff_scale": 0.01, "connect_seconds": 1.0}
    return StreamSettings(**(base | changes))


async def no_tasks_left(before: set[asyncio.Task[Any]]) -> bool:
    return not {
        task for task in asyncio.all_tasks() - before if "stream" in task.get_name() or "read" in task.get_name()
    }


@pytest.mark.parametrize(
    ("stream", "kind", "route"),
    [
        ("btcusdt@kline_15m", "kline", "market"),
        ("!markPrice@arr@1s", "markPrice", "market"),
        ("btcusdt@markPrice@1s", "markPrice", "market"),
        ("btcusdt@aggTrade", "aggTrade", "market"),
        ("!miniTicker@arr", "miniTicker", "market"),
        ("btcusdt_perpetual@continuousKline_1m", "continuousKline", "market"),
        ("btcusdt@bookTicker", "bookTicker", "public"),
        ("!bookTicker", "bookTicker", "public"),
        ("btcusdt@depth@100ms", "depth", "public"),
        ("btcusdt@depth20@100ms", "depth", "public"),
        ("btcusdt@rpiDepth@500ms", "rpiDepth", "public"),
    ],
)
def test_route_of_each_documented_stream(stream: str, kind: str, route: str) -> None:
    assert (kind_of(stream), route_of(stream)) == (kind, route)


def test_route_of_unknown_stream_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="btcusdt@klines_1m"):
        route_of("btcusdt@klines_1m")


@given(st.integers(1, 40), st.floats(0, 1))
def test_pause_before_reconnect_is_short_first_and_never_above_half_a_minute(attempt: int, chance: float) -> None:
    assert 0 <= pause_seconds(attempt, chance) <= (0.25 if attempt == 1 else min(30.0, 2.0 ** (attempt - 1)))


async def test_streams_go_to_their_routes_and_messages_to_their_receivers() -> None:
    inbox, depths = Inbox(), []
    async with StreamServer() as server:
        streams = BinanceStreams(server.endpoints, inbox, settings=fast(), on_depth=depths.append)
        await streams.subscribe(["btcusdt@kline_1m", "btcusdt@depth@100ms", "!markPrice@arr@1s", "btcusdt@kline_1m"])
        by_path = {client.path: client for client in server.clients}
        assert by_path["/market/ws"].streams == ["btcusdt@kline_1m", "!markPrice@arr@1s"]
        assert by_path["/public/ws"].streams == ["btcusdt@depth@100ms"]
        await by_path["/public/ws"].push(DEPTH)
        await by_path["/market/ws"].push(kline())
        await by_path["/market/ws"].push([MARK, {**MARK, "st": 2}])
        await inbox.wait(KlineMessage)
        assert (await inbox.wait(MarkPriceMessage)).symbol == "BTCUSDT"
        states = [(item.connection, item.state) for item in inbox.of(StreamStateMessage)]
        assert ("market-1", "CONNECTING") in states
        await inbox.wait(StreamStateMessage, connection="market-1", state="LIVE")
        await inbox.wait(StreamStateMessage, connection="public-1", state="LIVE")
        assert [type(item) for item in depths] == [DepthMessage]
        await streams.close()


async def test_streams_beyond_the_limit_spread_over_connections_in_small_requests() -> None:
    names = [f"s{number}usdt@kline_1m" for number in range(130)]
    async with StreamServer() as server:
        streams = BinanceStreams(server.endpoints, Inbox(), settings=fast(streams_per_connection=60))
        await streams.subscribe(names[:70])
        await streams.subscribe(names)
        assert sorted(len(client.streams) for client in server.clients) == [10, 60, 60]
        assert sorted(name for client in server.clients for name in client.streams) == sorted(names)
        assert max(len(frame) for client in server.clients for frame in client.frames) <= 50
        assert streams.connection_names == ["market-1", "market-2", "market-3"]
        await streams.close()


async def test_streams_with_barrier_hear_the_mark_on_every_connection() -> None:
    inbox = Inbox()
    async with StreamServer() as server:
        streams = BinanceStreams(server.endpoints, inbox, settings=fast(), barrier=True)
        await streams.subscribe(["btcusdt@kline_1m", "btcusdt@bookTicker"])
        for client in server.clients:
            assert "!simBarrier" in client.streams
            await client.push({"e": "simBarrier", "E": 70, "n": 4})
        await inbox.wait(BarrierMessage, count=2)
        assert set(inbox.of(BarrierMessage)) == {BarrierMessage(4, 70, "market-1"), BarrierMessage(4, 70, "public-1")}
        await streams.close()


async def test_connection_after_cut_reconnects_and_subscribes_everything_again() -> None:
    inbox = Inbox()
    async with StreamServer() as server:
        streams = BinanceStreams(server.endpoints, inbox, settings=fast())
        await streams.subscribe(["btcusdt@kline_1m"])
        await streams.subscribe(["ethusdt@kline_1m"])
        first = await server.client(0, 2)
        await first.push(kline())
        await inbox.wait(StreamStateMessage, state="LIVE")
        first.socket.transport.abort()
        second = await server.client(1, 2)
        assert second.streams == ["btcusdt@kline_1m", "ethusdt@kline_1m"]
        await second.push(kline(open_ms=120_000))
        await inbox.wait(StreamStateMessage, count=2, state="LIVE")
        states = [item.state for item in inbox.of(StreamStateMessage)]
        assert states == ["CONNECTING", "LIVE", "RECONNECTING", "LIVE"]
        await streams.close()
        assert [item.state for item in inbox.of(StreamStateMessage)][-1] == "CLOSED"


async def test_connection_without_first_payload_asks_again_then_tries_the_other_address() -> None:
    inbox, clock = Inbox(), HandClock()
    async with StreamServer() as server:
        streams = BinanceStreams(server.endpoints, inbox, settings=fast(), clock=clock)
        await streams.subscribe(["btcusdt@kline_1m"])
        first = await server.client(0, 1)
        clock.now_ms = 10_001
        await server.until(lambda: first.subscriptions == 2)
        assert not inbox.of(StreamStateMessage)[1:]
        clock.now_ms = 20_003
        stale = await inbox.wait(StreamStateMessage, state="STALE")
        assert stale.reason == "no data within 10 s after the subscription"
        assert stale.streams == ("btcusdt@kline_1m",)
        second = await server.client(1, 1)
        assert (first.path, second.path) == ("/market/ws", "/market/stream")
        assert not [item for item in inbox.of(StreamStateMessage) if item.state == "LIVE"]
        await second.push({"stream": "btcusdt@kline_1m", "data": kline()})
        await inbox.wait(StreamStateMessage, state="LIVE")
        await streams.close()


async def test_connection_whose_one_kind_falls_silent_is_replaced_beside_the_old_though_others_flow() -> None:
    inbox, clock = Inbox(), HandClock()
    async with StreamServer() as server:
        server.greeting = [MARK, kline()]
        streams = BinanceStreams(server.endpoints, inbox, settings=fast(), clock=clock)
        await streams.subscribe(["btcusdt@kline_1m", "!markPrice@arr@1s"])
        client = await server.client(0, 2)
        await inbox.wait(StreamStateMessage, state="LIVE")
        await inbox.wait(KlineMessage)
        await asyncio.sleep(0.02)
        server.greeting = []
        clock.now_ms = 5_001
        await inbox.wait(StreamStateMessage, state="LATE")
        clock.now_ms = 10_001
        stale = await inbox.wait(StreamStateMessage, state="STALE")
        assert stale.reason == "no mark price for 10 s"
        second = await server.client(1, 2)
        await client.push(kline(open_ms=120_000))
        await inbox.wait(KlineMessage, count=2)
        assert client.socket.state.name == "OPEN"
        await second.push(kline(open_ms=180_000))
        await second.push(MARK)
        await inbox.wait(StreamStateMessage, state="LIVE", count=2)
        async with asyncio.timeout(5):
            await client.socket.wait_closed()
        states = [item.state for item in inbox.of(StreamStateMessage)]
        assert states == ["CONNECTING", "LIVE", "LATE", "STALE", "RESYNC", "LIVE"]
        await streams.close()


async def test_stream_that_stays_silent_is_subscribed_anew_then_moved_to_another_socket() -> None:
    async with StreamServer() as server:
        streams = BinanceStreams(server.endpoints, Inbox(), settings=fast())
        await streams.subscribe(["btcusdt@kline_1m", "ethusdt@kline_1m"])
        first = await server.client(0, 2)
        await streams.revive(["ethusdt@kline_1m"])
        assert first.frames[1:] == [["ethusdt@kline_1m"], ["ethusdt@kline_1m"]]
        assert sorted(first.streams) == ["btcusdt@kline_1m", "ethusdt@kline_1m"]
        await streams.revive(["ethusdt@kline_1m"])
        assert [client.streams for client in server.clients] == [["btcusdt@kline_1m"], ["ethusdt@kline_1m"]]
        await streams.unsubscribe(["ethusdt@kline_1m", "neverusdt@kline_1m"])
        assert streams.connection_names == ["market-1"]
        await streams.close()


async def test_connection_is_renewed_before_24_hours_with_overlap_and_without_loss() -> None:
    inbox, clock = Inbox(), HandClock()
    async with StreamServer() as server:
        settings = fast(silence_ms={})
        streams = BinanceStreams(server.endpoints, inbox, settings=settings, clock=clock)
        await streams.subscribe(["btcusdt@kline_1m"])
        old = await server.client(0, 1)
        await old.push(kline(open_ms=60_000))
        await inbox.wait(StreamStateMessage, state="LIVE")
        clock.now_ms = 23 * HOUR - 1
        await asyncio.sleep(0.03)
        assert len(server.clients) == 1
        clock.now_ms = 23 * HOUR
        new = await server.client(1, 1)
        await old.push(kline(open_ms=120_000))
        await new.push(kline(open_ms=120_000))
        await inbox.wait(KlineMessage, count=3)
        async with asyncio.timeout(5):
            await old.socket.wait_closed()
        await new.push(kline(open_ms=180_000))
        await inbox.wait(KlineMessage, count=4)
        opens = [item.closed.open_time_ms for item in inbox.of(KlineMessage)]
        assert opens == [60_000, 120_000, 120_000, 180_000]
        assert [item.state for item in inbox.of(StreamStateMessage)] == ["CONNECTING", "LIVE"]
        await streams.close()
        assert server.open_count == 0 or await closes(server)


async def closes(server: StreamServer) -> bool:
    async with asyncio.timeout(5):
        while server.open_count:
            await asyncio.sleep(0.005)
    return True


async def test_handler_that_fails_does_not_stop_the_reading(caplog: pytest.LogCaptureFixture) -> None:
    inbox = Inbox()

    def sometimes(message: Any) -> None:
        if isinstance(message, KlineMessage) and message.symbol == "BADUSDT":
            raise ValueError("from the handler")
        inbox(message)

    async with StreamServer() as server:
        streams = BinanceStreams(server.endpoints, sometimes, settings=fast())
        await streams.subscribe(["btcusdt@kline_1m"])
        client = await server.client(0, 1)
        await client.push("this is no JSON")
        await client.push(kline("BADUSDT"))
        await client.push(kline("BTCUSDT"))
        await inbox.wait(KlineMessage)
        assert "from the handler" in caplog.text
        assert len(server.clients) == 1
        await streams.close()


async def test_refused_subscription_is_reported_and_tried_again() -> None:
    inbox = Inbox()
    async with StreamServer() as server:
        server.refuse_with = {"code": 2, "msg": "Invalid request"}
        streams = BinanceStreams(server.endpoints, inbox, settings=fast())
        subscribing = asyncio.create_task(streams.subscribe(["btcusdt@kline_1m"]))
        again = await inbox.wait(StreamStateMessage, attempt=2)
        assert "Invalid request" in again.reason
        server.refuse_with = None
        await subscribing
        assert server.clients[-1].streams == ["btcusdt@kline_1m"]
        await streams.close()


async def test_server_that_never_answers_subscriptions_is_left() -> None:
    inbox = Inbox()
    async with StreamServer() as server:
        server.mute_answers = True
        streams = BinanceStreams(server.endpoints, inbox, settings=fast(connect_seconds=0.05))
        subscribing = asyncio.create_task(streams.subscribe(["btcusdt@kline_1m"]))
        await server.client(2)
        server.mute_answers = False
        await subscribing
        await streams.close()


async def test_close_leaves_no_task_and_no_socket_even_while_connecting() -> None:
    before = asyncio.all_tasks()
    async with StreamServer() as server:
        streams = BinanceStreams(server.endpoints, Inbox(), settings=fast())
        await streams.subscribe(["btcusdt@kline_1m", "btcusdt@bookTicker"])
        await streams.close()
        assert await no_tasks_left(before)
        assert await closes(server)
        server.mute_answers = True
        stuck = BinanceStreams(server.endpoints, Inbox(), settings=fast(connect_seconds=30))
        waiting = asyncio.create_task(stuck.subscribe(["btcusdt@kline_1m"]))
        await server.client(2)
        await stuck.close()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert await no_tasks_left(before)
        assert await closes(server)
