"""Finds and opens files of the exchange's archive: plain .csv, .zip or .gz, one or many for a symbol."""

from __future__ import annotations

import gzip
import re
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from futtui.domain.errors import InvalidInputError

_NAME = re.compile(
    r"^(?P<symbol>[^\W_a-z]+(?:_[A-Z0-9]+)?)"
    r"(?:-(?P<frame>\d+(?:mo|[smhdwM])|fundingRate)(?:-(?P<date>\d{4}-\d{2}(?:-\d{2})?))?)?"
    r"\.(?:csv|csv\.gz|csv\.zip|zip|gz)$"
)
_UNIT_MS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
_NAMES_SHOWN = 12


@dataclass(frozen=True, slots=True)
class ArchiveFile:
    """One file of one symbol; `frame` is the timeframe written in its name, empty if none is."""

    path: Path
    symbol: str
    frame: str
    date: str


def archive_files(path: Path) -> dict[str, list[ArchiveFile]]:
    """The files under `path` (a folder, or one file) by symbol, each list in time order.

    Where a symbol has files of several timeframes, those of the finest are taken, with those whose names tell none. A
    folder without any, but with a folder `15m`, stands for that one: so a backtest and a replay take the same folder.
    Raises InvalidInputError when the path is missing or holds no such file.
    """
    _refuse_absent(path)
    found: dict[str, dict[str, list[ArchiveFile]]] = {}
    for one in sorted(path.iterdir()) if path.is_dir() else [path]:
        file = named_file(one)
        if file is not None and one.is_file():
            found.setdefault(file.symbol, {}).setdefault(file.frame, []).append(file)
    if not found:
        below = path / "15m"
        if path.is_dir() and below.is_dir():
            return archive_files(below)
        raise _none_in(path)
    return {symbol: _finest(frames) for symbol, frames in found.items()}


def holds_files(folder: Path) -> bool:
    """Whether there is a folder with a candle or funding file in it; an empty one is as good as none."""
    return folder.is_dir() and any(named_file(path) is not None for path in folder.iterdir())


def named_file(path: Path) -> ArchiveFile | None:
    """What the name of a file says; None when it is no name of an archive file."""
    match = _NAME.match(path.name)
    return ArchiveFile(path, match["symbol"], match["frame"] or "", match["date"] or "") if match else None


def every_archive_file(path: Path) -> list[ArchiveFile]:
    """All files under `path` (a folder with the folders below it, or one file), by symbol and date.

    Raises InvalidInputError when the path is missing or holds no such file.
    """
    _refuse_absent(path)
    paths = path.rglob("*") if path.is_dir() else [path]
    files = [file for one in paths if (file := named_file(one)) is not None and one.is_file()]
    if not files:
        raise _none_in(path)
    return sorted(files, key=lambda file: (file.symbol, file.frame, file.date, str(file.path)))


def chosen_files(path: Path, symbols: Sequence[str] | None) -> dict[str, list[ArchiveFile]]:
    """`archive_files` of the wanted symbols (None = all); raises InvalidInputError for one without a file."""
    there = archive_files(path)
    if symbols is None:
        return there
    missing = [symbol for symbol in symbols if symbol not in there]
    if missing:
        shown = ", ".join(sorted(there)[:_NAMES_SHOWN])
        more = f" and {len(there) - _NAMES_SHOWN} more" if len(there) > _NAMES_SHOWN else ""
        raise InvalidInputError(f"No file for symbol {missing[0]} in folder {path}. These exist: {shown}{more}.")
    return {symbol: there[symbol] for symbol in dict.fromkeys(symbols)}


def content(path: Path) -> bytes:
    """The text of a file, unpacked, with plain line ends; raises InvalidInputError when it cannot be unpacked."""
    try:
        raw = path.read_bytes()
        if raw[:2] == b"\x1f\x8b":
            raw = gzip.decompress(raw)
        elif raw[:4] == b"PK\x03\x04":
            raw = _zipped(path)
    except (OSError, EOFError, RuntimeError, zlib.error, zipfile.BadZipFile) as error:
        raise InvalidInputError(f"File {path} cannot be read: {error}. Get it again, or remove it.") from error
    text = raw.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n")
    return text.replace(b"\r", b"\n") if b"\r" in text else text


def _refuse_absent(path: Path) -> None:
    if not path.exists():
        raise InvalidInputError(f"There is no file or folder {path}. Give the folder that holds the candle files.")


def _none_in(path: Path) -> InvalidInputError:
    return InvalidInputError(
        f"{path} holds no candle file. Expected names such as BTCUSDT.csv.gz or BTCUSDT-15m-2024-03.zip."
    )


def _zipped(path: Path) -> bytes:
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.endswith(".csv")]
        if len(names) != 1:
            raise InvalidInputError(f"File {path} holds {len(names)} .csv files; the archive's files hold one.")
        return archive.read(names[0])


def _finest(frames: dict[str, list[ArchiveFile]]) -> list[ArchiveFile]:
    best = min(frames, key=_frame_ms)
    chosen = frames[best] if best == "" else frames.get("", []) + frames[best]
    return sorted(chosen, key=lambda file: (file.date, file.path.name))


def _frame_ms(frame: str) -> float:
    unit = _UNIT_MS.get(frame[-1:])
    return float("inf") if unit is None or not frame[:-1].isdigit() else unit * int(frame[:-1])
