"""Indicators by name and parameters: what a strategy may ask for beyond the usual set of a frame."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from futtui.domain.candle import Candle
from futtui.domain.errors import InvalidInputError
from futtui.indicators.averages import Ema, Slope
from futtui.indicators.bands import BollingerBands, Donchian
from futtui.indicators.flow import FlowWindow
from futtui.indicators.movement import EfficiencyRatio
from futtui.indicators.wilder import Adx, Atr, Rsi

LONGEST = 1_000
"""Longest window that may be asked for; anything longer is surely a mistake."""

Values = tuple[float | None, ...]
"""The values of one indicator at one close, in the order of its kind; None = not available."""


class AdxValues(NamedTuple):
    """Strength of direction and its two sides."""

    adx: float | None
    plus_di: float | None
    minus_di: float | None


class ChannelValues(NamedTuple):
    """Highest high and lowest low of the bars before the newest one."""

    high: float | None
    low: float | None


class BandValues(NamedTuple):
    """Bollinger bands, the width relative to the middle, and its rank among the 90 widths before."""

    lower: float | None
    middle: float | None
    upper: float | None
    width: float | None
    width_percentile: float | None


class IndicatorKind(Enum):
    """Indicators that can be asked for, with their parameters in order."""

    EMA = "EMA"
    EMA_SLOPE = "EMA_SLOPE"
    ATR = "ATR"
    RSI = "RSI"
    ADX = "ADX"
    BOLLINGER = "BOLLINGER"
    DONCHIAN = "DONCHIAN"
    EFFICIENCY = "EFFICIENCY"
    FLOW = "FLOW"


@dataclass(frozen=True, slots=True)
class IndicatorKey:
    """Which indicator with which parameters: lengths first, all in bars."""

    kind: IndicatorKind
    parameters: tuple[float, ...]


class LiveIndicator:
    """One indicator that was asked for, fed with every closed candle in order."""

    __slots__ = ("_read", "_update", "warm_up_bars")

    def __init__(self, update: Callable[[Candle], None], read: Callable[[], Values], warm_up_bars: int) -> None:
        self.warm_up_bars = warm_up_bars
        self._update = update
        self._read = read

    def update(self, candle: Candle) -> None:
        """Take the next closed candle."""
        self._update(candle)

    @property
    def values(self) -> Values:
        """The values at the last close; None before `warm_up_bars` candles."""
        return self._read()


def build(key: IndicatorKey) -> LiveIndicator:
    """A fresh indicator; raises InvalidInputError when the parameters do not fit its kind."""
    wanted = 2 if key.kind in (IndicatorKind.EMA_SLOPE, IndicatorKind.BOLLINGER) else 1
    lengths = key.parameters[:1] if key.kind is IndicatorKind.BOLLINGER else key.parameters
    if len(key.parameters) != wanted or not all(1 <= each <= LONGEST and each == int(each) for each in lengths):
        raise InvalidInputError(
            f"{key.kind.value} cannot be built from {key.parameters}. It needs {wanted} parameter(s); lengths are "
            f"whole numbers of bars from 1 to {LONGEST}."
        )
    return _BUILDERS[key.kind](*key.parameters)


def values_after(key: IndicatorKey, candles: Iterable[Candle]) -> Values:
    """The values after feeding exactly these closed candles to a fresh indicator."""
    indicator = build(key)
    for candle in candles:
        indicator.update(candle)
    return indicator.values


def _ema(length: float) -> LiveIndicator:
    mean = Ema(int(length))
    return LiveIndicator(lambda candle: mean.update(candle.close), lambda: (mean.value,), mean.warm_up_bars)


def _ema_slope(length: float, lag: float) -> LiveIndicator:
    mean, slope = Ema(int(length)), Slope(int(lag))

    def update(candle: Candle) -> None:
        mean.update(candle.close)
        slope.update(mean.value)

    return LiveIndicator(update, lambda: (slope.value,), mean.warm_up_bars + slope.lag)


def _atr(length: float) -> LiveIndicator:
    atr = Atr(int(length))
    return LiveIndicator(atr.update, lambda: (atr.value,), atr.warm_up_bars)


def _rsi(length: float) -> LiveIndicator:
    rsi = Rsi(int(length))
    return LiveIndicator(lambda candle: rsi.update(candle.close), lambda: (rsi.value,), rsi.warm_up_bars)


def _adx(length: float) -> LiveIndicator:
    adx = Adx(int(length))
    return LiveIndicator(adx.update, lambda: (adx.value, adx.plus_di, adx.minus_di), adx.warm_up_bars)


def _bollinger(length: float, deviations: float) -> LiveIndicator:
    bands = BollingerBands(int(length), deviations)

    def read() -> Values:
        return bands.lower, bands.middle, bands.upper, bands.width, bands.width_percentile

    return LiveIndicator(lambda candle: bands.update(candle.close), read, bands.warm_up_bars)


def _donchian(length: float) -> LiveIndicator:
    channel = Donchian(int(length))
    return LiveIndicator(channel.update, lambda: (channel.high, channel.low), channel.warm_up_bars)


def _efficiency(length: float) -> LiveIndicator:
    ratio = EfficiencyRatio(int(length))
    return LiveIndicator(lambda candle: ratio.update(candle.close), lambda: (ratio.value,), ratio.warm_up_bars)


def _flow(bars: float) -> LiveIndicator:
    window = FlowWindow(int(bars))
    return LiveIndicator(window.update, lambda: (window.value,), window.warm_up_bars)


_BUILDERS: dict[IndicatorKind, Callable[..., LiveIndicator]] = {
    IndicatorKind.EMA: _ema,
    IndicatorKind.EMA_SLOPE: _ema_slope,
    IndicatorKind.ATR: _atr,
    IndicatorKind.RSI: _rsi,
    IndicatorKind.ADX: _adx,
    IndicatorKind.BOLLINGER: _bollinger,
    IndicatorKind.DONCHIAN: _donchian,
    IndicatorKind.EFFICIENCY: _efficiency,
    IndicatorKind.FLOW: _flow,
}
