"""Carries out the desk's orders on an account of an exchange, over the wire, and finds out what became of each."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal

from futtui.domain.account import MoneyMoved
from futtui.domain.effects import AskFills, CancelOrder
from futtui.domain.errors import ExchangeError
from futtui.domain.events import BalanceChanged, Event, FundingPaid, OrderChanged, OrderFilled, PriceUpdate
from futtui.domain.orders import Fill, OrderIntent, OrderStatus, OrderUpdate, is_against_rules
from futtui.domain.position import TradingMode
from futtui.domain.symbols import SymbolRules
from futtui.exchange.ports import TRANSFERS, AccountMessage
from futtui.live.clock import steady_ms
from futtui.live.fills_question import fills_told
from futtui.live.order_lanes import OrderLanes, lane_of
from futtui.live.sent_orders import AccountPort, SentOrder, WriteAhead, secured
from futtui.live.symbol_setups import SymbolSetups

log = logging.getLogger(__name__)

LOOK_PAUSES_S = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Pauses between questions about an order; the last one repeats."""
LOCKSTEP_LOOKS = 8
VOID_AFTER_MS = 10_000.0
"""A request that the exchange does not know this long after it left can never arrive: its window was 5 seconds."""
LOOKS_TO_VOID = 5
"""So many times in a row the exchange must say that it has no such order before that is believed."""
ENTRY_MAY_WAIT_MS = 5_000.0
"""An entry that could not leave for so long is given up: its price was judged at the time of its signal."""
NEWS_OVERDUE_MS = 5_000.0
"""An executed order whose executions did not come over the account stream in this time is looked up."""
_ALIVE = (OrderStatus.OPEN, OrderStatus.TRIGGERED, OrderStatus.PARTIALLY_FILLED, OrderStatus.FILLED)
_EXECUTED = (OrderStatus.PARTIALLY_FILLED, OrderStatus.FILLED)


