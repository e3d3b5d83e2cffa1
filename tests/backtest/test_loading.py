"""Candles are read where they will be analysed, and a run needs no more of them than it keeps."""

from __future__ import annotations

import multiprocessing
import os
import signal
import struct
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from pathlib import Path

import pytest

from futtui.analysis.settings import AnalysisSettings
from futtui.backtest import workers
from futtui.backtest.coverage import coverage_of
from futtui.backtest.data import SymbolData, data_hash, holes_in, load_symbol
from futtui.backtest.gate import Gate, SharedGate
from futtui.backtest.loading import Loaded, Wanted
from futtui.backtest.settings import BacktestRequest
from futtui.backtest.shards import SymbolRun
from futtui.backtest.workers import LocalCrew
from futtui.domain.errors import InvalidInputError
from futtui.domain.timeframe import DAY_MS, HOUR_MS, Timeframe
from futtui.live.past_candles import time_of
from futtui.live.settings import HistorySettings
from tests.backtest.made_history import candle_rows, write_candles, write_rows

START_MS = time_of("2024-03-01 14:15")
"""In the middle of a day, so that a bar of every longer timeframe is open."""
WARM_UP = HistorySettings(bars_15m=400, bars_1h=100, bars_4h=60, bars_1d=20)
SYMBOLS = ("BBBUSDT", "AAAUSDT", "CCCUSDT")


def wanted(folder: Path, **changes) -> Wanted:
    return replace(Wanted(folder, START_MS, START_MS + DAY_MS, WARM_UP, hashed=True), **changes)


def as_plain(found: Loaded) -> tuple[object, ...]:
    data = found.data
    series = [*data.past.series.items(), *data.fine]
    arrays = [(frame, each.open_time_ms.tolist(), each.figures.tobytes()) for frame, each in series]
    return data.symbol, data.rules, arrays, found.analysis_hash, found.whole_hash


def test_a_run_decides_the_same_with_what_it_keeps_as_with_all_candles(tmp_path: Path):
    """With a hole in the period, after which the history is loaded anew; a chart of a trade finds its bars, too."""
    end_ms = START_MS + 2 * DAY_MS
    rows = candle_rows(START_MS - 60 * DAY_MS, 70, seed=3)
    hole = slice((60 * 24 + 20) * 4, (60 * 24 + 22) * 4)
    del rows[hole]
    write_rows(tmp_path / "NEWUSDT.csv", rows)
    whole = load_symbol(tmp_path, "NEWUSDT", START_MS)
    kept = whole.during(START_MS, end_ms, WARM_UP)
    assert len(kept.past.series[Timeframe.M15]) < 0.5 * len(whole.past.series[Timeframe.M15])
    answers = [SymbolRun(each, AnalysisSettings(), WARM_UP, START_MS).advance(end_ms) for each in (whole, kept)]
    assert answers[0] == answers[1]
    assert len(answers[0]) > 2 * 96 - 20
    request = BacktestRequest(tmp_path, ("NEWUSDT",), START_MS, end_ms, warm_up=WARM_UP)
    told = [
        (
            coverage_of({"NEWUSDT": each}, request),
            holes_in(each, START_MS, end_ms),
            data_hash({"NEWUSDT": each}, START_MS, end_ms, WARM_UP, {"NEWUSDT": b""}),
        )
        for each in (whole, kept)
    ]
    assert told[0] == told[1]
    assert told[0][1] == [(START_MS + 20 * HOUR_MS, START_MS + 22 * HOUR_MS)]


