"""The write-ahead book of the real account: what futtui means to do is on disk before the exchange hears of it.

One JSON line for each state of a LIVE position and for each closed LIVE trade, beside the database. The database is
written by a queue and may be some moments behind when the process dies; this file is not.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from futtui.domain.effects import PositionState, RecordPosition, RecordTrade
from futtui.domain.errors import StorageError
from futtui.domain.position import Trade, TradingMode
from futtui.live.compat.files import patiently, replace_file

log = logging.getLogger(__name__)

MOST_BYTES = 4_000_000
TRADES_KEPT = 200
END_S = 1.0
_OVER = ("CLOSED", "FAILED")


class _Line(msgspec.Struct, omit_defaults=True):
    """One line: a position or a trade."""

    position: PositionState | None = None
    trade: Trade | None = None


@dataclass(frozen=True, slots=True)
class Book:
    """What a file holds: the newest state of each position, and trades by position."""

    positions: Mapping[str, PositionState] = field(default_factory=dict)
    trades: Mapping[str, Trade] = field(default_factory=dict)

    def open_states(self) -> list[PositionState]:
        """Positions that are not over."""
        return [state for state in self.positions.values() if state.status not in _OVER]


def live_book_file(database: Path) -> Path:
    """Where the write-ahead book beside `database` is."""
    return database.with_name(f"{database.stem}-live-book.jsonl")


def read_book(path: Path) -> Book:
    """What the file holds; a torn last line (the process died while writing) is left out.

    Raises StorageError when the file exists and cannot be opened: starting without it could lose a position.
    """
    try:
        lines = patiently(path.read_bytes).splitlines()
    except FileNotFoundError:
        return Book()
    except OSError as error:
        raise StorageError(
            f"The book of live positions {path} cannot be read ({error.strerror}). Close what holds it and start again."
        ) from error
    positions: dict[str, PositionState] = {}
    trades: dict[str, Trade] = {}
    for number, text in enumerate(lines, 1):
        try:
            line = msgspec.json.decode(text, type=_Line)
        except msgspec.MsgspecError:
            log.warning("Line %d of %s is torn and left out", number, path.name)
            continue
        if line.position is not None:
            positions[line.position.position_id] = line.position
        if line.trade is not None:
            trades[line.trade.position_id] = line.trade
    return Book(positions, trades)


class LiveBook:
    """Appends to the file. `note` leaves a line with the system at once; `secure` waits until it is on the disk."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.found = read_book(path)
        """What an earlier run left."""
        self._positions: dict[str, PositionState] = {}
        self._trades: dict[str, Trade] = {}
        self._handle: int | None = None
        self._bytes = 0
        self._torn: OSError | None = None
        self._noted = self._secured = 0
        """How many lines were left with the system, and how many of them are on the disk."""
        self._syncing: asyncio.Task[None] | None = None
        self._renewing: asyncio.Task[None] | None = None
        self._meanwhile: list[bytes] | None = None
        """Lines that came since a new file is being written; None while none is."""
        self._start_over(self.found)

    def note(self, record: object) -> None:
        """Append a LIVE position or trade; everything else is none of this book's business."""
        if isinstance(record, RecordPosition) and record.position.mode == TradingMode.LIVE.value:
            state = record.position
            self._positions[state.position_id] = state
            if state.status in _OVER:
                del self._positions[state.position_id]
            self._append(_Line(position=state))
        elif isinstance(record, RecordTrade) and record.trade.mode is TradingMode.LIVE:
            self._trades[record.trade.position_id] = record.trade
            while len(self._trades) > TRADES_KEPT:
                del self._trades[next(iter(self._trades))]
            self._append(_Line(trade=record.trade))

    async def secure(self) -> None:
        """Return when all lines are on the disk; raises OSError when one could not be written."""
        if self._torn is not None or self._bytes > MOST_BYTES or self._is_renewing:
            if not self._is_renewing:
                self._renewing = asyncio.create_task(self._renew(), name="new book of live positions")
            assert self._renewing is not None
            await asyncio.shield(self._renewing)
        if self._torn is not None:
            raise self._torn
        wanted = self._noted
        while self._secured < wanted and (self._is_renewing or self._handle is not None):
            if self._is_renewing:  # begun for another order meanwhile
                await self.secure()
                continue
            assert self._handle is not None
            if self._syncing is None or self._syncing.done():
                self._syncing = asyncio.create_task(self._sync(self._handle), name="book of live positions")
            await asyncio.shield(self._syncing)

    @property
    def _is_renewing(self) -> bool:
        return self._renewing is not None and not self._renewing.done()

    async def _renew(self) -> None:
        """Put a new file in place of the old one; only a thread waits for the disk, however long it hangs.

        Lines that come meanwhile go into the old file as before, and follow in the new one.
        """
        if self._syncing is not None and not self._syncing.done():
            await asyncio.wait({self._syncing})
        noted, self._meanwhile = self._noted, []
        fresh, text = self._fresh, self._all_lines()
        try:
            await asyncio.to_thread(write_through, fresh, text)
            self.close()
            await asyncio.to_thread(replace_file, fresh, self.path)
            self._handle = self._opened()
            self._bytes, self._torn = len(text), None
            self._noted = self._secured = noted
        except OSError as error:
            self._cannot_renew(error)
        lines, self._meanwhile = self._meanwhile, None
        if self._torn is None:
            for line in lines:
                self._write(line)

    async def _sync(self, handle: int) -> None:
        """Bring on the disk what was left with the system until now; its thread hangs as long as the disk does.

        One at a time, whoever gives up waiting: hosts of the exchange are looked up in the same few threads.
        """
        noted = self._noted
        await asyncio.to_thread(os.fsync, handle)
        self._secured = max(self._secured, noted)

    async def end(self) -> None:
        """Close the file, once a new one that is being written is in its place; not later than END_S from now."""
        if self._renewing is not None:
            await asyncio.wait({self._renewing}, timeout=END_S)
        self.close()

    def close(self) -> None:
        """Close the file."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def _append(self, line: _Line) -> None:
        text = msgspec.json.encode(line) + b"\n"
        if self._meanwhile is not None:
            self._meanwhile.append(text)
            if self._handle is None:  # for the moment in which the new file takes the place of the old one
                return
        self._write(text)

    def _write(self, text: bytes) -> None:
        try:
            if self._handle is None:
                raise OSError(None, "the file is not open")
            written = os.write(self._handle, text)
            if written != len(text):
                raise OSError(None, "the disk is full")
        except OSError as error:
            if self._torn is None:
                log.error("The book of live positions cannot be written: %s", error)
            self._torn = error
            return
        self._noted += 1
        self._bytes += len(text)

    @property
    def _fresh(self) -> Path:
        return self.path.with_name(self.path.name + ".new")

    def _all_lines(self) -> bytes:
        """What is still open, and the newest trades."""
        lines = [_Line(position=state) for state in self._positions.values()]
        lines += [_Line(trade=trade) for trade in self._trades.values()]
        return b"".join(msgspec.json.encode(line) + b"\n" for line in lines)

    def _start_over(self, book: Book) -> None:
        """Begin with a new file that holds what is still open and the newest trades."""
        self._positions = {key: state for key, state in book.positions.items() if state.status not in _OVER}
        self._trades = dict(list(book.trades.items())[-TRADES_KEPT:])
        text = self._all_lines()
        try:
            write_through(self._fresh, text)
            replace_file(self._fresh, self.path)
            self._handle = self._opened()
        except OSError as error:
            self._cannot_renew(error)
            return
        self._bytes = len(text)

    def _cannot_renew(self, error: OSError) -> None:
        log.error("The book of live positions cannot be renewed: %s", error)
        self._torn = error
        if self._handle is None:
            with contextlib.suppress(OSError):
                self._handle = self._opened(os.O_CREAT)

    def _opened(self, more: int = 0) -> int:
        return os.open(self.path, os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0) | more, 0o600)


def write_through(path: Path, text: bytes) -> None:
    """Write a file and wait until it is on the disk."""
    with path.open("wb") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
