"""Stream names, addresses and control messages as clients really send them."""

from __future__ import annotations

import json

import pytest

from futtui.exchange.simulator.ports import MarketSource
from futtui.exchange.simulator.wire.config import ServerConfig
from futtui.exchange.simulator.wire.server import running_server
from futtui.exchange.simulator.wire.streams import parse_address, parse_stream
from tests.exchange.simulator.wire.client import Client, until_barrier

LOCKSTEP = ServerConfig(speed="max")


@pytest.mark.parametrize(
    ("path", "query", "expected"),
    [
        (
            "/market/ws/btcusdt@kline_1m/ethusdt@aggTrade",
            "",
            ("market", False, ("btcusdt@kline_1m", "ethusdt@aggTrade")),
        ),
        ("/market/stream", "streams=a@x/b@y", ("market", True, ("a@x", "b@y"))),
        ("/public/ws/7", "", ("public", False, ())),
        ("/private/ws", "listenKey=K", ("private", False, ("K",))),
        ("/private/ws/K", "", ("private", False, ("K",))),
        ("/ws", "", ("public", False, ())),
        ("/stream", "streams=a@x", ("public", True, ("a@x",))),
    ],
)
def test_address_in_documented_form_is_taken_apart(path: str, query: str, expected: tuple[object, ...]) -> None:
    address = parse_address(path, query)
    assert address is not None
    assert (address.route, address.combined, address.names) == expected


def test_address_with_event_lists_gives_each_key_its_own() -> None:
    address = parse_address("/private/stream", "listenKey=K1&events=A/B&listenKey=K2&events=C")
    assert address is not None
    assert address.events == {"K1": frozenset({"A", "B"}), "K2": frozenset({"C"})}


@pytest.mark.parametrize("path", ["/", "/fapi/v1/time", "/market", "/other/ws", "/market/other"])
def test_address_of_other_path_is_none(path: str) -> None:
    assert parse_address(path, "") is None


@pytest.mark.parametrize(
    ("name", "route"),
    [
        ("btcusdt@depth", "public"),
        ("btcusdt@depth20@100ms", "public"),
        ("!bookTicker", "public"),
        ("btcusdt@kline_15m", "market"),
        ("!markPrice@arr@1s", "market"),
        ("btcusdt_perpetual@continuousKline_1m", "market"),
        ("btcusdt@forceOrder", "market"),
    ],
)
def test_stream_name_known_lies_on_its_documented_route(name: str, route: str) -> None:
    parsed = parse_stream(name)
    assert parsed is not None
    assert parsed.route == route


@pytest.mark.parametrize(
    "name", ["BTCUSDT@kline_1m", "btcusdt@kline_7m", "btcusdt@depth7", "!what@arr", "kline", "!simBarrier"]
)
def test_stream_name_unknown_carries_nothing(name: str) -> None:
    assert parse_stream(name) is None


@pytest.mark.parametrize(
    ("address", "speaks"),
    [
        ("/market/ws/btcusdt@kline_15m", True),
        ("/market/stream?streams=btcusdt@kline_15m", True),
        ("/public/ws/btcusdt@kline_15m", False),
        ("/ws/btcusdt@kline_15m", False),
        ("/ws/btcusdt@bookTicker", True),
        ("/public/ws/btcusdt@bookTicker", True),
        ("/market/ws/btcusdt@bookTicker", False),
        ("/public/stream?streams=btcusdt@depth5", True),
    ],
)
async def test_stream_on_wrong_route_is_silent(small_market: MarketSource, address: str, speaks: bool) -> None:
    async with running_server(LOCKSTEP, small_market) as endpoints, Client(endpoints) as client:
        ws = await client.stream(address)
        await ws.send_json({"method": "SUBSCRIBE", "params": ["!simBarrier"], "id": 1})
        assert await ws.receive_json() == {"result": None, "id": 1}
        step = await client.advance()
        assert bool(await until_barrier(ws, step["step"])) is speaks


