"""The backtest screens: what is painted, and what keys do to form, runs, results and the replay of a trade."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.pilot import Pilot
from textual.widgets import Input

from futtui.domain.backtests import RunProgress, RunState
from futtui.domain.timeframe import Timeframe
from futtui.language.catalogue import Language
from futtui.tui.app import FuttuiApp
from futtui.tui.compat.terminal import Progress
from futtui.tui.paint import backtest, performance, replay, walk
from futtui.tui.paint.text import line_text, line_width
from futtui.tui.run_watch import RunWatch
from futtui.tui.screens.backtest import BacktestScreen
from futtui.tui.screens.backtest_result import CompareScreen, ResultScreen
from futtui.tui.screens.dashboard import DashboardScreen
from futtui.tui.screens.dialog import QuestionDialog
from futtui.tui.screens.replay import ReplayScreen
from futtui.tui.widgets.backtest_panels import FormFields, RunsPanel
from futtui.tui.words import speak, word
from tests.tui.conftest import AppMaker
from tests.tui.fake_backtests import FakeBacktests, press, run_result, until, walk_result
from tests.tui.screen_text import screen_text

FULL = (120, 35)


@pytest.fixture
def port() -> FakeBacktests:
    """Two kept runs."""
    return FakeBacktests()


def text_of(lines: list) -> str:
    return "\n".join(line_text(line) for line in lines)


async def shown(pilot: Pilot[None], text: str) -> None:
    """Waits until the screen shows the text."""
    app = pilot.app
    assert isinstance(app, FuttuiApp)
    await until(pilot, lambda: text in screen_text(app))


async def typed(pilot: Pilot[None], text: str) -> None:
    """Types into the field of the dialog that opens, and takes it."""
    await until(pilot, lambda: bool(pilot.app.screen.query(Input)))
    pilot.app.screen.query_one(Input).value = text
    await pilot.press("enter")


# Painters


@given(share=st.floats(0, 1), rate=st.none() | st.floats(0, 1e4), left=st.none() | st.floats(0, 1e6),
       width=st.sampled_from((80, 120, 200)))  # fmt: skip
def test_progress_of_a_run_is_two_lines_that_fit(share, rate, left, width) -> None:
    progress = RunProgress("r", RunState.RUNNING, share, 90.0, rate, left, 12.0, "running", ("a hole",))
    lines = backtest.progress_lines(progress, width)
    assert len(lines) == 2
    assert line_width(lines[0]) <= width
    assert f"{share * 100:.0f}%" in line_text(lines[0])


@pytest.mark.parametrize(
    ("step", "said"), [("loading", "Reading candles: 7 of 20"), ("warming", "Warming up: 7 of 20")]
)
def test_progress_by_symbols_tells_how_many_are_done(step: str, said: str) -> None:
    progress = RunProgress("r", RunState.RUNNING, 0.35, text=step, symbols_done=7, symbols=20)
    assert said in text_of(backtest.progress_lines(progress, 80))


def test_progress_that_failed_tells_why_and_that_it_is_over() -> None:
    progress = RunProgress("r", RunState.FAILED, text="DOGEUSDT has no candles in /x.")
    assert "could not finish. DOGEUSDT has no candles" in text_of(backtest.progress_lines(progress, 80))


def test_falls_are_the_distance_to_the_highest_point_before() -> None:
    points = ((1, 1.0), (2, 3.0), (3, 2.5), (4, 4.0), (5, -1.0))
    assert backtest.falls(points) == [(1, 0.0), (2, 0.0), (3, -0.5), (4, 0.0), (5, -5.0)]


def test_two_runs_are_compared_with_the_settings_in_which_they_differ() -> None:
    lines = backtest.compare_lines(run_result("a", 6), run_result("b", 1, "volume_profile"), UTC, 118)
    text = text_of(lines)
    assert "volume_profile" in text
    assert "run.from" not in text
    assert "First day" not in text
    assert "45% [31-60]" in text
    assert "62% [47-76]" in text


def test_a_run_without_trades_says_what_to_do() -> None:
    empty = run_result("a", 1, count=0)
    assert backtest.figure_rows(empty) == []
    assert "n/a" in text_of(backtest.compare_lines(empty, empty, UTC, 100))


@pytest.mark.parametrize("width", [78, 118, 198])
def test_lines_of_runs_and_trades_fit(width: int) -> None:
    result = run_result("a", 3)
    for columns, paint, _item in (
        (backtest.RUN_COLUMNS, lambda c: backtest.run_line(result.head, "", UTC, c, ">", True), result.head),
        (backtest.TRADE_COLUMNS, lambda c: backtest.trade_line(result.trades[0], UTC, c, ">", True), None),
    ):
        chosen = backtest.columns_for(columns, width)
        assert line_width(paint(chosen)) <= width
        assert all(len(column.head) <= column.width for column in chosen)


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("width", [77, 117, 197])
@pytest.mark.parametrize("candidates", [1, 18])
def test_folds_have_both_parts_beside_each_other_in_every_width(language, width: int, candidates: int) -> None:
    speak(language)
    found = walk_result("w", candidates).walk
    columns = walk.columns_for(width, found)
    figures = [f"{part}_{name}" for part in ("learned", "seen") for name in ("n", "won", "factor", "net")]
    assert [column.id for column in columns][-8:] == figures
    assert ("fold_chosen" in [column.id for column in columns]) == (candidates > 1 and width > 100)
    assert all(len(column.head) <= column.width for column in columns)
    lines = [
        walk.parts_line(columns),
        *(walk.fold_line(one, found, columns, ">", False) for one in (None, *found.folds)),
    ]
    assert all(line_width(line) <= width for line in lines)
    fold, text = found.folds[3], line_text(lines[5])
    for part in (fold.learned, fold.seen):
        told = f"{part.trades} {performance.rate_text(part.win_rate)} {part.profit_factor.value:.2f} {part.net_r:+.1f}R"
        assert told in " ".join(text.split())
    assert f"{found.total.net_r:+.1f}R" in line_text(lines[1])
    empty = line_text(lines[2])  # nothing came after the first one
    assert empty.split()[-4:] == ["0", *[word("value.none")] * 3]


@pytest.mark.parametrize(
    ("ratio", "holds", "told"),
    [(0.74, True, "It holds: 74%"), (0.2, False, "It does not hold: 20%"), (None, False, "Nothing to keep")],
)
def test_verdict_of_a_walk_forward(ratio: float | None, holds: bool, told: str) -> None:
    result = walk_result("w")
    result = replace(result, walk=replace(result.walk, ratio=ratio, holds=holds))
    assert told in text_of(backtest.head_lines(result, 118))
    assert "became" not in text_of(backtest.head_lines(result, 118))
    assert "walk of 7" in line_text(
        backtest.run_line(result.head, "", UTC, backtest.columns_for(backtest.RUN_COLUMNS, 118), ">", True)
    )


def test_replay_knows_nothing_of_what_comes_later(port: FakeBacktests) -> None:
    result = port.result("20260818-060000")
    item = result.trades[0]
    found = port.candles("20260818-060000", item.trade.symbol, item.trade.position_id)
    first = replay.first_shown(found, item)
    assert found.candles[first - 1].open_time_ms + Timeframe.M15.ms <= item.trade.opened_ms
    for shown in range(1, len(found.candles) + 1):
        data = replay.chart_of(found, item, shown, UTC)
        now_ms = replay.moment_ms(found, shown)
        assert all(candle.open_time_ms + Timeframe.M15.ms <= now_ms for candle in data.candles)
        assert all(fill.time_ms < now_ms for fill in data.fills)
        is_open = item.trade.opened_ms < now_ms <= item.trade.closed_ms
        assert bool(data.levels) == is_open
    assert len(replay.chart_of(found, item, len(found.candles), UTC).fills) == 2


# Flows


async def test_form_run_progress_and_end(make_app: AppMaker, port: FakeBacktests) -> None:
    app = make_app(backtests=port)
    async with app.run_test(size=FULL) as pilot:
        await press(pilot, "t")
        screen = app.screen
        assert isinstance(screen, BacktestScreen)
        await press(pilot, "down", "down", "down", "enter")
        await typed(pilot, "2024-03-01")
        await until(pilot, lambda: app.screen is screen)
        await shown(pilot, "2024-03-01")
        assert screen.query_one(FormFields).marked().path == "run.from"
        await press(pilot, "к")  # r on a Cyrillic keyboard
        await until(pilot, lambda: port.started == [{"run.from": "2024-03-01"}])
        port.say(text="running", share=0.4, days_per_s=3.0, seconds_left=12.0)
        app.pulse.beat()
        await shown(pilot, "40%")
        await shown(pilot, "0:12 left")
        await press(pilot, "space")
        assert port.now.state is RunState.PAUSED
        await shown(pilot, "no processor is used; Space goes on, x ends it")
        await press(pilot, "space")
        assert port.now.state is RunState.RUNNING
        app.pulse.beat()
        await shown(pilot, "0:12 left")
        await press(pilot, "space", "x")
        assert isinstance(app.screen, QuestionDialog)
        await press(pilot, "escape")
        assert port.cancelled == 0
        port.results["20260901-000000"] = run_result("20260901-000000", 9)
        port.say(state=RunState.DONE, share=1.0)
        app.pulse.beat()
        await until(pilot, lambda: screen.query_one(RunsPanel).runs[0].run_id == "20260901-000000")
        await press(pilot, "escape")
        assert isinstance(app.screen, DashboardScreen)


async def test_cancel_asks_and_ends_the_run(make_app: AppMaker, port: FakeBacktests) -> None:
    app = make_app(backtests=port)
    async with app.run_test(size=FULL) as pilot:
        await press(pilot, "t", "x")
        await shown(pilot, "No run is under way")
        app.flash_line.text = ""
        await press(pilot, "space")
        await shown(pilot, "No run is under way")
        await press(pilot, "r")
        await until(pilot, lambda: port.now is not None)
        await press(pilot, "x", "right", "enter")
        await until(pilot, lambda: port.cancelled == 1)
        app.pulse.beat()
        await shown(pilot, "The run was ended")


async def test_bad_input_is_told_in_sentences(make_app: AppMaker, port: FakeBacktests) -> None:
    app = make_app(backtests=port)
    async with app.run_test(size=FULL) as pilot:
        await press(pilot, "t", *["down"] * 5, "enter")
        await typed(pilot, "cheap")
        await shown(pilot, "cheap does not fit here: write a number from 0 to 10.")
        await press(pilot, "escape")
        port.refuse = "The last day is not after the first one. Choose a later last day."
        await press(pilot, "r")
        await shown(pilot, "Choose a later last day.")


async def test_result_trade_replay_and_the_way_back(make_app: AppMaker, port: FakeBacktests) -> None:
    app = make_app(backtests=port)
    async with app.run_test(size=FULL) as pilot:
        await press(pilot, "t", "tab", "enter")
        assert isinstance(app.screen, ResultScreen)
        await press(pilot, "e")
        await shown(pilot, "backtest-20260818-060000.csv")
        await press(pilot, "n")
        assert app.screen.result.head.systems == "volume_profile"
        await press(pilot, "d")
        await shown(pilot, "volume_profile")
        await press(pilot, "escape", "N", "s")
        await shown(pilot, "worst first")
        shown_r = [item.trade.result_r for item in app.screen.trades.trades]
        assert shown_r == sorted(shown_r)
        await press(pilot, "s", "s", "enter")
        screen = app.screen
        assert isinstance(screen, ReplayScreen)
        before = screen.shown
        await press(pilot, "right", "right", "left")
        assert screen.shown == before + 1
        await shown(pilot, "▲ LONG Volume Profile")
        await shown(pilot, "in at 100, stop 98")
        app.pulse.stop()
        await press(pilot, "]", "space")
        assert screen.playing
        begun = screen.shown
        app.pulse.beat()
        app.pulse.beat()
        assert screen.shown > begun
        await press(pilot, "end")
        assert not screen.playing
        assert screen.shown == len(screen.found.candles)
        await press(pilot, "n")
        assert screen.item.trade.position_id == "p1"
        await press(pilot, "escape", "escape", "escape")
        assert isinstance(app.screen, DashboardScreen)


async def test_two_marked_runs_are_compared(make_app: AppMaker, port: FakeBacktests) -> None:
    app = make_app(backtests=port)
    async with app.run_test(size=FULL) as pilot:
        await press(pilot, "t", "tab", "v")
        await shown(pilot, "Go to another run and press v")
        await press(pilot, "v")
        assert app.screen.runs.mark == ""
        await press(pilot, "v", "down", "v")
        assert isinstance(app.screen, CompareScreen)
        await shown(pilot, "Where they differ")


async def test_nothing_kept_a_run_that_is_gone_and_no_backtests_at_all(make_app: AppMaker) -> None:
    app = make_app(backtests=FakeBacktests(empty=True))
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "t")
        await shown(pilot, "No run is kept yet")
        broken = FakeBacktests()
        broken.refuse = "The run cannot be read any more. Run it again."
        app.push_screen(ResultScreen(broken, ["20260818-060000"], 0))
        await shown(pilot, "cannot be read any more")
        await press(pilot, "escape", "escape")
        app.backtests = None
        await press(pilot, "t")
        assert isinstance(app.screen, DashboardScreen)
        assert app.flash_line.text == "Backtests are not available in this run."


def test_progress_of_a_run_is_there_for_the_task_bar_while_it_works(port: FakeBacktests) -> None:
    watch = RunWatch(port)
    assert watch.progress is None
    port.now = RunProgress("r", RunState.RUNNING, 0.416)
    assert watch.progress == Progress(1, 42)
    assert not [*watch.look()]
    port.say(state=RunState.PAUSED)
    assert watch.progress == Progress(4, 42)
    assert not [*watch.look()]
    port.say(state=RunState.DONE)
    assert watch.progress is None
    assert [token for _, token in watch.look()] == ["bold"]


async def test_typed_values_are_there_again_after_the_form_was_left_without_a_run(
    make_app: AppMaker, port: FakeBacktests
) -> None:
    app = make_app()
    app.backtests = port
    async with app.run_test(size=FULL) as pilot:
        await pilot.press("t")
        await shown(pilot, "/candles")
        await pilot.press("down", "enter")
        await typed(pilot, "DOGEUSDT")
        await until(pilot, lambda: port.kept == {"run.symbols": "DOGEUSDT"})
        assert port.others["run.history"] == "/candles"
        await pilot.press("escape", "t")
        await shown(pilot, "DOGEUSDT")
        assert port.started == []
