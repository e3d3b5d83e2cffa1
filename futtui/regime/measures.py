"""The figures that the regime detector looks at, and what they say about direction."""

from __future__ import annotations

from dataclasses import dataclass

from futtui.domain.packing import quickly_made
from futtui.domain.regime import Bias
from futtui.indicators.averages import alignment
from futtui.indicators.frame import FrameIndicators


@quickly_made
@dataclass(frozen=True, slots=True)
class RegimeMeasures:
    """One bar as the detector sees it. `ema_200` may be None (young market): direction then rests on 20 and 50."""

    close: float
    atr: float
    adx: float
    plus_di: float
    minus_di: float
    ema_20: float
    ema_50: float
    ema_200: float | None
    ema_20_slope: float
    efficiency: float
    width_percentile: float
    atr_percentile: float

    @property
    def alignment(self) -> int:
        """+1 if the averages stand one above the other in rising order, -1 if falling, 0 if mixed."""
        known = [self.ema_20, self.ema_50]
        return alignment(known if self.ema_200 is None else [*known, self.ema_200])

    @property
    def direction(self) -> int:
        """+1 up, -1 down: the side of the directional index, if the 20 and 50 averages agree with it; else 0."""
        side = _sign(self.plus_di - self.minus_di)
        return side if _sign(self.ema_20 - self.ema_50) == side else 0

    @property
    def volatility_percentile(self) -> float:
        """Mean rank of band width and ATR, 0-100."""
        return (self.width_percentile + self.atr_percentile) / 2.0

    @property
    def slope_atr(self) -> float:
        """Absolute slope of the 20-bar average in ATR a bar."""
        return abs(self.ema_20_slope) / self.atr

    @property
    def stretch_atr(self) -> float:
        """Absolute distance of the close from the 20-bar average in ATR."""
        return abs(self.close - self.ema_20) / self.atr

    @property
    def bias(self) -> Bias:
        """Bullish if close > EMA50 > EMA200, bearish if the reverse, else (or with EMA200 unknown) neutral."""
        if self.ema_200 is None:
            return Bias.NEUTRAL
        if self.close > self.ema_50 > self.ema_200:
            return Bias.BULLISH
        return Bias.BEARISH if self.close < self.ema_50 < self.ema_200 else Bias.NEUTRAL


def measure(indicators: FrameIndicators) -> RegimeMeasures | None:
    """The measures at the last close; None while any needed one is not available or the market stands still."""
    last = indicators.last
    atr, adx = indicators.atr.value, indicators.adx
    ema_20, ema_50, slope = indicators.ema_20.value, indicators.ema_50.value, indicators.ema_20_slope.value
    width, ranked = indicators.bollinger.width_percentile, indicators.atr_pct_rank.value
    efficiency = indicators.efficiency.value
    if last is None or not atr or adx.value is None or adx.plus_di is None or adx.minus_di is None:
        return None
    if ema_20 is None or ema_50 is None or slope is None or width is None or ranked is None or efficiency is None:
        return None
    return RegimeMeasures(
        close=last.close,
        atr=atr,
        adx=adx.value,
        plus_di=adx.plus_di,
        minus_di=adx.minus_di,
        ema_20=ema_20,
        ema_50=ema_50,
        ema_200=indicators.ema_200.value,
        ema_20_slope=slope,
        efficiency=efficiency,
        width_percentile=width,
        atr_percentile=ranked,
    )


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)
