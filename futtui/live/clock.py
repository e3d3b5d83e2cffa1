"""Exchange time as the engine knows it: seen in messages, carried forward by the PC's steady clock.

This is the only module of the live shell that reads a clock. Virtual exchanges run `speed` times faster.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable

from futtui.domain.errors import ExchangeError

WINDOW_S = 30.0
AHEAD_MS = 2_000.0
"""A single message this far ahead of what all others show is not believed: signed requests would leave too early."""
AGREED_S = 3.0
"""When most messages of so long a time are that far ahead, it is our own time that is wrong (a PC that slept).

Not all: of several streams one may lag by just as much as our time does, and would seem to prove it right.
"""
SLOW_ANSWER_S = 1.0
"""An answer that took longer tells a time so old that a second one is asked for, which gets no longer than this."""


class ExchangeClock:
    """Estimate of the exchange's time in epoch milliseconds.

    Every message is late by its time on the way, so the one that was least late in the newest 30 to 60 seconds (less
    where time runs faster) tells the time best; older ones are forgotten, because no two clocks run at one pace.
    Between messages time runs on the steady clock times `speed`. Speed 0 means lockstep: time stands still until the
    next observation.
    """

    def __init__(self, speed: float = 1.0, steady_s: Callable[[], float] = time.monotonic) -> None:
        self.speed = speed
        self._steady_s = steady_s
        self._seen_ms = 0
        self._window_s = WINDOW_S / max(1.0, speed)
        self._window_ends_s = 0.0
        self._lead_ms = 0.0
        self._lead_before_ms = 0.0
        self._ahead_since_s: float | None = None
        self._majority = 0  # messages ahead since then, less those that were not

    def hear(self, exchange_time_ms: int) -> bool:
        """Take note of the time that a message carries; False when it is too far ahead to be believed.

        In lockstep, and before any time is known, every message is.
        """
        limit_ms = AHEAD_MS * max(1.0, self.speed)
        if self.speed and self._seen_ms:
            is_ahead = exchange_time_ms - self.now_ms() > limit_ms
            if is_ahead and not self._most_agree():
                return False
            if is_ahead:
                self.restart(exchange_time_ms)
                return True
            self._majority -= 1
        self.observe(exchange_time_ms)
        return True

    def _most_agree(self) -> bool:
        """Whether, with this message that is ahead, long enough most of them were."""
        now_s = self._steady_s()
        is_over = self._ahead_since_s is not None and now_s - self._ahead_since_s >= AGREED_S
        self._majority += 1
        if is_over and self._majority > 0:
            return True
        if is_over or self._ahead_since_s is None:
            self._ahead_since_s, self._majority = now_s, 1
        return False

    def observe(self, exchange_time_ms: int) -> None:
        """Take note of a time that the exchange just told us, and that is surely its own."""
        now_s = self._steady_s()
        lead_ms = exchange_time_ms - now_s * 1000.0 * self.speed
        if now_s >= self._window_ends_s:
            is_next = self._seen_ms > 0 and now_s < self._window_ends_s + self._window_s
            self._lead_before_ms = self._lead_ms if is_next else lead_ms
            self._lead_ms = lead_ms
            self._window_ends_s = now_s + self._window_s
        self._lead_ms = max(self._lead_ms, lead_ms)
        self._seen_ms = max(self._seen_ms, exchange_time_ms)

    def restart(self, exchange_time_ms: int) -> None:
        """Forget what was seen: the exchange just told this time, and it may be earlier than we believed."""
        self._seen_ms, self._window_ends_s, self._ahead_since_s = 0, 0.0, None
        self.observe(exchange_time_ms)

    async def resync(self, ask_time_ms: Callable[[], Awaitable[int]]) -> None:
        """Forget what was seen and ask the exchange; raises ExchangeError when it does not answer.

        No part of the way is added: a time that is too early is accepted, one that is too late is refused.
        """
        began_s = self._steady_s()
        self.restart(await ask_time_ms())
        if self.speed and self._steady_s() - began_s > SLOW_ANSWER_S:
            with contextlib.suppress(ExchangeError, TimeoutError):
                async with asyncio.timeout(SLOW_ANSWER_S):  # an order may be waiting for this
                    self.observe(await ask_time_ms())

    def now_ms(self) -> int:
        """Best estimate of the exchange's time now."""
        if not self._seen_ms:
            return wall_ms()
        if not self.speed:
            return self._seen_ms
        return int(self._steady_s() * 1000.0 * self.speed + max(self._lead_ms, self._lead_before_ms))

    def lateness_ms(self, exchange_time_ms: int) -> int:
        """How long ago `exchange_time_ms` was, in real milliseconds; never below 0."""
        if not self.speed:
            return 0
        return max(0, int((self.now_ms() - exchange_time_ms) / self.speed))

    def signing_ms(self) -> int:
        """A timestamp for signed requests that is never ahead of the exchange."""
        return self._seen_ms if self._seen_ms and self.speed != 1.0 else self.now_ms()


def wall_ms() -> int:
    """The PC's own time in epoch milliseconds; for log files and file names only."""
    return int(time.time() * 1000)


def steady_ms() -> float:
    """Milliseconds on a clock that never jumps; for durations only."""
    return time.monotonic() * 1000.0
