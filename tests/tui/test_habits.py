"""Habits: jump letters, three layouts, what is remembered, explaining, copying, progress in the task bar."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.app import App

from futtui.domain.snapshot import FeedView
from futtui.tui.app import FuttuiApp
from futtui.tui.compat.terminal import Progress, TerminalWindow, shows_progress
from futtui.tui.news import start_progress
from futtui.tui.paint.help import words_lines
from futtui.tui.paint.text import line_text
from futtui.tui.screens.chart import ChartScreen
from futtui.tui.screens.help import HelpScreen
from futtui.tui.screens.jump import LETTERS, JumpScreen, targets
from futtui.tui.settings import UiSettings
from futtui.tui.widgets.market_panel import MarketPanel
from tests.tui.conftest import AppMaker
from tests.tui.fake_engine import FakeEngine
from tests.tui.screen_text import screen_text
from tests.tui.test_welcome import FakeHabits
from tests.tui.views import view_of

FULL = (120, 35)


def remembering(engine: FakeEngine, habits: FakeHabits) -> FuttuiApp:
    """An app that keeps its habits."""
    return FuttuiApp(engine, settings=UiSettings(), real_clock_s=lambda: 0.0, habits_port=habits)


def shown_panels(app: FuttuiApp) -> list[str]:
    """Names of the panels in sight, in reading order."""
    assert app.dashboard is not None
    return [
        panel.name_id
        for panel in map(app.dashboard.panel, ("market", "signals", "positions", "zones", "log"))
        if panel.size.height
    ]


@pytest.mark.parametrize("size", [(200, 50)])
async def test_three_layouts_go_round_and_another_panel_shows_all(
    make_app: AppMaker, engine: FakeEngine, size: tuple[int, int]
) -> None:
    app = make_app()
    async with app.run_test(size=size) as pilot:
        every = ["market", "signals", "positions", "zones", "log"]
        await pilot.pause()
        assert shown_panels(app) == every
        await pilot.press("l")
        await pilot.pause()
        assert shown_panels(app) == ["market", "signals", "zones"]
        await pilot.press("3")
        await pilot.pause()
        assert shown_panels(app) == every
        await pilot.press("1", "д")
        await pilot.pause()
        assert shown_panels(app) == ["signals", "positions", "log"]
        await pilot.press("l")
        await pilot.pause()
        assert shown_panels(app) == every


async def test_layout_sort_symbol_and_timeframe_are_there_at_the_next_start(engine: FakeEngine) -> None:
    habits = FakeHabits()
    app = remembering(engine, habits)
    async with app.run_test(size=FULL) as pilot:
        await pilot.pause()
        await pilot.press("l", "s", "S", "end", "c")
        assert isinstance(app.screen, ChartScreen)
        await pilot.press("]", "escape")
        symbol, frame = app.store.symbol, app.habits.timeframe
    assert {name: habits.kept[name] for name in ("layout", "sort_by", "sort_reverse", "symbol", "timeframe")} == {
        "layout": "watch",
        "sort_by": "symbol",
        "sort_reverse": True,
        "symbol": symbol,
        "timeframe": frame,
    }
    assert symbol != "LINKUSDT"
    assert frame not in ("", "M15")
    again = remembering(FakeEngine(), habits)
    async with again.run_test(size=FULL) as pilot:
        await pilot.pause()
        again.pulse.beat()
        assert shown_panels(again) == ["market", "signals", "zones"]
        market = again.screen.query_one(MarketPanel)
        assert (market.sort_by, market.reverse, market.cursor_key) == ("symbol", True, symbol)
        await pilot.press("c")
        assert isinstance(again.screen, ChartScreen)
        assert again.screen.widget.timeframe.name == frame


async def test_pinned_symbols_stay_on_top_in_every_order_and_at_the_next_start(engine: FakeEngine) -> None:
    habits = FakeHabits()
    app = remembering(engine, habits)
    async with app.run_test(size=FULL) as pilot:
        await pilot.press("1", "end")
        market = app.screen.query_one(MarketPanel)
        lowest = market.cursor_key
        await pilot.press("space")
        assert (next(iter(market.rows())).key, market.cursor_key) == (lowest, lowest)
        await pilot.press("s", "S")
        assert next(iter(market.rows())).key == lowest
        await pilot.pause()
        assert f"◆{lowest}" in screen_text(app)
        await pilot.press("down", "space")
        both = [row.key for row in market.rows()][:2]
        assert set(both) == set(str(habits.kept["pinned"]).split())
    again = remembering(FakeEngine(), habits)
    async with again.run_test(size=FULL) as pilot:
        await pilot.pause()
        again.pulse.beat()
        market = again.screen.query_one(MarketPanel)
        assert [row.key for row in market.rows()][:2] == both
        await pilot.press("home", "space", "space", "space")
        assert habits.kept["pinned"] == both[1]


async def test_a_jump_letter_goes_to_a_panel_or_a_row_on_any_layout(make_app: AppMaker) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        await pilot.pause()
        found = targets(app.screen)
        assert [item.widget.id for item in found[:5]] == ["market", "signals", "positions", "zones", "log"]
        assert [item.letter for item in found] == list(LETTERS[: len(found)])
        row = found[7]
        await pilot.press("п")
        assert isinstance(app.screen, JumpScreen)
        await pilot.pause()
        assert f" {row.letter} " in screen_text(app)
        await pilot.press(row.letter)
        await pilot.pause()
        assert app.screen is app.dashboard
        assert app.screen.query_one(MarketPanel).cursor_key == row.key
        await pilot.press("g", "в")
        await pilot.pause()
        assert app.dashboard is not None
        assert app.dashboard.main == "positions"
        await pilot.press("g", "escape")
        assert app.screen is app.dashboard


async def test_a_click_on_a_letter_jumps_and_elsewhere_leaves(make_app: AppMaker) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        await pilot.pause()
        log = targets(app.screen)[4]
        await pilot.press("g")
        await pilot.click(offset=(log.x + 1, log.y))
        await pilot.pause()
        assert app.dashboard is not None
        assert app.dashboard.main == "log"
        await pilot.press("g")
        await pilot.click(offset=(1, 33))
        await pilot.pause()
        assert app.screen is app.dashboard


async def test_copy_takes_the_marked_row_and_the_whole_of_a_text(make_app: AppMaker) -> None:
    app = make_app()
    copied: list[str] = []
    app.copy_to_clipboard = copied.append  # type: ignore[method-assign]
    async with app.run_test(size=FULL) as pilot:
        await pilot.press("н")
        assert copied[0].startswith("LINKUSDT  13.882 ▲ +0.90")
        assert "Copied: LINKUSDT" in app.flash_line.text
        await pilot.press("f3")
        await pilot.pause()
        await pilot.press("y")
        assert {"Engine", "Requests to the exchange"} <= set(copied[1].splitlines())
        await pilot.press("escape", "c")
        await pilot.pause()
        await pilot.press("y")
        assert "no row to copy" in app.flash_line.text
        assert len(copied) == 2


async def test_explain_shows_words_without_keys(make_app: AppMaker) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        await pilot.press("ш")
        await pilot.pause()
        assert isinstance(app.screen, HelpScreen)
        text = screen_text(app)
        assert "What the columns mean" in text
        assert "Everywhere" not in text


@pytest.mark.parametrize("place", ["health", "symbols", "orders", "settings", "log"])
def test_every_place_explains_something(place: str) -> None:
    text = "\n".join(line_text(line) for line in words_lines(place, 100))
    assert "Signs and words" in text
    if place == "health":
        assert "What the exchange counts a request as" in text


def test_the_start_is_told_to_the_task_bar_and_taken_away_after_it(engine: FakeEngine) -> None:
    feed = FeedView(connected=False, text="", age_ms=0, delay_ms=0)
    engine.show(phase="connecting", symbols_total=0, feed=feed)
    assert start_progress(view_of(engine)) == Progress(3)
    engine.show(symbols_total=12, symbols_ready=3)
    assert start_progress(view_of(engine)) == Progress(1, 25)
    engine.show(phase="running")
    assert start_progress(view_of(engine)) is None
    engine.show(phase="failed")
    assert start_progress(view_of(engine)) == Progress(2, 100)


def test_progress_is_written_when_it_changes_and_only_where_it_is_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    window = TerminalWindow(App())
    written: list[str] = []
    monkeypatch.setattr(window, "_write", written.append)
    monkeypatch.delenv("WT_SESSION", raising=False)
    monkeypatch.setenv("TERM_PROGRAM", "vscode")
    monkeypatch.delenv("ConEmuANSI", raising=False)
    window.set_progress(Progress(1, 10))
    assert written == []
    monkeypatch.setenv("WT_SESSION", "x")
    for progress in (None, Progress(1, 10), Progress(1, 10), replace(Progress(1), percent=20), None, None):
        window.set_progress(progress)
    assert written == ["\x1b]9;4;1;10\x07", "\x1b]9;4;1;20\x07", "\x1b]9;4;0;0\x07"]
    assert not shows_progress({"TERM": "xterm"})
    assert shows_progress({"ConEmuANSI": "ON"})
