"""Keeps local books in step: asks for snapshots when they are needed, spaced so that a storm cannot ask too much."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Iterable

from futtui.domain.errors import ExchangeError
from futtui.exchange.binance.book import LocalBook
from futtui.exchange.binance.messages import DepthMessage
from futtui.exchange.binance.rest_models import DepthSnapshot

SPACING_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0

logger = logging.getLogger(__name__)
SnapshotSource = Callable[[str], Awaitable[DepthSnapshot]]


class BookSync:
    """Owns the books of some symbols: feed it DepthMessages, read `book(symbol)`.

    `fetch` is usually `BinanceRest.depth`. One snapshot is asked for at a time, with `spacing_seconds` in between; a
    symbol whose books break again and again, or whose snapshot fails, waits longer and longer (up to a minute).
    """

    def __init__(
        self,
        symbols: Iterable[str],
        fetch: SnapshotSource,
        *,
        spacing_seconds: float = SPACING_SECONDS,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._books = {symbol: LocalBook(symbol) for symbol in symbols}
        self._fetch = fetch
        self._spacing = spacing_seconds
        self._sleep = sleep
        self._jitter = jitter
        self._turn = asyncio.Lock()
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def book(self, symbol: str) -> LocalBook | None:
        """The book of `symbol`; None if this coordinator does not keep it."""
        return self._books.get(symbol)

    def add(self, symbol: str) -> None:
        """Keep the book of `symbol` too; its differences must come from now on."""
        self._books.setdefault(symbol, LocalBook(symbol))

    def remove(self, symbol: str) -> None:
        """Keep the book of `symbol` no longer; a snapshot that is under way is given up."""
        self._books.pop(symbol, None)
        task = self._tasks.pop(symbol, None)
        if task is not None:
            task.cancel()

    def invalidate(self, symbol: str, reason: str) -> None:
        """Marks one book wrong, as when its connection broke; the next differences start a new snapshot."""
        book = self._books.get(symbol)
        if book is not None:
            book.invalidate(reason)

    def feed(self, message: DepthMessage) -> None:
        """Takes a difference in and starts a synchronisation when the book needs one. Call it on the loop."""
        book = self._books.get(message.symbol)
        if book is None:
            return
        book.apply(message)
        if book.needs_snapshot and message.symbol not in self._tasks:
            task = asyncio.create_task(self._synchronise(book), name=f"book-sync-{book.symbol}")
            self._tasks[book.symbol] = task

    def invalidate_all(self, reason: str) -> None:
        """Marks every book wrong, as after a reconnect; the next differences start new snapshots."""
        for book in self._books.values():
            book.invalidate(reason)

    async def close(self) -> None:
        """Ends the running synchronisations."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _synchronise(self, book: LocalBook) -> None:
        try:
            attempt = 0
            while book.needs_snapshot:
                await self._one_snapshot(book)
                attempt += 1
                if book.needs_snapshot:
                    ceiling = min(LONGEST_PAUSE_SECONDS, self._spacing * 2**attempt)
                    await self._sleep(ceiling * (0.5 + self._jitter() / 2))
        finally:
            if self._tasks.get(book.symbol) is asyncio.current_task():  # else the book was removed, and added anew
                del self._tasks[book.symbol]

    async def _one_snapshot(self, book: LocalBook) -> None:
        async with self._turn:
            try:
                snapshot = await self._fetch(book.symbol)
            except ExchangeError as error:
                book.reason = f"no snapshot: {error}"
                logger.warning("No book snapshot of %s: %s", book.symbol, error)
            else:
                if not book.load_snapshot(snapshot):
                    logger.debug("Book of %s not valid yet: %s", book.symbol, book.reason)
            await self._sleep(self._spacing)
