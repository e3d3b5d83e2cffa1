"""Orders, their updates and fills. Amounts at this boundary are Decimal in exchange steps."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from futtui.domain.packing import quickly_made
from futtui.domain.side import OrderSide


class OrderType(Enum):
    """Kinds of orders futtui places; the last two are conditional and live in the exchange's algo service."""

    MARKET = "MARKET"
    LIMIT = "LIMIT"
    STOP_MARKET = "STOP_MARKET"
    TAKE_PROFIT_MARKET = "TAKE_PROFIT_MARKET"

    @property
    def is_conditional(self) -> bool:
        """Whether the order waits for a trigger price."""
        return self in (OrderType.STOP_MARKET, OrderType.TAKE_PROFIT_MARKET)


class OrderStatus(Enum):
    """Life of an order. UNKNOWN ends only by evidence from the exchange."""

    SENT = "SENT"
    UNKNOWN = "UNKNOWN"
    OPEN = "OPEN"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    TRIGGERED = "TRIGGERED"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    EXPIRED = "EXPIRED"
    REJECTED = "REJECTED"

    is_final: bool
    """Whether nothing more can happen to the order."""
    __hash__ = object.__hash__  # members are single: the name's hash costs a Python call at every look-up

    def __init__(self, code: str) -> None:
        self.is_final = code in ("FILLED", "CANCELED", "EXPIRED", "REJECTED")


class OrderPurpose(Enum):
    """Why the desk placed an order."""

    ENTRY = "ENTRY"
    STOP = "STOP"
    TARGET = "TARGET"
    EXIT = "EXIT"
    PART = "PART"
    """A part is closed at market by command; the rest of the position goes on."""
    __hash__ = object.__hash__  # members are single: the name's hash costs a Python call at every look-up


@quickly_made
@dataclass(frozen=True, slots=True)
class OrderIntent:
    """What the desk wants the exchange to do. `client_id` is deterministic, unique and at most 36 characters."""

    client_id: str
    symbol: str
    side: OrderSide
    order_type: OrderType
    quantity: Decimal
    purpose: OrderPurpose
    position_id: str
    time_ms: int
    price: Decimal | None = None
    trigger_price: Decimal | None = None
    reduce_only: bool = False
    leg_index: int = 0
    leverage: int = 0
    """Leverage (with isolated margin) to set before the order leaves; 0 = leave it as it is."""


@quickly_made
@dataclass(frozen=True, slots=True)
class OrderUpdate:
    """A fact about an order from the exchange or from the attempt to send it.

    `executed`: how much of it the exchange says was executed, where it says so.
    """

    client_id: str
    symbol: str
    status: OrderStatus
    time_ms: int
    exchange_id: str = ""
    reason: str = ""
    executed: Decimal = Decimal(0)


@quickly_made
@dataclass(frozen=True, slots=True)
class Fill:
    """One execution. `trade_id` is unique per symbol; a repeated one changes nothing. `fee` is in `fee_asset`."""

    client_id: str
    symbol: str
    trade_id: str
    side: OrderSide
    price: Decimal
    quantity: Decimal
    fee: Decimal
    time_ms: int
    maker: bool = False
    fee_asset: str = "USDT"


RULE_CODES = ("-1111", "-4014", "-4023", "-4003", "-4004", "-4005", "-4140", "-4141")
"""The exchange's codes for prices and quantities off its steps, amounts out of range, and closed symbols."""


def is_against_rules(reason: str) -> bool:
    """Whether the exchange refused an order for `reason` because it does not fit the symbol's rules as they are now."""
    return any(code in reason for code in RULE_CODES) or "not a multiple of" in reason


def is_too_large(reason: str) -> bool:
    """Whether the exchange refused an order for `reason` because its quantity is above the largest of one order."""
    return "-4005" in reason


def is_off_step(reason: str) -> bool:
    """Whether the exchange refused an order because its quantity is off the steps or below the smallest."""
    return any(code in reason for code in ("-1111", "-4023", "-4004"))


def is_nothing_left(reason: str) -> bool:
    """Whether the exchange refused an order that reduces because it holds nothing that could be reduced."""
    return "-2022" in reason
