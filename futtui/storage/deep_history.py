"""Deep history: years of candles as arrays, from day blocks and the candle table together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from futtui.domain.errors import InvalidInputError, StorageError
from futtui.domain.timeframe import DAY_MS, Timeframe
from futtui.storage.candle_arrays import FIGURES, CandleArrays, completed, merged
from futtui.storage.day_blocks import count_in, decode_day, encode_day, open_times
from futtui.storage.file_manifest import FileRecord, FileStatus, read_records, write_record_of_file

_SERIES = "symbol = ? AND timeframe = ?"
_BLOCKS = f"SELECT day_ms, block FROM candle_blocks WHERE {_SERIES} AND day_ms >= ? AND day_ms < ? ORDER BY day_ms"
_ROWS = (
    f"SELECT open_time_ms, {', '.join(FIGURES)} FROM candles WHERE {_SERIES} AND open_time_ms >= ? "
    "AND open_time_ms < ? ORDER BY open_time_ms"
)
_ROW_TIMES = f"SELECT open_time_ms FROM candles WHERE {_SERIES} AND open_time_ms >= ? AND open_time_ms < ?"
_DELETE = f"DELETE FROM candle_blocks WHERE {_SERIES} AND day_ms >= ? AND day_ms < ?"
_INSERT = "INSERT OR REPLACE INTO candle_blocks (symbol, timeframe, day_ms, block) VALUES (?, ?, ?, ?)"
_FIRST_AND_LAST = (
    "SELECT symbol, timeframe, MIN(day_ms), MAX(day_ms) + 86400000 FROM candle_blocks GROUP BY symbol, timeframe "
    "UNION ALL SELECT symbol, timeframe, MIN(open_time_ms), MAX(open_time_ms) + 1 FROM candles "
    "GROUP BY symbol, timeframe"
)


@dataclass(frozen=True, slots=True)
class Series:
    """One symbol and timeframe that has candles, with bounds of their open times (end excluded)."""

    symbol: str
    timeframe: Timeframe
    start_ms: int
    end_ms: int


class DeepHistory:
    """Reads and takes in years of candles. Live candles are written by `Storage`; both may be open at once."""

    def __init__(self, engine: Engine) -> None:
        """`engine`: of `open_database`; the caller disposes of it."""
        self._engine = engine

    def load_arrays(self, symbol: str, timeframe: Timeframe, start_ms: int, end_ms: int) -> CandleArrays:
        """Closed candles with start_ms <= open time < end_ms, oldest first, each once.

        Raises StorageError where stored data is damaged.
        """
        with self._engine.connect() as connection:
            # The driver's own cursor: wrapping each row doubles the time where there are many.
            cursor = connection.connection.cursor()
            rows = cursor.execute(_ROWS, (symbol, timeframe.code, start_ms, end_ms)).fetchall()
            blocks = _read_blocks(connection, symbol, timeframe, start_ms, end_ms)
        return merged(blocks, CandleArrays.of_rows(rows))

    def load_open_times(self, symbol: str, timeframe: Timeframe, start_ms: int, end_ms: int) -> np.ndarray:
        """Only the open times, quicker than `load_arrays`."""
        with self._engine.connect() as connection:
            first_day = start_ms - start_ms % DAY_MS
            blocks = connection.exec_driver_sql(_BLOCKS, (symbol, timeframe.code, first_day, end_ms)).fetchall()
            rows = connection.exec_driver_sql(_ROW_TIMES, (symbol, timeframe.code, start_ms, end_ms)).fetchall()
        parts = [open_times(block, day_ms, timeframe.ms) for day_ms, block in blocks]
        times = np.unique(np.concatenate([*parts, np.array([row[0] for row in rows], np.int64)]))
        return times[(times >= start_ms) & (times < end_ms)]

    def series(self) -> list[Series]:
        """What is stored, by symbol and timeframe."""
        found: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
        with self._engine.connect() as connection:
            for symbol, code, start_ms, end_ms in connection.exec_driver_sql(_FIRST_AND_LAST):
                found[symbol, code].append((start_ms, end_ms))
        listed = [
            Series(symbol, Timeframe.from_code(code), min(start for start, _ in spans), max(end for _, end in spans))
            for (symbol, code), spans in found.items()
        ]
        return sorted(listed, key=lambda series: (series.symbol, series.timeframe.ms))

    def files(self, symbol: str = "", timeframe: Timeframe | None = None) -> list[FileRecord]:
        """What is known of archive files, in order of time."""
        with self._engine.connect() as connection:
            return read_records(connection, symbol, timeframe)

    def note_absent(self, record: FileRecord) -> None:
        """Remember that the archive does not have a file."""

        def write(connection: Connection) -> None:
            write_record_of_file(connection, replace(record, status=FileStatus.ABSENT))

        self._transaction(write)

    def take_in(self, record: FileRecord, candles: CandleArrays) -> int:
        """Store the candles of a file and its record, both or neither; returns how many candles were taken.

        A verified file replaces what the blocks had in its time. Another file completes it (unknown figures are
        filled, different candles replaced), but never touches days for which a verified file speaks.
        Raises InvalidInputError for candles that are impossible or off the beat of the timeframe.
        """
        _refuse_wrong(record, candles)
        taken = 0

        def write(connection: Connection) -> None:
            nonlocal taken
            taken = _write_candles(connection, record, candles)
            write_record_of_file(connection, record)

        self._transaction(write)
        return taken

    def _transaction(self, write: Callable[[Connection], None]) -> None:
        try:
            with self._engine.begin() as connection:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                write(connection)
        except SQLAlchemyError as error:
            raise StorageError(
                f"The database cannot be written: {error}. Check free space, and that no other program holds it."
            ) from error


def _read_blocks(
    connection: Connection, symbol: str, timeframe: Timeframe, start_ms: int, end_ms: int
) -> CandleArrays:  # fmt: skip
    first_day = start_ms - start_ms % DAY_MS
    found = connection.exec_driver_sql(_BLOCKS, (symbol, timeframe.code, first_day, end_ms)).fetchall()
    count = sum(count_in(block) for _, block in found)
    times, figures, at = np.empty(count, np.int64), np.empty((len(FIGURES), count)), 0
    for day_ms, block in found:
        after = at + count_in(block)
        times[at:after] = decode_day(block, day_ms, timeframe.ms, figures[:, at:after])
        at = after
    return CandleArrays(times, figures).between(start_ms, end_ms)


def _write_candles(connection: Connection, record: FileRecord, candles: CandleArrays) -> int:
    symbol, timeframe = record.symbol, record.timeframe
    if record.verified:
        connection.exec_driver_sql(_DELETE, (symbol, timeframe.code, record.start_ms, record.end_ms))
    else:
        spoken_for = [file for file in read_records(connection, symbol, timeframe) if file.published]
        candles = candles.chosen(~covered(candles.open_time_ms, spoken_for))
        if not len(candles):
            return 0
    rows: list[tuple[Any, ...]] = []
    for day_ms, day in _days_of(candles):
        if not record.verified:
            day = completed(day, _read_blocks(connection, symbol, timeframe, day_ms, day_ms + DAY_MS))
        rows.append((symbol, timeframe.code, day_ms, encode_day(day, day_ms, timeframe.ms)))
    if rows:
        connection.exec_driver_sql(_INSERT, rows)
    return len(candles)


def covered(times_ms: np.ndarray, files: list[FileRecord]) -> np.ndarray:
    """Marks the times for which one of the files speaks."""
    marked = np.zeros(len(times_ms), np.bool_)
    for file in files:
        marked |= (times_ms >= file.start_ms) & (times_ms < file.end_ms)
    return marked


def _days_of(candles: CandleArrays) -> Iterator[tuple[int, CandleArrays]]:
    days = candles.open_time_ms // DAY_MS
    for day in np.unique(days):
        first, after = np.searchsorted(days, (day, day + 1))
        yield int(day) * DAY_MS, CandleArrays(candles.open_time_ms[first:after], candles.figures[:, first:after])


def _refuse_wrong(record: FileRecord, candles: CandleArrays) -> None:
    times = candles.open_time_ms
    if record.verified and (record.start_ms % DAY_MS or record.end_ms % DAY_MS):
        raise InvalidInputError(f"{record.name}: a published file speaks for whole days.")
    outside = len(times) and not (record.start_ms <= times[0] and times[-1] < record.end_ms)
    if outside or (np.diff(times) <= 0).any() or (times % record.timeframe.ms).any() or candles.impossible().any():
        raise InvalidInputError(f"{record.name} holds candles out of order, off the beat, or impossible.")
