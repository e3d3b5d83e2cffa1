"""The request budget against the embedded exchange, which counts and bans as the real one does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from futtui.domain.orders import OrderIntent, OrderPurpose, OrderStatus, OrderType
from futtui.domain.side import OrderSide
from futtui.domain.timeframe import Timeframe
from futtui.exchange.binance import weights
from futtui.exchange.binance.budget import BanAlert, BanFile, RequestBudget
from futtui.exchange.binance.errors import Banned, RateLimited
from futtui.exchange.binance.rest import BinanceRest
from futtui.exchange.binance.trading import BinanceTrading
from futtui.exchange.binance.transport import Transport
from futtui.exchange.ports import Credentials, Endpoints, Lane
from futtui.exchange.simulator.ports import MarketSource
from futtui.exchange.simulator.wire.config import ServerConfig
from futtui.exchange.simulator.wire.fault_rules import load_fault_script, parse_fault_script
from futtui.exchange.simulator.wire.server import WireServer, bind, endpoints_of
from futtui.exchange.simulator.wire.sources import build_source

SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"
MINUTE = 60_000
CAP = 1680
CONFIG = ServerConfig(symbols=("BTCUSDT",), seed=11, history_days=2, speed="max")
KEYS = Credentials(CONFIG.api_key, CONFIG.api_secret)


class NotingServer(WireServer):
    """Tells of every request that arrives."""

    def __init__(self, source: MarketSource) -> None:
        super().__init__(CONFIG, source)
        self.on_arrival: Callable[[], None] = lambda: None

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self.on_arrival()
        return await super()._handle(request)


@dataclass
class World:
    """An exchange in lockstep: who waits moves its time. Every request that arrives is noted."""

    server: NotingServer
    endpoints: Endpoints
    folder: Path
    alerts: list[BanAlert] = field(default_factory=list)
    arrivals: list[int] = field(default_factory=list)
    weight_by_minute: dict[int, int] = field(default_factory=dict)
    rest: BinanceRest = field(init=False)

    def now_ms(self) -> int:
        return self.server.venue.clock.now_ms

    def note_arrival(self) -> None:
        self.arrivals.append(self.now_ms())
        self.note_weight()

    def note_weight(self) -> None:
        now_ms = self.now_ms()
        self.weight_by_minute[now_ms // MINUTE] = self.server.venue.limits.weight.at(now_ms)

    def move_on(self) -> None:
        self.note_weight()
        self.server.venue.step()

    async def sleep(self, _: float) -> None:
        if self.rest.budget.in_flight:
            await asyncio.sleep(0.001)
        else:
            self.move_on()

    def play(self, name: str) -> None:
        """Arm a script, and let the minute pass after which it begins."""
        self.server.venue.load_faults(load_fault_script(SCENARIOS / f"{name}.yaml"))
        begins_ms = self.now_ms() + MINUTE
        while self.now_ms() < begins_ms:
            self.move_on()

    def fault(self, rule: str) -> None:
        self.server.venue.load_faults(parse_fault_script(f"- {{{rule}}}"))

    async def start(self) -> BinanceRest:
        """The program, started anew: all that it knows is in its folder."""
        if hasattr(self, "rest"):
            await self.rest.close()
        budget = RequestBudget(
            self.now_ms,
            sleep=self.sleep,
            on_alert=self.alerts.append,
            ban_file=BanFile(self.folder / "bans.json", self.endpoints.rest),
        )
        self.rest = BinanceRest(self.endpoints, KEYS, ask_time=True, budget=budget)
        return self.rest


@asynccontextmanager
async def exchange(folder: Path) -> AsyncIterator[World]:
    source = build_source(CONFIG)
    listener = bind(CONFIG)
    server = NotingServer(source)
    await server.start(listener)
    world = World(server, endpoints_of(listener, source), folder)
    server.on_arrival = world.note_arrival
    try:
        await world.start()
        yield world
    finally:
        await world.rest.close()
        await server.stop()
        listener.close()


async def load(rest: BinanceRest, requests: int, lane: Lane = Lane.CATCH_UP) -> None:
    """Many requests at once, each of weight 10."""
    await asyncio.gather(*(rest.premium_index(lane=lane) for _ in range(requests)))


async def test_fs30_ban_with_restarts_in_the_middle_lets_no_request_leave_until_its_end(tmp_path: Path) -> None:
    """Over the wire: every restart knows the ban from its folder alone."""
    async with exchange(tmp_path) as world:
        await world.rest.server_time_ms()
        world.play("banned")
        with pytest.raises(Banned):
            await world.rest.klines("BTCUSDT", Timeframe.M15, limit=10)
        end_ms = world.server.venue.limits.banned_until_ms
        assert end_ms - world.now_ms() == 180_000
        before = len(world.arrivals)
        while world.now_ms() < end_ms:
            rest = await world.start()
            for _ in range(3):
                for ask in (rest.server_time_ms(), rest.premium_index(), rest.create_listen_key()):
                    with pytest.raises(Banned, match="sends nothing until then"):
                        await ask
                world.move_on()
        assert len(world.arrivals) == before
        while world.rest.budget.closed_until_ms:
            world.move_on()
        await load(world.rest, 60)
        assert world.arrivals[before] >= end_ms + 5_000
        assert [alert.started for alert in world.alerts] == [True, False]
        opened = world.arrivals[before]
        first = [time_ms for time_ms in world.arrivals[before:] if time_ms < opened + MINUTE]
        assert len(first) == 16, "10 % of 1680 are allowed"


async def test_fs29_too_many_requests_pauses_every_lane_but_protection_until_the_minute_is_over(
    tmp_path: Path,
) -> None:
    async with exchange(tmp_path) as world:
        world.play("too_many_requests")
        started_ms = world.now_ms()
        with pytest.raises(RateLimited):
            await world.rest.klines("BTCUSDT", Timeframe.M15, limit=10)
        assert world.rest.budget.view().gate == "paused"
        for _ in range(2):
            with pytest.raises(RateLimited):
                await world.rest.server_time_ms(Lane.PROTECT)
        await world.rest.server_time_ms(Lane.PROTECT)
        assert world.now_ms() == started_ms, "what protects open trades did not wait"
        before = len(world.arrivals)
        for lane in (Lane.CLOSED_CANDLES, Lane.CATCH_UP, Lane.HISTORY, Lane.STATISTICS):
            await world.rest.klines("BTCUSDT", Timeframe.M15, limit=10, lane=lane)
        assert world.arrivals[before] // MINUTE > started_ms // MINUTE
        assert world.rest.budget.view().gate == "slowed", "half the pace for ten minutes"
        assert world.alerts == []


async def test_429_of_an_exchange_that_others_filled_up_stops_history_until_the_next_minute(tmp_path: Path) -> None:
    async with exchange(tmp_path) as world, aiohttp.ClientSession() as other:
        for _ in range(60):
            await other.get(world.endpoints.rest + "/fapi/v1/ticker/24hr")
        started_ms = world.now_ms()
        with pytest.raises(RateLimited):
            await world.rest.klines("BTCUSDT", Timeframe.M15, limit=10)
        assert world.rest.budget.view().gate == "paused"
        before = len(world.arrivals)
        await load(world.rest, 200)
        assert world.arrivals[before] // MINUTE == started_ms // MINUTE + 1
        used = [used for minute, used in sorted(world.weight_by_minute.items()) if minute > started_ms // MINUTE]
        assert max(used) <= CAP // 2
        assert world.alerts == []


async def test_history_of_many_requests_never_passes_the_cap_and_is_never_refused(tmp_path: Path) -> None:
    async with exchange(tmp_path) as world:
        await world.rest.exchange_info()
        await load(world.rest, 700, Lane.HISTORY)
        await load(world.rest, 300)
        world.note_weight()
        assert sum(world.weight_by_minute.values()) == 10_001
        assert max(world.weight_by_minute.values()) <= CAP
        assert world.rest.budget.closed_until_ms == 0


async def test_protection_does_not_wait_while_history_fills_the_budget(tmp_path: Path) -> None:
    async with exchange(tmp_path) as world:
        rules = await world.rest.exchange_info()
        trading = BinanceTrading(world.endpoints, KEYS, rules, world.now_ms, budget=world.rest.budget)
        await trading.open()
        now_ms = world.now_ms()
        history = asyncio.ensure_future(load(world.rest, 200))
        while world.rest.budget.used + world.rest.budget.reserved < CAP - 9:
            await asyncio.sleep(0)
        intent = OrderIntent(
            "now", "BTCUSDT", OrderSide.BUY, OrderType.MARKET, Decimal("0.010"), OrderPurpose.ENTRY, "p", now_ms
        )
        assert (await trading.place(intent)).status is OrderStatus.FILLED
        assert await trading.wallet_balance() > 0
        assert world.now_ms() == now_ms
        assert not history.done()
        orders = {pool.name: pool.used for pool in world.rest.budget.view().pools if "orders" in pool.name}
        assert orders == {"orders 10 s": 1, "orders 1 min": 1}
        await history
        await trading.close()


async def test_too_many_orders_by_the_exchanges_count_stops_orders_but_not_market_data(tmp_path: Path) -> None:
    async with exchange(tmp_path) as world:
        rules = await world.rest.exchange_info()
        trading = BinanceTrading(world.endpoints, KEYS, rules, world.now_ms, budget=world.rest.budget)
        limits = world.server.venue.limits
        limits.orders_10_s.at(world.now_ms())
        limits.orders_10_s.used = 300
        orders = [
            OrderIntent(name, "BTCUSDT", OrderSide.BUY, OrderType.MARKET, Decimal("0.010"), OrderPurpose.ENTRY, "p", 1)
            for name in ("first", "second")
        ]
        refused = await trading.place(orders[0])
        assert refused.status is OrderStatus.REJECTED
        assert "too many new orders" in refused.reason
        now_ms = world.now_ms()
        assert (await world.rest.premium_index("BTCUSDT"))[0].mark_price > 0
        assert world.now_ms() == now_ms
        assert (await trading.place(orders[1])).status is OrderStatus.FILLED
        assert world.now_ms() >= now_ms + 10_000 - now_ms % 10_000
        await trading.close()


@pytest.mark.parametrize(
    ("endpoint", "most"), [(weights.FUNDING_INFO, 350), (weights.OPEN_INTEREST_HISTORY, 700)], ids=["funding", "data"]
)
async def test_pool_of_its_own_stays_below_its_cap_and_costs_no_weight(
    endpoint: weights.Endpoint, most: int, tmp_path: Path
) -> None:
    async with exchange(tmp_path) as world:
        transport = Transport(world.endpoints.rest, world.rest.budget)
        started_ms = world.now_ms()
        params = {"symbol": "BTCUSDT", "period": "5m"}
        await asyncio.gather(
            *(transport.ask(endpoint, 0, params, lane=Lane.STATISTICS) for _ in range(int(most * 0.9)))
        )
        assert (world.now_ms(), world.rest.budget.used) == (started_ms, 0)
        await asyncio.gather(*(transport.ask(endpoint, 0, params, lane=Lane.CATCH_UP) for _ in range(most)))
        assert world.now_ms() >= started_ms + 5 * MINUTE - 30_000
        assert (
            max(
                sum(first <= time_ms < first + 5 * MINUTE for time_ms in world.arrivals)
                for first in set(world.arrivals)
            )
            <= most
        )
        await transport.close()
