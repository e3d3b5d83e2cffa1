"""Fills, lost news, crashes and a user who trades by hand, in any order: after things calm down the books are true.

A small exchange keeps the truth; its news wait in a queue and may be lost, doubled or swapped. Invariants: each entry
is sent once, whatever is ours has a stop on the exchange that covers it, and quantities are those of the exchange.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from futtui.desk.desk import TradingDesk
from futtui.desk.orders import signal_id_of
from futtui.domain.account import AccountSeen, FillsTold, HeldAmount, SeenOrder
from futtui.domain.effects import (
    AskFills,
    CancelOrder,
    Effect,
    PlaceOrder,
    PositionState,
    RecordPosition,
    RecordTrade,
)
from futtui.domain.events import (
    AnalysisDone,
    BalanceChanged,
    ClockTick,
    Event,
    OrderChanged,
    OrderFilled,
    PriceUpdate,
    RulesChanged,
)
from futtui.domain.orders import Fill, OrderIntent, OrderPurpose, OrderStatus, OrderType, OrderUpdate
from futtui.domain.position import Trade, TradingMode
from futtui.domain.reading import AnalysisResult
from futtui.domain.side import OrderSide, Side
from futtui.domain.symbols import ZERO
from tests.desk.world import FEE_RATE, START_MS, SYMBOL, raw_signal, reading, rules, wide_settings

LIVE = TradingMode.LIVE


@dataclass
class Order:
    """An order as the exchange knows it."""

    intent: OrderIntent
    status: OrderStatus = OrderStatus.OPEN
    filled: Decimal = ZERO


class Exchange:
    """The truth about one symbol. Orders answer at once, unless the answer or the whole request is lost."""

    def __init__(self) -> None:
        self.price = Decimal(100)
        self.amount = ZERO
        self.orders: dict[str, Order] = {}
        self.fills: list[Fill] = []
        self.news: list[Event] = []
        self.hands = 0
        self.fate = "answers"

    def place(self, intent: OrderIntent, now_ms: int) -> OrderStatus:
        """Carry the request out (or lose it) and give its direct answer."""
        assert intent.client_id not in self.orders, "an order was sent twice"
        fate, self.fate = self.fate, "answers"
        if fate == "never":
            return OrderStatus.UNKNOWN
        order = self.orders[intent.client_id] = Order(intent)
        if intent.order_type is OrderType.MARKET:
            self._execute(order, now_ms)
        elif self._is_hit(intent):
            order.status = OrderStatus.REJECTED
            return OrderStatus.UNKNOWN if fate == "unheard" else OrderStatus.REJECTED
        return OrderStatus.UNKNOWN if fate == "unheard" else order.status

    def cancel(self, client_id: str, now_ms: int) -> None:
        order = self.orders.get(client_id)
        if order is not None and not order.status.is_final:
            order.status = OrderStatus.CANCELED
            self._tell(order, now_ms)

    def move(self, price: Decimal, now_ms: int) -> None:
        self.price = price
        waiting = [order for order in self.orders.values() if not order.status.is_final]
        for order in sorted(waiting, key=lambda item: item.intent.order_type is not OrderType.STOP_MARKET):
            if self._is_hit(order.intent):
                self._execute(order, now_ms)

    def by_hand(self, quantity: Decimal, now_ms: int) -> None:
        """The user trades; below zero = sells."""
        self.hands += 1
        side = OrderSide.BUY if quantity > 0 else OrderSide.SELL
        self._fill(f"web_{self.hands}", side, abs(quantity), now_ms)

    def stops(self) -> list[Order]:
        return [
            order
            for order in self.orders.values()
            if order.intent.purpose is OrderPurpose.STOP and not order.status.is_final
        ]

    def _is_hit(self, intent: OrderIntent) -> bool:
        if intent.trigger_price is None:
            return False
        rising = (intent.side is OrderSide.BUY) == (intent.order_type is OrderType.STOP_MARKET)
        return self.price >= intent.trigger_price if rising else self.price <= intent.trigger_price

    def _execute(self, order: Order, now_ms: int) -> None:
        intent, quantity = order.intent, order.intent.quantity
        sign = 1 if intent.side is OrderSide.BUY else -1
        if intent.reduce_only:
            quantity = min(quantity, abs(self.amount)) if self.amount * sign < 0 else ZERO
        if quantity <= 0:
            order.status = OrderStatus.EXPIRED
        else:
            order.filled = quantity
            order.status = OrderStatus.FILLED if quantity == intent.quantity else OrderStatus.EXPIRED
            self._fill(intent.client_id, intent.side, quantity, now_ms)
        self._tell(order, now_ms)

    def _fill(self, client_id: str, side: OrderSide, quantity: Decimal, now_ms: int) -> None:
        self.amount += quantity if side is OrderSide.BUY else -quantity
        fee = quantity * self.price * FEE_RATE
        fill = Fill(client_id, SYMBOL, str(len(self.fills) + 1), side, self.price, quantity, fee, now_ms)
        self.fills.append(fill)
        self.news.append(OrderFilled(fill))

    def _tell(self, order: Order, now_ms: int) -> None:
        self.news.append(OrderChanged(self.fact(order, now_ms)))

    def fact(self, order: Order, now_ms: int) -> OrderUpdate:
        return OrderUpdate(order.intent.client_id, SYMBOL, order.status, now_ms)


class Life:
    """A desk, its shell and the exchange; processes may die, the exchange does not."""

    def __init__(self) -> None:
        self.exchange = Exchange()
        self.now_ms = START_MS
        self.states: dict[str, PositionState] = {}
        self.trades: dict[str, Trade] = {}
        self.dies = False
        self.number = 0
        self.answers = "told"
        self._begin()

    def _begin(self) -> None:
        self.questions: list[AskFills] = []
        self.desk = TradingDesk(wide_settings(), LIVE, Decimal(10_000))
        self.adopted: set[str] = set()
        open_states = [state for state in self.states.values() if state.status not in ("CLOSED", "FAILED")]
        self._carry_out(self.desk.restore(open_states, trades=self.trades.values(), time_ms=self.now_ms))
        self.give(RulesChanged(self.now_ms, rules()))
        self.give(BalanceChanged(self.now_ms, LIVE, Decimal(10_000)))
        self.adopted = {placed.intent.client_id for placed, _, _ in self.desk.live_orders()}
        if self.adopted:
            self.look()

    def give(self, event: Event) -> None:
        self._carry_out(self.desk.handle(event))

    def _carry_out(self, effects: list[Effect]) -> None:
        answers: list[Event] = []
        for effect in effects:
            if isinstance(effect, RecordPosition):
                self.states[effect.position.position_id] = effect.position
            elif isinstance(effect, RecordTrade):
                self.trades[effect.trade.position_id] = effect.trade
            elif isinstance(effect, PlaceOrder) and effect.mode is LIVE:
                if self.dies:
                    raise ProcessLookupError
                status = self.exchange.place(effect.intent, self.now_ms)
                update = OrderUpdate(effect.intent.client_id, SYMBOL, status, self.now_ms)
                if not status.is_final or status is OrderStatus.REJECTED:
                    answers.append(OrderChanged(update))
            elif isinstance(effect, CancelOrder):
                self.exchange.cancel(effect.client_id, self.now_ms)
            elif isinstance(effect, AskFills):
                self.questions.append(effect)
        for answer in answers:
            self.give(answer)
        if self.answers == "told":
            self._answer(tells=True)

    def _answer(self, tells: bool) -> None:
        """Answer what was asked about executions, or say that it cannot be told."""
        asked, self.questions = self.questions, []
        for effect in asked:
            fills = [fill for fill in self.exchange.fills if fill.time_ms >= effect.since_ms]
            others = tuple(fill for fill in fills if signal_id_of(fill.client_id) is None)
            for fill in fills if tells else ():
                if fill not in others:
                    self.give(OrderFilled(fill))
            self.give(FillsTold(self.now_ms, SYMBOL, effect.time_ms, others if tells else None))

    def look(self) -> None:
        """What the shell does to find out: every order without an end is asked for, then the account is looked at."""
        known = {placed.intent.client_id: placed.intent for placed, _, _ in self.desk.live_orders()}
        for client_id, intent in known.items():
            order = self.exchange.orders.get(client_id)
            if order is None:
                gone = OrderStatus.EXPIRED if client_id in self.adopted and intent.reduce_only else OrderStatus.REJECTED
                self.give(OrderChanged(OrderUpdate(client_id, SYMBOL, gone, self.now_ms, reason="no such order")))
                continue
            for fill in self.exchange.fills:
                if fill.client_id == client_id:
                    self.give(OrderFilled(fill))
            self.give(OrderChanged(self.exchange.fact(order, self.now_ms)))
        self.now_ms += 1
        waiting = [order.intent for order in self.exchange.orders.values() if not order.status.is_final]
        orders = tuple(SeenOrder(intent.client_id, SYMBOL, intent.order_type.is_conditional) for intent in waiting)
        held = (HeldAmount(SYMBOL, self.exchange.amount, mark_price=self.exchange.price),)
        self.give(AccountSeen(self.now_ms, self.now_ms, LIVE, held if self.exchange.amount else (), orders))

    # --- what may happen ----------------------------------------------------------------------------------------

    def apply(self, item: tuple[Any, ...]) -> None:
        self.number += 1
        self.now_ms += 1_500
        try:
            getattr(self, f"_{item[0]}")(*item[1:])
        except ProcessLookupError:
            self.dies = False
            self.exchange.news.clear()
            self._begin()

    def _price(self, cents: int) -> None:
        self.exchange.move(Decimal(cents) / 100, self.now_ms)
        last = cents / 100
        self.give(PriceUpdate(SYMBOL, self.now_ms, last, last, last))

    def _signal(self, side: Side, strategy: str) -> None:
        raw = raw_signal(side, entry=float(self.exchange.price), time_ms=self.now_ms, strategy=strategy)
        measures = reading(price=float(self.exchange.price), time_ms=self.now_ms)
        self.give(AnalysisDone(self.now_ms, AnalysisResult(measures, (raw,))))

    def _deliver(self, count: int) -> None:
        for _ in range(min(count, len(self.exchange.news))):
            self.give(self.exchange.news.pop(0))

    def _lose(self, count: int) -> None:
        del self.exchange.news[:count]

    def _double(self) -> None:
        self.exchange.news[:1] *= 2

    def _swap(self) -> None:
        self.exchange.news[:2] = reversed(self.exchange.news[:2])

    def _fate(self, word: str) -> None:
        self.exchange.fate = word

    def _crash(self, at_an_order: bool) -> None:
        if at_an_order:
            self.dies = True
            return
        raise ProcessLookupError

    def _hand(self, permille: int) -> None:
        quantity = (abs(self.exchange.amount) * abs(permille) / 1000).quantize(Decimal("0.001")) or Decimal(1)
        self.exchange.by_hand(quantity if permille > 0 else -quantity, self.now_ms)

    def _close_by_hand(self) -> None:
        if self.exchange.amount:
            self.exchange.by_hand(-self.exchange.amount, self.now_ms)

    def _take_stops_away(self) -> None:
        for order in self.exchange.stops():
            self.exchange.cancel(order.intent.client_id, self.now_ms)

    def _tick(self) -> None:
        self.give(ClockTick(self.now_ms))

    def _look(self) -> None:
        self.look()

    def _questions(self, fate: str) -> None:
        """Questions about executions are answered at once, or wait for the next action of this kind, or fail then."""
        self.answers = "told" if fate == "told" else "late"
        self._answer(tells=fate != "failed")

    # --- calm ---------------------------------------------------------------------------------------------------

    def calm_down(self) -> None:
        """Nothing more goes wrong; looks and ticks as in any running futtui."""
        self.exchange.fate = "answers"
        self._questions("told")
        if self.dies:
            self.dies = False
            self._begin()
        for _ in range(8):
            self.now_ms += 61_000
            self._deliver(len(self.exchange.news))
            last = float(self.exchange.price)
            self.give(PriceUpdate(SYMBOL, self.now_ms, last, last, last))
            self.give(ClockTick(self.now_ms))
            self._deliver(len(self.exchange.news))
            self.look()
        self._deliver(len(self.exchange.news))

    def check(self) -> None:
        positions = self.desk._state.held(LIVE)
        ours = sum((item.plan.side.sign * item.ledger.open for item in positions), ZERO)
        external = self.desk._state.external.get(SYMBOL, ZERO)
        assert ours + external == self.exchange.amount
        for position in positions:
            if position.ledger.open > 0:
                name = position.plan.signal_id
                stops = [order for order in self.exchange.stops() if name in order.intent.client_id]
                assert any(order.intent.quantity >= position.ledger.open for order in stops), "without a stop"
                assert position.status.value == "PROTECTED"
        entries = [fill for fill in self.exchange.fills if fill.client_id.endswith("-E1")]
        bought: dict[str, Decimal] = {}
        for fill in entries:
            bought[fill.client_id] = bought.get(fill.client_id, ZERO) + fill.quantity
        booked = {f"f-{trade.signal_id}-E1": trade.quantity for trade in self.trades.values()}
        booked |= {item.entry_order.client_id: item.ledger.entry_quantity for item in positions}
        assert {name: quantity for name, quantity in booked.items() if quantity} == bought
        live = {order.intent.client_id for order in self.exchange.orders.values() if not order.status.is_final}
        cared = {name for item in positions for name in item.orders}
        assert live <= cared, "an order that nobody cares for"


action = st.one_of(
    st.tuples(st.just("price"), st.integers(9_750, 10_250)),
    st.tuples(st.just("signal"), st.sampled_from(Side), st.sampled_from(["a", "b", "c", "d"])),
    st.tuples(st.just("deliver"), st.integers(1, 6)),
    st.tuples(st.just("lose"), st.integers(1, 4)),
    st.tuples(st.just("double")),
    st.tuples(st.just("swap")),
    st.tuples(st.just("fate"), st.sampled_from(["never", "unheard"])),
    st.tuples(st.just("crash"), st.booleans()),
    st.tuples(st.just("hand"), st.integers(-900, 900)),
    st.tuples(st.just("close_by_hand")),
    st.tuples(st.just("take_stops_away")),
    st.tuples(st.just("tick")),
    st.tuples(st.just("look")),
    st.tuples(st.just("questions"), st.sampled_from(["told", "late", "failed"])),
)
sequences = st.lists(action, min_size=4, max_size=40)


def play(sequence: list[tuple[Any, ...]]) -> None:
    life = Life()
    life.apply(("signal", Side.LONG, "first"))
    for item in sequence:
        life.apply(item)
    life.calm_down()
    life.check()


closing = st.one_of(
    st.tuples(st.just("signal"), st.just(Side.LONG), st.sampled_from(["a", "b", "c", "d"])),
    st.tuples(st.just("deliver"), st.integers(1, 6)),
    st.tuples(st.just("lose"), st.integers(1, 4)),
    st.tuples(st.just("double")),
    st.tuples(st.just("swap")),
    st.tuples(st.just("crash"), st.just(False)),
    st.tuples(st.just("hand"), st.integers(-900, -100)),
    st.tuples(st.just("close_by_hand")),
    st.tuples(st.just("look")),
    st.tuples(st.just("questions"), st.sampled_from(["told", "late", "failed"])),
)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(closing, min_size=4, max_size=40))
def test_parts_closed_by_hand_never_take_the_stop_of_what_is_left_whatever_becomes_of_their_news(
    sequence: list[tuple[Any, ...]],
) -> None:
    life = Life()
    life.apply(("signal", Side.LONG, "first"))
    for item in sequence:
        if item[0] == "hand" and not life.exchange.amount:
            continue  # there is nothing to close, and a sale would open a short
        life.apply(item)
        bought = {fill.client_id for fill in life.exchange.fills if fill.client_id.endswith("-E1")}
        known = {position.entry_order.client_id for position in life.desk._state.held(LIVE) if position.ledger.seen}
        if bought <= known | {f"f-{trade.signal_id}-E1" for trade in life.trades.values()}:
            assert sum(order.intent.quantity for order in life.exchange.stops()) >= life.exchange.amount
    life.calm_down()
    life.check()
    assert not life.desk._state.external, "a part of ours is called somebody else's"


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(sequences)
def test_any_interleaving_of_faults_and_user_actions_ends_with_true_books_and_covered_positions(
    sequence: list[tuple[Any, ...]],
) -> None:
    play(sequence)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@settings(
    max_examples=int(os.environ.get("FUTTUI_SEQUENCES", "2000")), deadline=None, suppress_health_check=list(HealthCheck)
)
@given(sequences)
def test_two_thousand_interleavings_end_with_true_books_and_covered_positions(sequence: list[tuple[Any, ...]]) -> None:
    play(sequence)
