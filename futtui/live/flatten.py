"""Closes everything on an account: positions first, in slices that only reduce, then every order; then looks again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol

from futtui.domain.errors import ExchangeError
from futtui.domain.market_parts import MarketParts
from futtui.domain.orders import OrderIntent, OrderPurpose, OrderStatus, OrderType, OrderUpdate
from futtui.domain.side import OrderSide, Side
from futtui.domain.symbols import SymbolRules

PANIC_MARK = "panic-"
MOST_ROUNDS = 30
PAUSE_S = 0.5
ENDANGERING_EVERY = 5
"""While something cannot be closed, every so many rounds what might open more is cancelled; asking costs weight."""
MOST_PARTS = 100
"""So many orders a symbol has in one round; the next round sells what is left."""


class FlattenPort(Protocol):
    """What is needed of an account."""

    async def positions(self) -> Sequence[Any]: ...

    async def open_orders(self, symbol: str | None = None) -> Sequence[Any]: ...

    async def place(self, intent: OrderIntent, *, hedge_side: Side | None) -> OrderUpdate: ...

    async def cancel(self, symbol: str, client_id: str, *, conditional: bool) -> OrderUpdate: ...


@dataclass(slots=True)
class FlattenReport:
    """What was done. `is_flat`: the exchange itself said that nothing is held and no order waits."""

    is_flat: bool = False
    was_ended: bool = False
    """Whether somebody ended it before that."""
    closed: dict[str, Decimal] = field(default_factory=dict)
    orders_sent: int = 0
    cancelled: int = 0
    left: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        """The report for people."""
        rows = [f"{name:14} {amount.normalize():>16f} closed" for name, amount in sorted(self.closed.items())]
        rows.append(f"orders sent {self.orders_sent}, orders cancelled {self.cancelled}")
        rows += [f"still there: {item}" for item in self.left]
        rows += self.problems[-3:]
        rows.append(self._last_line())
        return rows

    def _last_line(self) -> str:
        if self.is_flat:
            return "Flat: nothing is held, no order waits."
        if self.was_ended:
            return "Ended by you before all was closed; nothing more is closed. Look at the exchange now."
        return "NOT FLAT: look at the exchange now."


async def flatten(
    account: FlattenPort,
    rules: Mapping[str, SymbolRules],
    now_ms: Callable[[], int],
    *,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    rounds: int = MOST_ROUNDS,
    is_wanted: Callable[[], bool] = lambda: True,
) -> FlattenReport:
    """Close all positions and cancel all orders, ask again until the exchange shows neither, at most `rounds` times.

    `is_wanted` is asked before each request that changes something: once it says no, nothing more leaves.

    Works in hedge mode, too, where long and short of a symbol lie side by side and each is closed for itself.
    Stops go on protecting until their positions are gone; what might open more does not wait for that. An order without
    an answer is not sent again blindly: the next round asks what is still held, and an order that only reduces cannot
    turn a position round.
    """
    report, parts = FlattenReport(), dict[str, MarketParts]()
    guarded = _WhileWanted(account, is_wanted)
    for number in range(rounds):
        if number:
            await sleep(PAUSE_S)
        try:
            guarded.check()
            held = await guarded.positions()
            if held:
                await _close(guarded, held, rules, parts, report, now_ms())
                if number % ENDANGERING_EVERY == ENDANGERING_EVERY - 1:
                    await _cancel(guarded, endangering(held, await guarded.open_orders()), report)
                continue
            waiting = await guarded.open_orders()
            report.left = [f"order {order.client_id} on {order.symbol}" for order in waiting]
            if not waiting:
                report.is_flat = True
                return report
            await _cancel(guarded, waiting, report)
        except _NotWantedError:
            report.was_ended = True
            return report
        except ExchangeError as error:
            report.problems.append(str(error))
    return report


class _NotWantedError(Exception):
    """Somebody ended it."""


class _WhileWanted:
    """The account as long as closing is wanted; then its requests that change something raise _NotWantedError."""

    def __init__(self, account: FlattenPort, is_wanted: Callable[[], bool]) -> None:
        self._account = account
        self._is_wanted = is_wanted

    async def positions(self) -> Sequence[Any]:
        return await self._account.positions()

    async def open_orders(self, symbol: str | None = None) -> Sequence[Any]:
        return await self._account.open_orders(symbol)

    async def place(self, intent: OrderIntent, *, hedge_side: Side | None) -> OrderUpdate:
        self.check()
        return await self._account.place(intent, hedge_side=hedge_side)

    async def cancel(self, symbol: str, client_id: str, *, conditional: bool) -> OrderUpdate:
        self.check()
        return await self._account.cancel(symbol, client_id, conditional=conditional)

    def check(self) -> None:
        """Raise _NotWantedError once nobody wants it any more."""
        if not self._is_wanted():
            raise _NotWantedError


async def _close(
    account: FlattenPort,
    held: Sequence[Any],
    rules: Mapping[str, SymbolRules],
    parts: dict[str, MarketParts],
    report: FlattenReport,
    time_ms: int,
) -> None:
    report.left = [f"{position.amount.normalize():f} {_name(position)}" for position in held]
    for position in held:
        cutting = parts.setdefault(position.symbol, MarketParts())
        await _close_one(account, position, rules, cutting, report, time_ms)


async def _close_one(
    account: FlattenPort,
    position: Any,
    rules: Mapping[str, SymbolRules],
    parts: MarketParts,
    report: FlattenReport,
    time_ms: int,
) -> None:
    """Sell a position in parts; a part that the exchange calls too large or off its steps is cut anew at once."""
    symbol, left = position.symbol, abs(position.amount)
    name, side, is_one_way = _name(position), _closing_side(position), position.hedge_side is None
    for _ in range(MOST_PARTS):
        quantity = parts.next_of(left, rules.get(symbol))
        quantity = quantity if is_one_way else min(quantity, left)  # hedge mode refuses more, it does not cut it
        report.orders_sent += 1
        intent = OrderIntent(
            *(f"{PANIC_MARK}{time_ms}-{report.orders_sent}", symbol, side, OrderType.MARKET),
            *(quantity, OrderPurpose.EXIT, "", time_ms),
            reduce_only=True,
        )
        try:
            update = await account.place(intent, hedge_side=position.hedge_side)
        except ExchangeError as error:
            report.problems.append(f"{name}: {error}")
            return
        if update.status is OrderStatus.UNKNOWN:
            return
        if update.status is OrderStatus.REJECTED:
            if parts.learn(quantity, update.reason):
                continue
            report.problems.append(f"{name}: {update.reason}")
            return
        sold = min(quantity, left)
        report.closed[name] = report.closed.get(name, Decimal(0)) + sold
        left -= sold
        if left <= 0:
            return


async def _cancel(account: FlattenPort, waiting: Iterable[Any], report: FlattenReport) -> None:
    for order in waiting:
        try:
            update = await account.cancel(order.symbol, order.client_id, conditional=order.conditional)
        except ExchangeError as error:  # one that cannot be cancelled does not keep the others
            report.problems.append(f"{order.symbol}: {error}")
            continue
        report.cancelled += update.status is OrderStatus.CANCELED


def endangering(held: Sequence[Any], waiting: Iterable[Any]) -> list[Any]:
    """Orders that can open or enlarge something, and all of flat symbols; what protects what is held stays."""
    symbols = {position.symbol for position in held}
    return [order for order in waiting if order.symbol not in symbols or not _only_reduces(order)]


def _only_reduces(order: Any) -> bool:
    """In hedge mode an order that sells the long, or buys the short, cannot open anything, whatever its flags say."""
    is_against = order.hedge_side is not None and order.side == order.hedge_side.exit_order_side.value
    return order.reduce_only or order.close_position or is_against


def _closing_side(position: Any) -> OrderSide:
    if position.hedge_side is not None:
        return position.hedge_side.exit_order_side
    return OrderSide.SELL if position.amount > 0 else OrderSide.BUY


def _name(position: Any) -> str:
    """The symbol, in hedge mode with its side."""
    return position.symbol if position.hedge_side is None else f"{position.symbol} {position.hedge_side.value}"
