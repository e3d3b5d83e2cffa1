"""AnalyzerPool: analyzers of many symbols spread over worker processes, asked from an event loop."""

from __future__ import annotations

import asyncio
import threading
import zlib
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from futtui.analysis.wire import history_rows, row_of
from futtui.analysis.worker import house_of
from futtui.analysis.worker_link import AnalysisError, WorkerLink
from futtui.domain.candle import Candle
from futtui.domain.errors import InvalidInputError
from futtui.domain.reading import AnalysisResult, SymbolReading
from futtui.domain.timeframe import Timeframe
from futtui.domain.zone import ZoneEvent

if TYPE_CHECKING:
    from futtui.analysis.house import AnalyzerHouse
    from futtui.analysis.settings import AnalysisSettings

USELESS_STARTS_ALLOWED = 3
"""So many workers in a row may die without a single answer; then the place stays empty."""
STOP_PATIENCE_SECONDS = 3.0

__all__ = ["AnalysisError", "AnalyzerPool"]


class AnalyzerPool:
    """Analyzers behind worker processes, or in this process with `workers` 0: the results are the same.

    A symbol always belongs to the same worker (CRC-32 of its name), and its requests are answered in order. When a
    worker dies, a new one takes its place and the symbols it held appear in `lost_symbols()` until they are loaded
    again. A worker that answers nothing at all for `deadline_seconds` while somebody waits is killed and replaced.
    `timed`: strategies have a time budget. Only for the real market: a replay must not depend on the machine.
    """

    def __init__(
        self, settings: AnalysisSettings, workers: int = 1, *, deadline_seconds: float = 60.0, timed: bool = False
    ) -> None:
        if workers < 0:
            raise InvalidInputError("The number of analysis workers cannot be negative. Use 0 to work in process.")
        self._settings = settings
        self._timed = timed
        self._places: list[WorkerLink | None] = [None] * workers
        self._useless_starts = [0] * workers
        self._trouble = [""] * workers
        self._deadline_seconds = deadline_seconds
        self._lock = threading.RLock()
        self._loaded: set[str] = set()
        self._lost: set[str] = set()
        self._running = False
        self._house: AnalyzerHouse | None = None

    def start(self) -> None:
        """Start the worker processes and return at once; they get ready by themselves. Call it before the app draws."""
        if self._running:
            return
        self._running = True
        for place in range(len(self._places)):
            self._fill(place)

    @property
    def worker_pids(self) -> tuple[int, ...]:
        """Process ids of the workers that run now."""
        with self._lock:
            return tuple(link.pid for link in self._places if link is not None)

    def lost_symbols(self) -> frozenset[str]:
        """Symbols whose analyzer is gone (their worker died or failed) and that need `load` again."""
        with self._lock:
            return frozenset(self._lost)

    async def load(
        self,
        symbol: str,
        history: Mapping[Timeframe, Sequence[Candle]],
        tick_size: float | None = None,
        listed_ms: int | None = None,
    ) -> SymbolReading:
        """The reading of a fresh analyzer after its history; raises AnalysisError.

        `listed_ms`: since when the symbol is traded, None = unknown.
        """
        arguments = (symbol, tick_size, history_rows(history), listed_ms)
        reading: SymbolReading = await self._ask(symbol, "load", arguments)
        with self._lock:
            self._loaded.add(symbol)
            self._lost.discard(symbol)
        return reading

    async def on_closes(self, symbol: str, closes: Sequence[tuple[Timeframe, Candle]]) -> AnalysisResult:
        """What the closed candles of one moment mean; raises AnalysisError, also for a symbol that is lost."""
        self._need_loaded(symbol)
        rows = [(timeframe.code, row_of(candle)) for timeframe, candle in closes]
        result: AnalysisResult = await self._ask(symbol, "on_closes", (symbol, rows))
        return result

    async def take_zone_events(self, symbol: str, since_ms: int) -> tuple[ZoneEvent, ...]:
        """What a loaded history told of the zones in bars that opened at `since_ms` or later, once.

        Raises AnalysisError, also for a symbol that is lost.
        """
        self._need_loaded(symbol)
        events: tuple[ZoneEvent, ...] = await self._ask(symbol, "take_zone_events", (symbol, since_ms))
        return events

    async def drop(self, symbol: str) -> None:
        """Forget a symbol that is not watched any more; raises AnalysisError when its worker does not answer."""
        with self._lock:
            self._loaded.discard(symbol)
            self._lost.discard(symbol)
        await self._ask(symbol, "drop", (symbol,))

    def _need_loaded(self, symbol: str) -> None:
        with self._lock:
            if symbol not in self._loaded:
                raise AnalysisError(f"{symbol} has no analyzer. Load its history first.")

    async def stop(self) -> None:
        """End all workers and their threads; requests still open fail with AnalysisError. May be called twice."""
        with self._lock:
            self._running = False
            links = [link for link in self._places if link is not None]
            self._places = [None] * len(self._places)
        self._house = None
        if links:
            closing = (asyncio.to_thread(link.close, STOP_PATIENCE_SECONDS) for link in links)
            await asyncio.gather(*closing)

    def _fill(self, place: int) -> None:
        with self._lock:
            if self._running:
                self._places[place] = WorkerLink((self._settings, self._timed), partial(self._on_death, place))

    def _on_death(self, place: int, link: WorkerLink) -> None:
        """Runs in the reading thread of the dead worker."""
        with self._lock:
            gone = {symbol for symbol in self._loaded if self._place_of(symbol) == place}
            self._loaded -= gone
            self._lost |= gone
            self._trouble[place] = link.trouble
            self._useless_starts[place] = 0 if link.answers else self._useless_starts[place] + 1
            if self._places[place] is link:
                self._places[place] = None
                if self._useless_starts[place] < USELESS_STARTS_ALLOWED:
                    self._fill(place)

    def _place_of(self, symbol: str) -> int:
        return zlib.crc32(symbol.encode()) % len(self._places)

    async def _ask(self, symbol: str, kind: str, arguments: tuple[Any, ...]) -> Any:
        good, value = await (self._ask_worker if self._places else self._ask_here)(symbol, kind, arguments)
        if good:
            return value
        with self._lock:
            if symbol in self._loaded:
                self._loaded.discard(symbol)
                self._lost.add(symbol)
        raise AnalysisError(f"{symbol} could not be analysed: {value}. Load its history again.")

    async def _ask_worker(self, symbol: str, kind: str, arguments: tuple[Any, ...]) -> tuple[bool, Any]:
        place = self._place_of(symbol)
        link = self._places[place]
        if link is None:
            reason = self._trouble[place] or ("it keeps dying" if self._running else "the pool is not started")
            raise AnalysisError(f"No analysis worker for {symbol}: {reason}. Restart the app.")
        future = link.request(kind, arguments)
        while True:
            answers_before = link.answers
            done, _ = await asyncio.wait({future}, timeout=self._deadline_seconds)
            if done:
                answer: tuple[bool, Any] = future.result()
                return answer
            if link.answers == answers_before:
                link.kill()
                return False, f"no answer within {self._deadline_seconds:g} seconds"

    async def _ask_here(self, symbol: str, kind: str, arguments: tuple[Any, ...]) -> tuple[bool, Any]:
        if not self._running:
            raise AnalysisError(f"No analyzer for {symbol}: the pool is not started. Call start() first.")
        if self._house is None:
            self._house = house_of(self._settings, self._timed)
        await asyncio.sleep(0)
        try:
            return True, getattr(self._house, kind)(*arguments)
        except Exception as fault:  # same answer as from a worker process, which survives any failure
            return False, f"{type(fault).__name__}: {fault}"
