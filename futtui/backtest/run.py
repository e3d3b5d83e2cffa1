"""Runs the live app's analyzers and desk over candles of the past, on the virtual account's own exchange core."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Protocol

from futtui.backtest.coverage import Coverage, coverage_of
from futtui.backtest.data import BASE, SymbolData, data_hash, funding_of
from futtui.backtest.far_levels import is_walked_inside
from futtui.backtest.kept_signals import SignalShelf
from futtui.backtest.loading import Loaded, Told, Wanted, prepared, unheard
from futtui.backtest.road import BarRoad, Passage, Step
from futtui.backtest.settings import BacktestRequest
from futtui.backtest.shards import Answers, CrewMaker, Shards, jobs_of
from futtui.backtest.store import RunStore, key_of, symbol_hash
from futtui.backtest.workers import LocalCrew
from futtui.desk.desk import TradingDesk
from futtui.desk.positions import is_order_of
from futtui.desk.settings import DeskSettings
from futtui.domain.candle import Candle
from futtui.domain.effects import RecordSignal, RecordTrade, Say
from futtui.domain.errors import InvalidInputError
from futtui.domain.events import (
    AnalysisDone,
    CandleClosed,
    ClockTick,
    FundingAnnounced,
    PriceApart,
    PricesEnded,
    PriceUpdate,
    RulesChanged,
)
from futtui.domain.position import Trade, TradingMode
from futtui.domain.reading import AnalysisResult
from futtui.domain.sent import UnreadBook
from futtui.domain.signal import Signal
from futtui.domain.timeframe import DAY_MS, HOUR_MS
from futtui.exchange.simulator.market.funding_files import FundingHistory
from futtui.exchange.simulator.paper import PaperBroker
from futtui.live.analysis_rounds import LEADER
from futtui.live.brokers import PaperDeskBroker
from futtui.live.desk_runner import DeskRunner, Record

MODE = TradingMode.PAPER
STRETCH_MS = DAY_MS
FUNDING_MS = 8 * HOUR_MS
Progress = Callable[[int, int], None]


class Source(Protocol):
    """Where the analyses of a run come from, a stretch at a time."""

    def ask(self, until_ms: int) -> None: ...

    def answers(self) -> dict[str, Answers]: ...

    def stop(self) -> None: ...


SourceMaker = Callable[[BacktestRequest, dict[str, SymbolData]], Source]


@dataclass
class BacktestResult:
    """What happened. `trades` are final (corrections included), `signals` in their last state, both by time.

    `information`: what became of the signals that are not traded, as trades of an account of their own.
    `open_r`: what the positions that were still open were worth at the end, in R. `stranded_r`: what those of them
    whose symbol's candles end before the period would be worth at their stops; nobody knows when they could be closed.
    """

    request: BacktestRequest
    trades: list[Trade] = field(default_factory=list)
    information: list[Trade] = field(default_factory=list)
    signals: Sequence[Signal] = ()
    open_positions: int = 0
    open_r: tuple[float, ...] = ()
    stranded_r: tuple[float, ...] = ()
    equity: float = 0.0
    tick_sizes: dict[str, Decimal] = field(default_factory=dict)
    data_hash: str = ""
    analyses: int = 0
    quarters_by_path: dict[str, int] = field(default_factory=dict)
    coverage: Coverage = field(default_factory=Coverage)


class _Memory:
    """Keeps the records of a run; the newest version of each counts."""

    def __init__(self) -> None:
        self.trades: dict[str, Trade] = {}
        self.signals = SignalShelf()

    def submit(self, record: Record) -> None:
        """Take in a record of the desk."""
        if isinstance(record, RecordTrade):
            self.trades[record.trade.position_id] = record.trade
        elif isinstance(record, RecordSignal):
            self.signals.put(record.signal)

    def say(self, line: Say) -> None:
        """Lines for people are not kept: the records say the same."""


class Backtest:
    """One run. Build it, then `run` once."""

    def __init__(
        self,
        request: BacktestRequest,
        source: SourceMaker | None = None,
        data: dict[str, SymbolData] | None = None,
        funding: FundingHistory | None = None,
        store: RunStore | None = None,
        crew: CrewMaker | None = None,
        told: Told = unheard,
    ) -> None:
        """Loads all candles; raises InvalidInputError for missing symbols, bad files and empty periods.

        `source` gives the analyses instead of new ones; `data` and `funding` are what is loaded already. What `store`
        holds of the same run is not worked out again. `crew` works on the symbols (default: this machine). `told`
        hears how many symbols are read. Whoever does not `run` it then has to `stop` it.
        """
        if request.start_ms >= request.end_ms:
            raise InvalidInputError("The end of the period is not after its start. Choose a later --to.")
        self._request = request
        self._source = source
        # Where others analyse, or nobody, the candles are read here.
        workers = request.workers if source is None and crew is None else 0
        self._local = crew if isinstance(crew, LocalCrew) else LocalCrew(workers)
        self._store, self._crew = store, crew or self._local
        self._loaded = self._load(data or {}, told)
        self._data = {name: self._loaded[name].data for name in request.symbols}
        self._funding = funding_of(request.history, request.symbols) if funding is None else funding
        self.coverage = coverage_of(self._data, request)
        self._beats_ms = {name: self._funding.beat_hours(name) * HOUR_MS for name in self._data}
        self._ends_ms = {name: one.past.span_ms[1] for name, one in self._data.items()}
        self._memory = _Memory()
        desk = TradingDesk(
            _unattended(request.desk), MODE, request.start_equity, request.for_information, request.confidence, False
        )
        self._runner = DeskRunner(desk, self._memory, self._memory, sent=UnreadBook())
        modes = (MODE, TradingMode.INFO) if request.for_information else (MODE,)
        self._accounts = {mode: self._open_account(mode) for mode in modes}
        self._brokers = [
            PaperDeskBroker(account, mode, self._runner.submit) for mode, account in self._accounts.items()
        ]
        self._road = BarRoad(self._data, desk, request.optimistic, self._pass_by)
        self._runner.brokers.update(zip(self._accounts, self._brokers, strict=True))
        self._result = BacktestResult(request, coverage=self.coverage)

    def _load(self, known: Mapping[str, SymbolData], told: Told) -> dict[str, Loaded]:
        wanted = Wanted.of(self._request, hashed=self._store is not None)
        found = {name: prepared(wanted, known[name]) for name in self._request.symbols if name in known}
        return found | self._local.load(wanted, [name for name in self._request.symbols if name not in found], told)

    def _open_account(self, mode: TradingMode) -> PaperBroker:
        request = self._request
        costs = request.costs
        return PaperBroker(
            request.start_equity, request.start_ms, maker_fee=costs.maker_fee, taker_fee=costs.taker_fee,
            slippage_pct=costs.slippage_pct, mode=mode,
        )  # fmt: skip

    @property
    def holes(self) -> dict[str, list[tuple[int, int]]]:
        """Symbols that lack quarter hours in the period, each with the times (from, until)."""
        return {name: list(each) for name, each in self.coverage.holes}

    @property
    def data(self) -> Mapping[str, SymbolData]:
        """The candles of the period, and those before and after it that a chart of a trade may show."""
        return self._data

    def stop(self) -> None:
        """Give up what was begun."""
        self._local.stop()

    def run(self, progress: Progress | None = None, warmed: Told = unheard) -> BacktestResult:
        """Work through the period; `progress` is told (milliseconds done, milliseconds in all).

        `warmed` is told before (symbols whose analyses have begun, symbols in all).
        """
        try:
            return self._run(progress, warmed)
        finally:
            self.stop()

    def _run(self, progress: Progress | None, warmed: Told) -> BacktestResult:
        request = self._request
        key = self._result_key() if self._store is not None else ""
        known = self._store.result(key) if self._store is not None else None
        if isinstance(known, BacktestResult):
            return replace(known, request=request, coverage=self.coverage)
        for data in self._data.values():
            for account in self._accounts.values():
                account.set_rules(data.rules)
            self._runner.submit(RulesChanged(request.start_ms, data.rules))
            known_ms = min(10 * DAY_MS, request.warm_up.bars_15m * BASE.ms)  # as much as live would have loaded
            past = data.past.between(BASE, request.start_ms - known_ms, request.start_ms)
            self._runner.desk.warm_up(data.symbol, past)
        if self._source is None:
            hashes = {name: each.analysis_hash for name, each in self._loaded.items()}
            shards = shards_of(request, self._data, self._store, self._crew, hashes, warmed, far_levels=False)
        else:
            shards = self._source(request, self._data)
        try:
            self._work(shards, progress)
        finally:
            shards.stop()
        result = self._finished()
        if self._store is not None:
            self._store.keep_result(key, result)
        return result

    def _result_key(self) -> str:
        """What decides the outcome: everything but where the candles are, and who works on them."""
        request = replace(self._request, history=Path(), workers=0, for_information=frozenset())
        hashes = sorted((name, each.whole_hash) for name, each in self._loaded.items())
        return key_of(request, sorted(self._request.for_information), hashes, list(self._rates().values()))

    def _rates(self) -> dict[str, bytes]:
        """The recorded funding that has a say, by symbol."""
        first_ms, end_ms = self._request.start_ms - FUNDING_MS, self._request.end_ms
        return {symbol: self._funding.record(symbol, first_ms, end_ms) for symbol in self._data}

    def _work(self, shards: Source, progress: Progress | None) -> None:
        request, at_ms = self._request, self._request.start_ms
        until_ms = min(at_ms + STRETCH_MS, request.end_ms)
        shards.ask(until_ms)
        while at_ms < request.end_ms:
            answers = shards.answers()
            next_ms = min(until_ms + STRETCH_MS, request.end_ms)
            if until_ms < request.end_ms:
                shards.ask(next_ms)
            self._stretch(at_ms, until_ms, answers)
            at_ms, until_ms = until_ms, next_ms
            if progress is not None:
                progress(at_ms - request.start_ms, request.end_ms - request.start_ms)

    def _stretch(self, start_ms: int, until_ms: int, answers: dict[str, Answers]) -> None:
        bars = {symbol: iter(data.quarters(start_ms, until_ms)) for symbol, data in self._data.items()}
        by_time: dict[int, list[tuple[str, AnalysisResult]]] = {}
        for symbol, found in answers.items():
            for time_ms, result in found:
                by_time.setdefault(time_ms, []).append((symbol, result))
        waiting = {symbol: next(each, None) for symbol, each in bars.items()}
        for open_ms in range(start_ms, until_ms, BASE.ms):
            if open_ms == self._request.start_ms:
                for symbol in self._data:
                    self._fund(symbol, open_ms, self._last_funding_ms(symbol, open_ms))
            here: list[tuple[str, Candle]] = []
            for symbol, bar in waiting.items():
                if bar is not None and bar.open_time_ms == open_ms:
                    here.append((symbol, bar))
            for symbol, _ in here:
                waiting[symbol] = next(bars[symbol], None)
            for symbol in [name for name, end_ms in self._ends_ms.items() if end_ms <= open_ms]:
                del self._ends_ms[symbol]
                self._runner.submit(PricesEnded(open_ms, symbol))
            there = dict(here)
            # Without a price nothing can be closed, whatever the clock says: what is held waits for the next one.
            silent = frozenset(self._data.keys() - there.keys()) if len(there) < len(self._data) else frozenset()
            self._prices(here, open_ms, silent)
            for symbol, beat_ms in self._beats_ms.items():
                if (open_ms + BASE.ms) % beat_ms == 0:
                    self._fund(symbol, open_ms + BASE.ms - 1, open_ms + BASE.ms)
            self._closes(open_ms + BASE.ms, there, by_time.get(open_ms + BASE.ms, ()), silent)

    def _last_funding_ms(self, symbol: str, time_ms: int) -> int:
        """When the symbol was funded last, at a moment or before it."""
        beat_ms = self._beats_ms[symbol]
        newest_ms = time_ms - time_ms % beat_ms
        times = range(newest_ms, newest_ms - FUNDING_MS, -beat_ms)
        return next((each for each in times if self._funding.due(symbol, each) is not None), newest_ms)

    def _fund(self, symbol: str, time_ms: int, funding_ms: int) -> None:
        """The rate of a funding becomes known: just before it is booked, at the start the last one.

        A symbol whose candles have ended is funded no more.
        """
        due = self._funding.due(symbol, funding_ms)
        goes_on = due is not None and funding_ms <= self._data[symbol].past.span_ms[1]
        rate = due.rate if due is not None and goes_on else 0.0
        for account in self._accounts.values():
            account.set_funding_rate(symbol, rate, time_ms, self._beats_ms[symbol] // HOUR_MS)
        if due is not None and goes_on:
            self._runner.submit(FundingAnnounced(time_ms, symbol, rate, due.interval_hours))

    def _prices(self, here: Sequence[tuple[str, Candle]], open_ms: int, silent: frozenset[str]) -> None:
        """Let prices go their way through a quarter hour."""
        for step in self._road.quarter(here, open_ms):
            if step.symbol:
                self._tell(step)
            else:
                self._runner.submit(ClockTick(step.time_ms, silent | step.silent))

    def _tell(self, step: Step) -> None:
        update = PriceUpdate(step.symbol, step.time_ms, step.price, step.price, step.price)
        wanted = None if step.only is None else partial(is_order_of, step.only)
        for broker in self._brokers:
            broker.on_price(update, wanted)
        self._runner.submit(update if step.only is None else PriceApart(update, step.only))

    def _pass_by(self, passage: Passage) -> bool:
        """Tell a whole passage at once; False, and nothing is told, where something may happen on its way."""
        symbol, low, high = passage.symbol, passage.low, passage.high
        until_ms, last = passage.steps[-1]
        if not self._runner.desk.is_calm(symbol, low, high, until_ms):
            return False
        accounts = self._accounts.values()
        for account in accounts:
            if not account.stays_calm(symbol, low, high, until_ms):
                return False
        for account in accounts:
            account.pass_by(symbol, passage.steps)
        self._runner.submit(PriceUpdate(symbol, until_ms, last, low, high))
        return True

    def _closes(
        self,
        time_ms: int,
        bars: dict[str, Candle],
        results: Sequence[tuple[str, AnalysisResult]],
        silent: frozenset[str],
    ) -> None:
        desk = self._runner.desk
        for broker in self._brokers:
            broker.on_time(time_ms)
        for symbol, bar in bars.items():  # as live: the closed candle tells its price before it is analysed
            if desk.watches(symbol):
                self._runner.submit(PriceUpdate(symbol, time_ms, bar.close, bar.close, bar.close))
        for symbol, result in sorted(results, key=lambda each: (each[0] != LEADER, each[0])):
            self._result.analyses += 1
            self._runner.submit(CandleClosed(symbol, BASE, bars[symbol]))
            self._runner.submit(AnalysisDone(time_ms, result))
        self._runner.submit(ClockTick(time_ms, silent))

    def _finished(self) -> BacktestResult:
        request, result, view = self._request, self._result, self._runner.desk.snapshot()
        done = sorted(self._memory.trades.values(), key=lambda trade: (trade.closed_ms, trade.position_id))
        result.trades = [trade for trade in done if trade.mode is MODE]
        result.information = [trade for trade in done if trade.mode is not MODE]
        result.signals = self._memory.signals.all()
        held = [position for position in view.positions if position.mode is MODE]
        result.open_positions = len(held)
        result.open_r = tuple(position.pnl_r for position in held)
        result.stranded_r = self._runner.desk.at_stops_r(MODE, frozenset(self.coverage.end))
        result.data_hash = data_hash(self._data, request.start_ms, request.end_ms, request.warm_up, self._rates())
        result.tick_sizes = {name: data.rules.tick_size for name, data in self._data.items()}
        result.equity = view.account.equity
        result.quarters_by_path = dict(self._road.quarters_by_path)
        return result


def _unattended(settings: DeskSettings) -> DeskSettings:
    """The desk without the stop after a deep fall: nobody is there who could let it go on."""
    risk = settings.risk
    return replace(settings, risk=replace(risk, kill=replace(risk.kill, drawdown_pct=100.0)))


def shards_of(
    request: BacktestRequest,
    data: dict[str, SymbolData],
    store: RunStore | None = None,
    crew: CrewMaker | None = None,
    hashes: Mapping[str, str] | None = None,
    warmed: Told = unheard,
    *,
    far_levels: bool = True,
) -> Source:
    """The source of a real run: analyses in this process, in as many others as the request says, or by `crew`.

    Those that `store` holds are read from there, new ones are kept, under the `hashes` of the candles. Without
    `far_levels` standing levels that no price comes near are left out: the desk does the same without them, as long as
    nothing is changed on the way to it.
    """
    shared = (request.analysis, request.warm_up, request.start_ms)
    # How long a level of a user's own strategy stands is not known here.
    far_levels = far_levels or bool(request.analysis.plugins)
    told = {name: far_levels or not is_walked_inside(one) for name, one in data.items()}
    logs = {}
    if store is not None:
        hashes = hashes or {name: symbol_hash(one, fine=False) for name, one in data.items()}
        keys = {name: key_of(hashes[name], *shared, told[name]) for name in data}
        logs = {name: store.log(key) for name, key in keys.items()}
    run = f"{os.getpid()}-{id(logs)}"
    jobs = jobs_of(run, list(data.values()), *shared, logs, request.end_ms, far_levels=told)
    return Shards(jobs, (crew or LocalCrew(request.workers))(jobs), request.start_ms, logs, request.end_ms, warmed)
