"""The book of everything sent: facts change the entry that they are about."""

from __future__ import annotations

from decimal import Decimal

import pytest

from futtui.domain.effects import CancelOrder, PlaceOrder
from futtui.domain.errors import FuttuiError
from futtui.domain.events import SetPaused
from futtui.domain.orders import Fill, OrderIntent, OrderPurpose, OrderStatus, OrderType, OrderUpdate
from futtui.domain.position import TradingMode
from futtui.domain.sent import ENTRIES_KEPT, MERGED_MS, RefusedEntry, SentBook, UnreadBook
from futtui.domain.side import OrderSide, Side
from futtui.domain.timeframe import Timeframe
from futtui.live.command_notes import noted


def order(client_id: str = "f-1-E1", *, time_ms: int = 100) -> PlaceOrder:
    """A market order for 2 BTC."""
    intent = OrderIntent(
        client_id, "BTCUSDT", OrderSide.BUY, OrderType.MARKET, Decimal(2), OrderPurpose.ENTRY, "p-1", time_ms
    )
    return PlaceOrder(TradingMode.PAPER, intent)


def fill(price: str, quantity: str, trade_id: str) -> Fill:
    """An execution of that order."""
    return Fill("f-1-E1", "BTCUSDT", trade_id, OrderSide.BUY, Decimal(price), Decimal(quantity), Decimal("0.1"), 130)


def update(status: OrderStatus, time_ms: int = 120, **more: str) -> OrderUpdate:
    """News of that order."""
    return OrderUpdate("f-1-E1", "BTCUSDT", status, time_ms, **more)


def test_an_order_is_followed_to_its_end_with_average_price_and_fees() -> None:
    book = SentBook()
    book.placed(order())
    book.updated(update(OrderStatus.OPEN, exchange_id="77"))
    book.filled(fill("100", "1.5", "a"))
    book.filled(fill("104", "0.5", "b"))
    book.updated(update(OrderStatus.FILLED, 140))
    (entry,) = book.view()
    assert (entry.status, entry.exchange_id, entry.answered_ms) == (OrderStatus.FILLED, "77", 140)
    assert (entry.filled, entry.average_price, entry.fees) == (Decimal("2.0"), Decimal(101), Decimal("0.2"))
    assert not entry.refused


def test_late_news_does_not_reopen_what_has_ended() -> None:
    book = SentBook()
    book.placed(order())
    book.updated(update(OrderStatus.FILLED, 140))
    book.updated(update(OrderStatus.OPEN, 150))
    assert book.view()[0].status is OrderStatus.FILLED
    assert book.view()[0].answered_ms == 140


def test_a_refusal_keeps_its_reason_and_a_cancel_ends_with_its_order() -> None:
    book = SentBook()
    book.placed(order())
    book.cancelled(CancelOrder(TradingMode.PAPER, "BTCUSDT", "f-1-E1", False, 110))
    book.updated(update(OrderStatus.CANCELED))
    assert [entry.status for entry in book.view()] == [OrderStatus.CANCELED, OrderStatus.CANCELED]
    book.placed(order("f-2"))
    book.updated(OrderUpdate("f-2", "BTCUSDT", OrderStatus.REJECTED, 150, reason="margin is insufficient (-2019)"))
    assert book.view()[-1].refused
    assert book.view()[-1].answer == "margin is insufficient (-2019)"


def test_the_view_is_one_object_until_something_changes_and_news_of_strangers_change_nothing() -> None:
    book = SentBook()
    book.placed(order())
    seen = book.view()
    book.updated(OrderUpdate("other", "BTCUSDT", OrderStatus.FILLED, 150))
    book.answered(99, "?", 1)
    assert book.view() is seen
    book.updated(update(OrderStatus.OPEN))
    assert book.view() is not seen
    assert seen[0].status is OrderStatus.SENT


