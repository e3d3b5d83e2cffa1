"""All VWAPs of a symbol: each starts exactly at its moment, on made and on real candles, whatever came before."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from futtui.analysis.vwaps import (
    BUSIEST,
    DAY_OPEN,
    KEPT_BARS,
    SWING_HIGH,
    SWING_LOW,
    WEEK_OPEN,
    SymbolVwaps,
    vwap_since,
    week_start,
)
from futtui.domain.candle import Candle
from futtui.domain.timeframe import DAY_MS, HOUR_MS, Timeframe
from futtui.domain.vwap import VwapReading
from futtui.indicators import Atr
from tests.analysis.markets import at, real_quarters, walk

STEP_MS = Timeframe.M15.ms
SESSIONS = {
    "session_asia": (0.0, 8.0),
    "session_europe": (7.0, 16.0),
    "session_us": (13.5, 20.0),
}


def expected(bars: list[Candle]) -> tuple[float, float]:
    price, volume = np.array([bar.typical for bar in bars]), np.array([bar.volume for bar in bars])
    mean = np.average(price, weights=volume)
    return mean, np.sqrt(np.average((price - mean) ** 2, weights=volume))


def followed(candles, every: int = 1):
    """(number of candles taken, readings) after every `every`th candle."""
    vwaps, atr = SymbolVwaps(), Atr()
    for number, bar in enumerate(candles, start=1):
        atr.update(bar)
        vwaps.update(bar, atr.value)
        if number % every == 0:
            yield number, vwaps.readings


def check(found: VwapReading | None, bars: list[Candle], anchor_ms: int) -> None:
    if len(bars) < 8:
        assert found is None
        return
    assert found is not None
    mean, deviation = expected(bars)
    assert (found.anchor_ms, found.bars) == (anchor_ms, len(bars))
    assert found.value == pytest.approx(mean, rel=1e-12)
    assert found.deviation == pytest.approx(deviation, rel=1e-7, abs=1e-9 * mean)


def test_periods_of_real_candles_equal_the_weighted_mean_since_their_start():
    candles = list(real_quarters("ETHUSDT", "2024-03-01", "2024-03-20"))
    for number, found in followed(candles, every=11):
        now_ms = candles[number - 1].open_time_ms
        midnight = now_ms - now_ms % DAY_MS

        def since(start_ms, taken=candles[:number]):
            return [bar for bar in taken if bar.open_time_ms >= start_ms]

        check(found.daily, since(midnight), midnight)
        for name, (begin, end) in SESSIONS.items():
            start, stop = midnight + int(begin * HOUR_MS), midnight + int(end * HOUR_MS)
            check(getattr(found, name), since(start) if start <= now_ms < stop else [], start)
        monday = week_start(now_ms)
        check(found.weekly, since(monday) if monday >= candles[0].open_time_ms else [], monday)
        assert found.anchored_at(DAY_OPEN) == found.daily
        assert found.anchored_at(WEEK_OPEN) == found.weekly


def test_week_begins_on_monday_midnight_utc():
    assert week_start(at("2024-03-10T23:45")) == at("2024-03-04")
    assert week_start(at("2024-03-11")) == at("2024-03-11")


def test_anchors_of_real_candles_lie_at_what_they_are_named_for():
    candles = list(real_quarters("BTCUSDT", "2024-03-01", "2024-03-25"))
    by_time = {bar.open_time_ms: place for place, bar in enumerate(candles)}
    seen = set()
    for number, found in followed(candles, every=7):
        for name in (SWING_HIGH, SWING_LOW, BUSIEST):
            reading = found.anchored_at(name)
            if reading is None:
                continue
            seen.add(name)
            place = by_time[reading.anchor_ms]
            since = candles[place:number]
            check(reading, since, reading.anchor_ms)
            if name == SWING_HIGH:
                around = candles[max(0, place - 2) : place + 3]
                assert candles[place].high == max(bar.high for bar in around)
            elif name == SWING_LOW:
                around = candles[max(0, place - 2) : place + 3]
                assert candles[place].low == min(bar.low for bar in around)
            else:
                last = candles[number - KEPT_BARS : number]
                assert candles[place].volume == max(bar.volume for bar in last)
    assert seen == {SWING_HIGH, SWING_LOW, BUSIEST}


def test_readings_do_not_depend_on_where_the_history_began():
    candles = list(real_quarters("DOGEUSDT", "2024-03-01", "2024-04-01"))
    skipped = 6 * 96 + 13
    late = dict(followed(candles[skipped:]))
    compared = 0
    for number, found in followed(candles):
        if number - skipped >= 12 * 96:
            other = late[number - skipped]
            assert _without_rests(found) == _without_rests(other)
            assert found.daily == other.daily
            compared += found.anchored_at(SWING_HIGH) is not None
    assert compared > 500


def _without_rests(readings):
    """A VWAP whose anchor lies before the later start differs in nothing but the last bits of a sum."""
    each = (readings.daily, readings.weekly, *readings.anchored)
    return [None if one is None else (one.name, one.anchor_ms, pytest.approx(one.value, rel=1e-12)) for one in each]


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1000), cut=st.integers(50, 700))
def test_readings_of_the_past_do_not_depend_on_the_future(seed, cut):
    candles = walk(seed, 720)
    other = candles[:cut] + [replace(bar, high=bar.high * 2, volume=bar.volume * 50) for bar in candles[cut:]]
    one, two = dict(followed(candles, 50)), dict(followed(other, 50))
    assert all(one[number] == two[number] for number in one if number <= cut)


@pytest.mark.parametrize("scale", [1e-6, 1e4])
def test_readings_of_scaled_prices_are_scaled(scale):
    candles = walk(3, 800)
    scaled = [
        replace(bar, open=bar.open * scale, high=bar.high * scale, low=bar.low * scale, close=bar.close * scale)
        for bar in candles
    ]
    for (_, one), (_, two) in zip(followed(candles, 9), followed(scaled, 9), strict=True):
        assert len(one.anchored) == len(two.anchored)
        for mine, theirs in zip(one.anchored, two.anchored, strict=True):
            assert (theirs.name, theirs.anchor_ms, theirs.bars) == (mine.name, mine.anchor_ms, mine.bars)
            assert theirs.value == pytest.approx(mine.value * scale, rel=1e-12)
            assert theirs.deviation == pytest.approx(mine.deviation * scale, rel=1e-6)


def test_mirrored_prices_swap_the_swings_and_mirror_every_vwap():
    candles, total = walk(4, 900, price=1_000.0), 4_000.0
    upside_down = [
        replace(bar, open=total - bar.open, high=total - bar.low, low=total - bar.high, close=total - bar.close)
        for bar in candles
    ]
    swapped = {SWING_HIGH: SWING_LOW, SWING_LOW: SWING_HIGH}
    compared = 0
    for (_, one), (_, two) in zip(followed(candles, 9), followed(upside_down, 9), strict=True):
        for mine in one.anchored:
            theirs = two.anchored_at(swapped.get(mine.name, mine.name))
            assert (theirs.anchor_ms, theirs.bars) == (mine.anchor_ms, mine.bars)
            assert theirs.value == pytest.approx(total - mine.value, rel=1e-12)
            assert theirs.deviation == pytest.approx(mine.deviation, rel=1e-7, abs=1e-9)
            compared += mine.name in swapped
    assert compared > 20


def test_period_whose_first_bar_is_missing_is_not_available():
    begin = at("2024-03-12")
    candles = [Candle(begin + number * STEP_MS, 10, 11, 9, 10, 5.0) for number in range(60)]
    from_europe = [bar for bar in candles if bar.open_time_ms != begin + 7 * HOUR_MS]
    *_, (_, found) = followed(from_europe[1:])
    assert (found.daily, found.weekly, found.session_europe) == (None, None, None)
    *_, (_, found) = followed(from_europe)
    assert found.daily is not None
    assert found.session_europe is None


def test_flat_candles_without_volume_give_no_vwap_and_no_anchor():
    begin = at("2024-03-11")
    candles = [Candle(begin + number * STEP_MS, 10, 10, 10, 10, 0.0) for number in range(600)]
    for _, found in followed(candles, 50):
        assert (found.daily, found.weekly, found.session_asia, found.anchored) == (None, None, None, ())


def test_flat_candles_with_volume_have_bands_of_no_width():
    begin = at("2024-03-11")
    candles = [Candle(begin + number * STEP_MS, 10, 10, 10, 10, 3.0) for number in range(20)]
    *_, (_, found) = followed(candles)
    assert (found.weekly.value, found.weekly.deviation, found.weekly.upper_3) == (10.0, 0.0, 10.0)


def test_vwap_since_a_moment_needs_every_candle_from_it_on():
    begin = at("2024-03-11T10:07")
    candles = [bar for bar in walk(1, 96, start="2024-03-11") if bar.open_time_ms >= begin]
    found = vwap_since("mine", begin, candles)
    assert found is not None
    assert found.value == pytest.approx(expected(candles)[0])
    assert vwap_since("mine", begin, candles[1:]) is None
    assert vwap_since("mine", begin, candles[:4] + candles[5:]) is None
    assert vwap_since("mine", begin, candles[:7]) is None
    assert vwap_since("mine", begin, []) is None
