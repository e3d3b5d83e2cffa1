"""Those on this machine who work on the symbols of a run: nobody but this process, or processes of their own.

A process reads the candles of the symbols that it will analyse itself, so reading takes as many cores as analysing.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace

from futtui.analysis.collector import calm_collector
from futtui.backtest.data import SymbolData
from futtui.backtest.gate import Gate, OpenGate
from futtui.backtest.loading import Loaded, Told, Wanted, load, unheard
from futtui.backtest.shards import Answer, Answers, Crew, Job, Worker, packed

_worker = Worker()
_jobs: dict[str, Job] = {}
_loaded: dict[str, SymbolData] = {}
_gate: Gate = OpenGate()


def _settle(gate: Gate) -> None:
    """Begin as a worker process. Ctrl+C is the business of the process that asks: it ends its workers in order."""
    global _gate
    _gate = gate
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()
    calm_collector()


def end_with_parent() -> None:
    """End this worker process when the one that asks is gone, also while it waits at a gate that nobody opens now."""
    asker = multiprocessing.parent_process()
    if asker is None:
        return
    wait_for_end = asker.join

    def follow() -> None:
        wait_for_end()
        os._exit(1)

    threading.Thread(target=follow, daemon=True).start()


def _load(wanted: Wanted, symbol: str) -> Loaded:
    """Read a symbol, and keep what its analyses need."""
    _gate.wait()
    found = load(wanted, symbol)
    _loaded[symbol] = replace(found.data, fine=())
    return found


def _take(jobs: dict[str, Job]) -> None:
    """Get ready to work on these symbols: those that come without candles were read here."""
    for name, job in jobs.items():
        _jobs[name] = job if job.data.past.series else replace(job, data=_loaded[name])
    _loaded.clear()


def _advance(symbol: str, from_ms: int, until_ms: int) -> bytes:
    job = _jobs[symbol]
    _gate.wait()
    return packed(_worker.advance(job, from_ms, until_ms), small=job.state_file is not None)


@dataclass(frozen=True, slots=True)
class _Here:
    """Worked out when the result is asked for."""

    work: Callable[[], Answers]

    def result(self) -> Answers:
        return self.work()


class OwnProcess:
    """No worker at all: everything happens in this process when it is needed."""

    def __init__(self, jobs: dict[str, Job], gate: Gate | None = None) -> None:
        self._jobs, self._worker, self._gate = jobs, Worker(), gate or OpenGate()

    def advance(self, symbol: str, from_ms: int, until_ms: int) -> Answer:
        """Promise a stretch."""

        def work() -> Answers:
            self._gate.wait()
            return self._worker.advance(self._jobs[symbol], from_ms, until_ms)

        return _Here(work)

    def stop(self) -> None:
        """Nothing runs."""


class Processes:
    """Worker processes on this machine; a symbol stays with its process."""

    def __init__(self, workers: int, gate: Gate) -> None:
        context = multiprocessing.get_context("spawn")
        self._pools = [ProcessPoolExecutor(1, context, _settle, (gate,)) for _ in range(workers)]
        self._homes: dict[str, int] = {}
        self._pool_of: dict[str, ProcessPoolExecutor] = {}

    def load(self, wanted: Wanted, symbols: Sequence[str]) -> Iterator[Loaded]:
        """The symbols in order, as they are read."""
        self._homes = {symbol: place % len(self._pools) for place, symbol in enumerate(symbols)}
        with _spared_ctrl_c():
            reading = [self._pools[place].submit(_load, wanted, symbol) for symbol, place in self._homes.items()]
        reading.reverse()
        while reading:  # what was given away is not held
            yield reading.pop().result()

    def take(self, jobs: dict[str, Job]) -> None:
        """Share the symbols out: each where it was read, as far as all have about as much to do then."""
        shares = even_shares(jobs, len(self._pools), self._homes)
        taking: list[Future[None]] = []
        with _spared_ctrl_c():
            for place, (pool, share) in enumerate(zip(self._pools, shares, strict=True)):
                known = {name for name in share if self._homes.get(name) == place}
                light = {n: replace(j, data=j.data.without_candles()) if n in known else j for n, j in share.items()}
                self._pool_of.update(dict.fromkeys(share, pool))
                taking.append(pool.submit(_take, light))
        for each in taking:
            each.result()

    def advance(self, symbol: str, from_ms: int, until_ms: int) -> Answer:
        """Hand a stretch to the symbol's process."""
        return self._pool_of[symbol].submit(_advance, symbol, from_ms, until_ms)

    def stop(self) -> None:
        """End the processes; what they are at is given up."""
        for pool in self._pools:
            end_at_once(pool)


