"""Holes in the row of candles as rows and back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from enum import Enum
from typing import Any

from sqlalchemy import Connection

from futtui.domain.gaps import Gap, GapClass, GapState
from futtui.domain.timeframe import Timeframe
from futtui.storage import tables

KEPT_FILLED = 5_000
"""Filled holes are kept as history, the newest ones so many."""
KEPT_ACCEPTED = 20_000
"""Accepted ones are needed, so that nobody asks for them again."""

_COLUMNS = tuple(column.name for column in tables.candle_gaps.columns)
_UPDATED = ", ".join(f"{name} = excluded.{name}" for name in _COLUMNS[3:])
_UPSERT = (
    f"INSERT INTO candle_gaps ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))}) "
    f"ON CONFLICT (symbol, timeframe, first_open_ms) DO UPDATE SET {_UPDATED}"
)
_PRUNE = (
    "DELETE FROM candle_gaps WHERE state = ? AND closed_ms <= "
    "(SELECT closed_ms FROM candle_gaps WHERE state = ? ORDER BY closed_ms DESC LIMIT 1 OFFSET ?)"
)
SELECT_GAPS = f"SELECT {', '.join(_COLUMNS)} FROM candle_gaps"
ORDER = " ORDER BY symbol, timeframe, first_open_ms"


@dataclass(frozen=True, slots=True)
class GapBatch:
    """Holes as they are now; closed ones beyond what is kept are deleted with it."""

    gaps: tuple[Gap, ...]


def write_gap_batch(connection: Connection, batch: GapBatch) -> None:
    """Write a batch inside the caller's transaction."""
    connection.exec_driver_sql(_UPSERT, [_row(gap) for gap in batch.gaps])
    if any(gap.closed_ms for gap in batch.gaps):
        for state, kept in ((GapState.FILLED, KEPT_FILLED), (GapState.ACCEPTED, KEPT_ACCEPTED)):
            connection.exec_driver_sql(_PRUNE, (state.value, state.value, kept))


def select_gaps(connection: Connection, states: Iterable[GapState]) -> list[Gap]:
    """Holes in these states, by symbol, timeframe and time."""
    wanted = tuple(state.value for state in states)
    query = f"{SELECT_GAPS} WHERE state IN ({', '.join('?' * len(wanted))}){ORDER}"
    return [gap_of(row) for row in connection.exec_driver_sql(query, wanted)]


def gap_of(row: Sequence[Any]) -> Gap:
    """A hole from a row of SELECT_GAPS."""
    values = dict(zip(_COLUMNS, row, strict=True))
    values["timeframe"] = Timeframe.from_code(values["timeframe"])
    values["gap_class"] = GapClass(values["gap_class"])
    values["state"] = GapState(values["state"])
    return Gap(**values)


def _row(gap: Gap) -> tuple[Any, ...]:
    return tuple(value.value if isinstance(value, Enum) else value for value in astuple(gap))
