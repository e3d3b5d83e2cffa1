"""A difference between account and books, and what speaks for it being true."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from futtui.domain.orders import Fill
from futtui.domain.side import OrderSide
from futtui.domain.symbols import ZERO


@dataclass(slots=True)
class Difference:
    """What looks in a row say that the account holds more than our books; below zero = less.

    `asked_ms`: when its executions were asked for; None = no question is open. `told`: those of others that were told.
    `is_proven`: whether something else than looks says that a part of ours is gone.
    """

    amount: Decimal
    looks: int = 1
    asked_ms: int | None = None
    told: tuple[Fill, ...] | None = None
    is_proven: bool = False


def part_of(fill: Fill, quantity: Decimal) -> Fill:
    """A part of an execution with its share of the fee."""
    return (
        fill if quantity == fill.quantity else replace(fill, quantity=quantity, fee=fill.fee * quantity / fill.quantity)
    )


def is_explained(known: Difference) -> bool:
    """Whether the executions that were told make all of a difference. Without them the look itself may be wrong."""
    told = explaining(known.amount, list(known.told or ()))
    return sum((fill.quantity for fill in told), ZERO) == abs(known.amount)


def explaining(difference: Decimal, fills: list[Fill]) -> list[Fill]:
    """Executions that make a difference, the newest ones as far as they fit into it; oldest first, as `fills` are."""
    side, left = (OrderSide.BUY if difference > 0 else OrderSide.SELL), abs(difference)
    chosen: list[Fill] = []
    for fill in reversed(fills):
        if left > 0 and fill.side is side:
            chosen.append(part_of(fill, min(left, fill.quantity)))
            left -= chosen[-1].quantity
    return chosen[::-1]


def has_unknown(booked: Iterable[str], known: Iterable[Iterable[str]]) -> bool:
    """Whether the exchange booked something for a trade that none of our books know."""
    ours = {trade_id for trades in known for trade_id in trades}
    return any(trade_id not in ours for trade_id in booked)
