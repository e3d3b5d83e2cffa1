"""How long something worked, without the time in which it stood still."""

from __future__ import annotations

import time


class Stopwatch:
    """Seconds that a run worked; they stand still while it does."""

    def __init__(self) -> None:
        self._since_s: float | None = time.perf_counter()  # the other clock stands still for 16 ms on Windows
        self._before_s = 0.0

    @property
    def seconds(self) -> float:
        """How long it has worked until now."""
        since_s = self._since_s
        return self._before_s + (0.0 if since_s is None else time.perf_counter() - since_s)

    def stop(self, stopped: bool) -> None:
        """Stands still, or goes on."""
        self._before_s, self._since_s = self.seconds, None if stopped else time.perf_counter()
