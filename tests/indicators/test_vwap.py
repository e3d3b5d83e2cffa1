"""VWAPs are anchored in time: where the data began, and how many bars are held, must not matter."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from futtui.domain.candle import Candle
from futtui.domain.timeframe import DAY_MS
from futtui.indicators import AnchoredVwap, DailyVwap
from tests.indicators.market import START_MS, made_candles, real_candles

DAY_BARS = 96


def expected(bars):
    price = np.array([bar.typical for bar in bars])
    volume = np.array([bar.volume for bar in bars])
    mean = np.average(price, weights=volume)
    return mean, np.sqrt(np.average((price - mean) ** 2, weights=volume))


def test_daily_vwap_of_real_candles_equals_the_weighted_mean_of_the_utc_day():
    candles = real_candles(count=1_000)
    vwap = DailyVwap()
    for number, bar in enumerate(candles):
        vwap.update(bar)
        today = [old for old in candles[: number + 1] if old.open_time_ms // DAY_MS == bar.open_time_ms // DAY_MS]
        if len(today) < 8:
            assert vwap.value is None
            assert vwap.band(1) is None
        elif number % 37 == 0:
            mean, deviation = expected(today)
            assert vwap.value == pytest.approx(mean, rel=1e-12)
            assert vwap.deviation == pytest.approx(deviation, rel=1e-7, abs=1e-9)
            assert vwap.band(-2) == pytest.approx(mean - 2 * deviation, rel=1e-9)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000), skipped=st.integers(0, 2 * DAY_BARS))
def test_daily_vwap_does_not_depend_on_earlier_days(seed, skipped):
    candles = made_candles(3 * DAY_BARS - 10, seed=seed)
    early, late = DailyVwap(), DailyVwap()
    for number, bar in enumerate(candles):
        early.update(bar)
        if number >= skipped:
            late.update(bar)
    assert (early.value, early.deviation, early.bars) == (late.value, late.deviation, late.bars)


def test_daily_vwap_at_midnight_utc_starts_again():
    vwap = DailyVwap(minimum_bars=1)
    vwap.update(Candle(START_MS + DAY_MS - 900_000, 10, 10, 10, 10, 5.0))
    assert vwap.value == 10.0
    vwap.update(Candle(START_MS + DAY_MS, 20, 20, 20, 20, 1.0))
    assert vwap.value == 20.0


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000), first=st.integers(0, 100), anchor=st.integers(100, 200))
def test_anchored_vwap_uses_exactly_the_bars_since_its_anchor(seed, first, anchor):
    candles = made_candles(260, seed=seed)
    vwap = AnchoredVwap(candles[anchor].open_time_ms)
    for bar in candles[first:]:
        vwap.update(bar)
    mean, deviation = expected(candles[anchor:])
    assert vwap.bars == 260 - anchor
    assert vwap.value == pytest.approx(mean, rel=1e-12)
    assert vwap.deviation == pytest.approx(deviation, rel=1e-7, abs=1e-9)


def test_vwap_without_any_volume_is_unavailable():
    vwap = DailyVwap()
    for number in range(20):
        vwap.update(Candle(START_MS + number * 900_000, 10, 10, 10, 10, 0.0))
    assert vwap.value is None
