"""What happens on the account without us: executions explain what a look found, whenever they come."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from types import SimpleNamespace
from typing import cast

import pytest

from futtui.desk.desk import TradingDesk
from futtui.desk.orders import signal_id_of
from futtui.desk.outside import LOOKS_WITHOUT_ANSWER, outside_refusal
from futtui.desk.positions import Position
from futtui.domain.account import AccountSeen, FillsTold, HeldAmount
from futtui.domain.effects import AskFills, CancelOrder, RecordPosition
from futtui.domain.events import (
    BalanceChanged,
    ClockTick,
    ClosePosition,
    OrderChanged,
    OrderFilled,
    PriceUpdate,
    RulesChanged,
)
from futtui.domain.orders import Fill, OrderPurpose, OrderStatus, OrderUpdate
from futtui.domain.position import ExitReason, PositionStatus, TradingMode
from futtui.domain.side import OrderSide
from futtui.domain.timeframe import DAY_MS
from tests.desk.world import SYMBOL, World, rules, wide_settings

LIVE = TradingMode.LIVE
ZERO = Decimal(0)


class AccountWorld(World):
    """A desk with one position on a real account, and the truth about that account. News by hand come when told to."""

    def __init__(self) -> None:
        super().__init__(mode=LIVE)
        self.hands: list[Fill] = []
        self.beside = ZERO
        """What the account holds from before, without any execution that could be told."""
        self.ordered = ZERO
        """What the exchange's list of orders says that others bought; below zero = sold."""
        self.send(BalanceChanged(self.now_ms, LIVE, Decimal(10_000)))
        self.enter()
        self.price(100.5)

    @property
    def position(self) -> Position:
        (position,) = self.desk._state.open.values()
        return position

    @property
    def books(self) -> Decimal:
        return sum((item.ledger.open for item in self.desk._state.held(LIVE)), ZERO)

    @property
    def external(self) -> Decimal:
        return self.desk._state.external.get(SYMBOL, ZERO)

    @property
    def account(self) -> Decimal:
        by_hand = sum((fill.quantity if fill.side is OrderSide.BUY else -fill.quantity for fill in self.hands), ZERO)
        return sum(self.broker.held.values(), by_hand) + self.beside

    @property
    def covered(self) -> Decimal:
        """The largest stop that waits."""
        return max((stop.quantity for stop in self.stops()), default=ZERO)

    def by_hand(self, quantity: Decimal | int, at: float = 100.5) -> Fill:
        """The user trades in the exchange's app; below zero = sells. Nothing is heard of it yet."""
        self.now_ms += 1_000
        side, size = (OrderSide.BUY if quantity > 0 else OrderSide.SELL), abs(Decimal(quantity))
        number = len(self.hands) + 1
        fill = Fill(f"web_{number}", SYMBOL, f"x{number}", side, Decimal(str(at)), size, Decimal("0.1"), self.now_ms)
        self.hands.append(fill)
        return fill

    def look(self) -> list[AskFills]:
        """A look at the account; returns the questions that it made."""
        self.now_ms += 2_000
        held = (HeldAmount(SYMBOL, self.account, mark_price=Decimal("100.5")),) if self.account else ()
        effects = self.send(AccountSeen(self.now_ms, self.now_ms, LIVE, held, ()))
        assert self.covered >= min(self.account, self.books), "what is left has no stop"
        return [effect for effect in effects if isinstance(effect, AskFills)]

    def tell(self, question: AskFills, *, failed: bool = False) -> None:
        """Answer a question as the shell does, with all that the exchange knows."""
        self.now_ms += 500
        known = tuple(fill for fill in self.hands if fill.time_ms >= question.since_ms)
        told = self.ordered if question.orders else ZERO
        self.send(FillsTold(self.now_ms, SYMBOL, question.time_ms, None if failed else known, told))

    def looks(self, count: int) -> None:
        """Looks whose questions are answered at once."""
        for _ in range(count):
            for question in self.look():
                self.tell(question)

    def prove(self) -> None:
        """Something that no look told says that what the account does not show is gone."""
        self.desk._outside._differences[SYMBOL].is_proven = True

    def looks_with_proof(self) -> None:
        """Looks until a difference is booked, without any execution that is told."""
        for number in range(LOOKS_WITHOUT_ANSWER):
            for question in self.look():
                self.tell(question, failed=True)
            if not number:
                self.prove()

    def restart(self) -> None:
        """Another run with what the first one stored."""
        stored = {item.position.position_id: item.position for item in self.effects if isinstance(item, RecordPosition)}
        still_open = [state for state in stored.values() if state.status not in ("CLOSED", "FAILED")]
        self.desk = TradingDesk(wide_settings(), LIVE)
        self.effects += self.desk.restore(still_open, time_ms=self.now_ms)
        self.send(RulesChanged(self.now_ms, rules()))
        self.send(PriceUpdate(SYMBOL, self.now_ms, 100.5, 100.5, 100.5))
        self.send(BalanceChanged(self.now_ms, LIVE, Decimal(10_000)))


