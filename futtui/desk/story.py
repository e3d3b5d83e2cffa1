"""Tells a position's story for the screen: orders, rules that act next, what happened. Reads, changes nothing."""

from __future__ import annotations

from collections.abc import Iterator

from futtui.desk.positions import Position
from futtui.domain.orders import OrderPurpose, OrderStatus, OrderType
from futtui.domain.position import PositionStatus
from futtui.domain.position_story import (
    NextRule,
    OrderView,
    PositionStep,
    PositionStory,
    RuleKind,
    StepKind,
)
from futtui.risk.settings import ExitSettings

STEPS_KEPT = 40


def story_of(position: Position, settings: ExitSettings) -> PositionStory:
    """The story of a position as of its last news."""
    ledger = position.ledger
    return PositionStory(
        orders=_orders(position),
        rules=tuple(_rules(position, settings)),
        steps=tuple(sorted(_steps(position), key=lambda step: step.time_ms)[-STEPS_KEPT:]),
        bought=float(ledger.entry_quantity),
        fees=float(ledger.fees),
        funding=float(ledger.funding),
        best_r=position.in_r(position.best_price) if ledger.entry_quantity else 0.0,
        worst_r=position.in_r(position.worst_price) if ledger.entry_quantity else 0.0,
        first_stop=float(position.plan.stop),
    )


def _orders(position: Position) -> tuple[OrderView, ...]:
    """Orders that still mean something: those that wait or are under way, and those that were executed."""
    return tuple(
        OrderView(
            order.client_id,
            order.purpose,
            order.status,
            float(order.quantity),
            float(order.filled),
            None if order.order_type is OrderType.MARKET or order.trigger is None else float(order.trigger),
            order.sent_ms,
            order.leg_index,
            order.reason,
            order.unsure,
            order.cancel_sent,
        )
        for order in position.orders.values()
        if order.filled > 0 or not order.is_spent
    )


def _rules(position: Position, settings: ExitSettings) -> Iterator[NextRule]:
    """What acts next, nearest first as far as that can be said."""
    if position.status is PositionStatus.ENTERING:
        yield NextRule(RuleKind.ENTRY, float(position.plan.entry))
        return
    if position.status is PositionStatus.CLOSING or position.exit_reason is not None:
        yield NextRule(RuleKind.CLOSING)
        return
    if position.status is PositionStatus.NAKED:
        until_ms = position.naked_since_ms + settings.naked_limit_ms
        yield NextRule(RuleKind.CONFIRM_STOP, float(position.goal_price), time_ms=until_ms)
    yield from _stop_rules(position, settings)
    yield from _time_rules(position, settings)


def _stop_rules(position: Position, settings: ExitSettings) -> Iterator[NextRule]:
    done = position.completed
    if done and max(done) >= 2:
        yield NextRule(RuleKind.TRAIL, amount=settings.trail_atr)
        return
    for item in position.slices:
        if item.target in done:
            continue
        price = float(position.targets[item.target - 1])
        kind = RuleKind.TRAIL_FROM if item.target >= 2 else RuleKind.BREAK_EVEN
        yield NextRule(kind, price, position.in_r(price), amount=item.target)
        if kind is RuleKind.TRAIL_FROM:
            return


def _time_rules(position: Position, settings: ExitSettings) -> Iterator[NextRule]:
    if not position.ledger.entry_quantity:
        return
    wanted = settings.time_stop_progress_r
    if position.in_r(position.best_price) < wanted:
        yield NextRule(RuleKind.PROGRESS, time_ms=position.progress_deadline_ms, amount=wanted)
    yield NextRule(RuleKind.LONGEST, time_ms=position.life_deadline_ms, amount=settings.max_days)


def _steps(position: Position) -> Iterator[PositionStep]:
    """What happened; of the time before a restart only what was filled is known."""
    ledger, sign = position.ledger, position.plan.side.sign
    entry_price = float(position.entry_price)
    for order in position.of(OrderPurpose.ENTRY):
        yield PositionStep(order.sent_ms, StepKind.ORDERED, quantity=float(order.quantity))
    if ledger.entry_quantity:
        yield PositionStep(position.opened_ms, StepKind.OPENED, entry_price, float(ledger.entry_quantity))
    for leg in ledger.legs:
        pnl = sign * (float(leg.price) - entry_price) * float(leg.quantity)
        yield PositionStep(leg.time_ms, StepKind.LEFT, float(leg.price), float(leg.quantity), leg.reason, pnl)
    yield from _stop_steps(position)
    for order in position.closing_orders:
        kind = StepKind.CLOSE_SENT if order.purpose is OrderPurpose.EXIT else StepKind.PART_SENT
        yield PositionStep(order.sent_ms, kind, quantity=float(order.quantity), reason=order.reason)


def _stop_steps(position: Position) -> Iterator[PositionStep]:
    before: float | None = None
    for order in position.of(OrderPurpose.STOP):
        price = None if order.trigger is None else float(order.trigger)
        if order.status is OrderStatus.REJECTED:
            yield PositionStep(order.sent_ms, StepKind.STOP_REFUSED, price)
            continue
        if price != before:
            first = order.client_id.endswith("-S1")
            kind = StepKind.STOP_SET if first else StepKind.STOP_MOVED
            yield PositionStep(order.sent_ms, kind, price, float(order.quantity), order.reason)
        before = price
