"""Orders with our mark as the exchange shows them: strays that nothing needs go, and what ours really are is known."""

from __future__ import annotations

from decimal import Decimal

import pytest

from futtui.domain.account import AccountSeen, HeldAmount, SeenOrder
from futtui.domain.effects import CancelOrder, PlaceOrder
from futtui.domain.events import BalanceChanged
from futtui.domain.orders import OrderPurpose
from futtui.domain.position import TradingMode
from tests.desk.world import SYMBOL, World

LIVE = TradingMode.LIVE
FOREIGN = "f-0123456789abcdef-S1"


def look(world: World, *names: str, held: int, whole: bool = True) -> list[str]:
    """A look that shows stops with these client ids; returns the ids that are cancelled."""
    world.now_ms += 2_000
    orders = tuple(SeenOrder(name, SYMBOL, True, "STOP_MARKET", Decimal(50), Decimal(99)) for name in names)
    amounts = (HeldAmount(SYMBOL, Decimal(held), Decimal(100), Decimal(100)),) if held else ()
    asked = None if whole else frozenset({SYMBOL})
    effects = world.send(AccountSeen(world.now_ms, world.now_ms, LIVE, amounts, orders, asked))
    return [effect.client_id for effect in effects if isinstance(effect, CancelOrder)]


def test_stop_of_a_position_that_other_books_know_stays_while_it_is_held_and_is_told_once() -> None:
    world = World(mode=LIVE)
    assert [look(world, FOREIGN, held=50) for _ in range(20)] == [[]] * 20
    assert len([line for line in world.lines() if FOREIGN in line and "may protect what is held" in line]) == 1


def test_stop_of_other_books_goes_once_nothing_is_held_any_more() -> None:
    world = World(mode=LIVE)
    assert [look(world, FOREIGN, held=50) for _ in range(3)] == [[]] * 3
    assert look(world, FOREIGN, held=0) == []
    assert look(world, FOREIGN, held=0) == [FOREIGN]


def test_stop_of_a_position_that_we_closed_goes_although_something_is_held_by_hand() -> None:
    world = World(mode=LIVE)
    world.send(BalanceChanged(world.now_ms, LIVE, Decimal(10_000)))
    world.enter()
    (stop,) = world.stops()
    world.price(98.0, low=98.0)
    assert not world.desk.snapshot().positions
    assert look(world, stop.client_id, held=50) == []
    assert look(world, stop.client_id, held=50) == [stop.client_id]


def test_stop_of_other_books_stays_also_beside_a_position_of_ours() -> None:
    world = World(mode=LIVE)
    world.send(BalanceChanged(world.now_ms, LIVE, Decimal(10_000)))
    world.enter()
    ours = [item.client_id for item in (*world.stops(), *world.targets())]
    assert [look(world, FOREIGN, *ours, held=80) for _ in range(5)] == [[]] * 5
    assert look(world, FOREIGN, *ours, held=50) == []
    assert look(world, FOREIGN, *ours, held=50) == [FOREIGN]


@pytest.mark.parametrize(
    ("quantity", "trigger", "stop_after", "sent"),
    [("50", "99.4", "99.4", 0), ("50", "98.6", "99.00", 1), ("30", "99.00", "99.00", 1), ("50", "99.00", "99.00", 0)],
)
def test_stop_that_lies_elsewhere_than_noted_is_known_and_kept_only_where_it_protects_as_well(
    quantity: str, trigger: str, stop_after: str, sent: int
) -> None:
    world = World(mode=LIVE)
    world.send(BalanceChanged(world.now_ms, LIVE, Decimal(10_000)))
    world.enter()
    (stop,) = world.stops()
    assert (stop.quantity, stop.trigger_price) == (50, Decimal("99.00"))
    told = len(world.lines())
    world.now_ms += 2_000
    seen = SeenOrder(stop.client_id, SYMBOL, True, "STOP_MARKET", Decimal(quantity), Decimal(trigger))
    held = (HeldAmount(SYMBOL, Decimal(50), Decimal(100), Decimal(100)),)
    effects = world.send(AccountSeen(world.now_ms, world.now_ms, LIVE, held, (seen,)))
    placed = [item.intent for item in effects if isinstance(item, PlaceOrder)]
    assert [(item.purpose, item.quantity) for item in placed] == [(OrderPurpose.STOP, 50)] * sent
    (position,) = world.desk.snapshot().positions
    assert position.status == "PROTECTED"
    assert Decimal(str(position.stop)) == Decimal(stop_after)
    same = (quantity, trigger) == ("50", "99.00")
    assert len([line for line in world.lines()[told:] if "had not noted" in line]) == (not same)
    assert len(world.stops()) == 1
