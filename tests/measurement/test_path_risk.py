"""Falls of drawn and shuffled paths: the same as walking each path trade by trade, and known extremes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from futtui.measurement import path_risk
from futtui.measurement.path_risk import drawn_falls, shuffled_falls
from futtui.measurement.statistics import drawdown

Days = st.lists(st.lists(st.floats(-3, 3).map(lambda value: round(value, 2)), min_size=1, max_size=4), min_size=1,
                max_size=6)  # fmt: skip


@settings(max_examples=60)
@given(Days, st.integers(0, 10_000))
def test_falls_equal_a_walk_through_every_trade(days: list[list[float]], seed: int):
    """A fall inside a day counts, whatever the day ends with."""
    arrays = [np.array(day) for day in days]
    order = np.random.default_rng(seed).integers(0, len(days), (5, 7))
    found = path_risk._falls(path_risk._path_of(arrays), order)
    expected = [drawdown(np.concatenate([arrays[day] for day in row])) for row in order]
    assert found == pytest.approx(expected, abs=1e-9)


def test_falls_of_one_winning_day_are_none_and_of_losing_days_the_whole_sum():
    winning = drawn_falls([np.array([1.0])] * 5)
    assert (winning.middle, winning.most_99) == (0.0, 0.0)
    losing = shuffled_falls([np.array([-1.0])] * 5)
    assert (losing.middle, losing.most_95, losing.most_99) == pytest.approx((5.0, 5.0, 5.0))
    assert drawn_falls([]) is None
    assert shuffled_falls([]) is None


def test_drawn_falls_grow_with_rarity_and_are_the_same_for_a_seed():
    generator = np.random.default_rng(2)
    days = [generator.normal(0.05, 1.0, 3) for _ in range(80)]
    found = drawn_falls(days, seed=5)
    assert 0 < found.middle < found.most_95 < found.most_99
    assert found == drawn_falls(days, seed=5)


def test_drawn_falls_keep_bad_weeks_together():
    """Ten losing days in a row are a deeper fall than ten that are strewn among good ones."""
    clustered = [np.array([-1.0])] * 10 + [np.array([0.25])] * 90
    strewn = ([np.array([-1.0])] + [np.array([0.25])] * 9) * 10
    assert drawn_falls(clustered).middle > drawn_falls(strewn).middle + 1.0
