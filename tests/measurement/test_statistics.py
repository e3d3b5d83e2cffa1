"""Figures of trades against scipy and against numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from futtui.domain.performance import Interval
from futtui.domain.position import WIN_R, Trade
from futtui.domain.timeframe import DAY_MS, HOUR_MS
from futtui.measurement.statistics import (
    bootstrap,
    break_even_win_rate,
    by_day,
    drawdown,
    profit_factor,
    statistics_of,
    verdict_of,
    wilson,
    win_rate_of,
)
from tests.backtest.made_trades import made_trade


@given(st.integers(1, 3000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_equals_scipy(pair: tuple[int, int]):
    wins, trades = pair
    expected = binomtest(wins, trades).proportion_ci(0.95, method="wilson")
    found = wilson(wins, trades)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_wilson_published_values():
    """80 of 100: 71 to 87 %; 16 of 20: 58 to 92 %."""
    assert [round(value, 2) for value in (wilson(80, 100).low, wilson(80, 100).high)] == [0.71, 0.87]
    assert [round(value, 2) for value in (wilson(16, 20).low, wilson(16, 20).high)] == [0.58, 0.92]
    assert wilson(0, 0) == Interval(None, None, None)


def dealt(days: list[list[bool]]) -> list[Trade]:
    """Trades of some days, an hour apart; each won or lost half an R."""
    return [
        made_trade(0.5 if won else -0.5, opened_ms=day * DAY_MS + place * HOUR_MS)
        for day, row in enumerate(days)
        for place, won in enumerate(row)
    ]


@given(st.lists(st.booleans(), min_size=1, max_size=60))
def test_win_rate_of_one_trade_a_day_has_the_plain_wilson_interval(wins: list[bool]):
    found, plain = win_rate_of(dealt([[won] for won in wins])), wilson(sum(wins), len(wins))
    assert (found.value, found.low, found.high) == pytest.approx((plain.value, plain.low, plain.high))


@pytest.mark.parametrize("wins", [12, 20])
def test_win_rate_of_days_that_went_alike_is_known_as_well_as_that_of_one_trade_a_day(wins: int):
    """Twenty days of five trades, all of a day with one outcome, are twenty bets."""
    rows = [[day < wins] * 5 for day in range(20)]
    assert win_rate_of(dealt(rows)) == win_rate_of(dealt([row[:1] for row in rows]))


def test_win_rate_interval_holds_the_truth_as_often_as_it_says_where_trades_of_a_day_go_alike():
    """On half of the days all four trades go one way: Wilson's own interval would be right in 8 of 10 cases."""
    draws, hits, plain_hits = np.random.default_rng(3), 0, 0
    for _ in range(200):
        rows = [
            [bool(draws.random() < 0.8)] * 4 if draws.random() < 0.5 else list(draws.random(4) < 0.8) for _ in range(40)
        ]
        trades = dealt(rows)
        found, plain = win_rate_of(trades), wilson(sum(map(sum, rows)), 160)
        hits += found.low <= 0.8 <= found.high
        plain_hits += plain.low <= 0.8 <= plain.high
    assert hits >= 182
    assert plain_hits <= 172


@pytest.mark.parametrize(("days", "known"), [(1, False), (5, False), (6, True)])
def test_interval_of_drawn_days_needs_days_to_draw(days: int, known: bool):
    """Of one day every sample is the same: an interval without width would look like certainty."""
    found = statistics_of(dealt([[True, True, False]] * (days - 1) + [[True, False, False]]), draws=500)
    for interval in (found.expectancy_r, found.profit_factor):
        assert interval.value is not None
        assert (interval.low is not None, interval.high is not None) == (known, known)


def test_profit_factor_and_the_win_rate_that_only_pays_the_costs():
    results = [0.5, 0.5, 0.5, -1.0, 0.0]
    assert profit_factor(results) == 1.5
    assert break_even_win_rate(results) == pytest.approx(0.5 / (0.5 + 0.5))
    assert profit_factor([1.0, 2.0]) is None
    assert break_even_win_rate([1.0]) is None


@given(st.lists(st.floats(-3.0, 3.0), min_size=2, max_size=60))
def test_win_rate_is_above_its_border_exactly_when_the_mean_is_above_zero(results: list[float]):
    border, wins, mean = break_even_win_rate(results), sum(value > WIN_R for value in results), sum(results)
    if border is None:
        assert wins in (0, len(results))
    elif abs(mean) > 1e-6:
        rate = wins / len(results)
        assert (rate > border) == (mean > 0)


def test_small_gains_that_are_no_wins_do_not_lift_the_border():
    """Six wins of 0.3 R, three of nothing much and one loss: it earns, so the border is below its win rate."""
    assert break_even_win_rate([0.3] * 6 + [0.02] * 3 + [-1.0]) == pytest.approx((0.94 / 4) / (0.3 + 0.94 / 4))


def test_drawdown_counts_from_the_highest_point_and_from_zero():
    assert drawdown([1.0, -0.5, -1.0, 2.0, -0.2]) == pytest.approx(1.5)
    assert drawdown([-1.0, -1.0]) == pytest.approx(2.0)
    assert drawdown([1.0, 1.0]) == 0.0
    assert drawdown([]) == 0.0


def test_bootstrap_draws_whole_days():
    """Twenty equal trades of one day are one observation: the interval cannot shrink with their number."""
    times = [0] * 20 + [DAY_MS] * 20
    groups = by_day([1.0] * 20 + [-1.0] * 20, times)
    means, _ = bootstrap(groups, draws=2000)
    assert {round(float(mean), 9) for mean in np.unique(means)} == {-1.0, 0.0, 1.0}


def test_bootstrap_mean_covers_the_truth_as_often_as_it_says():
    generator, hits = np.random.default_rng(5), 0
    for _ in range(120):
        groups = [generator.normal(0.1, 1.0, 3) for _ in range(60)]
        means, _ = bootstrap(groups, draws=400)
        low, high = np.quantile(means, [0.025, 0.975])
        hits += bool(low <= 0.1 <= high)
    assert 105 <= hits <= 120


@pytest.mark.parametrize(
    ("trades", "days", "rate", "border", "expectancy", "verdict"),
    [
        (99, 90, (0.9, 0.8), 0.5, 0.1, "INSUFFICIENT"),
        (500, 59, (0.9, 0.8), 0.5, 0.1, "INSUFFICIENT"),
        (500, 90, (0.9, 0.8), 0.85, 0.1, "NOT PROVEN"),
        (500, 90, (0.9, 0.8), 0.5, -0.01, "NOT PROVEN"),
        (500, 90, (0.9, 0.8), 0.5, 0.01, "PLAUSIBLE"),
        (500, 90, (1.0, 0.99), None, 0.01, "NOT PROVEN"),
    ],
)
def test_verdict_needs_sample_days_and_both_lower_bounds(trades, days, rate, border, expectancy, verdict):
    share = Interval(rate[0], rate[1], 1.0)
    assert verdict_of(trades, days, share, border, Interval(0.2, expectancy, 0.4)) == verdict
