"""Whole days of random faults: every closed candle is analysed once, in order, as the exchange has it."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import pytest

from futtui.domain.position import TradingMode
from futtui.domain.timeframe import ANALYSIS_TIMEFRAMES, HOUR_MS, Timeframe
from futtui.exchange.binance import transport
from futtui.live.engine import Engine
from futtui.live.provisional import CLOSED, CONFIRMED, PROVISIONAL_CORRECTED
from futtui.storage.store import Storage
from tests.live.engine_world import START_MS, SYMBOLS, Exchange, exchange, lines, server_config, watched, wired
from tests.live.fault_day import fault_day, live_through
from tests.live.test_engine_candles import check_exactly_once

DAY_MINUTES = 24 * 60
EVENING_MS = START_MS + 20 * HOUR_MS
"""Short days begin here, so that every timeframe closes in them."""


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Second tries of one request wait in real time; less of it changes nothing else."""
    monkeypatch.setattr(transport, "_FIRST_PAUSE_SECONDS", 0.001)


async def live_a_day(seed: int, minutes: int, start_ms: int, folder: Path, *, own_clock: bool = False) -> Counter[str]:
    """Run one day and compare everything with the exchange's own candles; what happened, in figures."""
    async with exchange(server_config(seed=seed, speed="max", start_ms=start_ms)) as world:
        engine = wired(folder / f"{seed}.db", world, mode=TradingMode.PAPER).build()
        day = fault_day(seed, minutes)
        try:
            await engine.open()
            await live_through(engine, world, day, minutes, own_clock=own_clock)
            check_exactly_once(world, engine, world.now_ms)
            figures = _figures(world, engine, sum(nap.minutes for nap in day.sleeps))
        finally:
            await engine.stop()
        _check_database(world, folder / f"{seed}.db")
        assert not lines(engine, "An inner task failed")
        assert not lines(engine, "mistake in futtui")
        return figures


def _figures(world: Exchange, engine: Engine, slept: int) -> Counter[str]:
    assert dict(watched(engine).loads) == dict.fromkeys(SYMBOLS, 1), "no symbol had to be loaded anew"
    seen = Counter({"candles": sum(len(bars) for bars in watched(engine).seen.values())})
    seen["minutes"] = (world.now_ms - world.source.start_ms) // 60_000
    seen["struck"] = world.struck()
    seen["slept_minutes"] = slept
    seen["holes"] = engine.gaps.holes
    seen["fetched"] = engine.gaps.bars_filled
    seen["duplicates"] = engine.counts["duplicates"]
    seen["reconnects"] = engine.feed.reconnects
    seen |= {name: engine.counts[name] for name in (CLOSED, CONFIRMED, PROVISIONAL_CORRECTED)}
    return seen


def _check_database(world: Exchange, database: Path) -> None:
    stored = Storage(database)
    try:
        for symbol in SYMBOLS:
            kept = stored.candles(symbol, Timeframe.M15, 130)
            true = world.candles(symbol, Timeframe.M15, kept[0].open_time_ms, world.now_ms)
            assert [(bar.open_time_ms, bar.high, bar.low, bar.close, bar.volume) for bar in kept] == [
                (bar.open_time_ms, bar.high, bar.low, bar.close, bar.volume) for bar in true
            ]
    finally:
        stored.close_now()


async def test_engine_through_hours_of_random_faults_analyses_every_candle_once(tmp_path: Path) -> None:
    figures = await live_a_day(5, 6 * 60, EVENING_MS, tmp_path)
    assert figures["struck"] > 20
    assert figures["holes"] > 5
    assert figures["duplicates"] > 0
    assert figures["reconnects"] > 0
    assert figures["candles"] >= len(SYMBOLS) * (24 + 6 + 1)


async def test_hours_of_random_faults_with_bars_closed_by_our_own_clock_change_nothing_about_the_candles(
    tmp_path: Path,
) -> None:
    figures = await live_a_day(6, 5 * 60, EVENING_MS + HOUR_MS, tmp_path, own_clock=True)
    assert figures["struck"] > 20
    assert figures[CLOSED] > 0
    assert 0 < figures[CONFIRMED] + figures[PROVISIONAL_CORRECTED] <= figures[CLOSED]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 21))
async def test_engine_through_a_day_of_random_faults_analyses_every_candle_once(
    seed: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    start_ms = START_MS + HOUR_MS * (seed % 24)
    figures = await live_a_day(seed, DAY_MINUTES, start_ms, tmp_path, own_clock=seed % 2 == 0)
    with capsys.disabled():
        table = ", ".join(f"{name} {count}" for name, count in figures.items())
        sys.stdout.write(f"\nseed {seed:2d}: {table} ")
    per_day = sum(DAY_MINUTES * 60_000 // frame.ms for frame in ANALYSIS_TIMEFRAMES)
    assert figures["candles"] >= len(SYMBOLS) * per_day
    assert figures["struck"] > 100
    assert figures["holes"] > 5
    assert figures["fetched"] > 20
    assert figures["slept_minutes"] > 5
