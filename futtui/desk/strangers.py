"""Another futtui on the same account: two would enter every signal twice, so this one enters nothing meanwhile."""

from __future__ import annotations

from collections.abc import Iterable

from futtui.desk.orders import WorkingOrder, is_of_another, signal_id_of
from futtui.desk.outbox import Outbox
from futtui.desk.positions import position_id_of
from futtui.desk.state import DeskState
from futtui.domain.account import SeenOrder
from futtui.domain.effects import Severity

_KEPT = 500


class StrangerWatch:
    """Knows the other one by its orders: their ids carry its own mark, or are of signals that our books never saw.

    Its orders are left alone, and only real trades are stopped. Whoever lets trading go on says that it is as it should
    be; an order that is new to us stops it again.
    """

    def __init__(self, state: DeskState, out: Outbox) -> None:
        self._state = state
        self._out = out
        self._known: dict[str, None] = {}

    def look(self, orders: Iterable[SeenOrder], time_ms: int) -> None:
        """Judge the orders that a look at the account shows."""
        for order in orders:
            self.judge(order.client_id, order.symbol, time_ms)

    def judge(self, client_id: str, symbol: str, time_ms: int) -> None:
        """Judge an order by its id."""
        if is_of_another(client_id) or self._is_of_other_books(client_id):
            self._note(client_id, symbol, time_ms)

    def judge_filled(self, order: WorkingOrder, symbol: str, time_ms: int) -> None:
        """Judge an order of ours by its executions: more than it asked for were made for somebody of the same name."""
        if order.filled > order.quantity:
            self._note(order.client_id, symbol, time_ms)

    def _is_of_other_books(self, client_id: str) -> bool:
        signal_id = signal_id_of(client_id)
        if signal_id is None or self._state.book.has_seen(signal_id):
            return False
        return self._state.find(position_id_of(signal_id)) is None

    def _note(self, client_id: str, symbol: str, time_ms: int) -> None:
        if client_id in self._known:
            return
        self._known[client_id] = None
        while len(self._known) > _KEPT:
            del self._known[next(iter(self._known))]
        state = self._state
        if state.is_shared:
            return
        state.is_shared = True
        text = (
            f"Another futtui trades on this account: order {client_id} on {symbol} is not of this one. Two would enter "
            "each signal twice, so this one opens nothing new on it. Its orders and stops are left alone. End one of "
            "the two (look on your other PCs), then let trading go on here"
        )
        self._out.say(time_ms, "risk", text, Severity.ERROR, symbol)
