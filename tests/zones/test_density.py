"""The density of swings against scipy, and how far its peaks stand out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from futtui.zones.density import FEW, Density, deepest

stats = pytest.importorskip("scipy.stats", reason="scipy is the oracle of these tests")
signal = pytest.importorskip("scipy.signal", reason="scipy is the oracle of these tests")
WIDTH = 0.2


def crowd(seed, count=120):
    """Prices in a few crowds, with weights."""
    dice = np.random.default_rng(seed)
    centres = dice.uniform(100.0, 112.0, 8)
    prices = np.concatenate([dice.normal(centre, 0.15, count // 8) for centre in centres])
    return prices, dice.uniform(0.3, 2.0, len(prices))


def scipy_density(prices, weights, grid):
    spread = np.sqrt(np.cov(prices, aweights=weights, bias=False))
    return stats.gaussian_kde(prices, bw_method=WIDTH / spread, weights=weights)(grid)


@pytest.mark.parametrize("seed", range(20))
def test_density_equals_that_of_scipy(seed):
    prices, weights = crowd(seed)
    density = Density(prices, weights, WIDTH)
    expected = scipy_density(prices, weights, density.grid())
    found = density.values / density.values.max()
    assert found == pytest.approx(expected / expected.max(), abs=0.01)


@pytest.mark.parametrize("seed", range(20))
def test_density_peaks_and_their_prominences_equal_those_of_scipy(seed):
    prices, weights = crowd(seed)
    density = Density(prices, weights, WIDTH)
    step = density.price(1) - density.price(0)
    exact = scipy_density(prices, weights, density.grid())
    peaks, facts = signal.find_peaks(exact, prominence=0.02 * exact.max())
    ours = np.array(density.peaks())
    for place, prominence in zip(peaks, facts["prominences"], strict=True):
        nearest = ours[np.argmin(abs(ours - place))]
        assert abs(nearest - place) <= 1
        at = density.price(int(nearest))
        assert density.prominence_at(at - step, at + step) == pytest.approx(prominence / exact.max(), abs=0.02)
    big = [place for place in ours if density.prominence_at(density.price(place), density.price(place)) > 0.03]
    assert len(big) <= len(peaks)


@settings(max_examples=60, deadline=None)
@given(prices=st.lists(st.integers(0, 400), min_size=1, max_size=40))
def test_density_peaks_equal_those_that_scipy_finds_in_the_same_values(prices):
    density = Density([price / 64.0 for price in prices], [1.0] * len(prices), WIDTH)
    assert density.peaks() == signal.find_peaks(density.values)[0].tolist()


@settings(max_examples=60, deadline=None)
@given(prices=st.lists(st.integers(0, 400), min_size=2, max_size=40, unique=True))
def test_density_of_mirrored_prices_is_mirrored(prices):
    values = [price / 64.0 for price in prices]
    up = Density(values, [1.0] * len(values), WIDTH)
    down = Density([16.0 - value for value in values], [1.0] * len(values), WIDTH)
    assert up.values[::-1] == pytest.approx(down.values)


@settings(max_examples=60, deadline=None)
@given(
    prices=st.lists(st.integers(0, 400), min_size=1, max_size=FEW),
    weights=st.lists(st.sampled_from([0.5, 1.0, 1.7]), min_size=FEW, max_size=FEW),
)
def test_density_of_few_prices_is_to_the_last_bit_what_many_at_once_would_give(prices, weights):
    """Few prices are spread over the grid one by one; the oracle puts the same sums together with numpy."""
    values, weights = [price / 64.0 + 0.003 for price in prices], weights[: len(prices)]
    density = Density(values, weights, WIDTH)
    places = (np.array(values) - density.price(0)) / density._step
    left = places.astype(int)
    count, rest = len(density.values), places - left
    mass = np.bincount(left, weights * (1.0 - rest), count) + np.bincount(left + 1, weights * rest, count)
    assert density._mass(values, weights, count).tolist() == mass.tolist()


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e4])
def test_density_valley_lies_between_two_crowds_at_any_scale(scale):
    prices = [value * scale for value in (100.0, 100.1, 100.2, 101.0, 101.1, 101.2)]
    valleys = Density(prices, [1.0] * 6, 0.15 * scale).valleys(0.6 * scale)
    assert deepest(valleys, prices[0], prices[-1]) == pytest.approx([100.6 * scale], rel=1e-4)


def test_density_valley_between_crowds_that_are_too_near_does_not_count():
    prices = [100.0, 100.05, 100.1, 100.55, 100.6, 100.65]
    density = Density(prices, [1.0] * 6, 0.1)
    assert density.valleys(0.5) != []
    assert density.valleys(0.6) == []


def test_deepest_of_equal_valleys_are_all_of_them():
    prices = [price + offset for price in (100.0, 102.0, 104.0) for offset in (0.0, 0.1)]
    density = Density(prices, [1.0] * 6, 0.15)
    assert deepest(density.valleys(0.6), 100.0, 104.1) == pytest.approx([101.05, 103.05], abs=0.03)


def test_prominence_of_a_shoulder_is_nothing_and_of_a_lone_peak_everything():
    lone = Density([100.0] * 3, [1.0] * 3, WIDTH)
    assert lone.prominence_at(99.9, 100.1) == pytest.approx(1.0, abs=1e-4)
    hill = Density([*[100.0] * 9, 100.35], [1.0] * 10, WIDTH)
    assert hill.prominence_at(100.3, 100.4) == pytest.approx(0.0, abs=1e-9)


def plain_prominence(density, low, high):
    """The definition itself: from the highest place between two prices, point by point to higher ground."""
    values, grid = density.values, density.grid()
    step = grid[1] - grid[0]
    inside = [place for place, price in enumerate(grid) if low - 1e-9 * step <= price <= high + 1e-9 * step]
    place = max(inside, key=lambda each: (values[each], -each))
    passes = []
    for way in (range(place - 1, -1, -1), range(place + 1, len(values))):
        lowest = values[place]
        for each in way:
            lowest = min(lowest, values[each])
            if values[each] > values[place]:
                break
        passes.append(lowest)
    return (values[place] - max(passes)) / values.max()


@settings(max_examples=60, deadline=None)
@given(
    prices=st.lists(st.integers(0, 300), min_size=1, max_size=30),
    weights=st.lists(st.sampled_from([0.5, 1.0, 1.0, 2.0]), min_size=30, max_size=30),
    places=st.lists(st.tuples(st.integers(-8, 310), st.integers(0, 30)), min_size=8, max_size=8),
)
def test_prominence_equals_its_definition_point_by_point(prices, weights, places):
    density = Density([price / 64.0 for price in prices], weights[: len(prices)], WIDTH)
    grid = density.grid()
    for first, width in places:
        low, high = first / 64.0 + 0.003, (first + width) / 64.0 + 0.007
        if grid[0] < low < high < grid[-1] and ((grid >= low) & (grid <= high)).any():
            assert density.prominence_at(low, high) == plain_prominence(density, low, high)
