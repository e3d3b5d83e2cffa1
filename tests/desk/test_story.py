"""The story of a position: its orders, the rule that acts next is the one that then acts, and what happened."""

from __future__ import annotations

import pytest

from futtui.domain.effects import RecordPosition
from futtui.domain.orders import OrderPurpose, OrderStatus
from futtui.domain.position import ExitReason
from futtui.domain.position_story import PositionStory, RuleKind, StepKind
from futtui.domain.side import Side
from tests.desk.test_flows import SIDES, at, walk
from tests.desk.world import World


def story(world: World) -> PositionStory:
    """The story of the only open position."""
    (position,) = world.desk.snapshot().positions
    return position.story


@pytest.mark.parametrize("side", SIDES)
def test_fresh_position_waits_for_target_one_and_the_announced_rule_then_acts(side: Side) -> None:
    world = World()
    world.enter(side)
    told = story(world)
    first, second, *later = told.rules
    assert (first.kind, first.price, first.amount) == (RuleKind.BREAK_EVEN, pytest.approx(at(side, 1.0)), 1)
    assert first.at_r == pytest.approx(1.0)
    assert (second.kind, second.amount) == (RuleKind.TRAIL_FROM, 2)
    assert [rule.kind for rule in later] == [RuleKind.PROGRESS, RuleKind.LONGEST]
    assert later[0].time_ms is not None
    assert world.now_ms < later[0].time_ms
    before = world.stops()[0].trigger_price
    walk(world, side, 1.0)
    after = story(world)
    assert after.rules[0].kind is RuleKind.TRAIL_FROM
    assert world.stops()[0].trigger_price != before
    walk(world, side, 2.0)
    assert story(world).rules[0].kind is RuleKind.TRAIL


@pytest.mark.parametrize("side", SIDES)
def test_progress_rule_is_gone_once_the_progress_was_made(side: Side) -> None:
    world = World()
    world.enter(side)
    walk(world, side, 0.4)
    assert RuleKind.PROGRESS in [rule.kind for rule in story(world).rules]
    walk(world, side, 0.6, 0.1)
    told = story(world)
    assert RuleKind.PROGRESS not in [rule.kind for rule in told.rules]
    assert told.best_r == pytest.approx(0.6)


@pytest.mark.parametrize("side", SIDES)
def test_orders_are_those_that_wait_or_were_executed(side: Side) -> None:
    world = World()
    world.enter(side)
    walk(world, side, 1.0)
    told = story(world)
    waiting = {order.client_id for order in told.orders if not order.status.is_final}
    assert waiting == {intent.client_id for intent in (*world.stops(), *world.targets())}
    filled = [order for order in told.orders if order.status is OrderStatus.FILLED]
    assert [(order.purpose, order.target) for order in filled] == [(OrderPurpose.ENTRY, 0), (OrderPurpose.TARGET, 1)]
    assert next(order for order in told.orders if order.target == 2).price == pytest.approx(at(side, 2.0))


@pytest.mark.parametrize("side", SIDES)
def test_steps_tell_in_order_what_happened(side: Side) -> None:
    world = World()
    world.enter(side)
    walk(world, side, 1.0)
    told = story(world)
    assert [step.kind for step in told.steps] == [
        StepKind.ORDERED,
        StepKind.OPENED,
        StepKind.STOP_SET,
        StepKind.LEFT,
        StepKind.STOP_MOVED,
    ]
    assert [step.time_ms for step in told.steps] == sorted(step.time_ms for step in told.steps)
    left = told.steps[3]
    assert (left.reason, left.quantity, left.pnl) == (ExitReason.TARGET_1, 15.0, pytest.approx(15.0))
    assert told.steps[4].reason is ExitReason.BREAK_EVEN
    assert told.bought == 50.0
    assert told.fees > 0


def test_story_survives_a_restart_but_for_stops_that_are_gone() -> None:
    world = World()
    world.enter()
    walk(world, Side.LONG, 1.0)
    kept = [effect.position for effect in world.effects if isinstance(effect, RecordPosition)][-1:]
    again = World()
    again.desk.restore(kept, world.signals.values(), time_ms=world.now_ms)
    told = story(again)
    assert told.rules == story(world).rules
    kinds = [step.kind for step in told.steps]
    assert kinds == [StepKind.ORDERED, StepKind.OPENED, StepKind.LEFT, StepKind.STOP_MOVED]
