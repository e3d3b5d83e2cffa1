"""The record of every archive file: what was taken in from it, or that the archive does not have it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from enum import Enum
from typing import Any

from sqlalchemy import Connection

from futtui.domain.timeframe import Timeframe


class FileStatus(Enum):
    """What became of a file."""

    IMPORTED = "imported"
    SUPERSEDED = "superseded"
    """Its time is covered by a larger or newer published file now."""
    ABSENT = "absent"
    """The archive answered that it has no such file (not published yet, or the symbol was not listed)."""


@dataclass(frozen=True, slots=True)
class FileRecord:
    """One file. Times are epoch milliseconds; the file speaks for start_ms <= open time < end_ms.

    `verified`: its published checksum was compared. Then a bar that it lacks does not exist at the exchange.
    """

    name: str
    symbol: str
    timeframe: Timeframe
    status: FileStatus
    verified: bool
    start_ms: int
    end_ms: int
    noted_ms: int
    sha256: str = ""
    row_count: int = 0
    first_open_ms: int | None = None
    last_open_ms: int | None = None

    @property
    def published(self) -> bool:
        """Whether it is the exchange's own word about its time."""
        return self.verified and self.status is not FileStatus.ABSENT


_NAMES = [field.name for field in fields(FileRecord)]
_SELECT = f"SELECT {', '.join(_NAMES)} FROM archive_files"
_UPSERT = f"INSERT OR REPLACE INTO archive_files ({', '.join(_NAMES)}) VALUES ({', '.join('?' * len(_NAMES))})"
_SUPERSEDE = (
    "UPDATE archive_files SET status = 'superseded' WHERE symbol = ? AND timeframe = ? AND status = 'imported' "
    "AND start_ms >= ? AND end_ms <= ? AND name != ?"
)


def read_records(connection: Connection, symbol: str = "", timeframe: Timeframe | None = None) -> list[FileRecord]:
    """Records in order of time; all, or those of one symbol, one timeframe."""
    where = [("symbol", symbol)] if symbol else []
    where += [("timeframe", timeframe.code)] if timeframe else []
    condition = " WHERE " + " AND ".join(f"{name} = ?" for name, _ in where) if where else ""
    query = f"{_SELECT}{condition} ORDER BY symbol, timeframe, start_ms, end_ms, name"
    rows = connection.exec_driver_sql(query, tuple(value for _, value in where)).fetchall()
    return [_record_of(row) for row in rows]


def write_record_of_file(connection: Connection, record: FileRecord) -> None:
    """Insert or update the record; a published file supersedes those inside its time."""
    values = [value.value if isinstance(value, Enum) else value for value in _values(record)]
    connection.exec_driver_sql(_UPSERT, tuple(values))
    if record.status is FileStatus.IMPORTED and record.verified:
        code = record.timeframe.code
        connection.exec_driver_sql(_SUPERSEDE, (record.symbol, code, record.start_ms, record.end_ms, record.name))


def _values(record: FileRecord) -> tuple[Any, ...]:
    return astuple(record)


def _record_of(row: Sequence[Any]) -> FileRecord:
    values = dict(zip(_NAMES, row, strict=True))
    values["timeframe"] = Timeframe.from_code(values["timeframe"])
    values["status"] = FileStatus(values["status"])
    values["verified"] = bool(values["verified"])
    return FileRecord(**values)
