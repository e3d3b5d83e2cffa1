"""Touches of shown zones: each outcome, only what was known before, and random twins of the same size."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from futtui.domain.shares import wilson_interval
from futtui.domain.timeframe import Timeframe
from futtui.domain.zone import Zone, ZoneKind
from futtui.zones.episodes import Bar, Outcome
from futtui.zones.settings import ZoneSettings
from futtui.zones.touch_study import TWIN_WAIT_BARS, TouchStudy

M15 = Timeframe.M15
SUPPORT = Zone("Z-1", "BTCUSDT", M15, ZoneKind.SUPPORT, 99.0, 100.0, 85.0, 3, 2, 0, 0)
WEAKER = replace(SUPPORT, score=55.0)


def bars(*ranges: tuple[float, float, float]) -> list[Bar]:
    """Bars (low, high, close) with an ATR of 1."""
    return [(number * M15.ms, *each, 1.0) for number, each in enumerate(ranges)]


def study(seed: int = 1) -> TouchStudy:
    return TouchStudy("BTCUSDT", M15, ZoneSettings(), Random(seed).random)


def outcomes(walk: list[Bar], *shown: Zone) -> list[tuple[Outcome, str, int]]:
    watcher = study()
    for bar in walk:
        watcher.on_close(bar, shown)
    return [(each.outcome, each.grade, each.time_ms) for each in watcher.touches if not each.is_random]


FAR = (101.5, 102.0, 101.8)
TOUCH = (99.8, 101.5, 100.2)


def test_touch_that_turns_price_is_a_bounce_with_the_grade_shown_before():
    assert outcomes(bars(FAR, TOUCH, (100.3, 100.8, 100.6)), SUPPORT) == [(Outcome.BOUNCE, "A", M15.ms)]


def test_touch_with_a_close_beyond_the_zone_is_a_break():
    assert outcomes(bars(FAR, TOUCH, (98.4, 100.2, 98.5)), SUPPORT) == [(Outcome.BREAK, "A", M15.ms)]


def test_touch_that_leads_nowhere_is_neither_when_its_window_is_over_and_unknown_before():
    window = ZoneSettings().m15.reaction_bars
    idle = [(99.2, 100.2, 99.6)] * window
    assert outcomes(bars(FAR, TOUCH, *idle), SUPPORT) == [(Outcome.NONE, "A", M15.ms)]
    assert outcomes(bars(FAR, TOUCH, *idle[1:]), SUPPORT) == []


def test_long_visit_is_one_touch_and_a_second_visit_another():
    visit = [TOUCH, (99.5, 100.3, 100.0), (99.6, 100.9, 100.8)]
    walk = bars(FAR, *visit, FAR, *visit, FAR)
    assert [each[0] for each in outcomes(walk, SUPPORT)] == [Outcome.BOUNCE, Outcome.BOUNCE]


def test_zone_shown_with_the_very_bar_that_touches_it_is_not_counted():
    walk = bars(FAR, TOUCH, (100.3, 100.8, 100.6))
    watcher = study()
    watcher.on_close(walk[0], [])
    watcher.on_close(walk[1], [SUPPORT])
    watcher.on_close(walk[2], [SUPPORT])
    assert watcher.touches == []


def test_grade_and_borders_are_those_shown_before_the_touch_not_after_it():
    walk = bars(FAR, TOUCH, (100.3, 100.8, 100.6))
    watcher = study()
    watcher.on_close(walk[0], [WEAKER])
    watcher.on_close(walk[1], [SUPPORT])
    watcher.on_close(walk[2], [])
    assert [each.grade for each in watcher.touches] == ["D"]


def test_zone_that_is_no_longer_shown_is_no_longer_waited_at():
    walk = bars(FAR, FAR, TOUCH, (100.3, 100.8, 100.6))
    watcher = study()
    for bar, shown in zip(walk, ([SUPPORT], [], [], []), strict=True):
        watcher.on_close(bar, shown)
    assert watcher.touches == []


def test_hole_in_the_candles_leaves_a_touch_without_an_answer():
    walk = bars(FAR, TOUCH, (100.3, 100.8, 100.6))
    watcher = study()
    watcher.on_close(walk[0], [SUPPORT])
    watcher.on_close(walk[1], [SUPPORT])
    watcher.break_off()
    watcher.on_close(walk[2], [])
    assert watcher.touches == []


def random_walk(seed: int, count: int) -> list[Bar]:
    dice, price, found = Random(seed), 102.0, []
    for number in range(count):
        opened, price = price, max(80.0, price + dice.gauss((100.0 - price) * 0.02, 0.5))
        found.append((number * M15.ms, min(opened, price) - 0.2, max(opened, price) + 0.2, price, 1.0))
    return found


@given(st.integers(0, 10_000))
def test_random_levels_are_one_for_each_touch_at_most_and_repeat_with_their_seed(seed: int):
    walk = random_walk(seed, 2 * TWIN_WAIT_BARS)
    first, again = study(seed), study(seed)
    for watcher in (first, again):
        for bar in walk:
            watcher.on_close(bar, [SUPPORT])
    twins = [each for each in first.touches if each.is_random]
    assert first.touches == again.touches
    assert len(twins) <= len(first.touches) - len(twins) + 1
    assert {each.grade for each in twins} <= {"A"}


def test_random_levels_bounce_as_often_as_levels_that_mean_nothing():
    """On a walk without memory a zone put anywhere means nothing either: both rates must agree."""
    found = []
    for seed in range(40):
        watcher, dice, price = study(seed), Random(seed), 102.0
        shown = SUPPORT
        for number in range(3000):
            opened, price = price, price + dice.gauss(0.0, 0.5)
            if number % 50 == 0:
                shown = replace(SUPPORT, zone_id=f"Z-{number}", low=price - 3.0, high=price - 2.0)
            bar = (number * M15.ms, min(opened, price) - 0.2, max(opened, price) + 0.2, price, 1.0)
            watcher.on_close(bar, [shown])
        found += watcher.touches
    rates = []
    for is_random in (False, True):
        part = [each.outcome for each in found if each.is_random is is_random]
        assert len(part) > 500
        rates.append(sum(outcome is Outcome.BOUNCE for outcome in part) / len(part))
    assert rates[0] == pytest.approx(rates[1], abs=0.06)


@given(st.integers(1, 5000).flatmap(lambda count: st.tuples(st.integers(0, count), st.just(count))))
def test_wilson_interval_equals_that_of_scipy(counts: tuple[int, int]):
    hits, count = counts
    expected = binomtest(hits, count).proportion_ci(0.95, method="wilson")
    assert wilson_interval(hits, count) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_wilson_interval_of_nothing_is_not_available():
    assert wilson_interval(0, 0) is None
