"""Sleep, outage and holes by script: what is caught up, what is told, and that nothing old is traded."""

from __future__ import annotations

from pathlib import Path

import pytest

from futtui.domain.effects import RecordSignal
from futtui.domain.gaps import GapClass, GapState
from futtui.domain.position import TradingMode
from futtui.domain.side import Side
from futtui.domain.signal import Signal, SignalStatus
from futtui.domain.timeframe import HOUR_MS, MINUTE_MS, Timeframe
from futtui.exchange.binance import transport
from futtui.exchange.simulator.wire.fault_rules import load_fault_script
from futtui.live.engine import Engine
from futtui.live.lockstep import run_lockstep
from futtui.storage.store import Storage
from tests.live.engine_world import (
    QUARTER_MS,
    START_MS,
    SYMBOLS,
    Armed,
    Exchange,
    WatchedAnalyzers,
    exchange,
    lines,
    server_config,
    watched,
    wired,
)
from tests.live.fault_day import Sleep, sleep
from tests.live.test_engine_candles import check_exactly_once

SCENARIOS = Path(__file__).resolve().parents[1] / "scenarios"
M15 = Timeframe.M15


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "_FIRST_PAUSE_SECONDS", 0.001)


def arm(world: Exchange, name: str) -> None:
    world.server.venue.load_faults(load_fault_script(SCENARIOS / f"{name}.yaml"))


async def opened(world: Exchange, folder: Path, analyzers: WatchedAnalyzers | None = None, **more: object) -> Engine:
    plan = wired(folder / "a.db", world, analyzers=analyzers or WatchedAnalyzers(), **more)
    engine = plan.build()
    engine.runner.records = []
    await engine.open()
    return engine


def signals(engine: Engine) -> list[Signal]:
    records = engine.runner.records or []
    return [record.signal for record in records if isinstance(record, RecordSignal)]


def every_close(first_ms: int, hours: int, side: Side | Armed = Side.LONG) -> WatchedAnalyzers:
    """A made-up signal of every symbol at every close."""
    times = range(first_ms, first_ms + hours * HOUR_MS, QUARTER_MS)
    return WatchedAnalyzers({(symbol, time_ms): side for symbol in SYMBOLS for time_ms in times})


def of_closes(found: list[Signal], first_ms: int, after_ms: int) -> list[Signal]:
    """Signals of candles that closed from `first_ms` on and before `after_ms`."""
    return [signal for signal in found if first_ms <= signal.raw.time_ms < after_ms]


def lowest(world: Exchange, signal: Signal) -> float:
    """How low price went since the signal."""
    first_ms = signal.raw.time_ms
    return min(bar.low for bar in world.candles(signal.raw.symbol, Timeframe.M1, first_ms, world.now_ms))


async def test_fs33_pc_that_slept_two_hours_catches_up_and_sends_no_old_signal(tmp_path: Path) -> None:
    async with exchange(server_config(speed="max")) as world:
        engine = await opened(world, tmp_path, every_close(START_MS + HOUR_MS, 4), mode=TradingMode.PAPER)
        try:
            arm(world, "pc_sleeps_two_hours")
            await run_lockstep(engine, 30)
            await sleep(engine, world, Sleep(30, 121, cut=False))
            woke_ms = world.now_ms
            await run_lockstep(engine, 20)
            check_exactly_once(world, engine, world.now_ms)
            found = of_closes(signals(engine), START_MS + HOUR_MS, M15.open_ms(woke_ms))
            assert len({signal.raw.time_ms for signal in found}) == 6
            assert {signal.status for signal in found} == {SignalStatus.REFUSED}
            assert all("missed while offline" in signal.status_reason for signal in found)
            assert lines(engine, "Blind for 2:0")
            assert [line.text for line in lines(engine, "Caught up")]
            fresh = of_closes(signals(engine), M15.open_ms(woke_ms), world.now_ms)
            assert any(signal.status is SignalStatus.ACTIVE for signal in fresh)
        finally:
            await engine.stop()


async def test_fs33_old_news_that_pour_in_after_sleep_trigger_no_waiting_signal(tmp_path: Path) -> None:
    script = {(symbol, START_MS + QUARTER_MS): Armed(Side.LONG, 0.02, 8 * HOUR_MS) for symbol in SYMBOLS}
    async with exchange(server_config(speed="max")) as world:
        engine = await opened(world, tmp_path, WatchedAnalyzers(script), mode=TradingMode.PAPER)
        try:
            await run_lockstep(engine, 15)
            waiting = [signal for signal in signals(engine) if signal.status is SignalStatus.WAITING]
            await sleep(engine, world, Sleep(15, 120, cut=False))
            await run_lockstep(engine, 10)
            after = {signal.signal_id: signal for signal in signals(engine)}
            reached = [signal for signal in waiting if lowest(world, signal) <= signal.raw.levels.entry]
            assert reached
            for signal in reached:
                assert after[signal.signal_id].status is SignalStatus.REFUSED
                assert "could not see it" in after[signal.signal_id].status_reason
            check_exactly_once(world, engine, world.now_ms)
        finally:
            await engine.stop()


