"""What one closed bar costs: our incremental measures against recomputing a window with the usual libraries.

Processor time, so that other work on the machine does not count.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence

from futtui.analysis.vwaps import SymbolVwaps
from futtui.domain.candle import Candle
from futtui.domain.timeframe import Timeframe
from futtui.indicators import Adx, Atr, BollingerBands, Donchian, Ema, FrameIndicators
from futtui.indicators.volume_profile import RollingVolumeProfile
from futtui.indicators.vwap import DailyVwap
from futtui.regime import RegimeDetector
from futtui.zones import ZoneRegistry

NAME = "indicators"
DESCRIPTION = "Cost of one closed bar: incremental measures, profile, regime and zones against libraries on a window."
BARS = 6_000
WINDOW = 1_500
LIBRARY_BARS = 40
ALL_GOAL_US = 30.0
PROFILE_GOAL_US = 50.0
PROFILE_BARS = 96
"""A day of 15 minutes."""


def _walk() -> list[Candle]:
    dice = random.Random(7)
    close, bars = 1_000.0, []
    for number in range(BARS):
        opened, close = close, close * (1.0 + dice.gauss(0.0, 0.003))
        high = max(opened, close) * (1.0 + abs(dice.gauss(0.0, 0.001)))
        low = min(opened, close) * (1.0 - abs(dice.gauss(0.0, 0.001)))
        volume = dice.expovariate(0.01)
        bars.append(Candle(number * 900_000, opened, high, low, close, volume, taker_buy_volume=volume * dice.random()))
    return bars


def _microseconds(bars: Sequence[Candle], update: Callable[[Candle], object]) -> float:
    """Mean time of one update after the warm-up."""
    for bar in bars[:1_000]:
        update(bar)
    started = time.process_time()
    for bar in bars[1_000:]:
        update(bar)
    return (time.process_time() - started) / (len(bars) - 1_000) * 1e6


def _five() -> tuple[list[Atr | Adx | Ema | BollingerBands | Donchian], Callable[[Candle], None]]:
    atr, adx, ema, bands, channel = Atr(14), Adx(14), Ema(50), BollingerBands(20), Donchian(20)

    def update(bar: Candle) -> None:
        atr.update(bar)
        adx.update(bar)
        ema.update(bar.close)
        bands.update(bar.close)
        channel.update(bar)

    return [atr, adx, ema, bands, channel], update


def _all() -> Callable[[Candle], None]:
    """Everything that a closed 15m bar moves on, but for the profile: the measures of its frame and all VWAPs."""
    frame, day, vwaps = FrameIndicators(Timeframe.M15), DailyVwap(), SymbolVwaps()

    def update(bar: Candle) -> None:
        frame.update(bar)
        day.update(bar)
        vwaps.update(bar, frame.atr.value)

    return update


def _profile() -> Callable[[Candle], None]:
    """The rolling profile of 24 hours, with its point of control and value area asked for at every bar."""
    profile = RollingVolumeProfile()

    def update(bar: Candle) -> None:
        profile.update(bar)
        _ = profile.reading

    return update


def _numpy_profile(bars: Sequence[Candle]) -> float:
    """Microseconds a bar for a profile made anew from a day of bars in 200 bins, in numpy, with its area of 70 %."""
    import numpy as np

    lows, highs, volumes = (np.array([getattr(bar, name) for bar in bars]) for name in ("low", "high", "volume"))

    def measure(end: int) -> tuple[float, int]:
        low, high, volume = (each[end - PROFILE_BARS : end] for each in (lows, highs, volumes))
        edges = np.linspace(low.min(), high.max(), 201)
        shared = np.clip(np.minimum(high[:, None], edges[1:]) - np.maximum(low[:, None], edges[:-1]), 0.0, None)
        amounts = (shared * (volume / (high - low))[:, None]).sum(axis=0)
        order = np.argsort(-amounts)
        return edges[order[0]], int(np.searchsorted(np.cumsum(amounts[order]), 0.7 * amounts.sum()))

    started = time.process_time()
    for end in range(1_000, 1_500):
        measure(end)
    return (time.process_time() - started) / 500 * 1e6


def _talib(bars: Sequence[Candle]) -> float | None:
    """Microseconds a bar for the same five with TA-Lib on the window; None where it is not installed."""
    try:
        import numpy as np
        import talib
    except ImportError:
        return None
    highs, lows, closes = (np.array([getattr(bar, name) for bar in bars]) for name in ("high", "low", "close"))

    def measure(end: int) -> None:
        high, low, close = (each[end - WINDOW : end] for each in (highs, lows, closes))
        talib.ATR(high, low, close, 14)
        talib.ADX(high, low, close, 14)
        talib.EMA(close, 50)
        talib.BBANDS(close, 20, 2.0, 2.0)
        talib.MAX(high, 20)
        talib.MIN(low, 20)

    started = time.process_time()
    for end in range(WINDOW, WINDOW + 500):
        measure(end)
    return (time.process_time() - started) / 500 * 1e6


def _with_regime() -> Callable[[Candle], None]:
    frame, detector = FrameIndicators(Timeframe.M15), RegimeDetector()

    def update(bar: Candle) -> None:
        frame.update(bar)
        frame.reading(detector.update(frame))

    return update


def _with_zones() -> Callable[[Candle], None]:
    atr, registry = Atr(), ZoneRegistry("BTCUSDT")

    def update(bar: Candle) -> None:
        atr.update(bar)
        registry.on_candle(Timeframe.M15, bar, atr.value)

    return update


def _library(bars: Sequence[Candle]) -> tuple[float, list[float]] | None:
    """Microseconds a bar and the last values of the same five measures; None where the library is not installed."""
    try:
        import pandas
        import pandas_ta_classic as library
    except ImportError:
        return None
    names = ("high", "low", "close")
    frame = pandas.DataFrame({name: [getattr(bar, name) for bar in bars] for name in names})
    values: list[float] = []

    def measure(end: int) -> None:
        window = frame.iloc[end - WINDOW : end]
        high, low, close = (window[name] for name in names)
        atr = library.atr(high, low, close, 14, talib=False)
        adx = library.adx(high, low, close, 14, talib=False)
        ema = library.ema(close, 50, talib=False)
        bands = library.bbands(close, 20, 2.0, talib=False)
        channel = library.donchian(high.shift(1), low.shift(1), 20, 20)
        values[:] = [float(column.iloc[-1]) for column in (atr, adx.iloc[:, 0], ema, bands.iloc[:, 1])]
        values.append(float(channel.iloc[-1, 1]))

    measure(len(bars))
    started = time.process_time()
    for back in reversed(range(LIBRARY_BARS)):
        measure(len(bars) - back)
    return (time.process_time() - started) / LIBRARY_BARS * 1e6, values


def run() -> tuple[list[tuple[str, ...]], dict[str, float]]:
    """Table (header first) and figures; all sides measured in this one call on the same bars."""
    bars = _walk()
    ours, update = _five()
    figures = {
        "five_incremental_us": _microseconds(bars, update),
        "all_updates_us": _microseconds(bars, _all()),
        "profile_update_us": _microseconds(bars, RollingVolumeProfile().update),
        "profile_update_and_reading_us": _microseconds(bars, _profile()),
        "profile_numpy_us": _numpy_profile(bars),
        "frame_regime_reading_us": _microseconds(bars, _with_regime()),
        "zones_15m_us": _microseconds(bars, _with_zones()),
    }
    rows: list[tuple[str, ...]] = [
        ("work for one closed bar", "us", "goal"),
        (
            "all updates of one symbol and timeframe, VWAPs too",
            f"{figures['all_updates_us']:.1f}",
            f"<= {ALL_GOAL_US:.0f}",
        ),
        ("volume profile of 24 hours: update", f"{figures['profile_update_us']:.1f}", f"< {PROFILE_GOAL_US:.0f}"),
        (
            "the same with point of control and value area",
            f"{figures['profile_update_and_reading_us']:.1f}",
            f"< {PROFILE_GOAL_US:.0f}",
        ),
        ("the same made anew in numpy, 200 bins", f"{figures['profile_numpy_us']:.0f}", ""),
        ("all measures of a frame with regime and reading", f"{figures['frame_regime_reading_us']:.1f}", ""),
        ("15-minute zones", f"{figures['zones_15m_us']:.0f}", ""),
        ("ATR, ADX, EMA, Bollinger with rank, Donchian: incremental", f"{figures['five_incremental_us']:.1f}", ""),
    ]
    talib_us = _talib(bars)
    if talib_us is not None:
        figures["five_talib_us"] = talib_us
    rows.append(
        (f"the same five, TA-Lib on {WINDOW} bars", "not installed" if talib_us is None else f"{talib_us:.0f}", "")
    )
    library = _library(bars)
    if library is None:
        rows.append(("the same five, pandas-ta-classic", "not installed", ""))
        return rows, figures
    figures["five_pandas_ta_us"], theirs = library
    figures["times_faster"] = figures["five_pandas_ta_us"] / figures["five_incremental_us"]
    known = [indicator.value for indicator in ours]
    figures["largest_relative_difference"] = max(
        abs(mine - other) / abs(other) for mine, other in zip(known, theirs, strict=True) if mine is not None
    )
    rows.append((f"the same five, pandas-ta-classic on {WINDOW} bars", f"{figures['five_pandas_ta_us']:.0f}", ""))
    rows.append(("incremental is faster than pandas-ta-classic by", f"{figures['times_faster']:.0f} x", ""))
    rows.append(("largest relative difference of the values", f"{figures['largest_relative_difference']:.1e}", ""))
    return rows, figures
