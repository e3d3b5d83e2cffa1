"""`futtui replay`: gives a recorded run to a new desk and says whether it decided the same."""

from __future__ import annotations

from pathlib import Path

import typer

from futtui.cli.places import Places
from futtui.domain.errors import InvalidInputError
from futtui.language.counting import counted


def run_replay(journal: Path | None, home: Path | None) -> None:
    """Print the figures of the replay; exit code 1 when anything differs."""
    from futtui.live.assembly import journal_folder
    from futtui.live.desk_journal import files_of, replay

    path = journal or journal_folder(Places.of(home).database)
    if not path.exists():
        why = "" if journal else " Runs of `futtui` and `futtui headless` are recorded, those of the demo are not."
        raise InvalidInputError(f"There is no file or folder {path}.{why}")
    files = files_of(path)
    result = replay(files)
    typer.echo(f"files        {len(files)} (from {files[0].name})")
    typer.echo(f"events       {result.events}")
    typer.echo(f"states       {result.hashes} compared")
    if result.torn_lines:
        typer.echo(f"torn lines   {result.torn_lines}")
    typer.echo(f"state hash   {result.last_hash}")
    found = result.decisions
    typer.echo(f"decisions    {found.hash} ({counted(found.signals, 'signal')}, {counted(found.trades, 'trade')})")
    if result.broken:
        typer.echo(f"INCOMPLETE   the journal of this run broke off: {result.broken}. What came later is not recorded.")
    elif not result.ended:
        typer.echo("open end     the run goes on, was killed, or its journal broke off: what came last may be missing")
    if not result.agrees:
        typer.echo(f"DIFFERS      {result.first_difference}")
        raise SystemExit(1)
    typer.echo(
        "agrees       every effect and every state as recorded" + (", as far as it goes" if result.broken else "")
    )
