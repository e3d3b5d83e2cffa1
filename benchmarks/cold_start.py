"""What the start with many symbols, a restart and an hour offline cost: request weight and the exchange's time."""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks._virtual_exchange import VirtualExchange, virtual_exchange
from futtui.domain.candle import Candle
from futtui.domain.timeframe import ANALYSIS_TIMEFRAMES, DAY_MS, HOUR_MS, Timeframe
from futtui.live.gap_ledger import GapLedger
from futtui.live.gaps import GapFiller
from futtui.live.loader import HistoryLoader
from futtui.live.sequencer import BASE, Close, Hole
from futtui.live.settings import EngineSettings, HistorySettings
from futtui.live.symbol_state import Phase, SymbolState
from futtui.storage.store import Storage

NAME = "cold-start"
DESCRIPTION = "Cold start of 240 symbols x 4 timeframes x 90 days, restart, an hour offline: weight and exchange time."
SYMBOLS = int(os.environ.get("FUTTUI_COLD_START_SYMBOLS", "240"))
FEW = 50
DAYS = 90
MOST_WEIGHT, MOST_A_MINUTE, MOST_FEW_S = 20_000, 0.70 * 2400, 240.0
MOST_RESTART_S = 30.0
MOST_OFFLINE_WEIGHT, MOST_OFFLINE_S = 1_000, 60.0
Figures = dict[str, float]


