"""Collects what a chart shows: candles of the database, zones of the newest reading, the plan of a signal."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from futtui.domain.candle import Candle
from futtui.domain.side import Side
from futtui.domain.signal import Levels
from futtui.domain.snapshot import EngineSnapshot
from futtui.domain.timeframe import Timeframe
from futtui.live.candle_chart import ChartData
from futtui.telegram.alerts import ChartWish

BARS_SHOWN = 120
BARS_READ = 220
"""More than is shown, so that the VWAP of the first day is whole."""
WIDTH, HEIGHT = 1100, 700


def chart_data(
    wish: ChartWish, snapshot: EngineSnapshot, candles: Callable[[str, Timeframe, int], Sequence[Candle]]
) -> ChartData | None:
    """Everything for the picture; None while there are no candles or no reading of the symbol."""
    timeframe = Timeframe.from_code(wish.timeframe)
    seen = candles(wish.symbol, timeframe, BARS_READ)
    reading = snapshot.readings.get(wish.symbol)
    if not seen or reading is None:
        return None
    levels = Levels(Side(wish.side), wish.entry, wish.stop, wish.targets) if wish.side else None
    return ChartData(reading, timeframe, seen, BARS_SHOWN, levels=levels, width=WIDTH, height=HEIGHT)
