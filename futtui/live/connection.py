"""The open ends to one exchange, held together so that they open and close as one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

from futtui.domain.errors import ExchangeError
from futtui.domain.health import BudgetView, ClockHealth
from futtui.domain.order_book import BookSide
from futtui.domain.orders import Fill, OrderUpdate
from futtui.exchange.ports import (
    AccountMessage,
    BarrierMessage,
    Endpoints,
    MarketDataPort,
    MarkPriceMessage,
    StreamMessage,
    StreamPort,
    StreamStateMessage,
)
from futtui.live.control import SimulatorControl
from futtui.live.sent_orders import AccountPort


class BookPort(Protocol):
    """The order book of one symbol. An invalid one answers None; `reason` says what is wrong with it."""

    valid: bool
    reason: str
    event_time_ms: int

    def sides(self, distance_pct: float) -> tuple[BookSide, BookSide] | None: ...


class BooksPort(Protocol):
    """Keeps order books in step for as long as differences of their symbols come by stream."""

    def add(self, symbol: str) -> None: ...

    def remove(self, symbol: str) -> None: ...

    def invalidate(self, symbol: str, reason: str) -> None: ...

    def book(self, symbol: str) -> BookPort | None: ...

    async def close(self) -> None: ...


class UserStreamPort(Protocol):
    """The private stream of an account."""

    async def start(self) -> None: ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Account:
    """An account on the exchange: its orders, and the stream of its news."""

    trading: AccountPort
    user_stream: UserStreamPort

    async def close(self) -> None:
        """Close both ends, whatever fails on the way."""
        await asyncio.gather(self.user_stream.close(), self.trading.close(), return_exceptions=True)


@dataclass(slots=True)
class Connection:
    """One exchange: market data and streams; `account` opens the account where there is one.

    `budget`: the figures of the request budget. `pause` waits before another try to reach the exchange, in seconds.
    """

    endpoints: Endpoints
    market: MarketDataPort
    streams: StreamPort
    control: SimulatorControl | None = None
    account: Callable[[], Awaitable[Account]] | None = None
    budget: Callable[[], BudgetView] | None = None
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep
    measure_clock: Callable[[], Awaitable[ClockHealth]] | None = None
    """Measures the PC's clock against the exchange's; None where the exchange does not keep our pace."""
    books: BooksPort | None = None
    """Order books of the symbols that are added to it; their differences come through `streams`."""
    open_interest: Callable[[str, int], Awaitable[list[tuple[int, float]]]] | None = None
    """(time in ms, contracts) of a symbol's newest periods of 5 minutes, as many as asked for, oldest first."""

    async def close(self) -> None:
        """Close everything, whatever fails on the way."""
        ends = [self.streams.close(), self.market.close()]
        if self.books is not None:
            ends.append(self.books.close())
        if self.control is not None:
            ends.append(self.control.close())
        await asyncio.gather(*ends, return_exceptions=True)


@dataclass(slots=True)
class HeldMessages:
    """In lockstep, messages wait until the barrier of their step was seen on every connection.

    Then they are handled by event time, so that two runs see one order, whichever socket was faster.
    """

    handle: Callable[[StreamMessage], None]
    _held: list[StreamMessage] = field(default_factory=list)
    _barriers: dict[int, set[str]] = field(default_factory=dict)
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)

    def on_message(self, message: StreamMessage) -> None:
        """Keep a message, or count a barrier."""
        if isinstance(message, BarrierMessage):
            self._barriers.setdefault(message.step, set()).add(message.connection)
            self._arrived.set()
        else:
            self._held.append(message)

    async def wait_for(self, number: int, connections: int, timeout_s: float = 60.0) -> None:
        """Return when barrier `number` came in on that many connections; raises ExchangeError after `timeout_s`."""
        try:
            async with asyncio.timeout(timeout_s):
                while len(self._barriers.get(number, ())) < connections:
                    self._arrived.clear()
                    await self._arrived.wait()
        except TimeoutError:
            raise ExchangeError(
                f"A stream of the embedded exchange fell silent for {timeout_s:g} s of real time, so the run cannot "
                "go on. Start it again; if it repeats, look into the log file."
            ) from None
        for old in [step for step in self._barriers if step <= number]:
            del self._barriers[old]

    def release(self) -> int:
        """Handle all held messages; returns how many there were."""
        held, self._held = self._held, []
        for message in sorted(held, key=_order):
            self.handle(message)
        return len(held)


def _order(message: StreamMessage) -> tuple[int, int, str, str]:
    """Event time; account news before market data of the same moment, mark prices before candles, then by symbol.

    Many symbols are spread over several sockets; one socket keeps its own order of equal messages.
    """
    if isinstance(message, OrderUpdate | Fill):
        return (message.time_ms, 0, "", "")
    if isinstance(message, StreamStateMessage):
        return (0, 0, "", "")
    if isinstance(message, AccountMessage):
        return (message.event_time_ms, 0, "", "")
    rank = 1 if isinstance(message, MarkPriceMessage) else 2
    return (message.event_time_ms, rank, getattr(message, "symbol", ""), type(message).__name__)
