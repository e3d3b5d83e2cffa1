"""Moving a stop by hand: nearer at once, back only towards the first stop, never past the price, never without one."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from futtui.domain.effects import CancelOrder, PlaceOrder
from futtui.domain.events import KillSwitch, MoveStop, OrderChanged
from futtui.domain.kill import KillLevel
from futtui.domain.orders import OrderIntent, OrderPurpose, OrderStatus
from futtui.domain.position import ExitReason
from futtui.domain.side import Side
from tests.desk.test_flows import SIDES, at, walk
from tests.desk.world import World


def move(world: World, price: float) -> list[object]:
    """Sends the command for the only open position."""
    (position,) = world.desk.snapshot().positions
    return list(world.send(MoveStop(world.now_ms, position.position_id, Decimal(str(price)))))


def stop_price(world: World) -> Decimal | None:
    """Where the only resting stop lies."""
    (stop,) = world.stops()
    return stop.trigger_price


@pytest.mark.parametrize("side", SIDES)
def test_stop_moves_nearer_with_the_new_one_confirmed_before_the_old_one_goes(side: Side) -> None:
    world = World()
    world.enter(side)
    made = move(world, at(side, -0.4))
    places = [index for index, effect in enumerate(made) if isinstance(effect, PlaceOrder)]
    cancels = [index for index, effect in enumerate(made) if isinstance(effect, CancelOrder)]
    assert len(places) == 1
    assert not cancels or places[0] < cancels[0]
    assert stop_price(world) == Decimal(str(at(side, -0.4)))
    assert any("by your command" in line for line in world.lines())
    assert world.desk.snapshot().positions[0].guard == "stop by hand"
    walk(world, side, -0.4)
    (trade,) = world.trades
    assert [leg.reason for leg in trade.legs] == [ExitReason.STOP]
    assert -0.6 < trade.result_r < -0.4


@pytest.mark.parametrize("side", SIDES)
def test_stop_beyond_the_entry_counts_as_break_even(side: Side) -> None:
    world = World()
    world.enter(side)
    walk(world, side, 0.8)
    move(world, at(side, 0.5))
    walk(world, side, 0.5)
    (trade,) = world.trades
    assert [leg.reason for leg in trade.legs] == [ExitReason.BREAK_EVEN]


@pytest.mark.parametrize("side", SIDES)
def test_stop_may_be_loosened_back_to_the_first_one_but_not_beyond(side: Side) -> None:
    world = World()
    world.enter(side)
    move(world, at(side, -0.3))
    move(world, at(side, -1.0))
    assert stop_price(world) == Decimal(str(at(side, -1.0)))
    move(world, at(side, -1.1))
    assert stop_price(world) == Decimal(str(at(side, -1.0)))
    assert world.lines()[-1].endswith("the stop stays where it is, it may not go beyond the first stop")


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize(("wanted", "reason"), [(0.2, "the price is beyond it already"), (-1.0, "it is there already")])
def test_refused_move_changes_nothing_and_says_why(side: Side, wanted: float, reason: str) -> None:
    world = World()
    world.enter(side)
    walk(world, side, 0.1)
    before = world.stops()
    made = move(world, at(side, wanted))
    assert not [effect for effect in made if isinstance(effect, PlaceOrder | CancelOrder)]
    assert world.stops() == before
    assert world.lines()[-1].endswith(reason)


@pytest.mark.parametrize("side", SIDES)
def test_kill_switch_lets_a_stop_come_nearer_only(side: Side) -> None:
    world = World()
    world.enter(side)
    move(world, at(side, -0.5))
    world.send(KillSwitch(world.now_ms, KillLevel.PAUSE))
    move(world, at(side, -0.9))
    assert stop_price(world) == Decimal(str(at(side, -0.5)))
    assert "while the kill switch is on" in world.lines()[-1]
    move(world, at(side, -0.4))
    assert stop_price(world) == Decimal(str(at(side, -0.4)))


def test_move_of_a_position_that_is_gone_says_so() -> None:
    world = World()
    world.enter()
    (position,) = world.desk.snapshot().positions
    walk(world, Side.LONG, -1.0)
    world.send(MoveStop(world.now_ms, position.position_id, Decimal(99)))
    assert world.lines()[-1] == "This position is not open any more"


def test_stop_that_the_exchange_refuses_leaves_the_old_one_in_place() -> None:
    world = World()
    world.enter()
    old = stop_price(world)
    place = world.broker.place

    def refusing(intent: OrderIntent) -> list[object]:
        if intent.purpose is not OrderPurpose.STOP:
            return list(place(intent))
        made = world.broker._update(intent, OrderStatus.REJECTED, "no", world.now_ms)
        assert isinstance(made, OrderChanged)
        return [replace(made, update=replace(made.update, status=OrderStatus.REJECTED))]

    world.broker.place = refusing  # type: ignore[method-assign, assignment]
    move(world, 99.5)
    assert stop_price(world) == old
    assert any("the old stop stays" in line for line in world.lines())


@settings(max_examples=40, deadline=None)
@given(wishes=st.lists(st.floats(-1.5, 1.5), max_size=8), side=st.sampled_from(SIDES))
def test_whatever_is_wished_the_position_keeps_one_stop_within_its_first_risk(wishes: list[float], side: Side) -> None:
    world = World()
    world.enter(side)
    for wish in wishes:
        move(world, at(side, round(wish, 2)))
        (position,) = world.desk.snapshot().positions
        price = stop_price(world)
        assert price is not None
        assert side.sign * (float(price) - 100.0) >= -1.0
        assert not side.sign * (position.mark_price - float(price)) <= 0
