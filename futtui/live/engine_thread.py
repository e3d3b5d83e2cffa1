"""Runs the engine on its own thread with its own loop, so that a stuck screen cannot slow it down."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from futtui.domain.candle_series import CandleSeries
from futtui.domain.errors import FuttuiError
from futtui.domain.events import Command
from futtui.domain.live_check import LiveReport
from futtui.domain.past_signals import SimilarSignals
from futtui.domain.performance import PerformanceReport
from futtui.domain.signal import Signal
from futtui.domain.silence import WhyNoSignals
from futtui.domain.snapshot import EngineSnapshot
from futtui.domain.taking import TakeLook
from futtui.domain.timeframe import Timeframe
from futtui.domain.zone import ZoneEvent
from futtui.live.engine_access import STOPPED, EngineAccess, refused

if TYPE_CHECKING:
    from futtui.live.engine import Engine

log = logging.getLogger(__name__)
T = TypeVar("T")

STOP_TIMEOUT_S = 20.0
"""Longer than the engine waits for stops and closing orders that are under way."""
NOT_STOPPED = "The engine did not end in time. If live positions are open, look at the exchange now."
GUARD_S = 1.0
POOL_THREADS = 64
"""Database reads, name look-ups and the closing of workers share the loop's pool and must not wait for each other."""


class EngineThread:
    """The engine as the screen sees it: `start`, `snapshot`, `send`, `stop`; all safe to call from another thread.

    `build` makes the engine on the engine's own thread: it may import heavy libraries without holding up the screen.
    `trouble` is asked once a second for a sentence about something that ended for good, as an exchange of our own;
    the engine is stopped then. What made a start impossible, or ended the engine, is in `failure` and in the snapshot.
    """

    def __init__(
        self, build: Callable[[], Engine], starting: EngineSnapshot, trouble: Callable[[], str] | None = None
    ) -> None:
        self._build = build
        self._starting = starting
        self._trouble = trouble
        self._last: EngineSnapshot | None = None
        self._access: EngineAccess | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._stop_asked = threading.Event()
        self.failure: BaseException | None = None

    def start(self) -> None:
        """Start the thread; returns at once."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
            self._thread.start()

    def snapshot(self) -> EngineSnapshot:
        """The newest picture, the starting one while the engine is being built, or the last one after a failure."""
        if self._last is not None:
            return self._last
        access = self._access
        return access.snapshot() if access is not None else self._starting

    def exchange_time_ms(self) -> int:
        """Exchange time as estimated now."""
        access = self._access
        return access.exchange_time_ms() if access is not None else self._starting.time_ms

    def send(self, command: Command) -> Future[str]:
        """Hand a command to the engine; the future holds its answer or the reason of a refusal."""
        return self._asked(lambda access: access.send(command))

    def candles(
        self, symbol: str, timeframe: Timeframe, limit: int, before_ms: int | None = None
    ) -> Future[CandleSeries]:
        """The newest `limit` stored candles that opened before `before_ms`; the future holds them or a refusal."""
        return self._asked(lambda access: access.candles(symbol, timeframe, limit, before_ms))

    def performance(self, days: int | None) -> Future[PerformanceReport]:
        """What became of the signals of the last `days` (None = of all); the future holds it or a refusal."""
        return self._asked(lambda access: access.performance(days))

    def live_report(self) -> Future[LiveReport]:
        """What stands for and against Live; the future holds it or a refusal."""
        return self._asked(lambda access: access.live_report())

    def why_no_signals(self, symbol: str, since_ms: int) -> Future[WhyNoSignals]:
        """What stood against signals of a symbol ("" = all) since a moment; the future holds it or a refusal."""
        return self._asked(lambda access: access.why_no_signals(symbol, since_ms))

    def similar_signals(self, signal: Signal) -> Future[SimilarSignals]:
        """What became of earlier signals that were like this one; the future holds it or a refusal."""
        return self._asked(lambda access: access.similar_signals(signal))

    def zone_story(self, symbol: str, zone_ids: Sequence[str]) -> Future[tuple[ZoneEvent, ...]]:
        """What happened at these zones, newest first; the future holds it or a refusal."""
        return self._asked(lambda access: access.zone_story(symbol, zone_ids))

    def look_at_taking(self, signal_id: str) -> Future[TakeLook]:
        """What taking a signal by hand would mean now; the future holds it or a refusal."""
        return self._asked(lambda access: access.look_at_taking(signal_id))

    def _asked(self, ask: Callable[[EngineAccess], Future[T]]) -> Future[T]:
        access = self._access
        if access is None or self._stop_asked.is_set() or self.failure is not None:
            return refused(self._why_not_ready())
        return ask(access)

    def stop(self) -> None:
        """Stop the engine and wait for its thread, at most STOP_TIMEOUT_S seconds; safe to call twice."""
        self._stop_asked.set()
        access, loop, thread = self._access, self._loop, self._thread
        if thread is None or not thread.is_alive():
            return
        if access is not None and loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended by itself
                loop.call_soon_threadsafe(access.engine.ask_to_stop)
        thread.join(STOP_TIMEOUT_S)
        if thread.is_alive():
            log.error("The engine did not stop within %s s", STOP_TIMEOUT_S)

    @property
    def left_open(self) -> tuple[str, ...]:
        """After `stop`: sentences about what may be held on the exchange without a stop."""
        if self._thread is not None and self._thread.is_alive():
            return (NOT_STOPPED,)
        return self._access.engine.real_account.left_open if self._access is not None else ()

    def _run(self) -> None:
        try:
            asyncio.run(self._main())
        except Exception as error:
            self.failure = error
            log.exception("The engine stopped because of an error")
            self._last = _failed(self.snapshot(), error)

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._loop.set_default_executor(ThreadPoolExecutor(POOL_THREADS, thread_name_prefix="engine-pool"))
        engine = self._build()
        self._access = EngineAccess(engine)
        try:
            if not self._stop_asked.is_set():  # else `stop` came while the engine was being built
                await self._run_guarded(engine)
        finally:
            await engine.stop()

    async def _run_guarded(self, engine: Engine) -> None:
        """Run the engine until it ends, or until there is trouble that it cannot mend."""
        work = [asyncio.ensure_future(engine.run()), asyncio.ensure_future(self._guard())]
        try:
            done, _ = await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)

    async def _guard(self) -> None:
        while True:
            await asyncio.sleep(GUARD_S)
            sentence = self._trouble() if self._trouble is not None else ""
            if sentence:
                raise FuttuiError(sentence)

    def _why_not_ready(self) -> str:
        if self.failure is not None:
            return f"The engine stopped because of an error: {in_words(self.failure)}"
        if self._stop_asked.is_set():
            return STOPPED
        return "The engine is still starting. Try again in a moment."


def in_words(error: BaseException) -> str:
    """What went wrong, for people: our own errors say it themselves, those of files name the file."""
    if isinstance(error, FuttuiError):
        return str(error)
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename} cannot be used ({error.strerror})."
    return f"Something unexpected happened ({type(error).__name__}: {error}). Please report it with the log file."


def _failed(last: EngineSnapshot, error: BaseException) -> EngineSnapshot:
    """The last picture, marked as such, with the reason."""
    feed = replace(last.feed, connected=False, text="stopped")
    return replace(last, version=last.version + 1, phase="failed", phase_text=in_words(error), feed=feed)
