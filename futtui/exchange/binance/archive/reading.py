"""Candles from a file in the archive's CSV form; whatever is wrong is named with file and line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from futtui.domain.errors import InvalidInputError
from futtui.domain.timeframe import Timeframe
from futtui.exchange.archive_csv import KLINE_COLUMNS, Floats, RowsOfFile, has_rows
from futtui.exchange.archive_files import content

_FIGURE_COLUMNS = (1, 2, 3, 4, 5, 7, 8, 9, 10)
_CLOSE_TIME = 6
_BY_LENGTH = {timeframe.ms: timeframe for timeframe in Timeframe}


@dataclass(frozen=True, slots=True)
class FileCandles:
    """Candles in ascending time, each time once.

    Rows of `figures`: open, high, low, close, volume, quote volume, trade count, taker buy volume, taker buy quote
    volume; NaN = unknown.
    """

    timeframe: Timeframe
    open_time_ms: npt.NDArray[np.int64]
    figures: Floats


def read_candles(
    path: Path,
    timeframe: Timeframe | None,
    span: tuple[int, int] | None = None,
    wanted: tuple[int, int] | None = None,
) -> FileCandles:
    """The candles of one file. `timeframe` None = as the rows tell; `span`: times the file may speak of (ms).

    `wanted`: only candles that open in [from, until) are needed. The others may be left out then; of those only the
    form and the times are looked at.

    Raises InvalidInputError, with the line, for unreadable rows, impossible candles, times off the beat or outside
    `span`, and two different candles of the same time.
    """
    text = content(path)
    if not has_rows(text):
        if timeframe is None:
            raise InvalidInputError(f"File {path} holds no rows.")
        return FileCandles(timeframe, np.empty(0, np.int64), np.empty((len(_FIGURE_COLUMNS), 0)))
    rows = RowsOfFile(path, text, KLINE_COLUMNS)
    if wanted is not None:
        rows = rows.sound_part(*wanted) or rows
    table = rows.parse()
    timeframe = _checked_timeframe(path, table, timeframe)
    _refuse_rows(rows.wrong_row, table, timeframe, span)
    times = table[:, 0].astype(np.int64)
    order = np.argsort(times, kind="stable")
    doubled = np.flatnonzero(np.diff(times[order]) == 0)
    for earlier, later in zip(order[doubled], order[doubled + 1], strict=True):
        if not np.array_equal(table[earlier], table[later], equal_nan=True):
            raise rows.wrong_row(int(later), f"another line has a different bar for the same time {times[later]}")
    kept = np.delete(order, doubled + 1)
    return FileCandles(timeframe, times[kept], np.ascontiguousarray(table[kept][:, _FIGURE_COLUMNS].T))


def _checked_timeframe(path: Path, table: Floats, wanted: Timeframe | None) -> Timeframe:
    """The timeframe that close times, or else the distances of rows, show.

    Raises InvalidInputError if it is not the wanted one, or not a known one.
    """
    lengths = table[:, _CLOSE_TIME] + 1 - table[:, 0]
    lengths = lengths[np.isfinite(lengths)]
    if not len(lengths):
        lengths = np.diff(np.unique(table[:, 0]))
    if not len(lengths) and wanted is not None:
        return wanted
    found, counts = np.unique(lengths, return_counts=True)
    usual_ms = int(found[np.argmax(counts)]) if len(found) else 0
    timeframe = _BY_LENGTH.get(usual_ms)
    if wanted is not None and timeframe is not wanted:
        raise InvalidInputError(
            f"File {path} should hold {wanted.code} bars, but its bars last {usual_ms // 1000} seconds. Correct its "
            "name or the interval."
        )
    if timeframe is None:
        known = ", ".join(member.code for member in Timeframe)
        raise InvalidInputError(f"File {path} has bars of {usual_ms // 1000} seconds. Known intervals: {known}.")
    return timeframe


def _refuse_rows(
    wrong_row: Callable[[int, str], InvalidInputError],
    table: Floats,
    timeframe: Timeframe,
    span: tuple[int, int] | None,
) -> None:
    times = table[:, 0]
    off_beat = np.flatnonzero(times % timeframe.ms)
    if len(off_beat):
        row = int(off_beat[0])
        raise wrong_row(row, f"{int(times[row])} is not the start of a {timeframe.code} bar")
    if span is not None:
        outside = np.flatnonzero((times < span[0]) | (times >= span[1]))
        if len(outside):
            row = int(outside[0])
            raise wrong_row(row, f"its time {int(times[row])} is outside the days in the file's name")
    others = table[:, _FIGURE_COLUMNS[5:]]
    bad = np.flatnonzero(((others < 0) | np.isinf(others)).any(axis=1))
    if len(bad):
        raise wrong_row(int(bad[0]), "a volume or count is below zero or not finite")
