"""Laws that hold for every market: no future, no memory of the start, no favourite direction."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from futtui.domain.timeframe import Timeframe
from futtui.indicators import (
    Adx,
    Atr,
    BollingerBands,
    Donchian,
    EfficiencyRatio,
    Ema,
    FlowWindow,
    FrameIndicators,
    RollingPercentile,
    Rsi,
    Slope,
    VolumeRatio,
)
from tests.indicators.market import made_candles, mirrored

AROUND = 2048.0
seeds = st.integers(0, 10_000)


def fed(candles):
    indicators = FrameIndicators(Timeframe.M15)
    for bar in candles:
        indicators.update(bar)
    return indicators


@settings(max_examples=15, deadline=None)
@given(seed=seeds, cut=st.integers(1, 349))
def test_frame_readings_of_the_past_do_not_depend_on_the_future(seed, cut):
    candles = made_candles(350, seed=seed)
    other_future = candles[:cut] + made_candles(350 - cut, seed=seed + 1, start_ms=candles[cut].open_time_ms)
    first, second = FrameIndicators(Timeframe.M15), FrameIndicators(Timeframe.M15)
    for number, (one, two) in enumerate(zip(candles, other_future, strict=True)):
        first.update(one)
        second.update(two)
        if number < cut:
            assert first.reading() == second.reading()


@settings(max_examples=15, deadline=None)
@given(seed=seeds, skipped=st.integers(1, 200))
def test_window_measures_do_not_depend_at_all_on_where_the_series_began(seed, skipped):
    candles = made_candles(360, seed=seed)
    early, late = fed(candles).reading(), fed(candles[skipped:]).reading()
    for name in (
        "bollinger_upper",
        "bollinger_lower",
        "bollinger_width_percentile",
        "donchian_high",
        "donchian_low",
        "flow",
        "volume_ratio",
    ):
        assert getattr(early, name) == getattr(late, name), name


@settings(max_examples=15, deadline=None)
@given(seed=seeds, skipped=st.integers(1, 300))
def test_recursive_measures_forget_their_start_at_the_promised_rate(seed, skipped):
    length, bars = 14, 56
    candles = made_candles(skipped + 40 * length, seed=seed)
    early, late = Atr(length), Atr(length)
    seed_gap = 0.0
    for number, bar in enumerate(candles):
        early.update(bar)
        if number >= skipped:
            late.update(bar)
        since = number - skipped + 1
        if since >= bars and early.value is not None and late.value is not None:
            if since == bars:
                seed_gap = abs(early.value - late.value)
            faded = seed_gap * (1 - 1 / length) ** (since - bars)
            assert abs(early.value - late.value) <= faded * (1 + 1e-6) + 1e-9
    assert late.value == pytest.approx(early.value, rel=1e-9)


@pytest.mark.parametrize("length", [20, 50])
def test_ema_at_its_first_use_owes_less_than_half_a_percent_to_its_seed(length):
    high, low = Ema(length), Ema(length)
    for number in range(high.warm_up_bars):
        assert high.value is None
        seeding = number < length
        high.update(1.0 if seeding else 0.0)
        low.update(0.0)
    assert high.value is not None
    assert abs(high.value - low.value) < 0.005


@settings(max_examples=15, deadline=None)
@given(seed=seeds)
def test_mirrored_market_gives_mirrored_measures(seed):
    candles = made_candles(400, seed=seed)
    up, down = fed(candles), fed(mirrored(candles, AROUND))
    near = {"rel": 1e-9, "abs": 1e-9}
    assert down.atr.value == pytest.approx(up.atr.value, **near)
    assert down.adx.value == pytest.approx(up.adx.value, **near)
    assert down.adx.plus_di == pytest.approx(up.adx.minus_di, **near)
    assert down.rsi.value == pytest.approx(100.0 - up.rsi.value, **near)
    assert down.ema_50.value == pytest.approx(AROUND - up.ema_50.value, **near)
    assert down.bollinger.upper == pytest.approx(AROUND - up.bollinger.lower, **near)
    assert down.donchian.high == AROUND - up.donchian.low
    assert down.efficiency.value == pytest.approx(up.efficiency.value, **near)
    assert down.ema_20_slope.value == pytest.approx(-up.ema_20_slope.value, **near)
    assert down.flow.value == pytest.approx(-up.flow.value, **near)


@pytest.mark.parametrize(
    ("indicator", "feed"),
    [
        (Ema(7), "close"),
        (Atr(7), "candle"),
        (Adx(7), "candle"),
        (Rsi(7), "close"),
        (BollingerBands(20), "close"),
        (Donchian(20), "candle"),
        (EfficiencyRatio(10), "close"),
        (FlowWindow(3), "candle"),
        (VolumeRatio(20), "volume"),
        (Slope(5), "close"),
        (RollingPercentile(30), "close"),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else value,
)
def test_indicator_is_unavailable_until_exactly_its_declared_warm_up(indicator, feed):
    for number, bar in enumerate(made_candles(150, seed=3), start=1):
        indicator.update(bar if feed == "candle" else getattr(bar, feed))
        assert (indicator.value is None) == (number < indicator.warm_up_bars), number


@settings(max_examples=50, deadline=None)
@given(values=st.lists(st.integers(-5, 5), min_size=12, max_size=60))
def test_rolling_percentile_is_the_share_of_smaller_values_among_those_before(values):
    rank = RollingPercentile(10)
    for number, value in enumerate(values):
        rank.update(value)
        before = values[max(0, number - 10) : number]
        expected = 100.0 * sum(other < value for other in before) / 10 if len(before) == 10 else None
        assert rank.value == expected


@settings(max_examples=15, deadline=None)
@given(seed=seeds)
def test_measures_stay_within_their_bounds(seed):
    indicators = FrameIndicators(Timeframe.M15)
    for bar in made_candles(300, seed=seed, noise=8.0):
        indicators.update(bar)
        for value, low, high in (
            (indicators.rsi.value, 0, 100),
            (indicators.adx.value, 0, 100),
            (indicators.efficiency.value, 0, 1),
            (indicators.flow.value, -1, 1),
            (indicators.bollinger.width_percentile, 0, 100),
            (indicators.atr.value, 0, math.inf),
        ):
            assert value is None or low <= value <= high
