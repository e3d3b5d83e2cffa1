"""The first questions: shown once, each can be skipped, answers show at once and are saved."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from futtui.cli.habits_file import HabitsFile
from futtui.domain.settings_sheet import SettingKind
from futtui.language.catalogue import Language
from futtui.tui.app import FuttuiApp
from futtui.tui.habits import Habits
from futtui.tui.screens.welcome import WelcomeScreen
from futtui.tui.settings import UiSettings
from tests.tui.fake_engine import FakeEngine
from tests.tui.fake_settings import FakeSettings, setting
from tests.tui.screen_text import screen_text

SIZE = (80, 24)


class FakeHabits:
    """Keeps habits in memory."""

    def __init__(self, **kept: object) -> None:
        self.kept: dict[str, object] = dict(kept)

    def load(self) -> Mapping[str, object]:
        """What was kept."""
        return self.kept

    def keep(self, habits: Mapping[str, object]) -> None:
        """Keep it."""
        self.kept = dict(habits)


def first_start(engine: FakeEngine, habits: FakeHabits, welcome: str = "once") -> FuttuiApp:
    """An app as at the first start."""
    port = FakeSettings()
    more = (
        setting("signals_only_mode", SettingKind.YES_NO, "true", "Start mode."),
        setting("screen.plain_glyphs", SettingKind.YES_NO, "false", "Signs.", at_once=True),
    )
    object.__setattr__(port.current, "settings", (*port.current.settings, *more))
    return FuttuiApp(
        engine,
        settings=UiSettings(welcome=welcome),
        real_clock_s=lambda: 0.0,
        settings_port=port,
        habits_port=habits,
    )


async def greeted(app: FuttuiApp, pilot: Pilot[None]) -> WelcomeScreen:
    """The welcome screen once the engine was started."""
    for _ in range(500):
        if isinstance(app.screen, WelcomeScreen):
            break
        await pilot.pause(0.02)
    assert isinstance(app.screen, WelcomeScreen)
    await pilot.pause()
    return app.screen


async def left(app: FuttuiApp, pilot: Pilot[None]) -> None:
    """Waits until the answers were saved and the screen is gone."""
    await app.workers.wait_for_complete()
    await pilot.pause()
    assert app.screen is app.dashboard


async def test_all_four_answers_show_at_once_and_are_saved_together(engine: FakeEngine) -> None:
    habits = FakeHabits()
    app = first_start(engine, habits)
    async with app.run_test(size=SIZE) as pilot:
        await greeted(app, pilot)
        assert engine.started == 1
        await pilot.press("2")
        assert "питання 2 з 4" in screen_text(app)
        await pilot.press("down", "down", "enter")
        assert app.ui_settings.time_zone == "Europe/Berlin"
        await pilot.press("2")
        assert app.has_class("-plain")
        await pilot.press("4", "3")
        await left(app, pilot)
        assert app.theme == "futtui-light"
        port = app.settings_port
        assert isinstance(port, FakeSettings)
        assert port.saved == [
            {
                "screen.language": "uk",
                "time_zone": "Europe/Berlin",
                "screen.plain_glyphs": "true",
                "signals_only_mode": "false",
                "screen.theme": "light",
            }
        ]
        assert habits.kept["welcomed"] is True


async def test_skipping_everything_saves_nothing_but_never_asks_again(engine: FakeEngine) -> None:
    habits = FakeHabits()
    app = first_start(engine, habits)
    async with app.run_test(size=SIZE) as pilot:
        await greeted(app, pilot)
        await pilot.press("escape", "escape")
        assert "question 3 of 4" in screen_text(app)
        await pilot.press("0")
        await left(app, pilot)
        assert isinstance(app.settings_port, FakeSettings)
        assert app.settings_port.saved == []
    again = first_start(FakeEngine(), habits)
    async with again.run_test(size=SIZE) as pilot:
        for _ in range(500):
            if again._started:
                break
            await pilot.pause(0.02)
        await pilot.pause()
        assert again.screen is again.dashboard


async def test_a_zone_can_be_typed_and_an_unknown_one_is_refused(engine: FakeEngine) -> None:
    app = first_start(engine, FakeHabits(welcomed=True), "always")
    async with app.run_test(size=SIZE) as pilot:
        screen = await greeted(app, pilot)
        await pilot.press("escape", "9")
        screen.query_one(Input).value = "Europe/Nowhere"
        await pilot.press("enter")
        await pilot.pause()
        assert "not known here" in screen_text(app)
        screen.query_one(Input).value = "Europe/Madrid"
        await pilot.press("enter")
        assert app.ui_settings.time_zone == "Europe/Madrid"
        assert "question 3 of 4" in screen_text(app)


async def test_answers_that_cannot_be_saved_hold_for_this_run_and_that_is_told(engine: FakeEngine) -> None:
    app = first_start(engine, FakeHabits())
    async with app.run_test(size=SIZE) as pilot:
        await greeted(app, pilot)
        assert isinstance(app.settings_port, FakeSettings)
        app.settings_port.refuse = "the disk is full"
        await pilot.press("3", "0")
        await left(app, pilot)
        assert app.ui_settings.language is Language.RUSSIAN
        assert "the disk is full" in app.flash_line.text


def test_habits_are_kept_and_nonsense_in_the_file_is_left_out(tmp_path: Path) -> None:
    file = HabitsFile(tmp_path / "home" / "screen.json")
    assert file.load() == {}
    file.keep(Habits(layout="trade", sort_reverse=True).as_mapping())
    assert Habits.of(file.load()) == Habits(layout="trade", sort_reverse=True)
    (tmp_path / "home" / "screen.json").write_text('{"layout": 5, "symbol": "BTCUSDT", "mode": "LIVE"}')
    assert Habits.of(file.load()) == Habits(symbol="BTCUSDT")
    (tmp_path / "home" / "screen.json").write_text("[1]")
    assert file.load() == {}


def test_the_trading_mode_is_never_among_the_habits() -> None:
    assert not [name for name in Habits().as_mapping() if "mode" in name]


def test_habits_that_cannot_be_written_stop_nothing(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file where the folder should be")
    HabitsFile(tmp_path / "home" / "screen.json").keep(Habits().as_mapping())


@pytest.mark.parametrize(("given", "asked"), [(None, "once"), ("config.yaml", "never")])
def test_only_a_start_without_a_configuration_file_asks(
    given: str | None, asked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import contextlib
    from dataclasses import dataclass

    from futtui.cli import launch, live_command, screen

    @dataclass(frozen=True)
    class Plan:
        config_file: Path | None
        welcome: str = "never"

    seen: list[Plan] = []
    plan = Plan(Path(given) if given else None)
    monkeypatch.setattr(live_command, "_launch", lambda config, home: contextlib.nullcontext(plan))
    monkeypatch.setattr(screen, "need_terminal", lambda: None)
    monkeypatch.setattr(launch, "run_screen", seen.append)
    live_command.run_live(None, None)
    live_command.run_live(None, None, welcome=True)
    assert [each.welcome for each in seen] == [asked, "always"]
