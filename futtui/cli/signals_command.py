"""`futtui signals ...`: what signals there were, and why."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from futtui.cli.options import HomeOption
from futtui.domain.errors import InvalidInputError

if TYPE_CHECKING:
    from sqlalchemy import Engine

signals_app = typer.Typer(help="List signals and explain them.", rich_markup_mode=None, no_args_is_help=True)
DemoOption = Annotated[bool, typer.Option("--demo", help="Those of the newest demo instead.")]


@signals_app.command()
def explain(
    signal_id: Annotated[str, typer.Argument(help="Id of the signal, or its beginning.")],
    home: HomeOption = None,
    demo: DemoOption = False,
) -> None:
    """Print everything that explains a signal: levels, score, filters, what happened, what it was made from."""
    from futtui.cli.signals_text import explain_lines
    from futtui.storage.signal_archive import SignalArchive

    wanted = signal_id.strip().lower()
    with database(home, demo) as engine:
        archive = SignalArchive(engine)
        stored = archive.get(wanted)
        near = [] if stored is not None else archive.near_ids(wanted)
    if stored is None:
        listing = "futtui signals list --demo" if demo else "futtui signals list"
        hint = f"Did you mean {', '.join(near)}?" if near else f"`{listing}` shows the ids there are."
        raise InvalidInputError(f"There is no signal {signal_id!r}. {hint}")
    for line in explain_lines(stored):
        typer.echo(line)


@signals_app.command("list")
def list_signals(
    symbol: Annotated[str, typer.Argument(help="Only this symbol, as in BTCUSDT.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many, newest first.")] = 20,
    home: HomeOption = None,
    demo: DemoOption = False,
) -> None:
    """Print the newest signals, one a line, with their ids."""
    from futtui.cli.signals_text import list_lines
    from futtui.storage.signal_archive import SignalArchive

    with database(home, demo) as engine:
        found = SignalArchive(engine).newest(limit, symbol.strip().upper())
    for line in list_lines(found):
        typer.echo(line)
    if not found:
        typer.echo(f"No signals{f' on {symbol.strip().upper()}' if symbol else ''} yet.")


@signals_app.command("why-not")
def why_not(
    symbol: Annotated[str, typer.Argument(help="Only this symbol, as in BTCUSDT.")] = "",
    day: Annotated[str, typer.Option(help="Day, as in 2024-03-01 UTC (default: today).")] = "",
    home: HomeOption = None,
    demo: DemoOption = False,
) -> None:
    """Say why there were no (more) signals today: candidates that were nearly taken, and what strategies missed."""
    from futtui.cli.demo_command import day_ms
    from futtui.cli.signals_text import why_not_lines
    from futtui.domain.timeframe import DAY_MS
    from futtui.live.history_jobs.taking import now_ms
    from futtui.storage.signal_archive import newest_moment_ms, refused_candidates, silences

    asked_ms = day_ms(day, "--day") if day else None
    wanted = symbol.strip().upper()
    with database(home, demo) as engine:
        # A demo has days of its own: its newest one is its today.
        today_ms = (newest_moment_ms(engine) if demo else None) or now_ms()
        start_ms = asked_ms or today_ms // DAY_MS * DAY_MS
        nearly, silent = refused_candidates(engine, start_ms, wanted), silences(engine, start_ms, wanted)
    for line in why_not_lines(start_ms, wanted, nearly, silent):
        typer.echo(line)


@contextmanager
def database(home: Path | None, demo: bool, *, only_read: bool = False) -> Iterator[Engine]:
    """The database of the real market or of the newest demo; raises InvalidInputError when there is none yet."""
    from futtui.cli.places import Places
    from futtui.storage.database import open_database, open_for_reading

    places = Places.of(home)
    path = places.demo_database if demo else places.database
    if not path.is_file():
        start = "`futtui demo`" if demo else "futtui"
        other = "" if demo else " With --demo, those of the newest demo are shown."
        raise InvalidInputError(
            f"There is no database at {path} yet. Start {start} first, or give another --home.{other}"
        )
    engine = open_for_reading(path) if only_read else open_database(path)
    try:
        yield engine
    finally:
        engine.dispose()
