"""How fast closed candles reach the database file."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from sqlalchemy.dialects.sqlite import insert

from futtui.domain.candle import Candle
from futtui.domain.timeframe import Timeframe
from futtui.storage import tables
from futtui.storage.database import open_database
from futtui.storage.rows import CANDLE_COLUMNS, candle_rows
from futtui.storage.store import Storage

NAME = "candle-upsert"
DESCRIPTION = "Candle rows a second into SQLite: our writer thread against SQLAlchemy Core with dictionaries."
ROWS = 100_000


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


def run() -> tuple[list[tuple[str, ...]], dict[str, float]]:
    """Rows per second of both ways, one after the other."""
    bars = _bars()
    with tempfile.TemporaryDirectory() as name:
        core = _core(Path(name), bars)
        fresh, again = _ours(Path(name), bars)
    rows = [
        ("way", "rows/s", "ratio"),
        ("SQLAlchemy Core, dictionaries", f"{core:,.0f}", "1.00"),
        ("writer thread, new rows", f"{fresh:,.0f}", f"{fresh / core:.2f}"),
        ("writer thread, same rows again", f"{again:,.0f}", f"{again / core:.2f}"),
    ]
    figures = {"core_rows_per_s": core, "writer_new_rows_per_s": fresh, "writer_same_rows_per_s": again}
    return rows, {**figures, "ratio_new": fresh / core}
