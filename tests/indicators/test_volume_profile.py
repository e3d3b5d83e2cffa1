"""Volume profile: the same however it was built, nothing lost, one unbroken value area."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from futtui.domain.candle import Candle
from futtui.domain.timeframe import DAY_MS
from futtui.indicators import PreviousDayVolumeProfile, RollingVolumeProfile, VolumeProfile
from tests.indicators.market import START_MS, made_candles, real_candles

DAY_BARS = 96


def full(candles):
    profile = VolumeProfile()
    for bar in candles:
        profile.add(profile.spread(bar))
    return profile


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000), count=st.integers(DAY_BARS + 1, 250))
def test_rolling_profile_equals_the_profile_of_its_window_built_from_nothing(seed, count):
    candles = made_candles(count, seed=seed, noise=4.0)
    rolling = RollingVolumeProfile()
    for bar in candles:
        rolling.update(bar)
    assert rolling.reading == full(candles[-DAY_BARS:]).reading("24h")


def test_rolling_profile_of_real_candles_equals_the_full_one_at_every_bar():
    candles = real_candles("DOGEUSDT", 50_000, 400)
    rolling = RollingVolumeProfile()
    for number, bar in enumerate(candles):
        rolling.update(bar)
        if number < DAY_BARS:
            assert rolling.reading is None
        elif number % 13 == 0:
            assert rolling.reading == full(candles[number - DAY_BARS + 1 : number + 1]).reading("24h")


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 1000), noise=st.sampled_from([0.05, 1.0, 20.0]))
def test_profile_keeps_all_volume_and_its_value_area_holds_the_share(seed, noise):
    candles = made_candles(60, seed=seed, noise=noise)
    profile = full(candles)
    reading = profile.reading("test")
    bins = profile.bins
    total = sum(bar.volume for bar in candles)
    assert sum(bins.values()) == pytest.approx(total, rel=1e-9)
    width = 1.001
    inside = sum(
        volume
        for edge, volume in bins.items()
        if reading.value_area_low * (1 - 1e-9) <= edge < reading.value_area_high * (1 - 1e-9)
    )
    assert inside >= 0.7 * total * (1 - 1e-9)
    assert reading.value_area_low < reading.poc < reading.value_area_high
    assert min(bar.low for bar in candles) / width <= reading.value_area_low
    assert reading.value_area_high <= max(bar.high for bar in candles) * width


def test_profile_of_one_bar_is_spread_evenly_over_its_range():
    profile = full([Candle(START_MS, 100.0, 101.0, 100.0, 101.0, 1000.0)])
    edges = np.array([*profile.bins, 101.0])
    edges[0] = 100.0
    np.testing.assert_allclose(list(profile.bins.values()), 1000.0 * np.diff(edges), rtol=1e-6)


def test_value_area_crosses_an_empty_gap_instead_of_leaving_it_out():
    heavy = Candle(START_MS, 100.0, 100.0, 100.0, 100.0, 55.0)
    far = Candle(START_MS, 102.0, 102.0, 102.0, 102.0, 45.0)
    reading = full([heavy, far]).reading("test")
    assert reading.value_area_low <= 100.0 <= reading.poc * 1.001
    assert reading.value_area_high >= 102.0


def test_profile_for_a_tiny_price_has_the_same_shape_as_for_a_large_one():
    small = full([Candle(START_MS, 1.0e-6, 1.02e-6, 1.0e-6, 1.01e-6, 1e9)]).reading("test")
    assert 1.0e-6 * 0.999 < small.value_area_low < small.poc < small.value_area_high < 1.02e-6 * 1.001


def test_profile_without_volume_is_unavailable():
    assert full([Candle(START_MS, 100.0, 100.0, 100.0, 100.0, 0.0)]).reading("test") is None


def test_previous_day_profile_is_the_whole_day_before_and_stays_fixed():
    candles = made_candles(4 * DAY_BARS, start_ms=START_MS + 10 * 900_000)
    profile = PreviousDayVolumeProfile()
    for number, bar in enumerate(candles):
        profile.update(bar)
        day = bar.open_time_ms // DAY_MS
        before = [old for old in candles[: number + 1] if old.open_time_ms // DAY_MS == day - 1]
        whole = len(before) == DAY_BARS
        assert profile.reading == (full(before).reading("previous UTC day") if whole else None)


def test_previous_day_profile_after_a_missing_day_is_unavailable():
    profile = PreviousDayVolumeProfile()
    for bar in made_candles(DAY_BARS):
        profile.update(bar)
    profile.update(Candle(START_MS + 2 * DAY_MS, 1024.0, 1024.0, 1024.0, 1024.0, 1.0))
    assert profile.reading is None


def test_rolling_profile_with_bars_without_trades_far_away_equals_the_full_one():
    candles = made_candles(3 * DAY_BARS, seed=11, noise=4.0)
    for number in range(7, len(candles), 9):
        bar, factor = candles[number], (3.0, 0.3)[number % 2]
        far = (bar.open * factor, bar.high * factor, bar.low * factor, bar.close * factor)
        candles[number] = replace(bar, open=far[0], high=far[1], low=far[2], close=far[3], volume=0.0)
    rolling = RollingVolumeProfile()
    for number, bar in enumerate(candles):
        rolling.update(bar)
        if number >= DAY_BARS and number % 5 == 0:
            window = candles[number - DAY_BARS + 1 : number + 1]
            assert rolling.reading == full(window).reading("24h")
            assert rolling.reading == full([each for each in window if each.volume]).reading("24h")
