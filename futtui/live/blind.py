"""Notices when we were blind (no market data: sleep, outage), says for how long, and what was missed meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from futtui.domain.effects import Severity
from futtui.domain.timeframe import HOUR_MS, MINUTE_MS
from futtui.language.counting import counted

BLIND_MS = 90_000
"""So long without news of the market, in real milliseconds, is worth telling; older prices open no trade."""


class BlindWatch:
    """Follows the times that market messages carry. `say(text, severity)` tells people."""

    def __init__(self, say: Callable[[str, Severity], None], speed: float = 1.0) -> None:
        self._say = say
        self._limit_ms = int(BLIND_MS * max(1.0, speed))
        self._newest_ms = 0
        self._candles = 0
        self._signals = 0
        self._open = False
        self.windows: list[tuple[int, int]] = []
        """The newest blind windows, at most 50, as exchange times from and to."""

    def saw(self, event_time_ms: int) -> None:
        """A market message of this time came in."""
        newest_ms, self._newest_ms = self._newest_ms, max(self._newest_ms, event_time_ms)
        if newest_ms and event_time_ms - newest_ms > self._limit_ms:
            self.windows = [*self.windows[-49:], (newest_ms, event_time_ms)]
            self._open = True
            self._say(
                f"Blind for {clock_words(event_time_ms - newest_ms)}: no market data from {_time(newest_ms)} to "
                f"{_time(event_time_ms)} UTC. Missed candles are being fetched.",
                Severity.WARNING,
            )

    def is_old(self, event_time_ms: int, previous_ms: int, now_ms: int) -> bool:
        """Whether a price of this time is too old to open a trade on, or the first one after a time without any."""
        return (
            now_ms - event_time_ms > self._limit_ms or 0 < previous_ms < event_time_ms - self._limit_ms
        )  # fmt: skip

    def missed(self, candles: int, signals: int) -> None:
        """Candles were analysed too late to trade on them; so many signals came of it."""
        self._candles += candles
        self._signals += signals

    def look(self, is_caught_up: bool) -> None:
        """Say what was missed once everything is there again."""
        if not is_caught_up:
            return
        if self._open:
            found = counted(self._signals, "signal")
            text = (
                f"Caught up: {self._candles} candles that closed meanwhile are analysed, {found} missed while offline."
            )
            self._say(text, Severity.NOTICE)
        self._open, self._candles, self._signals = False, 0, 0


def clock_words(span_ms: int) -> str:
    """A span as people read it from a clock, as in 30:12 or 2:00:00."""
    hours, rest = divmod(span_ms, HOUR_MS)
    minutes, rest = divmod(rest, MINUTE_MS)
    return f"{hours}:{minutes:02d}:{rest // 1000:02d}" if hours else f"{minutes}:{rest // 1000:02d}"


def _time(time_ms: int) -> str:
    return f"{datetime.fromtimestamp(time_ms / 1000, UTC):%H:%M:%S}"
