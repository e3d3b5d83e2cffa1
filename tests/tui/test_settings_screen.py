"""The settings screen: what is painted, and what keys do to the file and to the running screen."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace

import pytest
from textual.command import CommandList
from textual.pilot import Pilot
from textual.widgets import Input
from textual.worker import WorkerCancelled

from futtui.domain.settings_sheet import SettingKind, SettingsSheet
from futtui.language.catalogue import Language
from futtui.tui.app import FuttuiApp
from futtui.tui.paint import settings as paint
from futtui.tui.paint.settings import SettingsState
from futtui.tui.paint.text import line_text, line_width
from futtui.tui.screens.dashboard import DashboardScreen
from futtui.tui.screens.dialog import QuestionDialog
from futtui.tui.screens.setting_edit import SettingEdit
from futtui.tui.screens.settings import SettingsScreen
from futtui.tui.screens.settings_parts import FieldList, SectionList
from futtui.tui.theme import THEMES
from futtui.tui.words import speak
from tests.tui.conftest import AppMaker
from tests.tui.fake_backtests import until
from tests.tui.fake_settings import FakeSettings, setting, sheet
from tests.tui.screen_text import screen_text

FULL = (120, 35)


@pytest.fixture(autouse=True)
def _english_again() -> object:
    yield
    speak(Language.ENGLISH)


@pytest.fixture
def port() -> FakeSettings:
    """The fake file."""
    return FakeSettings()


async def settle(app: FuttuiApp, pilot: Pilot[None]) -> None:
    """Waits until the file was read, checked or written; a read that a newer one takes the place of ends early."""
    while True:
        try:
            await app.workers.wait_for_complete()
            break
        except WorkerCancelled:
            await pilot.pause()
    await pilot.pause()


async def opened(app: FuttuiApp, pilot: Pilot[None], port: FakeSettings) -> SettingsScreen:
    """The settings screen with the file read."""
    app.settings_port = port
    await pilot.press("comma")
    assert isinstance(app.screen, SettingsScreen)
    await settle(app, pilot)
    return app.screen


def shown(lines: list[object]) -> str:
    """Painted lines as one text."""
    return "\n".join(line_text(line) for line in lines)  # type: ignore[arg-type]


def test_bounds_are_told_in_words() -> None:
    count, spread = sheet().setting("market.top_count"), sheet().setting("market.max_spread_pct")
    assert count is not None
    assert spread is not None
    assert paint.bounds_of(count) == "from 1 to 240"
    assert paint.bounds_of(spread) == "above 0 to 5"
    assert paint.name_of(spread) == "Max spread, %"


@pytest.mark.parametrize("width", [51, 88, 160])
def test_lines_never_exceed_their_width(width: int) -> None:
    state = SettingsState(sheet(), {"market.top_count": "7"}, "They do not fit together.", 2)
    for item in state.sheet.settings:
        assert line_width(paint.setting_line(state, item, width, selected=True, cursor=">")) <= width
        for line in paint.explain_lines(state, item, width):
            assert line_width(line) <= width
    for page in paint.pages(state):
        assert line_width(paint.section_line(state, page, width, selected=False, cursor=">")) <= width
    for lines in (paint.changes_lines(state, width), paint.secrets_lines(state, width)):
        assert all(line_width(line) <= width for line in lines)
    assert line_width(paint.notice_line(state, width)) <= width


def test_explanation_tells_when_a_change_counts_and_what_overrules_the_file() -> None:
    item = setting("a.b", SettingKind.NUMBER, "1.0", "Something.")
    state = SettingsState(sheet())
    assert "after it is saved and futtui is started again" in shown(paint.explain_lines(state, item, 100))
    assert "as soon as it is saved" in shown(paint.explain_lines(state, replace(item, at_once=True), 100))
    assert "still uses 1" in shown(paint.explain_lines(state, replace(item, value="2.0"), 100))
    fixed = replace(item, fixed_by="environment variable FUTTUI__A__B")
    assert "environment variable FUTTUI__A__B" in shown(paint.explain_lines(state, fixed, 100))


def test_a_file_with_mistakes_is_told_first() -> None:
    state = SettingsState(replace(sheet(), trouble="config.yaml, line 3: `x` is not a known setting."))
    assert "line 3" in line_text(paint.notice_line(state, 200))
    assert "reading" in line_text(paint.notice_line(None, 80)).lower()


async def test_a_changed_value_is_saved_with_its_comment_about_the_restart(
    make_app: AppMaker, port: FakeSettings
) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        await opened(app, pilot, port)
        await pilot.press("down", "tab", "enter")
        assert isinstance(app.screen, SettingEdit)
        app.screen.query_one(Input).value = "999"
        await pilot.press("enter")
        await settle(app, pilot)
        assert "whole number up to 240" in screen_text(app)
        app.screen.query_one(Input).value = "30"
        await pilot.press("enter")
        await settle(app, pilot)
        assert "50 in the file, 30 here, not saved yet" in screen_text(app)
        assert port.saved == []
        await pilot.press("ctrl+і")
        await settle(app, pilot)
        assert port.saved == [{"market.top_count": "30"}]
        text = screen_text(app)
        assert "Start futtui again to use it" in text
        assert "This run still uses 50" in text


async def test_undo_takes_changes_back_also_after_saving(make_app: AppMaker, port: FakeSettings) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        screen = await opened(app, pilot, port)
        await pilot.press("end", "up", "tab", "end", "enter")
        await settle(app, pilot)
        assert screen.state is not None
        assert screen.state.edits == {"screen.bell": "false"}
        await pilot.press("ctrl+s")
        await settle(app, pilot)
        assert not app.ui_settings.bell
        await pilot.press("г")
        await settle(app, pilot)
        assert screen.state.edits == {"screen.bell": "true"}
        await pilot.press("u")
        assert "nothing to take back" in app.flash_line.text


async def test_theme_language_and_zone_change_the_running_screen(make_app: AppMaker, port: FakeSettings) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        await opened(app, pilot, port)
        await pilot.press("end", "up", "tab", "home", "enter", "3", "down", "enter", "2")
        await settle(app, pilot)
        assert app.theme == "futtui-night"
        await pilot.press("ctrl+s")
        await settle(app, pilot)
        assert app.theme == "futtui-light"
        assert app.ui_settings.language is Language.UKRAINIAN
        assert "Налаштування" in screen_text(app)


async def test_a_file_changed_outside_is_noticed_and_own_changes_stay(make_app: AppMaker, port: FakeSettings) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        screen = await opened(app, pilot, port)
        await pilot.press("end", "up", "tab", "end", "enter")
        await settle(app, pilot)
        port.put(market__top_count="99")
        for _ in range(5):
            app.pulse.beat()
        await settle(app, pilot)
        assert "The file was changed outside futtui" in screen_text(app)
        assert screen.state is not None
        assert screen.state.edits == {"screen.bell": "false"}
        await pilot.press("f5")
        await settle(app, pilot)
        assert screen.state.edits == {}
        assert "Everything is as in the file" in screen_text(app) or "wait for the next start" in screen_text(app)


@pytest.mark.parametrize(("key", "saved", "value"), [("right", 1, "false"), ("", 0, "maybe"), ("escape", 0, "maybe")])
async def test_setting_changed_in_the_file_and_here_is_told_and_asked_before_one_wins(
    key: str, saved: int, value: str, make_app: AppMaker, port: FakeSettings
) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        screen = await opened(app, pilot, port)
        await pilot.press("end", "up", "tab", "end", "enter")
        await settle(app, pilot)
        port.put(screen__bell="maybe", market__top_count="99")
        if key:  # else it is seen only when it is saved
            for _ in range(5):
                app.pulse.beat()
            await settle(app, pilot)
            assert "Changed in the file meanwhile: screen.bell" in screen_text(app)
        await pilot.press("ctrl+s")
        await settle(app, pilot)
        assert isinstance(app.screen, QuestionDialog)
        assert port.saved == []
        assert "screen.bell: true was changed to maybe in the file, and to" in screen_text(app)
        await pilot.press(*filter(None, (key, "enter" if key != "escape" else "")))
        await settle(app, pilot)
        assert port.saved == [{"screen.bell": "false"}] * saved
        bell, count = (port.current.setting(path) for path in ("screen.bell", "market.top_count"))
        assert bell is not None
        assert count is not None
        assert (bell.value, count.value) == (value, "99")
        assert screen.state is not None
        assert screen.state.edits == ({"screen.bell": "false"} if key == "escape" else {})


async def test_values_that_do_not_fit_are_told_and_not_saved(make_app: AppMaker, port: FakeSettings) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        await opened(app, pilot, port)
        port.unfit = "These values do not fit together."
        await pilot.press("end", "up", "tab", "end", "enter")
        await settle(app, pilot)
        await pilot.press("ctrl+s")
        await settle(app, pilot)
        assert port.saved == []
        assert "do not fit together" in screen_text(app)


async def test_a_refused_save_keeps_the_changes(make_app: AppMaker, port: FakeSettings) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        screen = await opened(app, pilot, port)
        await pilot.press("end", "up", "tab", "end", "enter")
        await settle(app, pilot)
        port.refuse = "config.yaml could not be written (disk full). It is as it was before."
        await pilot.press("ctrl+s")
        await settle(app, pilot)
        assert screen.state is not None
        assert screen.state.edits == {"screen.bell": "false"}
        assert "disk full" in screen_text(app)


async def test_a_second_save_waits_and_a_change_made_meanwhile_stays(make_app: AppMaker, port: FakeSettings) -> None:
    app = make_app()
    gate = threading.Event()
    save = port.save

    def slow_save(changes: Mapping[str, str]) -> str:
        gate.wait(30)
        return save(changes)

    port.save = slow_save  # type: ignore[method-assign]
    async with app.run_test(size=FULL) as pilot:
        screen = await opened(app, pilot, port)
        await pilot.press("end", "up", "tab", "end", "enter", "ctrl+s", "ctrl+s")
        await pilot.press("home", "enter", "3")
        gate.set()
        await settle(app, pilot)
        assert port.saved == [{"screen.bell": "false"}]
        assert screen.state is not None
        assert screen.state.edits == {"screen.theme": "light"}
        assert screen.state.outside == 0


async def test_leaving_with_changes_asks_first(make_app: AppMaker, port: FakeSettings) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        await opened(app, pilot, port)
        await pilot.press("end", "up", "tab", "end", "enter")
        await settle(app, pilot)
        for way_out in ("escape", "q"):
            await pilot.press(way_out)
            assert isinstance(app.screen, QuestionDialog)
            await pilot.press("escape")
            assert isinstance(app.screen, SettingsScreen)
        await pilot.press("delete", "escape")
        assert isinstance(app.screen, DashboardScreen)


async def test_find_goes_to_the_setting_on_any_layout(make_app: AppMaker, port: FakeSettings) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(app, pilot, port)
        await pilot.press(".", *"ызкуфв", "enter")
        await settle(app, pilot)
        assert screen.query_one(FieldList).cursor_key == "market.max_spread_pct"
        assert screen.query_one(SectionList).cursor_key == "market"


async def test_keys_page_tells_which_are_set_and_shows_none(make_app: AppMaker, port: FakeSettings) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        await opened(app, pilot, port)
        await pilot.press("end")
        await pilot.pause()
        text = screen_text(app)
        assert "FUTTUI_API_KEY" in text
        assert "is not set" in text


async def test_settings_that_cannot_be_read_are_told_and_end_nothing(make_app: AppMaker, port: FakeSettings) -> None:
    app = make_app()

    def locked() -> SettingsSheet:
        raise PermissionError(13, "Access is denied")

    port.read = locked  # type: ignore[method-assign]
    async with app.run_test(size=FULL) as pilot:
        await opened(app, pilot, port)
        assert "Access is denied" in app.flash_line.text
        await pilot.press("escape")
        assert app.screen is app.dashboard


async def test_without_a_file_the_key_says_so(make_app: AppMaker) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        await pilot.press("f2")
        assert isinstance(app.screen, DashboardScreen)
        assert "no configuration file" in app.flash_line.text


async def test_escape_closes_the_speed_figures_first(make_app: AppMaker) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        await pilot.press("f12", "escape")
        assert app.dashboard is not None
        assert not app.dashboard.has_class("-overlay")


async def test_screen_opens_on_the_first_group_of_settings(make_app: AppMaker, port: FakeSettings) -> None:
    app = make_app()
    async with app.run_test(size=FULL) as pilot:
        screen = await opened(app, pilot, port)
        first = port.read().sections[0].path
        assert screen.query_one(SectionList).cursor_key == first
        assert screen.query_one(FieldList).section == first


async def test_a_theme_chosen_by_name_is_in_the_file_and_is_taken_back_from_the_settings(make_app: AppMaker) -> None:
    app, port = make_app(), FakeSettings()
    app.settings_port = port
    async with app.run_test(size=(120, 35)) as pilot:
        await pilot.press("colon", *"colour-safe")
        await until(pilot, lambda: app.screen.query_one(CommandList).option_count == 1)
        await pilot.press("enter")
        await until(pilot, lambda: port.saved == [{"screen.theme": "colour-safe"}])
        assert (app.ui_settings.theme, app.palette.tokens) == ("colour-safe", THEMES["colour-safe"])
        await until(pilot, lambda: "config.yaml.backup1. It is in use." in screen_text(app))
        await pilot.press("comma", "u", "ctrl+s")
        await until(pilot, lambda: port.saved[1:] == [{"screen.theme": "night"}])
        await until(pilot, lambda: app.palette.tokens is THEMES["night"])


async def test_a_theme_that_the_environment_fixes_is_shown_and_the_reason_told_why_it_is_not_kept(
    make_app: AppMaker,
) -> None:
    app, port = make_app(), FakeSettings()
    fixed = replace(port.current.setting("screen.theme"), fixed_by="FUTTUI_SCREEN__THEME")
    settings = tuple(fixed if item.path == fixed.path else item for item in port.current.settings)
    port.current = replace(port.current, settings=settings)
    app.settings_port = port
    async with app.run_test(size=(120, 35)) as pilot:
        app.action_choose_theme("light")
        await until(pilot, lambda: "Fixed by the FUTTUI_SCREEN__THEME" in screen_text(app))
        assert app.palette.tokens is THEMES["light"]
        assert port.saved == []


async def test_what_was_dropped_unsaved_is_not_taken_back_later(make_app: AppMaker) -> None:
    app, port = make_app(), FakeSettings()
    app.settings_port = port
    async with app.run_test(size=(120, 35)) as pilot:
        app.action_choose_theme("light")
        await until(pilot, lambda: len(port.saved) == 1)
        await pilot.press("comma")
        await until(pilot, lambda: getattr(app.screen, "state", None) is not None)
        screen = app.screen
        assert isinstance(screen, SettingsScreen)
        screen._change(port.current.setting("screen.bell"), "false")
        await pilot.press("escape", "right", "enter")
        await until(pilot, lambda: app.screen is app.dashboard)
        assert list(app.settings_undo) == [("screen.theme", "night")]