async def test_control_messages_follow_the_documented_answers(small_market: MarketSource) -> None:
    async with running_server(LOCKSTEP, small_market) as endpoints, Client(endpoints) as client:
        ws = await client.stream("/market/ws/3")

        async def ask(message: object) -> object:
            await ws.send_str(message if isinstance(message, str) else json.dumps(message))
            return await ws.receive_json(timeout=5)

        names = ["btcusdt@kline_1m", "!simBarrier"]
        assert await ask({"method": "SUBSCRIBE", "params": names, "id": "c7-uuid"}) == {"result": None, "id": "c7-uuid"}
        assert await ask({"method": "LIST_SUBSCRIPTIONS", "id": 3}) == {"result": names, "id": 3}
        assert await ask({"method": "UNSUBSCRIBE", "params": names[:1], "id": 4}) == {"result": None, "id": 4}
        assert await ask({"method": "LIST_SUBSCRIPTIONS", "id": 5}) == {"result": names[1:], "id": 5}
        assert await ask({"method": "GET_PROPERTY", "params": ["combined"], "id": 6}) == {"result": False, "id": 6}
        assert await ask({"method": "SET_PROPERTY", "params": ["combined", True], "id": 7}) == {"result": None, "id": 7}
        step = await client.advance()
        event = await ws.receive_json(timeout=5)
        assert event["stream"] == "!simBarrier"
        assert event["data"]["n"] == step["step"]
        assert (await ask("{nonsense"))["code"] == 3
        assert (await ask({"method": "SET_PROPERTY", "params": ["combined", 1], "id": 8}))["error"]["code"] == 1


async def test_client_beyond_ten_messages_a_second_is_disconnected(small_market: MarketSource) -> None:
    async with running_server(LOCKSTEP, small_market) as endpoints, Client(endpoints) as client:
        ws = await client.stream("/public/ws")
        for number in range(25):
            await ws.send_json({"method": "LIST_SUBSCRIPTIONS", "id": number})
        answers = 0
        while not (await ws.receive(timeout=5)).type.name.startswith("CLOS"):
            answers += 1
        assert 10 <= answers < 25


async def test_private_stream_forms_all_hear_the_same_fill(small_market: MarketSource) -> None:
    async with running_server(LOCKSTEP, small_market) as endpoints, Client(endpoints) as client:
        _, made = await client.call("POST", "/fapi/v1/listenKey")
        key = made["listenKey"]
        subscribed = await client.stream("/private/stream")
        await subscribed.send_json({"method": "SUBSCRIBE", "params": [key], "id": 1})
        await subscribed.receive_json()
        listeners = {
            "query": await client.stream(f"/private/ws?listenKey={key}"),
            "path": await client.stream(f"/private/ws/{key}"),
            "subscribed": subscribed,
            "filtered": await client.stream(f"/private/stream?listenKey={key}&events=ACCOUNT_UPDATE"),
            "wrong key": await client.stream("/private/ws?listenKey=other"),
            "wrong route": await client.stream(f"/ws/{key}"),
        }
        for ws in listeners.values():
            await ws.send_json({"method": "SUBSCRIBE", "params": ["!simBarrier"], "id": 2})
            await ws.receive_json()
        status, _ = await client.signed(
            "POST", "/fapi/v1/order", symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.010"
        )
        assert status == 200
        _, mark = await client.call("POST", "/sim/barrier")
        assert mark["connections"] == len(listeners)
        heard = {
            name: [event["e"] for event in await until_barrier(ws, mark["step"])] for name, ws in listeners.items()
        }
        assert heard["query"] == ["ORDER_TRADE_UPDATE", "TRADE_LITE", "ORDER_TRADE_UPDATE", "ACCOUNT_UPDATE"]
        assert heard["path"] == heard["subscribed"] == heard["query"]
        assert heard["filtered"] == ["ACCOUNT_UPDATE"]
        assert heard["wrong key"] == heard["wrong route"] == []


async def test_listen_key_expired_tells_once_and_falls_silent(small_market: MarketSource) -> None:
    async with running_server(LOCKSTEP, small_market) as endpoints, Client(endpoints) as client:
        key = (await client.call("POST", "/fapi/v1/listenKey"))[1]["listenKey"]
        assert (await client.call("POST", "/fapi/v1/listenKey"))[1]["listenKey"] == key
        ws = await client.stream(f"/private/ws?listenKey={key}")
        await ws.send_json({"method": "SUBSCRIBE", "params": ["!simBarrier"], "id": 2})
        await ws.receive_json()
        await client.call("POST", "/sim/faults", body="- action: expire_listen_key")
        step = await client.advance()
        events = await until_barrier(ws, step["step"])
        assert [event["e"] for event in events] == ["listenKeyExpired"]
        assert events[0]["listenKey"] == key
        assert (await client.call("PUT", "/fapi/v1/listenKey"))[1]["code"] == -1125
        assert (await client.call("POST", "/fapi/v1/listenKey"))[1]["listenKey"] != key
