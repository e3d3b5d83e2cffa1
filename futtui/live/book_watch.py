"""Order books and open interest of the few symbols where something is about to be decided.

The desk says which symbols these are. Their books are followed by stream and sampled once a second for the desk; open
interest is asked for now and then, and for symbols with a new signal before it is judged. Only live: in a run in steps
nothing is known about books, so a replay decides as history does, and the score's parts say "not available".
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from futtui.domain.errors import ExchangeError
from futtui.domain.events import BookSampled, InterestSampled
from futtui.domain.order_book import BookReading, InterestReading
from futtui.exchange.ports import StreamStateMessage
from futtui.indicators.order_book import (
    DISTANCES_PCT,
    MAIN_DISTANCE_PCT,
    LeanMemory,
    change_pct,
    measure_book,
    reading_of,
)
from futtui.live.clock import steady_ms
from futtui.live.feed import BROKEN

if TYPE_CHECKING:
    from futtui.live.connection import BooksPort, Connection
    from futtui.live.engine import Engine

log = logging.getLogger(__name__)

SAMPLE_S = 1.0
CHOOSE_S = 2.0
KEEP_MS = 60_000.0
"""A book is followed this long after its symbol was last wanted, so that prices at the border cost no snapshots."""
LONGEST_SILENCE_MS = 10_000
FASTEST = 4.0
"""Where time runs faster, seconds of the exchange pass between two samples and a book says nothing any more."""
INTEREST_EVERY_MS = 150_000.0
INTEREST_STEP_MS = 300_000
INTEREST_ROWS = 13
"""An hour of periods of 5 minutes, both ends included."""
ASK_S = 1.5
"""New signals wait at most this long for open interest."""
MOST_ASKED = 20
NOT_WATCHED = "the order book is not watched any more"


@dataclass(slots=True)
class Armed:
    """A book that is followed; `told` is why it was last told to be unusable, None after a usable sample."""

    wanted_ms: float
    told: str | None = ""
    memory: LeanMemory = field(default_factory=LeanMemory)


class BookWatch:
    """Follows at most `market.order_books` order books, those that the desk wants."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._armed: dict[str, Armed] = {}
        self._asked_ms: dict[str, float] = {}

    @property
    def symbols(self) -> tuple[str, ...]:
        """Symbols whose books are followed."""
        return tuple(self._armed)

    def start(self) -> None:
        """Begin to follow books, where the exchange has them and time neither goes by steps nor runs too fast."""
        engine = self._engine
        if engine.connection is None or not 0.0 < engine.clock.speed <= FASTEST:
            return
        if engine.connection.books is not None and engine.settings.market.order_books:
            engine.spawn(self._choose_forever(), "order books")
            engine.spawn(self._sample_forever(), "samples of order books")
        if engine.connection.open_interest is not None:
            engine.rounds.before_telling = self.know_interest

    async def choose(self) -> None:
        """Follow the books that the desk wants now, and let those go that it has not wanted for a while."""
        engine, now_ms = self._engine, steady_ms()
        connection = engine.connection
        if connection is None or connection.books is None:
            return
        market = engine.settings.market
        wanted = engine.runner.desk.close_to_action(market.order_books, market.order_book_within_atr)
        wanted = tuple(symbol for symbol in wanted if symbol in engine.states)
        for symbol in wanted:
            if symbol in self._armed:
                self._armed[symbol].wanted_ms = now_ms
        over = [symbol for symbol, armed in self._armed.items() if now_ms - armed.wanted_ms > KEEP_MS]
        over += [symbol for symbol in self._armed if symbol not in engine.states and symbol not in over]
        if over:
            await self._disarm(connection, connection.books, over)
        room = market.order_books - len(self._armed)
        new = [symbol for symbol in wanted if symbol not in self._armed][:room]
        if new:
            await self._arm(connection, connection.books, new)

    def sample(self, now_ms: int) -> None:
        """Tell the desk what every followed book looks like; an unusable one is told once for each reason."""
        connection = self._engine.connection
        if connection is None or connection.books is None:
            return
        for symbol, armed in self._armed.items():
            reading = _look(connection.books, symbol, armed.memory, now_ms)
            if reading.valid or reading.reason != armed.told:
                armed.told = None if reading.valid else reading.reason
                self._engine.runner.submit(BookSampled(reading))

    def on_state(self, message: StreamStateMessage) -> None:
        """A broken connection makes the books that it carries wrong at once."""
        connection = self._engine.connection
        if message.state not in BROKEN or connection is None or connection.books is None:
            return
        for name in message.streams:
            symbol, _, kind = name.partition("@")
            if kind.startswith("depth"):
                connection.books.invalidate(symbol.upper(), "the connection to the exchange broke")

    async def know_interest(self, symbols: Sequence[str]) -> None:
        """Ask for the open interest of symbols where it is not known; returns after 1.5 s at the latest."""
        due = self._due(symbols)[:MOST_ASKED]
        if not due:
            return
        try:
            async with asyncio.timeout(ASK_S):
                await asyncio.gather(*map(self.ask_interest, due))
        except TimeoutError:
            log.info("Open interest of %s came too late for a new signal", ", ".join(due))

    async def ask_interest(self, symbol: str) -> None:
        """Ask for a symbol's open interest and tell the desk."""
        engine = self._engine
        if engine.connection is None or engine.connection.open_interest is None:
            return
        self._asked_ms[symbol] = steady_ms()
        try:
            rows = await engine.connection.open_interest(symbol, INTEREST_ROWS)
        except ExchangeError as error:
            reading = InterestReading(symbol, engine.clock.now_ms(), False, f"open interest is not known: {error}")
        else:
            reading = interest_of(symbol, rows, engine.clock.now_ms())
        engine.runner.submit(InterestSampled(reading))

    def _due(self, symbols: Sequence[str]) -> list[str]:
        """Symbols whose open interest was not asked for lately; symbols that left are forgotten."""
        for gone in self._asked_ms.keys() - self._engine.states.keys():
            del self._asked_ms[gone]
        now_ms = steady_ms()
        return [
            symbol
            for symbol in symbols
            if symbol not in self._asked_ms or now_ms - self._asked_ms[symbol] >= INTEREST_EVERY_MS
        ]

    async def _arm(self, connection: Connection, books: BooksPort, symbols: Sequence[str]) -> None:
        for symbol in symbols:
            books.add(symbol)
            self._armed[symbol] = Armed(steady_ms())
        await connection.streams.subscribe([stream_of_book(symbol) for symbol in symbols])

    async def _disarm(self, connection: Connection, books: BooksPort, symbols: Sequence[str]) -> None:
        for symbol in symbols:
            books.remove(symbol)
            del self._armed[symbol]
            reading = BookReading(symbol, self._engine.clock.now_ms(), False, NOT_WATCHED)
            self._engine.runner.submit(BookSampled(reading))
        await connection.streams.unsubscribe([stream_of_book(symbol) for symbol in symbols])

    async def _choose_forever(self) -> None:
        while True:
            try:
                await self.choose()
                for symbol in self._due(self.symbols):
                    await self.ask_interest(symbol)
            except Exception:
                log.exception("The order books to follow could not be chosen; the next look follows")
            await asyncio.sleep(CHOOSE_S)

    async def _sample_forever(self) -> None:
        while True:
            await asyncio.sleep(SAMPLE_S)
            try:
                self.sample(self._engine.clock.now_ms())
            except Exception:
                log.exception("Order books could not be sampled; the next sample follows")


