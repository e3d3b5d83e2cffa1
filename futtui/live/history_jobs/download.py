"""Downloads the archive's files for some symbols and takes them into the database, a few at a time."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from futtui.domain.errors import ExchangeError, InvalidInputError
from futtui.domain.timeframe import DAY_MS, Timeframe
from futtui.exchange.binance.archive.addresses import ArchiveFileName, files_for
from futtui.exchange.binance.archive.client import ArchiveClient
from futtui.exchange.binance.archive.download import ArchiveFolder, Got, LocalFile
from futtui.exchange.binance.archive.errors import ArchiveUnreachableError
from futtui.live.history_jobs.taking import Failure, now_ms, take_in_published
from futtui.storage.deep_history import DeepHistory
from futtui.storage.file_manifest import FileRecord, FileStatus

SETTLED_MS = 35 * DAY_MS
"""So long after its last day a file that is not published will not be any more (monthly files take up to a week)."""
FAILURES_IN_A_ROW = 3


@dataclass(frozen=True, slots=True)
class DownloadRequest:
    """What to fetch: days from `start_ms` to `end_ms` (excluded). `ask_again`: also look for files replaced since."""

    symbols: tuple[str, ...]
    timeframe: Timeframe
    start_ms: int
    end_ms: int
    folder: Path
    ask_again: bool = False


@dataclass(slots=True)
class DownloadState:
    """How far the job is, and in the end its result."""

    total: int = 0
    there: int = 0
    imported: int = 0
    candles: int = 0
    downloaded_bytes: int = 0
    absent: list[str] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    unreachable: str = ""

    @property
    def done(self) -> int:
        """Files that need no more work in this run."""
        return self.there + self.imported + len(self.absent) + len(self.failures)


class DownloadJob:
    """One run. After a stop of any kind, a new run with the same request goes on where this one was."""

    def __init__(
        self,
        request: DownloadRequest,
        deep: DeepHistory,
        client: ArchiveClient,
        report: Callable[[DownloadState], None],
    ) -> None:
        self._request = request
        self._deep = deep
        self._client = client
        self._report = report
        self._folder = ArchiveFolder(request.folder)
        self._now_ms = now_ms()
        self._known: dict[str, dict[str, FileRecord]] = {}
        self._waiting: deque[ArchiveFileName] = deque()
        self._importing = asyncio.Lock()
        self._failed_in_a_row = 0
        self.state = DownloadState()

    async def run(self, workers: int) -> DownloadState:
        """Do it with so many files at once. A file that fails is listed; the others go on.

        Raises StorageError or InvalidInputError when the database or the folder cannot be written.
        """
        request = self._request
        for symbol in request.symbols:
            records = await asyncio.to_thread(self._deep.files, symbol, request.timeframe)
            self._known[symbol] = {record.name: record for record in records}
            files = files_for(symbol, request.timeframe, request.start_ms, request.end_ms, self._now_ms)
            self._waiting.extend(files)
        self.state.total = len(self._waiting)
        self._report(self.state)
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(workers):
                    group.create_task(self._work())
        except ExceptionGroup as failures:  # of several workers that meet the same full disk one is enough
            raise failures.exceptions[0] from failures
        return self.state

    async def _work(self) -> None:
        while self._waiting and not self.state.unreachable:
            file = self._waiting.popleft()
            try:
                await self._one(file)
                self._failed_in_a_row = 0
            except ArchiveUnreachableError as error:
                self.state.failures.append(Failure(file.name, str(error)))
                self._failed_in_a_row += 1
                if self._failed_in_a_row >= FAILURES_IN_A_ROW:
                    self.state.unreachable = str(error)
            except (ExchangeError, InvalidInputError) as error:
                self.state.failures.append(Failure(file.name, str(error)))
            except OSError as error:
                raise InvalidInputError(
                    f"The folder {self._request.folder} cannot be written: {error}. Check free space and rights."
                ) from error
            self._report(self.state)

    async def _one(self, file: ArchiveFileName) -> None:
        record = self._known[file.symbol].get(file.path)
        if not self._request.ask_again and self._is_settled(file, record):
            return
        local = await self._folder.get(self._client, file, self._count, ask_again=self._request.ask_again)
        if local.got is Got.ABSENT:
            await self._note_absent(file)
        elif record is not None and record.sha256 == local.sha256 and record.status is not FileStatus.ABSENT:
            self.state.there += 1
        else:
            await self._take_in(file, local)

    def _is_settled(self, file: ArchiveFileName, record: FileRecord | None) -> bool:
        """Counts a file that needs no request: its days are in the database, or it will never be published."""
        if self._is_covered(file):
            self.state.there += 1
            return True
        if record is not None and record.status is FileStatus.ABSENT and record.noted_ms - file.end_ms > SETTLED_MS:
            self.state.absent.append(file.name)
            return True
        return False

    def _is_covered(self, file: ArchiveFileName) -> bool:
        """Whether published files that were taken in speak for all of the file's days."""
        known = self._known[file.symbol].values()
        spans = sorted((record.start_ms, record.end_ms) for record in known if record.published)
        at = file.start_ms
        for start_ms, end_ms in spans:
            if start_ms <= at < end_ms:
                at = end_ms
        return at >= file.end_ms

    async def _take_in(self, file: ArchiveFileName, local: LocalFile) -> None:
        async with self._importing:
            record = await asyncio.to_thread(take_in_published, self._deep, file, local.path, local.sha256)
        self._known[file.symbol][record.name] = record
        self.state.imported += 1
        self.state.candles += record.row_count

    async def _note_absent(self, file: ArchiveFileName) -> None:
        """A month that is over but not published yet is taken day by day."""
        self.state.absent.append(file.name)
        known = self._known[file.symbol].get(file.path)
        if known is None or known.status is FileStatus.ABSENT:
            series, span = (file.symbol, file.timeframe), (file.start_ms, file.end_ms)
            record = FileRecord(file.path, *series, FileStatus.ABSENT, False, *span, self._now_ms)
            async with self._importing:
                await asyncio.to_thread(self._deep.note_absent, record)
            self._known[file.symbol][record.name] = record
        if file.monthly and self._now_ms - file.end_ms <= SETTLED_MS:
            days = file.by_day()
            self._waiting.extendleft(reversed(days))
            self.state.total += len(days)

    def _count(self, size: int) -> None:
        self.state.downloaded_bytes += size
        self._report(self.state)
