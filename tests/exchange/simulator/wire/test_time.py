"""Virtual time: lockstep repeats byte for byte, and every bar closes exactly once at any speed."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal

import pytest

from futtui.domain.errors import InvalidInputError
from futtui.domain.timeframe import MINUTE_MS
from futtui.exchange.simulator.ports import MarketSource
from futtui.exchange.simulator.wire.clock import VirtualClock, check_speed
from futtui.exchange.simulator.wire.config import ServerConfig
from futtui.exchange.simulator.wire.server import running_server
from tests.exchange.simulator.wire.client import Client, until_barrier

STREAMS = "btcusdt@kline_1m/ethusdt@kline_1m/btcusdt@kline_5m/!markPrice@arr@1s/btcusdt@aggTrade/!miniTicker@arr"


async def transcript(source: MarketSource, steps: int) -> list[str]:
    """Every text on a market and a private connection over some steps with an order in between."""
    lines: list[str] = []
    async with running_server(ServerConfig(speed="max"), source) as endpoints, Client(endpoints) as client:
        key = (await client.call("POST", "/fapi/v1/listenKey"))[1]["listenKey"]
        market = await client.stream(f"/market/stream?streams={STREAMS}/!simBarrier")
        public = await client.stream("/public/stream?streams=btcusdt@depth/!bookTicker/!simBarrier")
        private = await client.stream(f"/private/stream?streams={key}/!simBarrier")
        for number in range(steps):
            if number == 3:
                await client.signed(
                    "POST", "/fapi/v1/order", symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.01"
                )
            step = await client.advance()
            for ws in (market, public, private):
                while True:
                    text = await ws.receive_str(timeout=10)
                    lines.append(text)
                    if '"simBarrier"' in text:
                        assert json.loads(text)["data"]["n"] == step["step"]
                        break
    return lines


async def test_lockstep_twice_gives_the_same_transcript(small_market: MarketSource) -> None:
    first = await transcript(small_market, 12)
    assert first == await transcript(small_market, 12)
    assert any('"ORDER_TRADE_UPDATE"' in line for line in first)


async def test_lockstep_never_moves_by_itself_and_never_crosses_a_step(small_market: MarketSource) -> None:
    config = ServerConfig(speed="max", step_ms=15_000)
    async with running_server(config, small_market) as endpoints, Client(endpoints) as client:
        before = (await client.call("GET", "/sim/state"))[1]
        await asyncio.sleep(0.15)  # longer than one turn of the server's own loop
        assert (await client.call("GET", "/sim/state"))[1] == before
        assert before["speed"] == "max"
        one = await client.advance()
        assert one["now_ms"] == before["now_ms"] + 15_000
        assert (await client.advance(3))["now_ms"] == before["now_ms"] + 60_000
        assert (await client.call("GET", "/fapi/v1/time"))[1]["serverTime"] == before["now_ms"] + 60_000


@pytest.mark.parametrize("step_ms", [5_000, 15_000, 60_000])
async def test_bar_closes_come_once_in_order_whatever_the_step(small_market: MarketSource, step_ms: int) -> None:
    config = ServerConfig(speed="max", step_ms=step_ms)
    async with running_server(config, small_market) as endpoints, Client(endpoints) as client:
        ws = await client.stream("/market/ws/btcusdt@kline_1m/ethusdt@kline_1m/btcusdt@kline_3m/!simBarrier")
        start_ms = (await client.call("GET", "/sim/state"))[1]["now_ms"]
        step = await client.advance(6 * MINUTE_MS // step_ms)
        events = await until_barrier(ws, step["step"])
        closes = [(event["s"], event["k"]["i"], event["k"]["t"]) for event in events if event["k"]["x"]]
        minutes = [start_ms + number * MINUTE_MS for number in range(6)]
        assert [key for key in closes if key[:2] == ("BTCUSDT", "1m")] == [("BTCUSDT", "1m", t) for t in minutes]
        assert [key for key in closes if key[:2] == ("ETHUSDT", "1m")] == [("ETHUSDT", "1m", t) for t in minutes]
        assert [key[2] for key in closes if key[1] == "3m"] == [start_ms, start_ms + 3 * MINUTE_MS]
        times = [event["E"] for event in events]
        assert times == sorted(times)


async def test_bar_closes_at_high_speed_come_once_and_agree_with_rest(small_market: MarketSource) -> None:
    async with running_server(ServerConfig(speed=3000.0), small_market) as endpoints, Client(endpoints) as client:
        ws = await client.stream("/market/ws/btcusdt@kline_1m")
        closes: list[dict[str, object]] = []
        while len(closes) < 12:
            event = await ws.receive_json(timeout=10)
            if event["k"]["x"]:
                closes.append(event["k"])
        await client.call("POST", "/sim/speed", body='{"speed": "max"}')
        opens = [int(str(bar["t"])) for bar in closes]
        assert opens == list(range(opens[0], opens[0] + 12 * MINUTE_MS, MINUTE_MS))
        _, rows = await client.call(
            "GET", "/fapi/v1/klines", symbol="BTCUSDT", interval="1m", startTime=opens[0], endTime=opens[-1]
        )
        streamed = [[bar[name] for name in ("t", "o", "h", "l", "c", "v", "T", "q", "n", "V", "Q")] for bar in closes]
        assert [row[:11] for row in rows] == streamed


async def test_forming_bar_at_boundary_is_last_row_and_closed_rows_are_complete(small_market: MarketSource) -> None:
    async with running_server(ServerConfig(speed="max"), small_market) as endpoints, Client(endpoints) as client:
        for steps in (1, 3, 56):
            now_ms = (await client.advance(steps))["now_ms"]
            for interval, length_ms in (("1m", MINUTE_MS), ("15m", 15 * MINUTE_MS), ("1h", 60 * MINUTE_MS)):
                _, rows = await client.call("GET", "/fapi/v1/klines", symbol="ETHUSDT", interval=interval, limit=5)
                assert len(rows) == 5
                assert rows[-1][0] == now_ms - now_ms % length_ms
                assert all(row[6] < now_ms for row in rows[:-1])


async def test_forming_bar_asked_for_late_equals_the_one_followed_from_its_open(small_market: MarketSource) -> None:
    async def last_row(ask_early: bool) -> list[object]:
        async with running_server(ServerConfig(speed="max"), small_market) as endpoints, Client(endpoints) as client:
            if ask_early:
                await client.call("GET", "/fapi/v1/klines", symbol="BTCUSDT", interval="4h", limit=1)
            await client.advance(4 * 67 + 1)
            _, rows = await client.call("GET", "/fapi/v1/klines", symbol="BTCUSDT", interval="4h", limit=1)
            return list(rows[0])

    early, late = await last_row(True), await last_row(False)
    assert early[:5] == late[:5]
    assert Decimal(str(early[5])) == Decimal(str(late[5]))


async def test_speed_factor_moves_time_and_can_change(small_market: MarketSource) -> None:
    async with running_server(ServerConfig(speed=600.0), small_market) as endpoints, Client(endpoints) as client:
        first = (await client.call("GET", "/sim/state"))[1]["now_ms"]
        ws = await client.stream("/market/ws/btcusdt@markPrice@1s")
        while (await ws.receive_json(timeout=5))["E"] < first + 60_000:
            pass
        status, answer = await client.call("POST", "/sim/advance")
        assert status == 409
        assert "max" in answer["error"]
        assert (await client.call("POST", "/sim/speed", body='{"speed": "max"}'))[1]["speed"] == "max"
        assert (await client.advance())["now_ms"] % 15_000 == 0


def test_clock_at_speed_loses_no_time_when_speed_changes() -> None:
    real = [100.0]
    clock = VirtualClock(1_000_000, 60.0, lambda: real[0])
    real[0] += 1.0
    assert clock.target_ms() == 1_060_000
    clock.set_speed(1.0)
    real[0] += 1.0
    assert clock.target_ms() == 1_061_000


@pytest.mark.parametrize("speed", ["fast", 0, -1, float("nan"), float("inf"), 1e9])
def test_speed_out_of_range_is_refused(speed: float | str) -> None:
    with pytest.raises(InvalidInputError, match="max"):
        check_speed(speed)
