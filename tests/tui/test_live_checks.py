"""The lines of the go-live checks: as many words as there is room for, and never fewer about what stands against it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as some

from futtui.domain.performance import AccountPerformance, PerformanceReport
from futtui.domain.position import TradingMode
from futtui.tui.paint.live_checks import (
    Check,
    account_checks,
    check_lines,
    fact_texts,
    market_checks,
    paper_check,
    window_of,
)
from futtui.tui.paint.text import line_text, line_width, plain_lines
from tests.tui.fake_engine import NOW_MS, FakeEngine, live_report
from tests.tui.made_performance import report as made_report

CHECKS = some.lists(
    some.builds(
        Check,
        some.sampled_from((True, False, None)),
        some.sampled_from(("One-way mode.", "The key works from every address.", "All 40 symbols are ready")),
        some.booleans(),
        some.sampled_from(("", "Bind it to your address on the exchange's page for API keys.")),
    ),
    max_size=12,
)


@given(CHECKS, some.integers(-5, 40))
def test_checks_tell_all_that_stands_against_live_and_fit_their_width(checks: list[Check], room: int) -> None:
    lines = check_lines(checks, 62, room)
    told = " ".join(plain_lines(lines).split())
    for check in checks:
        if check.passed is False:
            assert f"{check.text} {check.advice}".strip() in told
    assert all(line_width(line) <= 62 for line in lines)


def test_checks_give_up_words_only_where_there_is_no_room() -> None:
    checks = [*market_checks(FakeEngine().current), *account_checks(live_report(), "")]
    roomy, shared, counted = (check_lines(checks, 62, room) for room in (40, 10, 3))
    assert len(roomy) > len(shared) > len(counted)
    assert "worthless to a thief" in " ".join(plain_lines(shared).split())
    assert plain_lines(counted).splitlines() == ["✓ 10 checks passed", "! The key works from every address."]
    failed = check_lines([*checks, Check(False, "One-way mode.")], 62, 0)
    assert plain_lines(failed).splitlines()[0] == "! One-way mode."


@given(some.integers(0, 40), some.integers(-9, 60), some.integers(2, 30))
def test_lines_in_sight_fit_their_room_and_every_line_can_be_reached(count: int, top: int, room: int) -> None:
    lines = [((f"line {number}", "text"),) for number in range(count)]
    shown, kept = window_of(lines, top, room)
    assert len(shown) <= max(room, 2)
    if count <= room:
        assert (shown, kept) == (lines, 0)
    else:
        assert shown[:-1] == lines[kept : kept + room - 1]
        assert f"{kept + 1}-{kept + room - 1} of {count}" in line_text(shown[-1])
        assert window_of(lines, 10_000, room)[0][-2] == lines[-1]
        assert window_of(lines, -10_000, room)[0][0] == lines[0]


def test_checks_of_an_older_look_do_not_count_once_the_newest_found_nothing() -> None:
    told = account_checks(live_report(), "The exchange does not answer.")
    assert [(check.passed, check.text) for check in told] == [(False, "The exchange does not answer.")]


def test_checks_of_the_market_name_open_gaps_as_something_to_think_about() -> None:
    engine = FakeEngine()
    feed = engine.current.feed
    engine.show(feed=replace(feed, gaps=replace(feed.gaps, open=1, open_candles=3)))
    notes = [check for check in market_checks(engine.current) if check.note]
    assert [check.passed for check in notes] == [True]
    assert "missing: 3" in notes[0].text


def test_checks_tell_a_losing_paper_account_and_one_without_trades_as_notes() -> None:
    report = made_report()
    account = report.account(TradingMode.PAPER)
    assert account is not None
    assert [check.note for check in paper_check(report)] == [False]
    lost = replace(account.total, figures=replace(account.total.figures, net_r=-3.2))
    losing = replace(report, accounts=(AccountPerformance(TradingMode.PAPER, lost, ()),))
    assert [(check.passed, check.note) for check in paper_check(losing)] == [(True, True)]
    assert "-3.2 R" in paper_check(losing)[0].text
    assert [check.note for check in paper_check(PerformanceReport(0, NOW_MS))] == [True]
    assert paper_check(None) == ()


@pytest.mark.parametrize("wallet", [10_482.30, None])
def test_facts_give_the_limits_in_money_where_the_wallet_is_known(wallet: float | None) -> None:
    told = " ".join(fact_texts(FakeEngine().current, replace(live_report(), wallet=wallet)))
    assert ("A trade may lose 0.50% = 52.41 USDT, a day 3.00% = 314.47 USDT." in told) == (wallet is not None)
    assert ("A trade may lose 0.50%, a day 3.00%." in told) == (wallet is None)
    assert "Pretend positions: 3." in told
