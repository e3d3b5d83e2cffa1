"""What a crash below Python leaves behind: the lines of Python that each thread was in, in a file of their own.

Such a crash (a fault in a native library) ends the process at once: no exception, no log line. A file of its own,
because log files are renamed when they are full, and Windows renames no file that is open.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import time
from pathlib import Path

LARGEST_BYTES = 1_000_000
"""A longer file, of many crashes, begins anew."""


class CrashTrace:
    """Watches until `close`. Where somebody watches already, as with `python -X faulthandler`, that stays as it is."""

    def __init__(self, path: Path) -> None:
        self._number: int | None = None
        self._before = self._after = 0
        if not faulthandler.is_enabled():
            with contextlib.suppress(OSError):  # a full disk, a folder of somebody else: futtui runs without this
                self._begin(path)

    def _begin(self, path: Path) -> None:
        too_long = path.is_file() and path.stat().st_size > LARGEST_BYTES
        kind = os.O_TRUNC if too_long else 0
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | kind | getattr(os, "O_BINARY", 0), 0o644)
        self._before = os.fstat(number).st_size
        try:
            os.write(number, _heading().encode("utf-8"))
            faulthandler.enable(number)
        except OSError:
            os.close(number)
            raise
        self._after, self._number = os.fstat(number).st_size, number

    def close(self) -> None:
        """Watches no longer; a run that did not crash leaves nothing in the file. Safe to call twice."""
        number, self._number = self._number, None
        if number is None:
            return
        faulthandler.disable()
        with contextlib.suppress(OSError):
            if os.fstat(number).st_size == self._after:  # else another futtui wrote below
                os.ftruncate(number, self._before)
        os.close(number)


def _heading() -> str:
    """Which run a trace below this line is of; the trace itself has no time."""
    return f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} futtui started as process {os.getpid()}\n"
