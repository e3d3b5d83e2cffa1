"""Books and open interest of the symbols where something is about to be decided, and of no others."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from futtui.domain.errors import ExchangeError
from futtui.domain.events import BookSampled, InterestSampled
from futtui.domain.order_book import BookReading, BookSide, InterestReading
from futtui.domain.position import TradingMode
from futtui.domain.side import Side
from futtui.domain.timeframe import HOUR_MS
from futtui.exchange.ports import StreamStateMessage
from futtui.live import book_watch
from futtui.live.book_watch import INTEREST_STEP_MS, BookWatch, interest_of
from futtui.live.engine import Engine
from futtui.live.lockstep import run_lockstep
from futtui.live.settings import MarketSettings
from tests.live.engine_world import (
    QUARTER_MS,
    START_MS,
    Armed,
    Exchange,
    WatchedAnalyzers,
    exchange,
    server_config,
    until,
    wired,
)
from tests.live.small_engine import NOW_MS, SmallEngine

SYMBOLS = ("AUSDT", "BUSDT", "CUSDT", "DUSDT")


@dataclass
class Book:
    """A book that says what the test wants."""

    valid: bool = True
    reason: str = ""
    event_time_ms: int = NOW_MS
    bids: tuple[float, ...] = (3.0, 1.0)
    asks: tuple[float, ...] = (1.0, 1.0)

    def sides(self, distance_pct: float) -> tuple[BookSide, BookSide] | None:
        assert self.valid, "an invalid book is not asked"
        bids = BookSide([99.95, 99.99][: len(self.bids)], list(self.bids), 0.0)
        return bids, BookSide([100.01, 100.05][: len(self.asks)], list(self.asks), float("inf"))


@dataclass
class Books:
    """Books by symbol, and what was done with them."""

    kept: dict[str, Book] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)

    def add(self, symbol: str) -> None:
        self.kept[symbol] = Book()

    def remove(self, symbol: str) -> None:
        del self.kept[symbol]

    def invalidate(self, symbol: str, reason: str) -> None:
        self.broken.append(symbol)

    def book(self, symbol: str) -> Book | None:
        return self.kept.get(symbol)


class Setting:
    """A watch with everything around it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, most: int = 2) -> None:
        self.steady_ms = 1_000_000.0
        monkeypatch.setattr(book_watch, "steady_ms", lambda: self.steady_ms)
        self.engine: Any = SmallEngine(*SYMBOLS)
        self.engine.settings = SimpleNamespace(market=MarketSettings(order_books=most))
        self.wanted: tuple[str, ...] = ()
        self.engine.runner.desk.close_to_action = lambda count, within_atr: self.wanted[:count]
        self.books, self.followed = Books(), set[str]()
        self.rows: dict[str, list[tuple[int, float]] | Exception] = {}
        self.asked: list[str] = []
        streams = SimpleNamespace(subscribe=self.subscribe, unsubscribe=self.unsubscribe)
        self.engine.connection = SimpleNamespace(books=self.books, streams=streams, open_interest=self.open_interest)
        self.watch = BookWatch(self.engine)

    async def subscribe(self, streams: Sequence[str]) -> None:
        self.followed |= set(streams)

    async def unsubscribe(self, streams: Sequence[str]) -> None:
        self.followed -= set(streams)

    async def open_interest(self, symbol: str, count: int) -> list[tuple[int, float]]:
        self.asked.append(symbol)
        rows = self.rows.get(symbol)
        if rows is None:
            await asyncio.sleep(3_600.0)
        if isinstance(rows, Exception):
            raise rows
        assert isinstance(rows, list)
        return rows

    async def want(self, *symbols: str, after_ms: float = 0.0) -> tuple[str, ...]:
        self.wanted, self.steady_ms = symbols, self.steady_ms + after_ms
        await self.watch.choose()
        assert self.followed == {f"{symbol.lower()}@depth@500ms" for symbol in self.watch.symbols}
        assert set(self.books.kept) == set(self.watch.symbols)
        return self.watch.symbols

    def told(self) -> list[Any]:
        events, self.engine.events = self.engine.events, []
        return [event.reading for event in events]


async def test_books_are_bounded_and_stay_a_minute_after_they_were_last_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    setting = Setting(monkeypatch)
    assert await setting.want() == ()
    assert await setting.want("AUSDT", "BUSDT", "CUSDT") == ("AUSDT", "BUSDT")
    assert await setting.want("CUSDT", "BUSDT", after_ms=59_000.0) == ("AUSDT", "BUSDT")
    assert await setting.want("CUSDT", "BUSDT", after_ms=2_000.0) == ("BUSDT", "CUSDT")
    assert [(item.symbol, item.valid, item.reason) for item in setting.told()] == [
        ("AUSDT", False, "the order book is not watched any more")
    ]
    del setting.engine.states["BUSDT"]
    assert await setting.want("BUSDT", "CUSDT") == ("CUSDT",), "a symbol that left is not followed"
    assert await setting.want(after_ms=61_000.0) == ()


