"""The exchange's own clock: real time times a speed factor, or frozen between steps (lockstep)."""

from __future__ import annotations

import math
from collections.abc import Callable

from futtui.domain.errors import InvalidInputError

LOCKSTEP = "max"


def check_speed(speed: float | str) -> float | None:
    """The speed as a factor, None for lockstep ("max"); raises InvalidInputError for anything else."""
    if isinstance(speed, str):
        if speed.strip().lower() == LOCKSTEP:
            return None
        try:
            speed = float(speed)
        except ValueError:
            raise InvalidInputError(f'Speed {speed!r} is not a number. Use a factor such as 60, or "max".') from None
    if not (math.isfinite(speed) and 0 < speed <= 100_000):
        raise InvalidInputError(f'Speed {speed} is out of range. Use a factor from 0.001 to 100000, or "max".')
    return float(speed)


class VirtualClock:
    """Virtual time in epoch ms. `real_s` is a monotonic clock in seconds (an argument, so that tests own it)."""

    def __init__(self, start_ms: int, speed: float | str, real_s: Callable[[], float]) -> None:
        self._real_s = real_s
        self.speed = check_speed(speed)
        self.now_ms = start_ms
        self.shift_ms = 0
        self._base_ms = float(start_ms)
        self._base_real_s = real_s()

    @property
    def lockstep(self) -> bool:
        """Whether time moves only by /sim/advance."""
        return self.speed is None

    @property
    def server_time_ms(self) -> int:
        """What the exchange says the time is: between loops it runs on with real time; a fault may shift it."""
        return (self.now_ms if self.speed is None else max(self.now_ms, self.target_ms())) + self.shift_ms

    def target_ms(self) -> int:
        """Where virtual time should be by now; equal to `now_ms` in lockstep."""
        if self.speed is None:
            return self.now_ms
        return int(self._base_ms + (self._real_s() - self._base_real_s) * 1000.0 * self.speed)

    def set_speed(self, speed: float | str) -> None:
        """Change the speed from this moment on; no time is lost or repeated."""
        checked = check_speed(speed)
        self._rebase()
        self.speed = checked

    def slip_to(self, time_ms: int) -> None:
        """Let virtual time fall back to `time_ms`: the machine could not keep up with the speed."""
        self._base_ms = float(time_ms)
        self._base_real_s = self._real_s()

    def stop_at(self, time_ms: int) -> None:
        """Hold virtual time at `time_ms` (the market ended there)."""
        self.now_ms = time_ms
        self.speed = None

    def _rebase(self) -> None:
        self._base_ms = float(max(self.now_ms, self.target_ms()))
        self._base_real_s = self._real_s()

    def limit_time_ms(self) -> int:
        """The time in which request budgets are counted: virtual in lockstep, else real."""
        return self.now_ms if self.speed is None else int(self._real_s() * 1000.0)

    def virtual_span_ms(self, limit_span_ms: int) -> int:
        """A span of `limit_time_ms` as virtual milliseconds."""
        return limit_span_ms if self.speed is None else int(limit_span_ms * self.speed)
