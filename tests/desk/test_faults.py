"""An honest exchange behind a bad line: news late, out of order, twice, stops refused or removed, restarts."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from futtui.desk.desk import TradingDesk
from futtui.domain.effects import CancelOrder, PlaceOrder
from futtui.domain.events import ClosePosition, Event, OrderChanged, OrderFilled, PriceUpdate, RulesChanged
from futtui.domain.orders import OrderPurpose, OrderStatus, OrderUpdate
from futtui.domain.position import PositionStatus
from futtui.domain.side import Side
from futtui.domain.symbols import ZERO
from tests.desk.test_properties import check
from tests.desk.test_restart import stored_positions
from tests.desk.world import SYMBOL, World, raw_signal, rules, wide_settings

step = st.one_of(
    st.tuples(st.just("price"), st.integers(-20, 20)),
    st.tuples(st.just("price"), st.integers(-20, 20)),
    st.tuples(st.just("deliver"), st.integers(1, 6), st.integers(0, 2)),
    st.tuples(st.just("deliver"), st.integers(1, 6), st.integers(0, 0)),
    st.tuples(st.just("repeat"), st.integers(0, 30)),
    st.tuples(st.just("signal"), st.sampled_from(Side)),
    st.tuples(st.just("refuse_stops"), st.booleans()),
    st.tuples(st.just("remove_stop")),
    st.tuples(st.just("unknown"), st.booleans()),
    st.tuples(st.just("close")),
    st.tuples(st.just("part"), st.integers(1, 99)),
    st.tuples(st.just("tick"), st.integers(1, 60)),
    st.tuples(st.just("analyse")),
    st.tuples(st.just("restart")),
)


class BadLine(World):
    """The broker acts at once, but its news waits in a queue and comes in any order."""

    def __init__(self, parts: int) -> None:
        self.pending: list[Event] = []
        self.heard: list[Event] = []
        self.lost_answers = False
        self.statuses: Counter[str] = Counter()
        super().__init__(wide_settings())
        self.broker.entry_parts = parts
        self.moved = 0

    def send(self, event: Event) -> list[Any]:
        self.events.append(event)
        effects = self.desk.handle(event)
        self.carry_out(effects)
        return effects

    def carry_out(self, effects: list[Any]) -> None:
        """What the desk wants reaches the broker, also what it wants right after a restart."""
        self.effects += effects
        for effect in effects:
            if isinstance(effect, PlaceOrder):
                answers = self.broker.place(effect.intent)
                if self.lost_answers:
                    intent = effect.intent
                    update = OrderUpdate(intent.client_id, SYMBOL, OrderStatus.UNKNOWN, intent.time_ms)
                    answers = [OrderChanged(update), *answers]
                self.pending += answers
            elif isinstance(effect, CancelOrder):
                self.pending += self.broker.cancel(effect)
        for position in self.desk._state.open.values():
            check(position)
            self.statuses[position.status.value] += 1

    def deliver(self, count: int, skip: int) -> None:
        for _ in range(count):
            if self.pending:
                event = self.pending.pop(min(skip, len(self.pending) - 1))
                self.heard.append(event)
                self.send(event)

    def drain(self) -> None:
        while self.pending:
            self.deliver(1, 0)

    def move(self, ticks: int) -> None:
        self.moved = max(-400, min(400, self.moved + ticks))
        self.now_ms += 1000
        last = round(100 + self.moved / 20, 2)
        update = PriceUpdate(SYMBOL, self.now_ms, last, last, last)
        self.pending += self.broker.on_price(update)
        self.send(update)

    def apply(self, item: tuple[Any, ...]) -> None:
        kind, values = item[0], item[1:]
        if kind == "price":
            self.move(values[0])
        elif kind == "deliver":
            self.deliver(*values)
        elif kind == "repeat" and self.heard:
            self.send(self.heard[-1 - values[0] % len(self.heard)])
        elif kind == "signal":
            self.now_ms += 1
            price = round(100 + self.moved / 20, 2)
            self.analyse(raw_signal(values[0], entry=price, time_ms=self.now_ms), price=price)
        elif kind == "refuse_stops":
            self.broker.reject = {OrderPurpose.STOP} if values[0] else set()
        elif kind == "unknown":
            self.lost_answers = values[0]
        elif kind == "tick":
            self.tick(values[0])
        elif kind == "part":
            for position in self.desk.snapshot().positions[:1]:
                self.send(ClosePosition(self.now_ms, position.position_id, Decimal(values[0])))
        elif kind == "analyse":
            self.analyse(price=100 + self.moved / 20)
        else:
            getattr(self, kind)()

    def remove_stop(self) -> None:
        for stop in self.stops()[:1]:
            del self.broker.resting[stop.client_id]
            self.pending.append(OrderChanged(OrderUpdate(stop.client_id, SYMBOL, OrderStatus.CANCELED, self.now_ms)))

    def close(self) -> None:
        for position in self.desk.snapshot().positions[:1]:
            self.send(ClosePosition(self.now_ms, position.position_id))

    def restart(self) -> None:
        desk = TradingDesk(wide_settings())
        effects = desk.restore(stored_positions(self), list(self.signals.values()), {}, self.trades, self.now_ms)
        self.desk = desk
        self.carry_out(effects)
        self.send(RulesChanged(self.now_ms, rules()))


def finish(world: BadLine) -> None:
    """The line is good again and time passes: everything must come to its end."""
    world.lost_answers, world.broker.reject = False, set()
    for _ in range(8):
        world.drain()
        world.tick(minutes=2 * 24 * 60)
        world.drain()
        for _ in range(4):
            world.move(0)
            world.drain()


@example(
    steps=[("price", 0), ("tick", 1), ("deliver", 1, 1), ("restart",), ("price", 0)], parts=1
)  # an exit that the desk orders while it takes its positions back
@settings(max_examples=300, deadline=None)
@given(steps=st.lists(step, min_size=5, max_size=90), parts=st.integers(1, 3))
def test_bad_line_everything_ends_flat_and_every_fill_is_booked(steps: list[tuple[Any, ...]], parts: int) -> None:
    world = BadLine(parts)
    for item in (("signal", Side.LONG), ("deliver", 3, 0), *steps):
        world.apply(item)
    finish(world)
    assert world.desk.snapshot().positions == ()
    assert all(value == 0 for value in world.broker.held.values())
    assert world.broker.resting == {}
    final = {trade.position_id: trade for trade in world.trades}
    bought: Counter[str] = Counter()
    for event in {event.fill.trade_id: event for event in world.events if isinstance(event, OrderFilled)}.values():
        if event.fill.client_id.endswith("-E1"):
            bought["p-" + event.fill.client_id.split("-")[1]] += event.fill.quantity  # type: ignore[assignment]
    assert {position_id: trade.quantity for position_id, trade in final.items()} == dict(bought)
    for trade in final.values():
        assert sum((leg.quantity for leg in trade.legs), ZERO) == trade.quantity
        gross = sum((leg.quantity * (leg.price - trade.entry_price) for leg in trade.legs), ZERO) * trade.side.sign
        assert abs(trade.pnl - (gross - trade.fees)) < 1e-6


def test_bad_line_reaches_every_status() -> None:
    """The random walk above means something only if it visits the states it is about."""
    world = BadLine(2)
    for item in (
        ("signal", Side.LONG),
        ("deliver", 9, 0),
        ("deliver", 9, 0),
        ("price", 20),
        ("deliver", 2, 0),
        ("close",),
    ):
        world.apply(item)
    visited = set(world.statuses)
    wanted = {PositionStatus.ENTERING, PositionStatus.NAKED, PositionStatus.PROTECTED, PositionStatus.CLOSING}
    assert {status.value for status in wanted} <= visited
