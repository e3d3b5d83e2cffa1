"""What one 15m close of one symbol costs, from candle to signals, with all rooms at work."""

from __future__ import annotations

import pickle
from time import perf_counter

from futtui.analysis.analyzer import SymbolAnalyzer
from futtui.domain.candle import Candle
from futtui.domain.timeframe import ANALYSIS_TIMEFRAMES, Timeframe

NAME = "analyzer"
DESCRIPTION = "SymbolAnalyzer: history load and cost of a 15m close, in process"

LOADED_BARS = {Timeframe.M15: 1500, Timeframe.H1: 1000, Timeframe.H4: 900, Timeframe.D1: 150}
LIVE_BARS = 2000


def run() -> tuple[list[tuple[str, ...]], dict[str, float]]:
    """Table rows (header first) and figures: microseconds per 15m close, seconds per load, bytes per answer."""
    history, moments = _market()
    analyzer = SymbolAnalyzer("BENCHUSDT")
    begin = perf_counter()
    analyzer.load(history)
    load_s = perf_counter() - begin
    costs_us, answers, signals = [], 0, 0
    for closes in moments:
        begin = perf_counter()
        result = analyzer.on_closes(closes)
        costs_us.append((perf_counter() - begin) * 1e6)
        signals += len(result.signals)
        answers = len(pickle.dumps(result))
    costs_us.sort()
    loaded = sum(len(candles) for candles in history.values())
    figures = {
        "close_us_median": round(costs_us[len(costs_us) // 2], 1),
        "close_us_mean": round(sum(costs_us) / len(costs_us), 1),
        "close_us_p99": round(costs_us[int(len(costs_us) * 0.99)], 1),
        "load_s": round(load_s, 3),
        "load_us_per_candle": round(load_s / loaded * 1e6, 1),
        "answer_bytes": answers,
        "signals": signals,
    }
    rows = [("figure", "value"), *((name, f"{value:g}") for name, value in figures.items())]
    return rows, figures


def _market() -> tuple[dict[Timeframe, list[Candle]], list[list[tuple[Timeframe, Candle]]]]:
    """A wave market on all timeframes, without chance: history and the later closes by moment."""
    days = LOADED_BARS[Timeframe.D1] + LIVE_BARS // 96 + 1
    quarters = _waves(days * 96)
    start_ms = quarters[-LIVE_BARS].open_time_ms
    history: dict[Timeframe, list[Candle]] = {}
    moments: dict[int, list[tuple[Timeframe, Candle]]] = {}
    for timeframe in ANALYSIS_TIMEFRAMES:
        candles = _combined(quarters, timeframe)
        past = [bar for bar in candles if timeframe.end_ms(bar.open_time_ms) <= start_ms]
        history[timeframe] = past[-LOADED_BARS[timeframe] :]
        for bar in candles[len(past) :]:
            moments.setdefault(timeframe.end_ms(bar.open_time_ms), []).append((timeframe, bar))
    return history, [moments[time_ms] for time_ms in sorted(moments)]


def _waves(count: int) -> list[Candle]:
    """Candles from a fixed integer recurrence: the same on every machine and every run."""
    state, price, found = 12345, 100.0, []
    for number in range(count):
        points = [price]
        for _ in range(4):
            state = (state * 1_103_515_245 + 12_345) % 2**31
            points.append(points[-1] * (1.0 + (state / 2**31 - 0.5) * 0.006))
        volume = 100.0 * (1.0 + 300.0 * abs(points[-1] / points[0] - 1.0))
        time_ms = number * Timeframe.M15.ms
        found.append(Candle(time_ms, points[0], max(points), min(points), points[-1], volume))
        price = points[-1]
    return found


def _combined(quarters: list[Candle], timeframe: Timeframe) -> list[Candle]:
    size = timeframe.ms // Timeframe.M15.ms
    groups = (quarters[start : start + size] for start in range(0, len(quarters) - size + 1, size))
    return [
        Candle(
            bars[0].open_time_ms,
            bars[0].open,
            max(bar.high for bar in bars),
            min(bar.low for bar in bars),
            bars[-1].close,
            sum(bar.volume for bar in bars),
        )
        for bars in groups
    ]
