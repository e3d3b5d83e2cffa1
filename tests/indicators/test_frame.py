"""The bundle for one timeframe, and the answers to missing or dead data."""

from __future__ import annotations

import pytest

from futtui.domain.candle import Candle
from futtui.domain.errors import InvalidInputError
from futtui.domain.timeframe import Timeframe
from futtui.indicators import FlowWindow, FrameIndicators, Slope, VolumeRatio
from futtui.indicators.frame import CUT_EVERY_BARS
from futtui.strategies.structure import OrientedBars, orient
from tests.indicators.market import START_MS, made_candles


def candle(number, volume=10.0, taken=None, price=100.0):
    return Candle(START_MS + number * 900_000, price, price, price, price, volume, taker_buy_volume=taken)


def test_frame_after_its_warm_up_has_every_measure():
    indicators = FrameIndicators(Timeframe.M15)
    for bar in made_candles(indicators.warm_up_bars):
        indicators.update(bar)
    reading = indicators.reading()
    missing = {name for name in reading.__dataclass_fields__ if getattr(reading, name) is None}
    assert not missing
    assert reading.close_time_ms == reading.timeframe.end_ms(indicators.last.open_time_ms)


def test_frame_in_a_dead_market_gives_no_ratio_and_no_direction():
    indicators = FrameIndicators(Timeframe.M15)
    for number in range(250):
        indicators.update(candle(number, volume=0.0))
    reading = indicators.reading()
    assert (reading.adx, reading.rsi, reading.flow, reading.volume_ratio) == (None, None, None, None)
    assert indicators.efficiency.value is None
    assert reading.atr == 0.0


@pytest.mark.parametrize("step", [0, -1])
def test_frame_fed_an_old_or_repeated_candle_refuses_it(step):
    indicators = FrameIndicators(Timeframe.M15)
    indicators.update(candle(5))
    with pytest.raises(InvalidInputError, match="in order of time"):
        indicators.update(candle(5 + step))
    assert indicators.bars == 1


def test_frame_reading_before_the_first_candle_is_refused():
    with pytest.raises(InvalidInputError, match="no candle yet"):
        FrameIndicators(Timeframe.H1).reading()


def test_frame_candles_are_the_newest_last_and_bounded():
    indicators = FrameIndicators(Timeframe.M15, kept_candles=50)
    bars = made_candles(70)
    for bar in bars:
        indicators.update(bar)
    assert list(indicators.candles(3)) == bars[-3:]
    assert list(indicators.candles(500)) == bars[-50:]
    assert list(indicators.candles(0)) == []


def test_flow_with_one_unknown_bar_in_the_window_is_unavailable_until_it_left():
    flow = FlowWindow(3)
    seen = []
    for number, taken in enumerate([8.0, 8.0, 8.0, None, 5.0, 5.0, 2.0]):
        flow.update(candle(number, taken=taken))
        seen.append(flow.value)
    assert seen[:3] == [None, None, pytest.approx(0.6)]
    assert seen[3:6] == [None, None, None]
    assert seen[6] == pytest.approx(-0.2)


def test_volume_ratio_of_a_bar_without_trades_is_unavailable_not_zero():
    ratio = VolumeRatio(2)
    seen = []
    for volume in (10.0, 20.0, 30.0, 0.0, 0.0, 0.0, 5.0):
        ratio.update(volume)
        seen.append(ratio.value)
    assert seen == [None, None, 2.0, None, None, None, None]


def test_slope_after_a_gap_in_the_series_waits_again():
    slope = Slope(2)
    seen = []
    for value in (1.0, 2.0, 5.0, None, 4.0, 4.0, 2.0):
        slope.update(value)
        seen.append(slope.value)
    assert seen == [None, None, 2.0, None, None, None, -1.0]


def test_frame_holds_as_much_after_thousands_of_candles_as_when_it_was_full():
    indicators = FrameIndicators(Timeframe.M15, kept_candles=200)
    held = []
    for number in range(3_000):
        indicators.update(candle(number))
        held.append(len(indicators.last_candles))
    assert max(held) <= 200 + CUT_EVERY_BARS
    assert min(held[200:]) >= 200


def test_oriented_bars_show_the_newest_of_either_side_however_often_they_were_cut_and_hold_little_more():
    oriented, candles = OrientedBars(60), made_candles(500)
    for number in range(1, len(candles) + 1):
        kept = candles[max(0, number - 60) : number]
        for sign in (1, -1):
            assert oriented.newest(kept, number, 60, sign) == [orient(bar, sign) for bar in kept]
            assert len(oriented._turned[sign]) <= 60 + CUT_EVERY_BARS
