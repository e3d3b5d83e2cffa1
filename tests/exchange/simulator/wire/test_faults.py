"""Fault scripts: their mistakes are named with line and suggestion, and each action does what it says."""

from __future__ import annotations

import asyncio
from pathlib import Path

import aiohttp
import pytest

from futtui.domain.errors import ConfigurationError
from futtui.exchange.simulator.ports import MarketSource
from futtui.exchange.simulator.wire.config import ServerConfig
from futtui.exchange.simulator.wire.fault_rules import ACTIONS, load_fault_script, parse_fault_script
from futtui.exchange.simulator.wire.faults import FaultEngine
from futtui.exchange.simulator.wire.server import running_server
from tests.exchange.simulator.wire.client import Client, until_barrier

LOCKSTEP = ServerConfig(speed="max")
SCENARIOS = sorted((Path(__file__).resolve().parents[3] / "scenarios").glob("*.yaml"))
MARKET_BUY = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.010"}


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_example_script_is_valid_and_named(path: Path) -> None:
    script = load_fault_script(path)
    assert script.rules
    assert script.name
    assert all(rule.id for rule in script.rules)


def test_example_scripts_use_every_action() -> None:
    used = {rule.action for path in SCENARIOS for rule in load_fault_script(path).rules}
    assert used == set(ACTIONS)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("- action: drop\n  afer_s: 3", ("line 2", "afer_s", "after_s")),
        ("- action: dorp", ("line 1", "dorp", "drop")),
        ("- action: drop\n  count: many", ("line 2", "whole number", "many")),
        ("- action: drop\n  count: 1\n  count: 2", ("line 3", "twice")),
        ("- stream: x", ("line 1", "action")),
        ("rule:\n- action: drop", ("line 1", "rules")),
        ("- action: drop\n  probability: 1.5", ("line 1", "probability")),
        ("- action: respond\n  path: /x", ("line 1", "status")),
        ("- action: shift_clock\n  stream: x", ("line 1", "streams")),
        ("- action: duplicate\n  path: /x", ("line 1", "streams")),
        ("- action: [", ("YAML",)),
        ("just words", ("list of rules",)),
    ],
)
def test_mistake_in_script_is_named_with_line_and_way_out(text: str, words: tuple[str, ...]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_fault_script(text)
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_all_mistakes_are_named_at_once() -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_fault_script("- action: drop\n  strem: x\n- action: delay\n  delay: 3")
    assert "line 2" in str(caught.value)
    assert "line 4" in str(caught.value)


def test_rule_strikes_in_its_time_at_its_rhythm_and_not_more_often_than_told() -> None:
    engine = FaultEngine()
    engine.load(parse_fault_script("- {action: drop, stream: '*', after_s: 1, for_s: 10, every: 2, count: 3}"), 0)
    struck = [ms for ms in range(0, 12_000, 500) if engine.on_message("a", "market", "kline", "X", ms)]
    assert struck == [1500, 2500, 3500]


def test_chances_are_the_same_in_every_run_and_follow_the_seed() -> None:
    def strikes(seed: int) -> list[bool]:
        engine = FaultEngine()
        engine.load(parse_fault_script(f"seed: {seed}\nrules: [{{action: drop, stream: '*', probability: 0.3}}]"), 0)
        return [engine.on_message("a", "market", "kline", "X", ms) is not None for ms in range(1000)]

    assert strikes(1) == strikes(1) != strikes(2)
    assert 200 < sum(strikes(1)) < 400


async def test_request_faults_without_script_do_nothing(small_market: MarketSource) -> None:
    async with running_server(LOCKSTEP, small_market) as endpoints, Client(endpoints) as client:
        status, answer = await client.call("POST", "/sim/faults", body="- action: drpo")
        assert status == 400
        assert "drop" in answer["error"]
        assert (await client.call("GET", "/sim/faults"))[1] == {"rules": []}
        assert (await client.call("GET", "/fapi/v1/ping"))[0] == 200


@pytest.mark.parametrize(
    ("rule", "status", "marker"),
    [
        ("{action: reject, code: -2010, message: refused}", 400, "-2010"),
        ("{action: reject, code: -1021}", 400, "recvWindow"),
        ("{action: respond, status: 429}", 429, "-1003"),
        ("{action: respond, status: 418, ban_s: 60}", 418, "banned until"),
        ("{action: respond, status: 503, kind: A}", 503, "Unknown error"),
        ("{action: respond, status: 503, kind: B}", 503, "Service Unavailable."),
        ("{action: respond, status: 503, kind: C}", 503, "-1001"),
        ("{action: respond, status: 503, kind: D}", 503, "-1008"),
        ("{action: respond, status: 408}", 408, "-1007"),
        ("{action: respond, status: 403}", 403, "<html>"),
        ("{action: respond, status: 407}", 407, "<html>"),
    ],
)
async def test_request_fault_answers_instead_of_the_exchange(
    small_market: MarketSource, rule: str, status: int, marker: str
) -> None:
    async with running_server(LOCKSTEP, small_market) as endpoints, Client(endpoints) as client:
        loaded, _ = await client.call("POST", "/sim/faults", body=f"- {rule[:-1]}, path: /fapi/v1/order, count: 1}}")
        assert loaded == 200
        async with client.session.post(endpoints.rest + "/fapi/v1/order") as response:
            assert response.status == status
            assert marker in await response.text()
        assert (await client.signed("GET", "/fapi/v1/userTrades"))[0] == (418 if status == 418 else 200)


async def test_accept_then_timeout_executes_and_never_answers(small_market: MarketSource) -> None:
    async with running_server(LOCKSTEP, small_market) as endpoints, Client(endpoints) as client:
        await client.call("POST", "/sim/faults", body="- {action: accept_then_timeout, path: /fapi/v1/order, count: 1}")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await client.signed("POST", "/fapi/v1/order", **MARKET_BUY, newClientOrderId="lost")
        _, order = await client.signed("GET", "/fapi/v1/order", symbol="BTCUSDT", origClientOrderId="lost")
        assert order["status"] == "FILLED"


@pytest.mark.parametrize(("action", "executed"), [("drop", False), ("disconnect", True)])
async def test_cut_request_was_executed_only_for_disconnect(
    small_market: MarketSource, action: str, executed: bool
) -> None:
    async with running_server(LOCKSTEP, small_market) as endpoints, Client(endpoints) as client:
        await client.call("POST", "/sim/faults", body=f"- {{action: {action}, path: /fapi/v1/order, method: POST}}")
        with pytest.raises(aiohttp.ClientError):
            await client.signed("POST", "/fapi/v1/order", **MARKET_BUY, newClientOrderId="cut")
        status, _ = await client.signed("GET", "/fapi/v1/order", symbol="BTCUSDT", origClientOrderId="cut")
        assert (status == 200) is executed


async def test_stall_and_delay_hold_the_answer_in_real_time(small_market: MarketSource) -> None:
    async with running_server(LOCKSTEP, small_market) as endpoints, Client(endpoints) as client:
        loop = asyncio.get_running_loop()
        await client.call("POST", "/sim/faults", body="- {action: delay, delay_ms: 120, path: /fapi/v1/ping}")
        began = loop.time()
        assert (await client.call("GET", "/fapi/v1/ping"))[0] == 200
        assert loop.time() - began >= 0.12
        await client.call("POST", "/sim/faults", body="- {action: stall, hold_s: 0.05, path: /fapi/v1/time}")
        with pytest.raises(aiohttp.ClientError):
            await client.call("GET", "/fapi/v1/time")


async def kline_times(market: MarketSource, script: str, minutes: int = 8) -> list[tuple[int, bool]]:
    """Event times of one stream under a script, one step a minute, with whether each is a bar's final message."""
    config = ServerConfig(speed="max", step_ms=60_000)
    async with running_server(config, market) as endpoints, Client(endpoints) as client:
        ws = await client.stream("/market/ws/btcusdt@kline_1m/!simBarrier")
        status, answer = await client.call("POST", "/sim/faults", body=script)
        assert status == 200, answer
        found: list[tuple[int, bool]] = []
        for _ in range(minutes):
            step = await client.advance()
            for event in await until_barrier(ws, step["step"]):
                found.append(((event["E"] - market.start_ms) // 1000, event["k"]["x"]))
        return found


async def test_stream_actions_on_final_bars(small_market: MarketSource) -> None:
    plain = await kline_times(small_market, "[]")
    assert plain[0] == (60, True)
    closes = [second for second, closed in plain if closed]
    assert closes == [60 * number for number in range(1, 9)]

    async def with_rule(rule: str) -> list[int]:
        events = await kline_times(small_market, f"- {{event: klineClosed, {rule}}}")
        return [second for second, closed in events if closed]

    assert await with_rule("action: drop, every: 3") == [60, 120, 240, 300, 420, 480]
    assert await with_rule("action: duplicate, every: 4") == [60, 120, 180, 240, 240, 300, 360, 420, 480, 480]
    assert await with_rule("action: reorder, count: 1, every: 2") == [60, 180, 120, 240, 300, 360, 420, 480]
    assert await with_rule("action: delay, delay_ms: 150000, count: 1") == [120, 180, 60, 240, 300, 360, 420, 480]
    assert await with_rule("action: freeze_stream, after_s: 100, for_s: 180") == [60, 300, 360, 420, 480]
    assert await with_rule("action: stall, after_s: 100, for_s: 180") == closes


async def test_stalled_stream_comes_in_one_burst(small_market: MarketSource) -> None:
    config = ServerConfig(speed="max", step_ms=60_000)
    async with running_server(config, small_market) as endpoints, Client(endpoints) as client:
        ws = await client.stream("/market/ws/btcusdt@kline_1m/!simBarrier")
        await client.call("POST", "/sim/faults", body="- {action: stall, route: market, for_s: 170}")
        counts = []
        for _ in range(4):
            step = await client.advance()
            counts.append(len([e for e in await until_barrier(ws, step["step"]) if e["k"]["x"]]))
        assert counts == [0, 0, 3, 1]


async def test_silent_private_loses_user_events_but_not_market_data(small_market: MarketSource) -> None:
    async with running_server(LOCKSTEP, small_market) as endpoints, Client(endpoints) as client:
        key = (await client.call("POST", "/fapi/v1/listenKey"))[1]["listenKey"]
        private = await client.stream(f"/private/stream?streams={key}/!simBarrier")
        market = await client.stream("/market/stream?streams=btcusdt@kline_1m/!simBarrier")
        await client.call("POST", "/sim/faults", body="- {action: silent_private, for_s: 20}")
        heard = []
        for _ in range(3):
            await client.signed("POST", "/fapi/v1/order", **MARKET_BUY)
            step = await client.advance()
            heard.append(len(await until_barrier(private, step["step"])))
            assert await until_barrier(market, step["step"])
        assert heard[:2] == [0, 0]
        assert heard[2] >= 3


async def test_timed_disconnect_cuts_one_route_and_shift_moves_only_the_clock(small_market: MarketSource) -> None:
    async with running_server(LOCKSTEP, small_market) as endpoints, Client(endpoints) as client:
        public = await client.stream("/public/ws/!simBarrier")
        market = await client.stream("/market/ws/!simBarrier")
        script = (
            "- {action: disconnect, route: market, after_s: 15}\n- {action: shift_clock, shift_ms: 9000, after_s: 15}"
        )
        await client.call("POST", "/sim/faults", body=script)
        step = await client.advance()
        assert step["connections"] == 1
        assert await until_barrier(public, step["step"]) == []
        assert (await market.receive(timeout=5)).type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)
        _, time_answer = await client.call("GET", "/fapi/v1/time")
        assert time_answer["serverTime"] == step["now_ms"] + 9000
        assert (await client.call("GET", "/sim/state"))[1]["now_ms"] == step["now_ms"]
        reports = (await client.call("GET", "/sim/faults"))[1]["rules"]
        assert [report["struck"] for report in reports] == [1, 1]


async def test_repeated_disconnect_strikes_as_often_as_told(small_market: MarketSource) -> None:
    async with running_server(LOCKSTEP, small_market) as endpoints, Client(endpoints) as client:
        await client.call("POST", "/sim/faults", body="- {action: disconnect, after_s: 15, count: 3, repeat_s: 30}")
        alive = []
        for _ in range(8):
            ws = await client.stream("/market/ws/!simBarrier")
            alive.append((await client.advance())["connections"] > 0)
            await ws.close()
        assert alive == [False, True, False, True, False, True, True, True]
