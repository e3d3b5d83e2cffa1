"""Funding shared out among the positions that held the symbol."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from futtui.desk.outbox import Outbox
from futtui.desk.positions import Position
from futtui.domain.symbols import ZERO


def share_funding(held: Sequence[Position], amount: Decimal, out: Outbox) -> None:
    """Book `amount` on the positions by their open quantity; the last takes what rounding leaves."""
    total = sum((item.ledger.open for item in held), ZERO)
    left = amount
    for index, position in enumerate(held):
        share = left if index == len(held) - 1 else amount * position.ledger.open / total
        position.ledger.funding += share
        left -= share
        out.touch(position)
