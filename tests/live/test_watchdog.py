"""What the watchdog notices: sleep of the PC, lost analyzers, old data, late candles, a database that refuses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from futtui.domain.errors import ExchangeError, FuttuiError
from futtui.domain.snapshot import Sleep
from futtui.domain.timeframe import MINUTE_MS, Timeframe
from futtui.live import feed, symbol_state, warmup, watchdog
from futtui.live.sequencer import Hole
from futtui.live.symbol_state import Phase
from futtui.live.warmup import Warmup
from futtui.live.watchdog import Watchdog
from tests.live.engine_world import until
from tests.live.fake_market import bars
from tests.live.small_engine import NOW_MS, QUARTER_MS, SmallEngine

HOUR_MS = 3_600_000.0


@dataclass
class Clocks:
    """Both clocks of the PC, moved by the test."""

    steady: float = 1_000_000.0
    wall: float = float(NOW_MS)


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> Clocks:
    made = Clocks()
    for module in (watchdog, feed, symbol_state, warmup):
        monkeypatch.setattr(module, "steady_ms", lambda: made.steady)
    monkeypatch.setattr(watchdog, "wall_ms", lambda: made.wall)
    monkeypatch.setattr(watchdog, "BEAT_S", 0.001)
    return made


@asynccontextmanager
async def beating(engine: SmallEngine) -> AsyncIterator[None]:
    """A watchdog that has looked around once and goes on beating."""
    task = asyncio.create_task(Watchdog(engine).run())  # type: ignore[arg-type]
    try:
        await until(lambda: bool(engine.ticks))
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize(
    ("steady_ms", "wall_ms"),
    [(8 * HOUR_MS, 8 * HOUR_MS), (0.0, 8 * HOUR_MS), (0.0, -HOUR_MS)],
    ids=["sleep on Windows", "sleep on Linux", "clock set back"],
)
async def test_watchdog_after_a_pause_of_the_pc_says_so_and_asks_the_exchange_for_the_time(
    clocks: Clocks, steady_ms: float, wall_ms: float
) -> None:
    engine = SmallEngine("BTCUSDT")
    async with beating(engine):
        engine.market.now_ms = NOW_MS + 8 * int(HOUR_MS)
        clocks.steady += steady_ms
        clocks.wall += wall_ms
        await until(lambda: engine.clock.now_ms() == engine.market.now_ms)
    assert [text for _, _, text in engine.lines if "slept" in text or "jumped" in text]
    assert len(engine.lines) == 1
    slept = engine.pictures.slept
    if max(steady_ms, wall_ms) > 0:
        assert slept == Sleep(NOW_MS, 8 * int(HOUR_MS) - 1)
    else:
        assert slept is None


async def test_watchdog_beats_that_are_a_little_late_are_no_sleep(clocks: Clocks) -> None:
    engine = SmallEngine("BTCUSDT")
    async with beating(engine):
        for _ in range(5):
            engine.ticks.clear()
            clocks.steady += 9_000.0
            clocks.wall += 9_100.0
            engine.clock.observe(engine.clock.now_ms() + MINUTE_MS)
            await until(lambda: bool(engine.ticks))
    assert engine.lines == []


async def test_watchdog_goes_on_after_a_look_that_failed(clocks: Clocks) -> None:
    engine = SmallEngine("BTCUSDT")
    async with beating(engine):

        async def broken() -> int:
            raise RuntimeError("no one expected this")

        engine.market.server_time_ms = broken  # type: ignore[method-assign]
        clocks.wall += 8 * HOUR_MS
        await until(lambda: bool(engine.lines))
        engine.ticks.clear()
        engine.clock.observe(NOW_MS + MINUTE_MS)
        await until(lambda: bool(engine.ticks))


def test_watchdog_symbol_whose_analyzer_was_lost_is_loaded_anew_at_once(clocks: Clocks) -> None:
    engine = SmallEngine("BTCUSDT", "ETHUSDT")
    engine.ready("BTCUSDT")
    engine.ready("ETHUSDT")
    engine.analyzers.lost.add("ETHUSDT")
    Watchdog(engine).look(NOW_MS + 10_000)  # type: ignore[arg-type]
    assert engine.reloaded == ["ETHUSDT"]
    assert engine.states["BTCUSDT"].phase is Phase.READY
    assert [line[2] for line in engine.lines if "load anew: 1." in line[2]] != []


def test_watchdog_candle_that_did_not_come_in_time_is_fetched_once(clocks: Clocks) -> None:
    engine = SmallEngine("BTCUSDT")
    engine.ready("BTCUSDT", NOW_MS - 2 * QUARTER_MS)
    watcher = Watchdog(engine)  # type: ignore[arg-type]
    watcher.look(NOW_MS + 3_000)
    assert engine.repaired == []
    watcher.look(NOW_MS + 5_000)
    watcher.look(NOW_MS + 6_000)
    assert engine.repaired == [Hole("BTCUSDT", NOW_MS - QUARTER_MS, NOW_MS - QUARTER_MS)]


def test_watchdog_database_that_refuses_is_told_once_and_again_when_it_works(clocks: Clocks) -> None:
    engine = SmallEngine("BTCUSDT")
    watcher = Watchdog(engine)  # type: ignore[arg-type]
    for trouble in ("disk is full", "disk is full", "", ""):
        engine.store.trouble = trouble
        watcher.look(NOW_MS)
    assert len(engine.lines) == 2
    assert "disk is full" in engine.lines[0][2]


@pytest.mark.parametrize("phase", [Phase.READY, Phase.FILLING])
async def test_watchdog_symbol_that_was_old_when_it_was_loaded_anew_is_told_fresh_again(
    clocks: Clocks, phase: Phase
) -> None:
    engine = SmallEngine("BTCUSDT")
    state = engine.ready("BTCUSDT")
    watcher = Watchdog(engine)  # type: ignore[arg-type]
    state.seen_at_ms = clocks.steady
    state.phase = phase
    clocks.steady += 100_000.0
    watcher.look(NOW_MS)
    await Warmup(engine, engine.loader).load(state)  # type: ignore[arg-type]
    assert state.phase is Phase.READY
    state.seen_at_ms = clocks.steady
    engine.feed.on_payload(0)
    watcher.look(NOW_MS)
    assert engine.feed_news == [("BTCUSDT", False), ("BTCUSDT", True)]


async def test_watchdog_symbol_that_never_gets_data_is_old_after_a_while(clocks: Clocks) -> None:
    engine = SmallEngine("BTCUSDT")
    await Warmup(engine, engine.loader).load(engine.states["BTCUSDT"])  # type: ignore[arg-type]
    clocks.steady += 200_000.0
    engine.feed.on_payload(0)
    Watchdog(engine).look(NOW_MS)  # type: ignore[arg-type]
    assert engine.feed_news == [("BTCUSDT", False)]


@pytest.mark.parametrize("error", [ExchangeError("not now"), FuttuiError("lost"), RuntimeError("a mistake of ours")])
async def test_warmup_that_fails_in_any_way_is_tried_again(clocks: Clocks, error: Exception) -> None:
    engine = SmallEngine("BTCUSDT")
    state = engine.states["BTCUSDT"]
    engine.analyzers.failing["BTCUSDT"] = error
    await Warmup(engine, engine.loader).load(state)  # type: ignore[arg-type]
    watcher = Watchdog(engine)  # type: ignore[arg-type]
    watcher.look(NOW_MS)
    assert engine.reloaded == []
    clocks.steady += 120_000.0
    watcher.look(NOW_MS)
    assert engine.reloaded == ["BTCUSDT"]
    engine.analyzers.failing.clear()
    await Warmup(engine, engine.loader).load(state)  # type: ignore[arg-type]
    assert state.phase is Phase.READY


async def test_warmup_right_after_a_close_waits_for_the_longer_bars_of_the_exchange() -> None:
    engine = SmallEngine("BTCUSDT")
    state = engine.states["BTCUSDT"]
    late_ms = NOW_MS - Timeframe.H4.ms
    engine.market.missing = {late_ms}
    await Warmup(engine, engine.loader).load(state)  # type: ignore[arg-type]
    assert state.phase is Phase.NEW
    assert "4h" in state.reason or "1h" in state.reason
    engine.market.missing = set()
    await Warmup(engine, engine.loader).load(state)  # type: ignore[arg-type]
    assert state.phase is Phase.READY


async def test_warmup_of_a_market_that_lacks_the_newest_longer_bar_for_good_does_not_wait_for_ever() -> None:
    engine = SmallEngine("BTCUSDT")
    state = engine.states["BTCUSDT"]
    engine.market.missing = {NOW_MS - Timeframe.D1.ms}
    for _ in range(3):
        await Warmup(engine, engine.loader).load(state)  # type: ignore[arg-type]
    assert state.phase is Phase.READY


async def test_rounds_failing_symbol_is_set_aside_and_harms_no_other() -> None:
    engine = SmallEngine("ADAUSDT", "BTCUSDT", "ETHUSDT")
    for symbol in engine.states:
        state = engine.ready(symbol)
        close: Any = state.sequencer.accept(bars(Timeframe.M15, NOW_MS, 1)[0])
        engine.rounds.add(close)
    engine.analyzers.failing["ETHUSDT"] = KeyError("a mistake of ours")
    engine.deaf.add("ADAUSDT")
    await engine.rounds.run_once()
    assert {getattr(event, "symbol", "") for event in engine.events} >= {"BTCUSDT"}
    assert engine.counts["analyses"] == 2
    assert engine.states["ETHUSDT"].phase is Phase.NEW
    Watchdog(engine).look(NOW_MS)  # type: ignore[arg-type]
    assert engine.reloaded == ["ETHUSDT"]


async def test_rounds_symbol_whose_longer_bar_cannot_be_had_is_loaded_anew() -> None:
    engine = SmallEngine("BTCUSDT")
    last_open_ms = NOW_MS - 2 * QUARTER_MS
    state = engine.ready("BTCUSDT", last_open_ms)
    close: Any = state.sequencer.accept(bars(Timeframe.M15, NOW_MS - QUARTER_MS, 1)[0])
    assert Timeframe.D1 in close.incomplete
    engine.market.missing = {NOW_MS - Timeframe.D1.ms}
    engine.rounds.add(close)
    await engine.rounds.run_once()
    assert state.phase is Phase.NEW
    assert engine.counts["analyses"] == 0
