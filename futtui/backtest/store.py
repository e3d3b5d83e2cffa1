"""What earlier runs worked out, kept in the user's cache folder: a run of the same thing goes on where one stopped.

Everything is found by a fingerprint of code, settings and candles, so nothing stale is ever read. Files are a cache:
what is torn or damaged is dropped and worked out again. The folder is kept below a size; the oldest files go first.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pickle
import struct
import sys
import zlib
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from futtui.backtest.data import SymbolData
from futtui.live.compat.files import replace_file
from futtui.storage.candle_arrays import CandleArrays

MOST_BYTES = 2 << 30
"""Most that the folder may hold."""
RECORD = struct.Struct("<qqII")
"""Head of a record: from, until (epoch ms, the closes after the first up to the second), length, CRC-32."""
SHELL = ("cli", "tui", "telegram", "config")
"""Rooms that a run does not depend on."""

Stretch = tuple[int, int]


@lru_cache(maxsize=1)
def code_hash() -> str:
    """Fingerprint of all code that a run depends on, of Python and of numpy."""
    root = Path(__file__).parent.parent
    digest = hashlib.blake2b(f"{sys.version}|{np.__version__}".encode(), digest_size=16)
    for file in sorted(root.rglob("*.py")):
        place = file.relative_to(root)
        if place.parts[0] not in SHELL:
            digest.update(place.as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def symbol_hash(data: SymbolData, *, fine: bool) -> str:
    """Fingerprint of a symbol's candles and rules; of the finer series too where they matter."""
    digest = hashlib.blake2b(repr(data.rules).encode(), digest_size=16)
    for frame, series in data.past.series.items():
        _add(digest, frame.code, series)
    for frame, series in data.fine if fine else ():
        _add(digest, f"fine {frame.code}", series)
    return digest.hexdigest()


def key_of(*parts: object) -> str:
    """One name for a run, or for the analyses of a symbol."""
    return hashlib.blake2b("\0".join(map(repr, (code_hash(), *parts))).encode(), digest_size=16).hexdigest()


class RunStore:
    """The cache folder. Nothing in it is needed: whatever cannot be read or written is only slower."""

    def __init__(self, folder: Path, most_bytes: int = MOST_BYTES) -> None:
        self.folder = folder
        self._most_bytes = most_bytes
        self._in_use: set[Path] = set()
        folder.mkdir(parents=True, exist_ok=True)
        self._bytes = self._trim()

    def log(self, key: str) -> AnalysisLog:
        """The analyses kept under `key`."""
        log = AnalysisLog(self.folder / f"{key}.answers", self)
        self._in_use |= {log.file, log.state_file}
        return log

    def result(self, key: str) -> Any | None:
        """A finished run; None when there is none, or it cannot be read."""
        file = self.folder / f"{key}.result"
        try:
            found = pickle.loads(zlib.decompress(unchecked(file.read_bytes())))
        except FileNotFoundError:
            return None
        except Exception:
            _drop(file)
            return None
        with contextlib.suppress(OSError):
            os.utime(file)
        return found

    def keep_result(self, key: str, result: object) -> None:
        """Keep a finished run, whole or not at all; without room for it, not."""
        packed = zlib.compress(pickle.dumps(result, pickle.HIGHEST_PROTOCOL), 1)
        with contextlib.suppress(OSError):
            write_whole(self.folder / f"{key}.result", checked(packed))
            self._bytes += len(packed)

    def may_grow(self, size: int) -> bool:
        """Whether `size` more bytes may be written; makes room at the cost of other runs first."""
        if self._bytes + size > self._most_bytes:
            self._bytes = self._trim(size)
        if self._bytes + size > self._most_bytes:
            return False
        self._bytes += size
        return True

    def _trim(self, wanted: int = 0) -> int:
        """Delete the oldest files until there is room; what is left, in bytes."""
        files = []
        for file in self.folder.iterdir():
            with contextlib.suppress(FileNotFoundError):  # another run has just deleted it
                about = file.stat()
                files.append((about.st_mtime_ns, about.st_size, file))
        total = sum(size for _, size, _ in files)
        for _, size, file in sorted(files):
            if total + wanted <= self._most_bytes:
                break
            if file not in self._in_use:
                total -= size if _drop(file) else 0
        return total


