"""Puts an engine together: the one place where rooms, exchange and database meet.

Heavy libraries are imported inside, on the engine's thread, so that the first frame does not wait for them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from futtui.domain.effects import Effect, Say
from futtui.domain.errors import ExchangeError, FuttuiError
from futtui.domain.events import FundingAnnounced, RulesChanged
from futtui.domain.position import TradingMode
from futtui.exchange.ports import Credentials, Endpoints, StreamMessage
from futtui.live.clock import ExchangeClock
from futtui.live.connection import Account, Connection
from futtui.live.engine import Engine
from futtui.live.log_book import EngineLogBook
from futtui.live.parts import EngineParts
from futtui.live.settings import EngineSettings

if TYPE_CHECKING:
    from futtui.analysis.pool import AnalyzerPool
    from futtui.desk.desk import TradingDesk
    from futtui.desk.settings import DeskSettings
    from futtui.exchange.binance.client_mark import ClientMark
    from futtui.exchange.binance.connect_budget import ConnectBudget
    from futtui.exchange.binance.rest import BinanceRest
    from futtui.exchange.binance.routes import StreamSettings
    from futtui.exchange.simulator.costs import Costs
    from futtui.exchange.simulator.paper import PaperBroker
    from futtui.live.brokers import Broker
    from futtui.live.desk_runner import DeskRunner
    from futtui.signals.confidence import ConfidenceModel

PRODUCTION = Endpoints("https://fapi.binance.com", "wss://fstream.binance.com", "Binance USD-M futures")
EXCHANGE_DEMO = Endpoints("https://demo-fapi.binance.com", "wss://demo-fstream.binance.com", "Binance demo exchange")

LONGEST_NAKED_MS = 600_000
LOCKSTEP_PACE = 15.0
"""A step of lockstep time is 15 s where a step of real time would be one."""
VIRTUAL_MODES = (TradingMode.SIGNALS, TradingMode.PAPER, TradingMode.INFO)


@dataclass(frozen=True, slots=True)
class EnginePlan:
    """Everything that is decided before the engine starts.

    `endpoints` is awaited on the engine's loop, because the embedded exchange may still be starting.
    """

    settings: EngineSettings
    desk: DeskSettings
    pool: AnalyzerPool
    database: Path
    endpoints: Callable[[], Awaitable[Endpoints]]
    credentials: Credentials | None = None
    fresh_database: bool = False
    virtual_clock: bool = False
    marks_orders: bool = True
    """Whether the ids of orders on a real account carry the mark of this data folder."""
    for_information: frozenset[str] = frozenset()
    """Strategies whose signals are never traded."""
    confidence: ConfidenceModel | None = None
    """What was learned from past trades; None = nothing that is worth showing."""
    own_titles: tuple[str, ...] = ()
    own_problems: tuple[str, ...] = ()
    """The user's own strategies that the pool has, and sentences about those that could not be loaded."""
    look_at_config: Callable[[], tuple[str, bool] | None] | None = None
    """Tells of an edited configuration file."""


def build_engine(plan: EnginePlan) -> Engine:
    """The engine of a plan. Call it on the loop that will run it; raises StorageError for an unusable database."""
    from futtui.exchange.binance.client_mark import ClientMark
    from futtui.exchange.simulator.costs import Costs
    from futtui.live.code_hash import code_hash
    from futtui.live.compat.allocator import keep_little
    from futtui.live.desk_runner import DeskRunner
    from futtui.live.fresh_database import FreshDatabase
    from futtui.live.journal import JournalRecorder
    from futtui.live.live_book import LiveBook, live_book_file
    from futtui.live.order_mark import client_mark
    from futtui.live.restore import restore_state
    from futtui.live.sent_file import KeptSentBook, sent_file
    from futtui.storage.store import Storage

    keep_little()
    fresh = FreshDatabase(plan.database) if plan.fresh_database else None
    try:
        store = Storage(plan.database, code_hash())
    except FuttuiError:
        if fresh is not None:
            fresh.give_back()
        raise
    clock = ExchangeClock(0.0 if plan.settings.lockstep else plan.settings.speed)
    log_book = EngineLogBook()
    desk = _desk(plan)
    live_book = None
    if not plan.fresh_database and plan.credentials is not None:
        live_book = LiveBook(live_book_file(plan.database))
    ids = ClientMark()
    if live_book is not None and plan.marks_orders:
        ids = client_mark(plan.database, store, live_book.found)
    sent = None if plan.fresh_database else KeptSentBook(sent_file(plan.database))
    runner = DeskRunner(desk, JournalRecorder(store), log_book, live_book, sent)
    left = live_book.found if live_book is not None else None
    entry = plan.desk.risk.entry
    accounts = VirtualAccounts(
        plan.settings.start_equity,
        Costs.expected(entry.taker_fee_pct, entry.slippage_pct),
        lambda brokers, now_ms: restore_state(store, desk, brokers, now_ms, left) if not plan.fresh_database else (),
    )

    def announce_funding(event: FundingAnnounced) -> None:
        accounts.set_funding_rate(event)
        runner.submit(event)

    return Engine(
        EngineParts(
            settings=plan.settings,
            runner=runner,
            analyzers=plan.pool,
            store=store,
            log_book=log_book,
            clock=clock,
            connect=lambda on_message: connect(plan, clock, on_message, log_book.say, ids),
            virtual_brokers=accounts.attach,
            set_rules=accounts.set_rules,
            announce_funding=announce_funding,
            set_mark=accounts.set_mark,
            live_book=live_book,
            database=plan.database,
            own_titles=plan.own_titles,
            own_problems=plan.own_problems,
            look_at_config=plan.look_at_config,
            fresh=fresh,
            risk=plan.desk.risk,
        )
    )