def test_only_the_newest_are_kept_and_the_rest_is_forgotten_wholly() -> None:
    book = SentBook(kept=3)
    for number in range(10):
        book.placed(order(f"f-{number}"))
    assert [entry.client_id for entry in book.view()] == ["f-7", "f-8", "f-9"]
    assert [entry.number for entry in book.view()] == [8, 9, 10]
    assert set(book._orders) == {"f-7", "f-8", "f-9"}


async def test_commands_are_noted_with_answer_or_refusal() -> None:
    book = SentBook()

    async def yes() -> str:
        return "New trades are paused."

    async def no() -> str:
        raise FuttuiError("not now")

    assert await noted(book, SetPaused(5, True), lambda: 9, yes()) == "New trades are paused."
    with pytest.raises(FuttuiError):
        await noted(book, SetPaused(6, False), lambda: 10, no())
    assert [(entry.answer, entry.refused, entry.answered_ms) for entry in book.view()] == [
        ("New trades are paused.", False, 9),
        ("not now", True, 10),
    ]


def test_an_execution_that_is_told_again_counts_once_also_after_a_restart() -> None:
    book = SentBook()
    book.placed(order())
    book.filled(fill("100", "1.5", "a"))
    book.filled(fill("100", "1.5", "a"))
    book.filled(fill("104", "0.5", "b"))
    again = SentBook()
    again.take_over(book.view())
    again.filled(fill("100", "1.5", "a"))
    assert again.view()[0].filled == book.view()[0].filled == Decimal("2.0")


def refused(symbol: str = "BTCUSDT", side: Side = Side.LONG) -> RefusedEntry:
    """An entry that was not made."""
    return RefusedEntry(TradingMode.PAPER, symbol, side, "pullback", Timeframe.M15, "ab12")


def test_repeats_of_a_refused_entry_are_counted_together_whatever_their_figures() -> None:
    book = SentBook()
    for time_ms, risk in ((100, "0.52"), (200, "0.61"), (300, "1,000.5")):
        book.entry_refused(refused(), f"it would risk {risk} %", time_ms)
    book.entry_refused(refused(), "new trades are paused", 310)
    book.entry_refused(refused(side=Side.SHORT), "it would risk 0.5 %", 320)
    book.entry_refused(refused(), "it would risk 0.5 %", 330 + MERGED_MS)
    told = [(each.time_ms, each.answered_ms, each.entry.count, each.answer) for each in book.view() if each.entry]
    late_ms = 330 + MERGED_MS
    assert told == [
        (100, 300, 3, "it would risk 1,000.5 %"),
        (310, 310, 1, "new trades are paused"),
        (320, 320, 1, "it would risk 0.5 %"),
        (late_ms, late_ms, 1, "it would risk 0.5 %"),
    ]
    assert all(each.refused and each.mode is TradingMode.PAPER for each in book.view())


def test_refused_entries_never_push_orders_out() -> None:
    book = SentBook(kept=ENTRIES_KEPT + 50)
    book.placed(order())
    for number in range(3 * ENTRIES_KEPT):
        book.entry_refused(refused(f"S{number}USDT"), "new trades are paused", 200 + number)
    orders = [each for each in book.view() if each.order is not None]
    assert (len(orders), len(book.view())) == (1, ENTRIES_KEPT + 1)
    assert book.view()[-1].symbol == f"S{3 * ENTRIES_KEPT - 1}USDT"
    book.updated(update(OrderStatus.FILLED))
    assert book.view()[0].status is OrderStatus.FILLED


def test_a_book_that_nobody_reads_takes_every_fact_and_keeps_none() -> None:
    read, unread = SentBook(), UnreadBook()
    for book in (read, unread):
        book.placed(order())
        book.updated(update(OrderStatus.OPEN))
        book.filled(fill("100", "2", "t1"))
        book.cancelled(CancelOrder(TradingMode.PAPER, "BTCUSDT", "f-1-E1", False, 140))
        entry = RefusedEntry(TradingMode.PAPER, "BTCUSDT", Side.LONG, "flush", Timeframe.M15, "s-1")
        book.entry_refused(entry, "too late", 150)
    assert len(read.view()) == 3
    assert unread.view() == ()
