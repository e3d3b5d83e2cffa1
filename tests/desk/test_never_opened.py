"""An exchange that calls an order filled and did nothing: an entry is given up, an exit is sent once more."""

from __future__ import annotations

from decimal import Decimal

import pytest

from futtui.desk.outside import LOOKS_WITHOUT_ANSWER
from futtui.domain.account import AccountSeen, HeldAmount
from futtui.domain.events import BalanceChanged, ClockTick, ClosePosition, OrderChanged, OrderFilled
from futtui.domain.orders import Fill, OrderPurpose, OrderStatus, OrderUpdate
from futtui.domain.position import TradingMode
from tests.desk.world import SYMBOL, World

NOTHING = "ReduceOnly Order is rejected. (code -2022)"
OVERLOADED = "Service Unavailable."


class EmptyBroker:
    """Says FILLED to entries of which it executes `executed`; refuses whatever closes more than that."""

    def __init__(self, world: World, executed: Decimal, reason: str) -> None:
        self.world, self.executed, self.reason = world, executed, reason
        world.broker.answers = False

    def open(self) -> str:
        """Enter; returns the client id of the entry."""
        self.world.enter()
        (position,) = self.world.desk._state.open.values()
        name, side = position.entry_order.client_id, position.entry_order.side
        if self.executed:
            fill = Fill(name, SYMBOL, "1", side, Decimal(100), self.executed, Decimal(0), self.world.now_ms)
            self.world.send(OrderFilled(fill))
        self.world.send(OrderChanged(OrderUpdate(name, SYMBOL, OrderStatus.FILLED, self.world.now_ms)))
        return name

    def refuse_exits(self, times: int) -> None:
        """Let time pass; every closing order, and every stop, is refused."""
        for _ in range(times):
            for position in list(self.world.desk._state.open.values()):
                for order in list(position.orders.values()):
                    if order.purpose is not OrderPurpose.ENTRY and not order.is_final:
                        update = OrderUpdate(
                            order.client_id, SYMBOL, OrderStatus.REJECTED, self.world.now_ms, reason=self.reason
                        )
                        self.world.send(OrderChanged(update))
            self.world.now_ms += 11_000
            self.world.send(ClockTick(self.world.now_ms))


def live_world() -> World:
    world = World(mode=TradingMode.LIVE)
    world.send(BalanceChanged(world.now_ms, TradingMode.LIVE, Decimal(10_000)))
    return world


def test_entry_of_which_nothing_was_executed_is_given_up_and_its_symbol_is_free_again() -> None:
    world = live_world()
    broker = EmptyBroker(world, Decimal(0), NOTHING)
    broker.open()
    broker.refuse_exits(4)
    assert world.desk.snapshot().positions, "one refusal or two are no proof"
    broker.refuse_exits(8)
    assert not world.desk.snapshot().positions
    assert len([line for line in world.lines() if "it is given up" in line]) == 1
    assert not world.trades
    world.broker.answers = True
    world.enter(strategy="another")
    assert [item.status for item in world.desk.snapshot().positions] == ["PROTECTED"]


def test_entry_that_was_executed_in_part_is_closed_with_what_it_was() -> None:
    world = live_world()
    broker = EmptyBroker(world, Decimal(20), NOTHING)
    broker.open()
    (position,) = world.desk._state.open.values()
    broker.refuse_exits(12)
    assert world.desk.snapshot().positions, "20 are known to be held: nothing is given up"
    sold = Fill(
        position.closing_orders[-1].client_id, SYMBOL, "2", position.plan.side.exit_order_side, Decimal(101),
        Decimal(20), Decimal(0), world.now_ms,
    )  # fmt: skip
    world.send(OrderFilled(sold))
    broker.refuse_exits(3)
    assert not world.desk.snapshot().positions
    assert [leg.quantity for leg in world.trades[-1].legs] == [20]


@pytest.mark.parametrize("held", [Decimal(0), Decimal(20)])
def test_another_reason_of_the_refusals_gives_nothing_up(held: Decimal) -> None:
    world = live_world()
    broker = EmptyBroker(world, held, OVERLOADED)
    broker.open()
    broker.refuse_exits(30)
    assert world.desk.snapshot().positions


def test_execution_that_comes_after_all_is_closed_and_is_no_sign_of_another_futtui() -> None:
    world = live_world()
    broker = EmptyBroker(world, Decimal(0), NOTHING)
    name = broker.open()
    broker.refuse_exits(12)
    assert not world.desk.snapshot().positions
    (position,) = world.desk._state._archive.values()
    late = Fill(name, SYMBOL, "9", position.entry_order.side, Decimal(100), Decimal(50), Decimal(0), world.now_ms)
    world.send(OrderFilled(late))
    assert position.closing_orders[-1].quantity == 50
    assert not world.desk.snapshot().paused


