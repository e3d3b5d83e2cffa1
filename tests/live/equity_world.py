"""One market, the ways to trade it: a backtest, paper over the wire, orders on an account over the wire, and replays.

The runs over the wire keep a journal, which a new desk then replays as `futtui replay` does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from pathlib import Path

from typer.testing import CliRunner

from futtui.backtest.data import BASE, SymbolData, load_symbol
from futtui.backtest.report import as_json
from futtui.backtest.road import BarRoad, Step
from futtui.backtest.run import Backtest, BacktestResult, shards_of
from futtui.backtest.settings import BacktestRequest
from futtui.backtest.shards import Answers
from futtui.cli.app import app
from futtui.desk.positions import is_order_of
from futtui.desk.settings import DeskSettings
from futtui.domain.effects import Effect, RecordSignal, RecordTrade
from futtui.domain.events import Event, PriceApart, PriceUpdate
from futtui.domain.position import Trade, TradingMode
from futtui.domain.reading import AnalysisResult
from futtui.domain.signal import Signal, SignalStatus
from futtui.domain.timeframe import MINUTE_MS
from futtui.exchange.simulator.market.funding_files import funding_folder
from futtui.exchange.simulator.market.history import HistoryMarket
from futtui.exchange.simulator.ports import MarketTick
from futtui.exchange.simulator.wire.config import DEMO_KEY, ServerConfig
from futtui.live import control
from futtui.live.assembly import journal_folder
from futtui.live.brokers import PaperDeskBroker
from futtui.live.control import SimulatorControl
from futtui.live.decisions import DecisionBook, Decisions
from futtui.live.desk_journal import files_of, replay
from futtui.live.engine import Engine
from futtui.live.journal import journal_line
from futtui.live.lockstep import run_lockstep
from futtui.live.settings import HistorySettings
from tests.live.engine_world import (
    SHORT_HISTORY,
    Exchange,
    SignalScript,
    WatchedAnalyzers,
    exchange,
    made_up_signal,
    wired,
)
from tests.live.live_world import trades


@dataclass(frozen=True)
class Market:
    """Candles in a folder and the days that are traded. Without a `script` the real strategies decide."""

    history: Path
    symbols: tuple[str, ...]
    start_ms: int
    end_ms: int
    script: SignalScript | None = None
    warm_up: HistorySettings = SHORT_HISTORY
    desk: DeskSettings = DeskSettings()  # noqa: RUF009 - frozen
    for_information: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Outcome:
    """What came of it."""

    trades: dict[str, Trade]
    signals: dict[str, Signal]
    equity: Decimal
    open_positions: int
    decisions: Decisions
    steps: list[bytes]
    """Every step of a signal and every trade, in the order of time."""


@dataclass(frozen=True)
class Replayed:
    """What a new desk decided from the journal of a run."""

    decisions: Decisions
    steps: list[bytes]
    printed: str


def steps_of_signals(records: Iterable[RecordSignal | RecordTrade]) -> list[bytes]:
    """The lines that the journal of signals gets, in the order of time, without the account that traded.

    That the time of a signal is over is noticed at the next beat of a shell's clock: it counts when it was over.
    """
    timed = []
    for record in records:
        if isinstance(record, RecordTrade):
            if record.trade.mode is not TradingMode.INFO:
                record = replace(record, trade=replace(record.trade, mode=TradingMode.PAPER))
        elif record.signal.status is SignalStatus.EXPIRED:
            record = replace(record, time_ms=record.signal.updated_ms)
        timed.append((record.time_ms, journal_line(record)))
    return [line for _, line in sorted(timed, key=lambda each: each[0])]


class Steps(list[RecordSignal | RecordTrade]):
    """Keeps those effects that the journal of signals gets."""

    def note(self, effect: Effect) -> None:
        if isinstance(effect, RecordSignal | RecordTrade):
            self.append(effect)

    def decisions(self) -> Decisions:
        book = DecisionBook()
        for effect in self:
            book.note(effect)
        return book.decisions()


# --- the backtest ---------------------------------------------------------------------------------------------------


@dataclass
class ScriptedAnalyses:
    """Real analyses with the made-up signals of a script in place of their own."""

    source: object
    script: SignalScript

    def ask(self, until_ms: int) -> None:
        self.source.ask(until_ms)  # type: ignore[attr-defined]

    def answers(self) -> dict[str, Answers]:
        found: dict[str, Answers] = self.source.answers()  # type: ignore[attr-defined]
        return {symbol: [(at, self._scripted(result)) for at, result in each] for symbol, each in found.items()}

    def stop(self) -> None:
        self.source.stop()  # type: ignore[attr-defined]

    def _scripted(self, result: AnalysisResult) -> AnalysisResult:
        wish = self.script.get((result.reading.symbol, result.reading.time_ms))
        return replace(result, signals=(made_up_signal(result, wish),) if wish is not None else ())


def backtest(market: Market) -> Outcome:
    request = BacktestRequest(
        market.history, market.symbols, market.start_ms, market.end_ms, warm_up=market.warm_up, desk=market.desk,
        workers=0, for_information=market.for_information,
    )  # fmt: skip
    script = market.script
    made = (lambda *asked: ScriptedAnalyses(shards_of(*asked), script)) if script is not None else None
    steps, run = Steps(), Backtest(request, made)  # type: ignore[arg-type]
    run._runner.watchers.append(steps.note)
    result: BacktestResult = run.run()
    found = steps.decisions()
    assert as_json(result)["decisions"] == found.hash, "what is printed is what the desk recorded"
    return Outcome(
        {trade.position_id: trade for trade in result.trades},
        {signal.signal_id: signal for signal in result.signals},
        Decimal(str(result.equity)),
        result.open_positions,
        found,
        steps_of_signals(steps),
    )


# --- over the wire --------------------------------------------------------------------------------------------------


class RoadMarket(HistoryMarket):
    """Recorded candles whose prices move when they are told to."""

    def __init__(self, path: Path, symbols: tuple[str, ...], start_ms: int) -> None:
        super().__init__(path, symbols, start_ms, None, warmup_days=4_000, funding=funding_folder(path))
        self.told: list[MarketTick] = []

    def tell(self, step: Step) -> None:
        if step.symbol:
            self.told = [MarketTick(step.symbol, step.time_ms, step.price, 0.0, None)]

    def ticks(self, from_ms: int, to_ms: int) -> list[MarketTick]:
        return [tick for tick in self.told if from_ms < tick.time_ms <= to_ms]


class RoadControl(SimulatorControl):
    """Moves the exchange along a road, a step at a time."""

    world: Exchange
    engine: Engine
    steps: Iterator[Step]
    step: Step

    def _forget_what_was_before_an_entry(self, end_ms: int) -> None:
        """After an entry inside a bar the careful way leaves out the extreme that may have come before it.

        The closed candle tells it all the same: here it counts as seen, as a trader saw it who watched the whole bar.
        """
        for name, state in self.engine.states.items():
            for bar in self.world.candles(name, BASE, end_ms - BASE.ms, end_ms):
                state.tracker._high = max(state.tracker._high, bar.high)
                state.tracker._low = min(state.tracker._low, bar.low)

    async def advance(self) -> control.Step:
        venue, market = self.world.server.venue, self.world.source
        assert isinstance(market, RoadMarket)
        step = self.step = next(self.steps)
        market.tell(step)
        if step.time_ms % BASE.ms == 0:
            self._forget_what_was_before_an_entry(step.time_ms)
        if step.time_ms % BASE.ms == BASE.ms - 1 and not step.symbol:
            self._let_marks_settle()
        with self._past_the_orders_of_others():
            if step.time_ms > venue.clock.now_ms:
                venue.move_to(step.time_ms)
            else:  # one more price of the same moment
                venue._apply(market.told, step.time_ms)
                venue.publish_state()
        return await self.barrier()

    def _let_marks_settle(self) -> None:
        """The core lets them settle when a funding is due; whoever watches the stream sees them from now on."""
        core = self.world.server.venue.core
        for name in core.symbols:
            core.set_mark_price(name, float(core.last_price(name)))

    def _past_the_orders_of_others(self) -> AbstractContextManager[None]:
        """A price that is for some positions alone passes the orders of all others, as in the backtest."""
        only = self.step.only
        if only is None:
            return nullcontext()
        core = self.world.server.venue.core
        return core.watching_only(DEMO_KEY, self.step.symbol, partial(is_order_of, only))

    def _only(self, event: object) -> frozenset[str] | None:
        """The positions that a price is for which the engine tells now; None = all."""
        is_ours = isinstance(event, PriceUpdate) and event.symbol == self.step.symbol
        return self.step.only if is_ours else None

    def part_the_ways(self) -> None:
        """Let the engine's virtual accounts and its desk see whom a price is for."""
        runner = self.engine.runner
        submit = runner.submit

        def told(event: Event) -> None:
            only = self._only(event)
            submit(event if only is None or not isinstance(event, PriceUpdate) else PriceApart(event, only))

        runner.submit = told  # type: ignore[method-assign]
        for broker in runner.brokers.values():
            if isinstance(broker, PaperDeskBroker):
                broker.on_price = partial(self._seen_by, broker.on_price)  # type: ignore[method-assign]

    def _seen_by(self, seen: Callable[..., None], update: PriceUpdate) -> None:
        only = self._only(update)
        seen(update, None if only is None else partial(is_order_of, only))


