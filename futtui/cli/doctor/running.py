"""What a futtui that runs now says about itself: the health records beside the databases."""

from __future__ import annotations

import time
from collections.abc import Iterator

from futtui.cli.doctor.findings import Finding, ok, warn
from futtui.cli.places import Places
from futtui.live.health_file import FRESH_S, read_health


def check_running(places: Places) -> Iterator[Finding]:
    """A line for every futtui that runs now, and one for each of its troubles."""
    found = False
    for name, database in places.databases():
        record = read_health(database)
        if record is None or time.time() - record.written_s > FRESH_S:
            continue
        found = True
        health = record.health
        memory = sum(process.memory_mb or 0.0 for process in health.processes)
        text = (
            f"{name}: {health.symbols_ready} of {health.symbols_total} symbols ready, "
            f"engine {health.loop_lag_p99_ms:.0f} ms late at most (99 %), {memory:.0f} MB, "
            f"database {health.database.waiting} waiting, {health.reconnects} reconnects"
        )
        yield ok("Running futtui", text)
        for trouble in health.troubles:
            yield warn("Running futtui", trouble, "Press F12 in futtui for all figures.")
    if not found:
        yield ok("Running futtui", "none")
