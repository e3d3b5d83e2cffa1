"""Messages that wait for Telegram: bounded, on disk, in order, each key once."""

from __future__ import annotations

import contextlib
import json
import logging
import sqlite3
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from futtui.domain.errors import StorageError
from futtui.telegram.alerts import Alert, ChartWish, Importance

log = logging.getLogger(__name__)

SPARE_LIMIT = 1000
"""Messages that are kept in memory while the disk takes none."""
KEPT = 20_000
"""Finished messages whose keys are remembered."""
_TABLES = """
CREATE TABLE IF NOT EXISTS messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    thread TEXT NOT NULL,
    importance INTEGER NOT NULL,
    time_ms INTEGER NOT NULL,
    text TEXT NOT NULL,
    chart TEXT NOT NULL,
    joins INTEGER NOT NULL,
    state TEXT NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    message_id INTEGER
);
CREATE INDEX IF NOT EXISTS ix_messages_state ON messages (state, id);
CREATE INDEX IF NOT EXISTS ix_messages_thread ON messages (thread, id);
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message to be sent now. `tries`: attempts that got no answer, so that it may have arrived already."""

    number: int
    text: str
    thread: str
    importance: Importance
    time_ms: int
    chart: ChartWish | None
    tries: int


class Outbox:
    """One small database file; used from one thread only. Raises StorageError when the file cannot be opened.

    A disk that later is full, locked or gone costs no message: what it does not take waits in memory, and what was sent
    meanwhile is not sent again. Only a restart before the disk works again would forget these.
    """

    def __init__(self, path: Path, limit: int) -> None:
        self._limit = limit
        self._sending: int | None = None
        self._spare: dict[int, Waiting] = {}
        """What the file did not take, by number; these are below zero, so that none is one of the file's."""
        self._spare_keys: set[str] = set()
        self._spares = 0
        self._finished: dict[int, tuple[str, int | None]] = {}
        """State and Telegram's number of messages that the file still believes to be waiting."""
        self._facts: dict[str, str] = {}
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, isolation_level=None, timeout=5.0)
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=NORMAL")
            self._connection.executescript(_TABLES)
        except (OSError, sqlite3.Error) as error:
            raise StorageError(
                f"The file {path} for Telegram messages cannot be used ({error}). Check the folder and free space, "
                "or move the file away: only messages that still wait are in it."
            ) from error

    def knows(self, key: str) -> bool:
        """Whether a message of this key was ever put in."""
        if key in self._spare_keys:
            return True
        try:
            return self._connection.execute("SELECT 1 FROM messages WHERE key = ?", (key,)).fetchone() is not None
        except sqlite3.Error:
            return False

    def put(self, alert: Alert) -> bool:
        """Take in a message; False when its key is known, or when it is the least important and there is no room."""
        if self.knows(alert.key):
            return False
        try:
            return self._put_on_disk(alert)
        except sqlite3.Error as error:
            log.error("A message for Telegram waits in memory, the file does not take it (%s)", error)
            return self._put_in_memory(alert)

    def _put_on_disk(self, alert: Alert) -> bool:
        with self._connection:  # all or nothing
            self._connection.execute("BEGIN")
            joined = self._join(alert)
            state = "joined" if joined else "waiting"
            chart = "" if alert.chart is None else json.dumps(asdict(alert.chart))
            self._connection.execute(
                "INSERT INTO messages (key, thread, importance, time_ms, text, chart, joins, state) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (alert.key, alert.thread, int(alert.importance), alert.time_ms, alert.text, chart, alert.joins, state),
            )
            if not joined:
                self._make_room()
        return self._state(alert.key) != "dropped"

    def _put_in_memory(self, alert: Alert) -> bool:
        if len(self._spare) >= SPARE_LIMIT:
            least = min(self._spare, key=lambda number: (self._spare[number].importance, -number))
            self.set_fact("dropped", str(int(self.fact("dropped") or 0) + 1))
            if self._spare[least].importance >= alert.importance:
                return False
            del self._spare[least]
        self._spares += 1
        message = Waiting(
            -self._spares, alert.text, alert.thread, alert.importance, alert.time_ms, alert.chart, tries=0
        )  # fmt: skip
        self._spare[message.number] = message
        self._spare_keys.add(alert.key)
        return True

    def next(self) -> Waiting | None:
        """The message that is to be sent now, the oldest first; it stays until `sent` or `give_up`."""
        for number, (state, message_id) in list(self._finished.items()):
            self._finish(number, state, message_id)
        try:
            message = self._next_on_disk()
        except sqlite3.Error as error:
            log.error("Waiting messages for Telegram cannot be read (%s)", error)
            message = None
        if message is None and self._spare:
            message = next(iter(self._spare.values()))
        self._sending = None if message is None else message.number
        return message

    def _next_on_disk(self) -> Waiting | None:
        rows = self._connection.execute(
            "SELECT id, text, thread, importance, time_ms, chart, tries FROM messages WHERE state = 'waiting' "
            "ORDER BY id LIMIT ?",
            (len(self._finished) + 1,),
        ).fetchall()
        row = next((row for row in rows if row[0] not in self._finished), None)
        if row is None:
            return None
        wish = json.loads(row[5]) if row[5] else None
        chart = ChartWish(**{**wish, "targets": tuple(wish["targets"])}) if wish is not None else None
        return Waiting(row[0], row[1], row[2], Importance(row[3]), row[4], chart, row[6])

    def first_of(self, thread: str) -> int | None:
        """Telegram's number of the first message of a thread, to answer to; None while none was sent."""
        if not thread:
            return None
        try:
            row = self._connection.execute(
                "SELECT message_id FROM messages WHERE thread = ? AND message_id IS NOT NULL ORDER BY id LIMIT 1",
                (thread,),
            ).fetchone()
        except sqlite3.Error:
            return None
        return None if row is None else int(row[0])

    def sent(self, number: int, message_id: int) -> None:
        """The message arrived."""
        self._finish(number, "sent", message_id)

    def give_up(self, number: int) -> None:
        """The message can never be sent."""
        self._finish(number, "failed", None)

    def doubtful(self, number: int) -> None:
        """An attempt got no answer: the message may have arrived."""
        if number in self._spare:
            self._spare[number] = replace(self._spare[number], tries=self._spare[number].tries + 1)
            return
        try:
            self._connection.execute("UPDATE messages SET tries = tries + 1 WHERE id = ?", (number,))
        except sqlite3.Error as error:
            log.error("A doubtful message for Telegram cannot be noted (%s)", error)

    @property
    def waiting(self) -> int:
        """How many messages wait."""
        try:
            found = self._connection.execute("SELECT COUNT(*) FROM messages WHERE state = 'waiting'").fetchone()[0]
        except sqlite3.Error:
            found = len(self._finished)
        return int(found) - len(self._finished) + len(self._spare)

    def take_dropped(self) -> int:
        """How many messages found no room since this was asked last."""
        count = int(self.fact("dropped") or 0)
        if count:
            self.set_fact("dropped", "0")
        return count

    def fact(self, name: str) -> str:
        """A remembered fact, as the language or the day of the last summary; empty if there is none."""
        if name not in self._facts:
            try:
                row = self._connection.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
            except sqlite3.Error as error:
                log.error("A fact of Telegram's file cannot be read (%s)", error)
                return ""
            self._facts[name] = "" if row is None else str(row[0])
        return self._facts[name]

    def set_fact(self, name: str, value: str) -> None:
        """Remember a fact; while the disk takes none, until the end of this run."""
        self._facts[name] = value
        try:
            self._connection.execute("INSERT OR REPLACE INTO facts (name, value) VALUES (?, ?)", (name, value))
        except sqlite3.Error as error:
            log.error("A fact of Telegram's file cannot be kept (%s)", error)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _state(self, key: str) -> str:
        return str(self._connection.execute("SELECT state FROM messages WHERE key = ?", (key,)).fetchone()[0])

    def _join(self, alert: Alert) -> bool:
        """Add the text to a waiting message of the same thread, so that an outage ends with few messages."""
        if not alert.joins or not alert.thread:
            return False
        row = self._connection.execute(
            "SELECT id, text FROM messages WHERE thread = ? AND state = 'waiting' AND joins = 1 AND tries = 0 "
            "AND id IS NOT ? ORDER BY id DESC LIMIT 1",
            (alert.thread, self._sending),
        ).fetchone()
        if row is None or len(row[1]) + len(alert.text) > 3000:
            return False
        self._connection.execute("UPDATE messages SET text = ? WHERE id = ?", (f"{row[1]}\n{alert.text}", row[0]))
        return True

    def _make_room(self) -> None:
        over = self.waiting - self._limit
        if over <= 0:
            return
        self._connection.execute(
            "UPDATE messages SET state = 'dropped' WHERE id IN (SELECT id FROM messages WHERE state = 'waiting' "
            "AND id IS NOT ? ORDER BY importance, id LIMIT ?)",
            (self._sending, over),
        )
        self.set_fact("dropped", str(int(self.fact("dropped") or 0) + over))

    def _finish(self, number: int, state: str, message_id: int | None) -> None:
        self._sending = None
        if self._spare.pop(number, None) is not None:
            return
        try:
            self._connection.execute(
                "UPDATE messages SET state = ?, message_id = ? WHERE id = ?", (state, message_id, number)
            )
        except sqlite3.Error as error:
            if number not in self._finished:
                log.error("What became of a message for Telegram cannot be noted (%s)", error)
            self._finished[number] = state, message_id
            return
        self._finished.pop(number, None)
        with contextlib.suppress(sqlite3.Error):  # old messages are tidied away another time
            self._connection.execute(
                "DELETE FROM messages WHERE state != 'waiting' AND id <= (SELECT MAX(id) FROM messages) - ?", (KEPT,)
            )
