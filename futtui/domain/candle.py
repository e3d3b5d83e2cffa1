"""Candles: a closed bar and the still forming bar are different types on purpose."""

from __future__ import annotations

from dataclasses import dataclass

from futtui.domain.errors import InvalidInputError
from futtui.domain.packing import travels

SUM_DECIMALS = 8
"""Decimals of a sum of volumes: the exchange gives no more."""


@travels
@dataclass(frozen=True, slots=True)
class Candle:
    """A CLOSED bar: the only kind that may decide anything.

    Prices and volumes are float64; times are epoch milliseconds UTC. `None` means unknown, never zero:
    many archive copies hold OHLCV only.
    """

    open_time_ms: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    quote_volume: float | None = None
    trade_count: int | None = None
    taker_buy_volume: float | None = None
    taker_buy_quote_volume: float | None = None

    @property
    def typical(self) -> float:
        """(high + low + close) / 3, the usual price for VWAP."""
        return (self.high + self.low + self.close) / 3.0

    @property
    def range(self) -> float:
        """High minus low."""
        return self.high - self.low

    @property
    def delta(self) -> float | None:
        """Taker buy minus taker sell volume; None where taker volume is unknown."""
        if self.taker_buy_volume is None:
            return None
        return 2.0 * self.taker_buy_volume - self.volume

    def check(self) -> Candle:
        """The candle itself; raises InvalidInputError when its figures contradict each other."""
        in_order = self.low <= min(self.open, self.close) and max(self.open, self.close) <= self.high
        if not (in_order and self.low > 0 and self.volume >= 0):
            raise InvalidInputError(
                f"Candle at {self.open_time_ms} is impossible: open {self.open}, high {self.high}, low {self.low}, "
                f"close {self.close}, volume {self.volume}. Low must be lowest, high highest, prices above zero."
            )
        return self


@dataclass(frozen=True, slots=True)
class FormingCandle:
    """The bar that is still open, as last seen at `event_time_ms`; for display and for price watching only."""

    open_time_ms: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    event_time_ms: int
