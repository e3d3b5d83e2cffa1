"""While an answer is under way, the desk waits; it neither doubles nor takes back what it sent."""

from __future__ import annotations

import itertools
from decimal import Decimal

from futtui.domain.effects import CancelOrder, Effect, PlaceOrder
from futtui.domain.events import ClosePosition, Event, OrderChanged, OrderFilled, PriceUpdate
from futtui.domain.orders import Fill, OrderIntent, OrderStatus, OrderUpdate
from futtui.domain.position import ExitReason
from tests.desk.world import SYMBOL, World


class Quiet(World):
    """After the entry the broker only speaks when told to."""

    def __init__(self) -> None:
        super().__init__()
        self.enter()
        self.quiet = True

    quiet = False

    def send(self, event: Event) -> list[Effect]:
        if not self.quiet:
            return super().send(event)
        effects = self.desk.handle(event)
        self.effects += effects
        return effects

    def tell(self, client_id: str, status: OrderStatus, reason: str = "") -> list[Effect]:
        return self.send(OrderChanged(OrderUpdate(client_id, SYMBOL, status, self.now_ms, reason=reason)))

    def filled(self, intent: OrderIntent, price: str, quantity: Decimal | None = None) -> list[Effect]:
        self.broker.trade_number += 1
        fill = Fill(
            intent.client_id,
            SYMBOL,
            str(self.broker.trade_number),
            intent.side,
            Decimal(price),
            quantity or intent.quantity,
            Decimal(0),
            self.now_ms,
        )
        return self.send(OrderFilled(fill))

    def look(self, last: float) -> list[Effect]:
        self.now_ms += 1000
        return self.send(PriceUpdate(SYMBOL, self.now_ms, last, last, last))


def placed(effects: list[Effect]) -> list[OrderIntent]:
    return [effect.intent for effect in effects if isinstance(effect, PlaceOrder)]


def test_moved_stop_on_its_way_is_neither_doubled_nor_cancelled() -> None:
    world = Quiet()
    first_target = next(item for item in world.targets() if item.leg_index == 1)
    (moved,) = placed(world.filled(first_target, "101"))
    for last in (100.8, 100.9, 101.2):
        assert world.look(last) == []
    effects = world.tell(moved.client_id, OrderStatus.OPEN)
    assert [effect.client_id[-2:] for effect in effects if isinstance(effect, CancelOrder)] == ["S1"]


def test_exit_on_its_way_is_not_sent_twice() -> None:
    world = Quiet()
    position = world.desk.snapshot().positions[0]
    (order,) = placed(world.send(ClosePosition(world.now_ms, position.position_id)))
    for last in (100.1, 99.9):
        assert placed(world.look(last)) == []
    assert placed(world.send(ClosePosition(world.now_ms, position.position_id))) == []
    world.tell(order.client_id, OrderStatus.FILLED)
    assert placed(world.look(99.8)) == []
    world.filled(order, "99.9")
    assert world.trades[0].legs[0].reason is ExitReason.MANUAL


def test_triggered_stop_is_waited_for_and_its_rest_is_sold_at_once() -> None:
    world = Quiet()
    (stop,) = world.stops()
    world.tell(stop.client_id, OrderStatus.TRIGGERED)
    assert world.desk.snapshot().positions[0].status == "CLOSING"
    assert world.look(98.9) == []
    world.filled(stop, "98.95", Decimal(20))
    assert placed(world.look(98.8)) == []
    (rest,) = placed(world.tell(stop.client_id, OrderStatus.EXPIRED))
    assert rest.quantity == Decimal(30)
    assert rest.reduce_only
    world.filled(rest, "98.7")
    (trade,) = world.trades
    assert [leg.reason for leg in trade.legs] == [ExitReason.STOP, ExitReason.STOP]


def test_first_target_after_the_second_does_not_loosen_the_stop() -> None:
    world = Quiet()
    first, second, _ = sorted(world.targets(), key=lambda item: item.leg_index)
    world.look(102.0)
    (trail,) = placed(world.filled(second, "102"))
    assert trail.trigger_price == Decimal("100.80")
    world.tell(trail.client_id, OrderStatus.OPEN)
    (resized,) = placed(world.filled(first, "101"))
    assert resized.trigger_price == Decimal("100.80")
    assert resized.quantity == Decimal(15)


def test_moved_stop_refused_as_already_passed_closes_with_its_own_reason() -> None:
    world = Quiet()
    first_target = next(item for item in world.targets() if item.leg_index == 1)
    (moved,) = placed(world.filled(first_target, "101"))
    (order,) = placed(world.tell(moved.client_id, OrderStatus.REJECTED, "-2021 would immediately trigger"))
    world.filled(order, "100.1")
    assert [leg.reason for leg in world.trades[0].legs] == [ExitReason.TARGET_1, ExitReason.BREAK_EVEN]


def test_late_entry_fill_after_the_close_corrects_the_trade_once() -> None:
    world = Quiet()
    (stop,) = world.stops()
    world.filled(stop, "99")
    assert world.desk.snapshot().account.closed_trades == 1
    entry = next(intent for intent in placed(world.effects) if intent.client_id.endswith("E1"))
    (rest,) = placed(world.filled(entry, "100", Decimal(5)))
    assert rest.quantity == Decimal(5)
    world.filled(rest, "99.5")
    snapshot = world.desk.snapshot()
    assert snapshot.account.closed_trades == 1
    assert [trade.quantity for trade in snapshot.trades] == [Decimal(55)]
    assert snapshot.account.wallet_balance == 10_000 + float(world.trades[-1].pnl)


def test_exit_refused_again_and_again_is_tried_with_growing_pauses_up_to_ten_seconds() -> None:
    world = Quiet()
    (stop,) = world.stops()
    world.tell(stop.client_id, OrderStatus.TRIGGERED)
    effects = world.tell(stop.client_id, OrderStatus.REJECTED, "no margin")
    sent = []
    for _ in range(60):
        for order in placed(effects):
            sent.append(world.now_ms)
            effects = world.tell(order.client_id, OrderStatus.REJECTED, "try later")
            break
        else:
            effects = world.look(98.5)
    pauses = [later - earlier for earlier, later in itertools.pairwise(sent)]
    assert pauses == [2_000, 4_000, 8_000, 10_000, 10_000, 10_000]
    assert sum("Close it by hand" in line for line in world.lines()) == 1
    (again,) = placed(world.send(ClosePosition(world.now_ms, world.desk.snapshot().positions[0].position_id)))
    world.filled(again, "98.4")
    assert len(world.trades) == 1