def end_at_once(pool: ProcessPoolExecutor) -> None:
    """End the processes of a pool; what they are at is given up.

    One may end in the middle of an answer. Whoever reads it here would wait for the rest for ever, and the end of the
    program for him, as long as this process holds the writing end of the pipe open too.
    """
    processes = list((getattr(pool, "_processes", None) or {}).values())
    writing_end = getattr(getattr(pool, "_result_queue", None), "_writer", None)
    pool.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        process.terminate()
    if writing_end is not None:
        writing_end.close()


@contextmanager
def _spared_ctrl_c() -> Iterator[None]:
    """Processes that are started inside never hear Ctrl+C: one that is not ready for it would print where it was."""
    if sys.platform == "win32":  # there a console's Ctrl+C cannot be held back
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def even_shares(jobs: Mapping[str, Job], count: int, homes: Mapping[str, int] | None = None) -> list[dict[str, Job]]:
    """The jobs in `count` shares of about as many closes: the longest first, each to whoever has least.

    Those that have a home stay there unless the shares are more even without them.
    """
    shares: list[dict[str, Job]] = [{} for _ in range(count)]
    for name, job in jobs.items():
        if homes and name in homes:
            shares[homes[name]][name] = job
    for name, job in sorted(jobs.items(), key=lambda each: -each[1].closes):
        if not homes or name not in homes:
            min(shares, key=lambda share: (_closes(share), len(share)))[name] = job
    while True:
        most, least = max(shares, key=_closes), min(shares, key=_closes)
        gap = _closes(most) - _closes(least)
        helping = [name for name, job in most.items() if 0 < job.closes < gap]
        if not helping:
            return shares
        name = min(helping, key=lambda each: abs(gap - 2 * most[each].closes))
        least[name] = most.pop(name)


def _closes(share: Mapping[str, Job]) -> int:
    return sum(job.closes for job in share.values())


class LocalCrew:
    """Those who work on this machine: `workers` processes, or nobody else. Told what to read, then what to do.

    While `gate` is closed nobody begins a symbol or a stretch.
    """

    def __init__(self, workers: int, gate: Gate | None = None) -> None:
        self._workers, self._gate = workers, gate or OpenGate()
        self._processes: Processes | None = None

    def load(self, wanted: Wanted, symbols: Sequence[str], told: Told = unheard) -> dict[str, Loaded]:
        """All symbols; raises InvalidInputError for missing or bad files and empty periods, and ends the processes."""
        found: dict[str, Loaded] = {}
        if symbols:
            told(0, len(symbols))
        try:
            for each in self._reading(wanted, symbols):
                found[each.data.symbol] = each
                told(len(found), len(symbols))
        except BaseException:
            self.stop()
            raise
        return found

    def _reading(self, wanted: Wanted, symbols: Sequence[str]) -> Iterator[Loaded]:
        if self._workers <= 0 or len(symbols) < 2:
            return (self._read(wanted, symbol) for symbol in symbols)
        self._processes = Processes(min(self._workers, len(symbols)), self._gate)
        return self._processes.load(wanted, symbols)

    def _read(self, wanted: Wanted, symbol: str) -> Loaded:
        self._gate.wait()
        return load(wanted, symbol)

    def __call__(self, jobs: dict[str, Job]) -> Crew:
        """The crew that works on these symbols."""
        if self._processes is None:
            if self._workers <= 0 or len(jobs) < 2:
                return OwnProcess(jobs, self._gate)
            self._processes = Processes(min(self._workers, len(jobs)), self._gate)
        self._processes.take(jobs)
        return self._processes

    def stop(self) -> None:
        """End the processes, whatever they are at."""
        if self._processes is not None:
            self._processes.stop()
