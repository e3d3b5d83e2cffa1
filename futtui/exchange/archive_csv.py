"""Reads rows of archive CSV text into number columns quickly; says which line is wrong when one is.

Kline columns: open_time, open, high, low, close, volume, close_time, quote_volume, count, taker_buy_volume,
taker_buy_quote_volume, ignore. A header line may be there or not; an empty cell means unknown and becomes NaN.
"""

from __future__ import annotations

import re
import warnings
from copy import copy
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from futtui.domain.errors import InvalidInputError

Floats = npt.NDArray[np.float64]
KLINE_COLUMNS = 12
KLINE_LAYOUT = (
    "open time, open, high, low, close, volume, close time, quote volume, count, taker buy volume, "
    "taker buy quote volume, ignore"
)
KLINE_HEADER = (
    "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume,ignore"
)
_REQUIRED = ("open_time", "open", "high", "low", "close", "volume")
_HEADER_PLACES = {
    "opentime": 0, "open": 1, "high": 2, "low": 3, "close": 4, "volume": 5, "closetime": 6,
    "quotevolume": 7, "quoteassetvolume": 7, "takerbuyvolume": 9, "takerbuybaseassetvolume": 9,
}  # fmt: skip
"""Where the columns are that a header may name, in small letters without signs."""
_MICROSECONDS_FROM = 10**14
"""The exchange changed to microseconds in 2025, so one file may hold both."""
_MOST_TIME_MS = 7_258_118_400_000
"""The year 2200: what is later is no time in either unit."""
_MOST_PRICE, _MOST_VOLUME = 1e13, 1e21
"""No coin has a price, and no bar a volume, like that; sums and squares of them would not be finite."""
_AROUND_COMMA = re.compile(rb"[ \t]*,[ \t]*")
_TIME_DIGITS = 13
"""Of a time in milliseconds between the years 2001 and 2286."""
_LEAST_ROWS = 2
"""Fewer do not tell how long a bar lasts."""
_PIECE_BYTES = 1 << 19
"""About how much text is turned into numbers at once, so that little is in memory twice."""
_LIST = msgspec.json.Decoder(list[float])
_EMPTY = b"-7777777777777777"
"""Stands for an empty cell in a list of plain numbers; exact as a float, and nothing that a file holds."""


