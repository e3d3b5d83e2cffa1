"""Everything that was sent, to the exchange or to the engine, and what became of it: a fold over facts.

Entries that the desk refused stand among it: they are what one looks for here and would else not find.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from futtui.domain.effects import CancelOrder, PlaceOrder
from futtui.domain.events import Command
from futtui.domain.orders import Fill, OrderStatus, OrderUpdate
from futtui.domain.position import TradingMode
from futtui.domain.side import Side
from futtui.domain.timeframe import MINUTE_MS, Timeframe

KEPT = 1_000
ENTRIES_KEPT = 200
"""So many refused entries stay, that they never push the orders out."""
MERGED_MS = 60 * MINUTE_MS
"""A repeat within this time of the one before is counted with it."""
_FIGURES = re.compile(r"[\d.,]+")


@dataclass(frozen=True, slots=True)
class RefusedEntry:
    """An entry that the desk did not make. `count`: how often in a row, for the same reason."""

    mode: TradingMode
    symbol: str
    side: Side
    strategy: str
    timeframe: Timeframe
    signal_id: str
    count: int = 1


_Kind = tuple[TradingMode, str, Side, str, Timeframe, str]


def _kind(entry: RefusedEntry, reason: str) -> _Kind:
    """What makes a refused entry the same as another: figures in the reason do not."""
    return entry.mode, entry.symbol, entry.side, entry.strategy, entry.timeframe, _FIGURES.sub("#", reason)


@dataclass(frozen=True, slots=True)
class Sent:
    """One order, cancel, command or refused entry. Exactly one of `order`, `cancel`, `command`, `entry` is there.

    `status` is that of the order, also for a cancel; a command has none. `answered_ms` 0 = nothing came back yet;
    `answer` is what came back in words, `refused` tells that it was a no. `average_price` is that of what was filled.
    A refused entry has the reason as `answer`, and was refused for the last time at `answered_ms`.
    """

    number: int
    time_ms: int
    order: PlaceOrder | None = None
    cancel: CancelOrder | None = None
    command: Command | None = None
    entry: RefusedEntry | None = None
    status: OrderStatus | None = None
    answered_ms: int = 0
    answer: str = ""
    refused: bool = False
    exchange_id: str = ""
    filled: Decimal = Decimal(0)
    average_price: Decimal | None = None
    fees: Decimal = Decimal(0)

    @property
    def client_id(self) -> str:
        """The id under which the exchange knows it; empty for a command."""
        if self.order is not None:
            return self.order.intent.client_id
        return self.cancel.client_id if self.cancel is not None else ""

    @property
    def symbol(self) -> str:
        """What it is about; empty where it is about everything."""
        if self.order is not None:
            return self.order.intent.symbol
        if self.cancel is not None:
            return self.cancel.symbol
        if self.entry is not None:
            return self.entry.symbol
        return str(getattr(self.command, "symbol", ""))

    @property
    def mode(self) -> TradingMode | None:
        """Whose account it was sent to, or was meant for; None for a command."""
        sent = self.order or self.cancel or self.entry
        return sent.mode if sent is not None else None


class SentBook:
    """Keeps the newest entries; each fact changes the entry that it is about."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._entries: OrderedDict[int, Sent] = OrderedDict()
        self._orders: dict[str, int] = {}
        self._cancels: dict[str, int] = {}
        self._trades: dict[int, set[str]] = {}
        self._refused: dict[int, _Kind] = {}
        """Numbers of the refused entries, the oldest first, with what they are about."""
        self._number = 0
        self._view: tuple[Sent, ...] | None = ()

    def view(self) -> tuple[Sent, ...]:
        """All entries, oldest first; the same object until something changes."""
        if self._view is None:
            self._view = tuple(self._entries.values())
        return self._view

    def take_over(self, entries: Iterable[Sent]) -> None:
        """Begin with what earlier runs sent, oldest first; called before anything else. It goes on changing here."""
        for entry in entries:
            number = self._add(entry)
            if entry.order is not None:
                self._orders[entry.client_id] = number
            elif entry.cancel is not None:
                self._cancels[entry.client_id] = number
            elif entry.entry is not None:
                self._refused[number] = _kind(entry.entry, entry.answer)
        self._forget_refused()

    def close(self) -> None:
        """End keeping what is kept elsewhere; nothing here."""

    def placed(self, order: PlaceOrder) -> None:
        """An order leaves for the broker."""
        number = self._add(Sent(0, order.intent.time_ms, order=order, status=OrderStatus.SENT))
        self._orders[order.intent.client_id] = number

    def cancelled(self, cancel: CancelOrder) -> None:
        """A cancel leaves for the broker."""
        self._cancels[cancel.client_id] = self._add(Sent(0, cancel.time_ms, cancel=cancel, status=OrderStatus.SENT))

    def commanded(self, command: Command) -> int:
        """A command reaches the engine; the number under which its answer is noted."""
        return self._add(Sent(0, command.time_ms, command=command))

    def answered(self, number: int, text: str, time_ms: int, *, refused: bool = False) -> None:
        """The answer to a command."""
        entry = self._entries.get(number)
        if entry is not None:
            self._put(replace(entry, answered_ms=time_ms, answer=text, refused=refused))

    def entry_refused(self, refused: RefusedEntry, reason: str, time_ms: int) -> None:
        """The desk did not make an entry; a repeat is counted with the one before."""
        kind = _kind(refused, reason)
        before = next((number for number, known in self._refused.items() if known == kind), 0)
        known = self._entries.get(before)
        if known is not None and known.entry is not None and 0 <= time_ms - known.answered_ms <= MERGED_MS:
            entry = replace(refused, count=known.entry.count + 1)
            self._put(replace(known, entry=entry, answered_ms=time_ms, answer=reason))
            return
        self._refused.pop(before, None)  # the old one stays, and is counted no further
        number = self._add(Sent(0, time_ms, entry=refused, answered_ms=time_ms, answer=reason, refused=True))
        self._refused[number] = kind
        self._forget_refused()

    def _forget_refused(self) -> None:
        """Let the oldest refused entries go."""
        numbers = [number for number, entry in self._entries.items() if entry.entry is not None]
        for number in numbers[:-ENTRIES_KEPT]:
            del self._entries[number]
            self._refused.pop(number, None)
            self._view = None

    def updated(self, update: OrderUpdate) -> None:
        """News of an order; its cancel, if one was sent, has the same end."""
        for numbers in (self._orders, self._cancels):
            entry = self._entries.get(numbers.get(update.client_id, 0))
            if entry is None:
                continue
            final_before = entry.status is not None and entry.status.is_final
            self._put(
                replace(
                    entry,
                    status=entry.status if final_before else update.status,
                    answered_ms=entry.answered_ms if final_before else update.time_ms,
                    answer=update.reason or entry.answer,
                    refused=entry.refused or update.status is OrderStatus.REJECTED,
                    exchange_id=update.exchange_id or entry.exchange_id,
                )
            )

    def filled(self, fill: Fill) -> None:
        """An execution of an order."""
        entry = self._entries.get(self._orders.get(fill.client_id, 0))
        if entry is None or entry.order is None:
            return
        seen, total = self._trades.setdefault(entry.number, set()), entry.filled + fill.quantity
        # Executions are asked for again after a restart, whose trade ids this book never saw.
        if fill.trade_id in seen or total > entry.order.intent.quantity:
            return
        seen.add(fill.trade_id)
        value = (entry.average_price or Decimal(0)) * entry.filled + fill.price * fill.quantity
        self._put(
            replace(entry, filled=total, average_price=value / total if total else None, fees=entry.fees + fill.fee)
        )

    def _add(self, entry: Sent) -> int:
        self._number += 1
        self._put(replace(entry, number=self._number))
        if len(self._entries) > self._kept:
            _, old = self._entries.popitem(last=False)
            self._trades.pop(old.number, None)
            self._refused.pop(old.number, None)
            for numbers in (self._orders, self._cancels):
                if numbers.get(old.client_id) == old.number:
                    del numbers[old.client_id]
        return self._number

    def _put(self, entry: Sent) -> None:
        self._entries[entry.number] = entry
        self._view = None


class UnreadBook(SentBook):
    """A book that nobody will look into: it keeps nothing of what is sent."""

    def placed(self, order: PlaceOrder) -> None:
        """Not kept."""

    def cancelled(self, cancel: CancelOrder) -> None:
        """Not kept."""

    def updated(self, update: OrderUpdate) -> None:
        """Not kept."""

    def filled(self, fill: Fill) -> None:
        """Not kept."""

    def entry_refused(self, refused: RefusedEntry, reason: str, time_ms: int) -> None:
        """Not kept."""
