"""The database: one row a candle, rules kept by keys, nothing lost between runs."""

from __future__ import annotations

import gc
import sqlite3
from decimal import Decimal
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from futtui.domain.candle import Candle
from futtui.domain.effects import RecordNoSignal, RecordSignal, RecordSymbolState, RecordTrade
from futtui.domain.errors import StorageError
from futtui.domain.position import ExitReason, Leg, Trade, TradingMode
from futtui.domain.regime import Regime
from futtui.domain.side import Side
from futtui.domain.signal import Levels, RawSignal, Signal, SignalPart, SignalStatus, System, Trigger
from futtui.domain.timeframe import DAY_MS, Timeframe
from futtui.storage.database import open_database
from futtui.storage.rows import write_record
from futtui.storage.store import Storage
from futtui.storage.tables import METADATA


def candle(index: int, close: float = 1.5, taker: float | None = None) -> Candle:
    return Candle(index * 900_000, 1.0, 2.0, 0.5, close, 10.0, None, None, taker, None)


def signal(time_ms: int, status: SignalStatus = SignalStatus.ACTIVE, symbol: str = "BTCUSDT") -> Signal:
    levels = Levels(Side.LONG, 100.0, 99.0, (101.0, 102.0, 103.0))
    part = SignalPart("volume", 1.0, "volume was twice its average", 2.0)
    raw = RawSignal(
        symbol, System.CORE, "break_retest", Timeframe.M15, Side.LONG, Trigger.IMMEDIATE, time_ms, time_ms + 1,
        levels, 0.5, 2.5, Regime.TREND_UP, (part,), "Price came back to the level and held.",
    )  # fmt: skip
    return Signal(raw, 3.5, (part,), status, "entered", time_ms)


def trade() -> Trade:
    leg = Leg(Decimal("0.30"), Decimal("101.10"), ExitReason.TARGET_1, 5, Decimal("0.01"))
    rest = Leg(Decimal("0.70"), Decimal("99.95"), ExitReason.BREAK_EVEN, 9, Decimal("0.02"))
    return Trade(
        "p1", "s1", "BTCUSDT", System.CORE, "break_retest", Side.LONG, TradingMode.PAPER, Decimal("1.00"),
        Decimal("100.0"), Decimal("99.0"), 1, 9, (leg, rest), Decimal("0.08"), Decimal("0"), Decimal("0.21"),
        0.21, 0.21, 1.2, -0.3, 3.5,
    )  # fmt: skip


@pytest.fixture
def store(tmp_path: Path):
    storage = Storage(tmp_path / "folder with spaces" / "futtui.db")
    yield storage
    storage.close_now()


def test_storage_same_candle_twice_keeps_one_row_with_the_newer_values(store: Storage) -> None:
    store.submit_candles("BTCUSDT", Timeframe.M15, [candle(1), candle(2)])
    store.submit_candles("BTCUSDT", Timeframe.M15, [candle(2, close=1.75, taker=3.0), candle(3)])
    store.submit_candles("BTCUSDT", Timeframe.H1, [candle(2)])
    assert store.writer.flush()
    stored = store.candles("BTCUSDT", Timeframe.M15, 10)
    assert stored == [candle(1), candle(2, close=1.75, taker=3.0), candle(3)]
    assert store.candles("BTCUSDT", Timeframe.M15, 2) == stored[1:]


def test_storage_signal_survives_a_restart_unchanged(tmp_path: Path) -> None:
    first = Storage(tmp_path / "futtui.db")
    first.submit(RecordSignal(signal(1000), 1000))
    first.close_now()
    second = Storage(tmp_path / "futtui.db")
    assert second.open_signals() == [signal(1000)]
    second.submit(RecordSignal(signal(1000, SignalStatus.CLOSED), 2000))
    assert second.writer.flush()
    assert second.open_signals() == []
    assert second.counts()["signal_events"] == 2
    second.close_now()


def test_storage_second_open_signal_in_one_place_is_refused_and_others_are_kept(store: Storage) -> None:
    for item in (signal(1000), signal(2000), signal(3000, symbol="ETHUSDT")):
        store.submit(RecordSignal(item, 1))
    assert store.writer.flush()
    assert [item.signal_id for item in store.open_signals()] == [
        signal(1000).signal_id,
        signal(3000, symbol="ETHUSDT").signal_id,
    ]
    assert store.writer.refused == 1


def test_storage_trade_legs_are_written_once_however_often_it_is_recorded(store: Storage) -> None:
    for _ in range(3):
        store.submit(RecordTrade(trade(), 9))
    assert store.writer.flush()
    assert store.counts()["trades"] == 1
    assert store.counts()["legs"] == 2
    assert store.trades(10) == [trade()]


def test_storage_unblocked_symbol_is_no_longer_listed(store: Storage) -> None:
    store.submit(RecordSymbolState("BTCUSDT", 0, "blocked by you", 1))
    store.submit(RecordSymbolState("ETHUSDT", 5_000, "after a stop", 1))
    store.submit(RecordSymbolState("BTCUSDT", None, "", 2))
    assert store.writer.flush()
    assert store.blocked_symbols() == {"ETHUSDT": (5_000, "after a stop")}


def test_migrations_give_exactly_the_declared_tables(tmp_path: Path) -> None:
    engine = open_database(tmp_path / "futtui.db")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), METADATA) == []
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
    engine.dispose()


def test_open_database_file_of_a_newer_version_is_refused_in_plain_words(tmp_path: Path) -> None:
    path = tmp_path / "futtui.db"
    open_database(path).dispose()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(StorageError, match="newer futtui"):
        open_database(path)


def test_open_database_damaged_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "futtui.db"
    path.write_bytes(b"SQLite format 3\x00" + b"\xff" * 5000)
    before = path.read_bytes()
    with pytest.raises(StorageError, match="damaged"):
        open_database(path)
    assert path.read_bytes() == before


def test_writer_locked_database_is_written_after_the_lock_ends(store: Storage) -> None:
    other = sqlite3.connect(store.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    store.submit_candles("BTCUSDT", Timeframe.M15, [candle(1)])
    assert not store.writer.flush(0.3)
    other.execute("ROLLBACK")
    other.close()
    assert store.writer.flush(15)
    assert store.candles("BTCUSDT", Timeframe.M15, 1) == [candle(1)]


def test_storage_records_leave_no_circles_for_the_garbage_collector(tmp_path: Path) -> None:
    connection_to = open_database(tmp_path / "futtui.db")
    records = [
        RecordNoSignal(DAY_MS, "BTCUSDT", "pullback", "needs #, has #", "needs 1, has 2", DAY_MS),
        RecordSignal(signal(5), 5),
        RecordTrade(trade(), 9),
        RecordSymbolState("BTCUSDT", 99, "because", 5),
    ]
    with connection_to.begin() as connection:
        for record in records:
            write_record(connection, record)
        gc.collect()
        gc.disable()
        try:
            for record in records * 5:
                write_record(connection, record)
            left = gc.collect()
        finally:
            gc.enable()
    connection_to.dispose()
    assert left < 50, "a statement made anew for each record leaves about 200 objects in circles"
