"""Takes files from disk into the database: .csv, .zip or .gz in the archive's form, single or in folders."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from futtui.domain.errors import InvalidInputError
from futtui.domain.timeframe import Timeframe
from futtui.exchange.archive_files import ArchiveFile, every_archive_file
from futtui.exchange.binance.archive.addresses import checked_symbol, file_of
from futtui.exchange.binance.archive.checksum import checksum_path, sha256_of
from futtui.exchange.binance.archive.download import verified_hash
from futtui.live.history_jobs.taking import Failure, copy_name, take_in_copy, take_in_published
from futtui.storage.deep_history import DeepHistory
from futtui.storage.file_manifest import FileStatus

FUNDING = "fundingRate"


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """What to take in. `symbols` empty = all; `timeframe` for files that do not name theirs, None = as rows tell."""

    path: Path
    symbols: tuple[str, ...] = ()
    timeframe: Timeframe | None = None
    again: bool = False


@dataclass(slots=True)
class ImportState:
    """How far the job is, and in the end its result."""

    total: int = 0
    there: int = 0
    imported: int = 0
    candles: int = 0
    left_out: int = 0
    failures: list[Failure] = field(default_factory=list)

    @property
    def done(self) -> int:
        """Files that need no more work in this run."""
        return self.there + self.imported + len(self.failures)


def import_files(
    request: ImportRequest, deep: DeepHistory, report: Callable[[ImportState], None]
) -> ImportState:  # fmt: skip
    """Take in all files, each whole or not at all; one that is wrong is listed and the others go on.

    Raises InvalidInputError when there is no such file.
    """
    files = [file for file in every_archive_file(request.path) if file.frame != FUNDING]
    if request.symbols:
        files = [file for file in files if file.symbol in request.symbols]
    if not files:
        raise InvalidInputError(f"{request.path} has no candle file of {', '.join(request.symbols) or 'any symbol'}.")
    known = {record.name: record.sha256 for record in deep.files() if record.status is not FileStatus.ABSENT}
    state = ImportState(total=len(files))
    for file in files:
        report(state)
        try:
            _import_one(file, request, deep, {} if request.again else known, state)
        except InvalidInputError as error:
            state.failures.append(Failure(str(file.path), str(error)))
        except OSError as error:
            state.failures.append(Failure(str(file.path), f"It cannot be read: {error}."))
    report(state)
    return state


def _import_one(
    file: ArchiveFile, request: ImportRequest, deep: DeepHistory, known: dict[str, str], state: ImportState
) -> None:
    symbol = checked_symbol(file.symbol)
    timeframe = Timeframe.from_code(file.frame) if file.frame else request.timeframe
    if checksum_path(file.path).exists():
        sha256 = verified_hash(file.path)
        if not sha256:
            raise InvalidInputError(f"File {file.path} does not fit the checksum beside it. Get both again.")
        if timeframe is not None and file.date:
            published = file_of(symbol, timeframe, file.date)
            if known.get(published.path) == sha256:
                state.there += 1
                return
            record = take_in_published(deep, published, file.path, sha256)
            state.imported += 1
            state.candles += record.row_count
            return
    sha256 = sha256_of(file.path)
    if known.get(copy_name(file.path)) == sha256:
        state.there += 1
        return
    taken, left_out = take_in_copy(deep, file.path, symbol, timeframe, sha256)
    state.imported += 1
    state.candles += taken
    state.left_out += left_out
