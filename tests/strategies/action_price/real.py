"""Action Price on real candles: indicators and regimes of all timeframes, without the zones that it does not use."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from futtui.analysis.frame import AnalysisFrame
from futtui.domain.candle import Candle
from futtui.domain.timeframe import ANALYSIS_TIMEFRAMES
from futtui.regime.settings import RegimeSettings
from futtui.strategies.base import StrategyContext
from tests.analysis.markets import all_frames

KEPT = 300


def contexts(symbol: str, quarters: tuple[Candle, ...], from_ms: int) -> Iterator[StrategyContext]:
    """What the strategy sees at every 15m close from `from_ms` on; earlier candles only warm up.

    A context is good until the next one is asked for.
    """
    frames = {frame: AnalysisFrame(frame, RegimeSettings(), KEPT) for frame in ANALYSIS_TIMEFRAMES}
    closes = [
        (frame.end_ms(bar.open_time_ms), frame, bar) for frame, bars in all_frames(quarters).items() for bar in bars
    ]
    closes.sort(key=lambda each: (each[0], -each[1].ms))
    for time_ms, group in groupby(closes, key=lambda each: each[0]):
        for _, frame, bar in group:
            assert frames[frame].refusal(bar) is None
            frames[frame].take(bar)
        if time_ms < from_ms:
            continue
        readings = {frame: each.reading for frame, each in frames.items() if each.is_current(time_ms)}
        yield StrategyContext(
            symbol,
            time_ms,
            {frame: reading for frame, reading in readings.items() if reading is not None},
            lambda frame, count: frames[frame].candles(count),
        )
