"""What a broker is to the desk, and the broker of virtual accounts in this process.

The other one, `exchange_broker`, speaks to the desk with the same events, so the desk cannot tell them apart.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from futtui.domain.effects import AskFills, CancelOrder
from futtui.domain.events import BalanceChanged, Event, FundingPaid, OrderChanged, OrderFilled, PriceUpdate
from futtui.domain.orders import Fill, OrderIntent, OrderUpdate
from futtui.domain.position import TradingMode
from futtui.domain.snapshot import HeldMargin

if TYPE_CHECKING:
    from futtui.exchange.simulator.paper import PaperBroker

Emit = Callable[[Event], None]


class Broker(Protocol):
    """What the desk runner needs of either kind."""

    orders_sent: int

    def place(self, intent: OrderIntent) -> None: ...

    def cancel(self, effect: CancelOrder) -> None: ...

    def ask_fills(self, effect: AskFills) -> None: ...

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

    def ask_fills(self, effect: AskFills) -> None:
        """Nothing to do: a virtual account has no news that the desk does not know."""

    def on_price(self, update: PriceUpdate, wanted: Callable[[str], bool] | None = None) -> None:
        """Let the price work on resting and conditional orders; `wanted`: on those with these client ids."""
        self._tell(self._broker.on_price(update, wanted), update.time_ms)

    def margins(self) -> list[HeldMargin]:
        """How the virtual account holds what is open, by the rules that it would be liquidated by."""
        return [
            HeldMargin(self._mode, item.symbol, item.isolated, item.leverage, float(item.liquidation_price) or None)
            for item in self._broker.held()
        ]

    def on_time(self, time_ms: int) -> None:
        """Let time alone pass."""
        self._tell(self._broker.on_time(time_ms), time_ms)

    def _tell(self, answers: Sequence[OrderUpdate | Fill | FundingPaid], time_ms: int) -> None:
        for answer in answers:
            if isinstance(answer, Fill):
                self._emit(OrderFilled(answer, self._mode))
            elif isinstance(answer, OrderUpdate):
                self._emit(OrderChanged(answer))
            else:
                self._emit(FundingPaid(answer.time_ms, answer.symbol, self._mode, answer.amount))
        wallet = self._broker.wallet_balance() if answers else self._wallet
        if wallet != self._wallet:
            self._wallet = wallet
            self._emit(BalanceChanged(time_ms, self._mode, wallet))
