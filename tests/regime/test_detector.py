"""The regime detector: every state can be reached, none flaps, and up and down are judged alike."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from futtui.domain.errors import InvalidInputError
from futtui.domain.regime import Bias, Regime
from futtui.domain.timeframe import Timeframe
from futtui.indicators import FrameIndicators
from futtui.regime import RegimeDetector, RegimeMeasures, RegimeSettings
from tests.indicators.market import grouped, made_candles, mirrored, real_candles

QUIET = RegimeMeasures(
    close=100.0,
    atr=1.0,
    adx=15.0,
    plus_di=20.0,
    minus_di=20.0,
    ema_20=100.0,
    ema_50=100.0,
    ema_200=100.0,
    ema_20_slope=0.0,
    efficiency=0.1,
    width_percentile=50.0,
    atr_percentile=50.0,
)
RISING = replace(
    QUIET,
    adx=30.0,
    plus_di=30.0,
    minus_di=10.0,
    close=103,
    ema_20=102.0,
    ema_50=101.0,
    ema_20_slope=0.2,
    efficiency=0.6,
)
SQUEEZED = replace(QUIET, width_percentile=5.0, atr_percentile=10.0)
EXPANDING = replace(QUIET, width_percentile=95.0, atr_percentile=90.0)
CHOPPY = replace(QUIET, ema_20_slope=-0.2)


def upside_down(measures: RegimeMeasures) -> RegimeMeasures:
    around = 200.0
    return replace(
        measures,
        close=around - measures.close,
        plus_di=measures.minus_di,
        minus_di=measures.plus_di,
        ema_20=around - measures.ema_20,
        ema_50=around - measures.ema_50,
        ema_200=None if measures.ema_200 is None else around - measures.ema_200,
        ema_20_slope=-measures.ema_20_slope,
    )


@st.composite
def any_measures(draw):
    def price():
        return draw(st.integers(95 * 8, 105 * 8)) / 8.0

    def share():
        return float(draw(st.integers(0, 100)))

    return RegimeMeasures(
        close=price(),
        atr=draw(st.integers(1, 16)) / 8.0,
        adx=share(),
        plus_di=share(),
        minus_di=share(),
        ema_20=price(),
        ema_50=price(),
        ema_200=draw(st.one_of(st.none(), st.just(price()))),
        ema_20_slope=draw(st.integers(-16, 16)) / 32.0,
        efficiency=share() / 100.0,
        width_percentile=share(),
        atr_percentile=share(),
    )


def run(candles, timeframe=Timeframe.M15):
    """The reading after each bar once the detector knows the market."""
    indicators, detector = FrameIndicators(timeframe), RegimeDetector()
    readings = []
    for bar in candles:
        indicators.update(bar)
        readings.append(detector.update(indicators))
    return [reading for reading in readings if reading.regime is not Regime.UNKNOWN]


def changes(readings):
    return sum(one.regime is not two.regime for one, two in pairwise(readings))


@pytest.mark.parametrize(
    ("measures", "expected", "word"),
    [
        (RISING, Regime.TREND_UP, "ADX 30 and price above its averages"),
        (upside_down(RISING), Regime.TREND_DOWN, "ADX 30 and price below its averages"),
        (QUIET, Regime.RANGE, "flat averages"),
        (SQUEEZED, Regime.SQUEEZE, "bands narrower"),
        (EXPANDING, Regime.EXPANSION, "volatility higher"),
        (CHOPPY, Regime.CHOP, "without strength"),
    ],
)
def test_detector_reaches_every_state_from_the_measures_that_mean_it(measures, expected, word):
    reading = RegimeDetector().update_measures(measures)
    assert reading.regime is expected
    assert word in reading.reason


def test_detector_on_real_candles_visits_every_state():
    seen = Counter(reading.regime for reading in run(real_candles(count=12_000)))
    total = sum(seen.values())
    for regime in Regime:
        if regime is not Regime.UNKNOWN:
            assert seen[regime] / total > 0.01, seen


@pytest.mark.parametrize("timeframe", [Timeframe.M15, Timeframe.H1, Timeframe.H4])
def test_detector_on_real_candles_of_any_frame_is_ready_and_steady(timeframe):
    candles = grouped(real_candles(count=12_000), timeframe)
    readings = run(candles, timeframe)
    assert len(candles) - len(readings) <= 210
    assert changes(readings) * 6 <= len(readings)


@pytest.mark.parametrize("seed", range(6))
def test_detector_on_noise_changes_at_most_once_in_six_bars(seed):
    readings = run(made_candles(3_000, seed=seed, start=16_384.0))
    assert changes(readings) * 6 <= len(readings)


@pytest.mark.parametrize(("drift", "expected"), [(0.5, Regime.TREND_UP), (-0.5, Regime.TREND_DOWN)])
def test_detector_in_a_steady_move_sees_mostly_that_trend_and_never_the_other(drift, expected):
    seen = Counter(reading.regime for reading in run(made_candles(1_500, seed=2, drift=drift, start=8_192.0)))
    assert seen[expected] > 0.5 * sum(seen.values())
    assert seen[expected.mirrored] == 0


@settings(max_examples=150, deadline=None)
@given(bars=st.lists(any_measures(), min_size=1, max_size=40))
def test_detector_of_mirrored_measures_gives_mirrored_states(bars):
    up, down = RegimeDetector(), RegimeDetector()
    for measures in bars:
        one, two = up.update_measures(measures), down.update_measures(upside_down(measures))
        assert two.regime is one.regime.mirrored
        assert two.late_trend == one.late_trend
        assert two.confidence == pytest.approx(one.confidence)
        assert {one.bias, two.bias} in ({Bias.NEUTRAL}, {Bias.BULLISH, Bias.BEARISH})


@pytest.mark.parametrize("seed", range(3))
def test_detector_on_a_mirrored_market_gives_mirrored_states_bar_by_bar(seed):
    # Far from zero the relative band width, the only measure that is not symmetric, mirrors well enough to rank alike.
    candles = made_candles(1_500, seed=seed, start=2.0**20, drift=0.1)
    up, down = run(candles), run(mirrored(candles, 2.0**21))
    same = sum(two.regime is one.regime.mirrored for one, two in zip(up, down, strict=True))
    assert same >= 0.995 * len(up)


@settings(max_examples=150, deadline=None)
@given(bars=st.lists(any_measures(), min_size=1, max_size=40))
def test_detector_with_measures_always_names_a_state_with_sane_confidence(bars):
    detector = RegimeDetector()
    for measures in bars:
        reading = detector.update_measures(measures)
        assert reading.regime is not Regime.UNKNOWN
        assert 0.0 <= reading.confidence <= 1.0
        assert reading.reason


@settings(max_examples=100, deadline=None)
@given(bars=st.lists(any_measures(), min_size=4, max_size=40), confirm=st.integers(1, 4))
def test_detector_holds_a_state_until_enough_bars_in_a_row_asked_for_the_new_one(bars, confirm):
    detector = RegimeDetector(RegimeSettings(confirm_bars=confirm))
    state, asked = Regime.UNKNOWN, []
    for measures in bars:
        asked.append(detector.classify(measures))
        after = detector.update_measures(measures).regime
        if after is not state and state is not Regime.UNKNOWN:
            assert asked[-confirm:] == [after] * confirm
        state = after


def test_trend_lives_between_its_thresholds_but_does_not_begin_there():
    between = replace(RISING, adx=22.0)
    fresh, trending = RegimeDetector(), RegimeDetector()
    trending.update_measures(RISING)
    for _ in range(10):
        assert not fresh.update_measures(between).regime.is_trend
        assert trending.update_measures(between).regime is Regime.TREND_UP
    ended = [trending.update_measures(replace(RISING, adx=19.0)).regime for _ in range(3)]
    assert ended[:2] == [Regime.TREND_UP] * 2
    assert not ended[2].is_trend


def test_trend_that_goes_quiet_becomes_a_squeeze_although_adx_is_still_high():
    detector = RegimeDetector()
    detector.update_measures(RISING)
    quiet = replace(RISING, efficiency=0.15, width_percentile=4.0)
    assert [detector.update_measures(quiet).regime for _ in range(3)][-1] is Regime.SQUEEZE


def test_detector_before_its_warm_up_says_so_and_has_no_confidence():
    indicators, detector = FrameIndicators(Timeframe.H4), RegimeDetector()
    for bar in made_candles(199, timeframe=Timeframe.H4):
        indicators.update(bar)
        reading = detector.update(indicators)
        assert (reading.regime, reading.confidence, reading.bias) == (Regime.UNKNOWN, 0.0, Bias.NEUTRAL)
    assert reading.reason == "not enough candles yet, 199 of 200"


def test_detector_in_a_dead_market_is_unknown_with_its_reason():
    indicators, detector = FrameIndicators(Timeframe.M15), RegimeDetector()
    for bar in made_candles(300, noise=0.0):
        indicators.update(bar)
        reading = detector.update(indicators)
    assert reading.regime is Regime.UNKNOWN
    assert reading.reason == "price does not move"


@pytest.mark.parametrize(
    ("close", "ema_50", "ema_200", "bias"),
    [
        (103.0, 102.0, 101.0, Bias.BULLISH),
        (99.0, 100.0, 101.0, Bias.BEARISH),
        (103.0, 100.0, 101.0, Bias.NEUTRAL),
        (103.0, 102.0, None, Bias.NEUTRAL),
    ],
)
def test_bias_needs_close_and_both_slow_averages_in_order(close, ema_50, ema_200, bias):
    measures = replace(QUIET, close=close, ema_50=ema_50, ema_200=ema_200)
    assert RegimeDetector().update_measures(measures).bias is bias


@pytest.mark.parametrize(("stretch", "late"), [(1.7, False), (1.9, True), (-1.9, True)])
def test_late_flag_rises_beyond_its_distance_from_the_average(stretch, late):
    measures = replace(QUIET, close=QUIET.ema_20 + stretch * QUIET.atr)
    assert RegimeDetector().update_measures(measures).late_trend is late


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 1000), cut=st.integers(230, 390))
def test_regime_of_the_past_does_not_depend_on_the_future(seed, cut):
    candles = made_candles(400, seed=seed)
    other = candles[:cut] + made_candles(400 - cut, seed=seed + 1, start_ms=candles[cut].open_time_ms)
    known = cut - (400 - len(run(candles)))
    assert run(candles)[:known] == run(other)[:known]


@pytest.mark.parametrize(
    "contradiction",
    [
        {"trend_leave_adx": 30.0},
        {"squeeze_enter_percentile": 50.0},
        {"expansion_leave_percentile": 90.0},
        {"chop_leave_slope_atr": 0.2},
    ],
)
def test_settings_whose_dead_band_is_turned_round_are_refused(contradiction):
    with pytest.raises(InvalidInputError, match=next(iter(contradiction))):
        RegimeSettings(**contradiction)
