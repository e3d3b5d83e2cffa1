"""The verdict: coin flips are not proven, a real edge is, every check can be failed, words say what was missed."""

from __future__ import annotations

import numpy as np
import pytest

from futtui.backtest.checklist import (
    Answer,
    Badge,
    Check,
    Moved,
    Outside,
    ahead_check,
    badge_of,
    cost_check,
    deflated_check,
    in_words,
    outside_check,
    overfitting_check,
    robust_checks,
    sample_checks,
    skill_check,
    start_check,
)
from futtui.backtest.overfitting import Overfitting
from futtui.backtest.random_entries import EntrySkill
from futtui.backtest.report import down
from futtui.backtest.validation_text import _group_lines
from futtui.domain.timeframe import DAY_MS
from futtui.measurement.statistics import statistics_of
from tests.backtest.made_trades import made_trade

SAMPLE = ("enough trades", "wins often enough", "earns")


def badge(results: np.ndarray, days: int) -> Badge:
    """The verdict on results that are spread over days, as far as the sample alone decides."""
    trades = [
        made_trade(float(result), opened_ms=int(number * days / len(results)) * DAY_MS, number=number)
        for number, result in enumerate(results)
    ]
    return badge_of(sample_checks(statistics_of(trades, draws=500)))


def test_coin_flips_are_called_not_proven_in_at_least_95_of_100_seeds():
    """Even without any costs: a fair coin of +1 R and -1 R, 240 trades on 80 days."""
    badges = [badge(np.random.default_rng(seed).choice([1.0, -1.0], 240), 80) for seed in range(100)]
    assert sum(each is Badge.NOT_PROVEN for each in badges) >= 95
    assert Badge.SUPPORTED not in badges


def test_few_coin_flips_are_called_insufficient():
    assert badge(np.random.default_rng(1).choice([1.0, -1.0], 80), 70) is Badge.INSUFFICIENT
    assert badge(np.ones(500), 59) is Badge.INSUFFICIENT


def test_real_edge_is_called_plausible_and_a_loss_not_proven():
    generator = np.random.default_rng(2)
    good = generator.choice([1.0, -1.0], 600, p=[0.62, 0.38])
    assert badge(good, 120) is not Badge.NOT_PROVEN
    assert badge(-good, 120) is Badge.NOT_PROVEN


def passed(*failed: str, answer: Answer = Answer.NO) -> list[Check]:
    names = (*SAMPLE, "better than the luckiest of all trials", "entries beat random ones", "does not look ahead",
             "survives dearer costs")  # fmt: skip
    return [Check(name, answer if name in failed else Answer.YES, "") for name in names]


@pytest.mark.parametrize(
    ("failed", "expected"),
    [
        ((), Badge.SUPPORTED),
        (("survives dearer costs",), Badge.PLAUSIBLE),
        (("entries beat random ones",), Badge.NOT_PROVEN),
        (("better than the luckiest of all trials",), Badge.NOT_PROVEN),
        (("earns",), Badge.NOT_PROVEN),
        (("enough trades", "earns"), Badge.INSUFFICIENT),
        (("does not look ahead", "enough trades"), Badge.NOT_PROVEN),
    ],
)
def test_badge_follows_the_checks(failed: tuple[str, ...], expected: Badge):
    checks = passed(*failed)
    assert badge_of(checks) is expected
    words = in_words(expected, checks)
    assert words.startswith(expected.value)
    if failed and "does not look ahead" not in failed:
        assert all(name in words for name in failed)


def test_open_check_keeps_from_supported_but_refutes_nothing():
    assert badge_of(passed("entries beat random ones", answer=Answer.OPEN)) is Badge.PLAUSIBLE


def moved(name: str, group: str, expectancy: float | None) -> Moved:
    return Moved(name, group, 10, expectancy, 0.0, 0.0, None, None)


def test_each_check_can_be_passed_failed_and_open():
    assert deflated_check(0.96, 0.1, 5).answer is Answer.YES
    assert deflated_check(0.94, 0.1, 5).answer is Answer.NO
    assert deflated_check(None, None, 5).answer is Answer.OPEN
    assert overfitting_check(Overfitting(0.1, 0.1, None, 20, 5), 5).answer is Answer.YES
    assert overfitting_check(Overfitting(0.4, 0.1, None, 20, 5), 5).answer is Answer.NO
    assert overfitting_check(None, 1).answer is Answer.YES
    assert overfitting_check(None, 9).answer is Answer.OPEN
    assert outside_check(Outside(50, 50, 0.2, 0.13)).answer is Answer.YES
    assert outside_check(Outside(50, 50, 0.2, 0.11)).answer is Answer.NO
    assert outside_check(Outside(50, 50, -0.2, 0.3)).answer is Answer.NO
    assert outside_check(None).answer is Answer.OPEN
    assert skill_check(EntrySkill(100, 20, 0.2, 0.0, 0.6, 0.005)).answer is Answer.YES
    assert skill_check(EntrySkill(100, 20, 0.2, 0.0, 0.6, 0.05)).answer is Answer.NO
    assert skill_check(None).answer is Answer.OPEN
    assert cost_check(7.0, 3.0).answer is Answer.YES
    assert cost_check(5.0, 5.0).answer is Answer.NO
    assert cost_check(-5.0, 4.0).answer is Answer.NO
    assert ahead_check(10, 0, (), ()).answer is Answer.YES
    assert ahead_check(10, 1, ("x",), ()).answer is Answer.NO
    assert ahead_check(10, 0, (), ("file",)).answer is Answer.NO
    assert ahead_check(0, 0, (), ()).answer is Answer.OPEN
    assert start_check(95, 100).answer is Answer.YES
    assert start_check(94, 100).answer is Answer.NO
    assert start_check(0, 0).answer is Answer.OPEN


def test_robust_checks_fail_when_one_run_loses_or_nothing_was_earned():
    runs = [moved("costs x 1.5", "costs", 0.02), moved("a +10 %", "number", 0.1), moved("a -10 %", "number", -0.01)]
    answers = [check.answer for check in robust_checks(0.1, runs)]
    assert answers == [Answer.YES, Answer.OPEN, Answer.OPEN, Answer.NO]
    assert robust_checks(-0.1, runs)[0].answer is Answer.NO


@pytest.mark.parametrize(("result", "answer"), [(1.0, Answer.OPEN), (-1.0, Answer.NO)])
def test_sample_without_a_loss_leaves_the_border_open_and_one_without_a_win_fails(result: float, answer: Answer):
    checks = sample_checks(statistics_of([made_trade(result, number=number) for number in range(5)], draws=100))
    assert checks[1].answer is answer
    assert "no border" in checks[1].detail


def another(name: str, change_r: float) -> Moved:
    return Moved(name, "filter", 10, 0.1, 1.0, change_r, None, None)


def test_runs_that_change_nothing_are_told_as_such_and_others_first():
    (_, title, told) = _group_lines("What each filter is worth", [another("a", 0.0), another("b", 0.0)])
    assert (title, told) == ("What each filter is worth:", "  none of 2 runs changes anything (all are in --json)")
    (_, _, first, rest) = _group_lines("Filters", [another("a", 0.0), another("without a", -2.0)])
    assert first.split() == ["without", "a", "n", "10", "+0.100", "R", "changes", "the", "sum", "by", "-2.0", "R"]
    assert rest == "  and 1 more that changes less or nothing (all are in --json)"


def test_fall_that_never_came_is_a_plain_zero():
    assert [down(fall) for fall in (0.0, 0.04, 1.25)] == ["0.0", "0.0", "-1.2"]