class AnalysisLog:
    """The packed answers of one symbol, a record a stretch; a torn end is cut off, a damaged record ends the log."""

    def __init__(self, file: Path, store: RunStore) -> None:
        self.file = file
        self.state_file = file.with_suffix(".state")
        self._store = store
        self._places: dict[Stretch, tuple[int, int, int]] = {}
        self._end = 0
        self._read_heads()

    def __contains__(self, stretch: Stretch) -> bool:
        return stretch in self._places

    def read(self, stretch: Stretch) -> bytes | None:
        """The packed answers of a stretch; None when they are not there, no longer there, or damaged."""
        if stretch not in self._places:
            return None
        place, length, check = self._places[stretch]
        try:
            with self.file.open("rb") as source:
                source.seek(place)
                packed = source.read(length)
        except OSError:  # another run needed the room
            packed = b""
        if len(packed) == length and zlib.crc32(packed) == check:
            return packed
        self._cut(place - RECORD.size)
        return None

    def append(self, stretch: Stretch, packed: bytes) -> None:
        """Keep the answers of a stretch, if there is room."""
        if stretch in self._places or not self._store.may_grow(RECORD.size + len(packed)):
            return
        check = zlib.crc32(packed)
        try:
            with self.file.open("ab") as out:
                out.write(RECORD.pack(*stretch, len(packed), check) + packed)
        except OSError:  # a full disk makes a later run slower, this one must go on
            return
        self._places[stretch] = (self._end + RECORD.size, len(packed), check)
        self._end += RECORD.size + len(packed)

    def _read_heads(self) -> None:
        if not self.file.exists():
            return
        size = self.file.stat().st_size
        with self.file.open("rb") as source:
            while len(head := source.read(RECORD.size)) == RECORD.size:
                from_ms, until_ms, length, check = RECORD.unpack(head)
                if self._end + RECORD.size + length > size or from_ms >= until_ms:
                    break
                self._places[from_ms, until_ms] = (self._end + RECORD.size, length, check)
                self._end += RECORD.size + length
                source.seek(self._end)
        if self._end < size:
            self._cut(self._end)

    def _cut(self, place: int) -> None:
        """Drop everything from `place` on."""
        self._places = {stretch: each for stretch, each in self._places.items() if each[0] - RECORD.size < place}
        self._end = place
        with contextlib.suppress(OSError), self.file.open("r+b") as out:
            out.truncate(place)


def write_whole(file: Path, content: bytes) -> None:
    """Put a file in its place only once it is whole; raises OSError, and leaves nothing, when it cannot be written."""
    part = file.with_name(f"{file.name}.{os.getpid():x}.{id(content):x}.part")
    try:
        part.write_bytes(content)
        replace_file(part, file)
    except OSError:
        _drop(part)
        raise


def checked(content: bytes) -> bytes:
    """Bytes with their CRC-32 before them."""
    return zlib.crc32(content).to_bytes(4, "little") + content


def unchecked(content: bytes) -> bytes:
    """The bytes without it; raises ValueError when they are not what was kept."""
    if zlib.crc32(content[4:]) != int.from_bytes(content[:4], "little"):
        raise ValueError("damaged")
    return content[4:]


def _drop(file: Path) -> bool:
    """Delete a file; whether it is gone: another run may have it open, and Windows keeps it then."""
    try:
        file.unlink(missing_ok=True)
    except PermissionError:
        return False
    return True


def _add(digest: Any, name: str, series: CandleArrays) -> None:
    digest.update(name.encode())
    for part in _arrays(series):
        digest.update(np.ascontiguousarray(part).tobytes())


def _arrays(series: CandleArrays) -> Iterable[np.ndarray]:
    return series.open_time_ms, series.figures
