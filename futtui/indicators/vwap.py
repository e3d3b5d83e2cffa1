"""Volume-weighted average prices, always anchored by time stamp, never by a position in a window."""

from __future__ import annotations

from math import sqrt

from futtui.domain.candle import Candle
from futtui.domain.timeframe import DAY_MS

USABLE_AFTER_BARS = 8
"""A fresh VWAP is noise: it is not available before this many bars after its anchor."""


class WeightedMean:
    """Mean and variance of prices weighted by volume, one pass (West, 1979): stable for any price level.

    `spread` divided by `volume` is the variance.
    """

    __slots__ = ("bars", "mean", "spread", "volume")

    def __init__(self) -> None:
        self.start_over()

    def start_over(self) -> None:
        """Forget all bars."""
        self.bars = 0
        self.volume = self.mean = self.spread = 0.0

    def add(self, price: float, volume: float) -> None:
        """Take the next bar's price and volume; a bar without volume only counts as a bar."""
        self.bars += 1
        if volume <= 0:
            return
        self.volume += volume
        step = price - self.mean
        self.mean += step * volume / self.volume
        self.spread += volume * step * (price - self.mean)


class Vwap(WeightedMean):
    """A VWAP of the bars that it is given: value, deviation and bands. The caller knows that a bar belongs to it."""

    __slots__ = ("warm_up_bars",)

    def __init__(self, minimum_bars: int = USABLE_AFTER_BARS) -> None:
        super().__init__()
        self.warm_up_bars = minimum_bars

    @property
    def value(self) -> float | None:
        """The VWAP; None before `warm_up_bars` bars after the anchor and without any volume."""
        return self.mean if self.bars >= self.warm_up_bars and self.volume > 0 else None

    @property
    def deviation(self) -> float | None:
        """Volume-weighted standard deviation of price since the anchor; None while `value` is."""
        if self.value is None:
            return None
        return sqrt(max(0.0, self.spread / self.volume))

    @property
    def value_and_deviation(self) -> tuple[float, float] | None:
        """Both at once; None while not available."""
        if self.bars < self.warm_up_bars or self.volume <= 0:
            return None
        return self.mean, sqrt(max(0.0, self.spread / self.volume))

    def band(self, deviations: float) -> float | None:
        """The VWAP plus `deviations` (may be negative) standard deviations."""
        value, deviation = self.value, self.deviation
        return None if value is None or deviation is None else value + deviations * deviation


class DailyVwap(Vwap):
    """VWAP of the current UTC day: starts again with the first bar that opens at or after 00:00 UTC."""

    def __init__(self, minimum_bars: int = USABLE_AFTER_BARS) -> None:
        super().__init__(minimum_bars)
        self._day = -1

    def update(self, candle: Candle) -> None:
        """Take the next closed candle."""
        day = candle.open_time_ms // DAY_MS
        if day != self._day:
            self._day = day
            self.start_over()
        self.add(candle.typical, candle.volume)


class AnchoredVwap(Vwap):
    """VWAP of all bars that opened at or after `anchor_ms`; earlier bars are ignored."""

    def __init__(self, anchor_ms: int, minimum_bars: int = USABLE_AFTER_BARS) -> None:
        super().__init__(minimum_bars)
        self.anchor_ms = anchor_ms

    def update(self, candle: Candle) -> None:
        """Take the next closed candle."""
        if candle.open_time_ms >= self.anchor_ms:
            self.add(candle.typical, candle.volume)
