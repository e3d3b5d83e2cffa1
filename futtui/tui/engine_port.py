"""What the screen needs of the engine, and nothing more."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from typing import Protocol

from futtui.domain.candle_series import CandleSeries
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


class EnginePort(Protocol):
    """The engine as the screen sees it: a snapshot to read, commands to send. All methods return at once."""

    def snapshot(self) -> EngineSnapshot:
        """The newest snapshot. Immutable; a new state is a new object with a higher `version`."""
        ...

    def send(self, command: Command) -> Future[str]:
        """A receipt: resolves to one plain sentence, or raises FuttuiError with a sentence for the user."""
        ...

    def start(self) -> None:
        """Starts the work; called once, after the first frame is on screen. Does not block."""
        ...

    def exchange_time_ms(self) -> int:
        """The exchange's time now as estimated here, epoch milliseconds UTC; for ages and the clock."""
        ...

    def candles(
        self, symbol: str, timeframe: Timeframe, limit: int, before_ms: int | None = None
    ) -> Future[CandleSeries]:
        """The newest `limit` closed candles (that opened before `before_ms`), read beside everything else."""
        ...

    def performance(self, days: int | None) -> Future[PerformanceReport]:
        """What became of the signals of the last `days` (None = of all), read beside everything else."""
        ...

    def live_report(self) -> Future[LiveReport]:
        """What stands for and against Live: account and machine are looked at now, which takes a moment."""
        ...

    def why_no_signals(self, symbol: str, since_ms: int) -> Future[WhyNoSignals]:
        """What stood against signals of a symbol ("" = all) since a moment."""
        ...

    def similar_signals(self, signal: Signal) -> Future[SimilarSignals]:
        """What became of earlier signals of the same system, strategy and side."""
        ...

    def zone_story(self, symbol: str, zone_ids: Sequence[str]) -> Future[tuple[ZoneEvent, ...]]:
        """What happened at these zones of a symbol, newest first."""
        ...

    def look_at_taking(self, signal_id: str) -> Future[TakeLook]:
        """What taking a signal by hand would mean now."""
        ...
