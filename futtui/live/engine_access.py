"""A running engine for those on other threads: snapshots, commands, and what is read from its database."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, TypeVar

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

if TYPE_CHECKING:
    from futtui.live.engine import Engine

T = TypeVar("T")
STOPPED = "The engine has stopped."


class EngineAccess:
    """Everything a screen needs of `engine`; make it on the engine's loop, use it from any thread.

    Answers are futures that hold what was asked for, or FuttuiError with a sentence for the user.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._loop = asyncio.get_running_loop()

    def snapshot(self) -> EngineSnapshot:
        """The newest picture."""
        return self.engine.snapshot()

    def exchange_time_ms(self) -> int:
        """Exchange time as estimated now."""
        return self.engine.clock.now_ms()

    def send(self, command: Command) -> Future[str]:
        """The engine's answer to a command, or the reason of a refusal."""
        return self._on_loop(self.engine.command(command))

    def candles(
        self, symbol: str, timeframe: Timeframe, limit: int, before_ms: int | None = None
    ) -> Future[CandleSeries]:
        """The newest `limit` stored candles that opened before `before_ms`."""
        from futtui.live.stored_candles import END_OF_TIME_MS, candle_series

        end_ms = END_OF_TIME_MS if before_ms is None else before_ms
        return self._beside(lambda engine: candle_series(engine.parts.store, symbol, timeframe, limit, end_ms))

    def performance(self, days: int | None) -> Future[PerformanceReport]:
        """What became of the signals of the last `days` (None = of all)."""
        from futtui.live.performance import performance_of

        def read(engine: Engine) -> PerformanceReport:
            prices = {name: state.tracker.last for name, state in list(engine.states.items()) if state.tracker.last}
            return performance_of(engine.parts.store, prices, engine.clock.now_ms(), days)

        return self._beside(read)

    def live_report(self) -> Future[LiveReport]:
        """What stands for and against Live; looks at account and machine."""
        return self._on_loop(self.engine.real_account.report())

    def why_no_signals(self, symbol: str, since_ms: int) -> Future[WhyNoSignals]:
        """What stood against signals of a symbol ("" = all) since a moment."""
        from futtui.live.stored_answers import why_no_signals

        return self._beside(lambda engine: why_no_signals(engine.parts.store, symbol, since_ms))

    def similar_signals(self, signal: Signal) -> Future[SimilarSignals]:
        """What became of earlier signals that were like this one."""
        from futtui.live.stored_answers import similar_signals

        return self._beside(lambda engine: similar_signals(engine.parts.store, signal))

    def zone_story(self, symbol: str, zone_ids: Sequence[str]) -> Future[tuple[ZoneEvent, ...]]:
        """What happened at these zones, newest first."""
        from futtui.live.stored_answers import zone_story

        return self._beside(lambda engine: zone_story(engine.parts.store, symbol, zone_ids))

    def look_at_taking(self, signal_id: str) -> Future[TakeLook]:
        """What taking a signal by hand would mean now."""
        from futtui.desk.choosing import UNKNOWN

        async def look() -> TakeLook:
            found = self.engine.runner.desk.look_at_taking(signal_id, self.engine.clock.now_ms())
            if found is None:
                raise FuttuiError(UNKNOWN)
            return found

        return self._on_loop(look())

    def _beside(self, read: Callable[[Engine], T]) -> Future[T]:
        """Have `read` done by a thread of the engine's pool, so that neither screen nor engine waits."""
        return self._on_loop(asyncio.to_thread(read, self.engine))

    def _on_loop(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        try:
            return asyncio.run_coroutine_threadsafe(work, self._loop)
        except RuntimeError:  # the loop has ended
            work.close()
            return refused(STOPPED)


def refused(reason: str) -> Future[Any]:
    """An answer that is a no."""
    future: Future[Any] = Future()
    future.set_exception(FuttuiError(reason))
    return future
