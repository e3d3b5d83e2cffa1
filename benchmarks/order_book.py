"""How many book differences a second our local book takes, beside the books of other libraries, all on one core.

The fourth peer is optional: `python -m pip install unicorn-binance-local-depth-cache` in the same environment.
"""

from __future__ import annotations

import gc
import importlib.util
import time
from dataclasses import dataclass

from benchmarks._depth_streams import DepthStream, Levels, Top, depth_streams
from benchmarks._peer_books import Book, CcxtBook, PythonBinanceBook, UnicornBook
from futtui.exchange.binance.book import LocalBook
from futtui.exchange.binance.decode import StreamDecoder
from futtui.exchange.binance.messages import DepthMessage
from futtui.exchange.binance.rest_models import DepthSnapshot

NAME = "order-book"
DESCRIPTION = "Order book differences a second from text to book: ours, ccxt.pro, python-binance, unicorn-binance."
GOAL_PER_SECOND = 40_000
ROUNDS = 3
READ_EVENTS = 300
SLOW_EVENTS = 1_000
UNICORN_INSTALL = "python -m pip install unicorn-binance-local-depth-cache"


class OurBook:
    """futtui: the decoder and the book that live uses."""

    name = "futtui"

    def __init__(self) -> None:
        self._decode = StreamDecoder("benchmark").decode
        self._book = LocalBook("")

    def start(self, stream: DepthStream) -> None:
        """Begins with the snapshot of `stream`."""
        self._book = LocalBook(stream.symbol)
        bids, asks = _numbers(stream.snapshot.bids), _numbers(stream.snapshot.asks)
        self._book.load_snapshot(DepthSnapshot(stream.symbol, stream.snapshot.lastUpdateId, 0, bids, asks))

    def take(self, text: bytes) -> None:
        """Decodes one message and takes it in."""
        for message in self._decode(text):
            if isinstance(message, DepthMessage):
                self._book.apply(message)

    def top(self) -> Top | None:
        """Best prices and quantities; None when the book is not valid."""
        bid, ask = self._book.best_bid(), self._book.best_ask()
        return None if bid is None or ask is None else (*bid, *ask)

    def close(self) -> None:
        """Nothing was started."""


def _numbers(levels: Levels) -> list[tuple[float, float]]:
    return [(float(price), float(quantity)) for price, quantity in levels]


@dataclass(slots=True)
class Result:
    """Events a second without and with reading the best prices after each event; wrong among checked best prices."""

    per_second: float = 0.0
    reading_per_second: float = 0.0
    checked: int = 0
    wrong: int = 0


def _seconds(book: Book, streams: list[DepthStream]) -> tuple[float, int]:
    """CPU seconds for the differences of all streams, of a slow book for the first ones only, and their number."""
    total, events = 0.0, 0
    for stream in streams:
        texts = stream.differences[: _largest(book)]
        book.start(stream)
        take = book.take
        gc.collect()
        started = time.process_time()
        for text in texts:
            take(text)
        total += time.process_time() - started
        events += len(texts)
    return total, events


def _largest(book: Book) -> int | None:
    return SLOW_EVENTS if isinstance(book, UnicornBook) else None


def _read_and_check(book: Book, streams: list[DepthStream], result: Result) -> None:
    """Best prices after each of the first differences, and at the end of each stream unless the book is slow."""
    seconds, events = 0.0, 0
    for stream in streams:
        book.start(stream)
        found: list[Top | None] = []
        started = time.process_time()
        for text in stream.differences[:READ_EVENTS]:
            book.take(text)
            found.append(book.top())
        seconds += time.process_time() - started
        events += len(found)
        for text in stream.differences[READ_EVENTS : _largest(book)]:
            book.take(text)
        told = list(zip(found, stream.tops, strict=False))
        if _largest(book) is None:
            told.append((book.top(), stream.tops[-1]))
        result.checked += sum(top is not None for _, top in told)
        result.wrong += sum(top is not None and ours != top for ours, top in told)
    result.reading_per_second = events / seconds


def measure(streams: list[DepthStream], books: list[Book], rounds: int = ROUNDS) -> dict[str, Result]:
    """All books on the same messages, in turns, so that a busy machine is busy for all; the best round counts."""
    results = {book.name: Result() for book in books}
    for _ in range(rounds):
        for book in books:
            seconds, events = _seconds(book, streams)
            results[book.name].per_second = max(results[book.name].per_second, events / seconds)
    for book in books:
        _read_and_check(book, streams, results[book.name])
    return results


def _peers() -> list[Book]:
    peers: list[Book] = [CcxtBook(), PythonBinanceBook()]
    if importlib.util.find_spec("unicorn_binance_local_depth_cache"):
        peers.append(UnicornBook())
    return peers


def run() -> tuple[list[tuple[str, ...]], dict[str, float]]:
    """All books in one run, each with its own JSON reader; ours must be right at every checked difference."""
    streams = depth_streams()
    books: list[Book] = [OurBook(), *_peers()]
    try:
        results = measure(streams, books)
    finally:
        for book in books:
            book.close()
    ours = results[OurBook.name]
    if ours.wrong or not ours.checked:
        raise RuntimeError(f"Our book showed {ours.wrong} wrong best prices of {ours.checked}.")
    rows: list[tuple[str, ...]] = [
        ("book", "events/s", "events/s, best prices read after each", "wrong best prices", "events/s of ours")
    ]
    for name, result in results.items():
        share = f"{100 * result.per_second / ours.per_second:.0f} %"
        rates = (f"{result.per_second:,.0f}", f"{result.reading_per_second:,.0f}")
        rows.append((name, *rates, f"{result.wrong} of {result.checked}", share))
    if not any(isinstance(book, UnicornBook) for book in books):
        rows.append(("unicorn-binance-local-depth-cache", "not installed:", UNICORN_INSTALL, "", ""))
    rows.append(("goal", f"{GOAL_PER_SECOND:,}", "", "0", ""))
    figures = {f"{name.split()[0]}_per_s": result.per_second for name, result in results.items()}
    fastest_peer = max(result.per_second for name, result in results.items() if name != OurBook.name)
    return rows, {
        **figures,
        "ahead_of_best_peer": ours.per_second / fastest_peer,
        "checked": ours.checked,
        "wrong": 0,
        **_shape(streams),
    }


def _shape(streams: list[DepthStream]) -> dict[str, float]:
    return {f"differences_{stream.name}": len(stream.differences) for stream in streams}
