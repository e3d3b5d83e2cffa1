"""All profiles of a symbol: equal to their windows built from nothing, and points of control until they are touched."""

from __future__ import annotations

import pytest

from futtui.domain.candle import Candle
from futtui.domain.timeframe import DAY_MS
from futtui.indicators.profile_days import NAKED_DAYS, ProfileDays
from futtui.indicators.volume_profile import VolumeProfile
from tests.indicators.market import START_MS, made_candles, real_candles

DAY_BARS = 96
STEP_MS = 900_000
MIDNIGHT_MS = START_MS - START_MS % DAY_MS


def full(candles, window):
    profile = VolumeProfile()
    for bar in candles:
        profile.add(profile.spread(bar))
    return profile.reading(window)


def day(number: int, price: float, bars: int = DAY_BARS) -> list[Candle]:
    """A day that stays within 0.1 of one price."""
    begin = MIDNIGHT_MS + number * DAY_MS
    return [Candle(begin + bar * STEP_MS, price, price + 0.1, price - 0.1, price, 10.0) for bar in range(bars)]


def after(*days: list[Candle]) -> ProfileDays:
    profiles = ProfileDays()
    for bars in days:
        for bar in bars:
            profiles.update(bar)
    return profiles


def test_profiles_equal_their_windows_built_from_nothing():
    candles = made_candles(8 * DAY_BARS, start_ms=MIDNIGHT_MS, noise=4.0)
    profiles = ProfileDays()
    for number, bar in enumerate(candles):
        profiles.update(bar)
        done, found = number // DAY_BARS, profiles.readings
        if number % 37 and number % DAY_BARS:
            continue
        past = candles[max(0, done - 5) * DAY_BARS : done * DAY_BARS]
        assert found.previous_day == (full(past[-DAY_BARS:], "previous UTC day") if done else None)
        assert found.composite_5d == (full(past, "5 days") if done >= 5 else None)
        whole = number >= DAY_BARS
        assert found.rolling_24h == (full(candles[number - DAY_BARS + 1 : number + 1], "24h") if whole else None)


def test_profiles_of_real_candles_do_not_depend_on_where_the_history_began():
    candles = real_candles("DOGEUSDT", 50_000, 20 * DAY_BARS)
    early, late = ProfileDays(), ProfileDays()
    for number, bar in enumerate(candles):
        early.update(bar)
        if number >= 5 * DAY_BARS:
            late.update(bar)
        if number >= (NAKED_DAYS + 7) * DAY_BARS:
            assert early.readings == late.readings
    assert early.readings.composite_5d is not None


def test_point_of_control_is_untouched_until_a_bar_covers_it():
    profiles = after(day(0, 100.0), day(1, 110.0, bars=20))
    (naked,) = profiles.readings.naked_pocs
    assert naked.price == pytest.approx(100.0, rel=0.002)
    assert naked.day_ms == MIDNIGHT_MS
    near = Candle(MIDNIGHT_MS + DAY_MS + 20 * STEP_MS, 110.0, 110.0, naked.price + 0.01, 110.0, 1.0)
    profiles.update(near)
    assert profiles.readings.naked_pocs == (naked,)
    profiles.update(Candle(near.open_time_ms + STEP_MS, 110.0, 110.0, naked.price - 0.01, 110.0, 1.0))
    assert profiles.readings.naked_pocs == ()


def test_point_of_control_touched_by_the_first_bar_of_the_next_day_is_no_longer_untouched():
    assert after(day(0, 100.0), day(1, 100.0, bars=1)).readings.naked_pocs == ()


def test_untouched_points_of_control_are_listed_newest_first_and_forgotten_in_the_end():
    days = [day(number, 100.0 + 10 * number) for number in range(NAKED_DAYS + 3)]
    listed = [each.day_ms for each in after(*days).readings.naked_pocs]
    assert listed == [MIDNIGHT_MS + number * DAY_MS for number in range(NAKED_DAYS + 1, 1, -1)]


def test_missing_day_ends_the_windows_that_would_hold_it():
    days = [day(number, 100.0 + number) for number in range(6)]
    assert after(*days).readings.composite_5d is not None
    found = after(*days, day(7, 120.0, bars=1)).readings
    assert (found.previous_day, found.composite_5d) == (None, None)
    assert after(*days, *(day(number, 120.0) for number in range(7, 12))).readings.composite_5d is None
    assert after(*days, *(day(number, 120.0) for number in range(7, 13))).readings.composite_5d is not None
