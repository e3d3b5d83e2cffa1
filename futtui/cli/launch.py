"""Runs an engine with the screen or without; sees to it that nothing is left when it ends."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from futtui.cli.phone import Phone
from futtui.cli.places import Places
from futtui.cli.screen import ScreenPlan, show
from futtui.cli.sole_user import sole_user
from futtui.domain.errors import ConfigurationError
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

MAIN_LOG = "futtui.log"

COLLECTOR = 5_000, 8, 20
"""How many young objects Python's garbage collector lets come together, once a start is over (see `__main__`)."""


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


def run_screen(launch: Launch) -> None:
    """Open the terminal app; the engine starts when the first frame is on screen."""
    with time_to_end(), sole_user(launch.database, or_another=launch.fresh_database) as database:
        _run_screen(replace(launch, database=database))


def _run_screen(launch: Launch) -> None:
    from futtui.live.engine_thread import EngineThread
    from futtui.live.leaving import waits_for
    from futtui.live.snapshots import starting_snapshot

    logs = start_log_files(launch)
    phone = launch.phone()
    engine = EngineThread(lambda: phone.attach(launch.build_engine()), starting_snapshot(launch.engine), launch.trouble)
    plan = ScreenPlan(launch.settings, launch.places, launch.database, launch.config_file, launch.welcome)
    try:
        show(plan, engine)
    finally:
        if (sentence := waits_for(engine.snapshot())) and engine.failure is None:
            typer.echo(sentence, err=True)
        engine.stop()
        phone.stop()
        logs.close()
        for sentence in engine.left_open:
            typer.echo(sentence, err=True)
    if engine.failure is not None:
        raise engine.failure


def run_headless(launch: Launch, minutes: int | None, json_file: Path | None) -> None:
    """Run without a screen for `minutes` of exchange time (None: to the end of the data).

    Prints the counts and writes them to `json_file`.
    """
    with sole_user(launch.database, or_another=launch.fresh_database) as database:
        _run_headless(replace(launch, database=database), minutes, json_file)


def _run_headless(launch: Launch, minutes: int | None, json_file: Path | None) -> None:
    from futtui.live.attach.door_file import door_file
    from futtui.live.headless import run

    gc.set_threshold(*COLLECTOR)
    logs = start_log_files(launch)
    echo_problems(launch.own)
    phone = launch.phone()
    try:
        with contextlib.suppress(KeyboardInterrupt):
            build, note = (lambda: phone.attach(launch.build_engine())), door_file(launch.database)
            result = asyncio.run(run(build, minutes, screens_at=note, tell=partial(typer.echo, err=True)))
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
    from futtui.live.attach.door_file import door_file
    from futtui.live.headless import run_until_stopped

    with time_to_end(), sole_user(launch.database):
        logs = start_log_files(launch)
        echo_problems(launch.own)
        phone = launch.phone()
        try:
            build, note = (lambda: phone.attach(launch.build_engine())), door_file(launch.database)
            asyncio.run(run_until_stopped(build, typer.echo, live=live, screens_at=note))
        finally:
            phone.stop()
            logs.close()


def start_log_files(launch: Launch) -> LogFiles:
    """Log files of this run; keys never appear in them."""
    hidden = launch.credentials
    return open_log_files(launch.settings, launch.places, (hidden.api_key, hidden.api_secret) if hidden else ())


def open_log_files(settings: Settings, places: Places, hidden: Sequence[str] = (), name: str = MAIN_LOG) -> LogFiles:
    """The same for a program without an engine, with a main file of another `name`: no two may write into one."""
    from futtui.config.settings import load_secrets
    from futtui.live.logs import log_folder, start_logs

    logging.raiseExceptions = False  # a full disk must not write over the screen
    secrets = [*load_secrets((Path.cwd(), places.home)).values(), *hidden]
    folder = log_folder(settings.logs, places.home, chosen=places.chosen)
    try:
        return start_logs(settings.logs, folder, secrets, name)
    except OSError as error:
        raise ConfigurationError(
            f"The folder {folder} for log files cannot be made ({error.strerror}). "
            "Choose another place with logs.directory in config.yaml or with --home."
        ) from error
