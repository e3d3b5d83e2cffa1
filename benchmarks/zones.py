"""What zones cost: found with our own means and with the usual libraries, in one run on the same candles.

Measured on a sample of timeframes and multiplied: all take the same kind of work. "Found" is what the libraries can
do: swings of 1,500 bars, clusters of their prices, peaks of their density, at one close. "Built" is a whole rebuild at
one close with all gates, touches and scores; "from candles" is the same with the swings of the lookback found anew.
"Lived" is what the program does when it loads a history: every one of 1,500 closes, with everything that happens at the
zones. "Share of a 15m close" is what zones cost a symbol then: four timeframes, each at its own closes,
the merged view and the events.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from time import process_time

from benchmarks.analyzer import _market, _waves
from futtui.analysis.collector import calm_collector
from futtui.domain.candle import Candle
from futtui.domain.timeframe import Timeframe
from futtui.indicators.wilder import Atr
from futtui.zones.builder import ZoneBuilder
from futtui.zones.clustering import dbscan_labels
from futtui.zones.density import Density
from futtui.zones.registry import ZoneRegistry
from futtui.zones.reversals import SwingFinder
from futtui.zones.settings import ZoneSettings
from futtui.zones.swings import Swing

NAME = "zones"
DESCRIPTION = "zones of 200 symbols x 4 timeframes: full builds and single closes, beside scikit-learn and scipy"

BARS = 1500
FRAMES = 800
SAMPLE = 48
TIMEFRAMES = (Timeframe.M15, Timeframe.H1, Timeframe.H4, Timeframe.D1)
GRID = 1024


def run() -> tuple[list[tuple[str, ...]], dict[str, float]]:
    """Table rows (header first) and figures: seconds of one core for 800 timeframes, microseconds a close."""
    markets = _markets()
    # As in the processes that do this work for the program.
    calm_collector()
    kinds = [
        ("libraries: find", "libraries_find_s", _library_find),
        ("ours: find", "find_s", _find),
        ("ours: full build at one close", "build_s", _build_work(markets)),
        ("ours: full build from candles", "build_from_candles_s", _build_from_candles),
        ("ours: live through 1,500 closes", "live_s", _live),
    ]
    rows: list[tuple[str, ...]] = [("work", "ms a timeframe", "s for 800, one core")]
    figures: dict[str, float] = {}
    for title, name, work in kinds:
        for market in markets[: len(TIMEFRAMES)]:
            work(*market)
        begun = process_time()
        for market in markets:
            work(*market)
        each = (process_time() - begun) / len(markets)
        rows.append((title, f"{each * 1e3:.2f}", f"{each * FRAMES:.2f}"))
        figures[name] = round(each * FRAMES, 3)
    figures["close_us"] = round(figures["live_s"] / FRAMES / BARS * 1e6, 1)
    figures["round_of_800_closes_s"] = round(figures["close_us"] * FRAMES / 1e6, 4)
    rows.append(("ours: one close", f"{figures['close_us'] / 1e3:.3f}", f"{figures['round_of_800_closes_s']:.3f}"))
    figures["share_of_close_us"] = round(_share_of_close_us(), 1)
    rows.append(("ours: share of a 15m close of one symbol", f"{figures['share_of_close_us'] / 1e3:.3f}", ""))
    return rows, figures


Market = tuple[Timeframe, list[Candle], list[float | None]]


def _markets() -> list[Market]:
    """Candles with the ATR at each close; every fourth a longer timeframe, none twice the same stretch."""
    found = []
    quarters = _waves(BARS * SAMPLE)
    for number in range(SAMPLE):
        timeframe = TIMEFRAMES[number % len(TIMEFRAMES)]
        part = quarters[number * BARS : (number + 1) * BARS]
        start_ms = part[0].open_time_ms // Timeframe.D1.ms * Timeframe.D1.ms
        bars = [
            Candle(start_ms + place * timeframe.ms, bar.open, bar.high, bar.low, bar.close, bar.volume)
            for place, bar in enumerate(part)
        ]
        atr = Atr()
        values: list[float | None] = []
        for bar in bars:
            atr.update(bar)
            values.append(atr.value)
        found.append((timeframe, bars, values))
    return found


def _swings(timeframe: Timeframe, bars: list[Candle], atrs: list[float | None]) -> list[Swing]:
    finder = SwingFinder(ZoneBuilder("BENCHUSDT", timeframe).frame.fractal_bars, 1.0)
    return [swing for bar, atr in zip(bars, atrs, strict=True) for swing in finder.update(bar, atr)]


def _find(timeframe: Timeframe, bars: list[Candle], atrs: list[float | None]) -> int:
    swings, size = _swings(timeframe, bars, atrs), atrs[-1] or 1.0
    prices = [swing.price for swing in swings]
    labels = [
        dbscan_labels([swing.price for swing in swings if swing.is_high is side], 0.6 * size, 2)
        for side in (True, False)
    ]
    density = Density(prices, [1.0] * len(prices), 0.15 * size)
    return len(density.peaks()) + max(map(max, labels))


def _library_find(timeframe: Timeframe, bars: list[Candle], atrs: list[float | None]) -> int:
    import numpy as np
    from scipy.signal import argrelextrema, find_peaks
    from scipy.stats import gaussian_kde
    from sklearn.cluster import DBSCAN

    size, order = atrs[-1] or 1.0, ZoneBuilder("BENCHUSDT", timeframe).frame.fractal_bars
    highs, lows = np.array([bar.high for bar in bars]), np.array([bar.low for bar in bars])
    tops = highs[argrelextrema(highs, np.greater, order=order)[0]]
    bottoms = lows[argrelextrema(lows, np.less, order=order)[0]]
    found = 0
    for prices in (tops, bottoms):
        found += int(DBSCAN(eps=0.6 * size, min_samples=2).fit_predict(prices.reshape(-1, 1)).max())
    prices = np.concatenate([tops, bottoms])
    density = gaussian_kde(prices, bw_method=0.15 * size / prices.std())
    return found + len(find_peaks(density(np.linspace(prices.min(), prices.max(), GRID)))[0])


def _build_work(markets: list[Market]) -> Callable[[Timeframe, list[Candle], list[float | None]], int]:
    """A full rebuild at the last close. The swings are known by then: they are found bar by bar, once each."""
    known = {id(bars): _fed(timeframe, bars, atrs) for timeframe, bars, atrs in markets}

    def build(timeframe: Timeframe, bars: list[Candle], atrs: list[float | None]) -> int:
        builder = known[id(bars)]
        # As if this close were the first on which zones may be made: the builder itself never starts from nothing.
        builder._live.clear()
        builder._gone.clear()
        builder._density, builder._measures._past, builder._row = None, None, None
        builder._build()
        return len(builder._selected())

    return build


def _fed(timeframe: Timeframe, bars: list[Candle], atrs: list[float | None]) -> ZoneBuilder:
    builder = ZoneBuilder("BENCHUSDT", timeframe)
    for bar, atr in zip(bars, atrs, strict=True):
        builder.on_candle(bar, atr)
    return builder


def _live(timeframe: Timeframe, bars: list[Candle], atrs: list[float | None]) -> int:
    return len(_fed(timeframe, bars, atrs).zones)


def _build_from_candles(timeframe: Timeframe, bars: list[Candle], atrs: list[float | None]) -> int:
    """The first build of a timeframe whose lookback was just loaded."""
    kept = ZoneBuilder("BENCHUSDT", timeframe).frame.lookback_bars
    builder = ZoneBuilder("BENCHUSDT", timeframe, replace(ZoneSettings(), minimum_bars=kept))
    for bar, atr in zip(bars[-kept:], atrs[-kept:], strict=True):
        builder.on_candle(bar, atr)
    return len(builder.zones)


def _share_of_close_us() -> float:
    """Microseconds a 15m close, mean over 2,000 of them."""
    history, moments = _market()
    registry, atr = ZoneRegistry("BENCHUSDT"), {timeframe: Atr() for timeframe in history}
    past = [(frame.end_ms(bar.open_time_ms), -frame.ms, frame, bar) for frame, bars in history.items() for bar in bars]
    for _, _, timeframe, bar in sorted(past, key=lambda each: each[:2]):
        atr[timeframe].update(bar)
        registry.on_candle(timeframe, bar, atr[timeframe].value)
    seconds = 0.0
    for closes in moments:
        for timeframe, bar in closes:
            atr[timeframe].update(bar)
        begun = process_time()
        for timeframe, bar in sorted(closes, key=lambda close: -close[0].ms):
            registry.on_candle(timeframe, bar, atr[timeframe].value, (bar.close,))
        registry.zones()
        registry.take_events()
        seconds += process_time() - begun
    return seconds / len(moments) * 1e6
