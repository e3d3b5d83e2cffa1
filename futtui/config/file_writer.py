"""Puts a new text into the user's file in one step, keeps the last versions beside it, and waits out virus scanners."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from futtui.domain.errors import ConfigurationError
from futtui.live.compat.files import replace_file

KEPT_BACKUPS = 5


def write_with_backup(path: Path, text: str, check: Callable[[Path], None]) -> Path | None:
    """Replace the file at once or not at all; the path of the backup, None where there was no file before.

    `check` gets the new file before it takes the place of the old one and raises when it is not good. Raises
    ConfigurationError when the disk refuses; the old file is then still there.
    """
    path = path.resolve()  # a link stays a link
    draft = path.with_name(f"{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(draft, text)
        check(draft)
        backup = None
        if path.is_file():
            shutil.copymode(path, draft)
            backup = _keep_backup(path)
        replace_file(draft, path)
    except OSError as error:
        reason = error.strerror or "the disk refused"
        raise ConfigurationError(f"{path} could not be written ({reason}). It is as it was before.") from error
    finally:
        with contextlib.suppress(OSError):  # a scanner may hold it; the next save writes over it
            draft.unlink(missing_ok=True)
    return backup


def write_at_once(path: Path, text: str) -> None:
    """Replace a small file of futtui's own in one step; raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.new")
    _write(draft, text)
    replace_file(draft, path)


def _write(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _keep_backup(path: Path) -> Path:
    def numbered(number: int) -> Path:
        return path.with_name(f"{path.name}.backup{number}")

    for number in range(KEPT_BACKUPS - 1, 0, -1):
        older = numbered(number)
        if older.is_file():
            replace_file(older, numbered(number + 1))
    newest = numbered(1)
    shutil.copy2(path, newest)
    return newest
