"""One 15m close of 200 symbols through the real worker processes, and how long it holds up the app's event loop.

All analyses and all strategies are at work; nothing has a time budget, so nothing is left out. The closes of a moment
reach the pool at once, as they do from the exchange. Time of the wall depends on what else the machine does, so the
processor time of the workers is told beside it, and the lag for which this very process is to blame: no tick is later
by its own fault than by the processor time that all its threads took meanwhile.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Iterator
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

from benchmarks.analyzer import _combined, _waves
from futtui.analysis.collector import calm_collector
from futtui.analysis.pool import AnalyzerPool
from futtui.analysis.settings import AnalysisSettings
from futtui.domain.candle import Candle
from futtui.domain.timeframe import ANALYSIS_TIMEFRAMES, Timeframe

NAME = "close-200"
DESCRIPTION = "one 15m close of 200 symbols through two worker processes, with the lag of the event loop (minutes)"

SYMBOLS = int(os.environ.get("FUTTUI_CLOSE_SYMBOLS", "200"))
WORKERS = 2
HISTORY = {Timeframe.M15: 320, Timeframe.H1: 220, Timeframe.H4: 210, Timeframe.D1: 40}
ROUNDS = 8
"""Moments measured; the last is the end of a day, when all four timeframes close at once."""
TICK_SECONDS = 0.002
WALL_GOAL_S = 1.5
LAG_GOAL_MS = 50.0

Close = tuple[Timeframe, Candle]


def run() -> tuple[list[tuple[str, ...]], dict[str, float]]:
    """Table rows (header first) and figures: seconds of a round, milliseconds of lag."""
    figures = asyncio.run(_measure())
    rows: list[tuple[str, ...]] = [
        (f"one 15m close of {SYMBOLS} symbols, {WORKERS} workers", "measured", "goal"),
        ("wall seconds, median round", f"{figures['wall_median_s']:.2f}", f"< {WALL_GOAL_S}"),
        ("wall seconds, worst round", f"{figures['wall_worst_s']:.2f}", f"< {WALL_GOAL_S}"),
        ("wall seconds, all four timeframes closing", f"{figures['wall_all_frames_s']:.2f}", ""),
        ("processor seconds of both workers, median round", f"{figures['workers_cpu_median_s']:.2f}", ""),
        ("loop lag, ms: 99 % of ticks below", f"{figures['lag_p99_ms']:.1f}", f"< {LAG_GOAL_MS:.0f}"),
        ("loop lag, ms: worst tick", f"{figures['lag_worst_ms']:.1f}", f"< {LAG_GOAL_MS:.0f}"),
        ("the same without any work, worst tick", f"{figures['idle_lag_worst_ms']:.1f}", ""),
        (
            "loop lag by the app's own work, ms: worst tick",
            f"{figures['own_lag_worst_ms']:.1f}",
            f"< {LAG_GOAL_MS:.0f}",
        ),
    ]
    return rows, figures


class _Lag:
    """How late the loop is for a short sleep, and how much of that this process itself worked."""

    def __init__(self) -> None:
        self.late_ms: list[float] = []
        self.own_ms: list[float] = []

    async def watch(self) -> None:
        while True:
            begun, worked = perf_counter(), process_time()
            await asyncio.sleep(TICK_SECONDS)
            late_ms = (perf_counter() - begun - TICK_SECONDS) * 1e3
            self.late_ms.append(late_ms)
            self.own_ms.append(min(late_ms, (process_time() - worked) * 1e3))


async def _measure() -> dict[str, float]:
    # The collector of the app is set like this once its first frame is drawn.
    calm_collector()
    pool = AnalyzerPool(AnalysisSettings(), WORKERS)
    pool.start()
    try:
        moments = await _loaded(pool)
        idle = await _watched(asyncio.sleep(1.5))
        walls, costs, lag = [], [], _Lag()
        for number in range(ROUNDS):
            before, begun = _cpu_seconds(pool.worker_pids), perf_counter()
            await _watched(_round(pool, moments, number), lag)
            walls.append(perf_counter() - begun)
            costs.append(_cpu_seconds(pool.worker_pids) - before)
    finally:
        await pool.stop()
    late = sorted(lag.late_ms)
    figures = {
        "wall_median_s": median(walls),
        "wall_worst_s": max(walls),
        "wall_all_frames_s": walls[-1],
        "workers_cpu_median_s": median(costs),
        "lag_p99_ms": late[int(len(late) * 0.99)],
        "lag_worst_ms": late[-1],
        "idle_lag_worst_ms": max(idle.late_ms),
        "own_lag_worst_ms": max(lag.own_ms),
    }
    return {name: round(value, 3) for name, value in figures.items()}


async def _watched(work: Awaitable[object], lag: _Lag | None = None) -> _Lag:
    lag = lag or _Lag()
    watcher = asyncio.create_task(lag.watch())
    try:
        await work
    finally:
        watcher.cancel()
    return lag


async def _loaded(pool: AnalyzerPool) -> dict[str, list[list[Close]]]:
    """Loads every symbol; the closes still to come, by symbol and moment."""
    moments: dict[str, list[list[Close]]] = {}
    readings: list[asyncio.Task[object]] = []
    for symbol, history, later in _markets():
        moments[symbol] = later
        readings.append(asyncio.create_task(_load(pool, symbol, history)))
        if len(readings) > 4 * WORKERS:
            await readings[-4 * WORKERS]
    await asyncio.gather(*readings)
    return moments


async def _load(pool: AnalyzerPool, symbol: str, history: dict[Timeframe, list[Candle]]) -> None:
    await pool.load(symbol, history, 0.001)
    await pool.take_zone_events(symbol, 0)


async def _round(pool: AnalyzerPool, moments: dict[str, list[list[Close]]], number: int) -> None:
    results = await asyncio.gather(*(pool.on_closes(symbol, later[number]) for symbol, later in moments.items()))
    assert all(result.reading.ready for result in results)


def _markets() -> Iterator[tuple[str, dict[Timeframe, list[Candle]], list[list[Close]]]]:
    """Each symbol its own stretch of one long wave market, moved to the same days."""
    size = HISTORY[Timeframe.D1] * 96
    waves = _waves(size + SYMBOLS * 41)
    for number in range(SYMBOLS):
        quarters = [
            Candle(place * Timeframe.M15.ms, bar.open, bar.high, bar.low, bar.close, bar.volume)
            for place, bar in enumerate(waves[number * 41 : number * 41 + size])
        ]
        live_ms = (size - ROUNDS) * Timeframe.M15.ms
        history: dict[Timeframe, list[Candle]] = {}
        later: dict[int, list[Close]] = {}
        for timeframe in ANALYSIS_TIMEFRAMES:
            bars = _combined(quarters, timeframe)
            past = [bar for bar in bars if timeframe.end_ms(bar.open_time_ms) <= live_ms]
            history[timeframe] = past[-HISTORY[timeframe] :]
            for bar in bars[len(past) :]:
                later.setdefault(timeframe.end_ms(bar.open_time_ms), []).append((timeframe, bar))
        yield f"BENCH{number}USDT", history, [later[time_ms] for time_ms in sorted(later)]


def _cpu_seconds(pids: tuple[int, ...]) -> float:
    """Processor time of these processes so far; 0 where the system does not tell it in /proc."""
    total = 0.0
    for pid in pids:
        try:
            parts = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
        except OSError:
            return 0.0
        total += (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")
    return total
