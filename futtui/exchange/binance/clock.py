"""The computer's clock, and how far the exchange's is from it. The one place of this room that reads a clock."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

ClockMs = Callable[[], int]
"""Anything that tells the time in epoch milliseconds: the system clock, an exchange's clock, a test's list."""

JUMP_MS = 1000
"""A sample that contradicts the offset by more than its own time on the way and this means that a clock jumped."""
DRIFT_SPAN_MS = 10 * 60_000
MEASUREMENTS_KEPT = 48
HOUR_MS = 3_600_000


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

    def corrected_ms(self) -> int:
        """How far the computer's clock was put forward since the start (below 0: back), by a person or by itself."""
        return time.time_ns() // 1_000_000 - self()


@dataclass(frozen=True, slots=True)
class TimeSample:
    """One question for the time: our clock when it left and came back, and what the exchange said."""

    sent_ms: int
    received_ms: int
    server_ms: int

    @property
    def round_trip_ms(self) -> int:
        """How long question and answer took; never below 0."""
        return max(0, self.received_ms - self.sent_ms)

    @property
    def offset_ms(self) -> int:
        """How far the exchange is ahead of us if both ways took equally long; wrong by half a round trip at most."""
        return self.server_ms - (self.sent_ms + self.received_ms) // 2


class ClockOffset:
    """How far the exchange's clock is ahead of ours: the median of a row of samples, quick ones weighing more.

    The answer of a slow question may be wrong by half of the time it took, so a sample weighs 1 / round trip; the
    median keeps single stragglers out. Each row replaces the one before it; a single sample only does so when it
    cannot be true together with what is known, because then a clock was moved.
    """

    def __init__(self) -> None:
        self._history: deque[tuple[int, int]] = deque(maxlen=MEASUREMENTS_KEPT)
        self.is_known = False
        self.ms = 0
        """The offset; 0 before it is known."""
        self.uncertainty_ms = 0
        """How wrong it may be: half of the quickest round trip."""
        self.measured_ms = 0
        """Our time at the newest measurement."""

    def take(self, samples: Sequence[TimeSample]) -> None:
        """A row of samples is a new measurement; raises ValueError for none."""
        offset_ms = weighted_median([(one.offset_ms, 1.0 / (1 + one.round_trip_ms)) for one in samples])
        round_trip_ms = min(one.round_trip_ms for one in samples)
        if self.is_known and abs(offset_ms - self.ms) > JUMP_MS + round_trip_ms:
            self._history.clear()
        self.is_known, self.ms = True, offset_ms
        self.uncertainty_ms = round_trip_ms // 2 + 1
        self.measured_ms = max(one.received_ms for one in samples)
        self._history.append((self.measured_ms, offset_ms))

    def check(self, sample: TimeSample) -> bool:
        """Look at a single sample; True when it showed that a clock was moved, and was taken over."""
        moved = self.is_known and abs(sample.offset_ms - self.ms) > JUMP_MS + sample.round_trip_ms
        if moved:
            self.take([sample])
        return moved

    @property
    def drift_ms_per_hour(self) -> float | None:
        """How fast the offset grows; None until measurements lie ten minutes apart."""
        if not self._history or self._history[-1][0] - self._history[0][0] < DRIFT_SPAN_MS:
            return None
        (first_ms, before), (last_ms, after) = self._history[0], self._history[-1]
        return (after - before) / (last_ms - first_ms) * HOUR_MS


def weighted_median(values: Sequence[tuple[int, float]]) -> int:
    """The value at which half of the weight is reached, from (value, weight) pairs; 0 for none."""
    half = sum(weight for _, weight in values) / 2
    reached = 0.0
    for value, weight in sorted(values):
        reached += weight
        if reached >= half:
            return value
    return 0