def journal_folder(database: Path) -> Path:
    """Where the journals of the desk on this database are."""
    return database.with_name(f"{database.stem}-journal")


def _desk(plan: EnginePlan) -> TradingDesk:
    """The desk; one whose database outlives the run writes down all that it is given."""
    from futtui.desk.desk import TradingDesk
    from futtui.live.clock import wall_ms
    from futtui.live.desk_journal import RecordedDesk
    from futtui.live.journal_writer import DeskJournal

    settings, engine = desk_settings(plan), plan.settings
    if plan.fresh_database:
        return TradingDesk(settings, engine.mode, engine.start_equity, plan.for_information, plan.confidence)
    journal = DeskJournal(journal_folder(plan.database))
    journal.begin(f"{wall_ms():015d}")
    return RecordedDesk(journal, settings, engine.mode, engine.start_equity, plan.for_information, plan.confidence)


def desk_settings(plan: EnginePlan) -> DeskSettings:
    """The plan's settings of the desk; where time runs faster, limits in seconds mean as much real time.

    A request takes real milliseconds: at 60 times real time a round trip of 80 ms is 5 seconds of the exchange's time.
    In lockstep time goes on by whole steps, and the account is looked at once a minute.
    """
    risk, settings = plan.desk.risk, plan.settings
    pace = LOCKSTEP_PACE if settings.lockstep else max(1.0, settings.speed)
    limit_ms = min(LONGEST_NAKED_MS, int(risk.exits.naked_limit_ms * pace))
    apart_s = int(risk.kill.mismatch_seconds * pace)
    exits, kill = replace(risk.exits, naked_limit_ms=limit_ms), replace(risk.kill, mismatch_seconds=apart_s)
    return replace(plan.desk, risk=replace(risk, exits=exits, kill=kill))


class VirtualAccounts:
    """The in-process accounts of signals-only, paper and information; opened at the exchange's time, once."""

    def __init__(
        self,
        start_equity: Decimal,
        costs: Costs,
        restore: Callable[[dict[TradingMode, PaperBroker], int], Sequence[Effect]],
    ) -> None:
        self._start_equity, self._costs = start_equity, costs
        self._restore = restore
        self._brokers: dict[TradingMode, PaperBroker] = {}

    def attach(self, runner: DeskRunner, now_ms: int) -> dict[TradingMode, Broker]:
        """Brokers for the desk, speaking to `runner`."""
        from futtui.exchange.simulator.paper import PaperBroker
        from futtui.live.brokers import PaperDeskBroker

        if not self._brokers:
            costs = self._costs
            self._brokers = {
                mode: PaperBroker(
                    self._start_equity, now_ms, maker_fee=costs.maker_fee, taker_fee=costs.taker_fee,
                    slippage_pct=costs.slippage_pct, mode=mode,
                )
                for mode in VIRTUAL_MODES
            }  # fmt: skip
            effects = self._restore(self._brokers, now_ms)
            runner.carry_out(effects)
        return {mode: PaperDeskBroker(broker, mode, runner.submit) for mode, broker in self._brokers.items()}

    def set_funding_rate(self, event: FundingAnnounced) -> None:
        """The rate that the exchange announces for the next funding."""
        for broker in self._brokers.values():
            broker.set_funding_rate(event.symbol, event.rate, event.time_ms, event.interval_hours)

    def set_mark(self, symbol: str, mark: float) -> None:
        """The newest mark price: funding is paid on it, and liquidation looks at it."""
        for broker in self._brokers.values():
            broker.set_mark(symbol, mark)

    def set_rules(self, event: RulesChanged) -> None:
        """Pass new trading rules on to all accounts."""
        for broker in self._brokers.values():
            broker.set_rules(event.rules)


