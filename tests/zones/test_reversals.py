"""Swings by reversal: confirmed only when price has turned far enough, alike for up and down, none counted twice."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from futtui.domain.candle import Candle
from futtui.indicators import Atr
from futtui.zones.reversals import ReversalSwings, SwingFinder
from futtui.zones.swings import FractalSwings
from tests.indicators.market import made_candles, mirrored, real_candles

BAR_MS = 900_000


def bar(number, low, high, close, volume=1.0):
    return Candle(number * BAR_MS, close, high, low, close, volume)


def told(bars, atr=1.0):
    finder = ReversalSwings(1.0)
    return [swing for each in bars if (swing := finder.update(each, atr)) is not None]


RISE = [bar(0, 99.5, 100.0, 100.0), bar(1, 100.0, 101.2, 101.1), bar(2, 101.0, 103.0, 102.8, 7.0)]


def test_move_back_of_one_atr_makes_the_top_a_swing():
    (swing,) = told([*RISE, bar(3, 101.9, 102.9, 102.4)])
    assert (swing.time_ms, swing.confirmed_ms) == (2 * BAR_MS, 3 * BAR_MS)
    assert (swing.price, swing.is_high, swing.volume) == (103.0, True, 7.0)
    assert swing.prominence == pytest.approx(1.1)


def test_move_back_of_less_than_one_atr_makes_none():
    assert told([*RISE, bar(3, 102.1, 102.9, 102.4), bar(4, 102.05, 102.8, 102.3)]) == []


def test_low_of_the_bar_of_the_top_does_not_confirm_it_but_its_close_does():
    assert told([*RISE[:2], bar(2, 100.5, 103.0, 102.8)]) == []
    assert [swing.price for swing in told([*RISE[:2], bar(2, 100.5, 103.0, 101.9)])] == [103.0]


def test_swings_without_an_atr_are_none():
    finder = ReversalSwings(1.0)
    assert [finder.update(each, None) for each in RISE] == [None] * 3


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1000))
def test_highs_and_lows_alternate_and_each_turn_is_one_atr_at_least(seed):
    atr, finder, found = Atr(), ReversalSwings(1.0), []
    candles = made_candles(400, seed=seed)
    for each in candles:
        atr.update(each)
        swing = finder.update(each, atr.value)
        if swing is not None:
            assert swing.time_ms <= swing.confirmed_ms == each.open_time_ms
            since = [bar for bar in candles if swing.time_ms <= bar.open_time_ms <= swing.confirmed_ms]
            away = [swing.price - bar.low if swing.is_high else bar.high - swing.price for bar in since]
            assert max(away) >= atr.value
            found.append(swing)
    assert len(found) > 10
    for one, other in pairwise(found):
        assert one.is_high is not other.is_high
        assert one.time_ms <= other.time_ms
        assert 0 < other.prominence <= abs(one.price - other.price) + 1e-9


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000))
def test_reversal_swings_of_a_mirrored_market_are_mirrored(seed):
    candles = made_candles(300, seed=seed)
    up = {(swing.time_ms, swing.price, swing.is_high, swing.prominence) for swing in told(candles, 1.5)}
    down = told(mirrored(candles), 1.5)
    assert up == {(swing.time_ms, 2048.0 - swing.price, not swing.is_high, swing.prominence) for swing in down}
    assert up


def test_finder_gives_each_turning_point_once_and_all_fractals():
    candles = real_candles(count=2_000)
    finder, fractals, atr = SwingFinder(2, 1.0), FractalSwings(2), Atr()
    found, plain = [], []
    for each in candles:
        atr.update(each)
        found += finder.update(each, atr.value)
        plain += fractals.update(each)
    keys = [(swing.time_ms, swing.is_high) for swing in found]
    assert len(keys) == len(set(keys))
    assert {(swing.time_ms, swing.is_high) for swing in plain} <= set(keys)
    assert len(keys) > len(plain) * 1.02
    assert all(swing.volume > 0 for swing in found)


def test_fractal_swing_carries_volume_and_the_smaller_of_its_moves():
    bars = [bar(0, 99, 100, 99.5), bar(1, 99.5, 101, 100.5), bar(2, 101, 103, 102, 9.0), bar(3, 100.4, 102, 101)]
    finder = FractalSwings(1)
    (swing,) = [each for one in bars for each in finder.update(one) if each.is_high]
    assert (swing.price, swing.volume) == (103, 9.0)
    assert swing.prominence == pytest.approx(2.6)
