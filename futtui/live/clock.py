"""Exchange time as the engine knows it: seen in messages, carried forward by the PC's steady clock.

This is the only module of the live shell that reads a clock. Virtual exchanges run `speed` times faster.
"""

from __future__ import annotations

import time


class ExchangeClock:
    """Estimate of the exchange's time in epoch milliseconds.

    `observe` feeds it with times seen in payloads; between them it runs on the monotonic clock times `speed`.
    Speed 0 means lockstep: time stands still until the next observation.
    """

    def __init__(self, speed: float = 1.0) -> None:
        self.speed = speed
        self._seen_ms = 0
        self._seen_at = 0.0

    @property
    def is_set(self) -> bool:
        """Whether any exchange time was seen yet."""
        return self._seen_ms > 0

    def observe(self, exchange_time_ms: int) -> None:
        """Take over a time that the exchange just told us, unless we already know a later one."""
        if exchange_time_ms >= self._seen_ms:
            self._seen_ms = exchange_time_ms
            self._seen_at = time.monotonic()

    def now_ms(self) -> int:
        """Best estimate of the exchange's time now."""
        if not self._seen_ms:
            return int(time.time() * 1000)
        return self._seen_ms + int((time.monotonic() - self._seen_at) * 1000 * self.speed)

    def signing_ms(self) -> int:
        """A timestamp for signed requests that is never ahead of the exchange."""
        return self._seen_ms if self._seen_ms and self.speed != 1.0 else self.now_ms()


def wall_ms() -> int:
    """The PC's own time in epoch milliseconds; for log files and file names only."""
    return int(time.time() * 1000)


def steady_ms() -> float:
    """Milliseconds on a clock that never jumps; for durations only."""
    return time.monotonic() * 1000.0
