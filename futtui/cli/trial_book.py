"""Where runs of the past are written down as trials."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer

from futtui.cli.places import Places

if TYPE_CHECKING:
    from futtui.backtest.trials import Trial, TrialBook


def trial_book(places: Places) -> TrialBook:
    """The book in the data folder."""
    from futtui.backtest.trials import FILE_NAME, TrialBook

    return TrialBook(places.home / FILE_NAME)


def now_text() -> str:
    """The moment of recording."""
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M")


def note_trial(book: TrialBook, trial: Trial) -> None:
    """Write a trial down; a folder that cannot be written is told, and stops nothing."""
    try:
        book.add(trial)
    except OSError as error:
        typer.echo(f"futtui: this trial could not be written down in {book.file}: {error}.", err=True)
