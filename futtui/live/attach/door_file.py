"""The note beside a database that tells screens where the door of its engine is, and the secret that opens it.

Only the user's own account may read it, so only the user's own programs can open the door. A note that a killed engine
left behind harms nothing: whoever answers at its address cannot prove that it knows the secret.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

import msgspec

from futtui.live.compat.files import remove_file, replace_file

OWN_EYES_ONLY = 0o600
NOTES = "*-screens.json"
"""Every note in a folder."""


class Door(msgspec.Struct, frozen=True):
    """Where an engine can be reached on this machine."""

    pid: int
    port: int
    secret: str


def door_file(database: Path) -> Path:
    """The note beside a database."""
    return database.with_name(NOTES.replace("*", database.stem))


def new_secret() -> str:
    """A secret that nobody can guess."""
    return secrets.token_hex(32)


def write_door(path: Path, door: Door) -> None:
    """Leave the note; raises OSError when the folder cannot be written to."""
    new = path.with_name(path.name + ".new")
    remove_file(new)
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWN_EYES_ONLY)
    with os.fdopen(handle, "wb") as file:
        file.write(msgspec.json.encode(door))
    replace_file(new, path)


def read_door(path: Path) -> Door | None:
    """The note; None when there is none, or none that can be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Door)
    except (OSError, msgspec.MsgspecError):
        return None


def remove_door(path: Path, door: Door) -> None:
    """Take the note away if it is still ours."""
    if read_door(path) == door:
        with contextlib.suppress(OSError):
            remove_file(path)
