"""What a position is made of besides its figures: its orders, what happened so far, and the rules that act next."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from futtui.domain.orders import OrderPurpose, OrderStatus
from futtui.domain.position import ExitReason


@dataclass(frozen=True, slots=True)
class OrderView:
    """One order of a position. `price` is its trigger, None for one at market; `target` counts from 1, 0 = no target.

    `unsure`: the exchange has not answered about it. `leaving`: it was asked to be cancelled.
    """

    client_id: str
    purpose: OrderPurpose
    status: OrderStatus
    quantity: float
    filled: float
    price: float | None
    sent_ms: int
    target: int = 0
    reason: ExitReason | None = None
    unsure: bool = False
    leaving: bool = False


class RuleKind(Enum):
    """Rules that act on a position by themselves."""

    ENTRY = "ENTRY"
    CONFIRM_STOP = "CONFIRM_STOP"
    BREAK_EVEN = "BREAK_EVEN"
    TRAIL_FROM = "TRAIL_FROM"
    TRAIL = "TRAIL"
    PROGRESS = "PROGRESS"
    LONGEST = "LONGEST"
    CLOSING = "CLOSING"


@dataclass(frozen=True, slots=True)
class NextRule:
    """A rule that waits for something: for a price (`at_r` from the entry), for a time, or both.

    `amount` is the figure of the rule: R of progress that is wanted, ATR between best price and trailing stop, or the
    number of the target.
    """

    kind: RuleKind
    price: float | None = None
    at_r: float | None = None
    time_ms: int | None = None
    amount: float = 0.0


class StepKind(Enum):
    """What happened to a position."""

    ORDERED = "ORDERED"
    OPENED = "OPENED"
    STOP_SET = "STOP_SET"
    STOP_MOVED = "STOP_MOVED"
    STOP_REFUSED = "STOP_REFUSED"
    LEFT = "LEFT"
    CLOSE_SENT = "CLOSE_SENT"
    PART_SENT = "PART_SENT"


@dataclass(frozen=True, slots=True)
class PositionStep:
    """One thing that happened. `pnl` is what a part brought before costs; None where nothing was closed."""

    time_ms: int
    kind: StepKind
    price: float | None = None
    quantity: float | None = None
    reason: ExitReason | None = None
    pnl: float | None = None


@dataclass(frozen=True, slots=True)
class PositionStory:
    """Everything a position's detail tells beyond the table. `best_r` and `worst_r` are the extremes so far."""

    orders: tuple[OrderView, ...] = ()
    rules: tuple[NextRule, ...] = ()
    steps: tuple[PositionStep, ...] = ()
    bought: float = 0.0
    fees: float = 0.0
    funding: float = 0.0
    best_r: float = 0.0
    worst_r: float = 0.0
    first_stop: float = 0.0
