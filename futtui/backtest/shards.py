"""Analyses of one symbol after the other, in this process or spread over worker processes, a stretch at a time."""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from futtui.analysis.analyzer import Close, SymbolAnalyzer
from futtui.analysis.settings import AnalysisSettings
from futtui.backtest.data import BASE, SymbolData, load_symbol
from futtui.domain.candle import Candle
from futtui.domain.reading import AnalysisResult
from futtui.domain.timeframe import ANALYSIS_TIMEFRAMES, Timeframe
from futtui.live.past_candles import LEAST_BARS, candles_of
from futtui.live.settings import HistorySettings

Answers = list[tuple[int, AnalysisResult]]


class SymbolRun:
    """One symbol from the start of a run on; `advance` returns its analyses up to a time, in order."""

    def __init__(self, data: SymbolData, analysis: AnalysisSettings, warm_up: HistorySettings, start_ms: int) -> None:
        self._data, self._warm_up = data, warm_up
        rules = data.rules
        listed_ms = rules.onboard_time_ms or None
        self._analyzer = SymbolAnalyzer(data.symbol, analysis, float(rules.tick_size), listed_ms=listed_ms)
        self._next_ms = start_ms
        self._last_close_ms: int | None = None

    def advance(self, until_ms: int) -> Answers:
        """Analyses of all closes in (where it stands, until_ms]. After a hole the history is loaded anew, as live."""
        bars = self._closing_bars(self._next_ms, until_ms)
        self._next_ms = until_ms
        answers: Answers = []
        for time_ms, closes in bars:
            if self._last_close_ms == time_ms - BASE.ms or self._load(time_ms - BASE.ms):
                result = self._analyzer.on_closes(closes)
                self._last_close_ms = time_ms
                answers.append((time_ms, result))
        return answers

    def _load(self, time_ms: int) -> bool:
        """Load the history that was known at `time_ms`; False while it is too short."""
        times = self._data.past.series[BASE].open_time_ms
        place = int(np.searchsorted(times, time_ms - BASE.ms))
        if place >= len(times) or times[place] != time_ms - BASE.ms or place + 1 < LEAST_BARS:
            return False
        self._analyzer.load(self._data.past.at(time_ms, self._warm_up))
        return True

    def _closing_bars(self, from_ms: int, until_ms: int) -> list[tuple[int, list[Close]]]:
        moments: dict[int, list[tuple[Timeframe, Candle]]] = {}
        for frame in reversed(ANALYSIS_TIMEFRAMES):
            series = self._data.past.series[frame]
            for bar in candles_of(series.between(from_ms - frame.ms + 1, until_ms - frame.ms + 1)):
                time_ms = frame.end_ms(bar.open_time_ms)
                if frame is BASE or time_ms in moments:
                    moments.setdefault(time_ms, []).append((frame, bar))
        return sorted(moments.items())


@dataclass(frozen=True, slots=True)
class _Home:
    """What a worker process needs to know."""

    history: Path
    analysis: AnalysisSettings
    warm_up: HistorySettings
    start_ms: int


_home: _Home | None = None
_runs: dict[str, SymbolRun] = {}


def _settle(home: _Home) -> None:
    global _home
    _home = home


def _advance(symbol: str, until_ms: int) -> Answers:
    assert _home is not None
    if symbol not in _runs:
        data = load_symbol(_home.history, symbol)
        _runs[symbol] = SymbolRun(data, _home.analysis, _home.warm_up, _home.start_ms)
    return _runs[symbol].advance(until_ms)


class Shards:
    """The symbols of a run. `ask` starts a stretch, `answers` waits for it; the result does not depend on `workers`."""

    def __init__(
        self,
        history: Path,
        data: dict[str, SymbolData],
        analysis: AnalysisSettings,
        warm_up: HistorySettings,
        start_ms: int,
        workers: int,
    ) -> None:
        self._symbols = tuple(data)
        self._inline: dict[str, SymbolRun] = {}
        self._pools: list[ProcessPoolExecutor] = []
        self._waiting: list[Future[Answers]] = []
        self._until_ms = start_ms
        if workers <= 0 or len(data) < 2:
            self._inline = {name: SymbolRun(one, analysis, warm_up, start_ms) for name, one in data.items()}
            return
        home = _Home(history, analysis, warm_up, start_ms)
        context = multiprocessing.get_context("spawn")
        for _ in range(min(workers, len(data))):
            self._pools.append(
                ProcessPoolExecutor(max_workers=1, mp_context=context, initializer=_settle, initargs=(home,))
            )

    def ask(self, until_ms: int) -> None:
        """Begin with the analyses up to `until_ms`."""
        self._until_ms = until_ms
        count = len(self._pools)
        if count:
            self._waiting = [
                self._pools[place % count].submit(_advance, symbol, until_ms)
                for place, symbol in enumerate(self._symbols)
            ]

    def answers(self) -> dict[str, Answers]:
        """What `ask` began, by symbol."""
        if self._pools:
            found: Sequence[Answers] = [each.result() for each in self._waiting]
        else:
            found = [run.advance(self._until_ms) for run in self._inline.values()]
        return dict(zip(self._symbols, found, strict=True))

    def stop(self) -> None:
        """End the worker processes."""
        for pool in self._pools:
            pool.shutdown(wait=False, cancel_futures=True)