async def test_fs34_network_away_with_a_position_is_covered_and_told_as_a_blind_window(tmp_path: Path) -> None:
    script = WatchedAnalyzers(
        {("ETHUSDT", START_MS + QUARTER_MS): Side.LONG, ("ETHUSDT", START_MS + 3 * QUARTER_MS): Side.LONG}
    )
    async with exchange(server_config(speed="max")) as world:
        engine = await opened(world, tmp_path, script, mode=TradingMode.LIVE)
        try:
            arm(world, "network_away_thirty_minutes")
            await run_lockstep(engine, 29)
            held = world.quantity("ETHUSDT")
            assert held > 0
            for _ in range(31):
                await run_lockstep(engine, 1)
                assert sum(world.stops("ETHUSDT")) >= world.quantity("ETHUSDT")
            await run_lockstep(engine, 15)
            blind = lines(engine, "Blind for 3")
            assert len(blind) == 1
            assert engine.blind.windows[0][1] - engine.blind.windows[0][0] >= 30 * MINUTE_MS
            assert lines(engine, "Caught up")
            check_exactly_once(world, engine, world.now_ms)
            assert sum(world.stops("ETHUSDT")) >= world.quantity("ETHUSDT")
        finally:
            await engine.stop()


async def test_fs25_history_that_differs_from_the_stream_wins_and_is_counted(tmp_path: Path) -> None:
    async with exchange(server_config(speed="max")) as world:
        engine = await opened(world, tmp_path, mode=TradingMode.SIGNALS)
        try:
            arm(world, "history_differs")
            await run_lockstep(engine, 4 * 60)
            await engine.keeper.step(engine.clock.now_ms())
            wrong = world.struck()
            assert wrong == 2
            assert engine.ledger.view(engine.counts["candles_corrected"]).corrected_candles == wrong
            engine.publish()
            assert engine.snapshot().feed.gaps.corrected_candles == wrong
            assert len(lines(engine, "differed from the exchange's history")) == wrong
            assert watched(engine).loads["ETHUSDT"] > 1
            assert watched(engine).loads["BTCUSDT"] == 1
        finally:
            await engine.stop()
        stored = Storage(tmp_path / "a.db")
        try:
            for frame, count in ((M15, 16), (Timeframe.H1, 4), (Timeframe.H4, 1)):
                kept = stored.candles("ETHUSDT", frame, count)
                true = world.candles("ETHUSDT", frame, kept[0].open_time_ms, world.now_ms)
                assert [bar.close for bar in kept] == [bar.close for bar in true]
        finally:
            stored.close_now()


async def test_fs26_hole_in_the_history_is_a_ledger_entry_and_nothing_is_invented(tmp_path: Path) -> None:
    async with exchange(server_config(speed="max")) as world:
        engine = await opened(world, tmp_path, mode=TradingMode.PAPER)
        hole = [START_MS + HOUR_MS, START_MS + HOUR_MS + QUARTER_MS]
        try:
            arm(world, "candles_missing_in_history")
            await run_lockstep(engine, 150)
            (gap,) = [gap for gap in engine.ledger.gaps() if gap.timeframe is M15]
            assert (gap.symbol, gap.first_open_ms, gap.last_open_ms) == ("ETHUSDT", *hole)
            assert gap.gap_class is GapClass.NO_TRADES
            assert gap.state is GapState.OPEN
            assert gap.tries == 2
            assert engine.ledger.view().by_class == {"no_trades": 1}
            assert watched(engine).history["ETHUSDT", M15][0] > hole[1]
            engine.publish()
            rows = {row.symbol: row for row in engine.snapshot().market}
            assert "15m: warming up" in rows["ETHUSDT"].state_text
            assert not rows["ETHUSDT"].ready
            assert rows["BTCUSDT"].ready
            await run_lockstep(engine, 4 * 60)
            (gap,) = [gap for gap in engine.ledger.gaps() if gap.timeframe is M15]
            assert gap.state is GapState.ACCEPTED
            assert gap.tries == 3
        finally:
            await engine.stop()
        stored = Storage(tmp_path / "a.db")
        try:
            assert [(kept.first_open_ms, kept.state) for kept in stored.gaps()] == [(hole[0], GapState.ACCEPTED)]
            assert not set(stored.open_times("ETHUSDT", M15, 0, world.now_ms)) & set(hole)
        finally:
            stored.close_now()
