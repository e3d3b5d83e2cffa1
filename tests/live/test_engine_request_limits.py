"""An engine whose exchange allows little: it waits instead of asking too much, and says once when it is banned."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from futtui.domain.effects import Severity
from futtui.domain.position import TradingMode
from futtui.domain.timeframe import MINUTE_MS, Timeframe
from futtui.exchange.simulator.wire import limits, rest_market
from futtui.live.headless import run
from futtui.live.lockstep import run_lockstep
from tests.live.engine_world import START_MS, SYMBOLS, exchange, lines, server_config, watched, wired

LITTLE = 24
"""Weight a minute; a symbol's history and looks at the clock weigh 11, and history may use 15 of it."""


@pytest.fixture
def little(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (limits, rest_market):
        monkeypatch.setattr(module, "WEIGHT_PER_MINUTE", LITTLE)


@pytest.mark.usefixtures("little")
async def test_engine_in_lockstep_lets_time_pass_while_the_budget_is_short(tmp_path: Path) -> None:
    async with exchange(server_config()) as world:
        engine = wired(tmp_path / "a.db", world).build()
        try:
            await engine.open()
            passed_ms = world.now_ms - START_MS
            assert engine.snapshot().symbols_ready == len(SYMBOLS)
            assert MINUTE_MS <= passed_ms <= 5 * MINUTE_MS
            assert await run_lockstep(engine, 60)
            assert world.server.venue.limits.banned_until_ms == 0
            budget = engine.snapshot().feed.budget
            assert budget is not None
            assert (budget.limit, budget.gate, budget.waiting) == (LITTLE, "open", 0)
            assert {lane.name: lane.served > 0 for lane in budget.lanes}["HISTORY"]
            for symbol in SYMBOLS:
                opens = watched(engine).opens(symbol, Timeframe.M15)
                assert len(opens) >= 4
                assert opens == list(range(opens[0], opens[-1] + 1, Timeframe.M15.ms))
        finally:
            await engine.stop()


@pytest.mark.usefixtures("little")
def test_engine_in_lockstep_that_has_to_wait_gives_the_same_result_again(tmp_path: Path) -> None:
    async def once() -> str:
        async with exchange(server_config(3)) as world:
            result = await run(wired(tmp_path / "run.db", world, mode=TradingMode.PAPER).build, 480)
            assert result.counts["candles"] >= 2 * 31
            return result.fingerprint + str(result.run["start_ms"]) + str(result.counts)

    assert asyncio.run(once()) == asyncio.run(once())


async def test_engine_banned_at_the_start_in_lockstep_waits_until_its_end_and_tells_it_twice(tmp_path: Path) -> None:
    async with exchange(server_config()) as world:
        world.fault("{action: respond, status: 418, ban_s: 300, path: '/fapi/v1/exchangeInfo', count: 1}")
        engine = wired(tmp_path / "a.db", world).build()
        try:
            async with asyncio.timeout(60):
                await engine.open()
            assert world.now_ms - START_MS >= 305_000
            assert engine.snapshot().symbols_ready == len(SYMBOLS)
            told = [line.severity for line in lines(engine, "ban") if line.severity is not Severity.WARNING]
            assert told == [Severity.ERROR, Severity.NOTICE]
        finally:
            await engine.stop()
