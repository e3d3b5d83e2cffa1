"""Collects the effects of one event and hands them out in an order that loses nothing: records before orders."""

from __future__ import annotations

from collections.abc import Callable

from futtui.desk.positions import Position
from futtui.domain.effects import (
    AskFills,
    CancelOrder,
    Effect,
    PlaceOrder,
    PositionState,
    RecordNoSignal,
    RecordPosition,
    RecordSignal,
    RecordSymbolState,
    RecordTrade,
    Say,
    Severity,
    WriteLatch,
)
from futtui.domain.orders import OrderIntent, OrderPurpose
from futtui.domain.position import Trade
from futtui.domain.signal import Signal


class Outbox:
    """Effects of the event being handled. A crash after any prefix of the drained list loses no intent."""

    def __init__(self, state_of: Callable[[Position], PositionState] | None) -> None:
        """`state_of`: what is recorded of a position; None = positions are not recorded."""
        self._state_of = state_of
        self._signals: dict[str, Signal] = {}
        self._positions: dict[str, Position] = {}
        self._blocks: list[RecordSymbolState] = []
        self._orders: list[PlaceOrder | CancelOrder | AskFills | WriteLatch] = []
        self._trades: list[Trade] = []
        self._silences: list[RecordNoSignal] = []
        self._lines: list[Say] = []
        self.finished: list[Position] = []

    @property
    def records_positions(self) -> bool:
        """Whether each step of a position is recorded."""
        return self._state_of is not None

    def signal(self, signal: Signal) -> None:
        """Record a signal; the last state within one event counts."""
        self._signals[signal.signal_id] = signal

    def touch(self, position: Position) -> None:
        """Record a position as it is at the end of the event."""
        self._positions[position.position_id] = position
        position.settled_for = None

    def block(self, symbol: str, until_ms: int | None, reason: str, time_ms: int) -> None:
        """Record the block state of a symbol."""
        self._blocks.append(RecordSymbolState(symbol, until_ms, reason, time_ms))

    def place(self, position: Position, intent: OrderIntent) -> None:
        """Send an order of a position."""
        self._orders.append(PlaceOrder(position.plan.mode, intent))
        self.touch(position)

    def cancel(self, position: Position, client_id: str, conditional: bool, time_ms: int) -> None:
        """Cancel an order of a position."""
        plan = position.plan
        self._orders.append(CancelOrder(plan.mode, plan.symbol, client_id, conditional, time_ms))
        self.touch(position)

    def cancel_rest(self, position: Position, time_ms: int) -> None:
        """Ask to cancel every order of a position that waits; what has begun to close it ends by itself."""
        for order in position.orders.values():
            if order.is_final or order.cancel_sent or order.fired or order.purpose is OrderPurpose.ENTRY:
                continue
            order.cancel_sent = True
            self.cancel(position, order.client_id, order.order_type.is_conditional, time_ms)

    def finish(self, position: Position) -> None:
        """Note that a position came to its end."""
        self.touch(position)
        self.finished.append(position)

    def cancel_stray(self, effect: CancelOrder) -> None:
        """Cancel an order of ours that belongs to no position in care."""
        self._orders.append(effect)

    def ask_fills(self, effect: AskFills) -> None:
        """Ask for executions on a symbol."""
        self._orders.append(effect)

    def latch(self, effect: WriteLatch) -> None:
        """Keep on disk what the kill switch latched."""
        self._orders.insert(0, effect)

    def no_signal(self, record: RecordNoSignal) -> None:
        """Count that a strategy proposed nothing."""
        self._silences.append(record)

    def trade(self, trade: Trade) -> None:
        """Record a closed trade."""
        self._trades.append(trade)

    def say(self, time_ms: int, topic: str, text: str, severity: Severity = Severity.INFO, symbol: str = "") -> None:
        """A line for people."""
        self._lines.append(Say(time_ms, topic, text, severity, symbol))

    def add_line(self, line: Say | None) -> None:
        """A ready line, if there is one."""
        if line is not None:
            self._lines.append(line)

    @property
    def touched(self) -> tuple[Position, ...]:
        """Positions that changed in this event."""
        return tuple(self._positions.values())

    @property
    def is_empty(self) -> bool:
        """Whether the event came to nothing: most do."""
        return not (
            self._positions or self._signals or self._lines or self._orders or self._trades
            or self._blocks or self._silences or self.finished
        )  # fmt: skip

    def drain(self, time_ms: int) -> list[Effect]:
        """All effects: signals, trades, positions, blocks, then orders, then lines. Empties the box.

        A trade comes before its closed position: after a crash in between, `restore_desk` still knows the result.
        """
        effects: list[Effect] = [RecordSignal(signal, time_ms) for signal in self._signals.values()]
        effects += [RecordTrade(trade, time_ms) for trade in self._trades]
        for position in self._positions.values():
            position.updated_ms = position.recorded_ms = time_ms
            position.recorded_best, position.recorded_worst = position.best_price, position.worst_price
            if self._state_of is not None:
                effects.append(RecordPosition(self._state_of(position), time_ms))
        effects += self._blocks
        effects += self._silences
        effects += self._orders
        effects += self._lines
        self._signals, self._positions, self._silences = {}, {}, []
        self._blocks, self._orders, self._trades, self._lines = [], [], [], []
        return effects
