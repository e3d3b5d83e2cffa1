"""Options that many commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def given_home(text: str) -> Path:
    """The folder that the user named. Raises BadParameter for an empty name, which would mean the current folder."""
    if not str(text).strip():
        raise typer.BadParameter(
            "the name of the folder is empty; a variable in your script may not be set. Name a folder, `.` for the "
            "current one, or leave --home out for the usual one."
        )
    return Path(text)


HomeOption = Annotated[
    Path | None, typer.Option("--home", parser=given_home, metavar="<path>", help="Folder for database and logs.")
]
