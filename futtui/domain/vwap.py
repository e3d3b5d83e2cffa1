"""Volume-weighted average prices as the other rooms see them: value, bands and where they are anchored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from futtui.domain.packing import travels

SWING_HIGH, SWING_LOW, BUSIEST = "last major swing high", "last major swing low", "busiest bar of 5 days"
"""Names of the moments, beside the opens of day and week, at which a VWAP is anchored."""


class VwapReading(NamedTuple):
    """One VWAP at the last close: `value` and the volume-weighted standard deviation of price since `anchor_ms`.

    `name` says what it is anchored at, in words; `bars` counts the 15m bars since the anchor. (A named tuple, because
    several are made at every close.)
    """

    name: str
    anchor_ms: int
    value: float
    deviation: float
    bars: int

    def band(self, deviations: float) -> float:
        """The VWAP plus `deviations` (may be negative) standard deviations."""
        return self.value + deviations * self.deviation

    @property
    def upper_1(self) -> float:
        """One standard deviation above."""
        return self.band(1.0)

    @property
    def lower_1(self) -> float:
        """One standard deviation below."""
        return self.band(-1.0)

    @property
    def upper_2(self) -> float:
        """Two standard deviations above."""
        return self.band(2.0)

    @property
    def lower_2(self) -> float:
        """Two standard deviations below."""
        return self.band(-2.0)

    @property
    def upper_3(self) -> float:
        """Three standard deviations above."""
        return self.band(3.0)

    @property
    def lower_3(self) -> float:
        """Three standard deviations below."""
        return self.band(-3.0)


@travels
@dataclass(frozen=True, slots=True)
class VwapReadings:
    """All VWAPs of a symbol; None = not available (too fresh, period not seen whole, session closed, no volume)."""

    daily: VwapReading | None = None
    weekly: VwapReading | None = None
    session_asia: VwapReading | None = None
    session_europe: VwapReading | None = None
    session_us: VwapReading | None = None
    anchored: tuple[VwapReading, ...] = ()
    """VWAPs from named moments: last major swing high and low, day and week open, busiest bar of five days, in this
    order. Those of day and week open are `daily` and `weekly`."""

    def anchored_at(self, name: str) -> VwapReading | None:
        """The anchored VWAP of that name; None while it is not available."""
        return next((each for each in self.anchored if each.name == name), None)


NO_VWAPS = VwapReadings()