@pytest.mark.parametrize("is_late", [False, True])
@pytest.mark.parametrize("beside", [0, 50])
def test_exit_that_was_called_filled_and_is_not_known_is_sent_again_only_when_the_account_shows_all_of_it(
    is_late: bool, beside: int
) -> None:
    world = live_world()
    world.enter()
    (position,) = world.desk._state.open.values()
    held = position.ledger.open

    def look(amount: Decimal) -> None:
        world.now_ms += 2_000
        seen = (HeldAmount(SYMBOL, amount, mark_price=Decimal(100)),) if amount else ()
        world.send(AccountSeen(world.now_ms, world.now_ms, TradingMode.LIVE, seen, ()))

    if beside:
        world.desk._state.external[SYMBOL] = Decimal(beside)
    world.broker.answers = False
    world.send(ClosePosition(world.now_ms, position.position_id))
    (first,) = position.closing_orders
    world.send(OrderChanged(OrderUpdate(first.client_id, SYMBOL, OrderStatus.FILLED, world.now_ms)))
    look(held + beside)
    assert len(position.closing_orders) == 1, "its executions may be on their way"
    for _ in range(2):
        world.send(OrderChanged(OrderUpdate(first.client_id, SYMBOL, OrderStatus.EXPIRED, world.now_ms)))
    look(Decimal(beside))
    assert len(position.closing_orders) == 1, "what is left is not its own"
    world.broker.answers = True
    if is_late:
        late = Fill(first.client_id, SYMBOL, "9", first.side, Decimal(100), held, Decimal(0), world.now_ms)
        world.send(OrderFilled(late))
    look(Decimal(beside) if is_late else held + beside)
    assert len(position.closing_orders) == (1 if is_late else 2)
    assert not world.desk.snapshot().positions
    assert [leg.quantity for leg in world.trades[-1].legs] == [held]


class DeniedClose:
    """A desk whose exit or stop was called filled and then denied, without an execution; the account is looked at."""

    def __init__(self, *, by_stop: bool) -> None:
        self.world = world = live_world()
        world.enter()
        (self.position,) = world.desk._state.open.values()
        world.broker.answers = False
        if by_stop:
            self.order = self.position.of(OrderPurpose.STOP)[-1]
            self.say(OrderStatus.TRIGGERED)
        else:
            world.send(ClosePosition(world.now_ms, self.position.position_id))
            (self.order,) = self.position.closing_orders
        self.say(OrderStatus.FILLED)
        self.say(OrderStatus.EXPIRED)
        world.broker.answers = True

    def say(self, status: OrderStatus) -> None:
        self.world.send(OrderChanged(OrderUpdate(self.order.client_id, SYMBOL, status, self.world.now_ms)))

    def look(self, amount: Decimal, count: int) -> None:
        for _ in range(count):
            self.world.now_ms += 2_000
            seen = (HeldAmount(SYMBOL, amount, mark_price=Decimal(100)),) if amount else ()
            self.world.send(AccountSeen(self.world.now_ms, self.world.now_ms, TradingMode.LIVE, seen, ()))


@pytest.mark.parametrize("by_stop", [False, True])
@pytest.mark.parametrize("left", [0, 35])
def test_what_the_account_still_shows_of_a_close_that_was_called_filled_is_closed(left: int, by_stop: bool) -> None:
    """It may have been executed in part; the account shows what is left, and nothing else closes that."""
    case = DeniedClose(by_stop=by_stop)
    held = case.position.ledger.open
    case.look(Decimal(left), LOOKS_WITHOUT_ANSWER - 1)
    assert case.position.ledger.open == held, "looks that say the same are waited for"
    case.look(Decimal(left), 3)
    sent = [order.quantity for order in case.position.closing_orders if order is not case.order]
    assert sent == ([Decimal(left)] if left else [])
    assert not case.world.desk.snapshot().positions
    assert sum(leg.quantity for leg in case.world.trades[-1].legs) == held
    assert not case.world.desk.snapshot().paused


@pytest.mark.parametrize("by_stop", [False, True])
def test_closing_by_hand_does_not_wait_for_a_close_that_was_denied(by_stop: bool) -> None:
    case = DeniedClose(by_stop=by_stop)
    held = case.position.ledger.open
    case.world.send(ClosePosition(case.world.now_ms, case.position.position_id))
    assert [order.quantity for order in case.position.closing_orders if order is not case.order] == [held]


@pytest.mark.parametrize("by_stop", [False, True])
def test_closing_by_hand_beside_others_waits_for_the_account(by_stop: bool) -> None:
    """What is closed twice would be closed from what is held beside."""
    case = DeniedClose(by_stop=by_stop)
    case.world.desk._state.external[SYMBOL] = Decimal(50)
    case.world.send(ClosePosition(case.world.now_ms, case.position.position_id))
    assert [order for order in case.position.closing_orders if order is not case.order] == []