def history_of(days: int) -> HistorySettings:
    """As many bars of each timeframe as these days have."""
    return HistorySettings(**{f"bars_{frame.code}": days * DAY_MS // frame.ms for frame in ANALYSIS_TIMEFRAMES})


class MemoryStore:
    """A database without a disk."""

    def __init__(self) -> None:
        self.bars: dict[tuple[str, Timeframe], dict[int, Candle]] = {}

    async def load_candles(self, symbol: str, timeframe: Timeframe, limit: int) -> list[Candle]:
        """The newest bars, oldest first."""
        bars = self.bars.get((symbol, timeframe), {})
        return [bars[open_ms] for open_ms in sorted(bars)[-limit:]]

    def submit_candles(self, symbol: str, timeframe: Timeframe, candles: Sequence[Candle]) -> None:
        """Keep bars."""
        self.bars.setdefault((symbol, timeframe), {}).update((bar.open_time_ms, bar) for bar in candles)


class DiskStore:
    """The real database; the exchange's time stands still while it works."""

    def __init__(self, storage: Storage, world: VirtualExchange) -> None:
        self._storage, self._world = storage, world

    async def load_candles(self, symbol: str, timeframe: Timeframe, limit: int) -> list[Candle]:
        """As Storage.load_candles."""
        return await self._world.outside(self._storage.load_candles(symbol, timeframe, limit))

    def submit_candles(self, symbol: str, timeframe: Timeframe, candles: Sequence[Candle]) -> None:
        """As Storage.submit_candles."""
        self._storage.submit_candles(symbol, timeframe, candles)


@dataclass
class Run:
    """What one stage cost, and the histories that came of it."""

    weight: int
    worst_minute: int
    requests: int
    exchange_s: float
    real_s: float
    histories: dict[str, dict[Timeframe, list[Candle]]] = field(default_factory=dict)

    def ready(self, settings: HistorySettings) -> int:
        """How many symbols have every bar of every timeframe, without a hole."""
        return sum(
            all(len(bars) == settings.bars(frame) and _is_whole(bars, frame) for frame, bars in history.items())
            for history in self.histories.values()
        )


def _is_whole(bars: Sequence[Candle], frame: Timeframe) -> bool:
    return bars[-1].open_time_ms - bars[0].open_time_ms == (len(bars) - 1) * frame.ms


async def load_all(world: VirtualExchange, loader: HistoryLoader, symbols: Sequence[str]) -> Run:
    """Load every symbol as the engine does at its start: time, rules, choice by turnover, then a few at a time."""
    world.start_count()
    gate = asyncio.Semaphore(EngineSettings().load_parallel)
    histories: dict[str, dict[Timeframe, list[Candle]]] = {}

    async def one(symbol: str) -> None:
        async with gate:
            histories[symbol] = await loader.load(symbol, world.now_ms())

    async def everything() -> None:
        await world.rest.server_time_ms()
        await world.rest.exchange_info()
        await world.rest.listings()
        await asyncio.gather(*(one(symbol) for symbol in symbols))

    began_ms, began_s = world.now_ms(), time.perf_counter()
    await world.run(everything())
    seconds = (world.now_ms() - began_ms) / 1000
    real_s = time.perf_counter() - began_s
    return Run(world.weight, world.worst_minute, world.requests, seconds, real_s, histories)


async def come_back(
    world: VirtualExchange,
    loader: HistoryLoader,
    before: Run,
    offline_s: float,
    handle: Callable[[Close], None] = lambda close: None,
) -> tuple[Run, int]:
    """An hour without the exchange, then every symbol is repaired as the engine does it; and how many closes came.

    `handle` gets each close.
    """
    closes: list[Close] = []

    def take(close: Close) -> None:
        closes.append(close)
        handle(close)

    states: list[SymbolState] = []
    rules = await world.run(world.rest.exchange_info())

    async def reload(state: SymbolState) -> None:
        raise RuntimeError(f"{state.symbol} had to be loaded anew.")

    filler = GapFiller(loader, take, lambda _: None, reload, Counter(), GapLedger())
    for symbol, history in before.histories.items():
        state = SymbolState(symbol, rules[symbol], Phase.READY)
        state.sequencer.start(history)
        states.append(state)
    world.skip(offline_s)
    world.start_count()

    async def repair(state: SymbolState) -> None:
        last_ms = state.sequencer.last_open_ms
        assert last_ms is not None
        due_ms = BASE.last_closed_open_ms(world.now_ms())
        await filler.fill(state, Hole(state.symbol, last_ms + BASE.ms, due_ms))

    async def everything() -> None:
        await world.rest.server_time_ms()
        await world.rest.measured_clock()
        await world.rest.exchange_info()
        await asyncio.gather(*(repair(state) for state in states))

    began_ms, began_s = world.now_ms(), time.perf_counter()
    await world.run(everything())
    seconds = (world.now_ms() - began_ms) / 1000
    due_ms = BASE.last_closed_open_ms(world.now_ms())
    if any(state.phase is not Phase.READY or state.sequencer.last_open_ms != due_ms for state in states):
        raise RuntimeError("Some symbols are not caught up.")
    run = Run(world.weight, world.worst_minute, world.requests, seconds, time.perf_counter() - began_s)
    return run, len(closes)


def names(count: int) -> list[str]:
    """So many symbols."""
    return [f"S{number}USDT" for number in range(count)]


async def many(count: int, history: HistorySettings) -> tuple[Run, Run, int]:
    """The cold start of many symbols, and an hour offline after it."""
    async with virtual_exchange(names(count)) as world:
        loader = HistoryLoader(world.rest, MemoryStore(), history)
        cold = await load_all(world, loader, names(count))
        return cold, *await come_back(world, loader, cold, HOUR_MS / 1000)


async def few(count: int, history: HistorySettings, folder: Path) -> tuple[Run, Run]:
    """Cold start of some symbols with a real database, and their restart five minutes later."""
    async with virtual_exchange(names(count)) as world:
        runs = []
        for _ in range(2):
            storage = Storage(folder / "cold-start.db")
            loader = HistoryLoader(world.rest, DiskStore(storage, world), history)
            runs.append(await load_all(world, loader, names(count)))
            await storage.close()
            world.skip(300)
        return runs[0], runs[1]


def _line(what: str, run: Run, ready: str, is_met: bool, goal: str) -> tuple[str, ...]:
    cells = (f"{run.weight:,}", f"{run.worst_minute:,}", f"{run.exchange_s:.1f}", f"{run.real_s:.1f}", ready)
    return (what, *cells, f"{'met' if is_met else 'MISSED'}: {goal}")


def run() -> tuple[list[tuple[str, ...]], Figures]:
    """All stages, and whether each goal is met."""
    history = history_of(DAYS)
    cold, back, closes = asyncio.run(many(SYMBOLS, history))
    with tempfile.TemporaryDirectory() as folder:
        first, second = asyncio.run(few(FEW, history, Path(folder)))
    all_ready = cold.ready(history) == SYMBOLS
    cold_met = all_ready and cold.weight <= MOST_WEIGHT and cold.worst_minute <= MOST_A_MINUTE
    few_met = first.ready(history) == FEW and first.exchange_s < MOST_FEW_S
    warm_met = second.ready(history) == FEW and max(second.exchange_s, second.real_s) < MOST_RESTART_S
    back_met = back.weight <= MOST_OFFLINE_WEIGHT and back.exchange_s < MOST_OFFLINE_S
    rows = [
        ("stage", "weight", "worst minute", "exchange s", "real s", "ready", "goal"),
        _line(
            *(f"cold start, {SYMBOLS} symbols, {DAYS} days", cold, str(cold.ready(history)), cold_met),
            "all, 20,000 weight, 1,680 a minute",
        ),
        _line(f"cold start, {FEW} symbols", first, str(first.ready(history)), few_met, "under 240 s"),
        _line(f"restart, {FEW} symbols", second, str(second.ready(history)), warm_met, "under 30 s"),
        _line(f"an hour offline, {SYMBOLS} symbols", back, f"{closes} closes", back_met, "1,000 weight, under 60 s"),
    ]
    figures: Figures = {}
    for name, stage in (("cold", cold), ("few", first), ("restart", second), ("offline", back)):
        figures[f"{name}_weight"] = stage.weight
        figures[f"{name}_worst_minute"] = stage.worst_minute
        figures[f"{name}_requests"] = stage.requests
        figures[f"{name}_exchange_s"] = stage.exchange_s
        figures[f"{name}_real_s"] = stage.real_s
    return rows, figures
