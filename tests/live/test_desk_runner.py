"""The desk's shell: events in order, every effect carried out, whatever fails on the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from futtui.domain.effects import Effect, PlaceOrder, RecordSignal, Say
from futtui.domain.events import ClockTick, Event, OrderChanged
from futtui.domain.orders import OrderIntent, OrderPurpose, OrderStatus, OrderType
from futtui.domain.position import TradingMode
from futtui.domain.side import OrderSide
from futtui.domain.signal import SignalStatus
from futtui.live.desk_runner import DeskRunner
from tests.storage.test_store import signal


class Desk:
    """Answers events with what the test wants."""

    def __init__(self, answer: Callable[[Event], list[Effect]]) -> None:
        self.seen: list[Event] = []
        self._answer = answer

    def handle(self, event: Event) -> list[Effect]:
        self.seen.append(event)
        return self._answer(event)


class Book:
    """Log book and recorder in one; refuses records when told to."""

    def __init__(self) -> None:
        self.kept: list[Any] = []
        self.full = False

    def say(self, line: Say) -> None:
        self.kept.append(line)

    def submit(self, record: Any) -> None:
        if self.full:
            raise OSError("no space left")
        self.kept.append(record)


class Account:
    """Writes down orders; asks the runner something in the middle of one."""

    orders_sent = 0

    def __init__(self, on_place: Callable[[OrderIntent], None] = lambda intent: None) -> None:
        self.placed: list[str] = []
        self._on_place = on_place

    def place(self, intent: OrderIntent) -> None:
        self.placed.append(intent.client_id)
        self._on_place(intent)

    def cancel(self, effect: Any) -> None: ...

    def on_price(self, update: Any) -> None: ...


def order(client_id: str = "f-s1-E1") -> PlaceOrder:
    intent = OrderIntent(
        client_id, "BTCUSDT", OrderSide.BUY, OrderType.MARKET, Decimal(1), OrderPurpose.ENTRY, "p-s1", 5
    )
    return PlaceOrder(TradingMode.PAPER, intent)


def runner(answer: Callable[[Event], list[Effect]]) -> tuple[DeskRunner, Desk, Book]:
    desk, book = Desk(answer), Book()
    return DeskRunner(desk, book, book), desk, book  # type: ignore[arg-type]


def test_desk_runner_record_that_cannot_be_kept_never_holds_back_the_order() -> None:
    made, _, book = runner(lambda event: [RecordSignal(signal(1), 1), order()])
    account = Account()
    made.brokers[TradingMode.PAPER] = account
    book.full = True
    made.submit(ClockTick(1))
    assert account.placed == ["f-s1-E1"]


def test_desk_runner_answers_of_a_broker_are_handled_after_the_event_that_caused_them() -> None:
    made, desk, _ = runner(lambda event: [order("a"), order("b")] if event == ClockTick(1) else [])
    account = Account(lambda intent: made.submit(ClockTick(2 if intent.client_id == "a" else 3)))
    made.brokers[TradingMode.PAPER] = account
    made.submit(ClockTick(1))
    assert account.placed == ["a", "b"]
    assert desk.seen == [ClockTick(1), ClockTick(2), ClockTick(3)]


def test_desk_runner_mistake_in_one_event_costs_no_other_and_is_raised() -> None:
    def answer(event: Event) -> list[Effect]:
        if event == ClockTick(2):
            raise ZeroDivisionError("a mistake of ours")
        return [order()] if event == ClockTick(1) else []

    made, desk, _ = runner(answer)

    def two_answers(_: OrderIntent) -> None:
        made.submit(ClockTick(2))
        made.submit(ClockTick(3))

    made.brokers[TradingMode.PAPER] = Account(two_answers)
    with pytest.raises(ZeroDivisionError):
        made.submit(ClockTick(1))
    made.submit(ClockTick(4))
    assert desk.seen == [ClockTick(time) for time in (1, 2, 3, 4)]


def test_desk_runner_order_without_an_account_comes_back_as_refused() -> None:
    made, desk, book = runner(lambda event: [order()] if event == ClockTick(1) else [])
    made.submit(ClockTick(1))
    last = desk.seen[-1]
    assert isinstance(last, OrderChanged)
    assert last.update.status is OrderStatus.REJECTED
    assert "no account" in book.kept[0].text


def test_desk_runner_signal_is_counted_once_and_forgotten_when_it_ends() -> None:
    steps = [SignalStatus.WAITING, SignalStatus.ACTIVE, SignalStatus.ACTIVE, SignalStatus.CLOSED]
    made, _, _ = runner(lambda event: [RecordSignal(replace(signal(7), status=steps.pop(0)), event.time_ms)])
    for time_ms in range(4):
        made.submit(ClockTick(time_ms))
    assert dict(made.signals_by_strategy) == {"break_retest": 1}
    assert not made._open_signals
