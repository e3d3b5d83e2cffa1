"""Runs an engine with the screen or without; sees to it that nothing is left when it ends."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from futtui.cli.backtest_runs import BacktestRuns
from futtui.cli.found_files import put_text
from futtui.cli.habits_file import HabitsFile
from futtui.cli.phone import Phone
from futtui.cli.places import Places
from futtui.cli.settings_file import SettingsFile
from futtui.cli.sole_user import sole_user
from futtui.domain.errors import ConfigurationError, InvalidInputError
from futtui.exchange.ports import Credentials, Endpoints
from futtui.live.compat.ending import time_to_end
from futtui.live.settings import EngineSettings

if TYPE_CHECKING:
    from futtui.analysis.pool import AnalyzerPool
    from futtui.config.plugins import FoundPlugins
    from futtui.config.settings import Settings
    from futtui.live.assembly import EnginePlan
    from futtui.live.engine import Engine
    from futtui.live.logs import LogFiles
    from futtui.signals.confidence import ConfidenceModel
    from futtui.tui.app import FuttuiApp

LEAVE_SIGNALS = ("SIGTERM", "SIGHUP", "SIGBREAK")
"""Closing the window, logging off, `kill`: names of all systems."""


@dataclass(frozen=True, slots=True)
class Launch:
    """Everything that is known before the start."""

    settings: Settings
    engine: EngineSettings
    pool: AnalyzerPool
    places: Places
    database: Path
    fresh_database: bool
    endpoints: Callable[[], Awaitable[Endpoints]]
    credentials: Credentials | None
    virtual_clock: bool = False
    for_information: frozenset[str] = frozenset()
    confidence: ConfidenceModel | None = None
    trouble: Callable[[], str] | None = None
    """Asked now and then for a sentence about something that ended for good, as an exchange of our own."""
    own: FoundPlugins | None = None
    """The user's own strategies, which the pool has, and what is wrong with others."""
    config_file: Path | None = None
    """Where the settings of this run came from; None = there is no file yet."""
    welcome: str = "never"
    """When the first questions are asked: never, once, always."""

    def plan(self) -> EnginePlan:
        """The engine's part."""
        from futtui.live.assembly import EnginePlan

        return EnginePlan(
            settings=self.engine,
            desk=self.settings.desk,
            pool=self.pool,
            database=self.database,
            endpoints=self.endpoints,
            credentials=self.credentials,
            fresh_database=self.fresh_database,
            virtual_clock=self.virtual_clock,
            for_information=self.for_information,
            confidence=self.confidence,
            own_titles=self.own.titles if self.own is not None else (),
            own_problems=self.own.problems if self.own is not None else (),
            look_at_config=self._config_watch(),
        )

    def _config_watch(self) -> Callable[[], tuple[str, bool] | None] | None:
        from futtui.config.watch import ConfigWatch

        return None if self.config_file is None else ConfigWatch(self.config_file, self.settings).look

    def build_engine(self) -> Engine:
        """The engine; loads the heavy libraries, so it is called on the engine's own thread."""
        from futtui.live.assembly import build_engine

        return build_engine(self.plan())

    def phone(self) -> Phone:
        """The bot on the user's phone, if one is wanted."""
        folders = (Path.cwd(), self.places.home)
        return Phone(self.settings, folders, self.database, demo=self.virtual_clock)


def need_terminal() -> None:
    """Raise InvalidInputError when there is no terminal to draw on and to read keys from."""
    drawn_on = sys.__stdout__ if sys.platform == "win32" else sys.__stderr__
    if not all(stream is not None and stream.isatty() for stream in (drawn_on, sys.__stdin__)):
        raise InvalidInputError(
            "This is not a terminal, so there is nothing to draw on. Open a terminal window and do not redirect "
            "input or output; `futtui demo --headless` runs without a screen."
        )


def run_screen(launch: Launch) -> None:
    """Open the terminal app; the engine starts when the first frame is on screen."""
    with time_to_end(), sole_user(launch.database, or_another=launch.fresh_database) as database:
        _run_screen(replace(launch, database=database))


