"""Our figures against TA-Lib and pandas-ta-classic, bar by bar."""

from __future__ import annotations

import numpy as np
import pytest

from futtui.indicators import (
    Adx,
    Atr,
    BollingerBands,
    CVDCalculator,
    Donchian,
    EfficiencyRatio,
    Ema,
    FlowWindow,
    Rsi,
    Slope,
)
from tests.indicators.market import made_candles, real_candles

talib = pytest.importorskip("talib", reason="TA-Lib is the oracle of this test")

CLOSE_ENOUGH = {"rtol": 1e-10, "atol": 1e-8}


@pytest.fixture(params=["made", "real", "flat start"])
def candles(request):
    if request.param == "real":
        return list(real_candles())
    made = made_candles(1_500, seed=5)
    if request.param == "made":
        return made
    return [type(bar)(bar.open_time_ms, 1024.0, 1024.0, 1024.0, 1024.0, 0.0) for bar in made[:60]] + made[60:]


def columns(candles):
    return tuple(np.array([getattr(bar, name) for bar in candles]) for name in ("high", "low", "close"))


def collect(indicator, values, names=("value",)):
    """Values of the indicator after each update, NaN for None."""
    rows = []
    for value in values:
        indicator.update(value)
        rows.append([np.nan if (got := getattr(indicator, name)) is None else got for name in names])
    return np.array(rows).T


@pytest.mark.parametrize("length", [5, 20, 50, 200])
def test_ema_from_its_seed_on_equals_talib(candles, length):
    _, _, close = columns(candles)
    (ours,) = collect(Ema(length, warm_up_bars=length), close)
    np.testing.assert_allclose(ours, talib.EMA(close, length), **CLOSE_ENOUGH)


def test_atr_from_its_seed_on_equals_talib(candles):
    (ours,) = collect(Atr(14, warm_up_bars=0), candles)
    np.testing.assert_allclose(ours, talib.ATR(*columns(candles), 14), **CLOSE_ENOUGH)


def test_adx_and_its_sides_equal_talib(candles):
    ours, plus, minus = collect(Adx(14, warm_up_bars=0), candles, ("value", "plus_di", "minus_di"))
    known = ~np.isnan(ours)
    prices = columns(candles)
    assert known[-100:].all()
    np.testing.assert_allclose(ours[known], talib.ADX(*prices, 14)[known], **CLOSE_ENOUGH)
    np.testing.assert_allclose(plus[known], talib.PLUS_DI(*prices, 14)[known], **CLOSE_ENOUGH)
    np.testing.assert_allclose(minus[known], talib.MINUS_DI(*prices, 14)[known], **CLOSE_ENOUGH)


def test_rsi_equals_talib_where_price_has_moved(candles):
    _, _, close = columns(candles)
    (ours,) = collect(Rsi(14, warm_up_bars=0), close)
    known = ~np.isnan(ours)
    assert known[-100:].all()
    np.testing.assert_allclose(ours[known], talib.RSI(close, 14)[known], **CLOSE_ENOUGH)


def test_bollinger_bands_equal_talib(candles):
    _, _, close = columns(candles)
    ours = collect(BollingerBands(20, 2.0), close, ("upper", "middle", "lower"))
    # TA-Lib takes the difference of two large sums of squares: only about half of the digits of the deviation are left.
    np.testing.assert_allclose(ours, talib.BBANDS(close, 20, 2.0, 2.0), rtol=1e-8, atol=1e-6)


def test_bollinger_bands_equal_exact_arithmetic(candles):
    _, _, close = columns(candles)
    upper, middle, lower = collect(BollingerBands(20, 2.0), close, ("upper", "middle", "lower"))
    windows = np.lib.stride_tricks.sliding_window_view(close, 20).astype(np.longdouble)
    mean, deviation = windows.mean(axis=1), windows.std(axis=1)
    for ours, theirs in ((upper, mean + 2 * deviation), (middle, mean), (lower, mean - 2 * deviation)):
        np.testing.assert_allclose(ours[19:], theirs.astype(float), rtol=1e-12, atol=1e-9)


def test_donchian_equals_talib_extremes_of_the_bars_before(candles):
    high, low, _ = columns(candles)
    ours_high, ours_low = collect(Donchian(20), candles, ("high", "low"))
    np.testing.assert_array_equal(ours_high[1:], talib.MAX(high, 20)[:-1])
    np.testing.assert_array_equal(ours_low[1:], talib.MIN(low, 20)[:-1])
    assert np.isnan(ours_high[0])