def test_worker_processes_read_what_this_process_reads_and_end_at_a_bad_file(tmp_path: Path):
    for number, symbol in enumerate(SYMBOLS):
        write_candles(tmp_path / "15m" / f"{symbol}.csv", START_MS - 5 * DAY_MS, 7, seed=number)
    write_candles(tmp_path / "5m" / "AAAUSDT.csv", START_MS - DAY_MS, 3, seed=1, frame=Timeframe.M5)
    told: list[tuple[int, int]] = []
    here, others = LocalCrew(0), LocalCrew(2)
    expected = here.load(wanted(tmp_path), SYMBOLS)
    found = others.load(wanted(tmp_path), SYMBOLS, lambda done, of: told.append((done, of)))
    try:
        assert list(found) == list(SYMBOLS)
        assert [as_plain(each) for each in found.values()] == [as_plain(each) for each in expected.values()]
        assert told == [(0, 3), (1, 3), (2, 3), (3, 3)]
        assert [each.analysis_hash != each.whole_hash for each in found.values()] == [False, True, False]
        write_rows(tmp_path / "15m" / "BBBUSDT.csv", ["1709251200000,a,2,0.5,1,10,1709252099999,,,,,0"])
        assert others._processes is not None
        with pytest.raises(InvalidInputError, match=r"Line 2 of file .*BBBUSDT\.csv"):
            list(others._processes.load(wanted(tmp_path), SYMBOLS))
    finally:
        others.stop()


@pytest.mark.parametrize("error", [InvalidInputError("bad"), KeyboardInterrupt()])
def test_whatever_stops_the_reading_ends_the_processes(monkeypatch, tmp_path: Path, error: BaseException):
    ended = []

    class Reading:
        def __init__(self, count: int, gate: Gate) -> None: ...

        def load(self, *_):
            yield Loaded(SymbolData("BBBUSDT", None, (), None))  # type: ignore[arg-type]
            raise error

        def stop(self) -> None:
            ended.append(True)

    monkeypatch.setattr(workers, "Processes", Reading)
    with pytest.raises(type(error)):
        LocalCrew(2).load(wanted(tmp_path), SYMBOLS)
    assert ended == [True]


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="Windows has no masks of signals")
def test_processes_are_started_deaf_to_ctrl_c():
    """They inherit the mask of whoever starts them, which hears it again afterwards."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    with workers._spared_ctrl_c():
        assert signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, [])
    assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == before
    assert signal.SIGINT not in before


def half_an_answer(written: Path) -> None:
    """In a worker: begin to write an answer to the one who asks, then stand still."""
    frame = sys._getframe()
    while "result_queue" not in frame.f_locals:
        frame = frame.f_back
    os.write(frame.f_locals["result_queue"]._writer.fileno(), struct.pack("!i", 100_000) + b"only the beginning")
    written.touch()
    signal.pause()


@pytest.mark.skipif(sys.platform == "win32", reason="pipes of Windows are written in whole messages")
@pytest.mark.timeout(60)
def test_a_process_that_is_ended_within_its_answer_is_not_waited_for(tmp_path: Path):
    """The thread that reads answers ends, so the program can."""
    pool = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"))
    written = tmp_path / "written"
    answer = pool.submit(half_an_answer, written)
    reading_thread = pool._executor_manager_thread
    while not written.exists():
        assert not answer.done(), answer.exception()
        time.sleep(0.01)
    workers.end_at_once(pool)
    reading_thread.join()
    assert isinstance(answer.exception(), BrokenProcessPool)


def stand_still(gate: SharedGate, ready) -> None:
    """In a worker: wait at a gate."""
    ready.set()
    gate.wait()


@pytest.mark.timeout(60)
def test_a_worker_that_is_ended_while_it_stands_still_keeps_the_gate_from_nobody():
    context = multiprocessing.get_context("spawn")
    gate, ready = SharedGate(), context.Event()
    gate.close()
    waiting = [context.Process(target=stand_still, args=(gate, ready)) for _ in range(2)]
    for each in waiting:
        each.start()
        ready.wait()
        ready.clear()
    waiting[0].kill()
    waiting[0].join()
    assert waiting[1].is_alive()
    gate.open()
    gate.wait()
    waiting[1].join()
    assert waiting[1].exitcode == 0