def test_part_closed_by_hand_in_an_earlier_run_is_not_closed_again_by_the_next_one() -> None:
    world = AccountWorld()
    world.send(OrderFilled(world.by_hand(-35)))
    assert world.books == world.account == 15
    world.restart()
    world.by_hand(-5, at=101.0)
    world.looks(8)
    assert (world.books, world.external, world.covered) == (world.account, 0, 10)
    assert [leg.quantity for leg in world.position.ledger.legs] == [35, 5]
    assert world.position.ledger.legs[-1].price == Decimal("101.0")
    assert not [line for line in world.lines() if "did not open" in line]


def test_part_closed_beside_us_in_an_earlier_run_does_not_close_ours() -> None:
    world = AccountWorld()
    world.beside = Decimal(30)
    world.looks(4)
    world.send(OrderFilled(world.by_hand(-20)))
    world.restart()
    world.looks(6)
    assert (world.books, world.external, world.covered) == (50, 10, 50)


def test_nothing_is_booked_while_executions_are_being_asked_for() -> None:
    world = AccountWorld()
    world.by_hand(-25)
    questions = [question for _ in range(6) for question in world.look()]
    assert len(questions) == 1
    assert (world.books, world.covered) == (50, 50)
    world.tell(questions[0])
    assert world.books == 50, "an answer alone books nothing"
    world.look()
    assert (world.books, world.external, world.covered) == (25, 0, 25)
    assert [leg.reason for leg in world.position.ledger.legs] == [ExitReason.MANUAL]


def test_executions_that_could_not_be_told_are_asked_for_again() -> None:
    world = AccountWorld()
    world.by_hand(-25)
    for _ in range(4):
        for question in world.look():
            world.tell(question, failed=True)
    assert (world.books, world.covered) == (50, 50)
    world.looks(2)
    assert (world.books, world.covered) == (25, 25)
    assert [leg.reason for leg in world.position.ledger.legs] == [ExitReason.MANUAL]


def test_answer_to_a_question_about_another_difference_books_nothing() -> None:
    world = AccountWorld()
    world.by_hand(-25)
    questions = [question for _ in range(2) for question in world.look()]
    world.by_hand(-5)
    world.look()
    world.tell(questions[0])
    questions += world.look()
    assert world.books == 50
    world.tell(questions[1])
    world.look()
    assert (world.books, world.external, world.covered) == (20, 0, 20)


@pytest.mark.parametrize("hidden", [50, 20])
def test_account_that_hides_a_position_for_a_while_costs_no_stop(hidden: int) -> None:
    world = AccountWorld()
    world.beside = Decimal(-hidden)
    world.looks(LOOKS_WITHOUT_ANSWER - 1)
    assert (world.books, world.covered) == (50, 50), "no execution makes what is missing"
    world.beside = ZERO
    world.looks(3)
    assert (world.books, world.external, world.covered) == (50, 0, 50)
    assert not world.trades
    world.by_hand(-20)
    world.looks(3)
    assert (world.books, world.external, world.covered) == (30, 0, 30)


@pytest.mark.parametrize("failed", [False, True])
@pytest.mark.parametrize("hidden", [50, 20])
def test_account_that_hides_a_position_for_ever_costs_no_stop_and_is_told_once(hidden: int, failed: bool) -> None:
    world = AccountWorld()
    world.beside = Decimal(-hidden)
    questions: list[AskFills] = []
    for _ in range(6 * LOOKS_WITHOUT_ANSWER):
        for question in world.look():
            questions.append(question)
            world.tell(question, failed=failed)
    assert (world.books, world.covered) == (50, 50)
    assert not world.trades
    assert len([line for line in world.lines() if "no execution tells that it was closed" in line]) == 1
    assert len(questions) < 2 * LOOKS_WITHOUT_ANSWER, "each costs weight"
    assert world.desk._state.differing


