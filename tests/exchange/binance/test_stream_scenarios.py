"""Scenario files about streams, played by the embedded exchange over the wire against the real stream client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from futtui.domain.candle import Candle
from futtui.domain.timeframe import Timeframe
from futtui.exchange.binance.connect_budget import ConnectBudget
from futtui.exchange.binance.connection import LONGEST_PAUSE_SECONDS, pause_seconds
from futtui.exchange.binance.rest import BinanceRest
from futtui.exchange.binance.routes import StreamSettings
from futtui.exchange.binance.streams import BinanceStreams
from futtui.exchange.binance.user_stream import UserStream
from futtui.exchange.ports import BarrierMessage, Credentials, Endpoints, KlineMessage, StreamStateMessage
from futtui.exchange.simulator.wire.config import ServerConfig
from futtui.exchange.simulator.wire.connection import StreamConnection
from futtui.exchange.simulator.wire.fault_rules import load_fault_script
from futtui.exchange.simulator.wire.hub import Hub
from futtui.exchange.simulator.wire.server import WireServer, bind, endpoints_of
from futtui.exchange.simulator.wire.sources import build_source
from tests.exchange.binance.stream_server import Inbox

SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"
CONFIG = ServerConfig(symbols=("BTCUSDT",), seed=11, history_days=2, speed="max", step_ms=60_000)
KEYS = Credentials(CONFIG.api_key, CONFIG.api_secret)
KLINES = "btcusdt@kline_15m"
HOUR_MS = 3_600_000
FAST = StreamSettings(first_payload_ms=None, silence_ms={}, check_seconds=0.01, backoff_scale=0.01)


class Recorder:
    """Remembers every connection of a hub."""

    def __init__(self, hub: Hub) -> None:
        self.connections: list[StreamConnection] = []
        self._open = hub.open
        hub.open = self._remember  # type: ignore[method-assign]

    def _remember(self, connection: StreamConnection) -> None:
        self.connections.append(connection)
        self._open(connection)


@dataclass
class World:
    """An embedded exchange in lockstep and a client whose clock is the exchange's."""

    server: WireServer
    endpoints: Endpoints
    inbox: Inbox
    recorder: Recorder
    looks: int = 0

    def play(self, name: str) -> None:
        self.server.venue.load_faults(load_fault_script(SCENARIOS / name))

    def now_ms(self) -> int:
        return self.server.venue.clock.now_ms

    def client_clock(self) -> int:
        """The exchange's time for the client; each look of its supervision asks for it."""
        self.looks += 1
        return self.now_ms()

    def streams(self, settings: StreamSettings, **more: Any) -> BinanceStreams:
        return BinanceStreams(
            self.endpoints, self.inbox, barrier=True, settings=settings, clock=self.client_clock, **more
        )

    @property
    def connections(self) -> list[StreamConnection]:
        """Every connection that was ever opened, in order."""
        return self.recorder.connections

    @property
    def is_connected(self) -> bool:
        """Whether a connection is open now and carries the stream."""
        return any(item.is_open and KLINES in item.names for item in self.server.venue.hub.connections.values())

    async def until(self, condition: Callable[[], bool]) -> None:
        """Returns when `condition` holds."""
        async with asyncio.timeout(10):
            while not condition():
                await asyncio.sleep(0.002)

    async def opened(self, count: int) -> None:
        """Returns once so many connections were opened and the newest carries streams."""
        await self.until(lambda: len(self.connections) >= count and KLINES in self.connections[-1].names)

    async def only(self, numbers: list[int]) -> None:
        """Returns once exactly these connections are open."""
        await self.until(lambda: sorted(self.server.venue.hub.connections) == numbers)

    async def looked(self) -> None:
        """Returns when the supervision of the connections has looked around at the present time."""
        enough = self.looks + 6
        await self.until(lambda: self.looks >= enough)

    async def step(self, minutes: int = 1) -> None:
        """Move on minute by minute; each is over when its mark came on every open connection."""
        for _ in range(minutes):
            self.server.venue.step()
            number, connections = self.server.venue.barrier()
            if connections:
                await self.inbox.wait(BarrierMessage, count=connections, step=number)

    def states(self) -> list[str]:
        return [item.state for item in self.inbox.of(StreamStateMessage)]

    def closed(self) -> list[Candle]:
        return [item.closed for item in self.inbox.of(KlineMessage) if item.closed is not None]

    def truth(self, bars: list[Candle]) -> list[Candle]:
        """The exchange's own candles from the first to the last of `bars`."""
        source = self.server.venue.source
        return source.candles("BTCUSDT", Timeframe.M15, bars[0].open_time_ms, self.now_ms(), 0)


@asynccontextmanager
async def world(config: ServerConfig = CONFIG) -> AsyncIterator[World]:
    listener = bind(config)
    source = build_source(config)
    server = WireServer(config, source)
    try:
        await server.start(listener)
        yield World(server, endpoints_of(listener, source), Inbox(), Recorder(server.venue.hub))
    finally:
        await server.stop()
        listener.close()


