"""Sharpe ratios against the worked examples of their papers, against scipy, and against simulation."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from futtui.backtest.sharpe import (
    Moments,
    best_of_worthless,
    daily_results,
    deflated_sharpe,
    least_length,
    moments,
    probabilistic_sharpe,
)
from futtui.domain.timeframe import DAY_MS

PAPER = Moments(1250, 2.5 / sqrt(250), -3.0, 10.0)
"""Worked example of "The Deflated Sharpe Ratio": annual 2.5 on five years of days."""
PAPER_SPREAD = sqrt(0.5 / 250)


def test_deflated_sharpe_published_example():
    """The paper: benchmark 0.1132 for 100 trials, DSR 0.9004; 46 trials give 0.9505, as do 88 with normal returns."""
    assert best_of_worthless(100, PAPER_SPREAD) == pytest.approx(0.1132, abs=5e-5)
    assert deflated_sharpe(PAPER, 100, PAPER_SPREAD) == pytest.approx(0.9004, abs=5e-5)
    assert deflated_sharpe(PAPER, 46, PAPER_SPREAD) == pytest.approx(0.9505, abs=5e-5)
    normal = Moments(PAPER.count, PAPER.sharpe, 0.0, 3.0)
    assert deflated_sharpe(normal, 88, PAPER_SPREAD) == pytest.approx(0.9505, abs=5e-5)


def test_probabilistic_sharpe_published_example():
    """The Sharpe Ratio Efficient Frontier: 24 months, 0.458 a month: 0.982 if normal, 0.913 with its real shape."""
    assert probabilistic_sharpe(Moments(24, 0.458, 0.0, 3.0)) == pytest.approx(0.982, abs=5e-4)
    assert probabilistic_sharpe(Moments(24, 0.458, -2.448, 10.164)) == pytest.approx(0.913, abs=5e-4)


def test_least_length_is_where_the_probability_reaches_the_confidence():
    for skewness, kurtosis in ((0.0, 3.0), (-2.448, 10.164), (1.0, 5.0)):
        length = least_length(Moments(24, 0.2, skewness, kurtosis))
        assert length is not None
        at = _at_length(Moments(24, 0.2, skewness, kurtosis), length)
        assert at == pytest.approx(0.95, abs=1e-9)
    assert least_length(Moments(24, -0.1, 0.0, 3.0)) is None


def _at_length(found: Moments, length: float) -> float:
    z = found.sharpe * sqrt(length - 1)
    spread = sqrt(1 - found.skewness * found.sharpe + (found.kurtosis - 1) / 4 * found.sharpe**2)
    return float(stats.norm.cdf(z / spread))


@given(st.lists(st.floats(-5, 5).map(lambda value: round(value, 3)), min_size=3, max_size=40))
def test_moments_equal_scipy(values: list[float]):
    found = moments(np.array(values))
    if np.ptp(values) == 0:
        assert found is None
        return
    assert found is not None
    assert found.sharpe == pytest.approx(np.mean(values) / np.std(values, ddof=1))
    assert found.skewness == pytest.approx(stats.skew(values), abs=1e-9)
    assert found.kurtosis == pytest.approx(stats.kurtosis(values, fisher=False))


def test_best_of_worthless_is_what_simulation_shows():
    generator = np.random.default_rng(3)
    best = generator.normal(0.0, 0.2, (4000, 100)).max(axis=1)
    assert best_of_worthless(100, 0.2) == pytest.approx(float(best.mean()), rel=0.01)
    assert best_of_worthless(1, 0.2) == 0.0


def test_deflated_sharpe_of_the_best_of_worthless_variants_rarely_convinces():
    """Chosen as the best of 50 coin flips, a result passes 0.95 in about one case of twenty, not in most."""
    generator, passed = np.random.default_rng(4), 0
    for _ in range(200):
        table = generator.normal(0.0, 1.0, (250, 50))
        sharpes = table.mean(axis=0) / table.std(axis=0, ddof=1)
        best = moments(table[:, int(np.argmax(sharpes))])
        assert best is not None
        assert probabilistic_sharpe(best) > 0.9
        passed += deflated_sharpe(best, 50, float(sharpes.std(ddof=1))) > 0.95
    assert passed <= 20


@settings(max_examples=30)
@given(st.integers(2, 400), st.integers(2, 400))
def test_more_trials_never_help(few: int, more: int):
    low, high = sorted((few, more))
    assert deflated_sharpe(PAPER, high, PAPER_SPREAD) <= deflated_sharpe(PAPER, low, PAPER_SPREAD) + 1e-12


def test_daily_results_keep_quiet_days():
    days = daily_results([1.0, 0.5, -2.0], [DAY_MS + 5, DAY_MS + 9, 3 * DAY_MS], DAY_MS, 5 * DAY_MS)
    assert days.tolist() == [1.5, 0.0, -2.0, 0.0]
