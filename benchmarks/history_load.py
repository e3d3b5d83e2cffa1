"""How fast a year of one-minute candles is taken in and loaded as arrays."""

from __future__ import annotations

import gzip
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from futtui.domain.candle import Candle
from futtui.domain.timeframe import DAY_MS, MINUTE_MS, Timeframe
from futtui.exchange.binance.archive.writing import write_klines
from futtui.live.history_jobs.imports import ImportRequest, import_files
from futtui.storage.candle_arrays import CandleArrays
from futtui.storage.database import open_database
from futtui.storage.deep_history import DeepHistory
from futtui.storage.store import Storage

NAME = "history-load"
DESCRIPTION = "A year of 1m candles of one symbol (525,600): import of monthly files, and loading rows or day blocks."
BARS = 365 * 1440
START_MS = 19_723 * DAY_MS
ROUNDS = 5
GOAL_S = 0.5


def _year() -> CandleArrays:
    """A made-up year with the archive's decimals: prices to one digit, volumes to three, quote volumes to five."""
    chance = np.random.default_rng(7)
    close = np.round(60_000 + np.cumsum(chance.normal(0, 15, BARS)), 1)
    close = np.maximum(close, 5_000.0)
    opened = np.concatenate([[close[0]], close[:-1]])
    high = np.round(np.maximum(opened, close) + chance.exponential(8, BARS), 1)
    low = np.round(np.minimum(opened, close) - chance.exponential(8, BARS), 1)
    volume = np.round(chance.lognormal(4, 1, BARS), 3)
    taker = np.round(volume * chance.uniform(0.2, 0.8, BARS), 3)
    count = np.ceil(volume * 20)
    quote, taker_quote = np.round(volume * close, 5), np.round(taker * close, 5)
    figures = np.stack([opened, high, low, close, volume, quote, count, taker, taker_quote])
    return CandleArrays(START_MS + np.arange(BARS, dtype=np.int64) * MINUTE_MS, figures)


def _median_s(work: Callable[[], object]) -> tuple[float, float]:
    """Median and worst seconds."""
    seconds = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds), max(seconds)


def _rows(folder: Path, year: CandleArrays) -> tuple[float, float]:
    """Seconds for the same year from the row table."""
    path = folder / "rows.db"
    store = Storage(path)
    for first in range(0, BARS, 50_000):
        part = slice(first, first + 50_000)
        table = zip(year.open_time_ms[part].tolist(), *year.figures[:, part].tolist(), strict=True)
        store.submit_candles("BTCUSDT", Timeframe.M1, [Candle(*row) for row in table])
    store.writer.flush(120)
    store.close_now()
    return _loading(path)


def _loading(path: Path) -> tuple[float, float]:
    engine = open_database(path)
    deep = DeepHistory(engine)
    result = _median_s(lambda: deep.load_arrays("BTCUSDT", Timeframe.M1, START_MS, START_MS + 365 * DAY_MS))
    engine.dispose()
    return result


def _import(folder: Path, year: CandleArrays) -> tuple[float, int]:
    """Seconds to import the year from twelve gzip files into a new database, and their size."""
    files = folder / "files"
    files.mkdir()
    for month, part in enumerate(np.array_split(np.arange(BARS), 12), 1):
        times, figures = year.open_time_ms[part], np.ascontiguousarray(year.figures[:, part])
        write_klines(files / f"BTCUSDT-1m-2024-{month:02}.csv.gz", times, figures, MINUTE_MS)
    size = sum(len(gzip.decompress(path.read_bytes())) for path in files.iterdir())
    engine = open_database(folder / "blocks.db")
    started = time.perf_counter()
    import_files(ImportRequest(files), DeepHistory(engine), lambda state: None)
    seconds = time.perf_counter() - started
    engine.dispose()
    return seconds, size


def run() -> tuple[list[tuple[str, ...]], dict[str, float]]:
    """Seconds of each way, and whether the goal is met."""
    year = _year()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        import_s, size = _import(folder, year)
        blocks_s, blocks_worst_s = _loading(folder / "blocks.db")
        blocks_mb = (folder / "blocks.db").stat().st_size / 1e6
        rows_s, rows_worst_s = _rows(folder, year)
        rows_mb = (folder / "rows.db").stat().st_size / 1e6
    rows_rate, blocks_rate = f"{BARS / rows_s:,.0f}", f"{BARS / blocks_s:,.0f}"
    rows = [
        ("work", "median s", "worst s", "candles/s", "database MB"),
        ("load from rows", f"{rows_s:.3f}", f"{rows_worst_s:.3f}", rows_rate, f"{rows_mb:.1f}"),
        ("load from day blocks", f"{blocks_s:.3f}", f"{blocks_worst_s:.3f}", blocks_rate, f"{blocks_mb:.1f}"),
        (f"import 12 files ({size / 1e6:.0f} MB of text)", f"{import_s:.3f}", "", f"{BARS / import_s:,.0f}", ""),
        (f"goal: load in under {GOAL_S} s", "met" if blocks_s < GOAL_S else "MISSED", "", "", ""),
    ]
    figures = {
        "load_rows_s": rows_s,
        "load_blocks_s": blocks_s,
        "load_blocks_worst_s": blocks_worst_s,
        "import_candles_per_s": BARS / import_s,
        "blocks_mb": blocks_mb,
        "rows_mb": rows_mb,
    }
    return rows, figures
