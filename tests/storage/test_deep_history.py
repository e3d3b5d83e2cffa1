"""Deep history: years of candles come back exactly as they went in, merged with live candles, each time once."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from futtui.domain.candle import Candle
from futtui.domain.errors import InvalidInputError, StorageError
from futtui.domain.timeframe import DAY_MS, Timeframe
from futtui.storage.candle_arrays import FIGURES, CandleArrays, completed, merged
from futtui.storage.database import open_database
from futtui.storage.day_blocks import decode_day, encode_day, open_times
from futtui.storage.deep_history import DeepHistory
from futtui.storage.file_manifest import FileRecord, FileStatus
from futtui.storage.store import Storage

M15 = Timeframe.M15
DAY = 19_800 * DAY_MS
NAN = float("nan")


def arrays(count: int, start_ms: int = DAY, price: float = 100.25, step: int = 1, rest: float = 7.5) -> CandleArrays:
    times = start_ms + np.arange(count, dtype=np.int64) * M15.ms * step
    figures = np.array([[price], [price + 2.5], [price - 1.125], [price + 0.001], [12.345], *[[rest]] * 4])
    return CandleArrays(times, np.ascontiguousarray(np.repeat(figures, count, axis=1)))


def record(name: str, start_ms: int, days: int, verified: bool = True, symbol: str = "BTCUSDT") -> FileRecord:
    end_ms = start_ms + days * DAY_MS
    return FileRecord(name, symbol, M15, FileStatus.IMPORTED, verified, start_ms, end_ms, 1_000)


def same(first: CandleArrays, second: CandleArrays) -> bool:
    return np.array_equal(first.open_time_ms, second.open_time_ms) and np.array_equal(
        first.figures, second.figures, equal_nan=True
    )


@pytest.fixture
def deep(tmp_path: Path):
    engine = open_database(tmp_path / "futtui.db")
    yield DeepHistory(engine)
    engine.dispose()


decimal_numbers = st.builds(lambda number, decimals: number / 10**decimals, st.integers(0, 10**13), st.integers(0, 9))
any_numbers = st.floats(0, 1e18, allow_nan=False)
columns = st.one_of(decimal_numbers, any_numbers, st.just(NAN))


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_day_block_gives_back_every_bit_of_what_was_put_in(data: st.DataObject) -> None:
    length_ms = data.draw(st.sampled_from([Timeframe.M1, M15, Timeframe.H4, Timeframe.D1])).ms
    slots = sorted(data.draw(st.sets(st.integers(0, DAY_MS // length_ms - 1), min_size=1, max_size=40)))
    kinds = [data.draw(st.sampled_from([decimal_numbers, any_numbers, columns, st.just(NAN)])) for _ in FIGURES]
    figures = np.array([data.draw(st.lists(kind, min_size=len(slots), max_size=len(slots))) for kind in kinds])
    times = DAY + np.array(slots, np.int64) * length_ms
    block = encode_day(CandleArrays(times, figures), DAY, length_ms)
    back = np.empty_like(figures)
    assert np.array_equal(decode_day(block, DAY, length_ms, back), times)
    assert np.array_equal(open_times(block, DAY, length_ms), times)
    assert np.array_equal(back, figures, equal_nan=True)


some_bars = st.dictionaries(st.integers(0, 30), st.tuples(st.sampled_from([1.0, 2.0]), st.sampled_from([3.0, NAN])))


def from_dictionary(bars: dict[int, tuple[float, float]]) -> CandleArrays:
    slots = sorted(bars)
    figures = np.array([[bars[slot][0]] * 5 + [bars[slot][1]] * 4 for slot in slots]).reshape(-1, 9).T
    return CandleArrays(np.array(slots, np.int64), np.ascontiguousarray(figures))


@given(some_bars, some_bars)
def test_merged_and_completed_agree_with_plain_dictionaries(older: dict, newer: dict) -> None:
    assert same(merged(from_dictionary(older), from_dictionary(newer)), from_dictionary(older | newer))
    expected = older | newer
    for slot in older.keys() & newer.keys():
        if older[slot][0] == newer[slot][0] and np.isnan(newer[slot][1]):
            expected[slot] = older[slot]
    assert same(completed(from_dictionary(newer), from_dictionary(older)), from_dictionary(expected))


def test_load_arrays_cuts_exactly_at_the_times_asked_for(deep: DeepHistory) -> None:
    whole = arrays(96 * 3)
    deep.take_in(record("a", DAY, 3), whole)
    start_ms, end_ms = DAY + 5 * M15.ms, DAY + 2 * DAY_MS + 7 * M15.ms
    assert same(deep.load_arrays("BTCUSDT", M15, start_ms, end_ms), whole.between(start_ms, end_ms))
    assert len(deep.load_arrays("BTCUSDT", M15, start_ms, end_ms)) == 2 * 96 + 2
    assert len(deep.load_arrays("ETHUSDT", M15, start_ms, end_ms)) == 0
    assert len(deep.load_arrays("BTCUSDT", Timeframe.H1, start_ms, end_ms)) == 0


def test_load_arrays_live_candles_count_where_both_exist(tmp_path: Path) -> None:
    store = Storage(tmp_path / "futtui.db")
    engine = open_database(tmp_path / "futtui.db")
    deep = DeepHistory(engine)
    deep.take_in(record("a", DAY, 1), arrays(96))
    live = [Candle(DAY + index * M15.ms, 50.0, 52.0, 49.0, 51.0, 9.0) for index in (94, 95, 96, 97)]
    store.submit_candles("BTCUSDT", M15, live)
    assert store.writer.flush()
    loaded = deep.load_arrays("BTCUSDT", M15, DAY, DAY + 2 * DAY_MS)
    assert np.array_equal(loaded.open_time_ms, DAY + np.arange(98) * M15.ms)
    assert loaded.close[:94].tolist() == arrays(94).close.tolist()
    assert loaded.close[94:].tolist() == [51.0] * 4
    assert np.isnan(loaded.column("taker_buy_volume")[94:]).all()
    assert np.array_equal(deep.load_open_times("BTCUSDT", M15, DAY, DAY + 2 * DAY_MS), loaded.open_time_ms)
    assert [(item.symbol, item.timeframe) for item in deep.series()] == [("BTCUSDT", M15)]
    store.close_now()
    engine.dispose()


def test_take_in_same_file_twice_changes_nothing(deep: DeepHistory) -> None:
    for _ in range(2):
        assert deep.take_in(record("a", DAY, 2), arrays(150)) == 150
    assert same(deep.load_arrays("BTCUSDT", M15, DAY, DAY + 9 * DAY_MS), arrays(150))
    assert len(deep.files()) == 1


def test_take_in_replaced_published_file_leaves_nothing_of_the_old_one(deep: DeepHistory) -> None:
    deep.take_in(record("a", DAY, 2), arrays(192))
    corrected = arrays(50, price=300.0, step=2)
    deep.take_in(replace(record("a", DAY, 2), sha256="new"), corrected)
    assert same(deep.load_arrays("BTCUSDT", M15, DAY, DAY + 9 * DAY_MS), corrected)
    assert [file.sha256 for file in deep.files()] == ["new"]


def test_take_in_monthly_file_supersedes_the_daily_ones_inside_it(deep: DeepHistory) -> None:
    deep.take_in(record("day 1", DAY, 1), arrays(96))
    deep.take_in(record("day 9", DAY + 8 * DAY_MS, 1), arrays(96, DAY + 8 * DAY_MS))
    deep.take_in(record("month", DAY, 7), arrays(96 * 7))
    states = {file.name: file.status for file in deep.files("BTCUSDT", M15)}
    assert states == {
        "day 1": FileStatus.SUPERSEDED,
        "month": FileStatus.IMPORTED,
        "day 9": FileStatus.IMPORTED,
    }


def test_take_in_copy_without_checksum_never_touches_published_days(deep: DeepHistory) -> None:
    deep.take_in(record("published", DAY, 1), arrays(90))
    assert deep.take_in(record("copy", DAY, 2, verified=False), arrays(192, price=500.0)) == 96
    loaded = deep.load_arrays("BTCUSDT", M15, DAY, DAY + 2 * DAY_MS)
    assert same(loaded.between(DAY, DAY + DAY_MS), arrays(90))
    assert same(loaded.between(DAY + DAY_MS, DAY + 2 * DAY_MS), arrays(96, DAY + DAY_MS, price=500.0))


def test_take_in_second_copy_fills_unknown_figures_only_where_prices_agree(deep: DeepHistory) -> None:
    known = arrays(4)
    deep.take_in(record("rich", DAY, 1, verified=False), known)
    poor = arrays(6, rest=NAN)
    poor.figures[:4, 2] += 1.0
    deep.take_in(record("poor", DAY, 1, verified=False), poor)
    loaded = deep.load_arrays("BTCUSDT", M15, DAY, DAY + DAY_MS)
    assert np.array_equal(loaded.figures[:5], poor.figures[:5])
    taker = loaded.column("taker_buy_volume")
    assert taker[[0, 1, 3]].tolist() == [7.5] * 3
    assert np.isnan(taker[[2, 4, 5]]).all()


@pytest.mark.parametrize("fault", ["order", "beat", "impossible", "outside"])
def test_take_in_wrong_candles_leaves_database_and_record_untouched(deep: DeepHistory, fault: str) -> None:
    deep.take_in(record("a", DAY, 1), arrays(10))
    wrong = arrays(20, price=70.0)
    if fault == "order":
        wrong.open_time_ms[3] = wrong.open_time_ms[4]
    elif fault == "beat":
        wrong.open_time_ms[3] += 1
    elif fault == "impossible":
        wrong.figures[1, 3] = 1.0
    else:
        wrong.open_time_ms[19] = DAY + DAY_MS
    with pytest.raises(InvalidInputError):
        deep.take_in(replace(record("a", DAY, 1), sha256="x"), wrong)
    assert same(deep.load_arrays("BTCUSDT", M15, DAY, DAY + 9 * DAY_MS), arrays(10))
    assert [file.sha256 for file in deep.files()] == [""]


def test_load_arrays_damaged_block_is_told_and_never_served(deep: DeepHistory, tmp_path: Path) -> None:
    deep.take_in(record("a", DAY, 1), arrays(96))
    with sqlite3.connect(tmp_path / "futtui.db") as connection:
        (block,) = connection.execute("SELECT block FROM candle_blocks").fetchone()
        connection.execute("UPDATE candle_blocks SET block = ?", (block[:-1] + bytes([block[-1] ^ 1]),))
    connection.close()
    with pytest.raises(StorageError, match="damaged"):
        deep.load_arrays("BTCUSDT", M15, DAY, DAY + DAY_MS)


def test_open_database_of_the_first_version_keeps_its_candles_and_a_backup(tmp_path: Path) -> None:
    path = tmp_path / "futtui.db"
    store = Storage(path)
    store.submit_candles("BTCUSDT", M15, [Candle(DAY, 50.0, 52.0, 49.0, 51.0, 9.0)])
    store.close_now()
    with sqlite3.connect(path) as connection:
        for table in (
            "candle_blocks",
            "archive_files",
            "zones",
            "zone_events",
            "candle_gaps",
            "no_signals",
            "universe_standings",
        ):
            connection.execute(f"DROP TABLE {table}")
        connection.execute("ALTER TABLE signals DROP COLUMN code_hash")
        connection.execute("UPDATE alembic_version SET version_num = '0001'")
    connection.close()
    engine = open_database(path)
    assert len(DeepHistory(engine).load_arrays("BTCUSDT", M15, 0, DAY + DAY_MS)) == 1
    assert (tmp_path / "futtui.before-0001.db").is_file()
    engine.dispose()
