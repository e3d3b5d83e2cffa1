"""Stored candles for people to look at: the same path for charts on the screen and on the phone."""

from __future__ import annotations

from collections.abc import Sequence

from futtui.domain.candle import Candle
from futtui.domain.candle_series import CandleSeries
from futtui.domain.timeframe import DAY_MS, HOUR_MS, Timeframe
from futtui.indicators.vwap import USABLE_AFTER_BARS, Vwap
from futtui.live.past_candles import candles_of
from futtui.storage.store import END_OF_TIME_MS, Storage

MOST_CANDLES = 2_000
"""More are never read at once."""
WEEK_MS = 7 * DAY_MS
MONDAY_MS = 4 * DAY_MS
"""The epoch began on a Thursday: the first Monday came four days later."""
_FRESH_MS = USABLE_AFTER_BARS * HOUR_MS // 4


def stored_candles(
    store: object, symbol: str, timeframe: Timeframe, limit: int, before_ms: int = END_OF_TIME_MS
) -> Sequence[Candle]:
    """The newest `limit` stored candles that opened before `before_ms`, oldest first; what the archive holds included.

    Reads the database: call it beside the loop. Empty where the engine keeps no database.
    """
    if not isinstance(store, Storage):
        return ()
    limit = min(limit, MOST_CANDLES)
    found = store.candles(symbol, timeframe, limit, before_ms)
    missing = limit - len(found)
    if missing and before_ms < END_OF_TIME_MS:
        end_ms = found[0].open_time_ms if found else before_ms
        archive = store.deep_history.load_arrays(symbol, timeframe, end_ms - missing * timeframe.ms, end_ms)
        found = [*candles_of(archive), *found]
    return found


def candle_series(
    store: object, symbol: str, timeframe: Timeframe, limit: int, before_ms: int = END_OF_TIME_MS
) -> CandleSeries:
    """`stored_candles` with the daily and weekly VWAP along them.

    A week more is read, so that the VWAPs of the first candles have seen their period whole.
    """
    week = WEEK_MS // timeframe.ms
    read = stored_candles(store, symbol, timeframe, limit + week, before_ms)
    shown = read[-limit:]
    daily, weekly = vwaps_along(read, timeframe)
    kept = len(shown)
    return CandleSeries(
        symbol, timeframe, tuple(shown), tuple(daily[-kept:]), tuple(weekly[-kept:]), is_oldest=len(read) <= limit
    )


def vwaps_along(candles: Sequence[Candle], timeframe: Timeframe) -> tuple[list[float | None], list[float | None]]:
    """The daily and the weekly VWAP at the close of each candle; the daily one is None for candles of a day."""
    daily: list[float | None] = [None] * len(candles)
    if timeframe.ms < DAY_MS:
        daily = _along(candles, timeframe, DAY_MS, 0)
    return daily, _along(candles, timeframe, WEEK_MS, MONDAY_MS)


def _along(candles: Sequence[Candle], timeframe: Timeframe, period_ms: int, first_ms: int) -> list[float | None]:
    """A VWAP that starts anew with each period; a period whose first candle is missing has none."""
    values: list[float | None] = []
    vwap: Vwap | None = None
    period = -1
    for candle in candles:
        number, into_ms = divmod(candle.open_time_ms - first_ms, period_ms)
        if number != period:
            period = number
            vwap = Vwap(max(1, _FRESH_MS // timeframe.ms)) if into_ms == 0 else None
        if vwap is not None:
            vwap.add(candle.typical, candle.volume)
        values.append(vwap.value if vwap is not None else None)
    return values
