"""An account: its wallet, positions, settings, orders and a bounded history."""

from __future__ import annotations

from collections import OrderedDict, deque
from decimal import ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING, TypeVar

from futtui.exchange.simulator.core.records import (
    ZERO,
    AlgoRecord,
    AmendmentRecord,
    IncomeRecord,
    MarginChange,
    OrderRecord,
    TradeRecord,
)

if TYPE_CHECKING:
    from futtui.exchange.simulator.core.orders import LiveAlgo, LiveOrder

MONEY_STEP = Decimal("0.00000001")
PRICE_STEP = Decimal("0.0000000001")
HISTORY_LIMIT = 10_000

Kept = TypeVar("Kept")


def money(amount: Decimal) -> Decimal:
    """The amount with the eight decimals that the exchange books."""
    return amount.quantize(MONEY_STEP, ROUND_HALF_EVEN)


class Position:
    """The net position of one symbol: `quantity` is signed, `cost` the value paid for what is still open (>= 0)."""

    __slots__ = (
        "cost",
        "cycle_result",
        "isolated_wallet",
        "needs",
        "quantity",
        "realized",
        "symbol",
        "update_time_ms",
    )

    def __init__(self, symbol: str) -> None:
        self.symbol = symbol
        self.quantity = ZERO
        self.cost = ZERO
        self.isolated_wallet = ZERO
        self.realized = ZERO
        self.cycle_result = ZERO
        self.update_time_ms = 0
        self.needs: tuple[Decimal, Decimal, Decimal, object, Decimal, Decimal] | None = None
        """Mark price, quantity, cost and table when `margin.cross_totals` looked last, and the two that it found."""

    @property
    def sign(self) -> int:
        """+1 long, -1 short, 0 flat."""
        return (self.quantity > 0) - (self.quantity < 0)

    @property
    def entry_price(self) -> Decimal:
        """Mean entry price of what is open, 0 when flat."""
        return _price(self.cost / abs(self.quantity)) if self.quantity else ZERO

    @property
    def break_even_price(self) -> Decimal:
        """Price at which closing gives back the fees paid and results realized since the position was opened."""
        if not self.quantity:
            return ZERO
        return max(ZERO, _price((self.cost - self.sign * self.cycle_result) / abs(self.quantity)))

    def unrealized(self, mark: Decimal) -> Decimal:
        """Open profit or loss at `mark`."""
        return money(self.quantity * mark - self.sign * self.cost) if self.quantity else ZERO

    def fill(self, sign: int, price: Decimal, quantity: Decimal, isolated_leverage: int | None) -> Decimal:
        """Book an execution; the realized profit of the part that closed.

        The closing part takes its share of cost and isolated wallet with it; the last close takes all that is left,
        so nothing is lost to rounding. `isolated_leverage` None = cross margin.
        """
        realized = ZERO
        size = abs(self.quantity)
        if self.sign == -sign:
            closing = min(quantity, size)
            whole = closing == size
            closed_cost = self.cost if whole else money(self.cost * closing / size)
            released = self.isolated_wallet if whole else money(self.isolated_wallet * closing / size)
            realized = money(self.sign * (price * closing - closed_cost))
            self.cost -= closed_cost
            self.isolated_wallet -= released
            self.quantity += sign * closing
            quantity -= closing
            if whole:
                self.cost = self.cycle_result = ZERO
        if quantity:
            self.quantity += sign * quantity
            self.cost += price * quantity
            if isolated_leverage is not None:
                self.isolated_wallet += money(price * quantity / isolated_leverage)
        self.realized += realized
        return realized


class Settings:
    """What the account chose for one symbol; 20x cross is where the exchange starts."""

    __slots__ = ("isolated", "leverage")

    def __init__(self, leverage: int) -> None:
        self.leverage = leverage
        self.isolated = False


class Account:
    """One customer. `wallet` is everything booked: cross wallet plus the wallets of isolated positions."""

    def __init__(self, api_key: str, api_secret: str, balance: Decimal, history_limit: int = HISTORY_LIMIT) -> None:
        """`history_limit`: how many records of each kind (orders, executions, entries of the wallet) are kept."""
        self._history_limit = history_limit
        self.api_key = api_key
        self.api_secret = api_secret
        self.wallet = balance
        self.update_time_ms = 0
        self.watched_excess: Decimal | None = None
        self.watch_widths: dict[str, Decimal] = {}
        self.positions: dict[str, Position] = {}
        self.settings: dict[str, Settings] = {}
        self.orders: dict[str, dict[int, LiveOrder]] = {}
        self.algos: dict[int, LiveAlgo] = {}
        self.order_history: OrderedDict[int, OrderRecord] = OrderedDict()
        self.algo_history: OrderedDict[int, AlgoRecord] = OrderedDict()
        self.trades: deque[TradeRecord] = deque(maxlen=history_limit)
        self.income: deque[IncomeRecord] = deque(maxlen=history_limit)
        self.amendments: deque[AmendmentRecord] = deque(maxlen=history_limit)
        self.margin_changes: deque[MarginChange] = deque(maxlen=history_limit)

    def __repr__(self) -> str:
        return f"Account(wallet={self.wallet})"

    @property
    def cross_wallet(self) -> Decimal:
        """Wallet without what is locked in isolated positions."""
        return self.wallet - sum((p.isolated_wallet for p in self.positions.values()), ZERO)

    def position(self, symbol: str) -> Position:
        """The position of a symbol; a flat one that is not kept if there never was any (asking changes nothing)."""
        return self.positions.get(symbol) or Position(symbol)

    def quantity(self, symbol: str) -> Decimal:
        """What is held of a symbol; negative for shorts."""
        position = self.positions.get(symbol)
        return ZERO if position is None else position.quantity

    def kept_position(self, symbol: str) -> Position:
        """The position of a symbol to be changed."""
        return self.positions.setdefault(symbol, Position(symbol))

    def orders_on(self, symbol: str) -> dict[int, LiveOrder]:
        """Open normal orders of a symbol by order id; to be read, not to be added to."""
        return self.orders.get(symbol, {})

    def add_order(self, order: LiveOrder) -> None:
        """Take an order into the open ones."""
        self.orders.setdefault(order.symbol, {})[order.order_id] = order

    def remember_order(self, record: OrderRecord) -> None:
        """Keep the newest state of an order; those without news for longest leave when there are too many."""
        _remember(self.order_history, record.order_id, record, self._history_limit)

    def remember_algo(self, record: AlgoRecord) -> None:
        """As `remember_order`, of a conditional order."""
        _remember(self.algo_history, record.algo_id, record, self._history_limit)


def _remember(history: OrderedDict[int, Kept], key: int, record: Kept, limit: int) -> None:
    history[key] = record
    history.move_to_end(key)
    while len(history) > limit:
        history.popitem(last=False)


def _price(price: Decimal) -> Decimal:
    return price.quantize(PRICE_STEP, ROUND_HALF_EVEN).normalize() + ZERO