def test_frame_measures_equal_pandas_ta_classic_once_seeds_have_faded(candles):
    pandas = pytest.importorskip("pandas")
    library = pytest.importorskip("pandas_ta_classic", reason="pandas-ta-classic is the oracle of this test")
    high, low, close = (pandas.Series(column) for column in columns(candles))
    settled = slice(1_000, None)

    def alike(ours, theirs, atol=1e-12):
        np.testing.assert_allclose(ours[settled], np.asarray(theirs)[settled], rtol=1e-8, atol=atol)

    alike(collect(Atr(14), candles)[0], library.atr(high, low, close, 14, talib=False))
    alike(collect(Rsi(14), close)[0], library.rsi(close, 14, talib=False))
    for length in (5, 9, 13, 20, 21, 50):
        alike(collect(Ema(length), close)[0], library.ema(close, length, talib=False))
    alike(collect(EfficiencyRatio(10), close)[0], library.er(close, 10))
    ours = collect(BollingerBands(20, 2.0), close, ("lower", "middle", "upper", "width"))
    theirs = library.bbands(close, 20, 2.0, ddof=0, talib=False)
    # The library takes the difference of two sums of squares: half of the digits of the deviation are left.
    for mine, column in zip(ours[:3], (0, 1, 2), strict=True):
        alike(mine, theirs.iloc[:, column], atol=1e-5)
    alike(ours[3], theirs.iloc[:, 3] / 100.0, atol=1e-7)
    ours = collect(Donchian(20), candles, ("low", "high"))
    channel = library.donchian(high.shift(1), low.shift(1), 20, 20)  # ours leaves the newest bar out
    alike(ours[0], channel.iloc[:, 0])
    alike(ours[1], channel.iloc[:, 2])


def test_adx_and_its_sides_equal_pandas_ta_classic_once_seeds_have_faded(candles):
    pandas = pytest.importorskip("pandas")
    library = pytest.importorskip("pandas_ta_classic", reason="pandas-ta-classic is the oracle of this test")
    high, low, close = (pandas.Series(column) for column in columns(candles))
    theirs = library.adx(high, low, close, 14, talib=False)
    ours = collect(Adx(14), candles, ("value", "plus_di", "minus_di"))
    for mine, column in zip(ours, (0, 1, 2), strict=True):
        np.testing.assert_allclose(mine[1_000:], np.asarray(theirs.iloc[:, column])[1_000:], rtol=1e-8)


@pytest.mark.parametrize(("length", "lag"), [(20, 5), (50, 10), (200, 10)])
def test_slope_of_an_average_equals_the_difference_of_talib_averages(candles, length, lag):
    _, _, close = columns(candles)
    average, slope, ours = Ema(length), Slope(lag), []
    for price in close:
        average.update(price)
        slope.update(average.value)
        ours.append(np.nan if slope.value is None else slope.value)
    theirs = talib.EMA(close, length)
    first = average.warm_up_bars + lag - 1
    assert np.isnan(ours[:first]).all()
    np.testing.assert_allclose(ours[first:], (theirs[lag:] - theirs[:-lag])[first - lag :] / lag, rtol=1e-8, atol=1e-8)


def test_width_percentile_equals_that_of_numpy(candles):
    _, _, close = columns(candles)
    width, rank = collect(BollingerBands(20, 2.0), close, ("width", "width_percentile"))
    for place in range(400, len(close), 97):
        before = width[place - 90 : place]
        assert rank[place] == pytest.approx(100.0 * np.mean(before < width[place]))


def test_flow_and_cumulative_delta_equal_rolling_sums_of_numpy():
    made = made_candles(600, seed=7)
    delta = np.array([bar.delta for bar in made])
    volume = np.array([bar.volume for bar in made])
    (flow,) = collect(FlowWindow(3), made)
    cvd, slope = collect(CVDCalculator(20, 10), made, ("value", "slope"))

    def rolling(values, bars):
        return np.lib.stride_tricks.sliding_window_view(values, bars).sum(axis=1)

    np.testing.assert_allclose(flow[2:], rolling(delta, 3) / rolling(volume, 3), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(cvd[19:], rolling(delta, 20), rtol=1e-12, atol=1e-9)
    np.testing.assert_allclose(slope[19:], rolling(delta, 10)[10:] / 10, rtol=1e-12, atol=1e-9)
    assert np.isnan(cvd[:19]).all()
    assert not np.isnan(slope[9:]).any()
