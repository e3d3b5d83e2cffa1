"""The coordinator of books: snapshots when needed, one at a time, never in a storm."""

from __future__ import annotations

import asyncio

from futtui.exchange.binance.book_sync import BookSync
from futtui.exchange.binance.errors import Unavailable
from futtui.exchange.binance.messages import DepthMessage
from futtui.exchange.binance.rest_models import DepthSnapshot


class Exchange:
    """Depth snapshots whose id follows the stream, with failures on demand."""

    def __init__(self) -> None:
        self.last_id = 10
        self.asked: list[str] = []
        self.fail = 0
        self.at_once = 0
        self.most_at_once = 0
        self.pauses: list[float] = []

    async def depth(self, symbol: str) -> DepthSnapshot:
        self.asked.append(symbol)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0)
        self.at_once -= 1
        if self.fail:
            self.fail -= 1
            raise Unavailable("The exchange is overloaded.")
        return DepthSnapshot(symbol, self.last_id, 0, [(99.0, 1.0)], [(101.0, 1.0)])

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await asyncio.sleep(0)


def diff(symbol: str, number: int) -> DepthMessage:
    return DepthMessage(symbol, number, number, number, number - 1, [(98.0, float(number))], [])


async def settle() -> None:
    for _ in range(40):
        await asyncio.sleep(0)


async def test_sync_makes_every_book_valid_with_one_snapshot_at_a_time() -> None:
    exchange = Exchange()
    sync = BookSync(["A", "B", "C"], exchange.depth, spacing_seconds=2.0, sleep=exchange.sleep)
    for number in (9, 10, 11):
        for symbol in ("A", "B", "C", "OTHER"):
            sync.feed(diff(symbol, number))
    await settle()
    books = [sync.book(symbol) for symbol in ("A", "B", "C")]
    assert all(book is not None and book.valid and book.update_id == 11 for book in books)
    assert sync.book("OTHER") is None
    assert sorted(exchange.asked) == ["A", "B", "C"]
    assert exchange.most_at_once == 1
    assert exchange.pauses == [2.0, 2.0, 2.0]
    await sync.close()


async def test_sync_after_a_gap_asks_again_and_serves_nothing_meanwhile() -> None:
    exchange = Exchange()
    sync = BookSync(["A"], exchange.depth, sleep=exchange.sleep)
    sync.feed(diff("A", 10))
    await settle()
    book = sync.book("A")
    assert book is not None
    assert book.valid
    sync.feed(diff("A", 15))
    assert book.best_bid() is None
    exchange.last_id = 15
    await settle()
    assert book.valid
    assert len(exchange.asked) == 2
    await sync.close()


async def test_sync_with_failing_snapshots_waits_longer_each_time_and_recovers() -> None:
    exchange = Exchange()
    exchange.fail = 3
    sync = BookSync(["A"], exchange.depth, spacing_seconds=1.0, sleep=exchange.sleep, jitter=lambda: 1.0)
    sync.feed(diff("A", 10))
    await settle()
    book = sync.book("A")
    assert book is not None
    assert book.valid
    assert [pause for pause in exchange.pauses if pause > 1.0] == [2.0, 4.0, 8.0]
    await sync.close()


async def test_sync_after_reconnect_starts_all_books_anew() -> None:
    exchange = Exchange()
    sync = BookSync(["A"], exchange.depth, sleep=exchange.sleep)
    sync.feed(diff("A", 10))
    await settle()
    sync.invalidate_all("the stream was reconnected")
    book = sync.book("A")
    assert book is not None
    assert (book.valid, book.reason) == (False, "the stream was reconnected")
    exchange.last_id = 40
    sync.feed(diff("A", 40))
    await settle()
    assert book.valid
    await sync.close()


async def test_sync_close_ends_a_hanging_snapshot() -> None:
    async def never(_: str) -> DepthSnapshot:
        await asyncio.Event().wait()
        raise AssertionError("unreachable")

    before = asyncio.all_tasks()
    sync = BookSync(["A"], never)
    sync.feed(diff("A", 10))
    await asyncio.sleep(0)
    await sync.close()
    assert asyncio.all_tasks() == before


async def test_sync_added_book_becomes_valid_and_a_removed_one_is_not_served_any_more() -> None:
    exchange = Exchange()
    sync = BookSync((), exchange.depth, sleep=exchange.sleep)
    sync.feed(diff("A", 11))
    assert sync.book("A") is None
    sync.add("A")
    for number in (12, 13, 14):
        exchange.last_id = number
        sync.feed(diff("A", number))
        await settle()
    book = sync.book("A")
    assert book is not None
    assert book.valid
    sync.add("A")
    assert sync.book("A") is book, "adding it again changes nothing"
    sync.invalidate("A", "the connection broke")
    sync.invalidate("B", "the connection broke")
    assert (book.valid, book.best_bid(), book.reason) == (False, None, "the connection broke")
    sync.remove("A")
    sync.remove("A")
    assert sync.book("A") is None
    sync.feed(diff("A", 15))
    await settle()
    assert sync.book("A") is None
    await sync.close()


async def test_sync_book_that_leaves_during_its_snapshot_and_comes_back_gets_one_of_its_own() -> None:
    exchange = Exchange()
    hanging = asyncio.Event()

    async def depth(symbol: str) -> DepthSnapshot:
        exchange.asked.append(symbol)
        if len(exchange.asked) == 1:
            await hanging.wait()
        return DepthSnapshot(symbol, exchange.last_id, 0, [(99.0, 1.0)], [(101.0, 1.0)])

    sync = BookSync(["A"], depth, sleep=exchange.sleep)
    sync.feed(diff("A", 11))
    await settle()
    sync.remove("A")
    sync.add("A")
    exchange.last_id = 12
    sync.feed(diff("A", 12))
    await settle()
    sync.feed(diff("A", 13))
    await settle()
    book = sync.book("A")
    assert book is not None
    assert book.valid
    assert exchange.asked == ["A", "A"], "and the lock of the one that was given up is free"
    await sync.close()