class RowsOfFile:
    """The text of one file, ready to be cut to a time window and parsed. Rows must be in time order."""

    def __init__(self, path: Path, text: bytes, columns: int) -> None:
        """Raises InvalidInputError when the file has no row."""
        self._path, self._columns = path, columns
        first_line, _, rest = text.partition(b"\n")
        self._header = 0 if first_line.lstrip()[:1].isdigit() else 1
        self._body = (rest if self._header else text).rstrip(b"\n \t")
        if not self._body:
            raise InvalidInputError(f"File {path} holds no rows.")
        if self._header and columns == KLINE_COLUMNS:
            self._check_header(first_line)
        last = self._body.rfind(b"\n") + 1
        self.first_ms = self._time_at(0)
        self.last_ms = self._time_at(last)
        self.end_ms = self._end_of(last)

    def keep(self, from_ms: int, to_ms: int | None) -> None:
        """Forgets the rows outside from_ms <= time < to_ms (None = to the end); coverage and line numbers stay."""
        begin = self._seek(from_ms)
        end = len(self._body) if to_ms is None else max(begin, self._seek(to_ms))
        self._header += self._body.count(b"\n", 0, begin)
        self._body = self._body[begin:end].rstrip(b"\n")

    def around(self, time_ms: int, count: int) -> RowsOfFile:
        """The newest `count` rows before `time_ms` alone; the first `count` ones where there are fewer before it."""
        chosen = copy(self)
        begin = end = self._seek(time_ms)
        found = 0
        while found < count and begin > 0:
            begin = self._body.rfind(b"\n", 0, begin - 1) + 1
            found += 1
        while found < count and end < len(self._body):
            end = self._body.find(b"\n", end) + 1 or len(self._body)
            found += 1
        chosen._header += self._body.count(b"\n", 0, begin)
        chosen._body = self._body[begin:end].rstrip(b"\n")
        return chosen

    def sound_part(self, from_ms: int, to_ms: int) -> RowsOfFile | None:
        """The rows with from_ms <= time < to_ms, or the two next to it, where all others look like rows in a beat, too.

        None where they do not, or where a quick look cannot tell: then the whole file has to be parsed.
        """
        times = self._times_at_a_glance()
        if times is None or len(times) < _LEAST_ROWS:
            return None
        beat_ms = np.diff(times)
        if beat_ms.min() <= 0 or (beat_ms % beat_ms.min()).any() or times[0] % beat_ms.min():
            return None
        first, after = (int(place) for place in np.searchsorted(times, (from_ms, to_ms)))
        first = min(first, len(times) - _LEAST_ROWS)
        chosen = copy(self)
        chosen.keep(int(times[first]), int(times[max(after, first + _LEAST_ROWS) - 1]) + 1)
        return chosen

    def _times_at_a_glance(self) -> npt.NDArray[np.int64] | None:
        """The times of all rows, where each begins with one in milliseconds and is made of as many plain numbers."""
        body = self._body
        if body.translate(None, b"0123456789.,\n"):
            return None
        letters = np.frombuffer(body, np.uint8)
        starts = np.concatenate([[0], np.flatnonzero(letters == ord("\n")) + 1])
        whole = body.count(b",") == len(starts) * (self._columns - 1)
        if not whole or len(letters) < starts[-1] + _TIME_DIGITS + 1:
            return None
        if (letters[starts + _TIME_DIGITS] != ord(",")).any():
            return None
        times = np.zeros(len(starts), np.int64)
        for place in range(_TIME_DIGITS):
            digits = letters[starts + place]
            if digits.min() < ord("0"):
                return None
            times = times * 10 + (digits - ord("0"))
        return times

    def parse(self) -> Floats:
        """The rows as numbers; row = line, times in milliseconds, NaN = empty cell."""
        if not self._body:
            return np.empty((0, self._columns))
        lines = self._body.count(b"\n") + 1
        rows = _numbers(self._body)
        if rows.size != lines * self._columns or self._body.count(b",") != lines * (self._columns - 1):
            self._check_cells()
            raise self._error(self._line_of(0), "it or a later line holds something that is not a number")
        table = rows.reshape(lines, self._columns)
        klines = self._columns == KLINE_COLUMNS
        for column in (0, 6) if klines else (0,):
            micro = table[:, column] >= _MICROSECONDS_FROM
            if micro.any():
                table[micro, column] = np.floor(table[micro, column] / 1_000)
        beyond = np.flatnonzero(table[:, 0] > _MOST_TIME_MS)
        if len(beyond):
            raise self.wrong_row(int(beyond[0]), "its time is neither in milliseconds nor in microseconds")
        if klines:
            self._check_klines(table)
        return table

    def wrong_row(self, row: int, reason: str) -> InvalidInputError:
        """The error for row `row` (from 0) of the rows that are kept, with file and line."""
        return self._error(self._line_of(0) + row, reason)

    def _end_of(self, last: int) -> int:
        """The end of the last row's bar, from its close time where it is given; else just after its open time."""
        cells = self._body[last:].split(b",")
        known = self._columns == KLINE_COLUMNS and len(cells) > 6 and cells[6].isdigit()
        return _milliseconds(int(cells[6])) + 1 if known else self.last_ms + 1

    def _seek(self, time_ms: int) -> int:
        """Where the first line at or after `time_ms` starts."""
        low, high = 0, len(self._body)
        while low < high:
            start = max(low, self._body.rfind(b"\n", low, (low + high) // 2) + 1)
            if self._time_at(start) < time_ms:
                after = self._body.find(b"\n", start)
                low = high if after < 0 else min(high, after + 1)
            else:
                high = start
        return low

    def _time_at(self, start: int) -> int:
        cell = self._body[start : start + 40].split(b"\n", 1)[0].split(b",", 1)[0]
        try:
            return _milliseconds(int(cell))
        except ValueError:
            raise self._error(self._line_of(start), f"{_shown(cell)} is not a time in milliseconds") from None

    @property
    def _layout(self) -> str:
        """The columns of a candle file in words; empty for other kinds."""
        return f" ({KLINE_LAYOUT}; leave empty what is not known)" if self._columns == KLINE_COLUMNS else ""

    def _check_cells(self) -> None:
        """Raises for the first line that does not have the right number of numbers; slow, only for errors."""
        first = self._line_of(0)
        for offset, line in enumerate(self._body.split(b"\n")):
            cells = line.split(b",")
            if len(cells) != self._columns:
                raise self._error(first + offset, f"it has {len(cells)} cells, expected {self._columns}{self._layout}")
            for cell in cells:
                try:
                    float(cell.strip() or b"nan")
                except ValueError:
                    raise self._error(first + offset, f"{_shown(cell)} is not a number") from None

    def _check_header(self, line: bytes) -> None:
        """Raises for a header that names the known columns in another order: they would be mistaken for each other."""
        for place, cell in enumerate(line.split(b",")):
            name = re.sub(rb"[^a-z]", b"", cell.lower()).decode()
            if _HEADER_PLACES.get(name, place) != place:
                raise InvalidInputError(
                    f"Line 1 of file {self._path} names its columns in another order: {_shown(cell)} is in column "
                    f"{place + 1}. Expected: {KLINE_LAYOUT}. Put the columns into this order."
                )

    def _check_klines(self, table: Floats) -> None:
        _, opened, high, low, close, volume = (table[:, column] for column in range(6))
        required = np.isfinite(table[:, :6])
        shaped = (low <= np.minimum(opened, close)) & (high >= np.maximum(opened, close)) & (low > 0) & (volume >= 0)
        shaped &= (high < _MOST_PRICE) & ~(table[:, [5, 7, 9, 10]] > _MOST_VOLUME).any(axis=1)
        wrong = np.flatnonzero(~(required.all(axis=1) & shaped))
        if len(wrong) == 0:
            return
        self._check_cells()
        row = int(wrong[0])
        line = self._line_of(0) + row
        for column, name in enumerate(_REQUIRED):
            if not required[row, column]:
                raise self._error(line, f"{name} is empty or not a finite number")
        o, h, lo, c, v = (f"{table[row, column]:.12g}" for column in range(1, 6))
        raise self._error(line, f"the bar is impossible: open {o}, high {h}, low {lo}, close {c}, volume {v}")

    def _line_of(self, start: int) -> int:
        return self._body.count(b"\n", 0, start) + 1 + self._header

    def _error(self, line: int, reason: str) -> InvalidInputError:
        return InvalidInputError(
            f"Line {line} of file {self._path} cannot be read because {reason}. Correct or remove that line."
        )


def _milliseconds(time: int) -> int:
    """A time of the archive in milliseconds; since 2025 its files have microseconds."""
    return time // 1_000 if time >= _MICROSECONDS_FROM else time


def has_rows(text: bytes) -> bool:
    """Whether there is anything below an optional header line."""
    first_line, _, rest = text.partition(b"\n")
    return bool((text if first_line.lstrip()[:1].isdigit() else rest).strip())


def _numbers(text: bytes) -> Floats:
    """All numbers of the text in one row; fewer than there are cells when one is not a number."""
    pieces, begin = [], 0
    while begin < len(text):
        end = text.find(b"\n", begin + _PIECE_BYTES)
        end = len(text) if end < 0 else end
        pieces.append(_quick_numbers(text[begin:end]))
        begin = end + 1
    return np.concatenate(pieces)


def _quick_numbers(part: bytes) -> Floats:
    """The same for a piece of whole lines: read as a JSON list, which is quicker, where it is one."""
    cells = part.replace(b"\n", b",")
    if _EMPTY in cells or b"-0," in cells or cells.endswith(b"-0"):  # whole numbers would lose that sign
        return _any_numbers(part)
    if cells.endswith(b","):
        cells += _EMPTY
    if b",," in cells:
        cells = cells.replace(b",,,,,", b",%b,%b,%b,%b," % (_EMPTY, _EMPTY, _EMPTY, _EMPTY))
        cells = cells.replace(b",,", b",%b," % _EMPTY).replace(b",,", b",%b," % _EMPTY)
    try:
        numbers = np.array(_LIST.decode(b"[%b]" % cells))
    except msgspec.MsgspecError:
        return _any_numbers(part)
    numbers[numbers == float(_EMPTY)] = np.nan
    return numbers


def _any_numbers(part: bytes) -> Floats:
    """The same in every way of writing a number."""
    part = _AROUND_COMMA.sub(b",", part) if b" " in part or b"\t" in part else part
    filled = part.replace(b",,", b",nan,").replace(b",,", b",nan,").replace(b",\n", b",nan\n").replace(b"\n", b",")
    if filled.endswith(b","):
        filled += b"nan"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", DeprecationWarning)
            return np.fromstring(filled, dtype=np.float64, sep=",")
    except (ValueError, DeprecationWarning):
        return np.empty(0)


def _shown(cell: bytes) -> str:
    return repr(cell[:30].decode("utf-8", "replace"))
