"""AnalyzerPool: the same answers as in process, and honest about workers that die."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import zlib
from types import SimpleNamespace

import psutil
import pytest

from futtui.analysis import worker_link
from futtui.analysis.pool import AnalysisError, AnalyzerPool
from futtui.analysis.settings import AnalysisSettings
from futtui.domain.timeframe import Timeframe
from tests.analysis.markets import all_frames, split, walk

M15 = Timeframe.M15
SYMBOLS = ("AAAUSDT", "BBBUSDT", "CCCUSDT")
CLOSES = 30


def _market(seed: int):
    quarters = walk(seed, 96 * 8)
    past, moments = split(all_frames(quarters), quarters[-CLOSES].open_time_ms)
    return past, list(moments.values())


MARKETS = {symbol: _market(seed) for seed, symbol in enumerate(SYMBOLS)}


async def _analyse_all(workers: int):
    pool = AnalyzerPool(AnalysisSettings(), workers)
    pool.start()
    try:
        loads = await asyncio.gather(*(pool.load(symbol, past, 0.01) for symbol, (past, _) in MARKETS.items()))
        requests = [pool.on_closes(symbol, closes) for symbol, (_, later) in MARKETS.items() for closes in later]
        return loads, await asyncio.gather(*requests)
    finally:
        await pool.stop()


async def test_pool_workers_answer_exactly_as_in_process():
    inside, outside = await _analyse_all(0), await _analyse_all(2)
    assert outside == inside
    assert len(inside[1]) == 3 * CLOSES


@pytest.mark.parametrize("workers", [0, 1])
async def test_pool_tells_zone_events_of_history_once_and_later_ones_with_each_close(workers: int):
    pool = AnalyzerPool(AnalysisSettings(), workers)
    symbol, (past, later) = SYMBOLS[0], MARKETS[SYMBOLS[0]]
    pool.start()
    try:
        with pytest.raises(AnalysisError, match="Load its history"):
            await pool.take_zone_events(symbol, 0)
        await pool.load(symbol, past)
        middle_ms = past[M15][-200].open_time_ms
        told = await pool.take_zone_events(symbol, middle_ms)
        assert told
        assert min(event.time_ms for event in told) >= middle_ms
        assert await pool.take_zone_events(symbol, 0) == ()
        results = [await pool.on_closes(symbol, closes) for closes in later]
    finally:
        await pool.stop()
    news = [event for result in results for event in result.zone_events]
    assert news
    assert {event.event_id for event in news}.isdisjoint(event.event_id for event in told)
    for result in results:
        assert all(event.time_ms + event.timeframe.ms == result.reading.time_ms for event in result.zone_events)


async def test_pool_worker_that_dies_is_replaced_and_its_symbols_are_reported_lost():
    pool = AnalyzerPool(AnalysisSettings(), 2)
    pool.start()
    try:
        for symbol, (past, _) in MARKETS.items():
            await pool.load(symbol, past)
        place = zlib.crc32(SYMBOLS[0].encode()) % 2
        doomed = {symbol for symbol in SYMBOLS if zlib.crc32(symbol.encode()) % 2 == place}
        waiting = asyncio.ensure_future(pool.load(SYMBOLS[0], MARKETS[SYMBOLS[0]][0]))
        await asyncio.sleep(0)
        before = pool.worker_pids
        psutil.Process(before[place]).kill()
        with pytest.raises(AnalysisError, match="Load its history again"):
            await waiting
        assert pool.lost_symbols() == doomed
        assert pool.worker_pids[place] != before[place]
        assert pool.worker_pids[1 - place] == before[1 - place]
        with pytest.raises(AnalysisError, match="Load its history first"):
            await pool.on_closes(SYMBOLS[0], MARKETS[SYMBOLS[0]][1][0])
        reading = await pool.load(SYMBOLS[0], MARKETS[SYMBOLS[0]][0])
        result = await pool.on_closes(SYMBOLS[0], MARKETS[SYMBOLS[0]][1][0])
        assert result.reading.time_ms == reading.time_ms + M15.ms
        assert pool.lost_symbols() == doomed - {SYMBOLS[0]}
    finally:
        await pool.stop()


async def test_pool_stop_leaves_no_process_and_no_thread():
    before = {thread.ident for thread in threading.enumerate()}
    pool = AnalyzerPool(AnalysisSettings(), 2)
    pool.start()
    pids = pool.worker_pids
    await pool.load(SYMBOLS[0], MARKETS[SYMBOLS[0]][0])
    await pool.stop()
    await pool.stop()
    assert len(pids) == 2
    assert not any(psutil.pid_exists(pid) for pid in pids)
    ours = [thread for thread in threading.enumerate() if thread.ident not in before and "analysis" in thread.name]
    assert ours == []
    with pytest.raises(AnalysisError, match="not started"):
        await pool.load(SYMBOLS[0], MARKETS[SYMBOLS[0]][0])


async def test_pool_open_requests_fail_when_the_pool_stops():
    pool = AnalyzerPool(AnalysisSettings(), 1)
    pool.start()
    waiting = [asyncio.ensure_future(pool.load(symbol, past)) for symbol, (past, _) in MARKETS.items()]
    await asyncio.sleep(0)
    await pool.stop()
    answers = await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 10)
    assert all(isinstance(answer, AnalysisError) or answer.time_ms for answer in answers)


@pytest.mark.parametrize("workers", [0, 1])
async def test_pool_failing_load_is_told_in_words_and_harms_no_other_symbol(workers: int):
    pool = AnalyzerPool(AnalysisSettings(), workers)
    pool.start()
    try:
        with pytest.raises(AnalysisError, match="no usable 15m candle"):
            await pool.load(SYMBOLS[0], {M15: []})
        assert (await pool.load(SYMBOLS[1], MARKETS[SYMBOLS[1]][0])).symbol == SYMBOLS[1]
        with pytest.raises(AnalysisError, match="Load its history first"):
            await pool.on_closes(SYMBOLS[0], MARKETS[SYMBOLS[0]][1][0])
    finally:
        await pool.stop()


async def test_pool_answer_after_the_deadline_costs_the_worker_its_life():
    pool = AnalyzerPool(AnalysisSettings(), 1, deadline_seconds=0.001)
    pool.start()
    first = pool.worker_pids
    try:
        with pytest.raises(AnalysisError, match=r"no answer within 0\.001 seconds"):
            await pool.load(SYMBOLS[0], MARKETS[SYMBOLS[0]][0])
        await asyncio.to_thread(psutil.wait_procs, [psutil.Process(pid) for pid in first if psutil.pid_exists(pid)], 10)
        assert not psutil.pid_exists(first[0])
    finally:
        await pool.stop()


async def test_pool_long_queue_is_no_reason_to_kill_a_worker_that_keeps_answering(monkeypatch: pytest.MonkeyPatch):
    class BusyLink:
        """Answers others for six deadlines before it comes to ours."""

        pid, answers, killed = 1, 0, False

        def __init__(self, settings: object, on_death: object) -> None:
            self._work: asyncio.Task[None] | None = None

        def request(self, kind: str, arguments: tuple) -> asyncio.Future:
            future = asyncio.get_running_loop().create_future()
            self._work = asyncio.ensure_future(self._answer_others_first(future))
            return future

        async def _answer_others_first(self, future: asyncio.Future) -> None:
            for _ in range(30):
                await asyncio.sleep(0.01)
                self.answers += 1
            future.set_result((True, "at last"))

        def kill(self) -> None:
            BusyLink.killed = True

        def close(self, patience_seconds: float) -> None:
            pass

    monkeypatch.setattr("futtui.analysis.pool.WorkerLink", BusyLink)
    pool = AnalyzerPool(AnalysisSettings(), 1, deadline_seconds=0.05)
    pool.start()
    assert await pool.load("AAAUSDT", {}) == "at last"
    assert not BusyLink.killed
    await pool.stop()


async def test_pool_broken_worker_is_given_up_after_three_useless_starts(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("futtui.analysis.worker_link._BOOT", "raise SystemExit(1)")
    pool = AnalyzerPool(AnalysisSettings(), 1)
    pool.start()
    try:
        async with asyncio.timeout(20):
            while pool.worker_pids:
                await asyncio.sleep(0.01)
        with pytest.raises(AnalysisError, match="keeps dying"):
            await pool.load(SYMBOLS[0], MARKETS[SYMBOLS[0]][0])
    finally:
        await pool.stop()


async def test_pool_worker_whose_answers_cannot_be_read_is_given_up_in_words(monkeypatch: pytest.MonkeyPatch):
    junk = "import sys; sys.stdout.buffer.write(bytes(3) + b'\\x03xyz'); sys.stdout.flush(); sys.stdin.buffer.read()"
    monkeypatch.setattr("futtui.analysis.worker_link._BOOT", junk)
    pool = AnalyzerPool(AnalysisSettings(), 1)
    pool.start()
    try:
        async with asyncio.timeout(20):
            while pool.worker_pids:
                await asyncio.sleep(0.01)
        with pytest.raises(AnalysisError, match="could not be read"):
            await pool.load(SYMBOLS[0], MARKETS[SYMBOLS[0]][0])
    finally:
        await pool.stop()


async def test_pool_worker_ends_when_its_parent_dies():
    """A parent that is killed outright cannot say goodbye; the closed pipe must be enough."""
    script = (
        "import sys, time; from futtui.analysis.pool import AnalyzerPool\n"
        "from futtui.analysis.settings import AnalysisSettings\n"
        "pool = AnalyzerPool(AnalysisSettings(), 1)\n"
        "pool.start(); print(pool.worker_pids[0], flush=True); time.sleep(60)"
    )
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", script, stdout=asyncio.subprocess.PIPE)
    worker = psutil.Process(int(await asyncio.wait_for(parent.stdout.readline(), 20)))
    parent.kill()
    await parent.wait()
    gone, alive = await asyncio.to_thread(psutil.wait_procs, [worker], 10)
    assert (len(gone), alive) == (1, [])


def test_pool_import_loads_no_analysis_code():
    script = (
        "import sys, futtui.analysis.pool\n"
        "heavy = ('numpy', 'futtui.zones', 'futtui.strategies', 'futtui.indicators')\n"
        "print([name for name in sys.modules if name.startswith(heavy)])"
    )
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, encoding="utf-8")
    assert out.stdout.strip() == "[]"


def test_worker_in_a_virtual_environment_of_windows_is_the_process_that_works(monkeypatch):
    def program(platform: str, executable: str) -> tuple[str, dict[str, str]]:
        names = SimpleNamespace(platform=platform, executable=executable, _base_executable=r"C:\Python\python.exe")
        monkeypatch.setattr(worker_link, "sys", names)
        return worker_link.interpreter()

    started = r"C:\futtui\.venv\Scripts\python.exe"
    assert program("win32", started) == (r"C:\Python\python.exe", {"__PYVENV_LAUNCHER__": started})
    assert program("win32", r"C:\Python\python.exe") == (r"C:\Python\python.exe", {})
    assert program("linux", "/venv/bin/python") == ("/venv/bin/python", {})
