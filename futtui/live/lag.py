"""Measures how late the engine's loop runs: the time a short sleep takes too long."""

from __future__ import annotations

import asyncio
from collections import deque

from futtui.live.clock import steady_ms


class LagMeter:
    """Keeps the lateness of the newest beats in milliseconds."""

    def __init__(self, beat_s: float = 0.05, keep: int = 1200) -> None:
        self._beat_s = beat_s
        self._late_ms: deque[float] = deque(maxlen=keep)

    async def run(self) -> None:
        """Beat until cancelled."""
        while True:
            before = steady_ms()
            await asyncio.sleep(self._beat_s)
            self._late_ms.append(max(0.0, steady_ms() - before - self._beat_s * 1000.0))

    @property
    def recent_ms(self) -> float:
        """Worst lateness of the last second."""
        newest = list(self._late_ms)[-20:]
        return max(newest, default=0.0)

    def percentile(self, share: float) -> float:
        """Lateness that `share` (0-1) of the kept beats did not exceed."""
        ordered = sorted(self._late_ms)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0
