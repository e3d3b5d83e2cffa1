"""Prices to half rows and back, and when the scale is fitted anew."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from futtui.domain.candle import Candle
from futtui.tui.paint.chart.data import Level

ROOM = 0.06
"""Empty space above and below the candles, as a share of their range: they lie in the middle 90 %."""
KEEP_SHARE = 0.6
"""The scale stays while the candles fill at least this share of it."""
LEVEL_ROOM = 0.6
"""Levels of a plan may widen the scale by at most this share of the candles' range."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Prices between `low` and `high` (high > low) on `rows` rows."""

    low: float
    high: float
    rows: int

    def half(self, price: float) -> int:
        """The half row of a price: 0 at the top, outside the chart brought to its edge."""
        halves = 2 * self.rows
        share = (self.high - price) / (self.high - self.low)
        return max(0, min(halves - 1, math.floor(share * halves)))

    def row(self, price: float) -> int:
        """The row of a price, brought into the chart."""
        return self.half(price) // 2

    def price(self, row: int) -> float:
        """The price in the middle of a row."""
        return self.high - (row + 0.5) / self.rows * (self.high - self.low)

    def holds(self, price: float) -> bool:
        """Whether the price lies inside."""
        return self.low <= price <= self.high


def fit(
    candles: Sequence[Candle], levels: Sequence[Level], rows: int, before: Scale | None = None, price: float = 0.0
) -> Scale:
    """A scale for the candles, near levels of a plan included; `before` stays as long as it serves."""
    low = min(candle.low for candle in candles)
    high = max(candle.high for candle in candles)
    if price > 0:
        low, high = min(low, price), max(high, price)
    low, high = _with_levels(low, high, levels)
    if before is not None and before.rows == rows:
        margin = (before.high - before.low) * 0.05
        inside = before.low + margin * 0.999 <= low and high <= before.high - margin * 0.999
        if inside and high - low >= KEEP_SHARE * (before.high - before.low):
            return before
    least = max(abs(high) * 1e-9, 1e-15)
    room = max((high - low) * ROOM, least)
    if high - low < least:
        room = max(abs(high) * 0.002, least)
    return Scale(low - room, high + room, rows)


def _with_levels(low: float, high: float, levels: Sequence[Level]) -> tuple[float, float]:
    most = (high - low) * LEVEL_ROOM
    left = most
    for level in sorted(levels, key=lambda item: item.rank):
        if not level.line:
            continue
        wider = max(low - level.price, level.price - high, 0.0)
        if wider <= left:
            left -= wider
            low, high = min(low, level.price), max(high, level.price)
    return low, high


def nice_step(span: float, parts: int) -> float:
    """A round step (1, 2, 2.5 or 5 times a power of ten) that cuts `span` into at most `parts` pieces."""
    raw = span / max(1, parts)
    if raw <= 0 or not math.isfinite(raw):
        return 1.0
    power = 10.0 ** math.floor(math.log10(raw))
    for factor in (1.0, 2.0, 2.5, 5.0, 10.0):
        if factor * power >= raw:
            return factor * power
    return 10.0 * power