async def test_desk_gets_a_sample_each_time_and_is_told_once_why_there_is_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    setting = Setting(monkeypatch)
    await setting.want("AUSDT")
    book = setting.books.kept["AUSDT"]
    book.valid, book.reason = False, "no snapshot yet"
    for second in (0, 1):
        setting.watch.sample(NOW_MS + 1_000 * second)
    assert [(item.valid, item.reason, item.imbalance) for item in setting.told()] == [(False, "no snapshot yet", None)]
    book.valid = True
    for second in range(2, 18):
        book.event_time_ms = NOW_MS + 1_000 * second - 300
        setting.watch.sample(NOW_MS + 1_000 * second)
    samples = setting.told()
    assert len(samples) == 16
    assert [item.bid_share for item in samples] == [None] * 14 + [1.0, 1.0]
    assert (samples[-1].imbalance, samples[-1].age_ms, samples[-1].ask_share) == (pytest.approx(1 / 3), 300, 0.0)
    for second in (26, 27, 28):
        setting.watch.sample(NOW_MS + 1_000 * second)
    late = setting.told()
    assert [(item.valid, item.reason) for item in late] == [(True, ""), (False, "the order book has no news")]
    book.event_time_ms = NOW_MS + 30_000
    setting.watch.sample(NOW_MS + 30_000)
    (fresh,) = setting.told()
    assert (fresh.valid, fresh.samples, fresh.bid_share) == (True, 1, None), "a hole starts the memory anew"
    book.asks = ()
    setting.watch.sample(NOW_MS + 31_000)
    assert [item.reason for item in setting.told()] == ["a side of the order book is empty"]


async def test_broken_connection_makes_its_books_wrong_and_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    setting = Setting(monkeypatch)
    await setting.want("AUSDT", "BUSDT")
    streams = ("ausdt@depth@500ms", "busdt@kline_15m")
    setting.watch.on_state(StreamStateMessage("public-1", "LATE", "slow", streams=streams))
    assert setting.books.broken == []
    setting.watch.on_state(StreamStateMessage("public-1", "RECONNECTING", "cut", streams=streams))
    assert setting.books.broken == ["AUSDT"]


async def test_open_interest_is_asked_for_candidates_only_when_due_and_never_holds_a_signal_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    setting = Setting(monkeypatch)
    monkeypatch.setattr(book_watch, "ASK_S", 0.02)
    hour = [(NOW_MS - 12 * INTEREST_STEP_MS, 100.0), (NOW_MS, 102.0)]
    setting.rows = {"AUSDT": hour, "BUSDT": ExchangeError("no answer"), "CUSDT": []}
    await setting.watch.know_interest(["AUSDT", "BUSDT", "CUSDT", "DUSDT"])
    assert setting.asked == ["AUSDT", "BUSDT", "CUSDT", "DUSDT"]
    readings = {item.symbol: item for item in setting.told()}
    assert readings["AUSDT"] == InterestReading("AUSDT", NOW_MS, True, "", 102.0, None, pytest.approx(2.0))
    assert (readings["BUSDT"].valid, readings["BUSDT"].change_1h_pct) == (False, None)
    assert "no answer" in readings["BUSDT"].reason
    assert readings["CUSDT"].reason == "the exchange has no open interest of this symbol"
    assert "DUSDT" not in readings, "it did not answer in time"
    setting.steady_ms += 149_000.0
    await setting.watch.know_interest(["AUSDT"])
    assert len(setting.asked) == 4
    setting.steady_ms += 1_000.0
    await setting.watch.know_interest(["AUSDT"])
    assert setting.asked[4:] == ["AUSDT"]


def test_change_of_open_interest_over_a_hole_is_unknown() -> None:
    rows = [(NOW_MS - number * INTEREST_STEP_MS, 100.0 + number) for number in range(13)]
    full = interest_of("AUSDT", rows, NOW_MS + 1)
    assert (full.time_ms, full.contracts) == (NOW_MS, 100.0)
    assert full.change_15m_pct == pytest.approx((100.0 / 103.0 - 1.0) * 100.0)
    assert full.change_1h_pct == pytest.approx((100.0 / 112.0 - 1.0) * 100.0)
    holed = interest_of("AUSDT", [row for row in rows if row[1] not in (103.0, 112.0)], NOW_MS + 1)
    assert (holed.valid, holed.change_15m_pct, holed.change_1h_pct) == (True, None, None)


def sampled(engine: Engine) -> list[Any]:
    """The desk's events about books and open interest, written down from now on."""
    events: list[Any] = []
    submit = engine.runner.submit

    def noted(event: Any) -> None:
        if isinstance(event, BookSampled | InterestSampled):
            events.append(event.reading)
        submit(event)

    engine.runner.submit = noted  # type: ignore[method-assign]
    return events


async def minutes(engine: Engine, count: int) -> None:
    """Minutes of the exchange, a sample after each, with time for snapshots in between."""
    for _ in range(count):
        await run_lockstep(engine, 1)
        await asyncio.sleep(0.03)
        engine.book_watch.sample(engine.clock.now_ms())


