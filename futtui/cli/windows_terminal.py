"""`futtui windows-terminal`: a profile of our own in Windows Terminal, with font and settings that suit the screen."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import typer

from futtui.domain.errors import InvalidInputError

FRAGMENT = Path("Microsoft") / "Windows Terminal" / "Fragments" / "futtui" / "futtui.json"
"""Where Windows Terminal looks for profiles of programs, below the local application data."""
PROFILE_NAME = "futtui"


def profile(python: str = sys.executable) -> dict[str, object]:
    """What the file says. The keyboard protocol is off, so that keys of every layout arrive as they always did."""
    return {
        "profiles": [
            {
                "name": PROFILE_NAME,
                "commandline": f'"{python}" -m futtui',
                "startingDirectory": "%USERPROFILE%",
                "font": {"face": "Cascadia Mono", "builtinGlyphs": True},
                "compatibility.kittyKeyboardMode": False,
                "tabTitle": PROFILE_NAME,
                "closeOnExit": "graceful",
            }
        ]
    }


def run_windows_terminal(*, only_print: bool, environment: Mapping[str, str] = os.environ) -> None:
    """Write the profile and say how it is opened; `only_print` writes nothing.

    Raises InvalidInputError where there is no Windows, and OSError where the folder cannot be used.
    """
    text = json.dumps(profile(), indent=4) + "\n"
    if only_print:
        typer.echo(text, nl=False)
        return
    base = environment.get("LOCALAPPDATA", "")
    if not base:
        raise InvalidInputError(
            "Windows Terminal is not found: this is for Windows. --print shows the profile, to be put in by hand."
        )
    path = Path(base) / FRAGMENT
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    typer.echo(f"Written: {path}")
    typer.echo("Close all windows of Windows Terminal once; then its menu has the profile futtui.")
    typer.echo(f"A window of a good size: wt --size 140,40 new-tab -p {PROFILE_NAME}")
    typer.echo("To take it away, delete that file.")
