"""Entry at the real price: slippage, reward, stop distance, levels."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from futtui.domain.side import Side
from futtui.domain.signal import Levels, check_levels
from futtui.risk.entry_checks import (
    fits_on_any_grid,
    is_cost_dominated,
    levels_at_price,
    price_refusal,
    stop_distance_refusal,
)
from futtui.risk.settings import EntrySettings
from tests.desk.world import raw_signal, rules

SETTINGS = EntrySettings()


def levels(side: Side = Side.LONG, first: float = 1.5) -> Levels:
    return raw_signal(side, rewards=(first, 2.5, 3.5)).levels


@pytest.mark.parametrize(
    ("price", "word"),
    [
        (100.0, None),
        (100.25, None),
        (99.75, None),
        (100.26, "away from the entry"),
        (99.74, "away from the entry"),
        (101.5, "first target"),
        (99.0, "stop"),
        (98.0, "stop"),
    ],
)
def test_price_refusal_names_the_rule_that_failed_for_both_sides(price: float, word: str | None) -> None:
    for side, real in ((Side.LONG, price), (Side.SHORT, 200.0 - price)):
        reason = price_refusal(levels(side), real, SETTINGS)
        assert (reason is None) if word is None else (reason is not None and word in reason)


def test_price_refusal_reward_below_the_minimum_from_the_real_price() -> None:
    plan = levels(first=1.0)
    assert price_refusal(plan, 100.1, SETTINGS) is None
    reason = price_refusal(plan, 100.2, SETTINGS)
    assert reason is not None
    assert "0.67 R" in reason


@pytest.mark.parametrize(("atr", "fits"), [(1.0, True), (1.25, True), (1.26, False), (0.334, True), (0.33, False)])
def test_stop_distance_is_between_the_bounds(atr: float, fits: bool) -> None:
    assert (stop_distance_refusal(levels(), 100.0, atr, SETTINGS) is None) is fits


@pytest.mark.parametrize("atr", [0.0, -1.0, float("nan"), float("inf")])
def test_stop_distance_unusable_atr_is_refused(atr: float) -> None:
    assert stop_distance_refusal(levels(), 100.0, atr, SETTINGS) is not None


@given(
    side=st.sampled_from(Side),
    price=st.decimals("50", "150", places=2),
    rewards=st.lists(st.floats(0.5, 5.0), min_size=1, max_size=3, unique=True).map(sorted),
)
def test_levels_at_price_are_ordered_or_refused_and_keep_the_stop(
    side: Side, price: Decimal, rewards: list[float]
) -> None:
    plan = raw_signal(side, rewards=tuple(rewards)).levels
    assume(side.sign * (float(price) - plan.stop) > 0)
    real = levels_at_price(plan, price, rules(), SETTINGS)
    if isinstance(real, str):
        return
    check_levels(real, 0.01)
    assert real.stop == plan.stop
    for index, reward in enumerate(rewards):
        assert real.reward_r(index) == pytest.approx(reward, abs=0.02 / real.risk)


def test_levels_at_price_equal_targets_are_refused() -> None:
    plan = raw_signal(rewards=(1.0, 1.0, 2.0)).levels
    assert isinstance(levels_at_price(plan, Decimal(100), rules(), SETTINGS), str)


def test_cost_dominated_first_target_below_four_round_trips() -> None:
    assert is_cost_dominated(100.0, 100.55, SETTINGS)
    assert not is_cost_dominated(100.0, 100.57, SETTINGS)


@given(
    side=st.sampled_from(Side),
    entry=st.floats(0.05, 5.0),
    risk=st.floats(0.005, 2.0),
    gaps=st.lists(st.floats(0.2, 6.0), min_size=1, max_size=3),
)
def test_fits_on_any_grid_only_where_the_exact_way_finds_nothing_wrong(
    side: Side, entry: float, risk: float, gaps: list[float]
) -> None:
    """Near the ground and on a coarse grid, where rounding tears many plans apart."""
    targets = tuple(entry + side.sign * risk * sum(gaps[: number + 1]) for number in range(len(gaps)))
    plan = Levels(side, entry, entry - side.sign * risk, targets)
    grid = rules()
    if fits_on_any_grid(plan, grid, SETTINGS):
        assert isinstance(levels_at_price(plan, grid.round_price(entry), grid, SETTINGS), Levels)


def test_fits_on_any_grid_sees_at_once_that_a_usual_plan_does() -> None:
    for side in Side:
        assert fits_on_any_grid(levels(side), rules(), SETTINGS)
