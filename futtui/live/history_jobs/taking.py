"""Takes one file into the database: read, checked, stored whole or not at all."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from futtui.domain.timeframe import Timeframe
from futtui.exchange.binance.archive.addresses import ArchiveFileName
from futtui.exchange.binance.archive.reading import read_candles
from futtui.live.past_candles import arrays_of
from futtui.storage.candle_arrays import CandleArrays
from futtui.storage.deep_history import DeepHistory
from futtui.storage.file_manifest import FileRecord, FileStatus


@dataclass(frozen=True, slots=True)
class Failure:
    """A file that was not taken in, and why."""

    name: str
    reason: str


def now_ms() -> int:
    """Time on this machine's clock, epoch milliseconds UTC."""
    return time.time_ns() // 1_000_000


def take_in_published(deep: DeepHistory, file: ArchiveFileName, path: Path, sha256: str) -> FileRecord:
    """Store a file whose checksum was compared. Raises InvalidInputError when something in it is wrong."""
    span = (file.start_ms, file.end_ms)
    candles = arrays_of(read_candles(path, file.timeframe, span))
    record = _record(file.path, file.symbol, file.timeframe, candles, span, sha256, verified=True)
    deep.take_in(record, candles)
    return record


def take_in_copy(
    deep: DeepHistory, path: Path, symbol: str, timeframe: Timeframe | None, sha256: str
) -> tuple[int, int]:
    """Store a file without checksum; returns how many of its candles were taken, and how many left out.

    A bar that is still open is not a candle yet and is left out, as is what published files speak for.
    """
    read = read_candles(path, timeframe)
    length_ms = read.timeframe.ms
    closed = arrays_of(read).chosen(read.open_time_ms + length_ms <= now_ms())
    times = closed.open_time_ms
    span = (int(times[0]), int(times[-1]) + length_ms) if len(times) else (0, 0)
    record = _record(copy_name(path), symbol, read.timeframe, closed, span, sha256, verified=False)
    taken = deep.take_in(record, closed)
    return taken, len(read.open_time_ms) - taken


def copy_name(path: Path) -> str:
    """The name in the manifest of a file that is not known to be the exchange's own."""
    return path.resolve().as_posix()


def _record(
    name: str,
    symbol: str,
    timeframe: Timeframe,
    candles: CandleArrays,
    span: tuple[int, int],
    sha256: str,
    *,
    verified: bool,
) -> FileRecord:
    times = candles.open_time_ms
    return FileRecord(
        name=name,
        symbol=symbol,
        timeframe=timeframe,
        status=FileStatus.IMPORTED,
        verified=verified,
        start_ms=span[0],
        end_ms=span[1],
        noted_ms=now_ms(),
        sha256=sha256,
        row_count=len(times),
        first_open_ms=int(times[0]) if len(times) else None,
        last_open_ms=int(times[-1]) if len(times) else None,
    )
