"""Looks at the room on the disk of the data folder, so that people hear of it before something cannot be written."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

from futtui.domain.effects import Severity
from futtui.live.clock import steady_ms

EVERY_MS = 5_000.0
LOW_MB = 300.0
FULL_MB = 5.0
WELL_AGAIN = 1.2
"""So many times a limit must be free before it counts as kept again: one log file must not call it back and forth."""

Say = Callable[[str, str, Severity], None]
_NAMES = ("well", "low", "full")


class DiskWatch:
    """Says once that room runs low, once that there is none, and once that there is enough again."""

    def __init__(self, folder: Path, say: Say) -> None:
        self._folder = folder
        self._say = say
        self._state = "well"
        self._next_ms = 0.0
        self._is_looking = False

    @property
    def is_due(self) -> bool:
        """Whether the next look is due."""
        return not self._is_looking and steady_ms() >= self._next_ms

    async def look(self) -> None:
        """Look once; a thread waits for the disk, which may hang."""
        self._is_looking = True
        try:
            free = (await asyncio.to_thread(shutil.disk_usage, self._folder)).free
        except OSError:  # a drive that is away: writing to it tells more than its size
            return
        finally:
            self._is_looking, self._next_ms = False, steady_ms() + EVERY_MS
        self.judge(free / 1e6)

    def judge(self, free_mb: float) -> None:
        """Say what so much room means, if it means something new."""
        before, self._state = self._state, self._state_at(free_mb)
        if self._state == before:
            return
        where = f"on the disk of {self._folder}"
        if self._state == "full":
            text = (
                f"There is no room left {where}. Nothing new is opened on the real account until orders can be written "
                "down again; stops and exits go on. Free some space now."
            )
            self._say("engine", text, Severity.ERROR)
        elif self._state == "low":
            text = f"Only {free_mb:,.0f} MB are left {where}. Free some space before it is full."
            self._say("engine", text, Severity.WARNING)
        else:
            self._say("engine", f"There is room again {where}: {free_mb:,.0f} MB.", Severity.NOTICE)

    def _state_at(self, free_mb: float) -> str:
        rank = _NAMES.index(self._state)
        if free_mb < FULL_MB * (WELL_AGAIN if rank == 2 else 1.0):
            return "full"
        return "low" if free_mb < LOW_MB * (WELL_AGAIN if rank >= 1 else 1.0) else "well"
