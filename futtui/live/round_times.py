"""How long rounds of analyses take, for the health record."""

from __future__ import annotations

from collections import deque

from futtui.domain.health import AnalysisHealth

KEPT = 200


class RoundTimes:
    """Keeps the times of the newest rounds."""

    def __init__(self) -> None:
        self._times_ms: deque[float] = deque(maxlen=KEPT)
        self._rounds = 0
        self._closes = 0

    def took(self, duration_ms: float, closes: int) -> None:
        """A round of so many closes is done; one without any does not count."""
        if closes:
            self._rounds += 1
            self._closes = closes
            self._times_ms.append(duration_ms)

    def view(self) -> AnalysisHealth:
        """The figures now."""
        if not self._times_ms:
            return AnalysisHealth()
        ordered = sorted(self._times_ms)
        return AnalysisHealth(
            rounds=self._rounds,
            closes=self._closes,
            last_ms=self._times_ms[-1],
            p50_ms=ordered[len(ordered) // 2],
            p99_ms=ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))],
        )