def _run_screen(launch: Launch) -> None:
    from futtui.live.engine_thread import EngineThread
    from futtui.live.snapshots import starting_snapshot
    from futtui.tui.app import FuttuiApp
    from futtui.tui.settings import UiSettings

    logs = start_log_files(launch)
    phone = launch.phone()
    engine = EngineThread(lambda: phone.attach(launch.build_engine()), starting_snapshot(launch.engine), launch.trouble)
    screen = launch.settings.screen
    ui = UiSettings(
        time_zone=launch.settings.time_zone,
        theme=screen.theme.value,
        language=screen.language,
        plain_glyphs=screen.plain_glyphs,
        pulse_hz=screen.pulse_hz,
        bell=screen.bell,
        welcome=launch.welcome,
    )
    backtests = BacktestRuns(launch.places.home, launch.config_file, launch.settings)
    app = FuttuiApp(
        engine,
        settings=ui,
        settings_port=settings_file(launch),
        backtests=backtests,
        save_text=put_text,
        alerts_port=HabitsFile(alerts_file(launch.database)),
        habits_port=HabitsFile(launch.places.habits),
    )
    try:
        with leave_on_signals(app):
            app.run()
    finally:
        backtests.close()
        engine.stop()
        phone.stop()
        logs.close()
    if engine.failure is not None:
        raise engine.failure


def alerts_file(database: Path) -> Path:
    """Where price alerts wait for the next start: beside the database, because each market has prices of its own."""
    return database.with_name(f"{database.stem}-alerts.json")


def settings_file(launch: Launch) -> SettingsFile:
    """The configuration file for the settings screen: the one of this run, else a new one in the data folder."""
    file = launch.config_file or launch.places.home / "config.yaml"
    return SettingsFile(file.absolute(), launch.settings, (Path.cwd(), launch.places.home))


@contextlib.contextmanager
def leave_on_signals(app: FuttuiApp) -> Iterator[None]:
    """While inside, signals that would end the process let the app leave properly: the terminal is put in order."""
    numbers = [getattr(signal, name) for name in LEAVE_SIGNALS if hasattr(signal, name)]
    heard = [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]  # as nohup wants it
    before = [(number, signal.signal(number, lambda *_: app.leave())) for number in heard]
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)


def run_headless(launch: Launch, minutes: int | None, json_file: Path | None) -> None:
    """Run without a screen for `minutes` of exchange time (None: to the end of the data).

    Prints the counts and writes them to `json_file`.
    """
    with sole_user(launch.database, or_another=launch.fresh_database) as database:
        _run_headless(replace(launch, database=database), minutes, json_file)


def _run_headless(launch: Launch, minutes: int | None, json_file: Path | None) -> None:
    from futtui.live.headless import run

    logs = start_log_files(launch)
    echo_problems(launch.own)
    phone = launch.phone()
    try:
        with contextlib.suppress(KeyboardInterrupt):
            result = asyncio.run(run(lambda: phone.attach(launch.build_engine()), minutes))
            for name, value in result.summary():
                typer.echo(f"{name:22} {value}")
            if json_file is not None:
                json_file.write_text(json.dumps(result.as_json(), indent=2) + "\n", encoding="utf-8")
    finally:
        phone.stop()
        logs.close()


def echo_problems(own: FoundPlugins | None) -> None:
    """Say on the error output what is wrong with the user's own strategies; the run goes on without these."""
    for problem in own.problems if own is not None else ():
        typer.echo(problem, err=True)


def run_without_screen(launch: Launch, *, live: bool) -> None:
    """Run without a screen until Ctrl+C or a signal to end; prints what is worth telling as it comes."""
    from futtui.live.headless import run_until_stopped

    with time_to_end(), sole_user(launch.database) as database:
        logs = start_log_files(launch)
        try:
            asyncio.run(run_until_stopped(replace(launch, database=database).build_engine, typer.echo, live=live))
        finally:
            logs.close()


def start_log_files(launch: Launch) -> LogFiles:
    """Log files of this run; keys never appear in them."""
    from futtui.config.settings import load_secrets
    from futtui.live.logs import log_folder, start_logs

    logging.raiseExceptions = False  # a full disk must not write over the screen
    secrets = list(load_secrets((Path.cwd(), launch.places.home)).values())
    if launch.credentials is not None:
        secrets += [launch.credentials.api_key, launch.credentials.api_secret]
    folder = log_folder(launch.settings.logs, launch.places.home)
    try:
        return start_logs(launch.settings.logs, folder, secrets)
    except OSError as error:
        raise ConfigurationError(
            f"The folder {folder} for log files cannot be made ({error.strerror}). "
            "Choose another place with logs.directory in config.yaml or with --home."
        ) from error
