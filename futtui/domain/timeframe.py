"""Timeframes and their arithmetic on integer epoch milliseconds, UTC only."""

from __future__ import annotations

from enum import Enum

from futtui.domain.errors import InvalidInputError

MINUTE_MS = 60_000
HOUR_MS = 3_600_000
DAY_MS = 86_400_000

_LENGTH_MS = {
    "1m": MINUTE_MS,
    "5m": 5 * MINUTE_MS,
    "15m": 15 * MINUTE_MS,
    "1h": HOUR_MS,
    "4h": 4 * HOUR_MS,
    "1d": DAY_MS,
}


class Timeframe(Enum):
    """A candle length; the value is its code on the wire, as in `15m`.

    All lengths divide a UTC day, so bars start at multiples of their length since the epoch.
    """

    M1 = "1m"
    M5 = "5m"
    M15 = "15m"
    H1 = "1h"
    H4 = "4h"
    D1 = "1d"

    ms: int
    code: str
    """The exchange's name of the timeframe."""
    __hash__ = object.__hash__  # members are single: the name's hash costs a Python call at every look-up

    def __init__(self, code: str) -> None:
        self.ms = _LENGTH_MS[code]
        self.code = code

    @classmethod
    def from_code(cls, code: str) -> Timeframe:
        """The timeframe named `code`; raises InvalidInputError that lists the known ones."""
        try:
            return cls(code)
        except ValueError:
            known = ", ".join(member.code for member in cls)
            raise InvalidInputError(f"Unknown timeframe {code!r}. Use one of: {known}.") from None

    def open_ms(self, time_ms: int) -> int:
        """Open time of the bar that contains `time_ms`."""
        return time_ms - time_ms % self.ms

    def end_ms(self, open_time_ms: int) -> int:
        """First millisecond after the bar that opened at `open_time_ms` (its close, exclusive)."""
        return open_time_ms + self.ms

    def last_closed_open_ms(self, time_ms: int) -> int:
        """Open time of the newest bar that is complete at `time_ms`."""
        return self.open_ms(time_ms) - self.ms

    def bars_between(self, first_open_ms: int, last_open_ms: int) -> int:
        """How many bars lie from one open time to another, both included; 0 if reversed."""
        return max(0, (last_open_ms - first_open_ms) // self.ms + 1)


ANALYSIS_TIMEFRAMES = (Timeframe.D1, Timeframe.H4, Timeframe.H1, Timeframe.M15)
"""The frames every analyzer keeps, seniors first: that is also the order in which closes are processed."""
