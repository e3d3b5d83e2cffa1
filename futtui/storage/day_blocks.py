"""One UTC day of candles as bytes, without loss and quick to read.

The archive's figures are short decimals, so a column is kept as whole numbers of its smallest decimal step, above its
lowest value, in the narrowest integer that holds them. Dividing them by a power of ten gives the nearest float again,
which is what reading the text gave; a column for which that is not exactly so is kept as plain floats.
"""

from __future__ import annotations

import struct
import zlib
from typing import Any

import numpy as np

from futtui.domain.errors import StorageError
from futtui.domain.timeframe import DAY_MS
from futtui.storage.candle_arrays import FIGURES, CandleArrays, Floats

VERSION = 1
_HEAD = struct.Struct("<BBHI")
"""Version, whether every candle of the day is there, number of candles, CRC-32 of all that follows."""
_COLUMN = struct.Struct("<BBq")
"""Kind, decimals, lowest value."""
_UNKNOWN, _PLAIN = 0, 255
_WIDTHS: dict[int, np.dtype[Any]] = {1: np.dtype("<u1"), 2: np.dtype("<u2"), 4: np.dtype("<u4"), 8: np.dtype("<u8")}
_DECIMALS = 12
_EXACT = float(2**53)


def encode_day(candles: CandleArrays, day_ms: int, length_ms: int) -> bytes:
    """The candles of one day (at least one) whose bars are `length_ms` long."""
    slots = (candles.open_time_ms - day_ms) // length_ms
    complete = len(candles) == DAY_MS // length_ms
    columns = [_encode_column(column) for column in candles.figures]
    parts = [head for head, _ in columns] + [body for _, body in columns]
    if not complete:
        parts.insert(0, slots.astype("<u2").tobytes())
    body = b"".join(parts)
    return _HEAD.pack(VERSION, complete, len(candles), zlib.crc32(body)) + body


def count_in(block: bytes) -> int:
    """How many candles a block holds."""
    return int(_HEAD.unpack_from(block)[2])


def open_times(block: bytes, day_ms: int, length_ms: int) -> np.ndarray:
    """Only the open times of a block."""
    _, complete, count, _ = _HEAD.unpack_from(block)
    slots = np.arange(count) if complete else np.frombuffer(block, "<u2", count, _HEAD.size)
    return day_ms + slots.astype(np.int64) * length_ms


def decode_day(block: bytes, day_ms: int, length_ms: int, figures: Floats) -> np.ndarray:
    """Open times of the block's candles; their figures are written into `figures` (one column for each candle).

    Raises StorageError for a block that was damaged on disk or written by a newer futtui.
    """
    version, complete, count, check = _HEAD.unpack_from(block)
    if version != VERSION:
        raise StorageError("Stored candles were written by a newer futtui. Update futtui.")
    if zlib.crc32(memoryview(block)[_HEAD.size :]) != check:
        raise StorageError("Stored candles are damaged. Import them again: `futtui history import PATH --again`.")
    heads = _HEAD.size + (0 if complete else 2 * count)
    at = heads + _COLUMN.size * len(FIGURES)
    for index in range(len(FIGURES)):
        kind, decimals, lowest = _COLUMN.unpack_from(block, heads + index * _COLUMN.size)
        if kind == _UNKNOWN:
            figures[index] = np.nan
            continue
        if kind == _PLAIN:
            figures[index] = np.frombuffer(block, "<f8", count, at)
            at += 8 * count
            continue
        steps = np.frombuffer(block, _WIDTHS[kind], count, at)
        np.divide(steps.astype(np.int64) + lowest, 10.0**decimals, out=figures[index])
        at += kind * count
    return open_times(block, day_ms, length_ms)


def _encode_column(column: Floats) -> tuple[bytes, bytes]:
    unknown = np.isnan(column)
    if unknown.all():
        return _COLUMN.pack(_UNKNOWN, 0, 0), b""
    if not unknown.any():
        for decimals in range(_DECIMALS + 1):
            steps = np.rint(column * 10.0**decimals)
            if np.abs(steps).max() >= _EXACT:
                break
            if np.array_equal(steps / 10.0**decimals, column):
                return _as_steps(steps.astype(np.int64), decimals)
    return _COLUMN.pack(_PLAIN, 0, 0), column.astype("<f8").tobytes()


def _as_steps(steps: np.ndarray, decimals: int) -> tuple[bytes, bytes]:
    lowest = int(steps.min())
    above = steps - lowest
    width = next(width for width in _WIDTHS if int(above.max()) < 256**width)
    return _COLUMN.pack(width, decimals, lowest), above.astype(_WIDTHS[width]).tobytes()
