"""The health record as a small file beside the database, so that `futtui doctor` can read it from outside."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from futtui.domain.health import HealthView

log = logging.getLogger(__name__)

PAUSE_S = 5.0
FRESH_S = 30.0
"""A file that is older belongs to a futtui that was killed."""


class HealthRecord(msgspec.Struct, frozen=True):
    """A record with the time at which it was written (PC time, epoch seconds)."""

    written_s: float
    health: HealthView


def health_file(database: Path) -> Path:
    """Where the record of the futtui that uses `database` is."""
    return database.with_name(f"{database.stem}-health.json")


def read_health(database: Path) -> HealthRecord | None:
    """The newest record of the futtui that uses `database`; None when there is none that can be read."""
    try:
        return msgspec.json.decode(health_file(database).read_bytes(), type=HealthRecord)
    except (OSError, msgspec.MsgspecError):
        return None


async def keep_health_file(database: Path, view: Callable[[], HealthView | None]) -> None:
    """Write the record every few seconds until cancelled, then take the file away."""
    path = health_file(database)
    writing: asyncio.Future[None] | None = None
    try:
        while True:
            writing = asyncio.ensure_future(asyncio.to_thread(_write, path, view()))
            await asyncio.shield(writing)
            await asyncio.sleep(PAUSE_S)
    finally:
        if writing is not None:
            await asyncio.gather(writing, return_exceptions=True)
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


def _write(path: Path, health: HealthView | None) -> None:
    if health is None:
        return
    try:
        path.write_bytes(msgspec.json.encode(HealthRecord(time.time(), health)))
    except OSError as error:  # the doctor may be reading it, or the disk is full: nothing depends on it
        log.debug("The health record could not be written: %s", error)
