"""Carries out the desk's orders on an account of an exchange, over the wire, and finds out what became of each."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol

from futtui.domain.effects import CancelOrder
from futtui.domain.errors import ExchangeError
from futtui.domain.events import BalanceChanged, Event, FundingPaid, OrderChanged, OrderFilled, PriceUpdate
from futtui.domain.orders import Fill, OrderIntent, OrderStatus, OrderUpdate, is_against_rules
from futtui.domain.position import TradingMode
from futtui.domain.symbols import SymbolRules
from futtui.exchange.ports import AccountMessage, TradingPort
from futtui.live.clock import steady_ms

log = logging.getLogger(__name__)

LOOK_PAUSES_S = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Pauses between questions about an order; the last one repeats."""
LOCKSTEP_LOOKS = 8
VOID_AFTER_MS = 10_000.0
"""A request that the exchange does not know this long after it left can never arrive: its window was 5 seconds."""
NEWS_OVERDUE_MS = 5_000.0
"""An executed order whose executions did not come over the account stream in this time is looked up."""

Work = Callable[[], Awaitable[None]]
_EXECUTED = (OrderStatus.PARTIALLY_FILLED, OrderStatus.FILLED)


class AccountPort(TradingPort, Protocol):
    """Orders of an account, and questions about them."""

    async def query(self, symbol: str, client_id: str, *, conditional: bool) -> OrderUpdate | None: ...

    async def executions(self, symbol: str, client_id: str, exchange_id: str) -> Sequence[Fill]: ...

    def take_rules(self, rules: SymbolRules) -> None: ...


@dataclass(slots=True)
class SentOrder:
    """An order that may still have news."""

    client_id: str
    symbol: str
    conditional: bool
    quantity: Decimal
    sent_at_ms: float
    trades: dict[str, Decimal] = field(default_factory=dict)
    executed_at_ms: float | None = None
    looking: bool = False

    @property
    def is_complete(self) -> bool:
        """Whether all its executions are known."""
        return sum(self.trades.values(), Decimal(0)) >= self.quantity


