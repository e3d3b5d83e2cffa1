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


class Vwap:
    """A VWAP of the bars that it is given: value, deviation and bands."""

    def __init__(self, minimum_bars: int = USABLE_AFTER_BARS) -> None:
        self.warm_up_bars = minimum_bars
        self._sums = WeightedMean()

    def add(self, price: float, volume: float) -> None:
        """Take the next bar as its price and volume; the caller knows that it belongs to the VWAP."""
        self._sums.add(price, volume)

    @property
    def bars(self) -> int:
        """Bars since the anchor."""
        return self._sums.bars

    @property
    def value(self) -> float | None:
        """The VWAP; None before `warm_up_bars` bars after the anchor and without any volume."""
        ready = self._sums.bars >= self.warm_up_bars and self._sums.volume > 0
        return self._sums.mean if ready else None

    @property
    def deviation(self) -> float | None:
        """Volume-weighted standard deviation of price since the anchor; None while `value` is."""
        if self.value is None:
            return None
        return sqrt(max(0.0, self._sums.spread / self._sums.volume))

    @property
    def value_and_deviation(self) -> tuple[float, float] | None:
        """Both at once; None while not available."""
        sums = self._sums
        if sums.bars < self.warm_up_bars or sums.volume <= 0:
            return None
        return sums.mean, sqrt(max(0.0, sums.spread / sums.volume))

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
            self._sums = WeightedMean()
        self._sums.add(candle.typical, candle.volume)


class AnchoredVwap(Vwap):
    """VWAP of all bars that opened at or after `anchor_ms`; earlier bars are ignored."""

    def __init__(self, anchor_ms: int, minimum_bars: int = USABLE_AFTER_BARS) -> None:
        super().__init__(minimum_bars)
        self.anchor_ms = anchor_ms

    def update(self, candle: Candle) -> None:
        """Take the next closed candle."""
        if candle.open_time_ms >= self.anchor_ms:
            self._sums.add(candle.typical, candle.volume)
