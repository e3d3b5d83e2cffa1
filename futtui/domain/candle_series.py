"""Candles of one symbol and timeframe with the VWAPs along them: what a chart is drawn from."""

from __future__ import annotations

from dataclasses import dataclass

from futtui.domain.candle import Candle
from futtui.domain.timeframe import Timeframe


@dataclass(frozen=True, slots=True)
class CandleSeries:
    """Closed candles, oldest first, and for each the VWAP of its UTC day and of its week (from Monday 00:00 UTC).

    A VWAP is None where it is too fresh or its period was not seen whole. `is_oldest`: nothing older is known.
    """

    symbol: str
    timeframe: Timeframe
    candles: tuple[Candle, ...] = ()
    daily_vwap: tuple[float | None, ...] = ()
    weekly_vwap: tuple[float | None, ...] = ()
    is_oldest: bool = False
