"""Candles of one symbol as they were known at a past moment, from the database or from archive files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from futtui.domain.candle import Candle
from futtui.domain.errors import InvalidInputError
from futtui.domain.timeframe import ANALYSIS_TIMEFRAMES, Timeframe
from futtui.exchange.archive_files import chosen_files
from futtui.exchange.binance.archive.reading import FileCandles, read_candles
from futtui.live.settings import HistorySettings
from futtui.storage.candle_arrays import FIGURES, CandleArrays, combined, merged

if TYPE_CHECKING:  # whoever reads files needs no database
    from futtui.storage.deep_history import DeepHistory

BASE = Timeframe.M15
LEAST_BARS = 60
"""Fewer quarter hours give no measure worth printing."""
NAMES_SHOWN = 12
YEARS = 1999, 2200
"""Times that are asked for lie between these years."""
Series = Mapping[Timeframe, CandleArrays]


@dataclass(frozen=True, slots=True)
class PastCandles:
    """All known candles of a symbol, by timeframe; `source` says in words where they are from."""

    symbol: str
    source: str
    series: Series

    @property
    def span_ms(self) -> tuple[int, int]:
        """Open time of the first quarter hour and the close of the last one."""
        times = self.series[BASE].open_time_ms
        return int(times[0]), BASE.end_ms(int(times[-1]))

    def newest_close_ms(self, time_ms: int | None) -> int:
        """The newest quarter-hour close at or before `time_ms` (None: of all).

        Raises InvalidInputError, with what the data covers, when no candle closed at that time.
        """
        first_ms, last_ms = self.span_ms
        wanted = last_ms if time_ms is None else time_ms - time_ms % BASE.ms
        times = self.series[BASE].open_time_ms
        place = int(np.searchsorted(times, wanted - BASE.ms))
        if place >= len(times) or times[place] != wanted - BASE.ms:
            raise InvalidInputError(
                f"{self.symbol} has no 15m candle that closed at {moment_text(wanted)} in {self.source}. "
                f"The candles there go from {moment_text(first_ms)} to {moment_text(last_ms)}. Choose another --at, "
                "or get the missing candles: `futtui history download`."
            )
        return wanted

    def at(self, time_ms: int, wanted: HistorySettings) -> dict[Timeframe, list[Candle]]:
        """The newest closed candles of each analysis timeframe at a close, oldest first, as many as `wanted`.

        Raises InvalidInputError when there are too few quarter hours to measure anything.
        """
        found = {frame: self._newest(frame, time_ms, wanted.bars(frame)) for frame in ANALYSIS_TIMEFRAMES}
        if len(found[BASE]) < LEAST_BARS:
            raise InvalidInputError(
                f"{self.symbol} has only {len(found[BASE])} 15m candles before {moment_text(time_ms)} in "
                f"{self.source}; at least {LEAST_BARS} are needed, 500 days for everything. Choose a later --at."
            )
        return found

    def _newest(self, timeframe: Timeframe, end_ms: int, count: int) -> list[Candle]:
        """The newest `count` candles that are closed at `end_ms`."""
        known = self.series[timeframe].between(0, end_ms - timeframe.ms + 1)
        return candles_of(CandleArrays(known.open_time_ms[-count:], known.figures[:, -count:]))

    def between(self, timeframe: Timeframe, start_ms: int, end_ms: int) -> list[Candle]:
        """The candles that open at `start_ms` or later and are closed at `end_ms`."""
        return candles_of(self.series[timeframe].between(start_ms, end_ms - timeframe.ms + 1))


def from_files(path: Path, symbol: str) -> PastCandles:
    """Candles of a symbol from a folder (or file) in the archive's form.

    Raises InvalidInputError when there is no file of the symbol, one cannot be read, or its bars are too long.
    """
    return completed(path, symbol, read_parts(path, symbol))


def read_parts(path: Path, symbol: str) -> dict[Timeframe, CandleArrays]:
    """What the files of a symbol hold, by timeframe; raises InvalidInputError as `from_files`."""
    parts: dict[Timeframe, CandleArrays] = {}
    for file in chosen_files(path, [symbol])[symbol]:
        read = read_candles(file.path, None)
        known = parts.get(read.timeframe, CandleArrays.empty())
        parts[read.timeframe] = merged(known, arrays_of(read))
    return parts


def arrays_of(candles: FileCandles) -> CandleArrays:
    """The candles of a file in the form of the database."""
    return CandleArrays(candles.open_time_ms, candles.figures)


def completed(path: Path, symbol: str, parts: dict[Timeframe, CandleArrays]) -> PastCandles:
    """The candles of these files; longer ones that they lack are put together. Raises InvalidInputError as above."""
    return PastCandles(symbol, str(path), _completed(symbol, str(path), parts))


def from_database(deep: DeepHistory, symbol: str) -> PastCandles:
    """Candles of a symbol from the database; raises InvalidInputError when none are stored."""
    everything = deep.series()
    parts = {
        each.timeframe: deep.load_arrays(symbol, each.timeframe, 0, 1 << 62)
        for each in everything
        if each.symbol == symbol
    }
    if not parts:
        stored = sorted({each.symbol for each in everything})
        shown = ", ".join(stored[:NAMES_SHOWN]) + (" and more" if len(stored) > NAMES_SHOWN else "")
        raise InvalidInputError(
            f"No candles of {symbol} are stored. " + (f"Stored are: {shown}. " if stored else "")
            + f"Fetch some with `futtui history download --symbols {symbol}`, or give a folder with --history."
        )  # fmt: skip
    return PastCandles(symbol, "the database", _completed(symbol, "the database", parts))


def candles_of(arrays: CandleArrays) -> list[Candle]:
    """The candles of arrays one by one; unknown figures are None."""
    columns = [column.tolist() for column in arrays.figures]
    for place in range(FIGURES.index("quote_volume"), len(columns)):
        columns[place] = [None if value != value else value for value in columns[place]]
    counts = FIGURES.index("trade_count")
    columns[counts] = [None if value is None else int(value) for value in columns[counts]]
    return [Candle(*row) for row in zip(arrays.open_time_ms.tolist(), *columns, strict=True)]


def price_text(price: float) -> str:
    """A price with seven significant digits and no exponent, as in 64,123.45 or 0.00001234."""
    digits = 2
    size = abs(price)
    while size and size < 10_000.0 and digits < 12:
        size *= 10.0
        digits += 1
    text = f"{price:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if digits > 2 else text


def moment_text(time_ms: int) -> str:
    """`2024-03-01 12:00 UTC`."""
    return datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")


def time_of(text: str, option: str = "--at") -> int:
    """Epoch milliseconds of a moment such as 2024-03-01, 2024-03-01 12:00 or 2024-03-01T12:00+02:00 (else UTC).

    Raises InvalidInputError for anything else.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise InvalidInputError(f"{option} {text}: write a time as in '2024-03-01 12:00' (UTC).") from None
    if not YEARS[0] < moment.year < YEARS[1]:
        raise InvalidInputError(f"{option} {text}: nothing was traded in the year {moment.year}. Choose another one.")
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def _completed(symbol: str, source: str, parts: dict[Timeframe, CandleArrays]) -> Series:
    """Every analysis timeframe: as given, and what it lacks put together from finer candles."""
    found = dict(parts)
    for frame in reversed(ANALYSIS_TIMEFRAMES):
        finer = [each for each in found if each.ms < frame.ms]
        if finer:
            best = max(finer, key=lambda each: (each.ms >= BASE.ms, len(found[each]) * each.ms))
            rebuilt = combined(found[best], best.ms, frame.ms)
            found[frame] = merged(rebuilt, found.get(frame, CandleArrays.empty()))
        elif frame is BASE and not len(found.get(frame, ())):
            have = ", ".join(sorted({each.code for each in parts})) or "none"
            raise InvalidInputError(
                f"{symbol} has no candles of 15 minutes or less in {source} (there are: {have}). "
                f"Get them: `futtui history download --symbols {symbol} --interval 15m`."
            )
    if not len(found[BASE]):
        raise InvalidInputError(f"{symbol} has no complete 15m candle in {source}.")
    return {frame: found[frame] for frame in ANALYSIS_TIMEFRAMES}
