"""How fast a stream message becomes a typed record, and how fast the local book takes differences in."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from typing import Any

from futtui.domain.candle import FormingCandle
from futtui.domain.timeframe import Timeframe
from futtui.exchange.binance.book import LocalBook
from futtui.exchange.binance.decode import StreamDecoder
from futtui.exchange.binance.messages import DepthMessage
from futtui.exchange.binance.rest_models import DepthSnapshot
from futtui.exchange.ports import KlineMessage

NAME = "stream-decode"
DESCRIPTION = "Microseconds from stream text to record: our typed decoder against json and float; book differences."
MESSAGES = 50_000
ROUNDS = 5
BOOK_EVENTS = 4_000
LEVELS_PER_EVENT = 85

KLINE = (
    b'{"e":"kline","E":1790771371858,"s":"BTCUSDT","k":{"t":1790771340000,"T":1790771399999,"s":"BTCUSDT","i":"1m",'
    b'"f":8132503391,"L":8132505633,"o":"83896.40","c":"83860.20","h":"83920.00","l":"83860.10","v":"114.602",'
    b'"n":2239,"x":false,"q":"9615538.66780","V":"48.488","Q":"4068722.10360","B":"0"}}'
)
TICKER = (
    b'{"e":"bookTicker","u":400900217,"E":1568014460893,"T":1568014460891,"s":"BNBUSDT","b":"25.35190000",'
    b'"B":"31.21000000","a":"25.36520000","A":"40.66000000","st":1,"ps":"BNBUSDT"}'
)


def _plain_kline(payload: bytes) -> KlineMessage:
    """The straightforward way: json, then float for each number, then the same record."""
    event: dict[str, Any] = json.loads(payload)
    bar = event["k"]
    numbers = {key: float(bar[key]) for key in ("o", "h", "l", "c", "v", "q", "V", "Q")}
    forming = FormingCandle(bar["t"], numbers["o"], numbers["h"], numbers["l"], numbers["c"], numbers["v"], event["E"])
    return KlineMessage(event["s"], Timeframe(bar["i"]), event["E"], None, forming)


def _microseconds(work: Callable[[bytes], object], payload: bytes) -> float:
    """Best of some rounds, per message."""
    best = float("inf")
    for _ in range(ROUNDS):
        started = time.perf_counter()
        for _ in range(MESSAGES):
            work(payload)
        best = min(best, time.perf_counter() - started)
    return best / MESSAGES * 1e6


def _book_events() -> list[DepthMessage]:
    """Differences around a price that walks, most of them on levels that exist."""
    chance = random.Random(7)
    middle, events = 60_000, []
    for number in range(1, BOOK_EVENTS + 1):
        middle += chance.choice((-1, 0, 1))
        half = LEVELS_PER_EVENT // 2
        bids = [(float(middle - chance.randint(1, 400)), float(chance.randint(0, 9))) for _ in range(half)]
        asks = [(float(middle + chance.randint(1, 400)), float(chance.randint(0, 9))) for _ in range(half)]
        crossing = [(float(middle), 0.0)]
        events.append(DepthMessage("X", number, number, number, number - 1, bids + crossing, asks + crossing))
    return events


def _book_events_per_second() -> float:
    events = _book_events()
    best = float("inf")
    for _ in range(ROUNDS):
        book = LocalBook("X")
        book.load_snapshot(DepthSnapshot("X", 0, 0, [(1.0, 1.0)], [(1e6, 1.0)]))
        started = time.perf_counter()
        for event in events:
            if not book.apply(event):
                raise RuntimeError(f"The benchmark's book became invalid: {book.reason}.")
        best = min(best, time.perf_counter() - started)
    return len(events) / best


def run() -> tuple[list[tuple[str, ...]], dict[str, float]]:
    """Both decoders in one run, and the book."""
    decode = StreamDecoder("benchmark").decode
    if decode(KLINE) != (_plain_kline(KLINE),):
        raise RuntimeError("Both ways must give the same record.")
    plain, ours, ticker = (
        _microseconds(_plain_kline, KLINE),
        _microseconds(decode, KLINE),
        _microseconds(decode, TICKER),
    )
    book = _book_events_per_second()
    rows = [
        ("work", "us a message", "messages/s", "ratio"),
        ("kline, json + float", f"{plain:.2f}", f"{1e6 / plain:,.0f}", "1.00"),
        ("kline, typed decoder", f"{ours:.2f}", f"{1e6 / ours:,.0f}", f"{plain / ours:.2f}"),
        ("bookTicker, typed decoder", f"{ticker:.2f}", f"{1e6 / ticker:,.0f}", "-"),
        (f"book difference, {LEVELS_PER_EVENT} levels", f"{1e6 / book:.2f}", f"{book:,.0f}", "-"),
    ]
    figures = {
        "json_float_us": plain,
        "decoder_us": ours,
        "ratio": plain / ours,
        "book_ticker_us": ticker,
        "book_events_per_s": book,
    }
    return rows, figures
