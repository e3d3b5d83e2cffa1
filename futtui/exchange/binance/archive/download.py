"""One archive file to the local folder: there and verified, or not there at all."""

from __future__ import annotations

import asyncio
import contextlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from futtui.exchange.binance.archive.addresses import ArchiveFileName
from futtui.exchange.binance.archive.checksum import checksum_beside, checksum_path, sha256_of
from futtui.exchange.binance.archive.client import ArchiveClient
from futtui.exchange.binance.archive.errors import ArchiveError

PART_SUFFIX = ".part"
_STALE_PART_S = 3600
_REPLACE_TRIES = 20


class Got(Enum):
    """How a file was had."""

    FETCHED = "fetched"
    THERE = "there"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file of the archive on this machine; `sha256` was compared. Absent files have neither."""

    got: Got
    path: Path
    sha256: str = ""


class ArchiveFolder:
    """The local folder, laid out as the archive itself."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()

    def place(self, file: ArchiveFileName) -> Path:
        """Where the file belongs; raises ArchiveError if that would be outside the folder."""
        path = (self.root / file.path).resolve()
        if not path.is_relative_to(self.root):
            raise ArchiveError(f"{file.name} would be written outside {self.root}. Nothing was written.")
        return path

    async def get(
        self,
        client: ArchiveClient,
        file: ArchiveFileName,
        on_bytes: Callable[[int], None],
        *,
        ask_again: bool = False,
    ) -> LocalFile:
        """The file, fetched unless it is there with its checksum. `ask_again`: compare with what is published now.

        Raises ArchiveError when the file does not fit its published checksum even after a second try.
        """
        path = self.place(file)
        there = await asyncio.to_thread(verified_hash, path)
        if there and not ask_again:
            return LocalFile(Got.THERE, path, there)
        await asyncio.to_thread(_prepare, path.parent)
        for _ in range(2):
            published = await client.checksum(file.path)
            if published is None:
                return LocalFile(Got.ABSENT, path)
            if published == there:
                return LocalFile(Got.THERE, path, there)
            with _temporary(path) as part:
                fetched = await client.fetch(file.path, part, on_bytes)
                if fetched is None:
                    return LocalFile(Got.ABSENT, path)
                if fetched == published:
                    await asyncio.to_thread(_put_in_place, part, path, published)
                    return LocalFile(Got.FETCHED, path, published)
        raise ArchiveError(f"{file.name} does not fit its published checksum. It was not taken in; try again later.")


def verified_hash(path: Path) -> str:
    """The hash of a local file that fits the checksum beside it, else an empty text."""
    expected = checksum_beside(path)
    try:
        return expected if expected is not None and sha256_of(path) == expected else ""
    except OSError:
        return ""


def replace_file(source: Path, target: Path) -> None:
    """Moves `source` over `target`. On Windows a scanner may hold either for a moment, so this is tried again."""
    for attempt in range(_REPLACE_TRIES):
        try:
            source.replace(target)
            return
        except PermissionError:
            if attempt == _REPLACE_TRIES - 1:
                raise
            time.sleep(0.05)


def _put_in_place(part: Path, path: Path, sha256: str) -> None:
    """The file first, its checksum last: only both together count as complete."""
    replace_file(part, path)
    with _temporary(checksum_path(path)) as note:
        note.write_text(f"{sha256}  {path.name}\n", encoding="utf-8")
        replace_file(note, checksum_path(path))


def _prepare(folder: Path) -> None:
    """Makes the folder and removes parts that an earlier run was killed over."""
    folder.mkdir(parents=True, exist_ok=True)
    for part in folder.glob(f"*{PART_SUFFIX}"):
        with contextlib.suppress(OSError):
            if time.time() - part.stat().st_mtime > _STALE_PART_S:
                part.unlink()


@contextlib.contextmanager
def _temporary(path: Path) -> Iterator[Path]:
    """A new file beside `path` that is removed at the end if it is still there."""
    handle, name = tempfile.mkstemp(PART_SUFFIX, f"{path.name}.", path.parent)
    os.close(handle)
    part = Path(name)
    try:
        yield part
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
