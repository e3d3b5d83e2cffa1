"""The one writer: a thread that takes records from a bounded queue and writes them, many to a transaction."""

from __future__ import annotations

import logging
import queue
import threading
import time
from dataclasses import dataclass

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from futtui.storage.gap_rows import GapBatch, write_gap_batch
from futtui.storage.rows import UPSERT_CANDLES, CandleRow, Record, write_record
from futtui.storage.universe_rows import StandingsBatch, write_standings
from futtui.storage.zone_rows import ZoneBatch, ZonePurge, purge_zones, write_zone_batch

log = logging.getLogger(__name__)

CANDLE_ITEMS = 20_000
"""With so many items waiting, candles and zones are dropped: they can be fetched or found again."""
RECORD_ITEMS = 200_000
"""With so many waiting (days of a disk that refuses), records are dropped too; the JSONL journal still has them."""
BATCH_ITEMS = 500
RETRY_S = (0.2, 0.5, 1.0, 2.0, 5.0)
TRIES_WHEN_CLOSING = 3


@dataclass(frozen=True, slots=True)
class CandleBatch:
    """Rows for the candle table."""

    rows: list[CandleRow]


@dataclass(frozen=True, slots=True)
class Marker:
    """Set when everything queued before it is on disk."""

    done: threading.Event


Item = CandleBatch | GapBatch | StandingsBatch | ZoneBatch | ZonePurge | Record | Marker


class Writer:
    """Owns all writing. `put` never waits for the disk; `flush` does.

    `trouble` says in words why the disk refuses to write, and is empty while all is well.
    """

    def __init__(self, engine: Engine, code_hash: str = "") -> None:
        self._engine = engine
        self._code_hash = code_hash
        self._queue: queue.Queue[Item | None] = queue.Queue()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="database writer", daemon=True)
        self.trouble = ""
        self.refused = 0
        self.dropped_candles = 0
        self.dropped_zone_batches = 0
        self.dropped_records = 0
        self._behind_since: float | None = None
        self._thread.start()

    @property
    def waiting(self) -> int:
        """How many items are queued."""
        return self._queue.qsize()

    @property
    def behind_s(self) -> float:
        """For how many seconds there has been something left to write; 0 when all is on disk."""
        since = self._behind_since
        return 0.0 if since is None else time.monotonic() - since

    def put(self, item: Item) -> None:
        """Queue an item. While the disk refuses, candles and zones are dropped first, records much later; counted."""
        waiting = self._queue.qsize()
        if isinstance(item, CandleBatch) and waiting >= CANDLE_ITEMS:
            self.dropped_candles += len(item.rows)
        elif isinstance(item, ZoneBatch | ZonePurge) and waiting >= CANDLE_ITEMS:
            self.dropped_zone_batches += 1
        elif waiting >= RECORD_ITEMS and not isinstance(item, Marker):
            self.dropped_records += 1
        else:
            self._queue.put(item)

    def flush(self, timeout_s: float = 10.0) -> bool:
        """Wait until everything queued so far is on disk; False if that took longer than `timeout_s`."""
        marker = Marker(threading.Event())
        self.put(marker)
        return marker.done.wait(timeout_s)

    def close(self, timeout_s: float = 10.0) -> None:
        """Write what is queued and end the thread."""
        if self._thread.is_alive():
            self._closing.set()
            self._queue.put(None)
            self._thread.join(timeout_s)

    def _run(self) -> None:
        while True:
            item = self._queue.get()
            self._behind_since = self._behind_since or time.monotonic()
            batch: list[Item] = []
            ended = item is None
            while item is not None:
                batch.append(item)
                if len(batch) >= BATCH_ITEMS or self._queue.empty():
                    break
                item = self._queue.get_nowait()
                ended = item is None
            self._write(batch)
            for done in batch:
                if isinstance(done, Marker):
                    done.done.set()
            if self._queue.empty():
                self._behind_since = None
            if ended:
                return

    def _write(self, batch: list[Item]) -> None:
        """Write the batch; a failing disk is asked again until it works, or a few times when closing.

        When one record is impossible, each gets its own transaction, so that it does not take the others with it.
        """
        tries = 0
        while batch:
            try:
                self._write_together(batch)
                self.trouble = ""
                return
            except OperationalError as error:  # locked, full, or not reachable: it may work later
                self.trouble = str(error.orig)
                tries += 1
                log.error("The database refuses to write (try %d): %s", tries, error.orig)
                if self._closing.is_set() and tries >= TRIES_WHEN_CLOSING:
                    return
                self._closing.wait(RETRY_S[min(tries, len(RETRY_S)) - 1])
            except Exception as error:
                if len(batch) == 1:
                    self.refused += 1
                    log.error("The database refused a record for good: %s", getattr(error, "orig", None) or error)
                    return
                for item in batch:
                    self._write([item])
                return

    def _write_together(self, batch: list[Item]) -> None:
        with self._engine.begin() as connection:
            rows = [row for item in batch if isinstance(item, CandleBatch) for row in item.rows]
            if rows:
                connection.exec_driver_sql(UPSERT_CANDLES, rows)
            for item in batch:
                if isinstance(item, GapBatch):
                    write_gap_batch(connection, item)
                elif isinstance(item, StandingsBatch):
                    write_standings(connection, item)
                elif isinstance(item, ZoneBatch):
                    write_zone_batch(connection, item)
                elif isinstance(item, ZonePurge):
                    purge_zones(connection, item)
                elif not isinstance(item, CandleBatch | Marker):
                    write_record(connection, item, self._code_hash)
