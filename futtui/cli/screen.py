"""The terminal app as the user set it, on an engine of this process or of another one."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from futtui.cli.backtest_runs import BacktestRuns
from futtui.cli.found_files import put_text
from futtui.cli.habits_file import HabitsFile
from futtui.cli.places import Places
from futtui.cli.settings_file import SettingsFile
from futtui.domain.errors import InvalidInputError

if TYPE_CHECKING:
    from futtui.config.settings import Settings
    from futtui.tui.app import FuttuiApp
    from futtui.tui.engine_port import EnginePort

LEAVE_SIGNALS = ("SIGTERM", "SIGHUP", "SIGBREAK")
"""Closing the window, logging off, `kill`: names of all systems."""


@dataclass(frozen=True, slots=True)
class ScreenPlan:
    """What the screen needs besides an engine."""

    settings: Settings
    places: Places
    database: Path
    config_file: Path | None
    welcome: str = "never"
    """When the first questions are asked: never, once, always."""
    attached_to: int = 0
    """The process whose engine is shown; 0 = this one."""


def need_terminal() -> None:
    """Raise InvalidInputError when there is no terminal to draw on and to read keys from."""
    drawn_on = sys.__stdout__ if sys.platform == "win32" else sys.__stderr__
    if not all(stream is not None and stream.isatty() for stream in (drawn_on, sys.__stdin__)):
        raise InvalidInputError(
            "This is not a terminal, so there is nothing to draw on. Open a terminal window and do not redirect "
            "input or output; `futtui demo --headless` runs without a screen."
        )


def show(plan: ScreenPlan, engine: EnginePort) -> None:
    """Run the app until the user quits or the system ends it."""
    backtests = BacktestRuns(plan.places.home, plan.config_file, plan.settings)
    app = _app(plan, engine, backtests)
    try:
        with _leave_on_signals(app):
            app.run()
    finally:
        backtests.close()


def _app(plan: ScreenPlan, engine: EnginePort, backtests: BacktestRuns) -> FuttuiApp:
    from futtui.tui.app import FuttuiApp
    from futtui.tui.settings import UiSettings

    screen = plan.settings.screen
    ui = UiSettings(
        time_zone=plan.settings.time_zone,
        theme=screen.theme.value,
        language=screen.language,
        plain_glyphs=screen.plain_glyphs,
        pulse_hz=screen.pulse_hz,
        bell=screen.bell,
        welcome=plan.welcome,
        attached_to=plan.attached_to,
    )
    return FuttuiApp(
        engine,
        settings=ui,
        settings_port=_settings_file(plan),
        backtests=backtests,
        save_text=put_text,
        habits_port=HabitsFile(plan.places.habits),
    )


def _settings_file(plan: ScreenPlan) -> SettingsFile:
    """The configuration file for the settings screen: the one of this run, else a new one in the data folder."""
    file = plan.config_file or plan.places.home / "config.yaml"
    return SettingsFile(file.absolute(), plan.settings, (Path.cwd(), plan.places.home))


@contextlib.contextmanager
def _leave_on_signals(app: FuttuiApp) -> Iterator[None]:
    """While inside, signals that would end the process let the app leave properly: the terminal is put in order."""
    numbers = [getattr(signal, name) for name in LEAVE_SIGNALS if hasattr(signal, name)]
    heard = [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]  # as nohup wants it
    before = [(number, signal.signal(number, lambda *_: app.leave())) for number in heard]
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)