def steps_of(market: Market, data: Mapping[str, SymbolData], road: BarRoad) -> Iterator[Step]:
    bars = {
        name: {bar.open_time_ms: bar for bar in each.quarters(market.start_ms, market.end_ms)}
        for name, each in data.items()
    }
    for open_ms in range(market.start_ms, market.end_ms, BASE.ms):
        here = [(name, each[open_ms]) for name, each in bars.items() if open_ms in each]
        minute = open_ms
        for step in road.quarter(here, open_ms):
            while minute + MINUTE_MS < step.time_ms:
                minute += MINUTE_MS
                yield Step(minute)
            if step.symbol:
                yield step
        while minute < open_ms + BASE.ms:
            minute += MINUTE_MS
            if minute == open_ms + BASE.ms:
                yield Step(minute - 1)
            yield Step(minute)


def over_the_wire(market: Market, mode: TradingMode, folder: Path) -> Outcome:
    return asyncio.run(_over_the_wire(market, mode, folder))


async def _over_the_wire(market: Market, mode: TradingMode, folder: Path) -> Outcome:
    config = ServerConfig(
        symbols=market.symbols, start_ms=market.start_ms, speed="max", step_ms=60_000, fills="careful"
    )
    async with exchange(config, RoadMarket(market.history / "15m", market.symbols, market.start_ms)) as world:
        analyzers = WatchedAnalyzers(market.script)
        engine = wired(
            folder / f"{mode.value}.db", world, mode=mode, symbols=market.symbols, analyzers=analyzers,
            desk=market.desk, warm_up=market.warm_up, fresh=False,
            for_information=market.for_information,
        ).build()  # fmt: skip
        engine.runner.records = []
        await engine.open()
        assert engine.connection is not None
        data = {name: load_symbol(market.history, name, market.start_ms) for name in market.symbols}
        road = BarRoad(data, engine.runner.desk)
        moving = RoadControl(world.endpoints)
        moving.world, moving.engine, moving.steps = world, engine, steps_of(market, data, road)
        moving.part_the_ways()
        before, engine.connection.control = engine.connection.control, moving
        assert before is not None
        await before.close()
        await run_lockstep(engine, (market.end_ms - market.start_ms) // 60_000)
        outcome = _outcome(engine, world, mode)
        await engine.stop()
        await moving.close()
        return outcome


def _outcome(engine: Engine, world: Exchange, mode: TradingMode) -> Outcome:
    view = engine.runner.desk.snapshot()
    equity = Decimal(str(view.account.equity))
    if mode is TradingMode.LIVE:
        core = world.server.venue.core
        open_profit = sum(
            (
                each.quantity * (core.market(each.symbol).last_price - each.entry_price)
                for each in core.positions(DEMO_KEY)
            ),
            Decimal(0),
        )
        assert abs(world.wallet() + open_profit - equity) < Decimal("0.0001"), "the books are the exchange's"
    found = {trade.position_id: trade for trade in trades(engine) if trade.mode is mode}
    steps = Steps(each for each in engine.runner.records or [] if isinstance(each, RecordSignal | RecordTrade))
    signals = [item.signal for item in steps if isinstance(item, RecordSignal)]
    named = {signal.signal_id: signal for signal in signals}
    held = sum(position.mode is mode for position in view.positions)
    return Outcome(found, named, equity, held, steps.decisions(), steps_of_signals(steps))


# --- from the journal -----------------------------------------------------------------------------------------------


def replayed(mode: TradingMode, folder: Path) -> Replayed:
    """A new desk on the journal of the run over the wire in `mode`, and what `futtui replay` prints about it."""
    journal, steps = journal_folder(folder / f"{mode.value}.db"), Steps()
    result = replay(files_of(journal), steps.note)
    assert result.first_difference == ""
    printed = CliRunner().invoke(app, ["replay", str(journal)])
    assert printed.exit_code == 0, printed.output
    return Replayed(result.decisions, steps_of_signals(steps), printed.output)


# --- side by side ---------------------------------------------------------------------------------------------------


def told(outcome: Outcome) -> list[str]:
    """What was done, a trade a line."""
    return [
        f"{trade.symbol} {trade.side.value} {trade.quantity} at {trade.entry_price.normalize():f}: "
        + ", ".join(f"{leg.reason.value} {leg.quantity} at {leg.price.normalize():f}" for leg in trade.legs)
        for trade in in_order(outcome)
    ]


def money(outcome: Outcome) -> list[float]:
    """Fees, funding and result of each trade, and the equity."""
    sums = [float(each) for trade in in_order(outcome) for each in (trade.fees, trade.funding, trade.pnl)]
    return [*sums, float(outcome.equity)]


def in_order(outcome: Outcome) -> list[Trade]:
    return sorted(outcome.trades.values(), key=lambda trade: (trade.closed_ms, trade.position_id))
