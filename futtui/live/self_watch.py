"""Looks after futtui itself while it runs: an edited configuration file, memory, room on the disk, a sleepy PC."""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
import tracemalloc
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from futtui.domain.effects import Severity
from futtui.domain.position import TradingMode
from futtui.live.clock import steady_ms
from futtui.live.compat.allocator import give_back
from futtui.live.compat.awake import StayAwake
from futtui.live.disk_watch import DiskWatch
from futtui.live.health import MEMORY_MB

if TYPE_CHECKING:
    from futtui.live.engine import Engine

log = logging.getLogger(__name__)

SETTINGS_EVERY_MS = 5_000.0
MEMORY_EVERY_MS = 60_000.0
GIVE_BACK_EVERY_MS = 60_000.0
"""What was free for a moment and is needed no more goes back to the system so often: memory does not creep."""
CALM_SHARE = 0.9
"""Below this part of the limit memory counts as well again."""
MOST_LINES = 40
REPORTS_KEPT = 5

LookAtConfig = Callable[[], "tuple[str, bool] | None"]


class SelfWatch:
    """`look` is called now and then; what takes long is done beside the engine."""

    def __init__(self, engine: Engine, folder: Path, look_at_config: LookAtConfig | None) -> None:
        self._engine = engine
        self._folder = folder
        self._look_at_config = look_at_config
        self._next_settings_ms = self._next_memory_ms = 0.0
        self._next_give_back_ms = steady_ms() + GIVE_BACK_EVERY_MS
        self._too_large = False
        self._awake = StayAwake()
        self._disk = DiskWatch(folder, engine.say)

    def look(self, *, now: bool = False) -> None:
        """Look at what is due; `now`: at everything that can be told."""
        steady = steady_ms()
        if now or steady >= self._next_settings_ms:
            self._next_settings_ms = steady + SETTINGS_EVERY_MS
            self._look_at_settings()
            self._stay_awake()
        if self._disk.is_due and not self._engine.settings.lockstep:
            self._engine.beside(self._disk.look(), "room on the disk")
        if now or steady >= self._next_memory_ms:
            self._next_memory_ms = steady + MEMORY_EVERY_MS
            self._look_at_memory()
        if steady >= self._next_give_back_ms:
            self._next_give_back_ms = steady + GIVE_BACK_EVERY_MS
            self._engine.beside(asyncio.to_thread(give_back), "free memory")

    def _look_at_settings(self) -> None:
        found = self._look_at_config() if self._look_at_config is not None else None
        if found is not None:
            text, good = found
            self._engine.say("settings", text, Severity.NOTICE if good else Severity.ERROR)

    def _stay_awake(self) -> None:
        """No sleep while the real account is traded or holds a position: nobody would move its stops."""
        if self._engine.parts.live_book is None:
            return
        desk = self._engine.runner.desk.snapshot()
        live = TradingMode.LIVE
        if self._awake.keep(desk.mode is live or any(position.mode is live for position in desk.positions)):
            text = "While Live has work, Windows is asked not to let this PC sleep. A closed lid still does."
            self._engine.say("engine", text, Severity.NOTICE)

    def _look_at_memory(self) -> None:
        held_mb = sum(process.memory_mb or 0.0 for process in self._engine.health.processes())
        if held_mb > MEMORY_MB and not self._too_large:
            self._too_large = True
            self._engine.beside(self._give_back(held_mb), "memory")
        elif held_mb < MEMORY_MB * CALM_SHARE:
            self._too_large = False

    async def _give_back(self, held_mb: float) -> None:
        """Let go of what can be had again, and write down what holds the rest."""
        name = f"memory-{self._engine.clock.now_ms():015d}.txt"
        await asyncio.to_thread(partial(_give_back_and_report, self._folder / name, held_mb))
        text = f"futtui holds {held_mb:.0f} MB of memory; what could be given back was. What holds it is in {name}."
        self._engine.say("engine", text, Severity.WARNING)


def _give_back_and_report(path: Path, held_mb: float) -> None:
    gc.collect()
    give_back()
    lines = [f"{held_mb:.0f} MB in RAM, all processes of futtui together.", *largest_holders()]
    try:
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        for old in sorted(path.parent.glob("memory-*.txt"))[:-REPORTS_KEPT]:
            old.unlink()
    except OSError as error:
        log.warning("What holds the memory could not be written to %s: %s", path, error)


def largest_holders() -> list[str]:
    """What holds most of this process' memory, largest first: by line of code where that is traced, else by type."""
    if tracemalloc.is_tracing():
        found = tracemalloc.take_snapshot().statistics("lineno")
        return [str(each) for each in found[:MOST_LINES]]
    sizes: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    for item in gc.get_objects():
        name = f"{type(item).__module__}.{type(item).__qualname__}"
        counts[name] += 1
        with suppress(Exception):  # a foreign object may refuse to tell its size
            sizes[name] += sys.getsizeof(item)
    return [f"{size / 1e6:10.1f} MB {counts[name]:9d} x {name}" for name, size in sizes.most_common(MOST_LINES)]
