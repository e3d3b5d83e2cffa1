"""A run of the same thing is not worked out again; whatever changed, or is damaged in the cache, is."""

from __future__ import annotations

import io
from dataclasses import replace
from errno import ENOSPC
from pathlib import Path

import numpy as np
import pytest

from futtui.analysis.settings import AnalysisSettings
from futtui.backtest import run as run_module
from futtui.backtest import shards, store
from futtui.backtest.data import load_symbol
from futtui.backtest.report import as_json
from futtui.backtest.run import Backtest
from futtui.backtest.settings import BacktestRequest, Costs
from futtui.backtest.store import AnalysisLog, RunStore, key_of, symbol_hash
from futtui.domain.timeframe import DAY_MS, HOUR_MS
from futtui.exchange.simulator.market import steps
from futtui.live.past_candles import time_of
from futtui.strategies.settings import StrategySettings
from tests.backtest.made_history import write_candles

START_MS = time_of("2024-03-01")
STRETCHES = 3
STRETCH_MS = 2 * HOUR_MS


@pytest.fixture
def request_of_hours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BacktestRequest:
    monkeypatch.setattr(run_module, "STRETCH_MS", STRETCH_MS)
    for number, symbol in enumerate(("AAAUSDT", "BBBUSDT")):
        write_candles(tmp_path / "candles" / "15m" / f"{symbol}.csv", START_MS - DAY_MS, 1.5, seed=number)
    return BacktestRequest(
        tmp_path / "candles", ("AAAUSDT", "BBBUSDT"), START_MS, START_MS + STRETCHES * STRETCH_MS, workers=0
    )


