"""Moving averages and their slope."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import pairwise

from futtui.indicators.warmup import converged_after


class Ema:
    """Exponential moving average, seeded with the simple mean of the first `length` values.

    `value` is None until `warm_up_bars` values were seen. By default that is four lengths: the seed then weighs
    less than 0.3 %. Formula: mean += 2 / (length + 1) * (value - mean).
    """

    __slots__ = ("_alpha", "_count", "_mean", "length", "value", "warm_up_bars")

    def __init__(self, length: int, warm_up_bars: int | None = None) -> None:
        self.length = length
        self.warm_up_bars = converged_after(length, first=length, asked=warm_up_bars)
        self.value: float | None = None
        self._alpha = 2.0 / (length + 1)
        self._count = 0
        self._mean = 0.0

    def update(self, value: float) -> None:
        """Take the next value in order."""
        if self._count >= self.warm_up_bars:  # nearly always
            self._mean += self._alpha * (value - self._mean)
            self.value = self._mean
            return
        self._count += 1
        if self._count > self.length:
            self._mean += self._alpha * (value - self._mean)
        else:
            self._mean += value
            if self._count == self.length:
                self._mean /= self.length
        if self._count >= self.warm_up_bars:
            self.value = self._mean


class Slope:
    """Change per bar of a series over the last `lag` bars: (now - value `lag` bars ago) / lag.

    A None in the series starts the wait again. Used with lag 5 on averages and lag 10 on cumulative delta.
    """

    __slots__ = ("_values", "lag", "value", "warm_up_bars")

    def __init__(self, lag: int = 5) -> None:
        self.lag = lag
        self.warm_up_bars = lag + 1
        self.value: float | None = None
        self._values: deque[float] = deque(maxlen=lag + 1)

    def update(self, value: float | None) -> None:
        """Take the next value in order; None where the series is not available."""
        if value is None:
            self._values.clear()
            self.value = None
            return
        self._values.append(value)
        if len(self._values) == self.warm_up_bars:
            self.value = (value - self._values[0]) / self.lag


def alignment(averages: Sequence[float]) -> int:
    """+1 if the averages, fastest first, stand in rising order (fast above slow), -1 if in falling order, else 0."""
    rising = falling = True
    for fast, slow in pairwise(averages):
        rising = rising and fast > slow
        falling = falling and fast < slow
    return 1 if rising else -1 if falling else 0
