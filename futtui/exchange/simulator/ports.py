"""Seams inside the simulated exchange: market source, matching core, wire server.

The source says what the market does, the core decides what happens to orders, the server puts both on the wire.
Everything here is synchronous and deterministic; time is an argument.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from futtui.domain.candle import Candle
from futtui.domain.packing import quickly_made
from futtui.domain.symbols import SymbolRules
from futtui.domain.timeframe import Timeframe


@quickly_made
@dataclass(frozen=True, slots=True)
class MarketTick:
    """What one symbol did in one grid step that ended at `time_ms`: a single price, and the volume traded at it.

    The path through a bar is a row of ticks; it touches the bar's open, high, low and close exactly.
    `taker_buy_volume` None = unknown.
    """

    symbol: str
    time_ms: int
    price: float
    volume: float
    taker_buy_volume: float | None


@dataclass(frozen=True, slots=True)
class SymbolSpec:
    """A symbol as a source offers it: rules, and what exchangeInfo and the brackets need besides.

    `price_grid`, `quantity_grid`: what recorded figures lie on where that is finer than the rules' steps; None = these.
    `funding_hours`: how often it is funded.
    """

    rules: SymbolRules
    onboard_time_ms: int
    maker_fee: Decimal = Decimal("0.0002")
    taker_fee: Decimal = Decimal("0.0005")
    liquidation_fee: Decimal = Decimal("0.0125")
    market_take_bound: Decimal = Decimal("0.05")
    spread_ticks: int = 1
    price_grid: Decimal | None = None
    quantity_grid: Decimal | None = None
    funding_hours: int = 8


class MarketSource(Protocol):
    """A market: synthetic or replayed. Times are epoch ms, bars as in Timeframe."""

    @property
    def label(self) -> str:
        """Shown everywhere, e.g. `SYNTHETIC MARKET (seed 7)` or `HISTORY REPLAY`."""
        ...

    @property
    def synthetic(self) -> bool: ...

    @property
    def specs(self) -> Sequence[SymbolSpec]: ...

    @property
    def start_ms(self) -> int:
        """Virtual time at which the exchange opens; history before it is complete."""
        ...

    @property
    def end_ms(self) -> int | None:
        """Where the market runs out of data; None = endless."""
        ...

    def ticks(self, from_ms: int, to_ms: int) -> list[MarketTick]:
        """All ticks with from_ms < time_ms <= to_ms, by time, then by symbol; the same whatever the slicing."""
        ...

    def candles(self, symbol: str, timeframe: Timeframe, first_open_ms: int, end_ms: int, limit: int) -> list[Candle]:
        """Up to `limit` bars complete at `end_ms` with open_time_ms >= first_open_ms, oldest first (limit 0 = all).

        They agree with `ticks`: aggregating the ticks of a bar gives the bar.
        """
        ...

    def funding_rate(self, symbol: str, funding_time_ms: int) -> float:
        """Rate paid at that funding time (8-hourly), as a fraction."""
        ...
