"""One futtui per database: two would write over each other and trade the same signals twice."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from futtui.domain.errors import StorageError

LOCK_PLACE = 4096
"""The locked byte lies behind the text, because Windows lets nobody read a locked byte."""


MOST_DEMOS = 9


@contextlib.contextmanager
def sole_user(database: Path, *, or_another: bool = False) -> Iterator[Path]:
    """Hold `database` for this process; the system lets go of it when the process ends, however it ends.

    Gives the path that is held: with `or_another` (a demo, which starts anew each time) a.db, a-2.db, a-3.db and so on
    while others run. Raises StorageError when another futtui holds it, or when its folder cannot be used.
    """
    paths = same_kind(database) if or_another else [database]
    for path in paths:
        try:
            handle = _held(path)
            break
        except _HeldByAnotherError:
            if path == paths[-1]:
                raise
    try:
        yield path
    finally:
        os.close(handle)


def same_kind(database: Path) -> list[Path]:
    """The paths that demos use one after the other while others run."""
    more = (database.with_name(f"{database.stem}-{number}{database.suffix}") for number in range(2, MOST_DEMOS + 1))
    return [database, *more]


class _HeldByAnotherError(StorageError):
    """Another process works with this database."""


def _held(database: Path) -> int:
    """The open lock file of a database, locked for this process."""
    return held_file(database.with_name(database.name + ".lock"), database)


def held_file(path: Path, what: Path | None = None) -> int:
    """The open lock file `path`, locked for this process; raises StorageError when another one holds it.

    `what`: the file that the lock stands for, where it has another name.
    """
    database = what or path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise StorageError(
            f"The folder {path.parent} cannot be used ({error.strerror}). Choose another one with --home."
        ) from error
    if not _locked(handle):
        holder = os.read(handle, 20).decode("ascii", "replace").strip()
        os.close(handle)
        who = f" (process {holder})" if holder.isdigit() else ""
        raise _HeldByAnotherError(
            f"Another futtui{who} already works with {database}. "
            "Close it first, or start this one with --home and another folder."
        )
    os.ftruncate(handle, 0)
    os.write(handle, str(os.getpid()).encode("ascii"))
    return handle


def _locked(handle: int) -> bool:
    """Whether the lock is ours now; a file system that knows no locks is taken as free."""
    if sys.platform == "win32":
        import msvcrt

        os.lseek(handle, LOCK_PLACE, os.SEEK_SET)
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        finally:
            os.lseek(handle, 0, os.SEEK_SET)  # `locking` locks from here on, and the text is read from the start
        return True
    import fcntl

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True
