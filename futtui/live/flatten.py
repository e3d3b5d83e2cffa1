"""Closes everything on an account: positions first, in slices that only reduce, then every order; then looks again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol

from futtui.domain.errors import ExchangeError
from futtui.domain.orders import OrderIntent, OrderPurpose, OrderStatus, OrderType, OrderUpdate
from futtui.domain.side import OrderSide
from futtui.domain.symbols import SymbolRules

PANIC_MARK = "panic-"
MOST_ROUNDS = 30
PAUSE_S = 0.5


class FlattenPort(Protocol):
    """What is needed of an account."""

    async def positions(self) -> Sequence[Any]: ...

    async def open_orders(self, symbol: str | None = None) -> Sequence[Any]: ...

    async def place(self, intent: OrderIntent) -> OrderUpdate: ...

    async def cancel(self, symbol: str, client_id: str, *, conditional: bool) -> OrderUpdate: ...


@dataclass(slots=True)
class FlattenReport:
    """What was done. `is_flat`: the exchange itself said that nothing is held and no order waits."""

    is_flat: bool = False
    closed: dict[str, Decimal] = field(default_factory=dict)
    orders_sent: int = 0
    cancelled: int = 0
    left: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        """The report for people."""
        rows = [f"{symbol:14} {amount.normalize():>16f} closed" for symbol, amount in sorted(self.closed.items())]
        rows.append(f"orders sent {self.orders_sent}, orders cancelled {self.cancelled}")
        rows += [f"still there: {item}" for item in self.left]
        rows += self.problems[-3:]
        rows.append("Flat: nothing is held, no order waits." if self.is_flat else "NOT FLAT: look at the exchange now.")
        return rows


async def flatten(
    account: FlattenPort,
    rules: Mapping[str, SymbolRules],
    now_ms: Callable[[], int],
    *,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    rounds: int = MOST_ROUNDS,
) -> FlattenReport:
    """Close all positions and cancel all orders, ask again until the exchange shows neither, at most `rounds` times.

    Stops go on protecting until the positions are gone. An order without an answer is not sent again blindly: the next
    round asks what is still held, and an order that only reduces cannot turn a position round.
    """
    report = FlattenReport()
    for number in range(rounds):
        if number:
            await sleep(PAUSE_S)
        try:
            held = await account.positions()
            if held:
                await _close(account, held, rules, report, now_ms(), number)
                continue
            waiting = await account.open_orders()
            report.left = [f"order {order.client_id} on {order.symbol}" for order in waiting]
            if not waiting:
                report.is_flat = True
                return report
            await _cancel(account, waiting, report)
        except ExchangeError as error:
            report.problems.append(str(error))
    return report


async def _close(
    account: FlattenPort,
    held: Sequence[Any],
    rules: Mapping[str, SymbolRules],
    report: FlattenReport,
    time_ms: int,
    number: int,
) -> None:
    report.left = [f"{position.amount.normalize():f} {position.symbol}" for position in held]
    for position in held:
        side = OrderSide.SELL if position.amount > 0 else OrderSide.BUY
        for index, quantity in enumerate(slices(abs(position.amount), rules.get(position.symbol))):
            client_id = f"{PANIC_MARK}{time_ms}-{number}-{index}"
            intent = OrderIntent(
                *(client_id, position.symbol, side, OrderType.MARKET, quantity, OrderPurpose.EXIT, "", time_ms),
                reduce_only=True,
            )
            report.orders_sent += 1
            try:
                update = await account.place(intent)
            except ExchangeError as error:
                report.problems.append(f"{position.symbol}: {error}")
                break
            if update.status is OrderStatus.REJECTED:
                report.problems.append(f"{position.symbol}: {update.reason}")
                break
            if update.status is OrderStatus.UNKNOWN:
                break
            report.closed[position.symbol] = report.closed.get(position.symbol, Decimal(0)) + quantity


async def _cancel(account: FlattenPort, waiting: Sequence[Any], report: FlattenReport) -> None:
    for order in waiting:
        update = await account.cancel(order.symbol, order.client_id, conditional=order.conditional)
        report.cancelled += update.status is OrderStatus.CANCELED


def slices(quantity: Decimal, rules: SymbolRules | None) -> list[Decimal]:
    """The quantity in parts that a market order may have."""
    if rules is None or quantity <= rules.market_max_quantity:
        return [quantity]
    whole, rest = divmod(quantity, rules.market_max_quantity)
    return [rules.market_max_quantity] * int(whole) + ([rest] if rest else [])