async def test_fs18_silent_market_socket_is_late_then_stale_then_replaced_by_a_new_one_beside_it() -> None:
    async with world() as exchange:
        settings = replace(FAST, silence_ms={KlineMessage: 180_000}, first_payload_ms=600_000)
        streams = exchange.streams(settings)
        await streams.subscribe([KLINES])
        await exchange.step(2)
        await exchange.inbox.wait(StreamStateMessage, state="LIVE")
        exchange.play("fs18_market_socket_silent.yaml")
        await exchange.step(9)
        await exchange.looked()
        await exchange.step(2)
        await exchange.inbox.wait(StreamStateMessage, state="LATE")
        assert exchange.states() == ["CONNECTING", "LIVE", "LATE"]
        await exchange.step(2)
        stale = await exchange.inbox.wait(StreamStateMessage, state="STALE")
        assert (stale.reason, stale.streams) == ("no kline for 180 s", (KLINES,))
        await exchange.inbox.wait(StreamStateMessage, state="RESYNC")
        await exchange.opened(2)
        assert len(exchange.server.venue.hub.connections) == 2
        await exchange.step(3)
        await exchange.inbox.wait(StreamStateMessage, state="LIVE", count=2)
        assert exchange.states() == ["CONNECTING", "LIVE", "LATE", "STALE", "RESYNC", "LIVE"]
        await exchange.only([2])
        await streams.close()


async def test_fs19_accepted_but_silent_stream_goes_to_the_other_address_and_is_told() -> None:
    async with world() as exchange:
        exchange.play("fs19_accepted_but_silent.yaml")
        streams = exchange.streams(replace(FAST, first_payload_ms=60_000))
        await streams.subscribe([KLINES])
        await exchange.step()
        for _ in range(2):
            await exchange.step(2)
            await exchange.looked()
        stale = await exchange.inbox.wait(StreamStateMessage, state="STALE")
        assert stale.reason == "no data within 60 s after the subscription"
        await exchange.opened(2)
        assert [item.combined for item in exchange.connections] == [False, True]
        assert "LIVE" not in exchange.states()
        exchange.server.venue.faults.clear()
        await exchange.step()
        await exchange.inbox.wait(StreamStateMessage, state="LIVE")
        await streams.close()


async def test_fs21_reset_storm_is_survived_within_the_budget_of_connections() -> None:
    async with world(replace(CONFIG, step_ms=15_000)) as exchange:
        allowed = 10
        budget = ConnectBudget(allowed, now_seconds=lambda: exchange.now_ms() / 1000, sleep=lambda _: asyncio.sleep(0))
        streams = exchange.streams(FAST, jitter=lambda: 1.0, connect_budget=budget)
        await streams.subscribe([KLINES])
        exchange.play("fs21_reset_storm.yaml")
        for _ in range(15 * 60 // 15):
            await exchange.step()
            await exchange.until(lambda: exchange.is_connected or budget.used >= allowed * 0.8)
        await exchange.until(lambda: exchange.states()[-1] == "LIVE")
        attempts = [item.attempt for item in exchange.inbox.of(StreamStateMessage) if item.state == "RECONNECTING"]
        assert len(attempts) > 6
        assert max(attempts) > 4
        assert max(pause_seconds(attempt, 1.0) for attempt in attempts) <= LONGEST_PAUSE_SECONDS == 30.0
        opened = [item.opened_ms for item in exchange.connections]
        assert max(sum(0 <= moment - other < 300_000 for other in opened) for moment in opened) <= allowed
        await streams.close()


async def test_fs22_forced_disconnect_never_strikes_because_sockets_are_renewed_with_overlap() -> None:
    async with world() as exchange:
        streams = exchange.streams(replace(FAST, first_payload_ms=600_000, rotate_after_ms=23 * HOUR_MS))
        exchange.play("fs22_forced_disconnect.yaml")
        await streams.subscribe([KLINES])
        await exchange.step(26 * 60)
        assert exchange.states() == ["CONNECTING", "LIVE"]
        assert len(exchange.connections) == 2
        opens = [bar.open_time_ms for bar in exchange.closed()]
        assert sorted(set(opens)) == [bar.open_time_ms for bar in exchange.truth(exchange.closed())]
        assert len(set(opens)) == 26 * 4
        await streams.close()


async def test_fs22_without_renewal_the_same_script_cuts_the_connection() -> None:
    async with world() as exchange:
        streams = exchange.streams(replace(FAST, rotate_after_ms=None))
        exchange.play("fs22_forced_disconnect.yaml")
        await streams.subscribe([KLINES])
        await exchange.step(25 * 60)
        await exchange.until(lambda: "RECONNECTING" in exchange.states())
        await streams.close()


async def test_fs28_expired_listen_key_is_replaced_and_the_return_is_told() -> None:
    async with world() as exchange:
        rest = BinanceRest(exchange.endpoints, KEYS, ask_time=True)
        user = UserStream(rest, exchange.endpoints, exchange.inbox, barrier=True, settings=FAST)
        await user.start()
        first_key = next(iter(exchange.connections)).names
        exchange.play("fs28_listen_key_expired.yaml")
        await exchange.step(11)
        back = await exchange.inbox.wait(StreamStateMessage, state="LIVE", count=2)
        assert back.connection == "private"
        lost = [item.reason for item in exchange.inbox.of(StreamStateMessage) if item.state == "RECONNECTING"]
        assert lost == ["the key of the account stream ran out"]
        assert exchange.connections[-1].names.keys() != first_key.keys()
        await user.close()
        await rest.close()
