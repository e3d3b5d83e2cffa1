"""How fast closed candles reach the database file."""

from __future__ import annotations

import sqlite3
import tempfile
import time
from pathlib import Path
from statistics import median

from sqlalchemy.dialects.sqlite import insert

from futtui.domain.candle import Candle
from futtui.domain.timeframe import Timeframe
from futtui.storage import tables
from futtui.storage.database import open_database
from futtui.storage.rows import CANDLE_COLUMNS, UPSERT_CANDLES, candle_rows
from futtui.storage.store import Storage

NAME = "candle-upsert"
DESCRIPTION = (
    "Candle rows a second into SQLite: our writer through SQLAlchemy against raw sqlite3 executemany and Core."
)
ROWS = 100_000
ROUNDS = 3


def _bars() -> list[Candle]:
    return [Candle(index * 900_000, 1.0, 2.0, 0.5, 1.5, 10.0, 15.0, 7, 4.0, 6.0) for index in range(ROWS)]


def _ours(folder: Path, bars: list[Candle]) -> tuple[float, float]:
    store = Storage(folder / "ours.db")
    started = time.perf_counter()
    store.submit_candles("BTCUSDT", Timeframe.M15, bars)
    store.writer.flush(120)
    first = time.perf_counter()
    store.submit_candles("BTCUSDT", Timeframe.M15, bars)
    store.writer.flush(120)
    second = time.perf_counter()
    store.close_now()
    return ROWS / (first - started), ROWS / (second - first)


def _core(folder: Path, bars: list[Candle]) -> float:
    engine = open_database(folder / "core.db")
    started = time.perf_counter()
    rows = [dict(zip(CANDLE_COLUMNS, row, strict=True)) for row in candle_rows("BTCUSDT", Timeframe.M15, bars)]
    statement = insert(tables.candles)
    changed = {name: statement.excluded[name] for name in CANDLE_COLUMNS[3:]}
    with engine.begin() as connection:
        connection.execute(statement.on_conflict_do_update(index_elements=list(CANDLE_COLUMNS[:3]), set_=changed), rows)
    seconds = time.perf_counter() - started
    engine.dispose()
    return ROWS / seconds


def _raw(folder: Path, bars: list[Candle]) -> tuple[float, float]:
    """The same statement and rows through sqlite3 alone, on a file with the same schema and pragmas."""
    engine = open_database(folder / "raw.db")
    pragmas = ("journal_mode", "synchronous", "cache_size", "temp_store", "mmap_size", "wal_autocheckpoint")
    with engine.connect() as ours:
        values = {name: ours.exec_driver_sql(f"PRAGMA {name}").scalar_one_or_none() for name in pragmas}
    engine.dispose()
    connection = sqlite3.connect(folder / "raw.db")
    for name, value in values.items():
        if value is not None:
            connection.execute(f"PRAGMA {name} = {value}")
    seconds = []
    for _ in range(2):
        started = time.perf_counter()
        with connection:
            connection.executemany(UPSERT_CANDLES, candle_rows("BTCUSDT", Timeframe.M15, bars))
        seconds.append(time.perf_counter() - started)
    connection.close()
    return ROWS / seconds[0], ROWS / seconds[1]


def _median_pairs(pairs: list[tuple[float, float]]) -> tuple[float, float]:
    return median(pair[0] for pair in pairs), median(pair[1] for pair in pairs)


def run() -> tuple[list[tuple[str, ...]], dict[str, float]]:
    """Rows per second of all ways, in turns within one run; the ratio that counts is ours to raw sqlite3."""
    bars = _bars()
    raw_pairs, our_pairs = [], []
    with tempfile.TemporaryDirectory() as name:
        core = _core(Path(name), bars)
        for turn in range(ROUNDS):
            folder = Path(name) / str(turn)
            folder.mkdir()
            raw_pairs.append(_raw(folder, bars))
            our_pairs.append(_ours(folder, bars))
    (raw_new, raw_again), (new, again) = _median_pairs(raw_pairs), _median_pairs(our_pairs)
    rows = [
        ("way", "rows/s", "of raw sqlite3"),
        ("raw sqlite3 executemany, new rows", f"{raw_new:,.0f}", "100 %"),
        ("writer through SQLAlchemy, new rows", f"{new:,.0f}", f"{100 * new / raw_new:.0f} % (goal 80 %)"),
        ("raw sqlite3 executemany, same rows again", f"{raw_again:,.0f}", "100 %"),
        ("writer through SQLAlchemy, same rows again", f"{again:,.0f}", f"{100 * again / raw_again:.0f} % (goal 80 %)"),
        ("SQLAlchemy Core with dictionaries, new rows", f"{core:,.0f}", f"{100 * core / raw_new:.0f} %"),
    ]
    figures = {"core_rows_per_s": core, "writer_new_rows_per_s": new, "writer_same_rows_per_s": again}
    raw = {"raw_new_rows_per_s": raw_new, "raw_same_rows_per_s": raw_again}
    return rows, {**figures, **raw, "ratio_new": new / raw_new, "ratio_same": again / raw_again}
