"""Stage one: each rule with a cluster that passes and one that does not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from futtui.zones.density import Density
from futtui.zones.stage_one import (
    Guard,
    core_borders,
    refined,
    split_prices,
    stands_out,
    within_width,
    without_outliers,
)
from futtui.zones.swings import Swing
from futtui.zones.weights import quantile, swing_weights, weighted_median

GUARD = Guard(widest=0.9, bandwidth=0.15, valley_gap=0.6, outlier_z=3.0, least=2)


def swings(prices, volumes=None, times=None):
    count = len(prices)
    volumes = volumes or [1.0] * count
    times = times or range(count)
    return [Swing(time, time, price, True, volume) for time, price, volume in zip(times, prices, volumes, strict=True)]


def prices_of(groups):
    return [[swing.price for swing in group] for group in groups]


def test_outlier_beyond_three_deviations_is_left_out():
    group = swings([*[100.0] * 11, 101.0])
    assert [swing.price for swing in without_outliers(group, 3.0)] == [100.0] * 11


def test_swing_within_three_deviations_stays():
    group = swings([99.0, *[100.0] * 4, 101.0, 101.5])
    assert without_outliers(group, 3.0) == group


def test_two_swings_hold_no_outlier_however_far_apart():
    assert len(without_outliers(swings([1.0, 100.0]), 0.5)) == 2


@pytest.mark.parametrize("base", [1e-6, 1.0, 1e9])
def test_outliers_are_found_at_any_price_level(base):
    step = base * 1e-6
    group = swings([*(base + step * number for number in range(12)), base + step * 60])
    assert len(without_outliers(group, 3.0)) == 12


def test_cluster_that_loses_all_but_one_swing_is_dropped():
    guard = Guard(0.9, 0.15, 0.6, 0.9, 2)
    assert refined(swings([100.0, 100.4, 100.8]), guard) == []
    assert len(refined(swings([100.0, 100.4, 100.8]), GUARD)) == 1


def test_narrow_cluster_stays_whole():
    group = swings([100.0, 100.4, 100.8])
    assert within_width(group, GUARD) == [group]


def test_wide_cluster_with_a_narrow_core_keeps_the_core():
    values = [99.0, 99.8, 100.0, 100.1, 100.2, 100.3, 100.4, 100.5, 100.7, 101.5]
    kept = prices_of(within_width(swings(values), GUARD))
    low, high = np.quantile(values, [0.15, 0.85])
    assert kept == [[value for value in values if low <= value <= high]]
    assert kept[0][0] > 99.0


def test_wide_cluster_with_two_crowds_is_split_at_the_valley():
    values = [100.0, 100.1, 100.2, 101.0, 101.1, 101.2]
    assert prices_of(within_width(swings(values), GUARD)) == [[101.0, 101.1, 101.2], [100.0, 100.1, 100.2]]


def test_wide_cluster_with_one_crowd_is_cut_at_its_largest_gap():
    values = [100.0, 100.3, 100.6, 101.05, 101.3]
    cut = prices_of(within_width(swings(values), GUARD))
    assert cut == [[100.0, 100.3, 100.6], [101.05, 101.3]]


def test_few_prices_are_not_split():
    assert split_prices([100.0, 100.1, 102.0, 102.1], GUARD) == [[100.0, 100.1, 102.0, 102.1]]
    assert len(split_prices([100.0, 100.1, 100.1, 102.0, 102.0, 102.1], GUARD)) == 2


def test_refined_with_wanted_times_gives_only_the_parts_that_hold_them():
    group = swings([100.0, 100.1, 100.2, 101.0, 101.1, 101.2])
    assert prices_of(refined(group, GUARD, {4})) == [[101.0, 101.1, 101.2]]
    assert len(refined(group, GUARD)) == 2


@settings(max_examples=150, deadline=None)
@given(values=st.lists(st.integers(0, 600), min_size=2, max_size=50))
def test_pieces_are_narrow_disjoint_and_alike_for_up_and_down(values):
    up = sorted(value / 64.0 for value in values)
    pieces = prices_of(within_width(swings(up), GUARD))
    assert all(piece[-1] - piece[0] <= GUARD.widest and len(piece) >= 2 for piece in pieces)
    down = prices_of(within_width(swings(sorted(16.0 - value for value in up)), GUARD))
    assert sorted(pieces) == sorted(sorted(16.0 - value for value in piece) for piece in down)


def frame(crowds):
    prices = [price for price, count in crowds for _ in range(count)]
    return Density(prices, [1.0] * len(prices), 0.15)


def test_cluster_that_is_a_hill_among_all_swings_stands_out():
    group = swings([103.0, 103.0, 103.0])
    assert stands_out(group, frame([(100.0, 10), (103.0, 3)]), 0.15, 0.25)


def test_cluster_that_is_small_beside_the_highest_hill_does_not_stand_out():
    group = swings([103.0, 103.0, 103.0])
    assert not stands_out(group, frame([(100.0, 20), (103.0, 3)]), 0.15, 0.25)


def test_cluster_on_the_slope_of_a_hill_does_not_stand_out():
    group = swings([100.5, 100.5, 100.5])
    assert not stands_out(group, frame([(100.0, 6), (100.25, 6), (100.5, 3)]), 0.1, 0.25)


def test_two_swings_need_not_stand_out():
    assert stands_out(swings([103.0, 103.0]), frame([(100.0, 90), (103.0, 2)]), 0.15, 0.25)


@given(values=st.lists(st.integers(0, 1000), min_size=1, max_size=30))
def test_quantile_equals_that_of_numpy(values):
    ordered = sorted(float(value) for value in values)
    for share in (0.0, 0.15, 0.5, 0.85, 1.0):
        assert quantile(ordered, share) == pytest.approx(np.quantile(ordered, share))
    low, high = core_borders(ordered)
    assert low <= high


@given(values=st.lists(st.integers(0, 1000), min_size=1, max_size=30, unique=True))
def test_weighted_median_of_equal_weights_is_the_median(values):
    ordered = sorted(float(value) for value in values)
    assert weighted_median(ordered, [0.7] * len(ordered)) == pytest.approx(np.median(ordered))


@given(
    pairs=st.lists(st.tuples(st.integers(0, 50), st.integers(1, 9)), min_size=1, max_size=30),
)
def test_weighted_median_lies_inside_and_mirrors(pairs):
    pairs.sort()
    values, weights = [float(value) for value, _ in pairs], [float(weight) for _, weight in pairs]
    middle = weighted_median(values, weights)
    assert values[0] <= middle <= values[-1]
    assert weighted_median([64.0 - value for value in values[::-1]], weights[::-1]) == pytest.approx(64.0 - middle)


def test_weighted_median_follows_weight():
    assert weighted_median([100.0, 101.0], [1.0, 1.0]) == pytest.approx(100.5)
    assert weighted_median([100.0, 101.0], [3.0, 1.0]) == pytest.approx(100.25)


def test_swing_weights_halve_with_age_and_follow_volume_within_limits():
    young, old = swing_weights(swings([1.0, 1.0], times=[100, 0]), 100, 100.0)
    assert young == pytest.approx(2.0 * old)
    quiet, usual, wild = swing_weights(swings([1.0] * 3, [0.0, 10.0, 990.0], [5, 5, 5]), 5, 100.0)
    assert quiet == pytest.approx(0.5)
    assert wild == pytest.approx(2.0)
    assert quiet <= usual < wild
    assert swing_weights(swings([1.0] * 2, [0.0, 0.0], [5, 5]), 5, 100.0) == [1.0, 1.0]