@pytest.mark.parametrize("is_new_run", [False, True])
@pytest.mark.parametrize("traded", [10, 50])
def test_what_was_traded_by_hand_before_the_account_agreed_is_no_proof(is_new_run: bool, traded: int) -> None:
    world = AccountWorld()
    world.by_hand(traded)
    world.by_hand(-traded)
    world.now_ms += 60_000
    if is_new_run:
        world.restart()
    world.beside = Decimal(-50)
    world.looks(LOOKS_WITHOUT_ANSWER + 2)
    assert (world.books, world.covered) == (50, 50), "it was bought and sold again"
    world.beside = ZERO
    world.looks(1)
    world.by_hand(-traded)
    world.beside = Decimal(traded)
    world.now_ms += 60_000
    world.looks(2)
    world.beside = Decimal(traded - 50)
    world.looks(LOOKS_WITHOUT_ANSWER + 2)
    assert (world.books, world.covered) == (50, 50), "the account showed all of ours after that"


@pytest.mark.parametrize(("ordered", "books"), [(-50, 0), (-49, 50), (50, 50)])
@pytest.mark.parametrize("agreed", [True, False])
def test_orders_of_others_are_proof_when_they_make_all_of_it_since_the_account_agreed(
    ordered: int, books: int, agreed: bool
) -> None:
    world = AccountWorld()
    world.looks(int(agreed))
    world.beside, world.ordered = Decimal(-50), Decimal(ordered)
    for _ in range(LOOKS_WITHOUT_ANSWER + 1):
        for question in world.look():
            world.tell(question, failed=True)
    assert world.books == (books if agreed else 50)


@pytest.mark.parametrize("days", [6, 8])
@pytest.mark.parametrize("stop_is_there", [False, True])
def test_close_that_no_list_tells_any_more_is_believed_when_the_stop_is_gone_too(
    days: int, stop_is_there: bool
) -> None:
    world = AccountWorld()
    (stop,) = world.stops()
    world.now_ms += days * DAY_MS
    world.position.life_deadline_ms = world.position.progress_deadline_ms = world.now_ms + DAY_MS
    world.beside = Decimal(-50)
    if not stop_is_there:
        world.broker.resting.pop(stop.client_id)
        world.send(OrderChanged(OrderUpdate(stop.client_id, SYMBOL, OrderStatus.EXPIRED, world.now_ms)))
    world.looks(LOOKS_WITHOUT_ANSWER + 1)
    assert world.books == (0 if days > 7 and not stop_is_there else 50)


def test_difference_that_lacks_proof_holds_back_its_own_symbol_only() -> None:
    world = AccountWorld()
    world.beside = Decimal(-50)
    for _ in range(5 * LOOKS_WITHOUT_ANSWER):
        world.looks(1)
        world.send(ClockTick(world.now_ms))
    assert not world.desk.snapshot().paused
    assert world.desk.kill_level == 0
    assert outside_refusal(world.desk._state, SYMBOL, LIVE) is not None
    assert outside_refusal(world.desk._state, "BTCUSDT", LIVE) is None
    assert any("close the position here" in line for line in world.lines())


def test_refusal_on_a_virtual_account_proves_nothing_about_the_real_one() -> None:
    world = AccountWorld()
    world.beside = Decimal(-50)
    world.looks(3)
    refused = OrderUpdate("f-x-X1", SYMBOL, OrderStatus.REJECTED, world.now_ms, reason="(code -2022)")
    virtual = SimpleNamespace(plan=SimpleNamespace(mode=TradingMode.INFO))
    world.desk._outside.on_refused(cast(Position, virtual), refused)
    world.looks(LOOKS_WITHOUT_ANSWER)
    assert world.books == 50


@pytest.mark.parametrize("looks", [LOOKS_WITHOUT_ANSWER + 3, 3])
def test_exchange_that_has_nothing_to_reduce_and_shows_nothing_is_believed(looks: int) -> None:
    world = AccountWorld()
    world.beside = Decimal(-50)
    world.looks(looks)
    reason = "ReduceOnly Order is rejected. (code -2022)"
    world.broker.reject = {OrderPurpose.EXIT}
    world.send(ClosePosition(world.now_ms, world.position.position_id))
    exit_id = next(order.client_id for order in world.position.closing_orders)
    assert (world.books, world.covered) == (50, 50), "another reason of a refusal proves nothing"
    world.looks(4)
    assert world.books == 50
    world.send(OrderChanged(OrderUpdate(exit_id, SYMBOL, OrderStatus.REJECTED, world.now_ms, reason=reason)))
    world.looks(LOOKS_WITHOUT_ANSWER)
    assert world.books == 0
    assert [leg.reason for leg in world.trades[-1].legs] == [ExitReason.ADJUSTED]


