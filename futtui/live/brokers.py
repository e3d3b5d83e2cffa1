"""Carry out the desk's orders: on a virtual account in this process, or on the exchange over the wire.

Both speak to the desk with the same events, so the desk cannot tell them apart.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from futtui.domain.effects import CancelOrder
from futtui.domain.errors import ExchangeError
from futtui.domain.events import BalanceChanged, Event, FundingPaid, OrderChanged, OrderFilled, PriceUpdate
from futtui.domain.orders import Fill, OrderIntent, OrderStatus, OrderUpdate
from futtui.domain.position import TradingMode

if TYPE_CHECKING:
    from futtui.exchange.ports import AccountMessage, TradingPort
    from futtui.exchange.simulator.paper import PaperBroker

log = logging.getLogger(__name__)
Emit = Callable[[Event], None]


class Broker(Protocol):
    """What the desk runner needs of either kind."""

    orders_sent: int

    def place(self, intent: OrderIntent) -> None: ...

    def cancel(self, effect: CancelOrder) -> None: ...

    def on_price(self, update: PriceUpdate) -> None: ...


class PaperDeskBroker:
    """A virtual account of one mode; answers within the call."""

    def __init__(self, broker: PaperBroker, mode: TradingMode, emit: Emit) -> None:
        self._broker = broker
        self._mode = mode
        self._emit = emit
        self._wallet = broker.wallet_balance()
        self.orders_sent = 0

    def place(self, intent: OrderIntent) -> None:
        """Place on the virtual account; its answers are emitted at once."""
        self.orders_sent += 1
        self._tell(self._broker.place(intent, intent.time_ms), intent.time_ms)

    def cancel(self, effect: CancelOrder) -> None:
        """Cancel on the virtual account."""
        answers = self._broker.cancel(effect.symbol, effect.client_id, effect.conditional, effect.time_ms)
        self._tell(answers, effect.time_ms)

    def on_price(self, update: PriceUpdate) -> None:
        """Let the price work on resting and conditional orders."""
        self._tell(self._broker.on_price(update), update.time_ms)

    def _tell(self, answers: Sequence[OrderUpdate | Fill | FundingPaid], time_ms: int) -> None:
        for answer in answers:
            if isinstance(answer, Fill):
                self._emit(OrderFilled(answer))
            elif isinstance(answer, OrderUpdate):
                self._emit(OrderChanged(answer))
            else:
                self._emit(FundingPaid(answer.time_ms, answer.symbol, self._mode, answer.amount))
        wallet = self._broker.wallet_balance() if answers else self._wallet
        if wallet != self._wallet:
            self._wallet = wallet
            self._emit(BalanceChanged(time_ms, self._mode, wallet))


class ExchangeDeskBroker:
    """An account on an exchange, over the wire.

    Requests of one symbol leave in the order in which the desk asked for them (a new stop before the cancel of the
    old one). An answer that never came becomes UNKNOWN; only the user stream or a query ends that.
    """

    def __init__(self, trading: TradingPort, emit: Emit, now_ms: Callable[[], int], *, one_lane: bool = False) -> None:
        self._trading = trading
        self._emit = emit
        self._now_ms = now_ms
        self._one_lane = one_lane
        self._lanes: dict[str, deque[Callable[[], Awaitable[OrderUpdate]]]] = {}
        self._workers: dict[str, asyncio.Task[None]] = {}
        self.orders_sent = 0

    def place(self, intent: OrderIntent) -> None:
        """Queue the order; the outcome arrives as events."""
        self.orders_sent += 1
        self._queue(intent.symbol, intent.client_id, lambda: self._trading.place(intent))

    def cancel(self, effect: CancelOrder) -> None:
        """Queue the cancel; the outcome arrives as events."""
        symbol, client_id, conditional = effect.symbol, effect.client_id, effect.conditional
        self._queue(symbol, client_id, lambda: self._trading.cancel(symbol, client_id, conditional=conditional))

    def on_price(self, update: PriceUpdate) -> None:
        """Nothing to do: the exchange watches the price itself."""

    def on_account(self, message: AccountMessage) -> None:
        """Pass on wallet and funding news of the user stream."""
        balance = message.balances.get("USDT")
        if balance is not None:
            self._emit(BalanceChanged(message.event_time_ms, TradingMode.LIVE, balance))
        if message.reason == "FUNDING_FEE" and message.balance_change is not None:
            amount = message.balance_change
            self._emit(FundingPaid(message.event_time_ms, message.funding_symbol, TradingMode.LIVE, amount))

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
        for worker in list(self._workers.values()):
            worker.cancel()
        await asyncio.gather(*self._workers.values(), return_exceptions=True)
        await self._trading.close()

    def _queue(self, symbol: str, client_id: str, call: Callable[[], Awaitable[OrderUpdate]]) -> None:
        lane = "" if self._one_lane else symbol

        async def guarded() -> OrderUpdate:
            try:
                return await call()
            except ExchangeError as error:
                return OrderUpdate(client_id, symbol, OrderStatus.UNKNOWN, self._now_ms(), reason=str(error))

        self._lanes.setdefault(lane, deque()).append(guarded)
        if lane not in self._workers:
            self._workers[lane] = asyncio.get_running_loop().create_task(self._work(lane), name=f"orders {lane}")

    async def _work(self, lane: str) -> None:
        queue = self._lanes[lane]
        try:
            while queue:
                update = await queue.popleft()()
                self._emit(OrderChanged(update))
        finally:
            self._workers.pop(lane, None)
