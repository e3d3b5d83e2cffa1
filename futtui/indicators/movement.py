"""How straight price moves and how busy a bar is."""

from __future__ import annotations

from collections import deque
from math import fsum


class EfficiencyRatio:
    """Kaufman's ratio 0-1: net move over `length` bars divided by the path walked.

    None before `warm_up_bars` and while price stands still (no path, no ratio).
    """

    __slots__ = ("_closes", "_steps", "length", "value", "warm_up_bars")

    def __init__(self, length: int = 10) -> None:
        self.length = length
        self.warm_up_bars = length + 1
        self.value: float | None = None
        self._closes: deque[float] = deque(maxlen=length + 1)
        self._steps: deque[float] = deque(maxlen=length)

    def update(self, close: float) -> None:
        """Take the next close in order."""
        if self._closes:
            self._steps.append(abs(close - self._closes[-1]))
        self._closes.append(close)
        if len(self._closes) < self.warm_up_bars:
            return
        path = fsum(self._steps)
        self.value = min(1.0, abs(close - self._closes[0]) / path) if path > 0 else None


class VolumeRatio:
    """Volume of the newest bar divided by the mean of the `length` bars before it.

    None before `warm_up_bars`, for a bar without trades and where the bars before had none.
    """

    __slots__ = ("_volumes", "length", "value", "warm_up_bars")

    def __init__(self, length: int = 20) -> None:
        self.length = length
        self.warm_up_bars = length + 1
        self.value: float | None = None
        self._volumes: deque[float] = deque(maxlen=length)

    def update(self, volume: float) -> None:
        """Take the next bar's volume."""
        self.value = None
        if len(self._volumes) == self.length and volume > 0:
            mean = fsum(self._volumes) / self.length
            self.value = volume / mean if mean > 0 else None
        self._volumes.append(volume)