@pytest.mark.parametrize("how", ["stream", "answer"])
def test_execution_that_comes_after_its_correction_takes_its_place_and_closes_nothing_more(how: str) -> None:
    world = AccountWorld()
    late = world.by_hand(-15, at=100.9)
    world.looks_with_proof()
    (leg,) = world.position.ledger.legs
    assert (leg.reason, world.books, world.covered) == (ExitReason.ADJUSTED, 35, 35)
    if how == "stream":
        world.send(OrderFilled(late))
    world.by_hand(-5)
    world.looks(8)
    assert (world.books, world.external, world.covered) == (30, 0, 30)
    legs = world.position.ledger.legs
    assert [(leg.reason, leg.quantity) for leg in legs] == [(ExitReason.MANUAL, 15), (ExitReason.MANUAL, 5)]
    assert world.position.ledger.exit_value == sum(leg.quantity * leg.price for leg in legs)
    assert legs[0].price == Decimal("100.9")
    assert sum(leg.fee for leg in legs) == Decimal("0.2")


def test_execution_after_the_correction_that_closed_the_position_mends_its_trade() -> None:
    world = AccountWorld()
    late = world.by_hand(-50, at=100.9)
    world.looks_with_proof()
    before = world.trades[-1]
    assert [leg.reason for leg in before.legs] == [ExitReason.ADJUSTED]
    world.send(OrderFilled(late))
    world.send(OrderFilled(late))
    after = world.trades[-1]
    assert after.position_id == before.position_id
    assert [leg.reason for leg in after.legs] == [ExitReason.MANUAL]
    assert after.pnl == before.pnl + 50 * (Decimal("100.9") - Decimal("100.5")) - Decimal("0.1")
    assert (world.external, world.desk.snapshot().account.closed_trades) == (0, 1)


@pytest.mark.parametrize("quantity", [20, -20])
def test_late_execution_of_what_was_held_beside_us_does_not_touch_ours(quantity: int) -> None:
    world = AccountWorld()
    world.beside = Decimal(30)
    world.looks(4)
    late = world.by_hand(quantity)
    for _ in range(LOOKS_WITHOUT_ANSWER):
        world.look()
    assert (world.books, world.external) == (50, 30 + quantity)
    if quantity < 0:
        world.send(OrderFilled(world.by_hand(-10)))
        assert world.external == 0
    before = world.external
    world.send(OrderFilled(late))
    assert (world.books, world.external, world.covered) == (50, before, 50)


def test_execution_older_than_our_entry_closes_nothing_of_ours() -> None:
    world = AccountWorld()
    old = Fill("web_0", SYMBOL, "x0", OrderSide.SELL, Decimal(100), Decimal(20), ZERO, world.position.opened_ms - 1)
    world.send(OrderFilled(old))
    assert (world.books, world.covered) == (50, 50)
    world.looks(5)
    assert (world.books, world.external, world.covered) == (50, 0, 50)


def test_what_is_held_against_us_closes_ours_only_when_the_account_says_the_same() -> None:
    world = AccountWorld()
    world.desk._outside._newest[SYMBOL] = world.by_hand(-20)
    world.hands.clear()
    world.desk._state.external[SYMBOL] = Decimal(-20)
    world.looks(1)
    assert (world.books, world.covered) == (50, 50), "the account still holds all of it"
    world.looks(5)
    assert (world.books, world.external, world.covered) == (50, 0, 50)


def test_close_by_hand_heard_before_our_entry_leaves_the_rest_with_its_stop() -> None:
    world = AccountWorld()
    entry = world.position
    world.send(OrderFilled(world.by_hand(-50)))
    assert entry.status is PositionStatus.CLOSED
    world.price(100.0)
    signal = world.enter(strategy="another")
    assert world.books == 50
    # The same once more with the news in the wrong order: the entry of a second position is heard after its close.
    second = next(item for item in world.desk._state.held(LIVE) if item.plan.signal_id == signal.signal_id)
    second.ledger.entry_quantity, second.ledger.entry_value = ZERO, ZERO
    world.send(OrderFilled(world.by_hand(-20)))
    assert world.external == -20
    second.ledger.entry_quantity, second.ledger.entry_value = Decimal(50), Decimal(5_000)
    world.looks(3)
    assert (world.books, world.external, world.covered) == (30, 0, 30)


