"""Trades and the candles around them as compact data for the script of a report: every trade can be drawn."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from futtui.backtest.data import DRAWN_BARS, SymbolData
from futtui.backtest.kept_signals import signals_of
from futtui.backtest.run import BacktestResult
from futtui.backtest.trades_table import gross_r, slippage_of
from futtui.domain.backtests import TradeCandles
from futtui.domain.candle import Candle
from futtui.domain.position import Trade
from futtui.domain.signal import Signal
from futtui.domain.timeframe import ANALYSIS_TIMEFRAMES, Timeframe
from futtui.storage.candle_arrays import CandleArrays
from futtui.strategies.catalogue import title_of

ALL_BARS = 400_000
MOST_BARS, LEAST_BARS = DRAWN_BARS, 24
MOST_PARTS = 24


def embedded(result: BacktestResult, data: Mapping[str, SymbolData]) -> str:
    """JSON for a script element: nothing in it can end the element. A trade is a list, see `report.js`.

    The bars of each trade are bounded, and all of them together; a long trade is drawn with longer bars.
    """
    trades = result.trades
    bars = max(LEAST_BARS, min(MOST_BARS, ALL_BARS // max(1, len(trades))))
    signals = signals_of(trades, result.signals)
    rows = [_row(result, trade, signals.get(trade.signal_id), data[trade.symbol], bars) for trade in trades]
    text = json.dumps({"trades": rows}, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _row(result: BacktestResult, trade: Trade, signal: Signal | None, data: SymbolData, bars: int) -> dict[str, Any]:
    frame = _frame_for(trade, bars)
    candles = _around(data.past.series[frame], trade, frame, bars)
    tick = float(result.tick_sizes[trade.symbol])
    levels = signal.raw.levels if signal is not None else None
    return {
        "y": trade.symbol,
        "g": title_of(trade.strategy),
        "d": trade.side.sign,
        "o": trade.opened_ms,
        "c": trade.closed_ms,
        "e": float(trade.entry_price),
        "s": float(trade.initial_stop),
        "t": [round(price, 12) for price in levels.targets] if levels is not None else [],
        "l": [[leg.time_ms, float(leg.price), leg.reason.value, float(leg.quantity)] for leg in trade.legs],
        "r": round(trade.result_r, 4),
        "q": round(gross_r(result, trade), 4),
        "p": round(trade.result_pct, 4),
        "f": round(float(trade.fees), 6),
        "n": round(float(trade.funding), 6),
        "x": round(float(slippage_of(result, trade)), 6),
        "m": [round(trade.mfe_r, 3), round(trade.mae_r, 3)],
        "k": round(trade.score, 3),
        "w": signal.raw.summary if signal is not None else "",
        "a": _parts(signal),
        "b": _packed(candles, tick, frame),
    }


def candles_around(trades: Sequence[Trade], data: SymbolData, all_trades: int) -> dict[str, TradeCandles]:
    """The candles around each trade of a symbol by its position; bounded as those of a report with `all_trades`."""
    bars = max(LEAST_BARS, min(MOST_BARS, ALL_BARS // max(1, all_trades)))
    found = {}
    for trade in trades:
        frame = _frame_for(trade, bars)
        series = _around(data.past.series[frame], trade, frame, bars)
        rows = zip(series.open_time_ms.tolist(), *(line.tolist() for line in series.figures[0:5]), strict=True)
        found[trade.position_id] = TradeCandles(frame, tuple(Candle(*row) for row in rows))
    return found


def _frame_for(trade: Trade, bars: int) -> Timeframe:
    """The shortest bars with which the trade fills at most half of the picture."""
    length = trade.closed_ms - trade.opened_ms
    fitting = [frame for frame in ANALYSIS_TIMEFRAMES if length <= frame.ms * bars // 2]
    return min(fitting, key=lambda frame: frame.ms) if fitting else max(ANALYSIS_TIMEFRAMES, key=lambda frame: frame.ms)


def _around(series: CandleArrays, trade: Trade, frame: Timeframe, bars: int) -> CandleArrays:
    room = max(4, (bars - (trade.closed_ms - trade.opened_ms) // frame.ms) // 3)
    return series.between(trade.opened_ms - 2 * room * frame.ms, trade.closed_ms + room * frame.ms)


def _packed(candles: CandleArrays, tick: float, frame: Timeframe) -> dict[str, Any]:
    """Open, high, low and close in ticks, as differences to the close before; times only where bars are missing."""
    prices = np.rint(candles.figures[0:4] / tick).astype(np.int64)
    before = np.concatenate([[0], prices[3, :-1]]) if len(candles) else np.empty(0, np.int64)
    times = candles.open_time_ms
    gaps = np.flatnonzero(np.diff(times) != frame.ms) + 1
    return {
        "u": tick,
        "i": frame.ms,
        "z": int(times[0]) if len(candles) else 0,
        "j": [[int(place), int(times[place])] for place in gaps],
        "v": (prices - before).T.reshape(-1).tolist(),
    }


def _parts(signal: Signal | None) -> Sequence[Sequence[Any]]:
    if signal is None:
        return []
    parts = signal.parts[:MOST_PARTS]
    return [[part.name, round(part.points, 3) if part.valid else None, part.reason] for part in parts]