def stream_of_book(symbol: str) -> str:
    """The stream of a book's differences, twice a second: enough for a sample a second, and a fifth of the fastest."""
    return f"{symbol.lower()}@depth@500ms"


def interest_of(symbol: str, rows: Sequence[tuple[int, float]], now_ms: int) -> InterestReading:
    """Open interest and its changes from (time, contracts) rows; a change over a hole is unknown."""
    if not rows:
        return InterestReading(symbol, now_ms, False, "the exchange has no open interest of this symbol")
    known = dict(rows)
    newest_ms = max(known)
    newest = known[newest_ms]
    return InterestReading(
        *(symbol, newest_ms, True),
        contracts=newest,
        change_15m_pct=change_pct(known.get(newest_ms - 3 * INTEREST_STEP_MS), newest),
        change_1h_pct=change_pct(known.get(newest_ms - 12 * INTEREST_STEP_MS), newest),
    )


def _look(books: BooksPort, symbol: str, memory: LeanMemory, now_ms: int) -> BookReading:
    """A sample of one book; where it cannot be used, its memory starts anew."""
    book = books.book(symbol)
    sides = book.sides(max(DISTANCES_PCT)) if book is not None and book.valid else None
    measures = measure_book(*sides) if sides is not None else None
    age_ms = 0 if book is None else max(0, now_ms - book.event_time_ms)
    if measures is not None and age_ms <= LONGEST_SILENCE_MS:
        memory.add(measures.imbalance(MAIN_DISTANCE_PCT))
        return reading_of(symbol, now_ms, age_ms, measures, memory)
    memory.add(None)
    if book is None or not book.valid:
        reason = NOT_WATCHED if book is None else book.reason
    else:
        reason = "a side of the order book is empty" if measures is None else "the order book has no news"
    return BookReading(symbol, now_ms, False, reason)
