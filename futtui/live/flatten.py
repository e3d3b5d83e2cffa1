"""Closes everything on an account: positions first, in slices that only reduce, then every order; then looks again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Decimal
from typing import Any, Protocol

from futtui.domain.errors import ExchangeError
from futtui.domain.orders import (
    OrderIntent,
    OrderPurpose,
    OrderStatus,
    OrderType,
    OrderUpdate,
    is_off_step,
    is_too_large,
)
from futtui.domain.side import OrderSide
from futtui.domain.symbols import SymbolRules

PANIC_MARK = "panic-"
MOST_ROUNDS = 30
PAUSE_S = 0.5
MOST_PARTS = 100
"""So many orders a symbol has in one round; the next round sells what is left."""
MOST_LESSONS = 60
"""So many refusals of a symbol are taken as a lesson; cutting finds any size in far fewer."""


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
    report, parts = FlattenReport(), MarketParts(rules)
    for number in range(rounds):
        if number:
            await sleep(PAUSE_S)
        try:
            held = await account.positions()
            if held:
                await _close(account, held, parts, report, now_ms())
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
    account: FlattenPort, held: Sequence[Any], parts: MarketParts, report: FlattenReport, time_ms: int
) -> None:
    report.left = [f"{position.amount.normalize():f} {position.symbol}" for position in held]
    for position in held:
        await _close_one(account, position, parts, report, time_ms)


async def _close_one(
    account: FlattenPort, position: Any, parts: MarketParts, report: FlattenReport, time_ms: int
) -> None:
    """Sell a position in parts; a part that the exchange calls too large or off its steps is cut anew at once."""
    symbol, left = position.symbol, abs(position.amount)
    side = OrderSide.SELL if position.amount > 0 else OrderSide.BUY
    for _ in range(MOST_PARTS):
        quantity = parts.next_of(symbol, left)
        report.orders_sent += 1
        intent = OrderIntent(
            *(f"{PANIC_MARK}{time_ms}-{report.orders_sent}", symbol, side, OrderType.MARKET),
            *(quantity, OrderPurpose.EXIT, "", time_ms),
            reduce_only=True,
        )
        try:
            update = await account.place(intent)
        except ExchangeError as error:
            report.problems.append(f"{symbol}: {error}")
            return
        if update.status is OrderStatus.UNKNOWN:
            return
        if update.status is OrderStatus.REJECTED:
            if parts.learn(symbol, quantity, update.reason):
                continue
            report.problems.append(f"{symbol}: {update.reason}")
            return
        sold = min(quantity, left)
        report.closed[symbol] = report.closed.get(symbol, Decimal(0)) + sold
        left -= sold
        if left <= 0:
            return


async def _cancel(account: FlattenPort, waiting: Sequence[Any], report: FlattenReport) -> None:
    for order in waiting:
        update = await account.cancel(order.symbol, order.client_id, conditional=order.conditional)
        report.cancelled += update.status is OrderStatus.CANCELED


class MarketParts:
    """How much one market order of a symbol may have: by the rules, where they are known, and by what was refused.

    `rules` may be filled while it is in use. What was refused counts more: rules may be old.
    """

    def __init__(self, rules: Mapping[str, SymbolRules]) -> None:
        self._rules = rules
        self._most: dict[str, Decimal] = {}
        self._step: dict[str, Decimal] = {}
        self._lessons: dict[str, int] = {}

    def next_of(self, symbol: str, left: Decimal) -> Decimal:
        """The next part of what is left; one step where less is left, for more than is held is never sold."""
        rules = self._rules.get(symbol)
        most = min(left, self._most.get(symbol, left))
        if rules is not None:
            most = min(most, rules.max_quantity, rules.market_max_quantity)
        step = max(self._step.get(symbol, Decimal(0)), rules.step_size if rules is not None else Decimal(0))
        if step <= 0:
            return most
        smallest = max(step, rules.min_quantity if rules is not None else step)
        return max(most - most % step, (smallest / step).to_integral_value(rounding=ROUND_CEILING) * step)

    def learn(self, symbol: str, quantity: Decimal, reason: str) -> bool:
        """Whether a refusal of `quantity` teaches how to cut it better, so that it is worth trying at once."""
        self._lessons[symbol] = self._lessons.get(symbol, 0) + 1
        if self._lessons[symbol] > MOST_LESSONS:
            return False
        if is_too_large(reason):
            self._most[symbol] = quantity / 2
            return True
        if is_off_step(reason):
            self._step[symbol] = Decimal(10).scaleb(int(quantity.normalize().as_tuple().exponent))
            return True
        return False