def test_stop_goes_only_when_the_account_was_seen_flat() -> None:
    world = AccountWorld()
    closed = world.by_hand(-50)
    for number in range(1, LOOKS_WITHOUT_ANSWER):
        for question in world.look():
            world.tell(question, failed=True)
        assert world.covered == 50, f"after look {number}"
    world.prove()
    world.look()
    assert (world.books, world.covered) == (0, 0)
    cancelled = [item.client_id for item in world.effects if isinstance(item, CancelOrder)]
    assert any("-S" in name for name in cancelled)
    assert all(signal_id_of(name) for name in cancelled)
    world.send(OrderFilled(closed))
    entries = [item for item in world.events if isinstance(item, OrderFilled) and "-E" in item.fill.client_id]
    assert len(entries) == 1
    assert not [item for item in world.broker.resting.values() if item.purpose is OrderPurpose.STOP]


@pytest.mark.parametrize("all_of_it", [False, True])
def test_our_own_execution_that_comes_after_its_correction_closes_nothing_twice(all_of_it: bool) -> None:
    world = AccountWorld()
    purpose = OrderPurpose.STOP if all_of_it else OrderPurpose.TARGET
    order = next(item for item in world.broker.resting.values() if item.purpose is purpose)
    fired = world.by_hand(-order.quantity, at=100.7)
    world.looks_with_proof()
    assert world.books == world.account == 50 - order.quantity
    world.broker.resting.pop(order.client_id, None)
    own = replace(fired, client_id=order.client_id)
    done = OrderUpdate(order.client_id, SYMBOL, OrderStatus.FILLED, world.now_ms)
    for event in (OrderFilled(own), OrderChanged(done), OrderFilled(own)):
        world.send(event)
    assert (world.books, world.external, world.covered) == (world.account, 0, world.account)
    legs = world.trades[-1].legs if all_of_it else world.position.ledger.legs
    wanted = ExitReason.STOP if all_of_it else ExitReason.TARGET_1
    assert [(leg.reason, leg.quantity, leg.price) for leg in legs] == [(wanted, order.quantity, Decimal("100.7"))]
    assert world.desk.snapshot().account.closed_trades == int(all_of_it)


@pytest.mark.parametrize("mode", [TradingMode.PAPER, TradingMode.SIGNALS])
def test_liquidation_on_a_virtual_account_closes_the_trade_there_and_is_no_business_of_the_real_one(mode):
    world = World(mode=mode)
    world.enter()
    (position,) = world.desk._state.open.values()
    world.now_ms += 1_000
    forced = Fill(
        "autoclose-1", SYMBOL, "paper-1", OrderSide.SELL, Decimal(10), position.ledger.open, Decimal("0.1"),
        world.now_ms,
    )  # fmt: skip
    for _ in range(2):
        world.send(OrderFilled(forced, mode))
    (trade,) = world.trades
    assert [(leg.reason, leg.quantity) for leg in trade.legs] == [(ExitReason.LIQUIDATION, trade.quantity)]
    assert not world.desk._state.open
    assert not world.desk._state.external
    assert not world.desk._state.paused
    assert not world.stops()


@pytest.mark.parametrize("number", ["77", "78"])
def test_virtual_liquidation_counts_whatever_number_a_real_execution_on_the_symbol_had(number):
    world = World(mode=TradingMode.LIVE, for_information=frozenset({"info"}))
    world.send(BalanceChanged(world.now_ms, TradingMode.LIVE, Decimal(10_000)))
    world.enter(strategy="info")
    (position,) = world.desk._state.open.values()
    held = position.ledger.open
    world.send(
        OrderFilled(Fill("web_1", SYMBOL, "77", OrderSide.BUY, Decimal(100), Decimal(1), Decimal(0), world.now_ms))
    )
    world.now_ms += 1_000
    forced = Fill("autoclose-1", SYMBOL, number, OrderSide.SELL, Decimal(90), held, Decimal(0), world.now_ms)
    for _ in range(2):
        world.send(OrderFilled(forced, TradingMode.INFO))
    assert [item.quantity for item in world.trades] == [held]
    assert world.desk._state.external == {SYMBOL: Decimal(1)}
