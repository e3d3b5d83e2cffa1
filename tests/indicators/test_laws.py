"""One law for every measure at once: batch, future, start, scale, mirror, gaps and flat markets."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from futtui.domain.candle import Candle
from futtui.domain.reading import FrameReading
from futtui.domain.regime import Bias
from futtui.domain.timeframe import Timeframe
from futtui.indicators import FrameIndicators, VolumeProfile
from futtui.indicators.asked import IndicatorKey, IndicatorKind, build, values_after
from futtui.indicators.profile_days import ProfileDays
from futtui.regime import RegimeDetector
from tests.indicators.market import START_MS, made_candles, mirrored, real_candles

M15 = Timeframe.M15
TOLD = {"timeframe", "close_time_ms", "regime"}
PRICES = {
    "close", "atr", "ema_5", "ema_9", "ema_13", "ema_20", "ema_21", "ema_50", "ema_200", "bollinger_upper",
    "bollinger_middle", "bollinger_lower", "donchian_high", "donchian_low",
}  # fmt: skip
"""Measures that are prices or distances; all others have no unit of price and must not change with it."""
SWAPPED = {
    "bollinger_upper": "bollinger_lower", "bollinger_lower": "bollinger_upper", "donchian_high": "donchian_low",
    "donchian_low": "donchian_high", "plus_di": "minus_di", "minus_di": "plus_di",
}  # fmt: skip
TURNED = {"ema_50_slope_atr", "ema_200_slope_atr", "cvd", "cvd_slope", "flow", "flow_side"}
WINDOWS = {
    "bollinger_upper", "bollinger_middle", "bollinger_lower", "bollinger_width", "bollinger_width_percentile",
    "donchian_high", "donchian_low", "efficiency_ratio", "flow", "cvd", "cvd_slope", "volume_ratio",
}  # fmt: skip
KEYS = [
    IndicatorKey(IndicatorKind.EMA, (9,)),
    IndicatorKey(IndicatorKind.EMA_SLOPE, (9, 3)),
    IndicatorKey(IndicatorKind.ATR, (7,)),
    IndicatorKey(IndicatorKind.RSI, (7,)),
    IndicatorKey(IndicatorKind.ADX, (7,)),
    IndicatorKey(IndicatorKind.BOLLINGER, (20, 1.5)),
    IndicatorKey(IndicatorKind.DONCHIAN, (5,)),
    IndicatorKey(IndicatorKind.EFFICIENCY, (10,)),
    IndicatorKey(IndicatorKind.FLOW, (4,)),
]


def read(candles) -> list[FrameReading]:
    """The reading with its regime after each candle."""
    indicators, detector, found = FrameIndicators(M15), RegimeDetector(), []
    for bar in candles:
        indicators.update(bar)
        found.append(indicators.reading(detector.update(indicators)))
    return found


def scaled(bar: Candle, factor: float) -> Candle:
    prices = {name: getattr(bar, name) * factor for name in ("open", "high", "low", "close")}
    return replace(bar, **prices)


def measures(reading: FrameReading) -> dict[str, float | None]:
    return {each.name: getattr(reading, each.name) for each in fields(reading) if each.name not in TOLD}


def near(value: float | None, rel: float = 1e-8, abs_: float = 1e-9):
    return None if value is None else pytest.approx(value, rel=rel, abs=abs_)


@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 1000), key=st.sampled_from(KEYS))
def test_indicator_bar_by_bar_equals_the_batch_over_all_candles_so_far(seed, key):
    candles = made_candles(140, seed=seed)
    live = build(key)
    for number, bar in enumerate(candles, start=1):
        live.update(bar)
        assert live.values == values_after(key, candles[:number])
        if number < live.warm_up_bars:
            assert set(live.values) == {None}


@pytest.mark.parametrize("factor", [2.0**-20, 2.0**13])
def test_readings_and_regimes_of_prices_scaled_without_rounding_are_scaled_to_the_last_bits(factor):
    candles = real_candles("ETHUSDT", 80_000, 950)
    for one, two in zip(read(candles), read([scaled(bar, factor) for bar in candles]), strict=True):
        assert (two.regime.regime, two.regime.bias) == (one.regime.regime, one.regime.bias)
        assert two.regime.confidence == pytest.approx(one.regime.confidence, rel=1e-12)
        for name, value in measures(one).items():
            expected = value if value is None or name not in PRICES else value * factor
            assert getattr(two, name) == near(expected, 1e-13, 0.0), name


@pytest.mark.parametrize("factor", [1e-6, 1e4])
@pytest.mark.parametrize("source", ["made", "real"])
def test_readings_and_regimes_of_scaled_prices_are_scaled(source, factor):
    """Where a bar reaches equally far beyond the one before on both sides, the last bit of the prices decides for ADX,
    as in TA-Lib; real prices have such bars, and scaling by a decimal number rounds differently."""
    candles = made_candles(950, seed=9, drift=0.05) if source == "made" else real_candles("ETHUSDT", 80_000, 950)
    agree = 0
    for one, two in zip(read(candles), read([scaled(bar, factor) for bar in candles]), strict=True):
        agree += two.regime.regime is one.regime.regime
        assert two.regime.bias is one.regime.bias
        assert two.regime.confidence == pytest.approx(one.regime.confidence, abs=0.02)
        for name, value in measures(one).items():
            expected = value if value is None or name not in PRICES else value * factor
            small = factor * 1e-9 if name in PRICES else 2.0 if name in ("adx", "plus_di", "minus_di") else 1e-7
            assert getattr(two, name) == near(expected, 1e-7, small), name
    assert agree >= 0.995 * len(candles)


@pytest.mark.parametrize("factor", [1e-6, 1e4])
def test_profiles_of_scaled_prices_are_scaled_within_their_bins(factor):
    """The bins lie on a fixed grid of 0.1 %, so a level moves by less than a bin; all else is alike."""
    candles = real_candles("BTCUSDT", 60_000, 700)
    one, two = ProfileDays(), ProfileDays()
    for bar in candles:
        one.update(bar)
        two.update(scaled(bar, factor))
    mine, theirs = one.readings.rolling_24h, two.readings.rolling_24h
    assert sum(VolumeProfile().spread(candles[0])[1]) == sum(VolumeProfile().spread(scaled(candles[0], factor))[1])
    assert theirs.value_area_low == pytest.approx(mine.value_area_low * factor, rel=0.0035)
    assert theirs.value_area_high == pytest.approx(mine.value_area_high * factor, rel=0.0035)
    assert theirs.value_area_low < theirs.poc < theirs.value_area_high
    grid = 1.001**3_000
    whole, moved = ProfileDays(), ProfileDays()
    for bar in candles:
        whole.update(bar)
        moved.update(scaled(bar, grid))
    for name in ("previous_day", "rolling_24h", "composite_5d"):
        before, after = getattr(whole.readings, name), getattr(moved.readings, name)
        for edge in ("poc", "value_area_low", "value_area_high"):
            assert getattr(after, edge) == pytest.approx(getattr(before, edge) * grid, rel=1e-9)


@pytest.mark.parametrize("seed", [1, 2])
def test_every_measure_of_a_mirrored_market_is_mirrored(seed):
    around = 2.0**21
    candles = made_candles(950, seed=seed, start=2.0**20)
    flipped = {Bias.BULLISH: Bias.BEARISH, Bias.BEARISH: Bias.BULLISH, Bias.NEUTRAL: Bias.NEUTRAL}
    for one, two in zip(read(candles), read(mirrored(candles, around)), strict=True):
        assert two.regime.bias is flipped[one.regime.bias]
        for name, value in measures(one).items():
            theirs = getattr(two, SWAPPED.get(name, name))
            if name in ("bollinger_width", "bollinger_width_percentile", "atr_pct"):
                continue  # shares of the price, which is not the same upside down
            if value is not None:
                if name == "rsi":
                    value = 100.0 - value
                elif name in TURNED:
                    value = -value
                elif name in PRICES - {"atr"}:
                    value = around - value
            assert theirs == near(value, 1e-9, 1e-6), name


def test_every_measure_and_regime_of_real_candles_forgets_where_the_history_began():
    """Windows at once and exactly; recursive measures to 1e-8 once their seed has faded; the regime with them."""
    skipped, candles = 700, real_candles("BTCUSDT", 90_000, 5_200)
    early, late = read(candles)[skipped:], read(candles[skipped:])
    for number, (one, two) in enumerate(zip(early, late, strict=True)):
        for name in WINDOWS:
            if getattr(two, name) is not None:
                assert getattr(two, name) == getattr(one, name), name
        if number >= 4_000:
            assert two.regime.regime is one.regime.regime
            for name, value in measures(one).items():
                assert getattr(two, name) == near(value), name
        elif number >= 1_000:
            for name in ("atr", "adx", "rsi", "plus_di", "ema_5", "ema_21", "ema_50"):
                assert getattr(two, name) == near(getattr(one, name)), name


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 1000), holes=st.lists(st.integers(1, 420), min_size=1, max_size=8))
def test_gaps_and_flat_candles_never_crash_or_give_impossible_figures(seed, holes):
    candles = made_candles(430, seed=seed, noise=3.0)
    flat = {number for hole in holes for number in range(hole, min(hole + 40, 430))}
    bars = [
        Candle(bar.open_time_ms, bar.open, bar.open, bar.open, bar.open, 0.0) if number in flat else bar
        for number, bar in enumerate(candles)
        if number not in holes
    ]
    for reading in read(bars):
        found = {name: value for name, value in measures(reading).items() if value is not None}
        assert all(value == value and abs(value) < 1e9 for value in found.values())
        for name in ("rsi", "adx", "plus_di", "minus_di", "bollinger_width_percentile"):
            assert 0.0 <= found.get(name, 0.0) <= 100.0
        assert 0.0 <= found.get("efficiency_ratio", 0.0) <= 1.0
        assert -1.0 <= found.get("flow", 0.0) <= 1.0


def test_flat_market_invents_neither_ratio_nor_side():
    bars = [Candle(START_MS + number * M15.ms, 5.0, 5.0, 5.0, 5.0, 0.0) for number in range(900)]
    reading = read(bars)[-1]
    for name in (
        "adx", "plus_di", "minus_di", "rsi", "flow", "volume_ratio", "efficiency_ratio", "ema_50_slope_atr", "cvd",
        "flow_side", "flow_flip",
    ):  # fmt: skip
        assert getattr(reading, name) is None, name
    assert (reading.atr, reading.ema_200, reading.bollinger_upper, reading.donchian_high) == (0.0, 5.0, 5.0, 5.0)
