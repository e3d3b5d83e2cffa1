"""One of our orders as the desk knows it: what was asked, and what the exchange has said since."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from futtui.domain.orders import OrderPurpose, OrderStatus, OrderType
from futtui.domain.position import ExitReason
from futtui.domain.side import OrderSide
from futtui.domain.symbols import ZERO

_RANK = {
    OrderStatus.SENT: 0,
    OrderStatus.UNKNOWN: 1,
    OrderStatus.OPEN: 2,
    OrderStatus.TRIGGERED: 3,
    OrderStatus.PARTIALLY_FILLED: 4,
    OrderStatus.FILLED: 5,
    OrderStatus.CANCELED: 5,
    OrderStatus.EXPIRED: 5,
    OrderStatus.REJECTED: 5,
}
_LETTER = {
    OrderPurpose.ENTRY: "E",
    OrderPurpose.STOP: "S",
    OrderPurpose.TARGET: "T",
    OrderPurpose.EXIT: "X",
    OrderPurpose.PART: "P",
}

_MARKED = re.compile(r"f[0-9a-z]+-[0-9a-f]+-[ESTXP][0-9]+")


def client_id_for(signal_id: str, purpose: OrderPurpose, number: int) -> str:
    """Id of an order: a pure function of what it is for, so that sending it twice can never open it twice."""
    return f"f-{signal_id}-{_LETTER[purpose]}{number}"


def signal_id_of(client_id: str) -> str | None:
    """Signal id inside one of our client ids; None for ids that are not ours."""
    parts = client_id.split("-")
    return parts[1] if len(parts) == 3 and parts[0] == "f" else None


def is_of_another(client_id: str) -> bool:
    """Whether an id carries the mark of another futtui; the shell has taken ours off."""
    return _MARKED.fullmatch(client_id) is not None


@dataclass(slots=True)
class WorkingOrder:
    """An order of a position. Facts only ever add up: a later, lower status changes nothing."""

    client_id: str
    purpose: OrderPurpose
    order_type: OrderType
    side: OrderSide
    quantity: Decimal
    trigger: Decimal | None
    leg_index: int
    reason: ExitReason | None
    sent_ms: int
    status: OrderStatus = OrderStatus.SENT
    filled: Decimal = ZERO
    fired: bool = False
    unsure: bool = False
    cancel_sent: bool = False
    denied: bool = False
    """Whether the exchange called it filled, told no execution of it, and then had no such order any more."""
    given_up: bool = False
    """Whether the exchange called it filled and then showed that nothing of what is not known was executed."""

    def learn(self, status: OrderStatus) -> bool:
        """Take in a status; True if it was news."""
        if status is OrderStatus.UNKNOWN:
            was_unsure, self.unsure = self.unsure, not self.is_final
            if self.status is OrderStatus.SENT:
                self.status = status
            return self.unsure and not was_unsure
        if status is not OrderStatus.SENT:
            self.unsure = False
        if self._is_denied(status):
            self.denied = True
            return True
        if _RANK[status] <= _RANK[self.status]:
            return False
        self.status = status
        self._note_fired()
        return True

    def _is_denied(self, status: OrderStatus) -> bool:
        """Whether the exchange called it filled, told no execution of it, and now says that it has no such order."""
        closes = self.purpose in (OrderPurpose.EXIT, OrderPurpose.STOP)
        was_empty = self.status is OrderStatus.FILLED and not self.filled and not self.denied
        return closes and was_empty and status is OrderStatus.EXPIRED

    def give_up_denied(self) -> bool:
        """Give a denied order up, as account and books agree without it; False where none was denied.

        Nothing less proves what it did: sent once more it could close what is not its position's.
        """
        if not self.denied_quantity:
            return False
        self.given_up = True
        return True

    @property
    def denied_quantity(self) -> Decimal:
        """How much of it may have been executed or not: the exchange called it filled, then did not know it."""
        return self.quantity if self.denied and not self.filled and not self.given_up else ZERO

    def take(self, quantity: Decimal) -> None:
        """Take in an execution of `quantity`."""
        self.filled += quantity
        self.unsure = False
        if not self.is_final:
            self.status = OrderStatus.FILLED if self.filled >= self.quantity else OrderStatus.PARTIALLY_FILLED
        self._note_fired()

    def _note_fired(self) -> None:
        started = (OrderStatus.TRIGGERED, OrderStatus.PARTIALLY_FILLED, OrderStatus.FILLED)
        if self.order_type.is_conditional and (self.status in started or self.filled > 0):
            self.fired = True

    @property
    def is_final(self) -> bool:
        """Whether its status cannot change any more."""
        return self.status.is_final

    @property
    def is_live(self) -> bool:
        """Whether the exchange confirmed it and it still waits for its trigger, and we did not ask to cancel it."""
        return self.status is OrderStatus.OPEN and not self.cancel_sent

    @property
    def is_in_flight(self) -> bool:
        """Whether it was sent and nothing certain is known yet."""
        return self.status in (OrderStatus.SENT, OrderStatus.UNKNOWN)

    @property
    def is_under_way(self) -> bool:
        """Whether something is happening to it now: it neither waits for a trigger nor has ended."""
        if self.is_final or self.is_spent:
            return False
        return self.is_in_flight or self.fired or self.order_type is OrderType.MARKET

    @property
    def is_spent(self) -> bool:
        """Whether no further execution can come: all filled, or ended by the exchange."""
        if self.filled >= self.quantity or self.given_up:
            return True
        return self.is_final and self.status is not OrderStatus.FILLED

    @property
    def remaining(self) -> Decimal:
        """Quantity not executed yet."""
        return self.quantity - self.filled
