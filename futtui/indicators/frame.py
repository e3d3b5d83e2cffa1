"""The usual set of measures for one timeframe of one symbol, kept up to date bar by bar."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import islice

from futtui.domain.candle import Candle
from futtui.domain.errors import InvalidInputError
from futtui.domain.reading import FrameReading
from futtui.domain.regime import UNKNOWN_REGIME, RegimeReading
from futtui.domain.timeframe import Timeframe
from futtui.indicators.averages import Ema, Slope
from futtui.indicators.bands import BollingerBands, Donchian, RollingPercentile
from futtui.indicators.flow import CumulativeDelta, FlowWindow
from futtui.indicators.movement import EfficiencyRatio, VolumeRatio
from futtui.indicators.wilder import Adx, Atr, Rsi

KEPT_CANDLES = 300


class FrameIndicators:
    """Measures of one timeframe: averages 20/50/200, ATR, ADX and RSI 14, Bollinger 20/2, Donchian 20, efficiency 10,
    flow of 3 bars, volume against the mean of 20 bars.

    Each measure is None until its own warm-up is over (EMA 200 last, after 800 bars).
    """

    def __init__(self, timeframe: Timeframe, kept_candles: int = KEPT_CANDLES) -> None:
        self.timeframe = timeframe
        self.bars = 0
        self.ema_20 = Ema(20)
        self.ema_50 = Ema(50)
        self.ema_200 = Ema(200)
        self.ema_20_slope = Slope(5)
        self.atr = Atr(14)
        self.atr_pct_rank = RollingPercentile(90)
        self.adx = Adx(14)
        self.rsi = Rsi(14)
        self.bollinger = BollingerBands(20, 2.0)
        self.donchian = Donchian(20)
        self.efficiency = EfficiencyRatio(10)
        self.flow = FlowWindow(3)
        self.cumulative_delta = CumulativeDelta()
        self.volume_ratio = VolumeRatio(20)
        self.last_candles: deque[Candle] = deque(maxlen=kept_candles)

    @property
    def warm_up_bars(self) -> int:
        """Bars after which every measure is available (flow only where taker volume is known)."""
        return self.ema_200.warm_up_bars

    @property
    def last(self) -> Candle | None:
        """The newest closed candle."""
        return self.last_candles[-1] if self.last_candles else None

    def candles(self, count: int) -> Sequence[Candle]:
        """The newest `count` closed candles (fewer if fewer are kept), newest last."""
        kept = len(self.last_candles)
        return tuple(islice(self.last_candles, max(0, kept - count), kept))

    def update(self, candle: Candle) -> None:
        """Take the next closed candle; raises InvalidInputError if it is not newer than the last one."""
        last = self.last
        if last is not None and candle.open_time_ms <= last.open_time_ms:
            raise InvalidInputError(
                f"{self.timeframe.code}: the candle at {candle.open_time_ms} is not newer than {last.open_time_ms}. "
                "Feed each closed candle once, in order of time."
            )
        close = candle.close
        self.bars += 1
        self.last_candles.append(candle)
        self.ema_20.update(close)
        self.ema_50.update(close)
        self.ema_200.update(close)
        self.ema_20_slope.update(self.ema_20.value)
        self.atr.update(candle)
        if self.atr.value is not None:
            self.atr_pct_rank.update(self.atr.value / close)
        self.adx.update(candle)
        self.rsi.update(close)
        self.bollinger.update(close)
        self.donchian.update(candle)
        self.efficiency.update(close)
        self.flow.update(candle)
        self.cumulative_delta.update(candle)
        self.volume_ratio.update(candle.volume)

    def reading(self, regime: RegimeReading = UNKNOWN_REGIME) -> FrameReading:
        """The measures at the last close; raises InvalidInputError before the first candle."""
        last = self.last
        if last is None:
            raise InvalidInputError(f"{self.timeframe.code}: no candle yet. Feed one before asking for a reading.")
        return FrameReading(
            timeframe=self.timeframe,
            close_time_ms=self.timeframe.end_ms(last.open_time_ms),
            close=last.close,
            atr=self.atr.value,
            adx=self.adx.value,
            rsi=self.rsi.value,
            ema_20=self.ema_20.value,
            ema_50=self.ema_50.value,
            ema_200=self.ema_200.value,
            bollinger_upper=self.bollinger.upper,
            bollinger_lower=self.bollinger.lower,
            bollinger_width_percentile=self.bollinger.width_percentile,
            donchian_high=self.donchian.high,
            donchian_low=self.donchian.low,
            flow=self.flow.value,
            volume_ratio=self.volume_ratio.value,
            regime=regime,
        )
