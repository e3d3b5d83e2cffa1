"""Clusters of prices against scikit-learn, and the cap on their width."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from futtui.zones.clustering import clusters, dbscan_labels, split_at_gaps
from futtui.zones.swings import FractalSwings
from tests.indicators.market import real_candles


@settings(max_examples=150, deadline=None)
@given(
    values=st.lists(st.integers(0, 60), min_size=1, max_size=50),
    eps=st.integers(1, 6),
    min_samples=st.integers(1, 5),
)
def test_dbscan_labels_equal_those_of_scikit_learn(values, eps, min_samples):
    cluster = pytest.importorskip("sklearn.cluster", reason="scikit-learn is the oracle of this test")
    points = np.array(values, dtype=float).reshape(-1, 1)
    expected = cluster.DBSCAN(eps=eps, min_samples=min_samples).fit_predict(points)
    assert dbscan_labels([float(value) for value in values], float(eps), min_samples) == expected.tolist()


@pytest.mark.parametrize("seed", range(5))
def test_dbscan_labels_of_many_real_numbers_equal_those_of_scikit_learn(seed):
    cluster = pytest.importorskip("sklearn.cluster", reason="scikit-learn is the oracle of this test")
    values = np.random.default_rng(seed).normal(100.0, 5.0, 500)
    expected = cluster.DBSCAN(eps=0.05, min_samples=3).fit_predict(values.reshape(-1, 1))
    assert len(set(expected)) > 10
    assert dbscan_labels(values.tolist(), 0.05, 3) == expected.tolist()


def test_dbscan_of_nothing_is_nothing():
    assert dbscan_labels([], 1.0, 2) == []


@settings(max_examples=200, deadline=None)
@given(values=st.lists(st.integers(0, 200), min_size=1, max_size=60), widest=st.integers(1, 30))
def test_clusters_are_never_wider_than_allowed_nor_smaller_than_asked(values, widest):
    groups = clusters([float(value) for value in values], 5.0, 2, float(widest))
    members = [index for group in groups for index in group]
    assert len(members) == len(set(members))
    for group in groups:
        assert len(group) >= 2
        assert values[group[-1]] - values[group[0]] <= widest


def test_split_cuts_at_the_largest_gap():
    values = [0.0, 1.0, 2.0, 4.5, 5.0, 6.0]
    assert split_at_gaps(values, [0, 1, 2, 3, 4, 5], 2, 3.0) == [[0, 1, 2], [3, 4, 5]]


@settings(max_examples=200, deadline=None)
@given(values=st.lists(st.integers(0, 60), min_size=2, max_size=40))
def test_clusters_of_mirrored_prices_are_mirrored(values):
    def pieces(prices):
        return sorted([sorted(prices[index] for index in group) for group in clusters(prices, 3.0, 2, 5.0)])

    turned = pieces([100.0 - value for value in values])
    assert pieces([float(value) for value in values]) == sorted(sorted(100.0 - p for p in group) for group in turned)


@pytest.mark.slow
def test_dbscan_labels_of_a_thousand_random_and_fifty_real_inputs_equal_those_of_scikit_learn():
    cluster = pytest.importorskip("sklearn.cluster", reason="scikit-learn is the oracle of this test")
    dice = np.random.default_rng(7)
    inputs = [
        (dice.normal(dice.uniform(1e-6, 1e5), 1.0, dice.integers(2, 300)), dice.uniform(0.001, 0.5), least)
        for least in (2, 3, 4, 5)
        for _ in range(250)
    ]
    candles = real_candles(count=10_000)
    for start in range(0, 10_000, 200):
        bars, finder = candles[start : start + 200], FractalSwings(2)
        swings = [swing.price for bar in bars for swing in finder.update(bar)]
        size = sum(bar.range for bar in bars) / len(bars)
        inputs.append((np.array(swings), 0.6 * size, 2))
    assert len(inputs) == 1_050
    for values, eps, least in inputs:
        expected = cluster.DBSCAN(eps=eps, min_samples=least).fit_predict(values.reshape(-1, 1))
        assert dbscan_labels(values.tolist(), float(eps), least) == expected.tolist()
