"""The chain of book updates of one symbol: diffs, snapshots, and update ids that fit together.

The rule of the futures API: an event has U <= u, and pu = u of the event before; the update id of a snapshot taken
between two events lies inside the next event's [U, u]. As on the exchange, U is not the previous u + 1.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from futtui.domain.symbols import SymbolRules

LEVELS = 100
Level = tuple[Decimal, Decimal]
Rows = list[list[str]]


@dataclass(frozen=True, slots=True)
class DepthChange:
    """One diff event: absolute quantities of the changed levels, "0" for a level that is gone."""

    first_id: int
    last_id: int
    previous_id: int
    bids: Rows
    asks: Rows


class BookChain:
    """What clients believe the book of one symbol is, and the next diff to it."""

    def __init__(self, rules: SymbolRules, index: int) -> None:
        self._price_format = f".{rules.price_decimals}f"
        self._quantity_format = f".{max(0, -int(rules.step_size.normalize().as_tuple().exponent))}f"
        self._index = index
        self._sequence = 0
        self.last_update_id = 1_000_000_000 + index * 10_000_019
        self._bids: dict[str, str] = {}
        self._asks: dict[str, str] = {}
        self.seen_version = -1

    def refresh(self, bids: Iterable[Level], asks: Iterable[Level], version: int) -> DepthChange:
        """Move the book to these levels (best first, at most LEVELS are used); the diff to what it was before.

        `version` is the caller's mark of the state, kept as `seen_version`.
        """
        first_id = self.snapshot_id()
        self._sequence += 1
        new_bids, new_asks = self._texts(bids), self._texts(asks)
        bid_changes, ask_changes = _difference(self._bids, new_bids), _difference(self._asks, new_asks)
        previous_id = self.last_update_id
        self._bids, self._asks = new_bids, new_asks
        self.last_update_id = first_id + max(0, len(bid_changes) + len(ask_changes) - 1)
        self.seen_version = version
        return DepthChange(first_id, self.last_update_id, previous_id, bid_changes, ask_changes)

    def skip(self) -> None:
        """Let the update ids run on without a diff, while nobody follows the chain."""
        self.last_update_id = self.snapshot_id()
        self._sequence += 1

    def snapshot_id(self) -> int:
        """The update id of a snapshot taken now: inside the next event's [U, u]."""
        return self.last_update_id + 1 + (self._sequence * 2654435761 + self._index) % 5

    def top(self, limit: int) -> tuple[Rows, Rows]:
        """The best `limit` bids and asks, best first, as price and quantity texts."""
        return _rows(self._bids, limit), _rows(self._asks, limit)

    def _texts(self, levels: Iterable[Level]) -> dict[str, str]:
        made: dict[str, str] = {}
        for price, quantity in levels:
            made[format(price, self._price_format)] = format(quantity, self._quantity_format)
            if len(made) == LEVELS:
                break
        return made


def _difference(before: dict[str, str], after: dict[str, str]) -> Rows:
    gone = [[price, "0"] for price in before if price not in after]
    return gone + [[price, quantity] for price, quantity in after.items() if before.get(price) != quantity]


def _rows(levels: dict[str, str], limit: int) -> Rows:
    return [[price, quantity] for price, quantity in list(levels.items())[:limit]]
