"""Candle intervals of the wire: all that the exchange knows, each built from a timeframe that a market source knows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from futtui.domain.timeframe import DAY_MS, HOUR_MS, MINUTE_MS, Timeframe

_MONDAY_OFFSET_MS = 4 * DAY_MS


@dataclass(frozen=True, slots=True)
class Interval:
    """A candle interval; `length_ms` 0 means a calendar month."""

    code: str
    length_ms: int
    base: Timeframe
    offset_ms: int = 0

    @property
    def is_base(self) -> bool:
        """Whether a market source has this interval itself."""
        return self.base.ms == self.length_ms

    def open_ms(self, time_ms: int) -> int:
        """Open time of the bar that contains `time_ms`."""
        if not self.length_ms:
            return _month_start_ms(time_ms, 0)
        return time_ms - (time_ms - self.offset_ms) % self.length_ms

    def end_ms(self, open_time_ms: int) -> int:
        """First millisecond after the bar that opened at `open_time_ms`."""
        if not self.length_ms:
            return _month_start_ms(open_time_ms, 1)
        return open_time_ms + self.length_ms

    def back_ms(self, open_time_ms: int, bars: int) -> int:
        """Open time of the bar `bars` earlier."""
        if not self.length_ms:
            return _month_start_ms(open_time_ms, -bars)
        return open_time_ms - bars * self.length_ms


def _month_start_ms(time_ms: int, months: int) -> int:
    date = datetime.fromtimestamp(time_ms / 1000, UTC)
    number = max(0, date.year * 12 + date.month - 1 + months)
    year = max(1970, number // 12)
    return int(datetime(year, number % 12 + 1, 1, tzinfo=UTC).timestamp()) * 1000


INTERVALS: dict[str, Interval] = {
    interval.code: interval
    for interval in (
        Interval("1m", MINUTE_MS, Timeframe.M1),
        Interval("3m", 3 * MINUTE_MS, Timeframe.M1),
        Interval("5m", 5 * MINUTE_MS, Timeframe.M5),
        Interval("15m", 15 * MINUTE_MS, Timeframe.M15),
        Interval("30m", 30 * MINUTE_MS, Timeframe.M15),
        Interval("1h", HOUR_MS, Timeframe.H1),
        Interval("2h", 2 * HOUR_MS, Timeframe.H1),
        Interval("4h", 4 * HOUR_MS, Timeframe.H4),
        Interval("6h", 6 * HOUR_MS, Timeframe.H1),
        Interval("8h", 8 * HOUR_MS, Timeframe.H4),
        Interval("12h", 12 * HOUR_MS, Timeframe.H4),
        Interval("1d", DAY_MS, Timeframe.D1),
        Interval("3d", 3 * DAY_MS, Timeframe.D1),
        Interval("1w", 7 * DAY_MS, Timeframe.D1, _MONDAY_OFFSET_MS),
        Interval("1M", 0, Timeframe.D1),
    )
}
