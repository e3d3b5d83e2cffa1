"""Orders with our mark as the exchange shows them: strays are cancelled, and what ours really are is taken over.

Only a stray that may protect what is held stays.
"""

from __future__ import annotations

from futtui.desk import words
from futtui.desk.life import PositionLife
from futtui.desk.orders import WorkingOrder, signal_id_of
from futtui.desk.outbox import Outbox
from futtui.desk.positions import Position
from futtui.desk.state import DeskState
from futtui.domain.account import AccountSeen, SeenOrder
from futtui.domain.effects import CancelOrder, Severity
from futtui.domain.orders import OrderPurpose
from futtui.domain.position import TradingMode
from futtui.domain.symbols import ZERO

LOOKS_TO_CANCEL = 2


class OrderWatch:
    """Two looks that show a stray order cancel it: it could close something else later.

    An order of a signal that our books never saw belongs to a futtui with other books: one on another PC, or one whose
    data folder was lost. While its symbol is held beside ours it may be the only stop of that, and stays.

    An order of ours may have other terms than our books say: a full disk kept them from being written before a crash,
    and the next run met the order under the id that it gave to its own.
    """

    def __init__(self, state: DeskState, out: Outbox, life: PositionLife) -> None:
        self._state = state
        self._out = out
        self._life = life
        self._looks: dict[str, int] = {}
        self._left: set[str] = set()

    @property
    def is_settled(self) -> bool:
        """Whether no order has to be looked at once more."""
        return not self._looks

    def look(self, event: AccountSeen) -> None:
        """Count the stray orders of a look, cancel those that were there before, and compare the terms of ours."""
        for order in event.orders:
            self._compare(order, event.time_ms)
        found = {order.client_id: order for order in event.orders if self._is_stray(order)}
        strays = {name: order for name, order in found.items() if not self._protects(order, event)}
        if event.order_symbols is None:
            self._looks = {name: count for name, count in self._looks.items() if name in strays}
            self._left &= found.keys() - strays.keys()
        for client_id, order in strays.items():
            self._looks[client_id] = self._looks.get(client_id, 0) + 1
            if self._looks[client_id] >= LOOKS_TO_CANCEL:
                del self._looks[client_id]
                text = f"{order.symbol}: order {client_id} of a closed position still waits, cancelling it"
                self._out.say(event.time_ms, "order", text, Severity.WARNING, order.symbol)
                self._out.cancel_stray(
                    CancelOrder(TradingMode.LIVE, order.symbol, client_id, order.conditional, event.time_ms)
                )
        self._tell_left([order for name, order in found.items() if name not in strays], event.time_ms)

    def _tell_left(self, orders: list[SeenOrder], time_ms: int) -> None:
        for order in orders:
            self._looks.pop(order.client_id, None)
            if order.client_id not in self._left:
                self._left.add(order.client_id)
                text = (
                    f"{order.symbol}: order {order.client_id} is of a position that futtui opened with other books "
                    "(on another PC, or in a data folder that is not here). It stays: it may protect what is held"
                )
                self._out.say(time_ms, "order", text, Severity.WARNING, order.symbol)

    def _is_stray(self, order: SeenOrder) -> bool:
        """Whether an order carries our mark and no position in care waits for it."""
        if signal_id_of(order.client_id) is None:
            return False
        _, known = self._ours(order)
        return known is None or (known.is_final and not known.fired)

    def _ours(self, order: SeenOrder) -> tuple[Position | None, WorkingOrder | None]:
        """The position in care that an order belongs to, and the order as it knows it."""
        position = self._state.open.get(f"p-{signal_id_of(order.client_id)}")
        return position, None if position is None else position.orders.get(order.client_id)

    def _compare(self, seen: SeenOrder, time_ms: int) -> None:
        """Take over the terms of a waiting order where they are not what our books say; a better stop is kept."""
        position, known = self._ours(seen)
        if position is None or known is None or not known.is_live or not seen.quantity or not seen.trigger_price:
            return
        if (seen.quantity, seen.trigger_price) == (known.quantity, known.trigger):
            return
        known.quantity, known.trigger = seen.quantity, seen.trigger_price
        symbol, at = seen.symbol, words.price(position.rules, seen.trigger_price)
        what = f"{words.amount(seen.quantity)} at {at}"
        text = f"{symbol}: order {seen.client_id} on the exchange is {what}, which futtui had not noted"
        self._out.say(time_ms, "order", text, Severity.WARNING, symbol)
        self._out.touch(position)
        gain = position.plan.side.sign * (seen.trigger_price - position.goal_price)
        if known.purpose is OrderPurpose.STOP and gain > 0:
            self._life.move_stop(position, seen.trigger_price, time_ms)
        else:
            self._life.on_clock(position, time_ms)

    def _protects(self, order: SeenOrder, event: AccountSeen) -> bool:
        """Whether a stray order may protect something: its signal is not of our books, and more is held than ours."""
        signal_id = signal_id_of(order.client_id) or ""
        if self._state.find(f"p-{signal_id}") is not None or self._state.book.has_seen(signal_id):
            return False
        held = self._state.live_on(order.symbol)
        return event.amount(order.symbol) != sum((item.plan.side.sign * item.ledger.open for item in held), ZERO)
