"""The database of a demo, which starts anew each time: the one before goes only when the new demo has really begun."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from futtui.domain.errors import StorageError
from futtui.live.compat.files import remove_file, replace_file

SIDE_FILES = ("", "-wal", "-shm")
ASIDE = ".before"


class FreshDatabase:
    """Sets an earlier database aside; `keep_new` throws it away, `give_back` puts it where it was.

    A process that dies in between leaves it aside; the next demo finds it there. Raises StorageError when another
    program holds a file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._pending = True
        try:
            if aside(path).exists():  # what lies beside it is of a demo that never began
                remove(path)
            else:
                for old, new in _pairs(path):
                    if old.exists():
                        replace_file(old, new)
        except OSError as error:
            raise _in_use(path, error) from error

    def keep_new(self) -> None:
        """The new demo has begun: the database before it goes."""
        if self._pending:
            self._pending = False
            try:
                remove(aside(self._path))
            except OSError as error:
                raise _in_use(self._path, error) from error

    def give_back(self) -> None:
        """The demo ended before it began: the database before it is the newest again. The new one must be closed."""
        if not self._pending:
            return
        self._pending = False
        if not aside(self._path).exists():
            return
        try:
            remove(self._path)
            for old, new in _pairs(self._path):
                if new.exists():
                    replace_file(new, old)
        except OSError as error:
            raise _in_use(self._path, error) from error


def aside(path: Path) -> Path:
    """Where the database before lies meanwhile."""
    return path.with_name(path.name + ASIDE)


def remove(path: Path) -> None:
    """Delete a database and its side files, those that are there."""
    for suffix in SIDE_FILES:
        remove_file(path.with_name(path.name + suffix))


def _pairs(path: Path) -> Iterator[tuple[Path, Path]]:
    """Each file where it belongs and aside; the main one last, so that a move cut short is noticed and done again."""
    away = aside(path)
    for suffix in reversed(SIDE_FILES):
        yield path.with_name(path.name + suffix), away.with_name(away.name + suffix)


def _in_use(path: Path, error: OSError) -> StorageError:
    return StorageError(
        f"The demo's database {path} is in use ({error}). Close that program, or start with another --home."
    )
