"""The whole engine in live mode on an embedded exchange at 60 times real time, while things go wrong all the time.

Fifty symbols, real analyses, orders over the wire, chance faults on streams and requests. Memory of the app and its
worker, tasks, threads, sockets and file handles are counted all along; after the warm-up none of them may grow.
`FUTTUI_SOAK_MINUTES` real minutes (default 20).
"""

from __future__ import annotations

import asyncio
import os
import random
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import psutil

from futtui.analysis.pool import AnalyzerPool
from futtui.analysis.settings import AnalysisSettings
from futtui.desk.settings import DeskSettings
from futtui.domain.position import TradingMode
from futtui.domain.timeframe import HOUR_MS
from futtui.exchange.ports import Credentials
from futtui.exchange.simulator.process import DEMO_KEY, DEMO_SECRET, EmbeddedExchange, ServerConfig
from futtui.live.assembly import EnginePlan, build_engine
from futtui.live.engine import Engine
from futtui.live.settings import EngineSettings, HistorySettings, MarketSettings

NAME = "soak"
DESCRIPTION = "50 symbols at 60x with chance faults: memory, tasks, threads, sockets and handles over time (20 minutes)"
MINUTES = float(os.environ.get("FUTTUI_SOAK_MINUTES", "20"))
SYMBOLS = tuple(f"S{number:02}USDT" for number in range(int(os.environ.get("FUTTUI_SOAK_SYMBOLS", "50"))))
SPEED = 60.0
SEED = 5
SAMPLE_S = 5.0
FAULT_S = 20.0
WARM_SHARE = 0.35
"""Part of the run that counts as warm-up: caches and pools fill."""
SLOPE_LIMIT_MB = 1.0
HISTORY = HistorySettings(bars_15m=600, bars_1h=300, bars_4h=220, bars_1d=60)


@dataclass(frozen=True, slots=True)
class Sample:
    """What is held at a moment of the exchange's time."""

    hours: float
    app_mb: float
    worker_mb: float
    tasks: int
    threads: int
    sockets: int
    handles: int


NAMES = ("app_mb", "worker_mb", "tasks", "threads", "sockets", "handles")


def fault(chance: random.Random) -> str:
    """One rule that is over after a while."""
    span = f"for_s: {chance.randrange(30, 600)}"
    some = f"probability: {chance.uniform(0.05, 0.5):.2f}"
    kinds = (
        f"action: drop, event: klineClosed, {some}, {span}",
        f"action: delay, event: klineClosed, delay_ms: {chance.randrange(500, 60_000)}, {span}",
        f"action: duplicate, stream: '*@kline_15m', {some}, {span}",
        f"action: reorder, stream: '*@kline_15m', {some}, {span}",
        f"action: freeze_stream, stream: '*', symbol: {chance.choice(SYMBOLS)}, {span}",
        f"action: respond, status: 503, kind: {chance.choice('ABCD')}, path: '/fapi/*', {some}, {span}",
        f"action: respond, status: 502, path: '/fapi/v1/klines', {some}, {span}",
        "action: accept_then_timeout, hold_s: 0.2, method: POST, path: '*/order', count: 1",
        "action: respond, status: 503, kind: B, method: POST, path: '*/algoOrder', count: 1",
        "action: disconnect, count: 1",
        "action: silent_private",
        "action: expire_listen_key",
    )
    return "- {" + chance.choice(kinds) + "}\n"


async def _break_things(address: str, chance: random.Random) -> None:
    async with aiohttp.ClientSession() as session:
        while True:
            await asyncio.sleep(FAULT_S)
            with suppress(aiohttp.ClientError, TimeoutError):
                async with session.delete(f"{address}/sim/faults"):
                    pass
                rules = "".join(fault(chance) for _ in range(3))
                async with session.post(f"{address}/sim/faults", data=rules) as answer:
                    if answer.status != 200:
                        raise RuntimeError(await answer.text())


