"""Chart data for the tests of the painter: the drawn LINK chart, and charts of any candles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from futtui.domain.candle import Candle
from futtui.domain.timeframe import HOUR_MS, Timeframe
from futtui.tui.paint.chart.data import ChartData, FillMark, Level
from tests.tui.fake_engine import NOW_MS, made_candles, rules, zone

KYIV = ZoneInfo("Europe/Kyiv")
END_MS = Timeframe.M15.open_ms(NOW_MS)


def link_chart(**changes: Any) -> ChartData:
    """Candles that end at 13.882, three zones, a plan, an armed level, VWAPs and fills."""
    candles = made_candles(13.882, Timeframe.M15, END_MS, 400)
    values: dict[str, Any] = {
        "symbol": "LINKUSDT",
        "timeframe": Timeframe.M15,
        "zone_info": KYIV,
        "candles": candles,
        "daily_vwap": [candle.typical * 0.999 for candle in candles],
        "weekly_vwap": [candle.typical * 0.994 for candle in candles],
        "price": 13.882,
        "rules": rules("LINKUSDT", "0.001"),
        "zones": (
            zone("LINKUSDT", "R", 14.09, 14.14, 74),
            zone("LINKUSDT", "F", 13.80, 13.86, 88),
            zone("LINKUSDT", "S", 13.30, 13.41, 69),
        ),
        "levels": (
            Level(13.744, "Stop", "down", 1),
            Level(13.87, "Entry", "strong", 2),
            Level(14.02, "TP1", "up", 3),
            Level(14.18, "TP2", "up", 4),
            Level(15.6, "TP3", "up", 5),
            Level(13.95, "Arm L", "focus", 20),
        ),
        "fills": (FillMark(END_MS - 4 * HOUR_MS, 14.1, "▼", "strong"),),
        "now_ms": NOW_MS,
    }
    return ChartData(**{**values, **changes})


def chart_of(candles: Sequence[Candle], **changes: Any) -> ChartData:
    """A bare chart of these candles."""
    return ChartData("ABCUSDT", Timeframe.M15, KYIV, tuple(candles), now_ms=NOW_MS, **changes)
