"""Several keys at once: each reaches the screen that the one before it opened."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from textual import events
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Input

from futtui.domain.events import BlockSymbol
from futtui.domain.settings_sheet import SettingsSheet
from futtui.domain.timeframe import HOUR_MS
from futtui.tui.app import FuttuiApp
from futtui.tui.screens.chart import ChartScreen
from futtui.tui.screens.dashboard import DashboardScreen
from futtui.tui.screens.find import FindScreen
from futtui.tui.screens.help import HelpScreen
from futtui.tui.screens.settings import SettingsScreen
from futtui.tui.screens.settings_parts import SectionList
from tests.tui.conftest import AppMaker
from tests.tui.fake_engine import NOW_MS, FakeEngine
from tests.tui.fake_settings import FakeSettings

FULL = (120, 35)


def type_at_once(app: FuttuiApp, *keys: str) -> None:
    """All keys arrive before the first of them is looked at."""
    for key in keys:
        app.post_message(events.Key(key, key if len(key) == 1 else None))


async def settled(pilot: Pilot[None], app: FuttuiApp, reached: Callable[[], bool], *, idle: bool = True) -> None:
    """Returns as soon as `reached`, and nothing that was typed waits; fails after many turns."""
    for _ in range(400):
        await pilot.pause()
        app.pulse.beat()
        if reached() and (app.typed.idle or not idle):
            return
    raise AssertionError(f"still on {app.screen!r}")


def stands_there(app: FuttuiApp, kind: type[Screen[object]]) -> bool:
    """Whether such a screen is on top and drawn, so that a key would reach it."""
    return isinstance(app.screen, kind) and app.screen in app.typed._shown


def read_behind(port: FakeSettings, gate: threading.Event) -> Callable[[], SettingsSheet]:
    """Settings that cannot be read before the gate opens; returns how they were read until now."""
    read = port.read

    def reading_slowly() -> SettingsSheet:
        assert gate.wait(30)
        return read()

    port.read = reading_slowly  # type: ignore[method-assign]
    return read


async def test_letters_typed_with_the_key_that_opens_a_field_all_arrive_in_it(make_app: AppMaker) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        type_at_once(app, "slash", "e", "t", "h", "u")
        await settled(pilot, app, lambda: isinstance(app.screen, FindScreen))
        assert app.screen.query_one(Input).value == "ethu"


async def test_a_pasted_text_reaches_the_field_that_the_key_before_it_opened(make_app: AppMaker) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        type_at_once(app, "slash")
        app.post_message(events.Paste("sol"))
        await settled(pilot, app, lambda: isinstance(app.screen, FindScreen))
        assert app.screen.query_one(Input).value == "sol"


async def test_a_menu_opened_and_answered_in_one_burst_acts_once_and_leaves_the_rest_to_the_screen_below(
    make_app: AppMaker, engine: FakeEngine
) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        marked = app.store.symbol
        type_at_once(app, "b", "1", "down", "b", "1")
        await settled(pilot, app, lambda: len(engine.commands) == 2)
        until = NOW_MS + HOUR_MS
        first, second = engine.commands
        assert first == BlockSymbol(NOW_MS, marked or "LINKUSDT", until)
        assert isinstance(second, BlockSymbol)
        assert second.symbol != first.symbol
        assert isinstance(app.screen, DashboardScreen)


async def test_a_burst_through_two_screens_and_back_leaves_the_dashboard_where_it_was(make_app: AppMaker) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        type_at_once(app, "c", "question_mark", "escape", "escape", "question_mark")
        await settled(pilot, app, lambda: isinstance(app.screen, HelpScreen))
        assert [type(screen) for screen in app.screen_stack] == [DashboardScreen, HelpScreen]


async def test_keys_for_the_chart_that_a_key_just_opened_move_its_crosshair(make_app: AppMaker) -> None:
    def chart() -> ChartScreen | None:
        return app.screen if isinstance(app.screen, ChartScreen) else None

    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        type_at_once(app, "c", "right_square_bracket", "right_square_bracket")
        await settled(pilot, app, lambda: chart() is not None)
        assert app.habits.timeframe == "H4"


async def test_keys_wait_for_settings_that_are_still_being_read(make_app: AppMaker) -> None:
    app, port, gate = make_app(), FakeSettings(), threading.Event()
    read = read_behind(port, gate)
    app.settings_port = port
    async with app.run_test(size=FULL) as pilot:
        type_at_once(app, "comma", "down", "down")
        await settled(pilot, app, lambda: isinstance(app.screen, SettingsScreen), idle=False)
        gate.set()
        await settled(pilot, app, lambda: True)
        sections = [row.key for row in app.screen.query_one(SectionList).rows() if row.selectable]
        assert app.screen.query_one(SectionList).cursor_key == sections[sections.index(read().sections[0].path) + 2]


@pytest.mark.parametrize("stands", [True, False], ids=["once it stands", "before it stands"])
async def test_escape_leaves_a_place_whose_file_cannot_be_read_and_takes_what_was_typed_for_it_along(
    make_app: AppMaker, engine: FakeEngine, stands: bool
) -> None:
    app, port, gate = make_app(), FakeSettings(), threading.Event()
    read_behind(port, gate)
    app.settings_port = port
    async with app.run_test(size=FULL) as pilot:
        type_at_once(app, "comma", "p")
        if stands:
            await settled(pilot, app, lambda: stands_there(app, SettingsScreen), idle=False)
        type_at_once(app, "escape", "question_mark")
        await settled(pilot, app, lambda: isinstance(app.screen, HelpScreen))
        gate.set()
        assert engine.commands == []
        assert not any(isinstance(screen, SettingsScreen) for screen in app.screen_stack)


@pytest.mark.parametrize("doomed", ["focused", "screen"])
async def test_keys_go_on_when_whoever_had_one_is_gone(make_app: AppMaker, doomed: str) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        await pilot.press("slash")
        screen: Screen[object] = app.screen
        gone = screen if doomed == "screen" else screen.query_one(Input)
        app.typed._at = gone  # a key is with it
        type_at_once(app, "question_mark")
        if doomed == "screen":
            app.pop_screen()
        else:
            await gone.remove()
        app.pulse.beat()
        await settled(pilot, app, lambda: True)
        assert isinstance(app.screen, HelpScreen if doomed == "screen" else FindScreen)