def _sample(engine: Engine, start_ms: int) -> Sample:
    me = psutil.Process()
    workers = [psutil.Process(pid) for pid in engine.parts.analyzers.worker_pids]
    return Sample(
        (engine.clock.now_ms() - start_ms) / HOUR_MS,
        me.memory_info().rss / 1e6,
        sum(worker.memory_info().rss for worker in workers) / 1e6,
        len(asyncio.all_tasks()),
        threading.active_count(),
        len(me.net_connections("inet")),
        me.num_fds() if hasattr(me, "num_fds") else me.num_handles(),
    )


def _plan(folder: Path, exchange: EmbeddedExchange, pool: AnalyzerPool) -> EnginePlan:
    settings = EngineSettings(
        market=MarketSettings(symbols=SYMBOLS, min_quote_volume=0.0, history=HISTORY),
        mode=TradingMode.LIVE,
        speed=SPEED,
        live_allowed=True,
    )
    return EnginePlan(
        settings=settings,
        desk=DeskSettings(),
        pool=pool,
        database=folder / "soak.db",
        endpoints=exchange.wait_ready_async,
        credentials=Credentials(DEMO_KEY, DEMO_SECRET),
        virtual_clock=True,
    )


async def _run(folder: Path, exchange: EmbeddedExchange) -> tuple[list[Sample], dict[str, int]]:
    pool = AnalyzerPool(AnalysisSettings(), 1)
    pool.start()
    engine = build_engine(_plan(folder, exchange, pool))
    work = asyncio.create_task(engine.run(), name="soak")
    samples: list[Sample] = []
    try:
        while engine.pictures.phase != "running" and not work.done():
            await asyncio.sleep(0.2)
        endpoints = await exchange.wait_ready_async()
        breaking = asyncio.create_task(_break_things(endpoints.rest, random.Random(SEED)), name="faults")
        start_ms, ends = engine.clock.now_ms(), time.monotonic() + MINUTES * 60
        while time.monotonic() < ends and not work.done():
            await asyncio.sleep(SAMPLE_S)
            samples.append(_sample(engine, start_ms))
        breaking.cancel()
        await asyncio.gather(breaking, return_exceptions=True)
        if work.done():
            work.result()
        counts = engine.runner.counts
        told = {"analyses": engine.counts["analyses"], "reconnects": engine.feed.reconnects}
        return samples, told | {name: counts[name] for name in ("orders", "fills", "trades")}
    finally:
        engine.ask_to_stop()
        await asyncio.gather(work, return_exceptions=True)
        await engine.stop()


def slope(samples: list[Sample], name: str) -> float:
    """How much of it is added in an hour of the exchange's time."""
    hours = np.array([each.hours for each in samples])
    values = np.array([float(getattr(each, name)) for each in samples])
    return float(np.polyfit(hours, values, 1)[0]) if len(samples) > 2 else 0.0


def run() -> tuple[list[tuple[str, ...]], dict[str, Any]]:
    """Table and figures."""
    exchange = EmbeddedExchange(ServerConfig(symbols=SYMBOLS, seed=SEED, speed=SPEED, history_days=80))
    exchange.start()
    try:
        with tempfile.TemporaryDirectory() as folder:
            samples, counts = asyncio.run(_run(Path(folder), exchange))
    finally:
        exchange.stop()
    warm = samples[int(len(samples) * WARM_SHARE) :]
    rows: list[tuple[str, ...]] = [("what", "first", "after warm-up", "last", "an hour")]
    rows += list(_rows(samples, warm))
    rows.append(("simulated hours", "", f"{warm[0].hours:.1f}", f"{samples[-1].hours:.1f}", ""))
    rows += [(name, "", "", str(count), "") for name, count in counts.items()]
    figures: dict[str, Any] = {"hours": round(samples[-1].hours, 2), **counts}
    figures |= {f"{name}_an_hour": round(slope(warm, name), 4) for name in NAMES}
    return rows, figures


def _rows(samples: list[Sample], warm: list[Sample]) -> Iterator[tuple[str, ...]]:
    for name in NAMES:
        values = [float(getattr(each, name)) for each in (samples[0], warm[0], samples[-1])]
        limit = f" (limit {SLOPE_LIMIT_MB:g})" if name == "app_mb" else ""
        yield (name, *(f"{value:.1f}" for value in values), f"{slope(warm, name):+.2f}{limit}")
