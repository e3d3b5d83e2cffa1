"""One engine a database: a lock that the system gives back when the process ends, however it ends."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import BinaryIO

from futtui.domain.errors import StorageError

if sys.platform == "win32":
    import msvcrt

    def _lock(file: BinaryIO) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

    def _unlock(file: BinaryIO) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _lock(file: BinaryIO) -> None:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _unlock(file: BinaryIO) -> None:
        fcntl.flock(file.fileno(), fcntl.LOCK_UN)


class DatabaseLock:
    """Held from construction to `release`. Two engines on one database would both manage the same positions.

    Raises StorageError when another futtui holds it. The lock is a small file beside the database, which stays there.
    """

    def __init__(self, database: Path) -> None:
        path = database.with_name(database.name + ".lock")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = path.open("ab+")
        except OSError as error:
            raise StorageError(f"The folder of the database {database} cannot be used: {error}.") from error
        try:
            _lock(file)
        except OSError as error:
            file.close()
            raise StorageError(
                f"Another futtui is running on the database {database}. "
                "Close it, or start this one with another --home."
            ) from error
        self._file: BinaryIO | None = file

    def release(self) -> None:
        """Give it back; safe to call twice."""
        file, self._file = self._file, None
        if file is not None:
            _unlock(file)
            file.close()
