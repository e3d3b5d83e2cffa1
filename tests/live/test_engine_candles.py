"""Whatever the streams do, each closed candle reaches the analyzer once, in order, as the exchange has it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from futtui.domain.position import TradingMode
from futtui.domain.timeframe import ANALYSIS_TIMEFRAMES, HOUR_MS, Timeframe
from futtui.live import watchdog
from futtui.live.engine import Engine
from futtui.live.lockstep import run_lockstep
from futtui.storage.store import Storage
from tests.live.engine_world import START_MS, SYMBOLS, Exchange, exchange, lines, server_config, until, watched, wired

EVENING_MS = START_MS + 21 * HOUR_MS
"""Three hours before midnight, so that every timeframe closes in a short run."""
FAULTY_MINUTES, CALM_MINUTES = 200, 20
LONG_S = FAULTY_MINUTES * 60

KLINES = "stream: '*@kline_15m'"
FAULTS = {
    "calm": [],
    "every second close lost": ["{action: drop, event: klineClosed, every: 2}"],
    "all klines lost for an hour": [f"{{action: drop, {KLINES}, after_s: 1500, for_s: 3600}}"],
    "closes twenty minutes late": ["{action: delay, event: klineClosed, delay_ms: 1200000, probability: 0.4}"],
    "all doubled": [f"{{action: duplicate, {KLINES}}}"],
    "closes swapped": [f"{{action: reorder, {KLINES}, probability: 0.3}}"],
    "one symbol silent": ["{action: freeze_stream, symbol: ETHUSDT, stream: '*', after_s: 900, for_s: 5400}"],
    "held back for forty minutes": [f"{{action: stall, {KLINES}, after_s: 1000, for_s: 2400}}"],
    "cut at some closes": ["{action: disconnect, event: klineClosed, every: 5}"],
    "cut again and again": ["{action: disconnect, after_s: 600, count: 12, repeat_s: 700}"],
    "everything at once": [
        "{action: drop, event: klineClosed, probability: 0.15}",
        "{action: duplicate, event: klineClosed, probability: 0.15}",
        f"{{action: reorder, {KLINES}, probability: 0.1}}",
        f"{{action: delay, {KLINES}, delay_ms: 1900000, probability: 0.1}}",
        "{action: disconnect, after_s: 2000, count: 3, repeat_s: 3000}",
        "{action: respond, status: 503, path: '/fapi/v1/klines', after_s: 60, every: 3}",
    ],
}


def timed(rule: str) -> str:
    """The rule, bounded to the faulty part of the run unless it has its own end."""
    bounded = "for_s" in rule or "count" in rule
    return rule if bounded else rule.replace("}", f", for_s: {LONG_S}}}")


def check_exactly_once(world: Exchange, engine: Engine, until_ms: int) -> None:
    """Compare what the analyzer saw after its history with the exchange's own candles, on every timeframe."""
    analyzers = watched(engine)
    for symbol, state in engine.states.items():
        assert analyzers.listed_ms[symbol] == state.rules.onboard_time_ms > 0
        for frame in ANALYSIS_TIMEFRAMES:
            history = analyzers.history[symbol, frame]
            first_ms = history[-1] + frame.ms
            expected = world.candles(symbol, frame, first_ms, until_ms)
            seen = analyzers.seen.get((symbol, frame), [])
            assert [bar.open_time_ms for bar in seen] == [bar.open_time_ms for bar in expected], (symbol, frame)
            assert [(bar.open, bar.high, bar.low, bar.close) for bar in seen] == [
                (bar.open, bar.high, bar.low, bar.close) for bar in expected
            ], (symbol, frame)
            assert [bar.volume for bar in seen] == pytest.approx([bar.volume for bar in expected], rel=1e-9)


@pytest.mark.parametrize("name", FAULTS)
async def test_engine_candles_under_stream_faults_come_once_in_order_and_none_is_missing(
    name: str, tmp_path: Path
) -> None:
    config = server_config(speed="max", start_ms=EVENING_MS)
    async with exchange(config) as world:
        engine = wired(tmp_path / "a.db", world, mode=TradingMode.SIGNALS).build()
        try:
            await engine.open()
            world.fault(*map(timed, FAULTS[name]))
            assert await run_lockstep(engine, FAULTY_MINUTES + CALM_MINUTES)
            struck = world.struck()
            check_exactly_once(world, engine, world.now_ms)
        finally:
            await engine.stop()
        assert (struck > 0) == (name != "calm")
        is_cut = "cut" in name or "once" in name
        assert (engine.feed.reconnects > 0) == is_cut
        assert (engine.counts["duplicates"] > 0) == (name in DOUBLED)
        assert (engine.gaps.holes > 0) == (name in HOLED)
        assert engine.gaps.bars_filled >= engine.gaps.holes > 0 or name not in HOLED
        assert bool(lines(engine, "filled from history")) == (name in HOLED)
        stored = Storage(tmp_path / "a.db")
        try:
            for symbol in SYMBOLS:
                kept = [(bar.open_time_ms, bar.close) for bar in stored.candles(symbol, Timeframe.M15, 20)]
                true = world.candles(symbol, Timeframe.M15, kept[0][0], world.now_ms)
                assert kept == [(bar.open_time_ms, bar.close) for bar in true]
        finally:
            stored.close_now()


DOUBLED = ("closes twenty minutes late", "all doubled", "held back for forty minutes", "everything at once")
HOLED = tuple(name for name in FAULTS if name not in ("calm", "all doubled", "closes swapped", "cut again and again"))


