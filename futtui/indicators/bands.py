"""Bands around price: Bollinger and Donchian, and the rank of a value among its recent past.

Sums are taken over the window itself (`math.fsum`), so a value depends on its window only and never on when the
series began.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from math import fsum, sqrt

from futtui.domain.candle import Candle


class RollingPercentile:
    """Share (0-100) of the `length` values before the newest that lie strictly below it; None until they are known."""

    __slots__ = ("_order", "_sorted", "length", "value", "warm_up_bars")

    def __init__(self, length: int = 90) -> None:
        self.length = length
        self.warm_up_bars = length + 1
        self.value: float | None = None
        self._order: deque[float] = deque()
        self._sorted: list[float] = []

    def update(self, value: float) -> None:
        """Rank `value` among those before it, then remember it."""
        ordered = self._sorted
        place = bisect_left(ordered, value)
        if len(ordered) == self.length:
            self.value = 100.0 * place / self.length
            oldest = bisect_left(ordered, self._order.popleft())
            del ordered[oldest]
            place -= oldest < place
        self._order.append(value)
        ordered.insert(place, value)


class BollingerBands:
    """Mean of `length` closes with bands `deviations` standard deviations away (population deviation).

    `width` is (upper - lower) / middle; `width_percentile` its rank among the 90 widths before it. `value` is the
    middle. None before `warm_up_bars` (bands) and 90 bars later (rank).
    """

    __slots__ = ("_closes", "_rank", "deviations", "length", "lower", "middle", "upper", "warm_up_bars", "width")

    def __init__(self, length: int = 20, deviations: float = 2.0, rank_bars: int = 90) -> None:
        self.length = length
        self.deviations = deviations
        self.warm_up_bars = length
        self.middle: float | None = None
        self.upper: float | None = None
        self.lower: float | None = None
        self.width: float | None = None
        self._closes: deque[float] = deque(maxlen=length)
        self._rank = RollingPercentile(rank_bars)

    @property
    def value(self) -> float | None:
        """The middle band."""
        return self.middle

    @property
    def width_percentile(self) -> float | None:
        """Share of the 90 widths before this one that were narrower, 0-100."""
        return self._rank.value

    def update(self, close: float) -> None:
        """Take the next close in order."""
        closes = self._closes
        closes.append(close)
        if len(closes) < self.length:
            return
        middle = fsum(closes) / self.length
        reach = self.deviations * sqrt(fsum([(price - middle) ** 2 for price in closes]) / self.length)
        self.middle = middle
        self.upper = middle + reach
        self.lower = middle - reach
        self.width = 2.0 * reach / middle
        self._rank.update(self.width)


class Donchian:
    """Highest high and lowest low of the `length` bars BEFORE the newest one, so the newest bar can break them.

    `value` is the middle of the channel. None until `length` earlier bars exist.
    """

    __slots__ = ("_highs", "_lows", "high", "length", "low", "warm_up_bars")

    def __init__(self, length: int = 20) -> None:
        self.length = length
        self.warm_up_bars = length + 1
        self.high: float | None = None
        self.low: float | None = None
        self._highs: deque[float] = deque(maxlen=length)
        self._lows: deque[float] = deque(maxlen=length)

    @property
    def value(self) -> float | None:
        """Middle of the channel."""
        return None if self.high is None or self.low is None else (self.high + self.low) / 2.0

    def update(self, candle: Candle) -> None:
        """Take the next closed candle."""
        if len(self._highs) == self.length:
            self.high = max(self._highs)
            self.low = min(self._lows)
        self._highs.append(candle.high)
        self._lows.append(candle.low)
