"""A position: its plan, its fills, its orders, and what they say about it."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from decimal import Decimal

from futtui.desk.ledger import Ledger
from futtui.desk.orders import WorkingOrder, client_id_for, signal_id_of
from futtui.desk.transitions import Move, next_status
from futtui.domain.market_parts import MarketParts
from futtui.domain.orders import OrderIntent, OrderPurpose, OrderStatus, OrderType
from futtui.domain.position import ExitReason, PositionStatus, TradingMode
from futtui.domain.side import Side
from futtui.domain.signal import System
from futtui.domain.symbols import ZERO, SymbolRules, to_decimal
from futtui.domain.timeframe import Timeframe
from futtui.risk.targets import Slice


@dataclass(frozen=True, slots=True)
class Plan:
    """What never changes: why, where and how much. `rewards` are the targets in R, nearest first."""

    signal_id: str
    symbol: str
    system: System
    strategy: str
    side: Side
    timeframe: Timeframe
    mode: TradingMode
    atr: float
    score: float
    time_stop_bars: int
    entry: Decimal
    stop: Decimal
    rewards: tuple[float, ...]
    quantity: Decimal

    @property
    def position_id(self) -> str:
        """Id of the position; one signal makes at most one."""
        return position_id_of(self.signal_id)


def position_id_of(signal_id: str) -> str:
    """Id of the position that a signal becomes, if it becomes one."""
    return f"p-{signal_id}"


def is_order_of(position_ids: Set[str], client_id: str) -> bool:
    """Whether an order belongs to one of these positions."""
    signal_id = signal_id_of(client_id)
    return signal_id is not None and position_id_of(signal_id) in position_ids


class Position:
    """Current state of one position: a fold over fills and order news. The rules live in `life.py`."""

    __slots__ = (
        "_entry_id",
        "_levels",
        "best_price",
        "completed",
        "counts",
        "entry_refusal",
        "exit_attempts",
        "exit_parts",
        "exit_reason",
        "goal_kind",
        "goal_price",
        "last_price",
        "ledger",
        "life_deadline_ms",
        "lost_stops",
        "naked_events",
        "naked_since_ms",
        "opened_ms",
        "orders",
        "plan",
        "progress_deadline_ms",
        "progressed",
        "recorded_best",
        "recorded_ms",
        "recorded_worst",
        "resize_due",
        "retarget_ms",
        "retry_ms",
        "rules",
        "rules_wait_ms",
        "settled_for",
        "shares_symbol",
        "slices",
        "status",
        "stop",
        "stop_kind",
        "stop_retry_ms",
        "stranded",
        "targets",
        "targets_placed",
        "updated_ms",
        "version",
        "worst_price",
    )

    def __init__(self, plan: Plan, rules: SymbolRules, time_ms: int, last_price: float) -> None:
        self.plan = plan
        self._entry_id = client_id_for(plan.signal_id, OrderPurpose.ENTRY, 1)
        self.rules = rules
        self.status = PositionStatus.ENTERING
        self.ledger = Ledger(plan.side.sign)
        self.orders: dict[str, WorkingOrder] = {}
        self.counts: dict[OrderPurpose, int] = {}
        self.targets: tuple[Decimal, ...] = ()
        self.slices: tuple[Slice, ...] = ()
        self.completed: tuple[int, ...] = ()
        self.targets_placed = False
        self.goal_price = self.stop = plan.stop
        self.goal_kind = self.stop_kind = ExitReason.STOP
        self.settled_for: Decimal | None = None
        """The very goal at which nothing was left to do; None since anything happened to the position."""
        self._levels: list[float] = []
        self.resize_due = False
        self.lost_stops = 0
        self.rules_wait_ms = 0
        self.entry_refusal = ""
        self.exit_reason: ExitReason | None = None
        self.exit_attempts = 0
        self.exit_parts = MarketParts()
        self.retry_ms = 0
        self.stop_retry_ms = 0
        self.retarget_ms = 0
        self.naked_since_ms = 0
        self.naked_events = 0
        self.opened_ms = self.updated_ms = self.recorded_ms = time_ms
        self.progress_deadline_ms = self.life_deadline_ms = 0
        self.progressed = False
        """Whether it is known to have shown its progress in time: best prices are never taken back."""
        self.last_price = self.best_price = self.worst_price = last_price
        self.recorded_best = self.recorded_worst = last_price
        self.shares_symbol = False
        """Whether the account held something of its symbol beside it at any time: not all funding was its own."""
        self.stranded = False
        """Whether its prices ended: it is worth what it would be at its stop, and holds no place in the limits."""
        self.version = 0

    # --- changes ------------------------------------------------------------------------------------------------

    def move(self, move: Move) -> None:
        """Change status by the table."""
        self.status = next_status(self.status, move)

    def new_order(
        self,
        purpose: OrderPurpose,
        order_type: OrderType,
        quantity: Decimal,
        time_ms: int,
        *,
        trigger: Decimal | None = None,
        leg_index: int = 0,
        reason: ExitReason | None = None,
    ) -> OrderIntent:
        """Add an order to the position and get the intent to send."""
        number = self.counts[purpose] = self.counts.get(purpose, 0) + 1
        side = self.plan.side
        order = WorkingOrder(
            client_id_for(self.plan.signal_id, purpose, number),
            purpose,
            order_type,
            side.entry_order_side if purpose is OrderPurpose.ENTRY else side.exit_order_side,
            quantity,
            trigger,
            leg_index,
            reason,
            time_ms,
        )
        self.orders[order.client_id] = order
        return self.intent_of(order)

    def intent_of(self, order: WorkingOrder) -> OrderIntent:
        """The intent that an order was sent with."""
        return OrderIntent(
            order.client_id,
            self.plan.symbol,
            order.side,
            order.order_type,
            order.quantity,
            order.purpose,
            self.position_id,
            order.sent_ms,
            trigger_price=order.trigger,
            reduce_only=order.purpose is not OrderPurpose.ENTRY,
            leg_index=order.leg_index,
        )

    def observe(self, low: float, high: float) -> None:
        """Let the price range move the best and worst price."""
        favourable, adverse = (high, low) if self.plan.side is Side.LONG else (low, high)
        sign = self.plan.side.sign
        if sign * (favourable - self.best_price) > 0.0:
            self.best_price = favourable
        if sign * (adverse - self.worst_price) < 0.0:
            self.worst_price = adverse

    def observe_fill(self, order: WorkingOrder, at: float) -> None:
        """Let an exit move the best and worst price: a target that waited was touched, whatever it paid."""
        level = order.trigger if order.purpose is OrderPurpose.TARGET else None
        touched = at if level is None else float(level)
        self.observe(min(at, touched), max(at, touched))

    def settle(self) -> None:
        """Note that nothing is left to do until something happens to the position."""
        self._levels = self._waiting_levels()
        self.settled_for = self.goal_price

    # --- questions ----------------------------------------------------------------------------------------------

    @property
    def is_settled(self) -> bool:
        """Whether nothing was left to do, and nothing has happened since."""
        return self.settled_for is self.goal_price and self.exit_reason is None

    @property
    def levels(self) -> list[float]:
        """Prices at which its orders wait."""
        return self._levels if self.is_settled else self._waiting_levels()

    def _waiting_levels(self) -> list[float]:
        return [
            float(order.trigger)
            for order in self.orders.values()
            if order.trigger is not None and not order.is_final and not order.is_spent
        ]

    @property
    def position_id(self) -> str:
        """Id of the position."""
        return self.plan.position_id

    @property
    def is_open(self) -> bool:
        """Whether the position still needs care."""
        return self.status not in (PositionStatus.CLOSED, PositionStatus.FAILED)

    @property
    def entry_order(self) -> WorkingOrder:
        """The order that opens the position."""
        return self.orders[self._entry_id]

    @property
    def entry_price(self) -> Decimal:
        """Mean entry price; the planned one before the first fill."""
        average = self.ledger.average_entry
        return self.plan.entry if average is None else average

    @property
    def is_flat(self) -> bool:
        """Whether all that was bought was sold again and nothing more can be bought."""
        return self.ledger.entry_quantity > 0 and self.ledger.open == 0 and self.entry_order.is_spent

    @property
    def was_never_opened(self) -> bool:
        """Whether its entry was called filled, but none of it was executed."""
        return self.entry_order.given_up and self.ledger.entry_quantity <= 0

    @property
    def quantity_to_protect(self) -> Decimal:
        """What a stop must cover: all known fills; the whole order once the exchange calls it filled."""
        entry = self.entry_order
        bought = self.ledger.entry_quantity
        if entry.status is OrderStatus.FILLED and not entry.given_up:
            bought = max(bought, entry.quantity)
        return bought - self.ledger.exit_quantity

    @property
    def quantity_to_close(self) -> Decimal:
        """What a close must sell: what is open; all of an entry that is filled, though its executions are not told yet.

        What was sold before they are told is no part of it any more.
        """
        return self.quantity_to_protect - sum((fill.quantity for fill, _ in self.ledger.unmatched), ZERO)

    @property
    def exit_quantity(self) -> Decimal:
        """What the next closing order sells: all that is open, as much of it as fits, or in the end a leftover."""
        return self.exit_parts.next_of(self.quantity_to_close, self.rules)

    @property
    def stop_quantity(self) -> Decimal:
        """How large a stop has to be; more than is open where that lies between steps that became coarser."""
        return self.rules.quantity_to_cover(self.quantity_to_protect)

    def of(self, purpose: OrderPurpose) -> list[WorkingOrder]:
        """Orders of one purpose, oldest first."""
        return [order for order in self.orders.values() if order.purpose is purpose]

    @property
    def closing_orders(self) -> list[WorkingOrder]:
        """Orders at market that close it or a part of it, oldest first."""
        return [order for order in self.orders.values() if order.purpose in (OrderPurpose.EXIT, OrderPurpose.PART)]

    @property
    def lost_its_stop(self) -> bool:
        """Whether the exchange ended a stop of it, or has it no more, although we did not cancel it."""
        return any(
            stop.status in (OrderStatus.EXPIRED, OrderStatus.CANCELED) and not stop.filled and not stop.cancel_sent
            for stop in self.of(OrderPurpose.STOP)
        )

    def covering_stop(self) -> WorkingOrder | None:
        """Newest confirmed stop that covers everything open; None if there is none."""
        return self.stop_over(self.quantity_to_protect)

    def stop_over(self, wanted: Decimal) -> WorkingOrder | None:
        """Newest confirmed stop that covers a quantity; None if there is none."""
        for order in reversed(self.orders.values()):
            if order.purpose is OrderPurpose.STOP and order.is_live and order.remaining >= wanted:
                return order
        return None

    @property
    def risk_per_unit(self) -> Decimal:
        """R in price: from the real entry to the first stop, never below half of the planned R."""
        planned = abs(self.plan.entry - self.plan.stop)
        return max(self.plan.side.sign * (self.entry_price - self.plan.stop), planned / 2)

    @property
    def risk_money(self) -> Decimal:
        """What is still lost if the stop is hit now; 0 once the stop is beyond the entry, or the loss is counted."""
        if self.stranded:
            return ZERO
        quantity = self.ledger.open if self.ledger.entry_quantity else self.plan.quantity
        return max(ZERO, self.plan.side.sign * (self.entry_price - self.stop)) * quantity

    @property
    def notional(self) -> Decimal:
        """Value of the open (or still planned) quantity at the entry price; 0 once it ties no margin any more."""
        if self.stranded:
            return ZERO
        quantity = self.ledger.open if self.ledger.entry_quantity else self.plan.quantity
        return quantity * self.entry_price

    @property
    def unrealized(self) -> Decimal:
        """Profit of the open part at the last price."""
        return self.ledger.unrealized(to_decimal(self.last_price))

    def in_r(self, price: float) -> float:
        """Move from the entry to `price` in R, positive in favour."""
        return self.plan.side.sign * (price - float(self.entry_price)) / float(self.risk_per_unit)

    def has_passed(self, price: Decimal) -> bool:
        """Whether the last price is at or beyond a stop at `price`."""
        return self.plan.side.sign * (to_decimal(self.last_price) - price) <= 0
