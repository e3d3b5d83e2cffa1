"""The anchored VWAP that every reading shows: from the start of the UTC week."""

from __future__ import annotations

from futtui.domain.candle import Candle
from futtui.domain.timeframe import DAY_MS
from futtui.indicators.vwap import AnchoredVwap

WEEK_MS = 7 * DAY_MS
FIRST_MONDAY_MS = 4 * DAY_MS
"""Monday, 5 January 1970, 00:00 UTC."""


class WeekVwap:
    """VWAP anchored at Monday 00:00 UTC; not available in a week whose first bar was not seen."""

    def __init__(self) -> None:
        self._vwap: AnchoredVwap | None = None
        self._monday_ms = -1

    def update(self, candle: Candle) -> None:
        """Take the next closed 15m candle."""
        monday_ms = candle.open_time_ms - (candle.open_time_ms - FIRST_MONDAY_MS) % WEEK_MS
        if monday_ms != self._monday_ms:
            is_first = self._monday_ms >= 0 or candle.open_time_ms == monday_ms
            self._vwap = AnchoredVwap(monday_ms) if is_first else None
            self._monday_ms = monday_ms
        if self._vwap is not None:
            self._vwap.update(candle)

    @property
    def value(self) -> float | None:
        """The VWAP; None shortly after the anchor and while the week is not whole."""
        return None if self._vwap is None else self._vwap.value
