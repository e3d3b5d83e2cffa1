"""Analyses of one symbol after the other: in this process, in worker processes, or on the machines of a cluster."""

from __future__ import annotations

import contextlib
import pickle
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from futtui.analysis.analyzer import Close, SymbolAnalyzer
from futtui.analysis.settings import AnalysisSettings
from futtui.backtest.data import BASE, SymbolData
from futtui.backtest.far_levels import Answers as Answers
from futtui.backtest.far_levels import without_far_levels
from futtui.backtest.loading import Told, unheard
from futtui.backtest.store import AnalysisLog, Stretch, checked, unchecked, write_whole
from futtui.domain.candle import Candle
from futtui.domain.timeframe import ANALYSIS_TIMEFRAMES, DAY_MS, Timeframe
from futtui.live.past_candles import LEAST_BARS, candles_of
from futtui.live.settings import HistorySettings

SMALL = b"z"
"""What packed answers that are compressed begin with; no pickle does."""
STRETCHES_AHEAD = 2
"""How many stretches the crew is given beyond the one that is asked for."""
STATE_EVERY_MS = 10 * DAY_MS
"""How often an analyzer's memory is kept: a run that goes on works out at most so much anew."""


class SymbolRun:
    """One symbol from the start of a run on; `advance` returns its analyses up to a time, in order."""

    def __init__(self, data: SymbolData, analysis: AnalysisSettings, warm_up: HistorySettings, start_ms: int) -> None:
        self._data, self._warm_up = data, warm_up
        self._analyzer = SymbolAnalyzer(data.symbol, analysis, float(data.rules.tick_size))
        self.next_ms = start_ms
        self._last_close_ms: int | None = None

    def advance(self, until_ms: int) -> Answers:
        """Analyses of all closes in (where it stands, until_ms]. After a hole the history is loaded anew, as live.

        Without the reasons of strategies and the notes of zones: they explain a moment on screen, and decide nothing.
        """
        bars = self._closing_bars(self.next_ms, until_ms)
        self.next_ms = until_ms
        answers: Answers = []
        for time_ms, closes in bars:
            if self._last_close_ms == time_ms - BASE.ms or self._load(time_ms - BASE.ms):
                result = self._analyzer.on_closes(closes, explain=False)
                self._last_close_ms = time_ms
                answers.append((time_ms, result))
        return answers

    def state(self) -> bytes | None:
        """Everything that decides what comes next; None where a strategy of the user's own cannot be packed."""
        try:
            return pickle.dumps((self.next_ms, self._last_close_ms, self._analyzer), pickle.HIGHEST_PROTOCOL)
        except (pickle.PicklingError, AttributeError, TypeError):
            return None

    def restore(self, state: bytes) -> None:
        """Go on where `state` was taken, with the same candles and settings."""
        self.next_ms, self._last_close_ms, self._analyzer = pickle.loads(state)

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
class Job:
    """One symbol of a run, as it travels to where it is worked on. `run` tells runs apart that share a worker."""

    run: str
    data: SymbolData
    analysis: AnalysisSettings
    warm_up: HistorySettings
    start_ms: int
    state_file: Path | None = None
    closes: int = 0
    """How many there are in the run: what its share of the work is measured by."""
    far_levels: bool = True
    """Whether standing levels are told that no price comes near."""


class Worker:
    """Holds the symbols of one run; asked for a stretch it does not stand at, it works its way there first."""

    def __init__(self) -> None:
        self._run = ""
        self._symbols: dict[str, SymbolRun] = {}

    def advance(self, job: Job, from_ms: int, until_ms: int) -> Answers:
        """The answers of the closes in (from_ms, until_ms]."""
        if job.run != self._run:
            self._run, self._symbols = job.run, {}
        symbol = self._symbols.get(job.data.symbol)
        if symbol is None or symbol.next_ms > from_ms:
            symbol = self._symbols[job.data.symbol] = _started(job, from_ms)
        if symbol.next_ms < from_ms:
            symbol.advance(from_ms)
        answers = symbol.advance(until_ms)
        if job.state_file is not None and (until_ms - job.start_ms) % STATE_EVERY_MS == 0:
            _keep_state(job.state_file, symbol)
        return answers if job.far_levels else without_far_levels(answers, job.data.past.series[BASE])


def _started(job: Job, from_ms: int) -> SymbolRun:
    """A symbol at the start of its run, or where its kept memory stands if that is not too late."""
    run = SymbolRun(job.data, job.analysis, job.warm_up, job.start_ms)
    if job.state_file is not None and from_ms > job.start_ms and job.state_file.exists():
        try:
            run.restore(unchecked(job.state_file.read_bytes()))
        except Exception:  # a damaged file of the cache: begin at the start
            run = SymbolRun(job.data, job.analysis, job.warm_up, job.start_ms)
    return run if run.next_ms <= from_ms else SymbolRun(job.data, job.analysis, job.warm_up, job.start_ms)


