"""The mark of a data folder in the ids of its orders: made once, kept beside the database and in it, never changed."""

from __future__ import annotations

import logging
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from futtui.domain.errors import StorageError
from futtui.domain.position import TradingMode
from futtui.exchange.binance.client_mark import ClientMark
from futtui.live.live_book import Book, write_through

if TYPE_CHECKING:
    from futtui.storage.store import Storage

log = logging.getLogger(__name__)

_LARGEST = 0xFFFF


class _Kept(msgspec.Struct):
    mark: str = ""


def mark_file(database: Path) -> Path:
    """The place of the mark beside `database`; the database itself has it, too."""
    return database.with_name(f"{database.stem}-live-book-mark.json")


def client_mark(database: Path, store: Storage, book: Book) -> ClientMark:
    """The translator of our ids, with the mark of this data folder; a new folder gets one.

    Where none is kept and real positions are open, none is made: their orders are plain ones of an earlier version, or
    carry a mark that is found on them. A mark that cannot be kept is not used: its orders could not be found again.
    """
    kept = (_read(mark_file(database)), store.order_mark())
    marks = tuple(dict.fromkeys(f"{mark:04x}" for mark in kept if mark))
    stored = [state.signal_id for state in store.open_positions() if state.mode == TradingMode.LIVE.value]
    awaited = frozenset((*stored, *(state.signal_id for state in book.open_states())))
    if not marks and not awaited:
        marks = (f"{1 + secrets.randbelow(_LARGEST):04x}",)
    if marks and not _keep(database, store, kept, marks[0]):
        marks = ()
    return ClientMark(marks, () if marks else awaited, lambda mark: _write(mark_file(database), mark))


def _keep(database: Path, store: Storage, kept: tuple[int, int], mark: str) -> bool:
    """Put the mark where none is; False where it is nowhere."""
    beside, inside = kept
    in_file = bool(beside) or _write(mark_file(database), mark)
    try:
        if not inside:
            store.keep_order_mark(int(mark, 16))
        return True
    except StorageError as error:
        log.warning("The mark of our orders could not be kept in the database: %s", error)
    return in_file


def _read(path: Path) -> int:
    """The mark in a file; 0 where there is none that can be read."""
    try:
        number = int(msgspec.json.decode(path.read_bytes(), type=_Kept).mark, 16)
    except (OSError, ValueError, msgspec.MsgspecError):
        return 0
    return number if 0 < number <= _LARGEST else 0


def _write(path: Path, mark: str) -> bool:
    """Whether the file has the mark now."""
    try:
        write_through(path, msgspec.json.encode(_Kept(mark)))
    except OSError as error:
        log.warning("The mark of our orders could not be kept beside the database: %s", error)
        return False
    return True
