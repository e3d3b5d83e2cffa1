"""Feeds the desk with events, one after the other, and carries out its effects in order."""

from __future__ import annotations

import logging
from collections import Counter, deque
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Protocol

from futtui.desk.refusals import is_refused_entry
from futtui.domain.effects import (
    AskFills,
    CancelOrder,
    Effect,
    PlaceOrder,
    RecordNoSignal,
    RecordPosition,
    RecordSignal,
    RecordSymbolState,
    RecordTrade,
    Say,
    Severity,
    WriteLatch,
)
from futtui.domain.events import Event, OrderChanged, OrderFilled
from futtui.domain.orders import OrderStatus, OrderUpdate
from futtui.domain.position import TradingMode
from futtui.domain.sent import RefusedEntry, SentBook
from futtui.domain.signal import Signal
from futtui.live.brokers import Broker

if TYPE_CHECKING:
    from futtui.desk.desk import TradingDesk
    from futtui.live.live_book import LiveBook

log = logging.getLogger(__name__)

Record = RecordSignal | RecordNoSignal | RecordPosition | RecordTrade | RecordSymbolState


class Recorder(Protocol):
    """Where records go; never blocks."""

    def submit(self, record: Record) -> None: ...


class LogBook(Protocol):
    """Where lines for people go."""

    def say(self, line: Say) -> None: ...


class DeskRunner:
    """The desk's shell. Everything happens on the engine's loop, so the desk sees a single, ordered row of events."""

    def __init__(
        self,
        desk: TradingDesk,
        recorder: Recorder,
        log_book: LogBook,
        live_book: LiveBook | None = None,
        sent: SentBook | None = None,
    ) -> None:
        self.desk = desk
        self.brokers: dict[TradingMode, Broker] = {}
        self.counts: Counter[str] = Counter()
        self.signals_by_strategy: Counter[str] = Counter()
        self.records: list[Record] | None = None
        self.watchers: list[Callable[[Effect], None]] = []
        """Told every record after it was handed on; they must return at once."""
        self._recorder = recorder
        self._live_book = live_book
        self._log_book = log_book
        self.on_latch: Callable[[WriteLatch], None] = lambda latch: None
        """Keeps what the kill switch latched."""
        self.sent = sent if sent is not None else SentBook()
        """Orders, cancels and commands with what became of them, for the screen."""
        self._queue: deque[Event] = deque()
        self._busy = False
        self._open_signals: set[str] = set()

    def submit(self, event: Event) -> None:
        """Handle `event` now, or right after the one being handled.

        A mistake in the desk costs only the event that met it: the others are handled, then it is raised.
        """
        self._queue.append(event)
        if self._busy:
            return
        self._busy = True
        mistake: Exception | None = None
        while self._queue:
            item = self._queue.popleft()
            if isinstance(item, OrderFilled):
                self.counts["fills"] += 1
                self.sent.filled(item.fill)
            elif isinstance(item, OrderChanged):
                self.sent.updated(item.update)
            try:
                if effects := self.desk.handle(item):
                    self.carry_out(effects)
            except Exception as error:
                mistake = mistake or error
        self._busy = False
        if mistake is not None:
            raise mistake

    def carry_out(self, effects: Iterable[Effect]) -> None:
        """Carry out effects in order; one that fails (a record that cannot be kept) never holds back an order."""
        for effect in effects:
            try:
                self._carry_out(effect)
            except Exception:
                log.exception("An effect could not be carried out, the others are: %.200r", effect)

    def _carry_out(self, effect: Effect) -> None:
        if isinstance(effect, PlaceOrder):
            self._place(effect)
        elif isinstance(effect, CancelOrder):
            broker = self.brokers.get(effect.mode)
            if broker is not None:
                self.counts["cancels"] += 1
                self.sent.cancelled(effect)
                broker.cancel(effect)
        elif isinstance(effect, AskFills):
            broker = self.brokers.get(effect.mode)
            if broker is not None:
                broker.ask_fills(effect)
        elif isinstance(effect, Say):
            self._log_book.say(effect)
        elif isinstance(effect, WriteLatch):
            self.on_latch(effect)
        else:
            self._record(effect)

    def _place(self, effect: PlaceOrder) -> None:
        self.sent.placed(effect)
        broker = self.brokers.get(effect.mode)
        if broker is None:
            intent = effect.intent
            reason = f"no account is connected for {effect.mode.value}, so the order was not sent"
            self._log_book.say(
                Say(intent.time_ms, "order", f"{intent.symbol}: {reason}.", Severity.ERROR, intent.symbol)
            )
            update = OrderUpdate(intent.client_id, intent.symbol, OrderStatus.REJECTED, intent.time_ms, reason=reason)
            self._queue.append(OrderChanged(update))
            return
        self.counts["orders"] += 1
        broker.place(effect.intent)

    def _record(self, effect: Record) -> None:
        if isinstance(effect, RecordSignal):
            signal = effect.signal
            if is_refused_entry(signal):
                self.sent.entry_refused(*_refused(signal, self.desk.mode), effect.time_ms)
            if not signal.status.is_open:
                self._open_signals.discard(signal.signal_id)
            elif signal.signal_id not in self._open_signals and not signal.raw.is_by_hand:
                self._open_signals.add(signal.signal_id)
                self.signals_by_strategy[signal.raw.strategy] += 1
        elif isinstance(effect, RecordTrade):
            self.counts["trades"] += 1
        if self.records is not None and isinstance(effect, RecordSignal | RecordTrade):
            self.records.append(effect)
        if self._live_book is not None:
            self._live_book.note(effect)
        self._recorder.submit(effect)
        for watcher in self.watchers:
            watcher(effect)


def _refused(signal: Signal, mode: TradingMode) -> tuple[RefusedEntry, str]:
    """The entry that was not made, and why."""
    raw = signal.raw
    where = TradingMode.INFO if signal.is_for_information else mode
    entry = RefusedEntry(where, raw.symbol, raw.side, raw.strategy, raw.timeframe, signal.signal_id)
    return entry, signal.status_reason
