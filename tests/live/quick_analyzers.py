"""Analyzers that measure nothing and cost nothing: made-up signals now and then, for soaks about money."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence

from futtui.domain.candle import Candle
from futtui.domain.reading import AnalysisResult, FrameReading, SymbolReading
from futtui.domain.regime import Regime, RegimeReading
from futtui.domain.side import Side
from futtui.domain.signal import Levels, RawSignal, SignalPart, System, Trigger
from futtui.domain.timeframe import Timeframe
from futtui.domain.zone import ZoneEvent

ATR_SHARE = 0.004


class QuickAnalyzers:
    """An analyzer pool in this process; what it proposes depends on symbol and time alone."""

    worker_pids: tuple[int, ...] = ()

    def __init__(self, width: float = 0.5, every: int = 3) -> None:
        self._width = width
        self._every = every

    async def load(
        self,
        symbol: str,
        history: Mapping[Timeframe, Sequence[Candle]],
        tick_size: float | None,
        listed_ms: int | None = None,
    ) -> SymbolReading:
        last = history[Timeframe.M15][-1]
        return _reading(symbol, Timeframe.M15.end_ms(last.open_time_ms), last.close)

    async def on_closes(self, symbol: str, closes: Sequence[tuple[Timeframe, Candle]]) -> AnalysisResult:
        candle = next(candle for timeframe, candle in closes if timeframe is Timeframe.M15)
        reading = _reading(symbol, Timeframe.M15.end_ms(candle.open_time_ms), candle.close)
        chance = hashlib.sha256(f"{symbol}{reading.time_ms}".encode()).digest()
        signals = (self._signal(reading, chance),) if chance[0] % self._every == 0 else ()
        return AnalysisResult(reading, signals)

    def _signal(self, reading: SymbolReading, chance: bytes) -> RawSignal:
        side = Side.LONG if chance[1] & 1 else Side.SHORT
        atr = reading.price * ATR_SHARE
        step = side.sign * atr * (0.9 + self._width * (chance[2] % 3))
        price = reading.price
        levels = Levels(side, price, price - step, (price + step, price + 2 * step, price + 3 * step))
        return RawSignal(
            reading.symbol, System.CORE, "scripted", Timeframe.M15, side, Trigger.IMMEDIATE, reading.time_ms,
            reading.time_ms + Timeframe.M15.ms, levels, atr, 10.0, Regime.RANGE,
            (SignalPart("scripted", 10.0, "made up for a test"),), "Made up for a test.",
            time_stop_bars=6 + chance[3] % 12,
        )  # fmt: skip

    async def take_zone_events(self, symbol: str, since_ms: int) -> Sequence[ZoneEvent]:
        return ()

    async def drop(self, symbol: str) -> None:
        return None

    def lost_symbols(self) -> Collection[str]:
        return ()

    async def stop(self) -> None:
        return None


def _reading(symbol: str, time_ms: int, price: float) -> SymbolReading:
    frame = FrameReading(Timeframe.M15, time_ms, price, atr=price * ATR_SHARE, regime=RegimeReading(Regime.RANGE, 0.8))
    return SymbolReading(symbol, time_ms, price, {Timeframe.M15: frame}, ready=True)
