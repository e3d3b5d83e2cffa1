"""How fast the synthetic market is made, and how fast time runs through it in the slices of the lockstep demo."""

from __future__ import annotations

from time import perf_counter

from futtui.domain.timeframe import ANALYSIS_TIMEFRAMES, DAY_MS
from futtui.exchange.simulator.market.synthetic import SyntheticMarket

NAME = "synthetic_market"
DESCRIPTION = "synthetic market: 200 days x 12 symbols, first candles, and one day of ticks in 15 s slices"

_DAYS = 200
_CANDLES = 1500
_SLICE_MS = 15_000


def run() -> tuple[list[tuple[str, ...]], dict[str, float]]:
    """Table rows (header first) and figures."""
    begun = perf_counter()
    market = SyntheticMarket(history_days=_DAYS)
    made = perf_counter()
    candles = 0
    for spec in market.specs:
        for frame in ANALYSIS_TIMEFRAMES:
            first_ms = market.start_ms - _CANDLES * frame.ms
            candles += len(market.candles(spec.rules.symbol, frame, first_ms, market.start_ms, _CANDLES))
    served = perf_counter()
    ticks, end_ms = 0, market.start_ms + DAY_MS
    for slice_ms in range(market.start_ms, end_ms, _SLICE_MS):
        ticks += len(market.ticks(slice_ms, slice_ms + _SLICE_MS))
    walked = perf_counter()
    bars = _DAYS * 96 * len(market.specs)
    make_s, serve_s, walk_s = made - begun, served - made, walked - served
    table: list[tuple[str, ...]] = [
        ("work", "amount", "seconds", "per second"),
        (
            f"make {_DAYS} days x {len(market.specs)} symbols",
            f"{bars:,} bars",
            f"{make_s:.3f}",
            f"{bars / make_s:,.0f}",
        ),
        ("first candles, 4 timeframes", f"{candles:,} candles", f"{serve_s:.3f}", f"{candles / serve_s:,.0f}"),
        ("walk one day in 15 s slices", f"{ticks:,} ticks", f"{walk_s:.3f}", f"{ticks / walk_s:,.0f}"),
    ]
    return table, {
        "make_s": round(make_s, 4),
        "first_candles_s": round(serve_s, 4),
        "ready_s": round(make_s + serve_s, 4),
        "walk_day_s": round(walk_s, 4),
        "ticks_per_s": round(ticks / walk_s, 1),
    }