@pytest.fixture
def closes(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Every stretch that is really analysed."""
    seen: list[tuple[str, int]] = []
    plain = shards.SymbolRun.advance

    def counted(self, until_ms: int):
        seen.append((self._data.symbol, until_ms))
        return plain(self, until_ms)

    monkeypatch.setattr(shards.SymbolRun, "advance", counted)
    return seen


def test_store_second_run_of_the_same_analyses_nothing_and_says_the_same(request_of_hours, tmp_path, closes):
    kept = RunStore(tmp_path / "cache")
    first = Backtest(request_of_hours, store=kept).run()
    assert len(closes) == 2 * STRETCHES
    again = Backtest(request_of_hours, store=RunStore(tmp_path / "cache")).run()
    assert len(closes) == 2 * STRETCHES
    assert as_json(again) == as_json(first)
    assert again.signals == first.signals


def test_store_other_costs_walk_anew_on_kept_analyses(request_of_hours, tmp_path, closes):
    kept = RunStore(tmp_path / "cache")
    Backtest(request_of_hours, store=kept).run()
    dear = replace(request_of_hours, costs=Costs().times(3.0))
    stored = Backtest(dear, store=kept).run()
    assert len(closes) == 2 * STRETCHES
    assert as_json(stored) == as_json(Backtest(dear).run())


def test_store_cancelled_run_goes_on_where_it_was(request_of_hours, tmp_path, closes):
    def stop(done: int, total: int) -> None:
        if done >= 2 * STRETCH_MS:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Backtest(request_of_hours, store=RunStore(tmp_path / "cache")).run(stop)
    assert not list((tmp_path / "cache").glob("*.result"))
    assert not list((tmp_path / "cache").glob("*.part"))
    before = len(closes)
    done = Backtest(request_of_hours, store=RunStore(tmp_path / "cache")).run()
    assert {until_ms for _, until_ms in closes[before:]} == {START_MS + 2 * STRETCH_MS, START_MS + 3 * STRETCH_MS}
    assert as_json(done) == as_json(Backtest(request_of_hours).run())


def test_store_run_goes_on_from_the_kept_memory_of_an_analyzer(request_of_hours, tmp_path, closes, monkeypatch):
    monkeypatch.setattr(shards, "STATE_EVERY_MS", STRETCH_MS)
    short = replace(request_of_hours, end_ms=START_MS + 2 * STRETCH_MS)
    Backtest(short, store=RunStore(tmp_path / "cache")).run()
    before = len(closes)
    done = Backtest(request_of_hours, store=RunStore(tmp_path / "cache")).run()
    assert closes[before:] == [("AAAUSDT", START_MS + 3 * STRETCH_MS), ("BBBUSDT", START_MS + 3 * STRETCH_MS)]
    assert as_json(done) == as_json(Backtest(request_of_hours).run())


@pytest.mark.parametrize("ending", ["answers", "result", "state"])
@pytest.mark.parametrize("harm", ["torn", "changed"])
def test_store_damaged_files_are_worked_out_again(request_of_hours, tmp_path, ending, harm, monkeypatch):
    monkeypatch.setattr(shards, "STATE_EVERY_MS", STRETCH_MS)
    whole = Backtest(request_of_hours, store=RunStore(tmp_path / "cache")).run()
    files = list((tmp_path / "cache").glob(f"*.{ending}"))
    assert files
    for file in files:
        content = bytearray(file.read_bytes())
        middle = len(content) // 2
        if harm == "changed":
            content[middle] ^= 0xFF
        file.write_bytes(bytes(content[:middle] if harm == "torn" else content))
    if ending != "result":
        for file in (tmp_path / "cache").glob("*.result"):
            file.unlink()
    if ending == "state":
        for file in (tmp_path / "cache").glob("*.answers"):
            log = AnalysisLog(file, RunStore(tmp_path / "cache"))
            log._cut(log._places[START_MS + STRETCH_MS, START_MS + 2 * STRETCH_MS][0] - store.RECORD.size)
    again = Backtest(request_of_hours, store=RunStore(tmp_path / "cache")).run()
    assert as_json(again) == as_json(whole)


def test_store_key_follows_code_settings_and_candles(request_of_hours, monkeypatch):
    history, start_ms = request_of_hours.history, request_of_hours.start_ms
    data = load_symbol(history, "AAAUSDT", start_ms)
    plain = AnalysisSettings()
    known = key_of(symbol_hash(data, fine=True), plain)
    assert known == key_of(
        symbol_hash(load_symbol(history, "AAAUSDT", start_ms), fine=True),
        AnalysisSettings(),
    )
    strategies = StrategySettings()
    other = replace(strategies, break_retest=replace(strategies.break_retest, enabled=False))
    assert key_of(symbol_hash(data, fine=True), replace(plain, strategies=other)) != known
    series = data.past.series[next(iter(data.past.series))]
    figures = series.figures.copy()
    figures[3, -1] = np.nextafter(figures[3, -1], 0.0)
    changed = replace(
        data.past, series={**data.past.series, next(iter(data.past.series)): replace(series, figures=figures)}
    )
    assert key_of(symbol_hash(replace(data, past=changed), fine=True), plain) != known
    monkeypatch.setattr(store, "code_hash", lambda: "another version")
    assert key_of(symbol_hash(data, fine=True), plain) != known


def test_store_stays_below_its_size_and_drops_the_oldest(tmp_path):
    kept = RunStore(tmp_path, most_bytes=10_000)
    old = kept.log("old")
    old.append((0, 1), b"x" * 6_000)
    newer = RunStore(tmp_path, most_bytes=10_000)
    log = newer.log("new")
    log.append((0, 1), b"y" * 6_000)
    assert not old.file.exists()
    assert log.read((0, 1)) == b"y" * 6_000
    log.append((1, 2), b"z" * 6_000)
    assert (1, 2) not in log
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) <= 10_000


def test_store_lives_with_files_that_another_run_holds(tmp_path, monkeypatch):
    RunStore(tmp_path).log("old").append((0, 1), b"x" * 6_000)
    (tmp_path / "torn.result").write_bytes(b"torn")

    def held(self, missing_ok=False):
        raise PermissionError(13, "The process cannot access the file")

    monkeypatch.setattr(Path, "unlink", held)
    kept = RunStore(tmp_path, most_bytes=5_000)
    assert kept.result("torn") is None
    assert not kept.may_grow(1)


def test_store_on_a_full_disk_is_only_slower(request_of_hours, tmp_path, monkeypatch):
    """A part of each record gets to the disk, then nothing more; a later run with room again says the same."""
    monkeypatch.setattr(shards, "STATE_EVERY_MS", STRETCH_MS)
    opened, full = Path.open, OSError(ENOSPC, "No space left on device")

    class Full(io.FileIO):
        def write(self, content) -> int:
            super().write(content[: len(content) // 2])
            raise full

    def no_room(self, mode="r", *others, **named):
        kept = "cache" in self.parts and ("w" in mode or "a" in mode)
        return Full(self, mode.replace("b", "")) if kept else opened(self, mode, *others, **named)

    with monkeypatch.context() as now:
        now.setattr(Path, "open", no_room)
        found = Backtest(request_of_hours, store=RunStore(tmp_path / "cache")).run()
    plain = Backtest(request_of_hours).run()
    assert as_json(found) == as_json(plain)
    assert not list((tmp_path / "cache").glob("*.result")) + list((tmp_path / "cache").glob("*.part"))
    assert list((tmp_path / "cache").glob("*.answers"))
    assert as_json(Backtest(request_of_hours, store=RunStore(tmp_path / "cache")).run()) == as_json(plain)


def test_store_files_that_another_run_needed_the_room_of_are_worked_out_again(request_of_hours, tmp_path):
    plain = Backtest(request_of_hours, store=RunStore(tmp_path / "cache")).run()
    for file in (tmp_path / "cache").glob("*.result"):
        file.unlink()

    def robbed(done: int, total: int) -> None:
        for file in (tmp_path / "cache").iterdir():
            file.unlink()

    again = Backtest(request_of_hours, store=RunStore(tmp_path / "cache")).run(robbed)
    assert as_json(again) == as_json(plain)


def test_store_bytes_with_one_wrong_bit_are_not_believed():
    for place in range(100):
        kept = bytearray(store.checked(bytes(range(96))))
        kept[place] ^= 1
        with pytest.raises(ValueError, match="damaged"):
            store.unchecked(bytes(kept))


def test_hash_of_data_follows_all_that_was_read_and_nothing_else(request_of_hours, tmp_path, monkeypatch):
    """Candles that warm up and recorded funding move a result; candles after the end do not."""
    monkeypatch.setattr(steps, "SAMPLE_BARS", 50)  # steps of a young symbol are those of its first candles
    request = replace(request_of_hours, symbols=("AAAUSDT",), end_ms=START_MS + STRETCH_MS)
    file, funding = tmp_path / "candles" / "15m" / "AAAUSDT.csv", tmp_path / "candles" / "funding" / "AAAUSDT.csv"

    def hash_now() -> str:
        return as_json(Backtest(request).run())["run"]["data_hash"]

    head, *rows = file.read_text().splitlines()
    known = hash_now()
    file.write_text("\n".join([head, *rows[:-4]]) + "\n")
    assert hash_now() == known
    file.write_text("\n".join([head, *rows[4:]]) + "\n")
    assert hash_now() != known
    file.write_text("\n".join([head, *rows]) + "\n")
    funding.parent.mkdir()
    funding.write_text(f"funding_time,funding_rate\n{START_MS},0.0003\n")
    paid = hash_now()
    assert paid != known
    funding.write_text(f"funding_time,funding_rate\n{START_MS},0.0004\n")
    assert hash_now() not in (known, paid)
