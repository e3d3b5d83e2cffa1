"""Funding shared out among the positions that held the symbol."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from futtui.desk.outbox import Outbox
from futtui.desk.positions import Position
from futtui.domain.symbols import ZERO


def share_funding(held: Sequence[Position], amount: Decimal, out: Outbox, beside: Decimal = ZERO) -> None:
    """Book our part of `amount` on the positions by their open quantity; the last takes what rounding leaves.

    `beside`: what the account holds of the symbol beside them, below zero is short; its part is nobody's.
    """
    total = sum((item.ledger.open for item in held), ZERO)
    ours = sum((item.plan.side.sign * item.ledger.open for item in held), ZERO)
    if beside * ours > 0:
        amount = amount * ours / (ours + beside)
    left = amount
    for index, position in enumerate(held):
        share = left if index == len(held) - 1 else amount * position.ledger.open / total
        position.ledger.funding += share
        left -= share
        out.touch(position)
