"""The engine: streams in, closed candles to the analyzers, events to the desk, orders out, a picture for the screen."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Coroutine
from typing import Any

from futtui.domain.effects import Say, Severity
from futtui.domain.errors import ExchangeError, FuttuiError
from futtui.domain.events import ChangeMode, ClockTick, Command, RulesChanged
from futtui.domain.kill import KillLevel, KillSwitch
from futtui.domain.orders import Fill, OrderUpdate
from futtui.domain.position import TradingMode
from futtui.domain.snapshot import BudgetView, EngineSnapshot
from futtui.domain.symbols import SymbolRules
from futtui.exchange.ports import (
    AccountMessage,
    ContractMessage,
    KlineMessage,
    MarkPriceMessage,
    StreamMessage,
    StreamStateMessage,
)
from futtui.live.account_watch import AccountWatch
from futtui.live.alert_watch import AlertWatch, alerts_file
from futtui.live.analysis_rounds import AnalysisRounds
from futtui.live.blind import BlindWatch
from futtui.live.book_watch import BookWatch
from futtui.live.clock import steady_ms
from futtui.live.clock_watch import ClockWatch
from futtui.live.command_notes import answer_of, noted
from futtui.live.connection import Account, Connection, HeldMessages
from futtui.live.desk_journal import RecordedDesk
from futtui.live.exchange_broker import ExchangeDeskBroker
from futtui.live.feed import FeedWatch
from futtui.live.gap_keeper import GapKeeper
from futtui.live.gap_ledger import GapLedger
from futtui.live.gaps import GapFiller
from futtui.live.health import HealthMeter
from futtui.live.health_file import keep_health_file
from futtui.live.kill_watch import KillWatch
from futtui.live.lag import LagMeter
from futtui.live.loader import HistoryLoader
from futtui.live.market_news import MarketNews
from futtui.live.parts import EngineParts
from futtui.live.provisional import ProvisionalCloses
from futtui.live.real_account import RealAccount
from futtui.live.rules_watch import RulesWatch
from futtui.live.second_look import CORRECTED
from futtui.live.self_watch import SelfWatch
from futtui.live.sequencer import Hole
from futtui.live.silent_symbols import SilentSymbols
from futtui.live.snapshots import SnapshotBuilder, speed_text
from futtui.live.strategy_watch import StrategyWatch
from futtui.live.symbol_state import SymbolState
from futtui.live.universe_watch import stream_of
from futtui.live.warmup import Warmup
from futtui.live.watchdog import Watchdog
from futtui.live.zone_book import ZoneBook

log = logging.getLogger(__name__)

OPEN_PAUSE_S = (1.5, 2.5, 5.0, 10.0, 20.0, 30.0)
"""Pauses between tries to reach the exchange at the start; the last one repeats."""
ACCOUNT_STREAM = "private"
WHOLE_MARKET = ("!markPrice@arr@1s", "!contractInfo")
START = "start"


class Engine:
    """Runs on one asyncio loop. `run` keeps going until `stop`; `snapshot` may be read from any thread."""

    def __init__(self, parts: EngineParts) -> None:
        self.parts = parts
        self.settings = parts.settings
        self.runner = parts.runner
        self.clock = parts.clock
        self.counts: Counter[str] = Counter()
        self.states: dict[str, SymbolState] = {}
        self.feed = FeedWatch()
        self.lag = LagMeter()
        self.health = HealthMeter(self)
        self.ledger = GapLedger()
        self.blind = BlindWatch(lambda text, severity: self.say("feed", text, severity), parts.settings.speed)
        self.strategies = StrategyWatch(self.say, parts.own_titles, parts.own_problems)
        self.silent = SilentSymbols(self)
        self.provisional = ProvisionalCloses(self)
        self.alerts = AlertWatch(self, alerts_file(parts.database))
        self.market_news = MarketNews(self)
        self.book_watch = BookWatch(self)
        self.zone_book = ZoneBook(parts.store, parts.analyzers)
        self.clock_watch = ClockWatch(self)
        self.kill_watch = KillWatch(self, parts.database, keeps=parts.live_book is not None)
        self.self_watch = SelfWatch(self, parts.database.parent, parts.look_at_config)
        self.connection: Connection | None = None
        self.account: Account | None = None
        self.live_broker: ExchangeDeskBroker | None = None
        self.account_watch: AccountWatch | None = None
        self.real_account = RealAccount(self)
        self.watchdog = Watchdog(self)
        self.held = HeldMessages(self.handle) if parts.settings.lockstep else None
        self.pictures = SnapshotBuilder(parts.log_book, speed_text(parts.settings))
        self.loader: HistoryLoader
        self.rounds: AnalysisRounds
        self.gaps: GapFiller
        self.keeper: GapKeeper
        self.warmup: Warmup
        self.rules_watch: RulesWatch
        self._tasks: set[asyncio.Task[Any]] = set()
        self._repairs: set[asyncio.Task[Any]] = set()
        self._snapshot = self._picture()
        self._stopping: asyncio.Task[None] | None = None
        self._stop_asked = asyncio.Event()
        self._last_words = "Stopped."

    # --- life ---------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Connect, load and work until stopped; connection failures are retried with growing pauses.

        Raises what made the start impossible for good, as a database that cannot be read.
        """
        if self._stop_asked.is_set():
            return
        self.spawn(self.lag.run(), "lag meter")
        self.spawn(self._publish_forever(), "snapshots")
        self.spawn(keep_health_file(self.parts.database, lambda: self._snapshot.health), "health file")
        opening = self.spawn(self.open(), START)
        stop_asked = asyncio.ensure_future(self._stop_asked.wait())
        try:
            await asyncio.wait((opening, stop_asked), return_when=asyncio.FIRST_COMPLETED)
            if not self._stop_asked.is_set():
                opening.result()
                await stop_asked
        except Exception as error:
            self._last_words = f"The engine could not start: {error}"
            raise
        finally:
            stop_asked.cancel()

    async def open(self) -> None:
        """Connect to the exchange, subscribe, and load every symbol."""
        attempt = 0
        while True:
            try:
                await self._open_once()
                if self.parts.fresh is not None:
                    self.parts.fresh.keep_new()
                return
            except ExchangeError as error:
                attempt += 1
                self.feed.error, self.feed.attempt = str(error), attempt
                self._phase("connecting", f"{error} Next try (number {attempt + 1}) in a moment.")
                if attempt == 1 or attempt % 20 == 0:
                    self.say("feed", f"{error} (Try number {attempt}.)", Severity.WARNING)
                pause = self.connection.pause if self.connection is not None else asyncio.sleep
                await pause(OPEN_PAUSE_S[min(attempt, len(OPEN_PAUSE_S)) - 1])

    async def _open_once(self) -> None:
        self._phase("connecting", "Connecting to the exchange.")
        on_message = self.held.on_message if self.held else self.handle
        if self.connection is None:  # a second try keeps it: it knows about bans and what was asked already
            self.connection = await self.parts.connect(on_message)
        connection = self.connection
        self.pictures.source_label = connection.endpoints.label
        self.pictures.synthetic = connection.endpoints.synthetic
        self.clock.observe(await connection.market.server_time_ms())
        self.strategies.introduce()
        self.runner.brokers |= self.parts.virtual_brokers(self.runner, self.clock.now_ms())
        loader = self.loader = HistoryLoader(connection.market, self.parts.store, self.settings.market.history)
        self.rounds = AnalysisRounds(
            *(self.parts.analyzers, loader, self.runner, self.states, self.clock.now_ms, self.counts, self.zone_book),
            *(self.ledger, self.blind, self.strategies),
        )
        self.rounds.on_close = self.provisional.settle
        warmup = self.warmup = Warmup(self, loader)
        self.rules_watch = RulesWatch(self, warmup.universe)
        self.kill_watch.restore()
        self.watchdog.start()
        await self.real_account.protect_what_is_open()
        self.keeper = GapKeeper(self, loader, self.parts.store)
        await self.keeper.restore()
        say = self.parts.log_book.say
        self.gaps = GapFiller(loader, self.rounds.add, say, warmup.load, self.counts, self.ledger)
        await warmup.choose_symbols()
        await connection.streams.subscribe([*map(stream_of, self.states), *WHOLE_MARKET])
        if self.settings.mode is TradingMode.LIVE:
            await self.real_account.use()
        self.feed.error, self.feed.attempt = "", 0
        if not self.settings.lockstep:
            self.spawn(self.rounds.run(), "analysis rounds")
            self.spawn(self.provisional.run(), "provisional closes")
            self.book_watch.start()
            self.spawn(self.rules_watch.run(), "trading rules")
            self.spawn(self.clock_watch.run(), "clock watch")
            self.spawn(self.keeper.run(), "gap ledger")
        await warmup.load_all()
        self._phase("running", "")

    def ask_to_stop(self) -> None:
        """Let `run` return; its caller then stops the engine."""
        self._stop_asked.set()

    async def stop(self) -> None:
        """Stop every task, close every connection, write everything; whoever calls again waits for the same end."""
        if self._stopping is None:
            self._stop_asked.set()
            self._stopping = asyncio.get_running_loop().create_task(self._stop(), name="engine stop")
        await asyncio.shield(self._stopping)

    async def _stop(self) -> None:
        await self.real_account.leave()
        self._phase("stopped", self._last_words)
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._disconnect()
        for close in (self.parts.analyzers.stop, self.parts.store.close):
            try:
                await close()
            except Exception:
                log.exception("Something did not close as it should; the rest is closed all the same")
        if self.parts.fresh is not None:
            with contextlib.suppress(FuttuiError):  # it lies aside, and the next demo finds it there
                self.parts.fresh.give_back()
        if self.parts.live_book is not None:
            await self.parts.live_book.end()
        self.runner.sent.close()
        if isinstance(self.runner.desk, RecordedDesk):
            self.runner.desk.close_journal()
        self._snapshot = self._picture()

    async def _disconnect(self) -> None:
        """Close all ends to the exchange, whatever fails on the way."""
        await self.real_account.close()
        if self.connection is not None:
            await self.connection.close()
            self.connection = None

    # --- messages -----------------------------------------------------------------------------------------------

    def handle(self, message: StreamMessage) -> None:
        """One message of a stream, on the engine's loop."""
        self.health.saw(message)
        if isinstance(message, KlineMessage):
            self.market_news.on_kline(message)
        elif isinstance(message, MarkPriceMessage):
            self.market_news.on_mark(message)
        elif isinstance(message, OrderUpdate | Fill | AccountMessage):
            self.real_account.on_news(message)
        elif isinstance(message, ContractMessage):
            self.rules_watch.on_contract(message)
        elif isinstance(message, StreamStateMessage):
            self._on_stream_state(message)

    def _on_stream_state(self, message: StreamStateMessage) -> None:
        self.book_watch.on_state(message)
        if self.feed.on_state(message):
            if message.connection == ACCOUNT_STREAM and self.live_broker is not None:
                self.live_broker.look_at_all()
                if self.account_watch is not None and not self.settings.lockstep:
                    self.spawn(self.account_watch.try_look(), "account after a gap")
                self.say("feed", "The account stream is back. All open orders are being checked.")
            else:
                self.say("feed", f"Connection {message.connection} is back. Missing candles are being checked.")
        elif message.state in ("RECONNECTING", "STALE"):
            text = f"Connection {message.connection} is {message.state.lower()}: {message.reason}"
            self.say("feed", text, Severity.WARNING)

    # --- commands and pictures ----------------------------------------------------------------------------------

    async def command(self, command: Command) -> str:
        """Carry out a user's command; returns a sentence for the flash line. Raises FuttuiError when refused."""
        return await noted(self.runner.sent, command, self.clock.now_ms, self._obey(command))

    async def _obey(self, command: Command) -> str:
        if isinstance(command, ChangeMode) and command.mode is TradingMode.LIVE:
            if not self.settings.live_allowed:
                raise FuttuiError(self.settings.live_refusal)
            await self.real_account.use()
            await self.real_account.pre_flight()
        if (told := self.alerts.obey(command) or self.watchdog.obey(command)) is not None:
            return told
        before = self.parts.log_book.version
        self.runner.submit(command)
        if isinstance(command, KillSwitch) and command.level >= KillLevel.FLATTEN:
            self.kill_watch.flatten_soon()
        self.publish()
        return answer_of(self.parts.log_book.newest_since(before), command)

    def snapshot(self) -> EngineSnapshot:
        """The newest picture."""
        return self._snapshot

    def publish(self) -> None:
        """Take a new picture now."""
        self._snapshot = self._picture()

    def say(self, topic: str, text: str, severity: Severity = Severity.INFO, symbol: str = "") -> None:
        """A line for people."""
        self.parts.log_book.say(Say(self.clock.now_ms(), topic, text, severity, symbol))

    def tick(self, time_ms: int) -> None:
        """Tell the desk that time passed."""
        self.runner.submit(ClockTick(time_ms))

    def tell_rules(self, rules: SymbolRules) -> None:
        """Tell the desk and the virtual accounts the trading rules of a symbol."""
        event = RulesChanged(self.clock.now_ms(), rules)
        self.parts.set_rules(event)
        if self.live_broker is not None:
            self.live_broker.take_rules(rules)
        self.runner.submit(event)

    def ask_about(self, state: SymbolState) -> None:
        """Ask the exchange whether a silent symbol is traded, in the background."""
        self._repair(self.silent.ask(state), f"ask about {state.symbol}")

    def repair(self, state: SymbolState, hole: Hole) -> None:
        """Fill a hole in a symbol's candles, beside everything else."""
        self._repair(self.gaps.fill(state, hole), f"fill {state.symbol}")

    def reload(self, state: SymbolState) -> None:
        """Load a symbol's history into its analyzer, beside everything else."""
        self._repair(self.warmup.load(state), f"load {state.symbol}")

    def beside(self, work: Coroutine[Any, Any, Any], name: str) -> None:
        """Do `work` beside everything else; in lockstep time waits for it."""
        self._repair(work, name)

    def renew_rules(self) -> None:
        """Ask for the trading rules, beside everything else."""
        self._repair(self.rules_watch.try_look(), "trading rules now")

    def _repair(self, work: Coroutine[Any, Any, Any], name: str) -> None:
        task = self.spawn(work, name)
        self._repairs.add(task)
        task.add_done_callback(self._repairs.discard)

    def spawn(self, work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        """Run `work` beside the engine; it is cancelled and awaited at `stop`."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._finished)
        return task

    @property
    def has_inner_work(self) -> bool:
        """Whether closes wait for analysis or a gap is being filled (used where no background tasks run)."""
        return not self.rounds.is_idle or bool(self._repairs)

    async def do_inner_work(self) -> None:
        """Finish repairs that are under way and analyse what waits."""
        await asyncio.gather(*self._repairs)
        await self.rounds.run_once()

    async def _publish_forever(self) -> None:
        while True:
            try:
                self.publish()
            except Exception:
                log.exception("No picture could be made for the screen; the next one follows")
            await asyncio.sleep(self.settings.snapshot_ms / 1000.0)

    def _picture(self) -> EngineSnapshot:
        budget = self._budget()
        return self.pictures.build(
            list(self.states.values()),
            self.runner.desk.snapshot(),
            self.feed.view(budget, self.counts["gap_candles"], self.ledger.view(self.counts[CORRECTED])),
            self.health.view(budget),
            time_ms=self.clock.now_ms(),
            steady_now_ms=steady_ms(),
            lag_ms=self.lag.recent_ms,
            sent=self.runner.sent.view(),
            alerts=self.alerts.waiting,
            margins=self.real_account.margins.view(),
        )

    def _budget(self) -> BudgetView | None:
        connection = self.connection
        return connection.budget() if connection is not None and connection.budget is not None else None

    def _phase(self, phase: str, text: str) -> None:
        self.pictures.phase, self.pictures.phase_text = phase, text
        self.publish()

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if task.get_name() == START:
            return  # `run` waits for it and tells why it failed
        if not task.cancelled() and task.exception() is not None and self._stopping is None:
            log.error("Task %s failed", task.get_name(), exc_info=task.exception())
            self.say("engine", f"An inner task failed ({task.get_name()}): {task.exception()}", Severity.ERROR)
