"""Direction of a trade and of an order."""

from __future__ import annotations

from enum import Enum


class OrderSide(Enum):
    """Side of one order as the exchange spells it."""

    BUY = "BUY"
    SELL = "SELL"

    @property
    def sign(self) -> int:
        """+1 for BUY, -1 for SELL."""
        return 1 if self is OrderSide.BUY else -1

    @property
    def opposite(self) -> OrderSide:
        """The other side."""
        return OrderSide.SELL if self is OrderSide.BUY else OrderSide.BUY


class Side(Enum):
    """Direction of a signal or position."""

    LONG = "LONG"
    SHORT = "SHORT"

    sign: int
    """+1 for LONG, -1 for SHORT: multiply price moves by it to get profit."""
    __hash__ = object.__hash__  # members are single: the name's hash costs a Python call at every look-up

    def __init__(self, word: str) -> None:
        self.sign = 1 if word == "LONG" else -1

    @property
    def opposite(self) -> Side:
        """The other direction."""
        return Side.SHORT if self is Side.LONG else Side.LONG

    @property
    def entry_order_side(self) -> OrderSide:
        """Side of the order that opens this direction."""
        return OrderSide.BUY if self is Side.LONG else OrderSide.SELL

    @property
    def exit_order_side(self) -> OrderSide:
        """Side of the order that closes this direction."""
        return self.entry_order_side.opposite
