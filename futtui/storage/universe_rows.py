"""What the choice of symbols remembers, as rows and back."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from futtui.domain.universe import Standing, UniverseMemory

_INSERT = (
    "INSERT INTO universe_standings (place, symbol, inside, looks, reason, time_ms, limits) "
    "VALUES (?, ?, ?, ?, ?, ?, ?)"
)
_SELECT = "SELECT symbol, inside, looks, reason, time_ms, limits FROM universe_standings ORDER BY place"


@dataclass(frozen=True, slots=True)
class StandingsBatch:
    """All standings of the newest look; they take the place of what was remembered before."""

    memory: UniverseMemory


def write_standings(connection: Connection, batch: StandingsBatch) -> None:
    """Write a batch inside the caller's transaction."""
    memory = batch.memory
    connection.exec_driver_sql("DELETE FROM universe_standings")
    rows = [
        (place, each.symbol, int(each.inside), each.looks, each.reason, memory.time_ms, memory.limits)
        for place, each in enumerate(memory.standings.values())
    ]
    if rows:
        connection.exec_driver_sql(_INSERT, rows)


def select_memory(connection: Connection) -> UniverseMemory | None:
    """What the last look left behind, in its order; None before the first."""
    rows = connection.exec_driver_sql(_SELECT).fetchall()
    if not rows:
        return None
    standings = {symbol: Standing(symbol, bool(inside), reason, looks) for symbol, inside, looks, reason, *_ in rows}
    return UniverseMemory(rows[0][4], rows[0][5], standings)
