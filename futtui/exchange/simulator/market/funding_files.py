"""Recorded funding rates from a folder of files, one or many for a symbol.

Two forms are read: funding_time,funding_rate and the archive's calc_time,funding_interval_hours,last_funding_rate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from futtui.domain.errors import InvalidInputError
from futtui.domain.timeframe import HOUR_MS, MINUTE_MS
from futtui.exchange.archive_csv import RowsOfFile
from futtui.exchange.archive_files import archive_files, content, holds_files
from futtui.exchange.simulator.market.chance import Floats, Integers

USUAL_RATE = 0.0001
"""0.01 % for 8 hours: the exchange's interest part, paid when premium is near zero."""

USUAL_HOURS = 8
"""Most symbols are funded at 00, 08 and 16 UTC; others every four hours, or every one."""

_MOST_RATE = 0.1
"""The exchange has never charged a third of that; rates beyond it are percent, or another column."""
_COLUMNS = (2, 3)
_LONGEST_HOURS = 24.0
_NEAR_MS = 5 * MINUTE_MS
"""Real funding times lie some milliseconds, at times seconds, after the full hour."""


@dataclass(frozen=True, slots=True)
class DueFunding:
    """A funding that is due: its rate as a fraction, for an interval of so many hours."""

    rate: float
    interval_hours: float


def funding_folder(history: Path) -> Path | None:
    """The folder `funding` in or up to two folders above the candles; None where there is none."""
    places = (history / "funding", history.parent / "funding", history.parent.parent / "funding")
    return next((place for place in places if holds_files(place)), None)


class FundingHistory:
    """Rates by symbol and time."""

    def __init__(self, events: dict[str, tuple[Integers, Floats]], hours: Mapping[str, Floats] | None = None) -> None:
        """`events`: funding times in ms, ascending, and rates as fractions, by symbol.

        `hours`: the interval that each of them ended, where the files name it (not a number where they do not).
        """
        self._events = events
        told = hours or {}
        self._hours = {name: _intervals(times, told.get(name)) for name, (times, _) in events.items()}

    @classmethod
    def of_folder(cls, folder: Path | None, symbols: Sequence[str]) -> FundingHistory:
        """The rates of those of `symbols` that have a file in `folder`; None = no rates are known."""
        if folder is None:
            return cls({})
        events: dict[str, tuple[Integers, Floats]] = {}
        hours: dict[str, Floats] = {}
        for symbol, files in archive_files(folder).items():
            if symbol not in symbols:
                continue
            rows = np.concatenate([_rows_of(file.path) for file in files])
            times, first = np.unique(rows[:, 0].astype(np.int64), return_index=True)
            events[symbol] = (times, rows[first, 1])
            hours[symbol] = rows[first, 2]
        return cls(events, hours)

    def rate(self, symbol: str, funding_time_ms: int) -> float:
        """The rate recorded at that time, else the usual one."""
        place = self._recorded(symbol, funding_time_ms)
        return USUAL_RATE if place is None else float(self._events[symbol][1][place])

    def beat_hours(self, symbol: str) -> int:
        """How often to look for a funding of the symbol: 8 where each was due at 00, 08 or 16 UTC, else every hour."""
        hours = self._hours.get(symbol)
        return USUAL_HOURS if hours is None or bool((hours == USUAL_HOURS).all()) else 1

    def shortest_hours(self, symbol: str, start_ms: int, end_ms: int) -> int:
        """The shortest interval of the symbol between two moments, in whole hours that divide a day's beats."""
        times, _ = self._events.get(symbol, (np.empty(0, np.int64), None))
        inside = self._hours[symbol][(times > start_ms) & (times < end_ms)] if len(times) else ()
        hours = min([self._interval(symbol, start_ms), *inside])
        return int(hours) if hours in (1, 2, 4, 8) else 1

    def due(self, symbol: str, time_ms: int) -> DueFunding | None:
        """The funding due at a full hour. Where none is recorded the usual rate goes on at the symbol's interval."""
        hours = self._interval(symbol, time_ms)
        place = self._recorded(symbol, time_ms)
        if place is not None:
            return DueFunding(float(self._events[symbol][1][place]), hours)
        if time_ms % (int(hours) * HOUR_MS):
            return None
        return DueFunding(USUAL_RATE * hours / USUAL_HOURS, hours)

    def record(self, symbol: str, start_ms: int, end_ms: int) -> bytes:
        """Everything recorded that has a say in fundings between two moments: equal for equal records."""
        known = self._events.get(symbol)
        if known is None:
            return b""
        first, last = np.searchsorted(known[0], [start_ms - MINUTE_MS, end_ms + _NEAR_MS])
        kept = slice(max(0, int(first) - 1), int(last) + 1)
        return b"".join(each[kept].tobytes() for each in (*known, self._hours[symbol]))

    def _recorded(self, symbol: str, time_ms: int) -> int | None:
        """Which record is the one of that time."""
        known = self._events.get(symbol)
        if known is None:
            return None
        times, rates = known
        index = int(np.searchsorted(times, time_ms - MINUTE_MS))
        near = index < len(times) and times[index] <= time_ms + _NEAR_MS and np.isfinite(rates[index])
        return index if near else None

    def _interval(self, symbol: str, time_ms: int) -> float:
        """Hours of the interval that ends at, or goes on over, a moment."""
        hours = self._hours.get(symbol)
        if hours is None or not len(hours):
            return float(USUAL_HOURS)
        index = int(np.searchsorted(self._events[symbol][0], time_ms - MINUTE_MS))
        return float(hours[min(index, len(hours) - 1)])


def _rows_of(path: Path) -> Floats:
    """Time, rate and interval (not a number where it is not named) of a file's fundings.

    Raises InvalidInputError for other columns, and for what can be no rate.
    """
    text = content(path)
    columns = text.partition(b"\n")[0].count(b",") + 1
    if columns not in _COLUMNS:
        raise InvalidInputError(
            f"File {path} has {columns} columns. A funding file has funding_time, funding_rate, or the archive's "
            "calc_time, funding_interval_hours, last_funding_rate. Correct or remove it."
        )
    rows = RowsOfFile(path, text, columns)
    table = rows.parse()
    rates = table[:, columns - 1]
    wrong = np.flatnonzero(np.abs(rates) > _MOST_RATE)
    if len(wrong):
        place = int(wrong[0])
        raise rows.wrong_row(place, f"{rates[place]:g} is no funding rate: they are fractions, 0.0001 is 0.01 %")
    interval = table[:, 1] if columns > 2 else np.full(len(table), np.nan)
    return np.column_stack([table[:, 0], rates, interval])


def _intervals(times: Integers, told: Floats | None) -> Floats:
    """Hours of the interval that each funding ended: as the file names it, else since the one before.

    Where the one before is farther away than on both sides of it, fundings are missing between them.
    """
    if len(times) < 2:
        found = np.full(len(times), float(USUAL_HOURS))
    else:
        gaps = np.maximum(1.0, np.round(np.diff(times) / HOUR_MS))
        before, after = np.concatenate([gaps[:1], gaps[:-1]]), np.concatenate([gaps[1:], gaps[-1:]])
        torn = (before < gaps) & (after < gaps)
        gaps = np.minimum(np.where(torn, np.maximum(before, after), gaps), USUAL_HOURS)
        found = np.concatenate([gaps[:1], gaps])
    if told is None:
        return found
    return np.where(np.isfinite(told) & (told >= 1.0) & (told <= _LONGEST_HOURS), told, found)
