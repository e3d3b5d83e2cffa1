"""Support and resistance zones."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from futtui.domain.timeframe import Timeframe


class ZoneKind(Enum):
    """What a zone does to price."""

    SUPPORT = "SUPPORT"
    RESISTANCE = "RESISTANCE"

    @property
    def opposite(self) -> ZoneKind:
        """The other kind."""
        return ZoneKind.RESISTANCE if self is ZoneKind.SUPPORT else ZoneKind.SUPPORT


@dataclass(frozen=True, slots=True)
class Zone:
    """A price band where price turned before. `score` is 0-100; `flipped` means that it was broken and changed kind."""

    zone_id: str
    symbol: str
    timeframe: Timeframe
    kind: ZoneKind
    low: float
    high: float
    score: float
    touches: int
    bounces: int
    created_ms: int
    last_touch_ms: int
    flipped: bool = False

    @property
    def middle(self) -> float:
        """Centre of the band."""
        return (self.low + self.high) / 2.0

    def contains(self, price: float) -> bool:
        """Whether `price` lies inside the band."""
        return self.low <= price <= self.high

    def gap_pct(self, price: float) -> float:
        """Distance from `price` to the nearer edge in percent of price; 0 inside."""
        if self.contains(price):
            return 0.0
        edge = self.low if price < self.low else self.high
        return abs(price - edge) / price * 100.0
