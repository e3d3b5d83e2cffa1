"""The files of the desk's journal: lines of bounded files, packed when full; the oldest go when there are too many."""

from __future__ import annotations

import contextlib
import gzip
import logging
import threading
from pathlib import Path
from typing import IO

import msgspec

from futtui.live.compat.files import remove_file, replace_file

log = logging.getLogger(__name__)

SEGMENT_BYTES = 64_000_000
KEPT_SEGMENTS = 30
ARCHIVE = "journal archive"
MARK_EVERY = 500
"""After so many lines that were left out, the disk is tried again with the last one."""


class Line(msgspec.Struct, omit_defaults=True):
    """One line; `kind` tells which of the others is meant: start, restored, warmed, event, hash, broken, end.

    `broken` is the last line of a journal that could not hold what came next, with the reason as its name; `end` that
    of a run that ended in order.
    """

    kind: str
    name: str = ""
    value: msgspec.Raw = msgspec.Raw(b"null")
    effects: str = ""
    """Hash of the effects that followed, where there were any."""


class DeskJournal:
    """Appends lines; never raises. When the disk refuses, `trouble` says why and the rest of the run has no journal.

    A last line says so as soon as the disk takes one: a replay of what is there must not look like all of it.
    """

    def __init__(self, folder: Path, *, segment_bytes: int = SEGMENT_BYTES, kept: int = KEPT_SEGMENTS) -> None:
        self._folder = folder
        self._segment_bytes = segment_bytes
        self._kept = kept
        self._file: IO[bytes] | None = None
        self._path = folder
        self._bytes = 0
        self._part = 0
        self._run = ""
        self.trouble = ""
        """Why nothing is written any more; empty while all is well."""
        self._is_marked = False
        self._left_out = 0

    def begin(self, run: str) -> None:
        """Start the journal of a run in a file of its own."""
        self._run, self._part = run, 0
        self._next_file()

    def write(self, line: Line) -> None:
        """Append a line; it is with the system when this returns."""
        if self._file is None:
            self._left_out += 1
            if self._left_out % MARK_EVERY == 0:
                self._mark()
            return
        try:
            text = msgspec.json.encode(line) + b"\n"
            self._file.write(text)
            self._file.flush()
        except (OSError, ValueError, msgspec.MsgspecError) as error:
            self.break_off(f"it cannot be written ({getattr(error, 'strerror', None) or error})")
            return
        self._bytes += len(text)
        if self._bytes > self._segment_bytes:
            self._next_file()

    def break_off(self, why: str) -> None:
        """Write nothing more but a last line that says why."""
        log.error("The journal ends here: %s", why)
        self.trouble = self.trouble or why
        self.close()

    def close(self) -> None:
        """Close the file."""
        file, self._file = self._file, None
        if file is not None:
            try:
                file.close()
            except OSError as error:
                log.error("The journal could not be closed: %s", error)
        self._mark()

    def _mark(self) -> None:
        """Where the journal broke off, say so in its file, if the disk takes it now."""
        if not self.trouble or self._is_marked or self._path == self._folder:
            return
        try:
            with self._path.open("ab") as file:  # the line before may be torn
                file.write(b"\n" + msgspec.json.encode(Line("broken", self.trouble)) + b"\n")
        except OSError:
            return
        self._is_marked = True

    def _next_file(self) -> None:
        full, file, self._file = (self._path if self._file is not None else None), self._file, None
        if file is not None:
            with contextlib.suppress(OSError):
                file.close()
        self._part += 1
        self._path = self._folder / f"desk-{self._run}-{self._part:04}.jsonl"
        self._bytes = 0
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("ab")
        except OSError as error:
            self.break_off(f"its file cannot be opened ({error.strerror or error})")
        threading.Thread(target=self._tidy, args=(full,), name=ARCHIVE, daemon=True).start()

    def _tidy(self, full: Path | None) -> None:
        """Pack a full file, and let the oldest go."""
        try:
            if full is not None:
                packed = full.with_suffix(".jsonl.gz")
                with full.open("rb") as source, gzip.open(packed.with_suffix(".new"), "wb") as target:
                    while block := source.read(1_000_000):
                        target.write(block)
                replace_file(packed.with_suffix(".new"), packed)
                remove_file(full)
            files = sorted(self._folder.glob("desk-*.jsonl*"), key=lambda path: (path.stat().st_mtime, path.name))
            for old in files[: max(0, len(files) - self._kept)]:
                remove_file(old)
        except OSError as error:
            log.warning("The journal could not be tidied: %s", error)
