"""Checks what is stored: files against their checksums, candles against files, and timeframes against each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import numpy as np

from futtui.domain.errors import InvalidInputError, StorageError
from futtui.domain.timeframe import Timeframe
from futtui.exchange.binance.archive.checksum import sha256_of
from futtui.exchange.binance.archive.reading import read_candles
from futtui.live.history_jobs.gaps import Hole, find_holes
from futtui.storage.candle_arrays import CandleArrays, combined
from futtui.storage.deep_history import DeepHistory, Series, covered
from futtui.storage.file_manifest import FileRecord, FileStatus

SUM_TOLERANCE = 1e-6
"""Sums of volumes may differ by this share: each bar's figure is rounded."""
EVERYTHING = (0, 1 << 62)


@dataclass(slots=True)
class Verification:
    """The result. Problems are wrong; holes and notes are only worth knowing."""

    files: int = 0
    candles: int = 0
    compared_bars: int = 0
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    holes: list[Hole] = field(default_factory=list)


def verify(
    deep: DeepHistory, folder: Path, symbols: tuple[str, ...], report: Callable[[str], None]
) -> Verification:  # fmt: skip
    """Check the symbols (none given = all). `report` is told what is being looked at."""
    result = Verification()
    by_symbol: dict[str, list[Series]] = {}
    everything = deep.series()
    for series in everything:
        if not symbols or series.symbol in symbols:
            by_symbol.setdefault(series.symbol, []).append(series)
    for file in deep.files():
        if (not symbols or file.symbol in symbols) and file.status is FileStatus.IMPORTED:
            report(file.name)
            _check_file(deep, folder, file, result)
    for symbol, frames in by_symbol.items():
        report(symbol)
        try:
            _check_symbol(deep, frames, everything, result)
        except StorageError as error:
            result.problems.append(f"{symbol}: {error}")
    return result


def _check_file(deep: DeepHistory, folder: Path, file: FileRecord, result: Verification) -> None:
    result.files += 1
    path = folder / file.name if file.verified else Path(file.name)
    if not path.is_file():
        result.notes.append(f"{file.name} is no longer on disk, so only its number of candles was compared.")
        stored = len(deep.load_open_times(file.symbol, file.timeframe, file.start_ms, file.end_ms))
        if file.verified and stored < file.row_count:
            result.problems.append(f"{file.name} had {file.row_count} candles, {stored} are stored.")
        return
    try:
        if sha256_of(path) != file.sha256:
            result.problems.append(f"{path} was changed since it was taken in (its checksum is another one).")
            return
        candles = read_candles(path, file.timeframe)
        expected = CandleArrays(candles.open_time_ms, candles.figures)
        if not file.verified:
            published = [other for other in deep.files(file.symbol, file.timeframe) if other.published]
            expected = expected.chosen(~covered(expected.open_time_ms, published))
        stored_candles = deep.load_arrays(file.symbol, file.timeframe, file.start_ms, file.end_ms)
        # A later copy may have replaced candles of an earlier one; against a published file nothing may differ.
        told = result.problems if file.verified else result.notes
        told.extend(_differences(file, expected, stored_candles))
    except (OSError, InvalidInputError, StorageError) as error:
        result.problems.append(f"{path}: {error}")


def _differences(file: FileRecord, expected: CandleArrays, stored: CandleArrays) -> Iterator[str]:
    """Where the database says other than the file; figures that the file does not know are not compared."""
    _, here, there = np.intersect1d(
        expected.open_time_ms, stored.open_time_ms, assume_unique=True, return_indices=True
    )  # fmt: skip
    absent = len(expected) - len(here)
    if absent:
        yield f"{file.name} has {absent} candles that are not stored."
    if file.verified and len(stored) > len(there):
        yield f"{len(stored) - len(there)} candles are stored for the days of {file.name} that it does not have."
    known = expected.figures[:, here]
    other = (~np.isnan(known) & (known != stored.figures[:, there])).any(axis=0)
    if other.any():
        first = _moment(int(expected.open_time_ms[here][np.argmax(other)]))
        yield f"{int(other.sum())} stored candles differ from {file.name}, the first at {first}."


def _check_symbol(deep: DeepHistory, frames: list[Series], everything: list[Series], result: Verification) -> None:
    loaded: dict[Timeframe, CandleArrays] = {}
    for series in frames:
        candles = deep.load_arrays(series.symbol, series.timeframe, *EVERYTHING)
        loaded[series.timeframe] = candles
        result.candles += len(candles)
        result.holes.extend(find_holes(deep, series, everything))
        wrong = candles.impossible() | (candles.open_time_ms % series.timeframe.ms != 0)
        if wrong.any():
            first = _moment(int(candles.open_time_ms[np.argmax(wrong)]))
            name = f"{series.symbol} {series.timeframe.code}"
            result.problems.append(f"{name}: {int(wrong.sum())} stored candles are impossible, the first at {first}.")
    for finer, coarser in pairwise(sorted(loaded, key=lambda timeframe: timeframe.ms)):
        count, text = compare_timeframes(finer, loaded[finer], coarser, loaded[coarser])
        result.compared_bars += count
        if text:
            result.problems.append(f"{frames[0].symbol}: {text}")


def compare_timeframes(
    finer: Timeframe, fine: CandleArrays, coarser: Timeframe, coarse: CandleArrays
) -> tuple[int, str]:  # fmt: skip
    """How many bars of the coarser timeframe were rebuilt from the finer one, and what does not fit ("" = all does).

    Only bars are compared whose parts are all there; figures must be known on both sides.
    """
    whole = combined(fine, finer.ms, coarser.ms)
    _, here, there = np.intersect1d(
        whole.open_time_ms, coarse.open_time_ms, assume_unique=True, return_indices=True
    )  # fmt: skip
    if not len(here):
        return 0, ""
    rebuilt = whole.figures[:, here]
    given = coarse.figures[:, there]
    known = ~(np.isnan(rebuilt) | np.isnan(given))
    far = np.abs(rebuilt - given) > SUM_TOLERANCE * np.maximum(np.abs(given), 1.0)
    far[:4] = rebuilt[:4] != given[:4]
    wrong = (known & far).any(axis=0)
    if not wrong.any():
        return len(here), ""
    first = _moment(int(coarse.open_time_ms[there][np.argmax(wrong)]))
    text = f"{int(wrong.sum())} of {len(here)} {coarser.code} bars are not what their {finer.code} bars add up to"
    return len(here), f"{text}, the first at {first}."


def _moment(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
