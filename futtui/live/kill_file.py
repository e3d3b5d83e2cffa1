"""What the kill switch latched, on disk, and the PANIC file by which anybody can throw it."""

from __future__ import annotations

import contextlib
import logging
import os
from dataclasses import dataclass
from pathlib import Path

import msgspec

from futtui.domain.effects import WriteLatch
from futtui.domain.kill import KillLevel
from futtui.live.compat.files import patiently, remove_file, replace_file

log = logging.getLogger(__name__)

LATCH_FILE = "kill-switch.json"
PANIC_FILE = "PANIC"


@dataclass(frozen=True, slots=True)
class Latch:
    """A latched level: since when, and why."""

    level: int
    reason: str
    time_ms: int


def read_latch(folder: Path) -> Latch | None:
    """What is latched; None for nothing. A file that cannot be read counts as locked: caution costs no money."""
    path = folder / LATCH_FILE
    try:
        latch = msgspec.json.decode(patiently(path.read_bytes), type=Latch)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError) as error:
        log.error("%s cannot be read, so Live stays locked: %s", path, error)
        return Latch(int(KillLevel.LOCK), f"{LATCH_FILE} cannot be read", 0)
    return latch if latch.level else None


def write_latch(folder: Path, latch: WriteLatch | Latch) -> None:
    """Keep a latched level; level 0 takes the file away. Raises OSError when the disk refuses."""
    path = folder / LATCH_FILE
    if not latch.level:
        remove_file(path)
        return
    fresh = path.with_name(path.name + ".new")
    with fresh.open("wb") as file:
        file.write(msgspec.json.encode(Latch(int(latch.level), latch.reason, latch.time_ms)))
        file.flush()
        os.fsync(file.fileno())
    replace_file(fresh, path)


def panic_asked(folder: Path) -> bool:
    """Whether somebody put a PANIC file into the data folder."""
    return (folder / PANIC_FILE).exists()


def ask_panic(folder: Path) -> None:
    """Put a PANIC file into the data folder: a running futtui sees it within about a second."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / PANIC_FILE).write_text("Close everything and lock Live.\n", encoding="utf-8")


def panic_done(folder: Path) -> None:
    """Take the PANIC file away after it was obeyed; what it did stays latched."""
    with contextlib.suppress(OSError):
        remove_file(folder / PANIC_FILE)