def _keep_state(file: Path, run: SymbolRun) -> None:
    state = run.state()
    if state is not None:
        with contextlib.suppress(OSError):  # a full disk makes a later run slower, this one must go on
            write_whole(file, checked(state))


class Answer(Protocol):
    """Something that will be there: answers from this process, or packed ones from another."""

    def result(self) -> Answers | bytes: ...


class Crew(Protocol):
    """Those who work: a stretch of a symbol is handed to them, its packed answers come back later.

    More than one may be handed to them, in order; a symbol is worked on in that order, never twice at a time.
    """

    def advance(self, symbol: str, from_ms: int, until_ms: int) -> Answer: ...

    def stop(self) -> None: ...


CrewMaker = Callable[[dict[str, Job]], Crew]


class Shards:
    """The symbols of a run. `ask` starts a stretch, `answers` waits for it; the result does not depend on the crew.

    What `logs` hold is read from there, what is new is added to them. Up to `end_ms` the crew also gets the stretches
    that will be asked for next, so that nobody waits for the slowest, nor while the answers are worked on. `told` hears
    of how many symbols the first stretch is there: each warms up before it.
    """

    def __init__(
        self,
        jobs: dict[str, Job],
        crew: Crew,
        start_ms: int,
        logs: dict[str, AnalysisLog] | None = None,
        end_ms: int | None = None,
        told: Told = unheard,
    ) -> None:
        self._told = told
        self._symbols = tuple(jobs)
        self._crew = crew
        self._logs = logs or {}
        self._next_ms = start_ms
        self._end_ms = start_ms if end_ms is None else end_ms
        self._stretch: Stretch = (start_ms, start_ms)
        self._waiting: dict[Stretch, dict[str, Answer]] = {}

    def ask(self, until_ms: int) -> None:
        """Begin with the analyses up to `until_ms`."""
        stretch = self._stretch = (self._next_ms, until_ms)
        self._next_ms = until_ms
        length_ms = until_ms - stretch[0]
        self._begin(stretch)
        for _ in range(STRETCHES_AHEAD):
            if stretch[1] < self._end_ms:
                stretch = (stretch[1], min(stretch[1] + length_ms, self._end_ms))
                self._begin(stretch)

    def _begin(self, stretch: Stretch) -> None:
        """Hand a stretch to the crew, once, as far as it is not known."""
        if stretch not in self._waiting:
            new = [symbol for symbol in self._symbols if stretch not in self._logs.get(symbol, ())]
            self._waiting[stretch] = {symbol: self._crew.advance(symbol, *stretch) for symbol in new}

    def answers(self) -> dict[str, Answers]:
        """What `ask` began, by symbol."""
        stretch, found = self._stretch, {}
        told, self._told = self._told, unheard
        begun = self._waiting.pop(stretch, {})
        for place, symbol in enumerate(self._symbols):
            told(place, len(self._symbols))
            log, kept = self._logs.get(symbol), None
            if symbol not in begun and log is not None:
                kept = log.read(stretch)
            if kept is not None:
                found[symbol] = unpacked(kept)
                continue
            waiting = begun.pop(symbol, None) or self._crew.advance(symbol, *stretch)
            answers = waiting.result()
            if log is not None:
                log.append(stretch, answers if isinstance(answers, bytes) else packed(answers, small=True))
            found[symbol] = unpacked(answers) if isinstance(answers, bytes) else answers
        told(len(found), len(self._symbols))
        return found

    def stop(self) -> None:
        """End the crew."""
        self._crew.stop()


def packed(answers: Answers, *, small: bool) -> bytes:
    """Answers as they travel; small ones, for the disk, cost as much time again."""
    whole = pickle.dumps(answers, pickle.HIGHEST_PROTOCOL)
    return SMALL + zlib.compress(whole, 1) if small else whole


def unpacked(data: bytes) -> Answers:
    """The answers that were packed."""
    found: Answers = pickle.loads(zlib.decompress(data[len(SMALL) :]) if data.startswith(SMALL) else data)
    return found


def jobs_of(
    run: str,
    data: Sequence[SymbolData],
    analysis: AnalysisSettings,
    warm_up: HistorySettings,
    start_ms: int,
    logs: dict[str, AnalysisLog],
    end_ms: int,
    *,
    far_levels: Mapping[str, bool],
) -> dict[str, Job]:
    """The jobs of a run, without the finer candles: they are no business of the analyses."""
    files: dict[str, Any] = {name: log.state_file for name, log in logs.items()}
    jobs = {}
    for each in data:
        closes = len(each.past.series[BASE].between(start_ms, end_ms))
        part = replace(each, fine=())
        told = far_levels[each.symbol]
        jobs[each.symbol] = Job(run, part, analysis, warm_up, start_ms, files.get(each.symbol), closes, told)
    return jobs
