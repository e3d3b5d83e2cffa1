"""Contracts that end, stop and change their steps while the app trades them, by script and over the wire."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from futtui.domain.effects import RecordSignal
from futtui.domain.errors import ConfigurationError
from futtui.domain.position import TradingMode
from futtui.domain.side import Side
from futtui.domain.signal import Signal, SignalStatus
from futtui.domain.timeframe import HOUR_MS, MINUTE_MS
from futtui.exchange.binance import transport
from futtui.exchange.simulator.wire.config import DEMO_KEY
from futtui.exchange.simulator.wire.fault_rules import load_fault_script, parse_fault_script
from futtui.live.engine import Engine
from futtui.live.lockstep import run_lockstep
from futtui.live.symbol_state import Phase
from tests.live.engine_world import (
    QUARTER_MS,
    START_MS,
    Exchange,
    WatchedAnalyzers,
    exchange,
    lines,
    server_config,
    wired,
)

SCENARIOS = Path(__file__).resolve().parents[1] / "scenarios"


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "_FIRST_PAUSE_SECONDS", 0.001)


def longs(*quarters: int) -> WatchedAnalyzers:
    """A made-up long of ETHUSDT at these quarter hours."""
    return WatchedAnalyzers({("ETHUSDT", START_MS + number * QUARTER_MS): Side.LONG for number in quarters})


async def opened(world: Exchange, folder: Path, analyzers: WatchedAnalyzers, scenario: str) -> Engine:
    engine = wired(folder / "a.db", world, analyzers=analyzers, mode=TradingMode.LIVE).build()
    engine.runner.records = []
    await engine.open()
    world.server.venue.load_faults(load_fault_script(SCENARIOS / f"{scenario}.yaml"))
    return engine


def last_signals(engine: Engine) -> dict[int, Signal]:
    """Newest state of each signal, by the time of its candle."""
    records = engine.runner.records or []
    return {record.signal.raw.time_ms: record.signal for record in records if isinstance(record, RecordSignal)}


async def test_fs46_announced_end_forbids_entries_and_closes_the_position_before_settlement(tmp_path: Path) -> None:
    async with exchange(server_config(speed="max")) as world:
        engine = await opened(world, tmp_path, longs(1, 2), "fs46_symbol_delisted")
        try:
            await run_lockstep(engine, 21)
            held = world.quantity("ETHUSDT")
            assert held > 0
            await engine.rules_watch.look()
            assert lines(engine, "the exchange ends this contract in 6.3 hours")
            await run_lockstep(engine, 14)
            refused = last_signals(engine)[START_MS + 2 * QUARTER_MS]
            assert refused.status is SignalStatus.REFUSED
            assert "announced the end of this contract" in refused.status_reason
            assert world.quantity("ETHUSDT") == held, "it is kept until its end comes near"
            ends_ms = engine.states["ETHUSDT"].rules.ends_ms
            assert ends_ms is not None
            await run_lockstep(engine, 8)
            assert 0 <= world.now_ms - (ends_ms - 6 * HOUR_MS) < 4 * MINUTE_MS
            assert world.quantity("ETHUSDT") == 0
            assert world.resting("ETHUSDT") == []
            assert lines(engine, "settles this contract soon")
            await run_lockstep(engine, 60)
            await engine.rules_watch.look()
            assert engine.states["ETHUSDT"].phase is Phase.DISABLED
        finally:
            await engine.stop()


async def test_fs46_symbol_that_is_halted_opens_nothing_and_trades_again_when_it_is_back(tmp_path: Path) -> None:
    async with exchange(server_config(speed="max")) as world:
        engine = await opened(world, tmp_path, longs(2, 3, 8), "fs46_symbol_halted")
        try:
            await run_lockstep(engine, 21)
            await engine.rules_watch.look()
            assert engine.states["ETHUSDT"].phase is Phase.DISABLED
            assert lines(engine, "it is not traded on the exchange now")
            await run_lockstep(engine, 30)
            assert world.entries("ETHUSDT") == []
            assert world.resting("ETHUSDT") == []
            await run_lockstep(engine, 31)
            await engine.rules_watch.look()
            assert lines(engine, "it is traded again")
            await engine.warmup.load(engine.states["ETHUSDT"])
            await run_lockstep(engine, 41)
            assert len(world.entries("ETHUSDT")) == 1
        finally:
            await engine.stop()


async def test_fs46_lower_leverage_table_is_heard_at_once_and_new_positions_stay_within_it(tmp_path: Path) -> None:
    async with exchange(server_config(speed="max")) as world:
        engine = await opened(world, tmp_path, longs(2, 3), "fs46_leverage_tier_changed")
        try:
            before = engine.states["ETHUSDT"].rules.leverage_tiers
            assert before[0].max_leverage == 125, "the account told the table at the start"
            core = world.server.venue.core
            assert core.settings(DEMO_KEY, "ETHUSDT").leverage == 20
            await run_lockstep(engine, 21)
            now = engine.states["ETHUSDT"].rules.leverage_tiers
            assert [(tier.max_leverage, tier.up_to) for tier in now] == [(10, 1500), (5, 3000), (2, 50000)]
            assert lines(engine, "the exchange changed its leverage table: 10 times up to 1,500 USDT")
            assert core.settings(DEMO_KEY, "ETHUSDT").leverage == 10, "the exchange lowered it by itself"
            await run_lockstep(engine, 30)
            value = world.quantity("ETHUSDT") * core.market("ETHUSDT").mark_price
            assert 1400 < value <= 1510
            assert sum(world.stops("ETHUSDT")) >= world.quantity("ETHUSDT")
            await engine.rules_watch.look()
            assert engine.states["ETHUSDT"].rules.leverage_tiers == now, "a look at the rules does not forget it"
        finally:
            await engine.stop()


async def test_fs46_leverage_table_reaches_an_app_without_an_account_by_stream(tmp_path: Path) -> None:
    async with exchange(server_config(speed="max")) as world:
        engine = wired(tmp_path / "a.db", world, analyzers=longs(9), mode=TradingMode.SIGNALS).build()
        try:
            await engine.open()
            assert engine.states["ETHUSDT"].rules.leverage_tiers == ()
            world.server.venue.load_faults(load_fault_script(SCENARIOS / "fs46_leverage_tier_changed.yaml"))
            await run_lockstep(engine, 21)
            assert engine.states["ETHUSDT"].rules.leverage_tiers[0].max_leverage == 10
            assert engine.states["BTCUSDT"].rules.leverage_tiers == ()
        finally:
            await engine.stop()


async def test_fs47_order_off_the_new_steps_asks_for_the_rules_and_the_next_one_fits(tmp_path: Path) -> None:
    async with exchange(server_config(speed="max")) as world:
        engine = await opened(world, tmp_path, longs(1, 2, 3, 4), "fs47_filters_changed")
        try:
            before = engine.states["ETHUSDT"].rules
            await run_lockstep(engine, 14)
            assert engine.states["ETHUSDT"].rules == before, "nobody has said so yet"
            await run_lockstep(engine, 50)
            now = engine.states["ETHUSDT"].rules
            assert (now.tick_size, now.step_size) == (Decimal("0.1"), Decimal("0.01"))
            assert lines(engine, "the exchange changed its trading rules")
            quantity = world.quantity("ETHUSDT")
            assert quantity > 0
            assert quantity % now.step_size == 0
            triggers = world.triggers("ETHUSDT")
            assert triggers
            assert all(now.is_on_tick(price) for price in triggers)
            assert sum(world.stops("ETHUSDT")) >= quantity
        finally:
            await engine.stop()


async def test_fs47_stop_off_the_new_tick_is_rounded_anew_and_the_position_is_kept(tmp_path: Path) -> None:
    async with exchange(server_config(speed="max")) as world:
        engine = await opened(world, tmp_path, longs(1), "fs47_tick_changed")
        try:
            await run_lockstep(engine, 18)
            assert lines(engine, "the stop does not fit the exchange's rules")
            assert world.quantity("ETHUSDT") > 0
            assert sum(world.stops("ETHUSDT")) >= world.quantity("ETHUSDT")
            assert all(price % 5 == 0 for price in world.triggers("ETHUSDT"))
        finally:
            await engine.stop()


async def test_fs47_open_stop_and_targets_move_to_the_new_tick_and_the_position_stays_covered(tmp_path: Path) -> None:
    async with exchange(server_config(speed="max")) as world:
        engine = await opened(world, tmp_path, longs(1), "fs47_tick_changed_later")
        try:
            await run_lockstep(engine, 21)
            assert sum(world.stops("ETHUSDT")) >= world.quantity("ETHUSDT") > 0
            await engine.rules_watch.look()
            await run_lockstep(engine, 2)
            core = world.server.venue.core
            stops = [algo for algo in core.open_algo_orders(DEMO_KEY, "ETHUSDT") if algo.order_type == "STOP_MARKET"]
            assert [algo.trigger_price % 5 for algo in stops if algo.trigger_price is not None] == [0]
            assert sum(world.stops("ETHUSDT")) >= world.quantity("ETHUSDT") > 0
        finally:
            await engine.stop()


def test_fs47_change_of_a_symbol_without_a_change_is_refused() -> None:
    for text in (
        "{action: change_symbol, symbol: X}",
        "{action: change_symbol, symbol: X, tick: 'zero'}",
        "{action: change_symbol, symbol: X, tiers: '5:1 10:2'}",
    ):
        with pytest.raises(ConfigurationError):
            parse_fault_script(f"- {text}")
