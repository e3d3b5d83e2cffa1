"""Divergences that were drawn on purpose are found, those of chance are rare, and the unknown is told as unknown."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from futtui.domain.candle import Candle
from futtui.domain.side import Side
from futtui.indicators import divergence_of
from futtui.indicators.divergence import LOOKBACK_BARS
from tests.indicators.market import START_MS, made_candles, mirrored

FIRST, SECOND = 6, 15
"""Places of the two lows in the look-back."""


def crafted(
    *, second_low: float = 98.0, bought: float = 2.0, volume: float = 8.0, close: float = 99.5, age: int = 4
) -> list[Candle]:
    """A fall to a first low at 99 with sellers, and to a second one with delta `bought` on the bars in between."""
    bars = []
    for number in range(LOOKBACK_BARS):
        low, delta, size, closed = 101.0 + 0.01 * number, bought, 10.0, 102.0
        if number <= FIRST:
            delta = -3.0
        if number == FIRST:
            low = 99.0
        if number == LOOKBACK_BARS - 1 - age:
            low, size, closed = second_low, volume, close
        taken = (size + min(delta, size)) / 2.0
        bars.append(Candle(START_MS + number * 900_000, 102.0, 103.0, low, closed, size, taker_buy_volume=taken))
    return bars


def test_lower_low_that_takers_did_not_sell_into_is_a_divergence_for_longs():
    found = divergence_of(crafted())
    assert (found.side, found.valid, found.known, found.reason) == (Side.LONG, True, True, "")
    assert (found.first_ms, found.second_ms) == (START_MS + FIRST * 900_000, START_MS + SECOND * 900_000)
    # Cumulative delta falls to -21 at the first low, is -3 at the second and 5 at the end, where its range is 26.
    assert found.strength == pytest.approx(18.0 / 26.0)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"second_low": 99.5}, "price and taker flow agree"),
        ({"second_low": 99.0}, "price and taker flow agree"),
        ({"bought": -1.0}, "price and taker flow agree"),
        ({"bought": 0.5}, "too weak: 25% of the range"),
        ({"volume": 12.0}, "volume does not confirm it"),
        ({"volume": 18.0, "close": 98.5}, "volume does not confirm it"),
        ({"age": 6}, "more than 5 bars old"),
        ({"age": 1}, "fewer than two turning points"),
    ],
)
def test_divergence_that_lacks_one_thing_does_not_count(change, reason):
    found = divergence_of(crafted(**change))
    assert found.known
    assert not found.valid
    assert reason in found.reason


@pytest.mark.parametrize("change", [{"volume": 10.0}, {"volume": 18.0, "close": 99.5}, {"age": 5}, {"age": 2}])
def test_divergence_that_just_has_everything_counts(change):
    assert divergence_of(crafted(**change)).valid


def test_unknown_taker_volume_of_any_bar_makes_it_unknown():
    bars = crafted()
    for place in range(len(bars)):
        holey = [*bars[:place], replace(bars[place], taker_buy_volume=None), *bars[place + 1 :]]
        found = divergence_of(holey)
        assert (found.known, found.valid, found.reason) == (False, False, "taker volume is not known for every bar")
    assert divergence_of(bars[1:]).reason == "only 19 of 20 bars so far"


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 1000))
@example(seed=14)
def test_divergence_of_a_mirrored_market_is_mirrored_and_depends_on_its_window_only(seed):
    candles = made_candles(120, seed=seed, start=1024.0)
    upside_down = mirrored(candles)
    for end in range(LOOKBACK_BARS, 121):
        one, two = divergence_of(candles[:end]), divergence_of(upside_down[:end])
        assert one == divergence_of(candles[end - LOOKBACK_BARS : end])
        assert two.valid == one.valid
        assert two.strength == pytest.approx(one.strength)
        assert two.side is (None if one.side is None else one.side.opposite)


@pytest.mark.parametrize("scale", [2.0**-20, 2.0**13])
def test_divergence_does_not_depend_on_the_scale_of_prices(scale):
    def scaled(bar):
        return replace(
            bar, open=bar.open * scale, high=bar.high * scale, low=bar.low * scale, close=bar.close * scale
        )  # fmt: skip

    candles = made_candles(300, seed=8)
    for end in range(LOOKBACK_BARS, 301):
        assert divergence_of([scaled(bar) for bar in candles[end - 20 : end]]) == divergence_of(candles[end - 20 : end])


def test_divergence_by_chance_speaks_for_a_given_side_at_less_than_one_close_in_twenty():
    """Prices and takers that know nothing of each other."""
    asked = found = 0
    for seed in range(6):
        candles = made_candles(1_000, seed=seed, start=16_384.0)
        for end in range(LOOKBACK_BARS, 1_001):
            asked += 1
            answer = divergence_of(candles[end - LOOKBACK_BARS : end])
            found += answer.valid and answer.side is Side.LONG
    assert 0 < found / asked < 0.05
