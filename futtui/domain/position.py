"""Positions, their legs and the result of a trade."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from futtui.domain.packing import quickly_made
from futtui.domain.side import Side
from futtui.domain.signal import System

WIN_R = 0.05
"""A net result of less than this, up or down, is a break-even."""


class TradingMode(Enum):
    """What futtui does with a signal. Never persisted: a start is never LIVE by itself.

    INFO is no mode that can be chosen: signals for information are followed in it, on an account of their own.
    """

    SIGNALS = "SIGNALS"
    PAPER = "PAPER"
    LIVE = "LIVE"
    INFO = "INFO"

    __hash__ = object.__hash__  # members are single: the name's hash costs a Python call at every look-up


class ExitReason(Enum):
    """Why a leg was closed; exactly one per leg."""

    STOP = "STOP"
    BREAK_EVEN = "BREAK_EVEN"
    TARGET_1 = "TARGET_1"
    TARGET_2 = "TARGET_2"
    TARGET_3 = "TARGET_3"
    TRAIL = "TRAIL"
    TIME = "TIME"
    MANUAL = "MANUAL"
    LIQUIDATION = "LIQUIDATION"
    DELEVERAGED = "DELEVERAGED"
    SETTLED = "SETTLED"
    ADJUSTED = "ADJUSTED"
    DATA = "DATA"

    __hash__ = object.__hash__  # members are single: the name's hash costs a Python call at every look-up


class TradeClass(Enum):
    """WIN above +0.05 R net, LOSS below -0.05 R net, else BREAK_EVEN, which is never counted as a win."""

    WIN = "WIN"
    BREAK_EVEN = "BREAK_EVEN"
    LOSS = "LOSS"


class PositionStatus(Enum):
    """Life of a position. NAKED = filled, protective stop not confirmed yet."""

    ENTERING = "ENTERING"
    NAKED = "NAKED"
    PROTECTED = "PROTECTED"
    CLOSING = "CLOSING"
    CLOSED = "CLOSED"
    FAILED = "FAILED"

    __hash__ = object.__hash__  # members are single: the name's hash costs a Python call at every look-up


@quickly_made
@dataclass(frozen=True, slots=True)
class Leg:
    """One partial exit of a position."""

    quantity: Decimal
    price: Decimal
    reason: ExitReason
    time_ms: int
    fee: Decimal


@dataclass(frozen=True, slots=True)
class Trade:
    """A closed position and its NET result; everything derives from its fills."""

    position_id: str
    signal_id: str
    symbol: str
    system: System
    strategy: str
    side: Side
    mode: TradingMode
    quantity: Decimal
    entry_price: Decimal
    initial_stop: Decimal
    opened_ms: int
    closed_ms: int
    legs: tuple[Leg, ...]
    fees: Decimal
    funding: Decimal
    pnl: Decimal
    result_r: float
    result_pct: float
    mfe_r: float
    mae_r: float
    score: float

    @property
    def result_class(self) -> TradeClass:
        """The class by net R."""
        return class_of(self.result_r)


def class_of(result_r: float) -> TradeClass:
    """The class of a net result in R."""
    if result_r > WIN_R:
        return TradeClass.WIN
    return TradeClass.LOSS if result_r < -WIN_R else TradeClass.BREAK_EVEN
