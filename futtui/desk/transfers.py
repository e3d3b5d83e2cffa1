"""Transfers that are known: the account's stream and the exchange's books tell each of them, and it counts once."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from decimal import Decimal

from futtui.domain.account import MoneyMoved
from futtui.domain.timeframe import MINUTE_MS

KEPT = 1_000
SAME_MS = MINUTE_MS
"""Stream and books tell the time of one transfer this far apart at most."""


@dataclass(slots=True)
class _Known:
    """A transfer; `heard_ms`: its time on the stream, None if it was not heard there; its id in the books, or none."""

    amount: Decimal
    time_ms: int
    heard_ms: int | None
    transfer_id: str


class TransferBook:
    """Tells new transfers from those that were told before."""

    def __init__(self) -> None:
        self._known: deque[_Known] = deque(maxlen=KEPT)

    def is_new(self, event: MoneyMoved) -> bool:
        """True the first time that a transfer is told, by whichever of the two."""
        heard_ms = None if event.transfer_id else event.time_ms
        if any(self._is_repeated(known, event) for known in self._known):
            return False
        for known in self._known:
            lacks = known.heard_ms is None if heard_ms is not None else not known.transfer_id
            if lacks and known.amount == event.amount and abs(known.time_ms - event.time_ms) <= SAME_MS:
                known.transfer_id = known.transfer_id or event.transfer_id
                known.heard_ms = heard_ms if known.heard_ms is None else known.heard_ms
                return False
        self._known.append(_Known(event.amount, event.time_ms, heard_ms, event.transfer_id))
        return True

    @staticmethod
    def _is_repeated(known: _Known, event: MoneyMoved) -> bool:
        if event.transfer_id:
            return known.transfer_id == event.transfer_id
        return known.heard_ms == event.time_ms and known.amount == event.amount
