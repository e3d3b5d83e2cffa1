"""Price alerts: prices of which the user wants to hear once, when the market gets there."""

from __future__ import annotations

from dataclasses import dataclass

ALERT_TOPIC = "alert"
"""The topic of the line that tells it."""
MOST_ALERTS = 50


@dataclass(frozen=True, slots=True)
class PriceAlert:
    """A price of a symbol; `above`: it lay above the market when it was set."""

    symbol: str
    price: float
    above: bool

    def is_reached(self, low: float, high: float) -> bool:
        """Whether a market that went from `low` to `high` has come to it."""
        return high >= self.price if self.above else low <= self.price
