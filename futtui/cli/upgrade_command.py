"""`futtui upgrade`: how this installation is renewed, and what has to be closed before. Changes nothing itself."""

from __future__ import annotations

import sys
import time
from pathlib import Path, PurePath

import typer

from futtui.cli.places import Places
from futtui.live.health_file import FRESH_S, read_health
from futtui.version import VERSION

SOURCE = "git pull (or put the new files there), then: python -m pip install --upgrade -c constraints.txt ."


def command_for(prefix: PurePath) -> str:
    """The command that renews an installation whose Python lives at `prefix`."""
    parts = [part.lower() for part in prefix.parts]
    if "uv" in parts and "tools" in parts:
        return "uv tool upgrade futtui"
    if "pipx" in parts:
        return "pipx upgrade futtui"
    return f"in the folder of futtui: {SOURCE}"


def running(places: Places, now_s: float) -> list[str]:
    """What runs now, by its database: as long as it does, Windows lets nobody replace the program."""
    records = ((name, read_health(database)) for name, database in places.databases())
    return [name for name, record in records if record is not None and now_s - record.written_s <= FRESH_S]


def run_upgrade(home: Path | None) -> None:
    """Print what to close and what to type; leaves with exit code 1 while a futtui runs."""
    open_ones = running(Places.of(home), time.time())
    typer.echo(f"This is futtui {VERSION}, installed for {sys.executable}.")
    if open_ones:
        typer.echo(f"A futtui runs now ({', '.join(open_ones)}). Close it first: q on its screen, or end the service.")
        typer.echo("Live positions keep their stops on the exchange meanwhile, but nobody moves them.")
    typer.echo("Close every window of futtui, because Windows lets nobody replace a program that runs. Then:")
    typer.echo(f"  {command_for(Path(sys.prefix))}")
    typer.echo("Data, settings and keys stay where they are (futtui paths); the database is renewed at the next start.")
    if open_ones:
        raise typer.Exit(1)
