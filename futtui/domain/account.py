"""The account as the exchange shows it at one moment: what is held, and which orders wait."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from futtui.domain.orders import Fill
from futtui.domain.position import TradingMode
from futtui.domain.symbols import ZERO


@dataclass(frozen=True, slots=True)
class SymbolSetup:
    """How an account trades a symbol: with isolated or cross margin, and up to which leverage."""

    isolated: bool
    leverage: int


def lower_leverage_text(symbol: str, now: int, bears: int) -> str:
    """Why a trade that bears a smaller leverage cannot join what is held with isolated margin (Binance: -4161)."""
    return (
        f"{symbol} is held at {now} times leverage, which the exchange does not lower while it is held; this trade "
        f"bears at most {bears} times, else it would be liquidated before its stop"
    )


@dataclass(frozen=True, slots=True)
class HeldAmount:
    """What the account holds of a symbol; `amount` below zero is short."""

    symbol: str
    amount: Decimal
    entry_price: Decimal = ZERO
    mark_price: Decimal = ZERO
    liquidation_price: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class SeenOrder:
    """An order that waits on the exchange. `conditional` tells which of its two order books holds it."""

    client_id: str
    symbol: str
    conditional: bool
    order_type: str = ""
    quantity: Decimal = ZERO
    trigger_price: Decimal = ZERO
    close_position: bool = False


@dataclass(frozen=True, slots=True)
class FundingSummed:
    """All funding that the account booked on a symbol from `since_ms` on; negative was paid."""

    time_ms: int
    symbol: str
    since_ms: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Transfer:
    """USDT that came into the account (below zero: left it) without being earned, as the exchange's books tell it."""

    time_ms: int
    amount: Decimal
    transfer_id: str


@dataclass(frozen=True, slots=True)
class MoneyMoved:
    """Money came into an account (below zero: left it) that no trading earned or lost.

    With a `transfer_id` it comes from the exchange's books, without one from the account's stream; a transfer may be
    told by both and counts once. Sent before the wallet that contains it.
    """

    time_ms: int
    mode: TradingMode
    amount: Decimal
    transfer_id: str = ""


@dataclass(frozen=True, slots=True)
class FillsTold:
    """The answer to `AskFills`: what others executed on a symbol, oldest first; None = it could not be told.

    `asked_ms` is the time of the question. Executions of our own orders come as `OrderFilled` before it. `ordered`:
    what the orders of others bought less what they sold, by the list of orders, where that was asked for and told.
    """

    time_ms: int
    symbol: str
    asked_ms: int
    fills: tuple[Fill, ...] | None
    ordered: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class AccountSeen:
    """A look at an account. `asked_ms`: when the questions left, in exchange time; later news may be missing in it.

    `orders` are those of the symbols in `order_symbols`; None = of the whole account.
    """

    time_ms: int
    asked_ms: int
    mode: TradingMode
    held: tuple[HeldAmount, ...]
    orders: tuple[SeenOrder, ...]
    order_symbols: frozenset[str] | None = None

    def amount(self, symbol: str) -> Decimal:
        """What is held of a symbol."""
        return next((item.amount for item in self.held if item.symbol == symbol), ZERO)

    def entry_price(self, symbol: str) -> Decimal | None:
        """Mean entry price of a held symbol; None where the account does not tell it."""
        return next((item.entry_price for item in self.held if item.symbol == symbol and item.entry_price > 0), None)

    def mark_price(self, symbol: str) -> Decimal | None:
        """Mark price of a held symbol; None where the account does not tell it."""
        return next((item.mark_price for item in self.held if item.symbol == symbol and item.mark_price > 0), None)

    def liquidation_price(self, symbol: str) -> Decimal | None:
        """Where a held symbol would be liquidated; None where that cannot happen or the account does not tell it."""
        told = (item.liquidation_price for item in self.held if item.symbol == symbol)
        return next((price for price in told if price > 0), None)


@dataclass(frozen=True, slots=True)
class AccountModes:
    """How the account is set up. `hedge`: long and short of a symbol side by side; `multi_asset`: shared collateral."""

    can_trade: bool
    hedge: bool
    multi_asset: bool


@dataclass(frozen=True, slots=True)
class KeyRights:
    """What the API key may do."""

    can_withdraw: bool
    bound_to_address: bool
    can_trade_futures: bool
