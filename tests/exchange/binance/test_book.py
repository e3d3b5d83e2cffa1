"""The local book against recorded production streams, and its refusal to serve anything doubtful."""

from __future__ import annotations

import json
from bisect import bisect_right
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from futtui.exchange.binance import book as book_module
from futtui.exchange.binance.book import LocalBook
from futtui.exchange.binance.decode import StreamDecoder
from futtui.exchange.binance.messages import DepthMessage
from futtui.exchange.binance.rest_models import DepthSnapshot
from futtui.exchange.ports import BookTickerMessage
from tests.exchange.binance.recorded import compact, fixture, recorded_session, snapshot_from
from tests.shared_data import shared_path

STREAMS = [
    "BTCUSDT_20230404-05_usdm.jsonl.gz",
    "BTCUSDT_20240718-19_usdm.jsonl.gz",
    "ETHUSDT_20240718-19_usdm.jsonl.gz",
]


def diff(first: int, final: int, previous: int, bids: list = (), asks: list = ()) -> DepthMessage:
    return DepthMessage("X", final, first, final, previous, list(bids), list(asks))


def valid_book() -> LocalBook:
    book = LocalBook("X")
    book.load_snapshot(DepthSnapshot("X", 10, 0, [(99.0, 1.0), (98.0, 2.0)], [(101.0, 3.0), (102.0, 1.0)]))
    assert book.apply(diff(9, 12, 8))
    return book


def assert_equal_to_book_ticker(path: Path, limit: int | None, minimum_exact: int) -> None:
    messages = list(recorded_session(path, limit))
    tickers = {item.update_id: item for item in messages if isinstance(item, BookTickerMessage)}
    ids = sorted(tickers)
    book = LocalBook(path.name.split("_")[0])
    exact = 0
    for message in messages:
        if isinstance(message, DepthSnapshot):
            book.load_snapshot(message)
        if not isinstance(message, DepthMessage) or not book.apply(message):
            continue
        exact += book.update_id in tickers
        # The best prices change only with a bookTicker, so the newest one at or before our id must show them.
        position = bisect_right(ids, book.update_id)
        if 0 < position < len(ids):
            ticker = tickers[ids[position - 1]]
            assert book.best_bid() == (ticker.bid, ticker.bid_quantity), book.update_id
            assert book.best_ask() == (ticker.ask, ticker.ask_quantity), book.update_id
    assert book.valid
    assert book.breaks == 0
    assert exact >= minimum_exact


@pytest.mark.parametrize("name", STREAMS)
def test_book_on_start_of_recorded_stream_equals_book_ticker_at_every_id(name: str) -> None:
    assert_equal_to_book_ticker(shared_path(f"market-data/futures/streams/{name}"), 25_000, 150)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "minimum"), zip(STREAMS, (1565, 625, 834), strict=True))
def test_book_on_whole_recorded_stream_equals_book_ticker_at_every_id(name: str, minimum: int) -> None:
    assert_equal_to_book_ticker(shared_path(f"market-data/futures/streams/{name}"), None, minimum)


def test_book_on_session_of_2021_applies_all_differences_without_a_gap() -> None:
    snapshots = fixture("cryptofeed_2021/depth_snapshots.json")
    lines = shared_path("fixtures/binance/cryptofeed_2021/ws_combined.jsonl").read_text(encoding="utf-8").splitlines()
    books = {symbol: LocalBook(symbol) for symbol in snapshots}
    pending = {symbol: list(items) for symbol, items in snapshots.items()}
    decoder = StreamDecoder("c")
    applied = 0
    for line in lines:
        record = json.loads(line)
        for message in decoder.decode(compact(record["message"])):
            if not isinstance(message, DepthMessage):
                continue
            book = books[message.symbol]
            waiting = pending[message.symbol]
            if waiting and waiting[0]["received_at"] <= record["received_at"]:
                body = waiting.pop(0)["body"]
                book.load_snapshot(snapshot_from(message.symbol, compact(body)))
            applied += book.apply(message)
    assert all(book.valid and book.breaks == 0 for book in books.values())
    assert applied >= 740


def test_book_before_snapshot_serves_nothing() -> None:
    book = LocalBook("X")
    assert not book.apply(diff(1, 2, 0, [(1.0, 1.0)]))
    assert book.needs_snapshot
    answers = [book.best_bid(), book.best_ask(), book.top(5), book.sides(1.0)]
    assert answers == [None] * 4


