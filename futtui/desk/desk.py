"""The trading desk: events in, effects out. The one place that sees all symbols."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set
from decimal import Decimal
from functools import partial
from itertools import islice
from typing import Any

from futtui.desk import words
from futtui.desk.blocking import end_blocks, set_block, take_off_block
from futtui.desk.by_hand import HandDesk
from futtui.desk.choosing import SignalChoices
from futtui.desk.data_watch import DataWatch
from futtui.desk.intake import SignalIntake
from futtui.desk.kill import KillDesk
from futtui.desk.life import PositionLife
from futtui.desk.liquidation_watch import LiquidationWatch
from futtui.desk.listing import leave_before_the_end, on_prices_end, on_rules, on_stopped
from futtui.desk.money import MoneyDesk
from futtui.desk.orders import WorkingOrder, signal_id_of
from futtui.desk.outbox import Outbox
from futtui.desk.outside import OutsideWatch
from futtui.desk.positions import Position, position_id_of
from futtui.desk.questions import DeskQuestions
from futtui.desk.restart import restore_desk
from futtui.desk.settings import DeskSettings
from futtui.desk.snapshots import SnapshotBuilder
from futtui.desk.state import DeskState
from futtui.desk.storage_form import position_state
from futtui.desk.strangers import StrangerWatch
from futtui.desk.trades import trade_of
from futtui.domain.account import AccountSeen, FillsTold, FundingSummed, MoneyMoved
from futtui.domain.candle import Candle
from futtui.domain.effects import Effect, PositionState, Severity
from futtui.domain.events import (
    AnalysisDone,
    BalanceChanged,
    BlockSymbol,
    BookSampled,
    CandleClosed,
    ChangeMode,
    ClockTick,
    ClosePosition,
    DismissSignal,
    Event,
    FeedState,
    FundingAnnounced,
    FundingPaid,
    InterestSampled,
    MoveStop,
    OrderChanged,
    OrderFilled,
    PriceApart,
    PricesEnded,
    PriceUpdate,
    ProgramEnds,
    RulesChanged,
    SetPaused,
    TakeSignal,
    TradingStopped,
    UnblockSymbol,
)
from futtui.domain.kill import KillSwitch, Rearm
from futtui.domain.position import PositionStatus, Trade, TradingMode
from futtui.domain.signal import Signal, SignalStatus
from futtui.domain.snapshot import DeskSnapshot
from futtui.domain.timeframe import DAY_MS, Timeframe
from futtui.language.counting import counted
from futtui.signals.confidence import ConfidenceModel

_INFINITE = float("inf")


class TradingDesk(DeskQuestions):
    """Signals to positions to orders, for every symbol and mode.

    Synchronous and deterministic: the same events give the same effects, time comes from the events alone.
    The effects of one event are ordered so that every record comes before the orders it explains.
    """

    def __init__(
        self,
        settings: DeskSettings | None = None,
        mode: TradingMode = TradingMode.SIGNALS,
        start_equity: Decimal = Decimal(10_000),
        for_information: Set[str] = frozenset(),
        confidence: ConfidenceModel | None = None,
        keeps_positions: bool = True,
    ) -> None:
        """`for_information`: strategies whose signals are followed on an account of their own, in no mode traded.

        `keeps_positions`: whether each step of a position is recorded, for a restart that nobody wants of a backtest.
        """
        self._state = DeskState(settings or DeskSettings(), mode, start_equity, for_information, confidence)
        self._out = Outbox(position_state if keeps_positions else None)
        risk = self._state.settings.risk
        self._life = PositionLife(
            risk, self._out, self._state.trail_inputs, self._state.risk_pct, self._state.spares_others
        )
        self._intake = SignalIntake(self._state, self._out, self._life)
        self._outside = OutsideWatch(self._state, self._out, self._life, self._book)
        self._strangers = StrangerWatch(self._state, self._out)
        self._kill = KillDesk(self._state, self._out, self._life, self._outside)
        self._money = MoneyDesk(self._state, self._out, self._book, self._changed)
        self._hand = HandDesk(self._state, self._out, self._life)
        self._choices = SignalChoices(self._state, self._out, self._intake)
        self._builder = SnapshotBuilder()
        self._version = 1
        self._snapshot: DeskSnapshot | None = None
        self._next_day_ms = 0
        self._resumed: dict[str, None] = {}
        self._liquidation = LiquidationWatch(self._state, self._out)
        self._data = DataWatch(self._state, self._out, self._life)
        self._handlers: dict[type, Callable[[Any], None]] = {
            CandleClosed: self._on_candle,
            AnalysisDone: self._on_analysis,
            RulesChanged: partial(on_rules, self._state, self._life),
            TradingStopped: partial(on_stopped, self._state, self._life),
            PricesEnded: partial(on_prices_end, self._state, self._out),
            OrderChanged: self._on_order,
            OrderFilled: self._on_fill,
            BalanceChanged: self._money.on_balance,
            MoneyMoved: self._money.on_moved,
            AccountSeen: self._on_seen,
            FillsTold: self._outside.on_told,
            FundingSummed: self._outside.on_funding,
            FundingPaid: self._money.on_funding,
            FundingAnnounced: self._state.note_funding,
            ClockTick: self._on_clock,
            FeedState: self._data.on_feed,
            BookSampled: self._state.note_book,
            InterestSampled: self._state.note_interest,
            BlockSymbol: self._on_block,
            UnblockSymbol: self._on_unblock,
            ChangeMode: self._on_mode,
            ProgramEnds: self._kill.on_program_end,
            KillSwitch: self._kill.on_switch,
            Rearm: self._kill.on_rearm,
            SetPaused: self._on_paused,
            ClosePosition: self._hand.on_close,
            MoveStop: self._hand.on_move_stop,
            DismissSignal: self._choices.on_dismiss,
            TakeSignal: self._choices.on_take,
        }

    # --- the three doors ----------------------------------------------------------------------------------------

    def handle(self, event: Event) -> list[Effect]:
        """Effects of one event, to be carried out in order. Late, repeated or unknown news never raises."""
        if type(event) is PriceUpdate:
            return self._on_price(event)
        if type(event) is PriceApart:
            return self._on_price(event.update, event.position_ids)
        handler = self._handlers.get(type(event))
        if handler is None:
            return []
        time_ms = event.time_ms
        self._see_time(time_ms)
        handler(event)
        return self._finish(time_ms)

    def snapshot(self) -> DeskSnapshot:
        """The desk as the screen shows it; the same object until something changes."""
        if self._snapshot is None:
            state = self._state
            self._snapshot = self._builder.build(
                version=self._version,
                time_ms=state.now_ms,
                mode=state.mode,
                pause_reason=state.why_paused(state.mode),
                kill_level=state.kill_level,
                account=state.accounts[state.mode],
                risk=state.settings.risk,
                positions=state.open.values(),
                book=state.book,
                standing=state.standing,
                trades=islice(reversed(state.trades), max(1, state.settings.trades_shown)),
                blocked=state.blocks.view(),
            )
        return self._snapshot

    def restore(
        self,
        positions: Iterable[PositionState] = (),
        signals: Iterable[Signal] = (),
        blocked: Mapping[str, tuple[int, str]] | None = None,
        trades: Iterable[Trade] = (),
        time_ms: int = 0,
    ) -> list[Effect]:
        """Take in what storage kept, once, before the first event; returns effects like `handle`.

        `positions` are the open ones, and ended ones to be known by their ids, `signals` the open ones and the latest
        finished ones, `trades` all closed trades, `blocked` symbol to (until_ms, reason). Nothing is sent again: what
        should be working at the brokers is in `working_orders`.
        """
        restore_desk(self._state, self._out, positions, signals, blocked or {}, trades, time_ms)
        self._resumed = dict.fromkeys(self._state.open)
        self._changed()
        return self._finish(time_ms)

    def warm_up(self, symbol: str, candles: Iterable[Candle]) -> None:
        """Give the BTC filter closed 15-minute candles of the past, so that correlations are known from the start."""
        for candle in candles:
            self._state.closes.add(symbol, Timeframe.M15.end_ms(candle.open_time_ms), candle.close)

    # --- market -------------------------------------------------------------------------------------------------

    def _on_price(self, event: PriceUpdate, only: Set[str] | None = None) -> list[Effect]:
        symbol, time_ms, state = event.symbol, event.time_ms, self._state
        previous = state.prices.get(symbol)
        if not 0.0 < event.last < _INFINITE or (previous is not None and time_ms < previous.time_ms):
            return []
        state.prices[symbol] = event
        if time_ms > state.now_ms:
            self._see_time(time_ms)
        if not state.is_watched(symbol):
            return []
        since_ms = previous.time_ms if previous is not None else -1
        for position in state.on(symbol):
            if only is not None and position.position_id not in only:
                continue
            # The range may reach back to before the position was opened: then only the last price counts.
            whole = since_ms >= position.opened_ms or (previous is None and position.position_id in self._resumed)
            low, high = (event.low, event.high) if whole else (event.last, event.last)
            self._life.on_price(position, event.last, low, high, time_ms)
            position.version = self._version + 1
        self._intake.on_price(event, since_ms, only)
        self._changed()
        return self._finish(time_ms)

    def _on_candle(self, event: CandleClosed) -> None:
        if event.timeframe is not Timeframe.M15:
            return
        candle = event.candle
        self._state.closes.add(event.symbol, event.time_ms, candle.close)
        for position in self._state.on(event.symbol):
            if position.ledger.entry_quantity and candle.open_time_ms >= position.opened_ms:
                position.observe(candle.low, candle.high)

    def _on_analysis(self, event: AnalysisDone) -> None:
        reading = event.result.reading
        self._state.learn(reading)
        if not event.late:
            for position in self._state.on(reading.symbol):
                self._life.on_close(position, event.time_ms)
        self._intake.take(event)

    # --- orders and money ---------------------------------------------------------------------------------------

    def _on_order(self, event: OrderChanged) -> None:
        found = self._find_order(event.update.client_id)
        if found is not None:
            self._outside.on_refused(found[0], event.update)
            self._life.on_update(*found, event.update)
        else:
            self._strangers.judge(event.update.client_id, event.update.symbol, event.time_ms)

    def _on_fill(self, event: OrderFilled) -> None:
        found = self._find_order(event.fill.client_id)
        if found is None:
            self._strangers.judge(event.fill.client_id, event.fill.symbol, event.time_ms)
        if found is None and signal_id_of(event.fill.client_id) is None:
            self._outside.on_fill(event.fill, event.time_ms, event.mode)
            return
        if found is None:
            text = f"{event.fill.symbol}: an execution of order {event.fill.client_id}, which is not ours"
            self._out.say(event.time_ms, "order", text, Severity.DEBUG, event.fill.symbol)
            return
        position, was_open, legs = found[0], found[0].is_open, found[0].ledger.legs
        self._life.on_fill(*found, event.fill)
        self._strangers.judge_filled(found[1], event.fill.symbol, event.time_ms)
        if not was_open and position.ledger.legs is not legs:
            self._book(position)  # the execution took the place of a correction
        if position.is_open and position.position_id not in self._state.open:
            self._state.add(position)

    def _find_order(self, client_id: str) -> tuple[Position, WorkingOrder] | None:
        signal_id = signal_id_of(client_id)
        position = self._state.find(position_id_of(signal_id)) if signal_id is not None else None
        order = position.orders.get(client_id) if position is not None else None
        return None if position is None or order is None else (position, order)

    def _on_seen(self, event: AccountSeen) -> None:
        self._outside.on_seen(event)
        self._strangers.look(event.orders, event.time_ms)
        self._liquidation.look(event)
        self._changed()

    # --- time and commands --------------------------------------------------------------------------------------

    def _on_clock(self, event: ClockTick) -> None:
        time_ms, state = event.time_ms, self._state
        end_blocks(state.blocks, self._out, time_ms)
        self._intake.on_clock(time_ms)
        self._kill.on_clock(time_ms)
        looked_after = self._out.records_positions or state.stale or state.stopped
        for position in [each for each in state.open.values() if each.plan.symbol not in event.silent]:
            if not looked_after and position.rules.ends_ms is None and self._life.rests(position, time_ms):
                continue
            self._life.on_clock(position, time_ms)
            self._data.look(position, time_ms)
            leave_before_the_end(state, self._life, position, time_ms)
            extremes = (position.best_price, position.worst_price)
            if self._out.records_positions and extremes != (position.recorded_best, position.recorded_worst):
                self._out.touch(position)

    def _on_block(self, event: BlockSymbol) -> None:
        set_block(self._state.blocks, self._out, event)

    def _on_unblock(self, event: UnblockSymbol) -> None:
        take_off_block(self._state.blocks, self._out, event)

    def _on_mode(self, event: ChangeMode) -> None:
        before, self._state.mode = self._state.mode, event.mode
        latched = self._kill.refusal() if event.mode is TradingMode.LIVE else None
        if latched is not None:
            self._state.mode = before
            self._out.say(event.time_ms, "mode", f"Live is refused, {latched}", Severity.ERROR)
            return
        if before is event.mode:
            return
        count = sum(position.plan.mode is not TradingMode.INFO for position in self._state.open.values())
        held = counted(count, "open position stays as it is", "open positions stay as they are")
        kept = f"; {held}" if count else ""
        text = f"Mode changed from {words.MODE[before]} to {words.MODE[event.mode]}{kept}"
        self._out.say(event.time_ms, "mode", text, Severity.NOTICE)

    def _on_paused(self, event: SetPaused) -> None:
        latched = self._kill.refusal()
        if latched is not None and not event.paused:
            self._out.say(event.time_ms, "mode", f"New trades stay paused, {latched}", Severity.ERROR)
        elif (not self._state.paused) if event.paused else self._state.why_paused(self._state.mode):
            self._state.kill_level = 0
            if not event.paused:
                self._kill.forget_best()
            self._state.set_paused(event.paused)
            text = "New trades are paused, open positions are managed as before" if event.paused else "New trades go on"
            self._out.say(event.time_ms, "mode", text, Severity.NOTICE)

    # --- after every event --------------------------------------------------------------------------------------

    def _see_time(self, time_ms: int) -> None:
        state = self._state
        if time_ms > state.now_ms:
            state.now_ms = time_ms
        if time_ms < self._next_day_ms:
            return
        first = self._next_day_ms == 0
        self._next_day_ms = time_ms - time_ms % DAY_MS + DAY_MS
        for mode, account in state.accounts.items():
            if not first:
                account.start_day(state.held(mode))
            elif state.trades:
                account.resume_day(time_ms)

    def _finish(self, time_ms: int) -> list[Effect]:
        if self._out.is_empty:
            return []
        finished, self._out.finished = self._out.finished, []
        for position in finished:
            self._retire(position, time_ms)
        touched = self._out.touched
        effects = self._out.drain(time_ms)
        if effects or touched:
            self._changed()
        for position in touched:
            position.version = self._version
        return effects

    def _retire(self, position: Position, time_ms: int) -> None:
        state, plan = self._state, position.plan
        state.retire(position)
        self._resumed.pop(position.position_id, None)
        if position.status is PositionStatus.FAILED:
            reason = position.entry_refusal or "the exchange did not accept the entry"
            self._out.say(time_ms, "trade", f"{plan.symbol}: not entered, {reason}", Severity.WARNING, plan.symbol)
            signal = state.book.change(plan.signal_id, SignalStatus.REFUSED, reason, time_ms)
        else:
            trade = self._book(position)
            self._kill.note_closed(position, trade)
            self._out.say(time_ms, "trade", words.closed(trade), words.loudness(plan.mode), plan.symbol)
            reason = f"closed with {trade.result_r:+.2f} R"
            signal = state.book.change(plan.signal_id, SignalStatus.CLOSED, reason, time_ms)
        if signal is not None:
            self._out.signal(signal)

    def _book(self, position: Position) -> Trade:
        """Book the trade of a flat position, or its corrected version."""
        trade = trade_of(position)
        self._state.accounts[trade.mode].book(trade, self._state.settings.risk.caps)
        self._state.keep_trade(trade)
        self._out.trade(trade)
        return trade

    def _changed(self) -> None:
        self._version += 1
        self._snapshot = None
