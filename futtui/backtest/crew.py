"""Work of a validation, in this process or spread over others; the results do not depend on which."""

from __future__ import annotations

import multiprocessing
import tempfile
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from futtui.analysis.collector import calm_collector
from futtui.backtest.cut_world import cut_answers, differences
from futtui.backtest.data import SymbolData, funding_of, load_symbol
from futtui.backtest.gate import Gate, OpenGate
from futtui.backtest.recording import Recording, played
from futtui.backtest.run import Backtest
from futtui.backtest.settings import BacktestRequest
from futtui.backtest.shards import Answers, SymbolRun
from futtui.backtest.single_trade import single_trade
from futtui.backtest.variant_pass import Found, StrategyVariant, variant_signals
from futtui.backtest.variants import Variant
from futtui.backtest.workers import end_at_once, end_with_parent
from futtui.domain.position import Trade
from futtui.domain.signal import RawSignal
from futtui.exchange.simulator.market.funding_files import FundingHistory

Job = TypeVar("Job")
Done = TypeVar("Done")
Told = Callable[[int, int], None]
"""Is told (jobs done, jobs in all)."""


@dataclass
class Bench:
    """What a worker has at hand: the run that is validated, its recording, and candles as they are needed."""

    base: BacktestRequest
    recording: Recording
    loaded: dict[str, SymbolData] = field(default_factory=dict)
    funding: FundingHistory | None = None
    gate: Gate = field(default_factory=OpenGate)
    """While it is closed nothing is played."""

    def data(self, symbol: str) -> SymbolData:
        """The candles of a symbol, loaded once."""
        if symbol not in self.loaded:
            self.loaded[symbol] = load_symbol(self.base.history, symbol, self.base.start_ms)
        return self.loaded[symbol]

    def funding_rates(self) -> FundingHistory:
        """The recorded funding, loaded once."""
        if self.funding is None:
            self.funding = funding_of(self.base.history, self.base.symbols)
        return self.funding


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a symbol's time to be decided again without a future. `recorded`: compare with the recording."""

    symbol: str
    start_ms: int
    end_ms: int
    recorded: bool


@dataclass(frozen=True, slots=True)
class CutFound:
    """What deciding again found: closes and signals, where something differed, and what was opened meanwhile."""

    symbol: str
    closes: int
    signals: int
    different: tuple[tuple[int, str], ...]
    opened: tuple[str, ...]


def play(bench: Bench, variant: Variant) -> list[Trade]:
    """The trades of a variant, from the recorded analyses."""
    data = {symbol: bench.data(symbol) for symbol in variant.request.symbols}
    source = played(bench.recording, variant.change)

    def may_go_on(_done: int, _of: int) -> None:
        bench.gate.wait()

    may_go_on(0, 1)
    return Backtest(variant.request, source, data, bench.funding_rates()).run(may_go_on).trades


def alone(bench: Bench, plans: Sequence[RawSignal]) -> list[float | None]:
    """Net R of every plan as a trade of its own."""
    found: list[float | None] = []
    for plan in plans:
        trade = single_trade(bench.base, plan, bench.recording, bench.data(plan.symbol), bench.funding_rates())
        found.append(None if trade is None else trade.result_r)
    return found


def cut(bench: Bench, window: Window) -> CutFound:
    """Decide a window again in a world that has no future."""
    data, base = bench.data(window.symbol), bench.base
    with tempfile.TemporaryDirectory(prefix="futtui-cut-") as folder:
        answers, opened = cut_answers(
            data, Path(folder), base.analysis, base.warm_up, window.start_ms, window.end_ms
        )  # fmt: skip
    if window.recorded:
        real = bench.recording.between(window.symbol, window.start_ms, window.end_ms)
    else:
        real = SymbolRun(data, base.analysis, base.warm_up, window.start_ms).advance(window.end_ms)
    different = differences(real, answers)
    signals = sum(len(result.signals) for _, result in real)
    return CutFound(window.symbol, len(real), signals, tuple(different), tuple(dict.fromkeys(opened)))


@dataclass(frozen=True, slots=True)
class StartFound:
    """Signals of a window when the history is loaded anew just before it: how many are the same, of all there were."""

    same: int
    together: int


def started_later(bench: Bench, window: Window) -> StartFound:
    """Decide a window again from a history that begins elsewhere, as a start of the live app would."""
    base = bench.base
    fresh = SymbolRun(bench.data(window.symbol), base.analysis, base.warm_up, window.start_ms).advance(window.end_ms)
    known = bench.recording.between(window.symbol, window.start_ms, window.end_ms)
    one, other = _named(fresh), _named(known)
    return StartFound(len(one & other), len(one | other))


def _named(answers: Answers) -> set[tuple[int, str, str]]:
    return {(time_ms, raw.strategy, raw.side.value) for time_ms, result in answers for raw in result.signals}


@dataclass(frozen=True, slots=True)
class Pass:
    """All variants of a strategy on one symbol."""

    symbol: str
    strategy: str
    variants: tuple[StrategyVariant, ...]


def decide(bench: Bench, job: Pass) -> dict[str, Found]:
    """The signals of every variant of a strategy on a symbol."""
    base = bench.base
    return variant_signals(
        bench.data(job.symbol), base.analysis, base.warm_up, base.start_ms, base.end_ms, job.strategy, job.variants
    )


_bench: Bench | None = None


def _settle(bench: Bench) -> None:
    global _bench
    _bench = bench
    end_with_parent()
    calm_collector()


def _work(function: Callable[[Bench, Any], Any], job: Any) -> Any:
    assert _bench is not None
    return function(_bench, job)


class Crew:
    """Carries out jobs on a bench; a context manager. With no workers everything happens here."""

    def __init__(self, bench: Bench, workers: int) -> None:
        self._bench = bench
        self._pool: ProcessPoolExecutor | None = None
        if workers > 1:
            away = Bench(bench.base, bench.recording, gate=bench.gate)
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(workers, context, initializer=_settle, initargs=(away,))

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._pool is None:
            return
        if kind is not None:
            end_at_once(self._pool)  # stopped by the user: nobody waits for a job that may take minutes
        else:
            self._pool.shutdown(wait=False, cancel_futures=True)

    def each(self, function: Callable[[Bench, Job], Done], jobs: Iterable[Job], told: Told | None = None) -> list[Done]:
        """The results of a function for all jobs, in their order."""
        work = list(jobs)
        pending = [self._pool.submit(_work, function, job) for job in work] if self._pool is not None else []
        found: list[Done] = []
        for number, job in enumerate(work):
            found.append(pending[number].result() if pending else function(self._bench, job))
            if told is not None:
                told(number + 1, len(work))
        return found
