"""The one place of this room that reads the computer's clock."""

from __future__ import annotations

import time
from collections.abc import Callable

ClockMs = Callable[[], int]
"""Anything that tells the time in epoch milliseconds: the system clock, an exchange's clock, a test's list."""


class SystemClock:
    """Epoch milliseconds that never run backwards: wall time at the start, carried on by the monotonic clock.

    A correction of the computer's clock (or daylight saving time) while the program runs cannot break a time-out.
    """

    __slots__ = ("_base_ns", "_start_ns")

    def __init__(self) -> None:
        self._base_ns = time.time_ns()
        self._start_ns = time.monotonic_ns()

    def __call__(self) -> int:
        return (self._base_ns + time.monotonic_ns() - self._start_ns) // 1_000_000
