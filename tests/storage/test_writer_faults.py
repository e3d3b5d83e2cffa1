"""The writer against a disk that refuses, records that cannot be written, and a database that somebody else holds."""

from __future__ import annotations

import sqlite3
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from futtui.domain.effects import RecordSymbolState, RecordTrade
from futtui.domain.errors import StorageError
from futtui.domain.timeframe import Timeframe
from futtui.storage import database, writer
from futtui.storage.database import open_database
from futtui.storage.rows import Record
from futtui.storage.store import Storage
from tests.storage.test_store import candle, trade

TOO_LARGE = 1 << 70


@pytest.fixture
def store(tmp_path: Path):
    storage = Storage(tmp_path / "futtui.db")
    yield storage
    storage.close_now()


def block(symbol: str, updated_ms: int = 1) -> RecordSymbolState:
    return RecordSymbolState(symbol, 0, "blocked by you", updated_ms)


def test_writer_record_that_can_never_be_written_harms_no_other(store: Storage) -> None:
    for record in (block("BTCUSDT"), block("ETHUSDT", updated_ms=TOO_LARGE), block("XRPUSDT")):
        store.submit(record)
    assert store.writer.flush()
    store.submit(block("BNBUSDT"))
    assert store.writer.flush()
    assert set(store.blocked_symbols()) == {"BTCUSDT", "XRPUSDT", "BNBUSDT"}
    assert store.writer.refused == 1


def test_writer_disk_that_refuses_is_told_and_forgotten_when_it_works_again(
    store: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "RETRY_S", (0.01,))
    real = writer.write_record

    def full_disk(connection: Connection, record: Record, code_hash: str) -> None:
        raise OperationalError("INSERT", {}, sqlite3.OperationalError("database or disk is full"))

    monkeypatch.setattr(writer, "write_record", full_disk)
    store.submit(block("BTCUSDT"))
    assert not store.writer.flush(0.1)
    assert store.trouble == "database or disk is full"
    monkeypatch.setattr(writer, "write_record", real)
    assert store.writer.flush()
    assert store.trouble == ""
    assert set(store.blocked_symbols()) == {"BTCUSDT"}


def test_writer_with_a_full_queue_drops_candles_keeps_records_and_never_waits(
    store: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "CANDLE_ITEMS", 3)
    monkeypatch.setattr(writer, "RETRY_S", (0.01,))
    other = sqlite3.connect(store.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    def feed() -> None:
        for index in range(20):
            store.submit_candles("BTCUSDT", Timeframe.M15, [candle(index)])
        for index in range(20):
            store.submit(block(f"S{index}USDT"))

    feeder = threading.Thread(target=feed)
    feeder.start()
    feeder.join(5)
    assert not feeder.is_alive()
    other.execute("ROLLBACK")
    other.close()
    assert store.writer.flush(20)
    assert len(store.blocked_symbols()) == 20
    kept = len(store.candles("BTCUSDT", Timeframe.M15, 100))
    assert kept + store.writer.dropped_candles == 20
    assert store.writer.dropped_candles > 0
    assert store.writer.dropped_records == 0


def test_storage_newest_trades_come_with_their_own_legs(store: Storage) -> None:
    for index in range(5):
        store.submit(RecordTrade(replace(trade(), position_id=f"p{index}", closed_ms=10 + index), 10 + index))
    assert store.writer.flush()
    newest = store.trades(2)
    assert [item.position_id for item in newest] == ["p3", "p4"]
    assert all(item.legs == trade().legs for item in newest)


def test_open_database_held_by_another_program_is_not_called_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "LOCK_WAIT_S", 0.05)
    path = tmp_path / "futtui.db"
    open_database(path).dispose()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("PRAGMA locking_mode=EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StorageError, match="locked") as caught:
        open_database(path)
    other.close()
    assert "damaged" not in str(caught.value)
    assert "no other futtui uses it" in str(caught.value)


def test_open_database_failing_inside_the_library_is_told_in_plain_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "futtui.db"
    path.touch()  # so that its tables are to be made
    monkeypatch.setattr(database, "PRAGMAS", ("query_only=ON",))
    with pytest.raises(StorageError, match=r"readonly database.*Check the folder") as caught:
        open_database(path)
    assert "\n" not in str(caught.value)