def book_part(engine: Engine, world: Exchange) -> tuple[bool, float | None]:
    """Whether the desk knows the book of the armed symbol now, and how it leans."""
    reading = engine.runner.desk._state.order_books["ETHUSDT"]
    assert (reading.imbalance is None) or reading.valid
    return reading.valid, reading.imbalance


async def test_fs27_armed_symbol_has_its_book_over_the_wire_until_the_chain_breaks_and_again_after_a_new_snapshot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = WatchedAnalyzers({("ETHUSDT", START_MS + QUARTER_MS): Armed(Side.LONG, 2.5, 9 * HOUR_MS)})
    async with exchange(server_config(speed="max")) as world:
        engine = wired(tmp_path / "a.db", world, analyzers=script, mode=TradingMode.SIGNALS).build()
        try:
            await engine.open()
            assert engine.connection is not None
            books: Any = engine.connection.books
            monkeypatch.setattr(books, "_spacing", 0.0)
            events = sampled(engine)
            await run_lockstep(engine, 14)
            await engine.book_watch.choose()
            assert engine.book_watch.symbols == ()
            await run_lockstep(engine, 2)
            await engine.book_watch.choose()
            assert engine.book_watch.symbols == ("ETHUSDT",)
            await minutes(engine, 18)
            assert [item.symbol for item in events] == ["ETHUSDT"] * len(events)
            good = [item for item in events if item.valid]
            assert len(good) >= 15
            assert good[-1].bid_share is not None
            assert good[-1].spread_bp > 0.0
            assert book_part(engine, world)[0]

            world.fault("{action: drop, event: depthUpdate, count: 1}")
            events.clear()
            await run_lockstep(engine, 1)
            monkeypatch.setattr(books, "_fetch", _no_snapshot)
            await minutes(engine, 2)
            assert world.struck() == 1
            assert book_part(engine, world) == (False, None)
            assert [item for item in events if item.valid] == [], "a broken book is never served"
            assert books.book("ETHUSDT").breaks == 1
            assert "overloaded" in events[0].reason
            monkeypatch.undo()
            monkeypatch.setattr(books, "_spacing", 0.0)
            await until(lambda: not books._tasks or books.book("ETHUSDT").valid, 20.0)
            await minutes(engine, 4)
            assert book_part(engine, world)[0], "a new snapshot makes it right again"
            assert next(item.bid_share for item in events if item.valid) is None, "its memory starts anew"
        finally:
            await engine.stop()


async def _no_snapshot(symbol: str) -> Any:
    raise ExchangeError("The exchange is overloaded.")


async def test_replay_in_steps_follows_no_book_and_asks_for_no_open_interest(tmp_path: Path) -> None:
    script = WatchedAnalyzers({("ETHUSDT", START_MS + QUARTER_MS): Side.LONG})
    async with exchange(server_config(speed="max")) as world:
        engine = wired(tmp_path / "a.db", world, analyzers=script, mode=TradingMode.SIGNALS).build()
        try:
            await engine.open()
            engine.book_watch.start()
            events = sampled(engine)
            await run_lockstep(engine, 17)
            assert engine.rounds.before_telling is None
            assert engine.book_watch.symbols == ()
            assert events == []
        finally:
            await engine.stop()


async def test_live_engine_follows_books_by_itself_and_a_cut_connection_costs_the_book_and_brings_it_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(book_watch, "SAMPLE_S", 0.05)
    monkeypatch.setattr(book_watch, "CHOOSE_S", 0.05)
    monkeypatch.setattr(book_watch, "KEEP_MS", 200.0)
    async with exchange(server_config(speed=1.0)) as world:
        engine = wired(tmp_path / "a.db", world, mode=TradingMode.SIGNALS, lockstep=False).build()
        try:
            await engine.open()
            assert engine.connection is not None
            books: Any = engine.connection.books
            monkeypatch.setattr(books, "_spacing", 0.05)
            events = sampled(engine)
            wanted = ["ETHUSDT"]
            monkeypatch.setattr(engine.runner.desk, "close_to_action", lambda most, within_atr: tuple(wanted))
            usable = lambda: [item for item in events if isinstance(item, BookReading) and item.valid]  # noqa: E731
            await until(lambda: any(item.bid_share is not None for item in usable()), 20.0)
            interest = [item for item in events if isinstance(item, InterestReading)]
            assert [(item.symbol, item.valid) for item in interest] == [("ETHUSDT", False)]
            assert "no open interest" in interest[0].reason, "the embedded exchange has none"

            world.server.venue.hub.disconnect()
            await until(lambda: not events[-1].valid, 20.0)
            broken = len(events)
            assert (events[-1].imbalance, events[-1].bands) == (None, ())
            await until(lambda: any(item.valid for item in events[broken:]), 20.0)

            wanted.clear()
            await until(lambda: engine.book_watch.symbols == (), 20.0)
            assert events[-1].reason == "the order book is not watched any more"
            assert books.book("ETHUSDT") is None
            await until(lambda: all("depth" not in name for name in streams_of(engine)), 20.0)
        finally:
            await engine.stop()


def streams_of(engine: Engine) -> set[str]:
    """Streams that the engine follows now."""
    assert engine.connection is not None
    streams: Any = engine.connection.streams
    return set(streams._subscribed)