async def test_engine_candles_same_cuts_twice_give_the_same_holes(tmp_path: Path) -> None:
    found = []
    for number in range(2):
        async with exchange(server_config(speed="max", start_ms=EVENING_MS)) as world:
            engine = wired(tmp_path / f"{number}.db", world).build()
            await engine.open()
            world.fault(*FAULTS["cut at some closes"])
            await run_lockstep(engine, 100)
            seen = {key: [bar.open_time_ms for bar in bars] for key, bars in watched(engine).seen.items()}
            found.append((seen, engine.gaps.holes, engine.gaps.bars_filled, engine.feed.reconnects))
            await engine.stop()
    assert found[0] == found[1]
    assert found[0][3] > 0


async def test_engine_candles_on_the_clock_survive_silence_cuts_and_a_late_watchdog(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watchdog, "BEAT_S", 0.05)
    monkeypatch.setattr(watchdog, "CLOSE_GRACE_S", 0.3)
    speed = 3600.0
    async with exchange(server_config(speed=speed, start_ms=EVENING_MS)) as world:
        engine = wired(tmp_path / "a.db", world, lockstep=False, speed=speed).build()
        work = asyncio.create_task(engine.run())
        try:
            await until(lambda: engine.snapshot().phase == "running")
            world.fault(
                "{action: drop, event: klineClosed, symbol: BTCUSDT, probability: 0.5, for_s: 10800}",
                "{action: freeze_stream, symbol: ETHUSDT, stream: '*', for_s: 5400}",
                "{action: disconnect, after_s: 4000, count: 2, repeat_s: 4000}",
            )
            faults_end_ms = world.now_ms + 4 * HOUR_MS
            await until(lambda: world.now_ms > faults_end_ms)
            border_ms = Timeframe.M15.open_ms(faults_end_ms)
            await until(lambda: all(_seen_until(engine, symbol) >= border_ms for symbol in SYMBOLS))
            world.server.venue.clock.set_speed("max")
            await asyncio.sleep(0)
            await until(lambda: engine.rounds.is_idle and _all_ready(engine))
        finally:
            await engine.stop()
            await work
        last_ms = min(_seen_until(engine, symbol) for symbol in SYMBOLS)
        _drop_after(engine, last_ms)
        check_exactly_once(world, engine, last_ms)
        assert engine.gaps.bars_filled >= 4
        assert engine.feed.reconnects >= 1


def _seen_until(engine: Engine, symbol: str) -> int:
    seen = watched(engine).seen.get((symbol, Timeframe.M15), [])
    return seen[-1].open_time_ms + Timeframe.M15.ms if seen else 0


def _all_ready(engine: Engine) -> bool:
    return engine.snapshot().symbols_ready == len(engine.states)


def _drop_after(engine: Engine, end_ms: int) -> None:
    """Forget what one symbol saw after the other had stopped."""
    for (_, frame), bars in watched(engine).seen.items():
        bars[:] = [bar for bar in bars if bar.open_time_ms + frame.ms <= end_ms]


async def test_engine_candles_exchange_without_news_is_asked_with_growing_pauses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The replay ended, or trading halted: our clock runs on, the exchange's candles do not."""
    monkeypatch.setattr(watchdog, "BEAT_S", 0.02)
    monkeypatch.setattr(watchdog, "CLOSE_GRACE_S", 0.1)
    speed = 3600.0
    async with exchange(server_config(speed=speed)) as world:
        engine = wired(tmp_path / "a.db", world, lockstep=False, speed=speed).build()
        work = asyncio.create_task(engine.run())
        try:
            await until(lambda: engine.counts["analyses"] > 2)
            world.server.venue.clock.set_speed("max")
            asked_before = engine.loader.bars_asked
            await until(lambda: bool(lines(engine, "no newer candles")))
            ended_ms = engine.clock.now_ms()
            await until(lambda: engine.clock.now_ms() > ended_ms + 3 * HOUR_MS)
            assert len(lines(engine, "no newer candles")) <= len(SYMBOLS)
            assert not lines(engine, "loaded anew")
            assert engine.loader.bars_asked - asked_before < 200
            row = engine.snapshot().market[0]
            assert not row.ready
            assert "no newer candles" in row.state_text
            loads = watched(engine).loads
            assert dict(loads) == dict.fromkeys(SYMBOLS, 1)
        finally:
            await engine.stop()
            await work


async def test_engine_candles_that_the_exchange_itself_lacks_are_never_invented(tmp_path: Path) -> None:
    async with exchange(server_config(speed="max")) as world:
        lost_ms = START_MS + 2 * Timeframe.M15.ms
        full = world.source.candles

        def without_one(symbol, timeframe, first_open_ms, end_ms, limit):  # type: ignore[no-untyped-def]
            bars = full(symbol, timeframe, first_open_ms, end_ms, limit)
            return [bar for bar in bars if not (symbol == "ETHUSDT" and bar.open_time_ms == lost_ms)]

        world.source.candles = without_one  # type: ignore[method-assign]
        engine = wired(tmp_path / "a.db", world).build()
        try:
            await engine.open()
            world.fault(
                "{action: drop, event: klineClosed, symbol: ETHUSDT, after_s: 2000, for_s: 800}",
            )
            await run_lockstep(engine, 100)
            assert lines(engine, "the exchange itself has no 1 of its 15-minute candles")
            analyzers = watched(engine)
            assert analyzers.loads["ETHUSDT"] == 2
            assert lost_ms not in analyzers.opens("ETHUSDT", Timeframe.M15)
            assert analyzers.opens("ETHUSDT", Timeframe.M15)[-1] == Timeframe.M15.last_closed_open_ms(world.now_ms)
        finally:
            await engine.stop()
