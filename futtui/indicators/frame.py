"""The usual set of measures for one timeframe of one symbol, kept up to date bar by bar."""

from __future__ import annotations

from collections.abc import Sequence

from futtui.domain.candle import Candle
from futtui.domain.errors import InvalidInputError
from futtui.domain.reading import FrameReading
from futtui.domain.regime import UNKNOWN_REGIME, RegimeReading
from futtui.domain.timeframe import Timeframe
from futtui.indicators.asked import IndicatorKey, IndicatorKind, Values
from futtui.indicators.averages import Ema, Slope
from futtui.indicators.bands import BollingerBands, Donchian, RollingPercentile
from futtui.indicators.flow import CVDCalculator, FlowFlip, FlowWindow
from futtui.indicators.movement import EfficiencyRatio, VolumeRatio
from futtui.indicators.wilder import Adx, Atr, Rsi

KEPT_CANDLES = 300
"""Newest candles that are always kept, as far as there are so many."""
CUT_EVERY_BARS = 32
"""A list, for a slice of one is what everybody asks for; cut seldom, yet often enough to hold much the same always."""
SLOPE_BARS = 10
"""Bars over which the slopes of the long averages are told."""


class FrameIndicators:
    """Measures of one timeframe: averages 5/9/13/20/21/50/200, ATR, ADX and RSI 14, Bollinger 20/2, Donchian 20,
    efficiency 10, flow of 3 bars, cumulative delta of 20 bars, volume against the mean of 20 bars.

    Each measure is None until its own warm-up is over (EMA 200 after 800 bars, and 10 later its slope).
    """

    def __init__(self, timeframe: Timeframe, kept_candles: int = KEPT_CANDLES) -> None:
        self.timeframe = timeframe
        self.bars = 0
        self.ema_5, self.ema_9, self.ema_13, self.ema_21 = Ema(5), Ema(9), Ema(13), Ema(21)
        self.ema_20 = Ema(20)
        self.ema_50 = Ema(50)
        self.ema_200 = Ema(200)
        self.ema_20_slope = Slope(5)
        self.ema_50_slope = Slope(SLOPE_BARS)
        self.ema_200_slope = Slope(SLOPE_BARS)
        self._averages = (
            self.ema_5, self.ema_9, self.ema_13, self.ema_20, self.ema_21, self.ema_50, self.ema_200
        )  # fmt: skip
        self._slopes: dict[tuple[float, ...], Slope] = {
            (20, 5): self.ema_20_slope,
            (50, SLOPE_BARS): self.ema_50_slope,
            (200, SLOPE_BARS): self.ema_200_slope,
        }
        self.atr = Atr(14)
        self.atr_pct_rank = RollingPercentile(90)
        self.adx = Adx(14)
        self.rsi = Rsi(14)
        self.bollinger = BollingerBands(20, 2.0)
        self.donchian = Donchian(20)
        self.efficiency = EfficiencyRatio(10)
        self.flow = FlowWindow(3)
        self.flow_flip = FlowFlip()
        self.cvd = CVDCalculator(20, 10)
        self.volume_ratio = VolumeRatio(20)
        self._kept_candles = kept_candles
        self.last_candles: list[Candle] = []

    @property
    def warm_up_bars(self) -> int:
        """Bars after which every measure is available (flow only where taker volume is known)."""
        return self.ema_200.warm_up_bars + SLOPE_BARS

    @property
    def last(self) -> Candle | None:
        """The newest closed candle."""
        return self.last_candles[-1] if self.last_candles else None

    def candles(self, count: int) -> Sequence[Candle]:
        """The newest `count` closed candles (fewer if fewer are kept), newest last."""
        return self.last_candles[-min(count, self._kept_candles) :] if count > 0 else []

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
        if len(self.last_candles) >= self._kept_candles + CUT_EVERY_BARS:
            del self.last_candles[: -self._kept_candles]
        for average in self._averages:
            average.update(close)
        self.ema_20_slope.update(self.ema_20.value)
        self.ema_50_slope.update(self.ema_50.value)
        self.ema_200_slope.update(self.ema_200.value)
        self.atr.update(candle)
        if self.atr.value is not None:
            self.atr_pct_rank.update(self.atr.value / close)
        self.adx.update(candle)
        self.rsi.update(close)
        self.bollinger.update(close)
        self.donchian.update(candle)
        self.efficiency.update(close)
        self.flow.update(candle)
        self.flow_flip.update(self.flow.value)
        self.cvd.update(candle)
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
            ema_5=self.ema_5.value,
            ema_9=self.ema_9.value,
            ema_13=self.ema_13.value,
            ema_21=self.ema_21.value,
            ema_50_slope_atr=self._in_atr(self.ema_50_slope),
            ema_200_slope_atr=self._in_atr(self.ema_200_slope),
            atr_pct=None if self.atr.value is None else self.atr.value / last.close * 100.0,
            plus_di=self.adx.plus_di,
            minus_di=self.adx.minus_di,
            bollinger_middle=self.bollinger.middle,
            bollinger_width=self.bollinger.width,
            efficiency_ratio=self.efficiency.value,
            cvd=self.cvd.value,
            cvd_slope=self.cvd.slope,
            flow_side=self.flow_flip.side,
            flow_flip=self.flow_flip.bars_since,
        )

    def usual_values(self, key: IndicatorKey) -> Values | None:
        """The values of an indicator that belongs to the usual set; None for all others."""
        kind, parameters = key.kind, key.parameters
        if kind is IndicatorKind.EMA:
            average = next((each for each in self._averages if (each.length,) == parameters), None)
            return None if average is None else (average.value,)
        if kind is IndicatorKind.EMA_SLOPE:
            slope = self._slopes.get(parameters)
            return None if slope is None else (slope.value,)
        if kind is IndicatorKind.ADX and parameters == (self.adx.length,):
            return self.adx.value, self.adx.plus_di, self.adx.minus_di
        if kind is IndicatorKind.ATR and parameters == (self.atr.length,):
            return (self.atr.value,)
        if kind is IndicatorKind.RSI and parameters == (self.rsi.length,):
            return (self.rsi.value,)
        return None  # all others are windows: worked out from their candles they come out exactly alike

    def _in_atr(self, slope: Slope) -> float | None:
        """The whole change over the slope's bars in ATR; None without an ATR."""
        atr = self.atr.value
        return slope.value * slope.lag / atr if slope.value is not None and atr else None
