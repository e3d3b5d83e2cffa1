"""Performance: every figure with n and interval, verdicts in words, the line of results, accounts and periods."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from futtui.domain.performance import Interval
from futtui.domain.position import TradingMode
from futtui.tui.paint import performance
from futtui.tui.paint.curve import curve_lines, sampled
from futtui.tui.paint.performance import PerformanceLook
from futtui.tui.paint.table import head_line
from futtui.tui.paint.text import Line, line_text, line_width
from futtui.tui.screens.performance import PerformanceScreen
from futtui.tui.words import has_word
from tests.tui import made_performance
from tests.tui.conftest import AppMaker
from tests.tui.fake_engine import FakeEngine
from tests.tui.golden import check_golden
from tests.tui.screen_text import screen_text
from tests.tui.test_painters import view_of

PAPER = PerformanceLook(None, TradingMode.PAPER, made_performance.report())


def table(width: int) -> list[Line]:
    """The table of the paper account."""
    account = PAPER.account
    assert account is not None
    columns = performance.columns_for(width)
    items = performance.lines_of(account)
    return [head_line(columns), *(performance.performance_line(item, view_of(), columns, False) for item in items)]


@pytest.mark.parametrize("width", [77, 117, 197])
def test_table_and_words_match_the_golden_text(width: int) -> None:
    account = PAPER.account
    assert account is not None
    item = next(item for item in account.strategies if item.strategy == "sr_sweep_return")
    lines = [*table(width), (), *performance.words_lines(item, PAPER, view_of(), width // 2)]
    assert max(line_width(line) for line in lines) <= width
    check_golden(f"performance-{width}", lines)


def test_no_rate_stands_without_its_sample_and_interval_and_no_verdict_without_a_word() -> None:
    for line in table(77)[1:]:
        text = line_text(line)
        assert " d)" in text
        assert "[" in text
    for verdict in ("INSUFFICIENT", "NOT_PROVEN", "PLAUSIBLE", "SUPPORTED"):
        assert has_word(f"verdict.{verdict}")
        assert has_word(f"verdict.{verdict}.means")


def test_only_a_plausible_verdict_has_the_filled_sign_and_none_is_green() -> None:
    shown = [performance.verdict_span(item) for item in (made_performance.FEW, made_performance.GOOD)]
    assert [text[0] for text, _ in shown] == ["○", "●"]
    assert "up" not in {token for _, token in shown}


@pytest.mark.parametrize(
    ("interval", "text"),
    [
        (Interval(None, None, None), "n/a"),
        (Interval(0.5, None, None), "50%"),
        (Interval(0.5, 0.25, None), "50% [25-?]"),
        (Interval(0.738, 0.67, 0.8), "74% [67-80]"),
    ],
)
def test_rate_text_never_invents_an_end_of_its_interval(interval: Interval, text: str) -> None:
    assert performance.rate_text(interval) == text


POINT = st.tuples(st.integers(0, 10**9), st.floats(-50, 50, allow_nan=False))
POINTS = st.lists(POINT, min_size=2, max_size=60, unique_by=lambda point: point[0]).map(sorted)


@given(points=POINTS, width=st.integers(20, 90), height=st.integers(4, 20))
@settings(max_examples=60, deadline=None)
def test_curve_fills_its_box_and_ends_at_the_last_value(
    points: list[tuple[int, float]], width: int, height: int
) -> None:
    lines = curve_lines(points, width, height, UTC, "R")
    assert len(lines) == height
    assert max(line_width(line) for line in lines) <= width
    values = sampled(points, width - 10)
    assert values[-1] == points[-1][1]
    assert set(values) <= {value for _, value in points}
    high = max(0.0, *values)
    if high > 0.06:
        assert line_text(lines[0]).split()[0] in (f"{high:+.1f}R", "0R")  # zero may lie in the first line too


def test_curve_of_one_point_is_a_sentence() -> None:
    assert line_text(curve_lines([(0, 1.0)], 60, 12, UTC)[0]).strip() == "Two closed trades make a line."


async def test_screen_shows_the_account_in_force_and_keys_change_account_period_and_line(
    make_app: AppMaker, engine: FakeEngine
) -> None:
    engine.report = made_performance.report()
    app = make_app()
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.press("З")
        await pilot.pause()
        assert isinstance(app.screen, PerformanceScreen)
        text = screen_text(app)
        assert "Performance  Paper  all time" in text
        assert "Not proven: 585 trades on 150 days" in text
        assert "2 trades worth -0.7R; with them +17.3R" in text
        await pilot.press("down")
        await pilot.pause()
        assert "Too few to say anything: 9 trades on 6 days." in screen_text(app)
        await pilot.press("[", "[", "a")
        await pilot.pause()
        assert engine.asked_days == [None, 90, 30]
        assert "Performance  Live  30 days" in screen_text(app)
        await pilot.press("enter")
        assert app.screen.focused is app.screen.query_one("#result-words")


async def test_screen_says_what_it_waits_for_why_it_failed_and_that_there_is_nothing(
    make_app: AppMaker, engine: FakeEngine
) -> None:
    engine.hold_performance = True
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("P")
        await pilot.pause()
        assert "Reading the trades." in screen_text(app)
        engine.give_performance()
        app.pulse.beat()
        await pilot.pause()
        assert "No signal became a closed trade yet." in screen_text(app)
        engine.hold_performance = False
        engine.refuse_performance = "The engine has stopped."
        await pilot.press("[")
        await pilot.pause()
        assert "The engine has stopped." in screen_text(app)
        await pilot.press("a")
        await pilot.pause()
        assert "Only one account has trades." in app.flash_line.text


async def test_next_closed_trade_brings_a_new_report_and_quiet_beats_do_not(
    make_app: AppMaker, engine: FakeEngine
) -> None:
    engine.report = made_performance.report()
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("P")
        await pilot.pause()
        asked = len(engine.asked_days)
        for _ in range(30):
            app.pulse.beat()
        assert len(engine.asked_days) == asked
        assert engine.current.desk is not None
        engine.show_desk(account=replace(engine.current.desk.account, closed_trades=8))
        app.pulse.beat()
        app.pulse.beat()
        assert len(engine.asked_days) == asked + 1