class ExchangeDeskBroker:
    """An account on an exchange.

    Requests about stops, targets and parts of one symbol leave in the order in which the desk asked for them (a new
    stop before the cancel of the old one). Entries and exits have rows of their own: what has to protect never waits
    for a slow answer to the entry, and what has to close never for one to the stop. An answer that never came is told
    as UNKNOWN; then the exchange is asked until it says what is true.
    With `one_lane` (lockstep) everything happens one after the other and without pauses.
    """

    def __init__(
        self,
        trading: AccountPort,
        emit: Callable[[Event], None],
        now_ms: Callable[[], int],
        *,
        one_lane: bool = False,
        ahead: WriteAhead | None = None,
    ) -> None:
        self._trading = trading
        self._emit = emit
        self._now_ms = now_ms
        self._one_lane = one_lane
        self._ahead = ahead
        self.on_rules_refusal: Callable[[], None] = lambda: None
        """Called when the exchange refused an order because the trading rules are not what we think."""
        self._lanes = OrderLanes(one_lane=one_lane)
        self._sent: dict[str, SentOrder] = {}
        self.setups = SymbolSetups(trading)
        self._no_entries = ""
        self.orders_sent = 0

    # --- what the desk asks ---------------------------------------------------------------------------------------

    def place(self, intent: OrderIntent) -> None:
        """Queue the order; the outcome arrives as events."""
        self.orders_sent += 1
        order = SentOrder(
            intent.client_id, intent.symbol, intent.order_type.is_conditional, intent.quantity, steady_ms()
        )
        order.is_entry, order.lane = not intent.reduce_only, lane_of(intent)
        self._sent[order.client_id] = order
        self._lanes.request(order.lane, lambda: self._place(order, intent))

    def adopt(self, intent: OrderIntent, status: OrderStatus) -> None:
        """Take an order of an earlier run into care and ask at once what became of it. It is never sent again."""
        if intent.client_id in self._sent:
            return
        age_ms = max(0, self._now_ms() - intent.time_ms)
        order = SentOrder(
            intent.client_id, intent.symbol, intent.order_type.is_conditional, intent.quantity, steady_ms() - age_ms
        )
        order.adopted, order.is_entry, order.lane = True, not intent.reduce_only, lane_of(intent)
        order.accepted = status not in (OrderStatus.SENT, OrderStatus.UNKNOWN)
        order.executed_at_ms = steady_ms() if status in _EXECUTED else None
        self._sent[order.client_id] = order
        self._look_up(order, at_once=True)

    def cancel_again(self, intent: OrderIntent) -> None:
        """Queue the cancel of an adopted order whose cancel an earlier run may not have sent."""
        order = self._sent.get(intent.client_id)
        if order is not None:
            self._lanes.request(order.lane, lambda: self._cancel(order))

    def ask_fills(self, effect: AskFills) -> None:
        """Queue a question for every execution on a symbol; the answer arrives as events, known ones too."""
        self._lanes.queue(f"{effect.symbol} fills", lambda: self._ask_fills(effect))

    def cancel(self, effect: CancelOrder) -> None:
        """Queue the cancel; the outcome arrives as events."""
        order = self._sent.get(effect.client_id) or SentOrder(
            effect.client_id, effect.symbol, effect.conditional, Decimal(0), steady_ms(), lane=effect.symbol
        )
        order.withdrawn = order.is_entry and not (order.has_left or order.adopted)
        self._lanes.request(order.lane, lambda: self._cancel(order))

    def refuse_entries(self, reason: str) -> None:
        """From now on nothing that opens a position leaves, not even what waits in its row; what reduces does."""
        self._no_entries = reason

    def on_price(self, update: PriceUpdate) -> None:
        """Nothing to do: the exchange watches the price itself."""

    # --- news -----------------------------------------------------------------------------------------------------

    def on_account(self, message: AccountMessage) -> None:
        """Pass on news of the user stream about transfers, wallet and funding."""
        self.setups.on_account(message)
        balance = message.balances.get("USDT")
        if message.reason in TRANSFERS and message.balance_change:
            self._emit(MoneyMoved(message.event_time_ms, TradingMode.LIVE, message.balance_change))
        if balance is not None:
            self._emit(BalanceChanged(message.event_time_ms, TradingMode.LIVE, balance))
        if message.reason == "FUNDING_FEE" and message.balance_change is not None:
            amount = message.balance_change
            self._emit(FundingPaid(message.event_time_ms, message.funding_symbol, TradingMode.LIVE, amount))

    def on_update(self, update: OrderUpdate) -> None:
        """Pass on news of an order; its end only after its executions, also where news of one was lost."""
        order = self._sent.get(update.client_id)
        if order is not None and order.lacks(update):
            self._lanes.queue(f"{order.symbol} {order.client_id} end", lambda: self._end(order, update))
        else:
            self._pass_on(update)

    def _pass_on(self, update: OrderUpdate) -> None:
        order = self._sent.get(update.client_id)
        if order is not None:
            order.accepted = order.accepted or update.status in _ALIVE
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

    def waiting(self, before_ms: float) -> list[SentOrder]:
        """Conditional orders that the exchange accepted before `before_ms` (steady) and that have not ended yet."""
        return [
            order
            for order in self._sent.values()
            if order.conditional and order.accepted and order.sent_at_ms < before_ms and order.executed_at_ms is None
        ]

    def look_at(self, orders: Iterable[SentOrder]) -> None:
        """Ask at once about orders that should wait on the exchange and were not seen there."""
        for order in orders:
            self._look_up(order, at_once=True)

    def look_at_all(self) -> None:
        """Ask about every order that may have news: the account stream was away."""
        self.setups.forget_all()
        for order in list(self._sent.values()):
            self._look_up(order)

    def look_at_overdue(self) -> None:
        """Ask about orders that were executed but whose executions did not come, and about those at market that wait.

        An order at market ends within a moment; one of which nothing is heard may be executed and bare of a stop.
        """
        overdue_ms = steady_ms() - (0.0 if self._one_lane else NEWS_OVERDUE_MS)
        for order in list(self._sent.values()):
            if order.executed_at_ms is not None:
                is_due = order.executed_at_ms <= overdue_ms
            else:
                waits = order.accepted and not order.conditional
                is_due = waits and max(order.sent_at_ms, order.looked_at_ms) <= overdue_ms
            if is_due:
                order.looked_at_ms = steady_ms()
                self._look_up(order)

    # --- life -----------------------------------------------------------------------------------------------------

    @property
    def unfinished(self) -> int:
        """How many orders may still have news."""
        return len(self._sent)

    @property
    def is_asking(self) -> bool:
        """Whether an order or a cancel is queued or under way; questions about orders do not count."""
        return self._lanes.is_asking

    @property
    def is_idle(self) -> bool:
        """Whether no request is queued or under way."""
        return self._lanes.is_idle

    async def drain(self) -> None:
        """Return when every queued request has been answered."""
        await self._lanes.drain()

    async def close(self) -> None:
        """Stop the lanes and the connection."""
        await self._lanes.close()
        await self._trading.close()

    # --- requests -------------------------------------------------------------------------------------------------

    async def _place(self, order: SentOrder, intent: OrderIntent) -> None:
        try:
            update = await self._sent_once(order, intent)
        except ExchangeError as error:
            update = self._unknown(order, str(error))
        except Exception as error:  # whatever it was, the request may have left: only the exchange can tell
            log.exception("Order %s met something unexpected; it is looked up", order.client_id)
            update = self._unknown(order, f"something unexpected happened: {error!r}")
        if not await self._tell_end(order, update) or update.status is OrderStatus.UNKNOWN:
            self._look_up(order)

    async def _sent_once(self, order: SentOrder, intent: OrderIntent) -> OrderUpdate:
        """Write the intent down, then send it. What protects leaves even if the disk fails or hangs, no entry does."""
        against = ""
        if self._ahead is not None:
            try:
                await secured(self._ahead, order)
            except OSError as error:
                log.error("The intent of %s could not be written down: %r", order.client_id, error)
                if order.is_entry:
                    against = f"it could not be written down first ({error.strerror}); check the disk"
        if intent.leverage and not against:
            try:
                await self.setups.prepare(order.symbol, intent.leverage)
            except ExchangeError as error:
                against = f"isolated margin and leverage {intent.leverage} could not be set ({error})"
        if order.is_entry:
            against = against or self._why_no_entry(order)
        if against:
            reason = f"not sent: {against}"
            return OrderUpdate(order.client_id, order.symbol, OrderStatus.REJECTED, self._now_ms(), reason=reason)
        order.sent_at_ms, order.has_left = steady_ms(), True
        return await self._trading.place(intent)

    def _why_no_entry(self, order: SentOrder) -> str:
        """What stands against an entry at the moment in which it would leave; empty for nothing."""
        if order.withdrawn:
            return "it was cancelled before it left"
        waited_ms = steady_ms() - order.sent_at_ms  # since the desk asked for it
        if not self._no_entries and waited_ms > ENTRY_MAY_WAIT_MS and not self._one_lane:
            return f"{waited_ms / 1000.0:.1f} s passed since the signal, so the price may be another one"
        return self._no_entries

    async def _ask_fills(self, effect: AskFills) -> None:
        self._emit(await fills_told(self._trading, effect, self.on_fill, self._now_ms))

    async def _cancel(self, order: SentOrder) -> None:
        if order.withdrawn:
            return
        update = await self._cancel_once(order)
        if not await self._tell_end(order, update):
            self._look_up(order)
        if update.status is OrderStatus.UNKNOWN:
            self._lanes.queue(f"{order.symbol} {order.client_id}", lambda: self._cancel_in_the_end(order))

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

    def _look_up(self, order: SentOrder, *, at_once: bool = False) -> None:
        if not order.looking:
            order.looking, order.negatives = True, 0
            self._lanes.queue(f"{order.symbol} {order.client_id}", lambda: self._find(order, at_once))

    async def _find(self, order: SentOrder, at_once: bool) -> None:
        """Ask until the exchange says what became of the order; tell the desk."""
        try:
            for number, pause_s in enumerate(self._pauses()):
                await asyncio.sleep(0.0 if at_once and number == 0 else pause_s)
                if order.client_id not in self._sent:  # the account stream told everything meanwhile
                    return
                found = await self._ask(order)
                if found is not None and found.status is not OrderStatus.UNKNOWN and await self._tell(order, found):
                    return
        finally:
            order.looking = False

    async def _ask(self, order: SentOrder) -> OrderUpdate | None:
        """What the exchange knows; final when it is certain that it has no such order; None when not known."""
        try:
            found = await self._trading.query(order.symbol, order.client_id, conditional=order.conditional)
        except Exception as error:  # an answer that cannot be understood must not end the care for an order
            is_odd = not isinstance(error, ExchangeError)
            log.info("Order %s could not be looked up yet: %s", order.client_id, error, exc_info=is_odd)
            return None
        if found is not None:
            order.negatives = 0
            return found
        order.negatives += 1
        if not self._is_void(order):
            return None
        if order.accepted or order.adopted:
            status, reason = OrderStatus.EXPIRED, "the exchange does not have the order any more"
        else:
            status, reason = OrderStatus.REJECTED, "the exchange has no such order: the request never arrived"
        return OrderUpdate(order.client_id, order.symbol, status, self._now_ms(), reason=reason)

    def _is_void(self, order: SentOrder) -> bool:
        """Whether an order that the exchange does not know can never appear any more.

        What only reduces and was sent by an earlier run is given up at once: a second stop beside it does no harm,
        waiting for it does. An entry, and what was executed or was sent at market, is believed absent only after
        several answers and the end of its window.
        """
        waits = order.adopted or (order.accepted and order.conditional)
        if not order.is_entry and waits and order.executed_at_ms is None:
            return True
        if order.negatives < LOOKS_TO_VOID:
            return False
        return self._one_lane or steady_ms() - order.sent_at_ms > VOID_AFTER_MS

    async def _tell_end(self, order: SentOrder, update: OrderUpdate) -> bool:
        """Pass on an answer; where it ends an order that was executed in part, the executions come first.

        Else what is left would be taken for all of it, and done once more. False when they could not be had.
        """
        if order.lacks(update):
            return await self._tell(order, update)
        self._pass_on(update)
        return True

    async def _end(self, order: SentOrder, update: OrderUpdate) -> None:
        for pause_s in self._pauses():
            if await self._tell(order, update):
                return
            await asyncio.sleep(pause_s)

    async def _tell(self, order: SentOrder, found: OrderUpdate) -> bool:
        """Pass on what was found, executions first; False when they could not be had."""
        if (found.status in _EXECUTED and not order.is_complete) or found.executed > order.executed:
            try:
                fills = await self._trading.executions(order.symbol, order.client_id, found.exchange_id)
            except ExchangeError as error:
                log.info("Executions of %s could not be looked up yet: %s", order.client_id, error)
                return False
            for fill in fills:
                if fill.trade_id not in order.trades:
                    self.on_fill(fill)
        self._pass_on(found)
        if found.status is OrderStatus.FILLED and 0 < found.executed <= order.executed:
            self._sent.pop(order.client_id, None)  # the exchange cut what only reduces to what was held
        return True

    def _pauses(self) -> Iterator[float]:
        if self._one_lane:
            return itertools.repeat(0.0, LOCKSTEP_LOOKS)
        return itertools.chain(LOOK_PAUSES_S, itertools.repeat(LOOK_PAUSES_S[-1]))

    def _unknown(self, order: SentOrder, reason: str) -> OrderUpdate:
        return OrderUpdate(order.client_id, order.symbol, OrderStatus.UNKNOWN, self._now_ms(), reason=reason)
