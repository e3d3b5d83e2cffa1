"""What was sent, kept on disk beside the database, so that the order log begins with the runs before this one.

One JSON line for each new state of an order, cancel or command; the newest line of a number counts. It is for reading
alone: what has to survive a crash is in the write-ahead book and in the database.
"""

from __future__ import annotations

import contextlib
import logging
import os
from decimal import Decimal
from pathlib import Path

import msgspec

from futtui.domain.effects import CancelOrder, PlaceOrder
from futtui.domain.events import Command
from futtui.domain.orders import OrderStatus
from futtui.domain.sent import KEPT, RefusedEntry, Sent, SentBook
from futtui.live.compat.files import replace_file
from futtui.live.desk_journal import EVENT_TYPES

log = logging.getLogger(__name__)

MOST_BYTES = 2_000_000
"""A file that grew larger is written anew with the newest entries alone."""
MOST_READ = 2 * MOST_BYTES


class _Line(msgspec.Struct, omit_defaults=True):
    """One entry as it stands. A command is kept with the name of its type."""

    number: int
    time_ms: int
    order: PlaceOrder | None = None
    cancel: CancelOrder | None = None
    command: msgspec.Raw = msgspec.Raw(b"null")
    command_name: str = ""
    entry: RefusedEntry | None = None
    status: OrderStatus | None = None
    answered_ms: int = 0
    answer: str = ""
    refused: bool = False
    exchange_id: str = ""
    filled: Decimal = Decimal(0)
    average_price: Decimal | None = None
    fees: Decimal = Decimal(0)


def sent_file(database: Path) -> Path:
    """Where the order log of the runs on `database` is."""
    return database.with_name(f"{database.stem}-sent.jsonl")


def read_sent(path: Path, most: int = KEPT) -> list[Sent]:
    """The newest entries of the file, oldest first; torn lines, and all of an unreadable file, are left out.

    No more than the last MOST_READ bytes are looked at.
    """
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - MOST_READ))
            texts = file.read().splitlines()
    except OSError as error:
        if path.exists():
            log.warning("The order log of earlier runs cannot be read: %s", error)
        return []
    found: dict[int, Sent] = {}
    for text in texts:
        with contextlib.suppress(msgspec.MsgspecError, KeyError):
            line = msgspec.json.decode(text, type=_Line)
            found[line.number] = _entry(line)
    return list(found.values())[-most:]


class KeptSentBook(SentBook):
    """A book that begins with the newest entries of earlier runs and writes down every change. Never raises.

    What was sent before goes on changing here: the end of an order that waits since yesterday is news of today.
    """

    def __init__(self, path: Path, kept: int = KEPT) -> None:
        super().__init__(kept)
        self._path = path
        self._handle: int | None = None
        self._bytes = 0
        self.take_over(read_sent(path, kept))
        self._write_anew()

    def _write_anew(self) -> None:
        """Write a file with what is kept, and put it in place of the old one."""
        text = b"".join(_text(entry) for entry in self.view())
        fresh = self._path.with_name(self._path.name + ".new")
        try:
            fresh.write_bytes(text)
            self.close()
            replace_file(fresh, self._path)
            self._handle = os.open(self._path, os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0))
            self._bytes = len(text)
        except OSError as error:
            log.error("The order log cannot be kept for the next run: %s", error)

    def _put(self, entry: Sent) -> None:
        super()._put(entry)
        if self._handle is None:
            return
        try:
            self._bytes += os.write(self._handle, _text(entry))
        except OSError as error:
            log.error("The order log cannot be written and is not kept further: %s", error)
            self.close()
            return
        if self._bytes > MOST_BYTES:
            self._write_anew()

    def close(self) -> None:
        """Close the file."""
        handle, self._handle = self._handle, None
        if handle is not None:
            with contextlib.suppress(OSError):
                os.close(handle)


def _text(entry: Sent) -> bytes:
    command = entry.command
    line = _Line(
        number=entry.number,
        time_ms=entry.time_ms,
        order=entry.order,
        cancel=entry.cancel,
        command=msgspec.Raw(msgspec.json.encode(command)),
        command_name="" if command is None else type(command).__name__,
        entry=entry.entry,
        status=entry.status,
        answered_ms=entry.answered_ms,
        answer=entry.answer,
        refused=entry.refused,
        exchange_id=entry.exchange_id,
        filled=entry.filled,
        average_price=entry.average_price,
        fees=entry.fees,
    )
    return msgspec.json.encode(line) + b"\n"


def _entry(line: _Line) -> Sent:
    command: Command | None = None
    if line.command_name:
        command = msgspec.json.decode(line.command, type=EVENT_TYPES[line.command_name])
    return Sent(
        line.number, line.time_ms, line.order, line.cancel, command, line.entry, line.status, line.answered_ms,
        line.answer, line.refused, line.exchange_id, line.filled, line.average_price, line.fees,
    )  # fmt: skip
