"""A difference between account and books, and what speaks for it being true."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from futtui.desk.positions import Position
from futtui.domain.orders import Fill
from futtui.domain.side import OrderSide
from futtui.domain.symbols import ZERO


@dataclass(slots=True)
class Difference:
    """What looks in a row say that the account holds more than our books; below zero = less.

    `asked_ms`: when its executions were asked for; None = no question is open. `told`: those of others that were told.
    `is_proven`: whether something else than looks says that a part of ours is gone. `lacks_proof`: whether it would
    close a part of ours, and nothing but looks says so: then it concerns its own symbol only.
    """

    amount: Decimal
    looks: int = 1
    asked_ms: int | None = None
    told: tuple[Fill, ...] | None = None
    is_proven: bool = False
    lacks_proof: bool = False


@dataclass(slots=True)
class Correction:
    """A change of what is held beside us that a look showed before any execution did; `amount` is not explained yet."""

    amount: Decimal
    time_ms: int


def part_of(fill: Fill, quantity: Decimal) -> Fill:
    """A part of an execution with its share of the fee."""
    return (
        fill if quantity == fill.quantity else replace(fill, quantity=quantity, fee=fill.fee * quantity / fill.quantity)
    )


def is_explained(known: Difference) -> bool:
    """Whether the executions that were told make all of a difference. Without them the look itself may be wrong.

    Together they must come to that much: what was bought and sold again leaves what is held as it was.
    """
    signed = (fill.quantity if fill.side is OrderSide.BUY else -fill.quantity for fill in known.told or ())
    return makes(sum(signed, ZERO), known.amount)


def makes(bought: Decimal, difference: Decimal) -> bool:
    """Whether what was bought (below zero: sold) is as much as a difference, and of its direction."""
    return bought * difference > 0 and abs(bought) >= abs(difference)


def explaining(difference: Decimal, fills: list[Fill]) -> list[Fill]:
    """Executions that make a difference, the newest ones as far as they fit into it; oldest first, as `fills` are."""
    side, left = (OrderSide.BUY if difference > 0 else OrderSide.SELL), abs(difference)
    chosen: list[Fill] = []
    for fill in reversed(fills):
        if left > 0 and fill.side is side:
            chosen.append(part_of(fill, min(left, fill.quantity)))
            left -= chosen[-1].quantity
    return chosen[::-1]


def closes_ours(ours: Decimal, difference: Decimal, external: Decimal) -> bool:
    """Whether a difference is more than what is held beside us can make up for."""
    if not ours:
        return False
    beside = max(external * ours, ZERO) / abs(ours)
    return difference * ours < 0 and abs(difference) > beside


def was_called_filled(held: Iterable[Position], difference: Decimal) -> bool:
    """Whether orders that the exchange called filled, and then did not know, make what the account shows less."""
    denied = (order.denied_quantity for position in held for order in position.orders.values())
    return abs(difference) <= sum(denied, ZERO)