def test_book_uses_buffered_differences_from_the_bridging_one_on() -> None:
    book = LocalBook("X")
    book.apply(diff(1, 5, 0, [(50.0, 9.0)]))
    book.apply(diff(6, 11, 5, [(99.0, 7.0)]))
    book.apply(diff(13, 15, 11, [], [(101.0, 0.0)]))
    assert book.load_snapshot(DepthSnapshot("X", 10, 0, [(99.0, 1.0)], [(101.0, 3.0), (102.0, 1.0)]))
    assert book.best_bid() == (99.0, 7.0)
    assert book.best_ask() == (102.0, 1.0)
    assert book.update_id == 15


def test_book_with_snapshot_older_than_buffer_asks_for_another() -> None:
    book = LocalBook("X")
    book.apply(diff(20, 25, 18, [(99.0, 7.0)], [(101.0, 1.0)]))
    assert not book.load_snapshot(DepthSnapshot("X", 10, 0, [(99.0, 1.0)], [(101.0, 3.0)]))
    assert book.needs_snapshot
    assert book.load_snapshot(DepthSnapshot("X", 22, 0, [(99.0, 1.0)], [(101.0, 3.0)]))
    assert book.best_bid() == (99.0, 7.0)


def test_book_after_broken_chain_is_invalid_until_next_snapshot() -> None:
    book = valid_book()
    assert not book.apply(diff(14, 16, 13, [(99.5, 1.0)]))
    assert (book.best_bid(), book.needs_snapshot, book.breaks) == (None, True, 1)
    assert book.load_snapshot(DepthSnapshot("X", 15, 0, [(99.0, 1.0)], [(101.0, 3.0)]))
    assert book.best_bid() == (99.5, 1.0)


def test_book_on_repeated_old_difference_stays_valid_and_unchanged() -> None:
    book = valid_book()
    before = book.top(10)
    assert book.apply(diff(9, 12, 8, [(99.0, 55.0)]))
    assert book.top(10) == before


def test_book_that_crosses_is_not_served() -> None:
    book = valid_book()
    assert not book.apply(diff(13, 14, 12, [(101.5, 1.0)]))
    assert book.top(1) is None
    assert "crossed" in book.reason


def test_book_sides_hold_the_levels_within_the_distance_and_say_how_far_they_are_known() -> None:
    book = LocalBook("X")
    bids, asks = [(99.0, 1.0), (98.0, 2.0), (90.0, 5.0)], [(101.0, 3.0), (102.0, 1.0)]
    book.load_snapshot(DepthSnapshot("X", 10, 0, bids, asks, limit=3))
    book.apply(diff(9, 12, 8, [(98.0, 0.0), (98.5, 4.0)]))
    sides = book.sides(2.0)
    assert sides is not None
    filled = [(price, amount) for price, amount in zip(sides[0].prices, sides[0].quantities, strict=True) if amount]
    assert filled == [(98.5, 4.0), (99.0, 1.0)]
    assert (list(sides[1].prices), list(sides[1].quantities)) == ([101.0, 102.0], [3.0, 1.0])
    assert (sides[0].known_to, sides[1].known_to) == (90.0, float("inf"))


def test_book_crossed_by_its_first_update_after_a_snapshot_is_not_served() -> None:
    book = LocalBook("X")
    book.load_snapshot(DepthSnapshot("X", 10, 0, [(99.0, 1.0)], [(101.0, 3.0)]))
    assert not book.apply(diff(9, 12, 8, [(102.0, 1.0)]))
    assert (book.sides(1.0), book.needs_snapshot) == (None, True)


levels = st.lists(st.tuples(st.integers(1, 60), st.integers(0, 3)), max_size=25)


@given(st.lists(levels, max_size=30))
def test_book_after_any_differences_equals_a_plain_dictionary(changes: list[list[tuple[int, int]]]) -> None:
    book = LocalBook("X")
    book.load_snapshot(DepthSnapshot("X", 0, 0, [(0.5, 1.0)], [(1000.0, 1.0)]))
    expected = {0.5: 1.0}
    for number, change in enumerate(changes, start=1):
        book.apply(diff(number, number, number - 1, [(float(p), float(q)) for p, q in change]))
        for price, quantity in change:
            expected[float(price)] = float(quantity)
    top = book.top(100)
    if changes:
        assert top is not None
        assert top[0] == sorted(((p, q) for p, q in expected.items() if q > 0), reverse=True)
        assert book.best_bid() == top[0][0]


def test_book_that_grows_without_end_is_given_up_and_starts_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(book_module, "_MOST_PLACES", 500)
    book = valid_book()
    number = 12
    while book.valid:
        levels = [(1.0 + (number * 50 + step) / 1e6, 1.0) for step in range(50)]
        book.apply(diff(number, number + 1, number, bids=levels))
        number += 1
        assert number < 40
    assert "grown" in book.reason
    assert book.best_bid() is None
    assert book.needs_snapshot
