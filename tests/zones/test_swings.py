"""Fractal swings: right ones, once each, and never before they are confirmed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from futtui.domain.candle import Candle
from futtui.zones.swings import FractalSwings
from tests.indicators.market import made_candles, mirrored, real_candles

BAR_MS = 900_000


def bars_of(highs, depth=50.0):
    """Candles with the given highs; lows fall steadily, so that they hold no swing."""
    return [
        Candle(i * BAR_MS, high - 1, high, 1.0 + (len(highs) - i) / depth, high - 1, 1.0)
        for i, high in enumerate(highs)
    ]


def found_in(candles, bars):
    finder = FractalSwings(bars)
    return [swing for bar in candles for swing in finder.update(bar)]


@pytest.mark.parametrize("bars", [2, 3, 4])
def test_swings_of_real_candles_equal_the_strict_extremes_of_scipy(bars):
    signal = pytest.importorskip("scipy.signal", reason="scipy is the oracle of this test")
    candles = real_candles()
    highs = np.array([bar.high for bar in candles])
    lows = np.array([bar.low for bar in candles])
    found = found_in(candles, bars)
    for column, pick, is_high in ((highs, np.greater, True), (lows, np.less, False)):
        expected = {candles[i].open_time_ms for i in signal.argrelextrema(column, pick, order=bars)[0]}
        expected -= {bar.open_time_ms for bar in (*candles[:bars], *candles[-bars:])}
        ours = {swing.time_ms for swing in found if swing.is_high == is_high}
        assert expected <= ours
        by_time = {bar.open_time_ms: place for place, bar in enumerate(candles)}
        for time_ms in ours - expected:
            # Only plateaus may be found beyond the strict extremes.
            place = by_time[time_ms]
            assert column[place - 1] == column[place]


@pytest.mark.parametrize("width", [1, 2, 5, 20])
def test_plateau_counts_as_one_swing(width):
    candles = bars_of([10, 11, 12, *[15] * width, 12, 11, 10])
    swings = [swing for swing in found_in(candles, 2) if swing.is_high]
    assert [swing.price for swing in swings] == [15]


def test_plateau_that_goes_on_rising_is_no_swing():
    assert [swing for swing in found_in(bars_of([10, 11, 15, 15, 15, 16, 17, 18]), 2) if swing.is_high] == []


def test_endless_plateau_is_a_flat_market_not_a_swing():
    assert [swing for swing in found_in(bars_of([10, 11, *[15] * 300, 11, 10]), 2) if swing.is_high] == []


@settings(max_examples=40, deadline=None)
@given(highs=st.lists(st.integers(100, 104), min_size=8, max_size=60), bars=st.integers(1, 4))
def test_swing_is_reported_by_the_very_bar_that_confirms_it(highs, bars):
    candles = bars_of(highs)
    for swing in found_in(candles, bars):
        place = swing.time_ms // BAR_MS
        assert swing.confirmed_ms == swing.time_ms + bars * BAR_MS
        assert all(high < swing.price for high in highs[place + 1 : place + 1 + bars])


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000), bars=st.integers(1, 4))
def test_swings_of_a_mirrored_market_are_mirrored(seed, bars):
    candles = made_candles(300, seed=seed)
    up = {(swing.time_ms, swing.price, swing.is_high) for swing in found_in(candles, bars)}
    down = {(swing.time_ms, 2048.0 - swing.price, not swing.is_high) for swing in found_in(mirrored(candles), bars)}
    assert up == down


def test_swings_do_not_depend_on_how_much_history_came_before():
    candles = made_candles(1_000, seed=4)
    early = {swing for swing in found_in(candles, 3) if swing.time_ms >= candles[610].open_time_ms}
    late = {swing for swing in found_in(candles[600:], 3) if swing.time_ms >= candles[610].open_time_ms}
    assert early == late
