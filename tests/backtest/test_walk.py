"""The way of price through a bar: careful by default, optimistic on request, levels never jumped over."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from futtui.backtest.walk import waypoints
from futtui.domain.candle import Candle

BAR = Candle(0, 100.0, 103.0, 98.0, 101.0, 1.0)


def walked(levels=(), held: int = 0, optimistic: bool = False, enters_at: float | None = None, side: int = 1):
    """The prices of BAR; a position of `side` is opened when price is at `enters_at`."""
    state = {"held": held}
    seen = []
    for price in waypoints(BAR, lambda: list(levels), lambda: state["held"], optimistic):
        seen.append(price)
        if price == enters_at:
            state["held"] = side
    return seen


@pytest.mark.parametrize(
    ("held", "optimistic", "expected"),
    [
        (1, False, [100, 98, 103, 101]),
        (-1, False, [100, 103, 98, 101]),
        (1, True, [100, 103, 98, 101]),
        (-1, True, [100, 98, 103, 101]),
    ],
)
def test_walk_what_hurts_comes_first_unless_optimistic(held: int, optimistic: bool, expected: list[float]):
    assert walked(held=held, optimistic=optimistic) == expected


def test_walk_stops_at_every_level_on_the_way():
    assert walked(levels=(99.0, 98.5, 102.0, 90.0), held=1) == [
        100, 99, 98.5, 98, 98.5, 99, 102, 103, 102, 101,
    ]  # fmt: skip


def test_walk_entry_on_the_way_down_does_not_count_the_high_that_may_have_come_before():
    """A target at 102.5 must not count in the bar that filled the entry at 99."""
    assert walked(levels=(99.0,), enters_at=99.0) == [100, 103, 99, 98, 99, 101]
    assert max(walked(levels=(99.0,), enters_at=99.0)[3:]) == 101


def test_walk_entry_on_the_way_up_sees_the_low_before_the_close():
    """A stop at 98.5 must count in the bar that filled the entry at 102."""
    seen = walked(levels=(102.0,), enters_at=102.0)
    assert seen[:3] == [100, 98, 102]
    assert seen[3:] == [98, 101]


def test_walk_optimistic_entry_sees_the_good_side():
    assert walked(levels=(99.0,), enters_at=99.0, optimistic=True) == [100, 103, 99, 103, 101]


@given(st.lists(st.floats(95, 105), max_size=6), st.sampled_from([-1, 0, 1]), st.booleans())
def test_walk_stays_inside_the_bar_and_ends_at_its_close(levels: list[float], held: int, optimistic: bool):
    seen = walked(levels=levels, held=held, optimistic=optimistic)
    assert seen[0] == BAR.open
    assert seen[-1] == BAR.close
    assert {BAR.high, BAR.low} <= set(seen)
    assert all(BAR.low <= price <= BAR.high for price in seen)
