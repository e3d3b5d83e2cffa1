"""The account stream: key life, loss of the key, and the state that tells the consumer to compare."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from futtui.domain.orders import Fill, OrderStatus, OrderUpdate
from futtui.exchange.binance.rest import BinanceRest
from futtui.exchange.binance.routes import StreamSettings
from futtui.exchange.binance.user_stream import UserStream
from futtui.exchange.ports import BarrierMessage, Credentials, Endpoints, StreamStateMessage
from tests.exchange.binance.recorded import fixture
from tests.exchange.binance.scripted_server import Answer, ScriptedServer
from tests.exchange.binance.stream_server import Inbox, StreamServer

KEY = "POST /fapi/v1/listenKey"
KEEP = "PUT /fapi/v1/listenKey"
FAST = StreamSettings(check_seconds=0.005, backoff_scale=0.01, connect_seconds=1.0)


def user_stream(
    http: ScriptedServer, sockets: StreamServer, inbox: Inbox, **options: Any
) -> tuple[BinanceRest, UserStream]:
    endpoints = Endpoints(http.endpoints.rest, sockets.endpoints.stream, "test")
    rest = BinanceRest(endpoints, Credentials("key", "secret"))
    return rest, UserStream(rest, endpoints, inbox, settings=FAST, **options)


async def test_user_stream_connects_with_its_key_and_delivers_order_news() -> None:
    inbox = Inbox()
    async with ScriptedServer() as http, StreamServer() as sockets:
        http.say(KEY, Answer({"listenKey": "first"}))
        rest, stream = user_stream(http, sockets, inbox, barrier=True)
        await stream.start()
        client = await sockets.client(0, 1)
        assert client.path == "/private/ws?listenKey=first"
        assert client.streams == ["!simBarrier"]
        await client.push(fixture("nautilus_crate/user_data_json__order_update_trade.json"))
        await client.push({"e": "simBarrier", "E": 1, "n": 1})
        assert await inbox.wait(BarrierMessage) == BarrierMessage(1, 1, "private")
        assert inbox.of(Fill)[0].quantity > Decimal(0)
        assert inbox.of(OrderUpdate)[0].status is OrderStatus.PARTIALLY_FILLED
        assert inbox.of(StreamStateMessage)[-1].state == "LIVE"
        await stream.close()
        await rest.close()


async def test_user_stream_after_expired_key_takes_a_new_one_and_says_reconnecting_then_live() -> None:
    inbox = Inbox()
    async with ScriptedServer() as http, StreamServer() as sockets:
        http.say(KEY, Answer({"listenKey": "first"}), Answer({"listenKey": "second"}))
        rest, stream = user_stream(http, sockets, inbox)
        await stream.start()
        client = await sockets.client(0)
        await client.push({"e": "listenKeyExpired", "E": 5, "listenKey": "first"})
        assert (await sockets.client(1)).path == "/private/ws?listenKey=second"
        await inbox.wait(StreamStateMessage, count=2, state="LIVE")
        states = [item.state for item in inbox.of(StreamStateMessage)]
        assert states == ["CONNECTING", "LIVE", "RECONNECTING", "LIVE"]
        assert "ran out" in inbox.of(StreamStateMessage)[2].reason
        await stream.close()
        await rest.close()


async def test_user_stream_prolongs_its_key_and_replaces_one_deleted_elsewhere() -> None:
    inbox = Inbox()
    async with ScriptedServer() as http, StreamServer() as sockets:
        http.say(KEY, Answer({"listenKey": "first"}), Answer({"listenKey": "second"}))
        http.say(KEEP, Answer({"listenKey": "first"}), Answer({"code": -1125, "msg": "gone"}, 400), Answer({}))
        rest, stream = user_stream(http, sockets, inbox, keepalive_seconds=0.02)
        await stream.start()
        assert (await sockets.client(1)).path == "/private/ws?listenKey=second"
        await inbox.wait(StreamStateMessage, count=2, state="LIVE")
        assert len(http.calls(KEEP)) >= 2
        await stream.close()
        await rest.close()


async def test_user_stream_without_key_goes_on_trying_and_reports_why() -> None:
    inbox = Inbox()
    async with ScriptedServer() as http, StreamServer() as sockets:
        refusal = Answer({"code": -2015, "msg": "Invalid API-key, IP, or permissions for action."}, 401)
        http.say(KEY, refusal, refusal, Answer({"listenKey": "good"}))
        rest, stream = user_stream(http, sockets, inbox)
        await stream.start()
        assert (await sockets.client(0)).path == "/private/ws?listenKey=good"
        reasons = [item.reason for item in inbox.of(StreamStateMessage) if item.attempt]
        assert len(reasons) == 2
        assert all("API key" in reason for reason in reasons)
        await stream.close()
        await rest.close()
