"""An embedded exchange whose time jumps to the next moment at which something happens, and counts what is asked.

Requests go over a real socket, through the real client and the exchange's own limits; only waiting costs no time: the
way of a request, a nap of the request budget and every other pause are made in the exchange's time.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import AsyncIterator, Awaitable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from aiohttp import web

from futtui.domain.candle import Candle
from futtui.domain.timeframe import DAY_MS, MINUTE_MS, Timeframe
from futtui.exchange.binance.rest import BinanceRest
from futtui.exchange.binance.transport import MOST_CONNECTIONS
from futtui.exchange.simulator.market.catalogue import synthetic_symbol
from futtui.exchange.simulator.ports import MarketTick, SymbolSpec
from futtui.exchange.simulator.wire.config import ServerConfig
from futtui.exchange.simulator.wire.server import WireServer, bind, endpoints_of

LATENCY_S = 0.050
START_MS = 20_700 * DAY_MS + 13 * 3_600_000 + 37 * MINUTE_MS + 20_000
"""Nothing ends at this moment, so every timeframe has an open bar."""
Result = TypeVar("Result")


class QuietMarket:
    """A market in which nothing moves: it costs the exchange's side next to nothing, whatever the number of symbols."""

    label = "QUIET MARKET"
    synthetic = True
    end_ms = None

    def __init__(self, symbols: Sequence[str], start_ms: int = START_MS) -> None:
        self.start_ms = start_ms
        self.specs: Sequence[SymbolSpec] = [synthetic_symbol(symbol, 0)[0] for symbol in symbols]

    def ticks(self, from_ms: int, to_ms: int) -> list[MarketTick]:
        """None, ever."""
        return []

    def candles(self, symbol: str, timeframe: Timeframe, first_open_ms: int, end_ms: int, limit: int) -> list[Candle]:
        """Bars at one price, with the same volume each minute, so that longer bars agree with shorter ones."""
        first_ms = timeframe.open_ms(first_open_ms + timeframe.ms - 1)
        last_ms = timeframe.last_closed_open_ms(end_ms)
        count = max(0, (last_ms - first_ms) // timeframe.ms + 1)
        minutes = timeframe.ms // MINUTE_MS
        return [
            Candle(first_ms + number * timeframe.ms, 100.0, 100.0, 100.0, 100.0, *_traded(minutes))
            for number in range(min(count, limit or count))
        ]

    def funding_rate(self, symbol: str, funding_time_ms: int) -> float:
        """Nothing is paid."""
        return 0.0


def _traded(minutes: int) -> tuple[float, float, int, float, float]:
    return 2.0 * minutes, 200.0 * minutes, 3 * minutes, 1.0 * minutes, 100.0 * minutes


class _LateServer(WireServer):
    """Every request takes `LATENCY_S` of the exchange's time, half of it before it arrives."""

    world: VirtualExchange

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        await self.world.on_the_way(LATENCY_S / 2)
        response = await super()._handle(request)
        self.world.note()
        await self.world.on_the_way(LATENCY_S / 2)
        return response


class VirtualExchange:
    """The exchange, its client, and the time of both."""

    def __init__(self, server: WireServer, rest: BinanceRest) -> None:
        self._venue = server.venue
        self.rest = rest
        self.weight_by_minute: dict[int, int] = {}
        self.requests = 0
        self._sleepers: list[tuple[int, int, asyncio.Future[None]]] = []
        self._numbers = itertools.count()
        self._under_way = 0
        self._outside = 0

    def now_ms(self) -> int:
        """The exchange's time, which is the client's too."""
        return self._venue.clock.now_ms

    @property
    def weight(self) -> int:
        """All that was spent so far, by the exchange's own count."""
        return sum(self.weight_by_minute.values())

    @property
    def worst_minute(self) -> int:
        """The most that was spent in one minute of the exchange."""
        return max(self.weight_by_minute.values(), default=0)

    def start_count(self) -> None:
        """Count anew, from the next minute of the exchange on."""
        self.skip((MINUTE_MS - self.now_ms() % MINUTE_MS) / 1000)
        self.weight_by_minute, self.requests = {}, 0

    def skip(self, seconds: float) -> None:
        """Let the exchange's time pass while nobody asks anything."""
        self._venue.move_to(self.now_ms() + round(seconds * 1000))

    def note(self) -> None:
        """Take down the exchange's count after an answer."""
        self.requests += 1
        self.weight_by_minute[self.now_ms() // MINUTE_MS] = self._venue.limits.weight.at(self.now_ms())

    async def sleep(self, seconds: float) -> None:
        """A pause in the exchange's time."""
        future = asyncio.get_running_loop().create_future()
        wake_ms = self.now_ms() + max(1, round(seconds * 1000))
        heapq.heappush(self._sleepers, (wake_ms, next(self._numbers), future))
        await future

    async def on_the_way(self, seconds: float) -> None:
        """A pause of a request that the client has sent and the exchange has not answered."""
        self._under_way += 1
        try:
            await self.sleep(seconds)
        finally:
            self._under_way -= 1

    async def outside(self, work: Awaitable[Result]) -> Result:
        """Work that takes real time (a database); the exchange's time waits for it."""
        self._outside += 1
        try:
            return await work
        finally:
            self._outside -= 1

    async def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Do the work; whenever everybody waits, time jumps to the first who wants to wake up."""
        task = asyncio.ensure_future(work)
        while not task.done():
            for _ in range(8):  # let everybody come to rest
                await asyncio.sleep(0)
            if self._outside:
                await asyncio.sleep(0.0005)
            elif self._sleepers and self._under_way == min(self.rest.budget.in_flight, MOST_CONNECTIONS):
                self._wake_next()
        return task.result()

    def _wake_next(self) -> None:
        wake_ms = self._sleepers[0][0]
        if wake_ms > self.now_ms():
            self._venue.move_to(wake_ms)
        while self._sleepers and self._sleepers[0][0] <= self.now_ms():
            future = heapq.heappop(self._sleepers)[2]
            if not future.done():
                future.set_result(None)


@asynccontextmanager
async def virtual_exchange(symbols: Sequence[str]) -> AsyncIterator[VirtualExchange]:
    """An exchange with these symbols for the time of the block."""
    config, source = ServerConfig(speed="max"), QuietMarket(symbols)
    listener = bind(config)
    server = _LateServer(config, source)
    await server.start(listener)
    times: list[VirtualExchange] = []
    rest = BinanceRest(
        endpoints_of(listener, source),
        clock=lambda: server.venue.clock.now_ms,
        sleep=lambda seconds: times[0].sleep(seconds),
    )
    server.world = VirtualExchange(server, rest)
    times.append(server.world)
    try:
        yield server.world
    finally:
        await rest.close()
        await server.stop()
        listener.close()
