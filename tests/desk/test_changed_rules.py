"""Steps that become coarser and market orders that may be no longer as large, while a position is open."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from futtui.domain.events import BalanceChanged, ClosePosition, Event, OrderChanged, RulesChanged
from futtui.domain.kill import KillLevel, KillSwitch
from futtui.domain.market_parts import MarketParts
from futtui.domain.orders import OrderIntent, OrderPurpose, OrderStatus
from futtui.domain.position import PositionStatus, TradingMode
from tests.desk.world import SYMBOL, FakeBroker, World, rules

HELD = Decimal("45.454")
COARSE = {"step_size": Decimal("0.1"), "min_quantity": Decimal("0.1")}


class StrictBroker(FakeBroker):
    """Refuses what its rules forbid, also of orders that only reduce, and executes no more of those than is held."""

    def __init__(self) -> None:
        super().__init__()
        self.rules = rules()
        self.asked: list[OrderIntent] = []

    def place(self, intent: OrderIntent) -> list[Event]:
        self.asked.append(intent)
        if intent.quantity > self.rules.market_max_quantity:
            return [self._update(intent, OrderStatus.REJECTED, "Quantity greater than max quantity. (code -4005)")]
        if not self.rules.is_on_step(intent.quantity):
            return [self._update(intent, OrderStatus.REJECTED, "Precision is over the maximum. (code -1111)")]
        held = self.held.get(intent.position_id, Decimal(0))
        events = super().place(intent)
        if intent.purpose is OrderPurpose.EXIT and intent.quantity > held and isinstance(events[-1], OrderChanged):
            events[-1] = self._update(intent, OrderStatus.EXPIRED, "reduce-only")
        return events


class ChangingWorld(World):
    """A protected position of 45.454, whose exchange has other rules from then on."""

    def __init__(self, mode: TradingMode = TradingMode.SIGNALS, **changes: Any) -> None:
        super().__init__(mode=mode)
        self.send(BalanceChanged(self.now_ms, mode, Decimal(10_000)))
        self.strict = StrictBroker()
        self.strict.last[SYMBOL] = Decimal(100)
        self.broker = self.strict
        self.enter(risk=1.1)
        self.position = next(iter(self.desk._state.open.values()))
        assert self.position.ledger.open == HELD
        self.strict.rules = rules(**changes)

    def tell_rules(self) -> None:
        self.send(RulesChanged(self.now_ms, self.strict.rules))

    def close(self) -> None:
        self.send(ClosePosition(self.now_ms, self.position.position_id))

    def sent(self, purpose: OrderPurpose) -> list[Decimal]:
        return [intent.quantity for intent in self.strict.asked if intent.purpose is purpose]

    def assert_closed(self) -> None:
        assert self.position.status is PositionStatus.CLOSED
        assert self.strict.held[self.position.position_id] == 0
        assert not self.stops()
        assert all(intent.reduce_only for intent in self.strict.asked if intent.purpose is not OrderPurpose.ENTRY)


def test_closing_sells_whole_steps_and_then_the_leftover() -> None:
    world = ChangingWorld(**COARSE)
    world.tell_rules()
    world.close()
    assert world.sent(OrderPurpose.EXIT) == [Decimal("45.4"), Decimal("0.1")]
    world.assert_closed()
    assert any("0.054 is left to close, less than the exchange's smallest step" in line for line in world.lines())


def shared_world(beside: str) -> ChangingWorld:
    """Steps become coarser while the account holds something else of the symbol; then ours is to be closed."""
    world = ChangingWorld(TradingMode.LIVE, **COARSE)
    world.desk._state.external[SYMBOL] = Decimal(beside)
    world.tell_rules()
    return world


def test_a_leftover_beside_something_of_the_user_stays_under_the_smallest_stop() -> None:
    world = shared_world("1")
    world.close()
    assert world.sent(OrderPurpose.EXIT) == [Decimal("45.4")]
    assert world.position.status is PositionStatus.PROTECTED
    assert world.position.ledger.open == Decimal("0.054")
    world.tick()
    assert [intent.quantity for intent in world.strict.resting.values()] == [Decimal("0.1")], "one stop, no targets"
    assert sum("0.054 is left, less than the exchange's smallest step" in line for line in world.lines()) == 1
    for _ in range(5):
        world.tick()
    assert world.sent(OrderPurpose.EXIT) == [Decimal("45.4")]
    world.desk._state.external.clear()
    world.close()
    world.assert_closed()


def test_a_leftover_beside_something_that_falls_when_it_rises_is_closed() -> None:
    world = shared_world("-1")
    world.close()
    world.assert_closed()


def test_a_leftover_without_a_stop_is_closed_whatever_is_held_beside_it() -> None:
    world = shared_world("1")
    (stop,) = world.stops()
    world.strict.reject = {OrderPurpose.STOP}
    del world.strict.resting[stop.client_id]
    world.send(world.strict._update(stop, OrderStatus.CANCELED, "", world.now_ms))
    for _ in range(5):
        world.tick()
    world.assert_closed()


def test_the_kill_switch_closes_the_leftover_with_all_the_rest() -> None:
    world = shared_world("1")
    world.send(KillSwitch(world.now_ms, KillLevel.FLATTEN, "by you"))
    world.assert_closed()


def test_a_leftover_that_the_exchange_refuses_is_named_and_keeps_its_stop() -> None:
    world = ChangingWorld(**COARSE)
    world.tell_rules()
    world.strict.reject = {OrderPurpose.EXIT}
    world.position.ledger.exit_quantity = HELD - Decimal("0.054")
    world.close()
    assert world.position.status is PositionStatus.PROTECTED
    assert [intent.quantity for intent in world.stops()] == [HELD]
    assert any("0.054 is left, less than the exchange takes" in line for line in world.lines())


def test_a_lost_stop_is_placed_again_over_all_that_is_held() -> None:
    world = ChangingWorld(**COARSE)
    world.tell_rules()
    (stop,) = world.stops()
    del world.strict.resting[stop.client_id]
    world.send(world.strict._update(stop, OrderStatus.CANCELED, "", world.now_ms))
    (stop,) = world.stops()
    assert stop.quantity == Decimal("45.5")
    assert world.position.status is PositionStatus.PROTECTED
    for _ in range(3):
        world.tick()
    assert world.stops() == [stop]


def test_the_stop_shrinks_once_after_a_target_and_then_rests() -> None:
    world = ChangingWorld(**COARSE)
    world.tell_rules()
    world.price(101.2)
    asked = len(world.sent(OrderPurpose.STOP))
    left = world.position.ledger.open
    assert 0 < left < HELD
    (stop,) = world.stops()
    assert left <= stop.quantity < left + Decimal("0.1")
    for _ in range(3):
        world.tick()
    assert len(world.sent(OrderPurpose.STOP)) == asked


def test_closing_is_cut_into_market_orders_that_may_be_sent() -> None:
    world = ChangingWorld(market_max_quantity=Decimal(20))
    world.tell_rules()
    world.close()
    assert world.sent(OrderPurpose.EXIT) == [Decimal(20), Decimal(20), Decimal("5.454")]
    world.assert_closed()


@pytest.mark.parametrize("changes", [{"market_max_quantity": Decimal(20)}, COARSE])
def test_closing_finds_what_fits_where_nobody_tells_the_new_rules(changes: dict[str, Any]) -> None:
    world = ChangingWorld(**changes)
    (stop,) = world.stops()
    del world.strict.resting[stop.client_id]
    world.send(world.strict._update(stop, OrderStatus.CANCELED, "", world.now_ms))  # its successor is refused
    for _ in range(10):
        world.tick()
    world.assert_closed()


def test_quantities_on_the_steps_are_left_as_they_are() -> None:
    known = rules(**COARSE)
    parts = MarketParts()
    assert known.quantity_to_cover(Decimal("2.3")) == parts.next_of(Decimal("2.3"), known) == Decimal("2.3")
    assert known.quantity_to_cover(Decimal("2.31")) == Decimal("2.4")
    assert parts.next_of(Decimal("2.31"), known) == Decimal("2.3")
    assert known.quantity_to_cover(Decimal("0.01")) == Decimal("0.1")
    assert parts.next_of(Decimal("0.01"), known) == Decimal("0.1")
    assert parts.next_of(Decimal(5_000), known) == Decimal(2_000)
    assert parts.next_of(Decimal("2.31"), None) == Decimal("2.31")


def test_a_stop_that_fires_and_is_refused_as_too_large_is_followed_by_orders_that_fit() -> None:
    world = ChangingWorld(market_max_quantity=Decimal(20))
    (stop,) = world.stops()
    del world.strict.resting[stop.client_id]
    world.send(world.strict._update(stop, OrderStatus.TRIGGERED, "", world.now_ms))
    world.send(world.strict._update(stop, OrderStatus.REJECTED, "Quantity greater than max quantity.", world.now_ms))
    for _ in range(5):
        world.tick()
    world.assert_closed()
