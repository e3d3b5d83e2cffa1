"""All volume profiles of a symbol: yesterday, the last 24 hours, five days, and points of control left untouched."""

from __future__ import annotations

from collections import deque

from futtui.domain.candle import Candle
from futtui.domain.reading import NakedPoc, ProfileReading, ProfileReadings
from futtui.domain.timeframe import DAY_MS
from futtui.indicators.volume_profile import PreviousDayVolumeProfile, RollingVolumeProfile, VolumeProfile

COMPOSITE_DAYS = 5
NAKED_DAYS = 10
"""Points of control older than this many complete days are forgotten, touched or not."""


class ProfileDays:
    """Fed with every 15m candle; a day with a hole before it ends all windows that would hold it."""

    def __init__(self) -> None:
        self._rolling = RollingVolumeProfile()
        self._previous = PreviousDayVolumeProfile()
        self._days: deque[VolumeProfile] = deque(maxlen=COMPOSITE_DAYS)
        self._composite: ProfileReading | None = None
        self._naked: list[NakedPoc] = []
        self._day = -1
        self._known: ProfileReadings | None = None

    def update(self, candle: Candle) -> None:
        """Take the next closed candle."""
        self._known = None
        self._previous.update(candle, self._rolling.update(candle))
        day = candle.open_time_ms // DAY_MS
        if day != self._day:
            self._begin_day(day)
        self._naked = [each for each in self._naked if not candle.low <= each.price <= candle.high]

    def _begin_day(self, day: int) -> None:
        self._day = day
        finished, reading = self._previous.finished, self._previous.reading
        if finished is None:
            self._days.clear()
        else:
            self._days.append(finished)
        self._composite = self._together() if len(self._days) == COMPOSITE_DAYS else None
        oldest_ms = (day - NAKED_DAYS) * DAY_MS
        self._naked = [each for each in self._naked if each.day_ms >= oldest_ms]
        if reading is not None:
            self._naked.insert(0, NakedPoc(reading.poc, (day - 1) * DAY_MS))

    def _together(self) -> ProfileReading | None:
        whole = VolumeProfile()
        for each in self._days:
            whole.merge(each)
        return whole.reading("5 days")

    @property
    def readings(self) -> ProfileReadings:
        """The profiles at the last close; None for windows that were not seen whole."""
        if self._known is None:
            self._known = ProfileReadings(
                self._previous.reading, self._rolling.reading, self._composite, tuple(self._naked)
            )
        return self._known