async def connect(
    plan: EnginePlan,
    clock: ExchangeClock,
    on_message: Callable[[StreamMessage], None],
    say: Callable[[Say], None],
    ids: ClientMark,
) -> Connection:
    """Open the ends to the exchange; `ids` translates those of our orders.

    Raises FuttuiError when there can be none, as after a failed start of ours.
    """
    from futtui.exchange.binance.book_sync import BookSync
    from futtui.exchange.binance.budget import BanFile
    from futtui.exchange.binance.connect_budget import ConnectBudget
    from futtui.exchange.binance.rest import BinanceRest
    from futtui.exchange.binance.routes import StreamSettings
    from futtui.exchange.binance.streams import BinanceStreams
    from futtui.live.control import SimulatorControl
    from futtui.live.request_limits import BAN_FILE, SteppedTime, ban_teller

    try:
        endpoints = await plan.endpoints()
    except ExchangeError as error:  # our own exchange did not start: asking again would never help
        raise FuttuiError(str(error)) from error
    lockstep = plan.settings.lockstep
    tell = ban_teller(say, clock.now_ms)
    control = SimulatorControl(endpoints) if lockstep else None
    stepped = SteppedTime(control, clock.observe) if control is not None else None
    rest = BinanceRest(
        endpoints,
        plan.credentials,
        ask_time=plan.virtual_clock,
        budget=await stepped.make_budget(tell) if stepped is not None else None,
        on_ban=tell,
        ban_file=None if plan.virtual_clock else BanFile(plan.database.with_name(BAN_FILE), endpoints.rest),
    )
    sockets = ConnectBudget(None if lockstep else StreamSettings().attempts_per_5_minutes)
    books = BookSync((), rest.depth)
    streams = BinanceStreams(
        *(endpoints, on_message),
        barrier=lockstep,
        settings=_stream_settings(plan),
        on_depth=books.feed,
        connect_budget=sockets,
    )
    connection = Connection(endpoints, rest, streams, control=control, budget=rest.budget.view, books=books)
    connection.open_interest = rest.open_interest
    if stepped is not None:
        connection.pause = stepped.pause
    if not plan.virtual_clock:
        connection.measure_clock = rest.measured_clock
    if plan.credentials is not None:
        connection.account = lambda: open_account(plan, clock, on_message, endpoints, rest, sockets, ids)
    return connection


async def open_account(
    plan: EnginePlan,
    clock: ExchangeClock,
    on_message: Callable[[StreamMessage], None],
    endpoints: Endpoints,
    rest: BinanceRest,
    sockets: ConnectBudget,
    ids: ClientMark,
) -> Account:
    """Trading and account news of the plan's credentials; loads ccxt, so only when an account is really used.

    Nothing is asked of the exchange: whoever protects a position cannot wait for a list. Trading rules are told later.
    """
    from futtui.exchange.binance.trading import BinanceTrading
    from futtui.exchange.binance.user_stream import UserStream

    async def look_at_the_clock() -> None:  # the exchange refused our time: whatever showed us that time was wrong
        await clock.resync(rest.server_time_ms)

    assert plan.credentials is not None
    trading = BinanceTrading(
        endpoints,
        plan.credentials,
        {},
        clock.signing_ms,
        budget=rest.budget,
        resync_clock=look_at_the_clock,
        mark=ids,
    )
    await trading.open()
    return Account(
        trading,
        UserStream(
            rest,
            endpoints,
            lambda message: on_message(ids.news(message)),
            barrier=plan.settings.lockstep,
            settings=_stream_settings(plan),
            connect_budget=sockets,
        ),
    )


def _stream_settings(plan: EnginePlan) -> StreamSettings | None:
    """In lockstep time waits for a broken stream, so pauses before a new try serve nobody."""
    from futtui.exchange.binance.routes import StreamSettings

    return replace(StreamSettings.patient(), backoff_scale=0.002) if plan.settings.lockstep else None