class ExchangeDeskBroker:
    """An account on an exchange.

    Requests of one symbol leave in the order in which the desk asked for them (a new stop before the cancel of the
    old one). An answer that never came is told as UNKNOWN; then the exchange is asked until it says what is true.
    With `one_lane` (lockstep) everything happens one after the other and without pauses.
    """

    def __init__(
        self, trading: AccountPort, emit: Callable[[Event], None], now_ms: Callable[[], int], *, one_lane: bool = False
    ) -> None:
        self._trading = trading
        self._emit = emit
        self._now_ms = now_ms
        self._one_lane = one_lane
        self.on_rules_refusal: Callable[[], None] = lambda: None
        """Called when the exchange refused an order because the trading rules are not what we think."""
        self._lanes: dict[str, deque[Work]] = {}
        self._workers: dict[str, asyncio.Task[None]] = {}
        self._sent: dict[str, SentOrder] = {}
        self.orders_sent = 0

    # --- what the desk asks ---------------------------------------------------------------------------------------

    def place(self, intent: OrderIntent) -> None:
        """Queue the order; the outcome arrives as events."""
        self.orders_sent += 1
        order = SentOrder(
            intent.client_id, intent.symbol, intent.order_type.is_conditional, intent.quantity, steady_ms()
        )
        self._sent[order.client_id] = order
        self._queue(intent.symbol, lambda: self._place(order, intent))

    def cancel(self, effect: CancelOrder) -> None:
        """Queue the cancel; the outcome arrives as events."""
        order = self._sent.get(effect.client_id) or SentOrder(
            effect.client_id, effect.symbol, effect.conditional, Decimal(0), steady_ms()
        )
        self._queue(effect.symbol, lambda: self._cancel(order))

    def on_price(self, update: PriceUpdate) -> None:
        """Nothing to do: the exchange watches the price itself."""

    # --- news -----------------------------------------------------------------------------------------------------

    def on_account(self, message: AccountMessage) -> None:
        """Pass on wallet and funding news of the user stream."""
        balance = message.balances.get("USDT")
        if balance is not None:
            self._emit(BalanceChanged(message.event_time_ms, TradingMode.LIVE, balance))
        if message.reason == "FUNDING_FEE" and message.balance_change is not None:
            amount = message.balance_change
            self._emit(FundingPaid(message.event_time_ms, message.funding_symbol, TradingMode.LIVE, amount))

    def on_update(self, update: OrderUpdate) -> None:
        """Pass on news of an order."""
        order = self._sent.get(update.client_id)
        if order is not None:
            if update.status in _EXECUTED:
                order.executed_at_ms = order.executed_at_ms or steady_ms()
            elif update.status.is_final:
                del self._sent[update.client_id]
        self._emit(OrderChanged(update))
        if update.status is OrderStatus.REJECTED and is_against_rules(update.reason):
            self.on_rules_refusal()

    def take_rules(self, rules: SymbolRules) -> None:
        """Judge orders by other trading rules from now on."""
        self._trading.take_rules(rules)

    def on_fill(self, fill: Fill) -> None:
        """Pass on an execution."""
        order = self._sent.get(fill.client_id)
        if order is not None:
            order.trades[fill.trade_id] = fill.quantity
            if order.is_complete:
                del self._sent[fill.client_id]
        self._emit(OrderFilled(fill))

    def look_at_all(self) -> None:
        """Ask about every order that may have news: the account stream was away."""
        for order in list(self._sent.values()):
            self._look_up(order)

    def look_at_overdue(self) -> None:
        """Ask about orders that were executed but whose executions did not come."""
        overdue_ms = steady_ms() - (0.0 if self._one_lane else NEWS_OVERDUE_MS)
        for order in list(self._sent.values()):
            if order.executed_at_ms is not None and order.executed_at_ms <= overdue_ms:
                self._look_up(order)

    # --- life -----------------------------------------------------------------------------------------------------

    @property
    def unfinished(self) -> int:
        """How many orders may still have news."""
        return len(self._sent)

    @property
    def is_idle(self) -> bool:
        """Whether no request is queued or under way."""
        return not self._workers

    async def drain(self) -> None:
        """Return when every queued request has been answered."""
        while self._workers:
            await asyncio.gather(*self._workers.values(), return_exceptions=True)

    async def close(self) -> None:
        """Stop the lanes and the connection."""
        workers = list(self._workers.values())
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        await self._trading.close()

    # --- requests -------------------------------------------------------------------------------------------------

    async def _place(self, order: SentOrder, intent: OrderIntent) -> None:
        order.sent_at_ms = steady_ms()
        try:
            update = await self._trading.place(intent)
        except ExchangeError as error:
            update = self._unknown(order, str(error))
        self.on_update(update)
        if update.status is OrderStatus.UNKNOWN:
            self._look_up(order)

    async def _cancel(self, order: SentOrder) -> None:
        update = await self._cancel_once(order)
        self.on_update(update)
        if update.status is OrderStatus.UNKNOWN:
            self._queue(f"{order.symbol} {order.client_id}", lambda: self._cancel_in_the_end(order))

    async def _cancel_once(self, order: SentOrder) -> OrderUpdate:
        try:
            return await self._trading.cancel(order.symbol, order.client_id, conditional=order.conditional)
        except ExchangeError as error:
            return self._unknown(order, str(error))

    async def _cancel_in_the_end(self, order: SentOrder) -> None:
        """Cancel again until the exchange says that the order waits no more."""
        for pause_s in self._pauses():
            await asyncio.sleep(pause_s)
            found = await self._ask(order)
            if found is not None and not found.status.is_final:
                found = await self._cancel_once(order)
            if found is not None and found.status is not OrderStatus.UNKNOWN:
                await self._tell(order, found)
                if found.status.is_final:
                    return

    def _look_up(self, order: SentOrder) -> None:
        if not order.looking:
            order.looking = True
            self._queue(f"{order.symbol} {order.client_id}", lambda: self._find(order))

    async def _find(self, order: SentOrder) -> None:
        """Ask until the exchange says what became of the order; tell the desk."""
        try:
            for pause_s in self._pauses():
                await asyncio.sleep(pause_s)
                if order.client_id not in self._sent:  # the account stream told everything meanwhile
                    return
                found = await self._ask(order)
                if found is not None and found.status is not OrderStatus.UNKNOWN and await self._tell(order, found):
                    return
        finally:
            order.looking = False

    async def _ask(self, order: SentOrder) -> OrderUpdate | None:
        """What the exchange knows; REJECTED when it is certain that it never got the order; None when not known."""
        try:
            found = await self._trading.query(order.symbol, order.client_id, conditional=order.conditional)
        except ExchangeError as error:
            log.info("Order %s could not be looked up yet: %s", order.client_id, error)
            return None
        if found is None and (self._one_lane or steady_ms() - order.sent_at_ms > VOID_AFTER_MS):
            reason = "the exchange has no such order: the request never arrived"
            return OrderUpdate(order.client_id, order.symbol, OrderStatus.REJECTED, self._now_ms(), reason=reason)
        return found

    async def _tell(self, order: SentOrder, found: OrderUpdate) -> bool:
        """Pass on what was found, executions first; False when they could not be had."""
        if found.status in _EXECUTED and not order.is_complete:
            try:
                fills = await self._trading.executions(order.symbol, order.client_id, found.exchange_id)
            except ExchangeError as error:
                log.info("Executions of %s could not be looked up yet: %s", order.client_id, error)
                return False
            for fill in fills:
                if fill.trade_id not in order.trades:
                    self.on_fill(fill)
        self.on_update(found)
        return True

    def _pauses(self) -> Iterator[float]:
        if self._one_lane:
            return itertools.repeat(0.0, LOCKSTEP_LOOKS)
        return itertools.chain(LOOK_PAUSES_S, itertools.repeat(LOOK_PAUSES_S[-1]))

    def _unknown(self, order: SentOrder, reason: str) -> OrderUpdate:
        return OrderUpdate(order.client_id, order.symbol, OrderStatus.UNKNOWN, self._now_ms(), reason=reason)

    def _queue(self, lane: str, work: Work) -> None:
        lane = "" if self._one_lane else lane
        self._lanes.setdefault(lane, deque()).append(work)
        if lane not in self._workers:
            self._workers[lane] = asyncio.get_running_loop().create_task(self._work(lane), name=f"orders {lane}")

    async def _work(self, lane: str) -> None:
        queue = self._lanes[lane]
        try:
            while queue:
                try:
                    await queue.popleft()()
                except Exception:
                    log.exception("An order request failed inside futtui; the next one follows")
        finally:
            del self._workers[lane], self._lanes[lane]
