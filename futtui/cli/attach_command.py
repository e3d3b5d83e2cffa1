"""`futtui attach`: a screen on an engine that runs without one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from futtui.cli.places import Places
from futtui.domain.errors import FuttuiError, StorageError

if TYPE_CHECKING:
    from futtui.config.settings import Settings

LOG = "screen.log"
"""The engine has the other file."""
FAREWELL = "The engine goes on without a screen. Open one again with `futtui attach`."
HAS_A_SCREEN = (
    "The futtui that runs here has a screen of its own. Only an engine that was started with `futtui headless` can be "
    "watched from another window."
)


def run_attach(config: Path | None, home: Path | None, *, demo: bool) -> None:
    """Show the engine that runs with this configuration and data folder (`demo`: the newest demo) until quit."""
    from futtui.cli.screen import need_terminal
    from futtui.cli.where import exchange_in
    from futtui.config.settings import find_config, load

    need_terminal()
    places = Places.of(home)
    file = find_config(config, places.home)
    settings = load(file).settings
    show_engine(settings, places, newest_demo(places) if demo else exchange_in(settings, places)[1], file)


def show_engine(settings: Settings, places: Places, database: Path, file: Path | None) -> None:
    """Show the engine that works with `database`. Raises FuttuiError with the reason when that cannot be."""
    from futtui.cli.launch import open_log_files
    from futtui.cli.screen import ScreenPlan, show
    from futtui.live.attach.door_file import door_file
    from futtui.live.attach.remote_engine import RemoteEngine
    from futtui.live.compat.ending import time_to_end

    engine = RemoteEngine(door_file(database))
    if engine.is_nobody_there and is_held(database):
        raise FuttuiError(HAS_A_SCREEN)
    with time_to_end():
        logs = open_log_files(settings, places, name=LOG)
        try:
            engine.connect()
            show(ScreenPlan(settings, places, database, file, attached_to=engine.pid), engine)
            last = engine.snapshot()
        finally:
            engine.close()
            logs.close()
    typer.echo(last.phase_text if last.phase == "failed" else FAREWELL)


def is_held(database: Path) -> bool:
    """Whether a futtui works with this database now."""
    from futtui.cli.sole_user import sole_user

    try:
        with sole_user(database):
            return False
    except StorageError:
        return True


def newest_demo(places: Places) -> Path:
    """The database of the demo that was started last and lets screens in; the usual one when there is none."""
    from futtui.cli.sole_user import same_kind
    from futtui.live.attach.door_file import door_file

    notes = [(door_file(database), database) for database in same_kind(places.demo_database)]
    found = [(note.stat().st_mtime, database) for note, database in notes if note.is_file() and is_held(database)]
    return max(found)[1] if found else places.demo_database
