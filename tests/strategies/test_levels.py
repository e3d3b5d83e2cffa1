"""Plans: the stop stands on structure inside its limits, targets grow, costs do not eat the gain."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from futtui.domain.errors import InvalidInputError
from futtui.domain.side import Side
from futtui.domain.signal import Levels, check_levels
from futtui.strategies.levels import LevelSettings, PlanRequest, build_levels, structural_stop

FREE = LevelSettings(round_trip_cost_pct=0.0)


def plan(side: Side = Side.LONG, invalidation: float = 99.0, supports: tuple[float, ...] = (), **more) -> PlanRequest:
    return PlanRequest(side, 100.0, 1.0, invalidation, supports, **more)


def test_structural_stop_takes_the_nearest_that_is_far_enough_and_pushes_past_it():
    assert structural_stop(plan(invalidation=99.5, supports=(99.3, 99.2, 98.0)), FREE) == pytest.approx(99.15)
    assert structural_stop(plan(invalidation=99.5, supports=(99.4, 98.0)), FREE) == pytest.approx(97.85)


def test_structural_stop_never_lies_on_the_entry_side_of_the_invalidation():
    assert structural_stop(plan(invalidation=98.0, supports=(99.0, 98.9)), FREE) == pytest.approx(97.85)


@pytest.mark.parametrize("invalidation", [99.5, 96.9, 90.0])
def test_build_levels_without_a_place_for_the_stop_says_so(invalidation: float):
    answer = build_levels(plan(invalidation=invalidation), FREE, None)
    assert isinstance(answer, str)
    assert "no place for a stop" in answer


def test_build_levels_cost_dominated_plan_is_refused():
    cheap, dear = (LevelSettings(round_trip_cost_pct=cost) for cost in (0.25, 0.30))
    assert isinstance(build_levels(plan(), cheap, None), Levels)
    answer = build_levels(plan(), dear, None)
    assert isinstance(answer, str)
    assert "costs would eat the gain" in answer


def test_build_levels_stop_beyond_the_percent_limit_is_refused():
    wide = PlanRequest(Side.LONG, 100.0, 5.0, 93.0)
    assert "6 % is the most allowed" in str(build_levels(wide, FREE, None))


def test_build_levels_distance_below_three_ticks_is_refused():
    assert isinstance(build_levels(plan(), FREE, 0.38), Levels)
    assert "3 ticks" in str(build_levels(plan(), FREE, 0.40))


def test_build_levels_short_target_below_zero_is_refused():
    request = PlanRequest(Side.SHORT, 100.0, 20.0, 150.0)
    answer = build_levels(request, replace(FREE, stop_max_pct=50.0, stop_push_atr=0.0), None)
    assert "not a price above zero" in str(answer)


@pytest.mark.parametrize("changes", [{"stop_min_atr": 3.0}, {"target_1_r": 2.0}, {"target_3_r": 1.5}])
def test_level_settings_that_contradict_each_other_are_refused(changes: dict):
    with pytest.raises(InvalidInputError):
        LevelSettings(**changes)


prices = st.floats(min_value=90, max_value=110)


@given(st.sampled_from(Side), prices, st.lists(prices, max_size=6), st.lists(prices, max_size=4), st.floats(0.2, 3.0))
def test_build_levels_any_plan_is_sound_or_refused_in_words(side, invalidation, supports, barriers, atr):
    request = PlanRequest(side, 100.0, atr, invalidation, tuple(supports), tuple(barriers))
    levels = build_levels(request, LevelSettings(), 0.01)
    if isinstance(levels, str):
        assert levels
        return
    check_levels(levels, 0.01)
    assert 0.8 * atr - 1e-9 <= levels.risk <= 3.0 * atr + 1e-9
    assert side.sign * (levels.stop - invalidation) < 0
    assert abs(levels.targets[0] - levels.entry) >= 0.56 - 1e-9


@given(prices, st.lists(prices, max_size=6), st.lists(prices, max_size=4))
def test_build_levels_mirrored_plan_has_mirrored_levels(invalidation, supports, barriers):
    long = build_levels(PlanRequest(Side.LONG, 100.0, 1.0, invalidation, tuple(supports), tuple(barriers)), FREE, None)
    flipped = [[200 - price for price in side] for side in (supports, barriers)]
    request = PlanRequest(Side.SHORT, 100.0, 1.0, 200 - invalidation, tuple(flipped[0]), tuple(flipped[1]))
    short = build_levels(request, FREE, None)
    if isinstance(long, str) or isinstance(short, str):
        distances = [100 - price + 0.15 for price in (invalidation, *supports)]
        at_limit = any(abs(distance - limit) < 1e-6 for distance in distances for limit in (0.8, 3.0))
        assert at_limit or long == short
        return
    assert 200 - short.stop == pytest.approx(long.stop)
    assert [200 - price for price in short.targets] == pytest.approx(list(long.targets))


def test_levels_say_why_they_lie_where_they_do():
    request = PlanRequest(Side.LONG, 100.0, 1.0, 99.0, (), (102.6,))
    levels = build_levels(request, FREE, 0.01)
    assert isinstance(levels, Levels)
    assert levels.reasons[0] == "0.15 ATR behind 99.00, the point that proves the idea wrong; 1.15 ATR from the entry"
    assert levels.reasons[1:] == ("1.00 R", "2.26 R, at the opposing zone that begins at 102.60", "3.00 R")
    farther = build_levels(PlanRequest(Side.LONG, 100.0, 1.0, 99.9, (98.5,)), FREE, 0.01)
    assert isinstance(farther, Levels)
    assert "behind 98.50, the next zone or pivot past that point" in farther.reasons[0]
