"""Messages that wait for Telegram: bounded, on disk, in order, each key once."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import asdict, dataclass
from pathlib import Path

from futtui.domain.errors import StorageError
from futtui.telegram.alerts import Alert, ChartWish, Importance

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
    """One small database file; used from one thread only. Raises StorageError when the file cannot be used."""

    def __init__(self, path: Path, limit: int) -> None:
        self._limit = limit
        self._sending: int | None = None
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
        return self._connection.execute("SELECT 1 FROM messages WHERE key = ?", (key,)).fetchone() is not None

    def put(self, alert: Alert) -> bool:
        """Take in a message; False when its key is known, or when it is the least important and there is no room."""
        if self.knows(alert.key):
            return False
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

    def next(self) -> Waiting | None:
        """The message that is to be sent now, the oldest first; it stays until `sent` or `give_up`."""
        row = self._connection.execute(
            "SELECT id, text, thread, importance, time_ms, chart, tries FROM messages WHERE state = 'waiting' "
            "ORDER BY id LIMIT 1"
        ).fetchone()
        if row is None:
            self._sending = None
            return None
        self._sending = int(row[0])
        wish = json.loads(row[5]) if row[5] else None
        chart = ChartWish(**{**wish, "targets": tuple(wish["targets"])}) if wish is not None else None
        return Waiting(row[0], row[1], row[2], Importance(row[3]), row[4], chart, row[6])

    def first_of(self, thread: str) -> int | None:
        """Telegram's number of the first message of a thread, to answer to; None while none was sent."""
        if not thread:
            return None
        row = self._connection.execute(
            "SELECT message_id FROM messages WHERE thread = ? AND message_id IS NOT NULL ORDER BY id LIMIT 1", (thread,)
        ).fetchone()
        return None if row is None else int(row[0])

    def sent(self, number: int, message_id: int) -> None:
        """The message arrived."""
        self._finish(number, "sent", message_id)

    def give_up(self, number: int) -> None:
        """The message can never be sent."""
        self._finish(number, "failed", None)

    def doubtful(self, number: int) -> None:
        """An attempt got no answer: the message may have arrived."""
        self._connection.execute("UPDATE messages SET tries = tries + 1 WHERE id = ?", (number,))

    @property
    def waiting(self) -> int:
        """How many messages wait."""
        return int(self._connection.execute("SELECT COUNT(*) FROM messages WHERE state = 'waiting'").fetchone()[0])

    def take_dropped(self) -> int:
        """How many messages found no room since this was asked last."""
        count = int(self.fact("dropped") or 0)
        if count:
            self.set_fact("dropped", "0")
        return count

    def fact(self, name: str) -> str:
        """A remembered fact, as the language or the day of the last summary; empty if there is none."""
        row = self._connection.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return "" if row is None else str(row[0])

    def set_fact(self, name: str, value: str) -> None:
        """Remember a fact."""
        self._connection.execute("INSERT OR REPLACE INTO facts (name, value) VALUES (?, ?)", (name, value))

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
        self._connection.execute(
            "UPDATE messages SET state = ?, message_id = ? WHERE id = ?", (state, message_id, number)
        )
        self._connection.execute(
            "DELETE FROM messages WHERE state != 'waiting' AND id <= (SELECT MAX(id) FROM messages) - ?", (KEPT,)
        )
        self._sending = None
