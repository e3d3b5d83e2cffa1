"""Faults of market data by script against a whole engine: a silent symbol, shuffled and missing frames."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from futtui.domain.effects import RecordSignal
from futtui.domain.position import TradingMode
from futtui.domain.side import Side
from futtui.domain.signal import SignalStatus
from futtui.domain.timeframe import MINUTE_MS, Timeframe
from futtui.exchange.binance import transport
from futtui.exchange.ports import KlineMessage, MarkPriceMessage
from futtui.exchange.simulator.wire.fault_rules import load_fault_script
from futtui.live import engine as engine_module
from futtui.live import feed, market_news, silent_symbols, symbol_state, watchdog
from futtui.live.engine import Engine
from futtui.live.lockstep import run_lockstep
from futtui.live.symbol_state import Phase
from futtui.live.watchdog import Watchdog
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
from tests.live.test_engine_candles import check_exactly_once

SCENARIOS = Path(__file__).resolve().parents[1] / "scenarios"


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "_FIRST_PAUSE_SECONDS", 0.001)


def arm(world: Exchange, name: str) -> None:
    world.server.venue.load_faults(load_fault_script(SCENARIOS / f"{name}.yaml"))


async def opened(world: Exchange, folder: Path, analyzers: WatchedAnalyzers | None = None, **more: object) -> Engine:
    engine = wired(folder / "a.db", world, analyzers=analyzers or WatchedAnalyzers(), **more).build()
    engine.runner.records = []
    await engine.open()
    return engine


def refused(engine: Engine, symbol: str) -> list[str]:
    """Why signals of a symbol were refused."""
    records = [record.signal for record in engine.runner.records or [] if isinstance(record, RecordSignal)]
    return [item.status_reason for item in records if item.raw.symbol == symbol and item.status is SignalStatus.REFUSED]


async def test_fs20_silent_symbol_alone_is_stale_and_the_exchange_is_asked_whether_its_stream_is_dead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = WatchedAnalyzers({(symbol, START_MS + QUARTER_MS): Side.LONG for symbol in ("BTCUSDT", "ETHUSDT")})
    async with exchange(server_config(speed="max")) as world:
        for module in (engine_module, feed, market_news, silent_symbols, symbol_state, watchdog):
            monkeypatch.setattr(module, "steady_ms", lambda: float(world.now_ms))
        monkeypatch.setattr(feed, "STALE_AFTER_MS", 61_000.0)
        engine = await opened(world, tmp_path, script, mode=TradingMode.PAPER)
        revived: list[list[str]] = []
        revive = engine.connection.streams.revive

        async def noted(streams: list[str]) -> None:
            revived.append(list(streams))
            await revive(streams)

        monkeypatch.setattr(engine.connection.streams, "revive", noted)
        look = Watchdog(engine).look
        try:
            arm(world, "fs20_one_symbol_silent")
            stale: dict[str, list[int]] = {"BTCUSDT": [], "ETHUSDT": []}
            for minute in range(1, 26):
                await run_lockstep(engine, 1)
                look(engine.clock.now_ms())
                await engine.do_inner_work()
                for symbol, minutes in stale.items():
                    if not engine.states[symbol].fresh:
                        minutes.append(minute)
            assert stale["BTCUSDT"] == []
            assert stale["ETHUSDT"][0] in (11, 12)
            assert stale["ETHUSDT"][-1] <= 21
            assert revived
            assert {name for names in revived for name in names} == {"ethusdt@kline_15m"}
            assert lines(engine, "its stream is silent although it is traded")[0].symbol == "ETHUSDT"
            assert len(lines(engine, "its stream is silent although it is traded")) == 1, "told once"
            assert any("no data" in reason for reason in refused(engine, "ETHUSDT"))
            assert not any("no data" in reason for reason in refused(engine, "BTCUSDT"))
            check_exactly_once(world, engine, world.now_ms)
        finally:
            await engine.stop()


async def test_fs20_symbol_that_nobody_trades_is_quiet_and_its_stream_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with exchange(server_config(speed="max")) as world:
        engine = await opened(world, tmp_path, mode=TradingMode.SIGNALS)
        try:
            arm(world, "fs20_one_symbol_silent")
            full = world.source.candles

            def without_trades(symbol, timeframe, first_open_ms, end_ms, limit):  # type: ignore[no-untyped-def]
                bars = full(symbol, timeframe, first_open_ms, end_ms, limit)
                return [bar if timeframe is not Timeframe.M1 else quiet(bar) for bar in bars]

            monkeypatch.setattr(world.source, "candles", without_trades)
            await run_lockstep(engine, 14)
            state = engine.states["ETHUSDT"]
            state.fresh, state.seen_at_ms = False, 1.0
            await engine.silent.ask(state)
            assert state.seen_at_ms > 1.0
            assert lines(engine, "nobody trades it at present")
            assert not lines(engine, "asked for anew")
        finally:
            await engine.stop()


def quiet(bar):  # type: ignore[no-untyped-def]
    """The bar as if nobody had traded in it."""
    return replace(
        bar, volume=0.0, quote_volume=0.0, trade_count=0, taker_buy_volume=0.0, taker_buy_quote_volume=0.0,
        high=bar.open, low=bar.open, close=bar.open,
    )  # fmt: skip


@pytest.mark.parametrize("name", ["fs23_frames_shuffled", "fs24_close_missing"])
async def test_fs23_fs24_shuffled_doubled_late_and_missing_closes_are_taken_once_and_in_order(
    name: str, tmp_path: Path
) -> None:
    async with exchange(server_config(speed="max")) as world:
        engine = await opened(world, tmp_path, mode=TradingMode.SIGNALS)
        try:
            arm(world, name)
            await run_lockstep(engine, 4 * 60 + 3)
            struck = {str(report["id"]): int(str(report["struck"])) for report in world.server.venue.faults.reports()}
            assert all(struck.values()), struck
            world.fault()
            await run_lockstep(engine, 16)
            check_exactly_once(world, engine, world.now_ms)
            if name == "fs24_close_missing":
                assert engine.gaps.bars_filled >= struck["missing"] // 2
                assert lines(engine, "filled from history")
        finally:
            await engine.stop()


async def test_fs24_close_by_our_own_clock_is_corrected_by_the_exchange_before_anything_decides_with_it(
    tmp_path: Path,
) -> None:
    first_end_ms = START_MS + QUARTER_MS
    script = WatchedAnalyzers({("BTCUSDT", first_end_ms): Side.LONG})
    async with exchange(server_config(speed="max")) as world:
        engine = await opened(world, tmp_path, script, mode=TradingMode.SIGNALS)
        try:
            arm(world, "fs24_close_corrected")
            for number in (1, 2, 3):
                end_ms = START_MS + number * QUARTER_MS
                await run_lockstep(engine, 15)
                assert world.now_ms == end_ms
                assert engine.states["BTCUSDT"].sequencer.last_open_ms == end_ms - 2 * QUARTER_MS
                engine.provisional.look(end_ms + 300)
                seen = engine.provisional.candle("BTCUSDT")
                assert seen is not None
                engine.publish()
                row = next(row for row in engine.snapshot().market if row.symbol == "BTCUSDT")
                assert "not confirmed" in row.state_text
                assert engine.rounds.is_idle, "nothing is analysed with it"
                engine.provisional.look(end_ms + 1_000)
                await engine.do_inner_work()
                await engine.do_inner_work()
                (true,) = world.candles("BTCUSDT", Timeframe.M15, end_ms - QUARTER_MS, end_ms)
                assert (seen.open_time_ms, seen.open) == (true.open_time_ms, true.open)
                assert seen.close != true.close
                engine.handle(KlineMessage("BTCUSDT", Timeframe.M15, end_ms + 2_000, true, None))
                assert engine.rounds.is_idle, "the late final message is a repetition"
            closed, corrected = engine.counts["provisional"], engine.counts["provisional_corrected"]
            assert closed == 6
            assert 3 <= corrected == closed - engine.counts["provisional_confirmed"]
            assert engine.counts["duplicates"] == 3
            assert lines(engine, "differs from what the stream showed last (close")
            (signal,) = [item.signal for item in engine.runner.records or [] if isinstance(item, RecordSignal)]
            (first,) = world.candles("BTCUSDT", Timeframe.M15, START_MS, first_end_ms)
            assert signal.raw.levels.entry == first.close, "made from the exchange's candle, once"
            await run_lockstep(engine, 16)
            check_exactly_once(world, engine, world.now_ms)
        finally:
            await engine.stop()


async def test_messages_from_the_far_future_and_impossible_candles_move_neither_clock_nor_candles(
    tmp_path: Path,
) -> None:
    async with exchange(server_config(speed="max")) as world:
        engine = await opened(world, tmp_path, mode=TradingMode.SIGNALS)
        try:
            await run_lockstep(engine, 31)
            before, now_ms = engine.states["BTCUSDT"].sequencer.last_open_ms, engine.clock.now_ms()
            assert before is not None
            (bar,) = world.candles("BTCUSDT", Timeframe.M15, before, world.now_ms)
            for open_ms, event_ms in (
                (before + 4_000 * QUARTER_MS, now_ms),
                (before + QUARTER_MS, now_ms),
                (before + 1, now_ms),
                (before + QUARTER_MS, now_ms + 9_000_000 * MINUTE_MS),
            ):
                candle = replace(bar, open_time_ms=open_ms)
                engine.handle(KlineMessage("BTCUSDT", Timeframe.M15, event_ms, candle, None))
            engine.handle(MarkPriceMessage("BTCUSDT", now_ms + 9_000_000 * MINUTE_MS, 1.0, None, None, 0))
            assert engine.counts["impossible_messages"] == 5
            assert engine.states["BTCUSDT"].sequencer.last_open_ms == before
            assert engine.states["BTCUSDT"].phase is Phase.READY
            assert engine.clock.now_ms() == now_ms
            await run_lockstep(engine, 30)
            check_exactly_once(world, engine, world.now_ms)
        finally:
            await engine.stop()
