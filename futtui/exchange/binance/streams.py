"""Market streams: few sockets, each on the right route, that stay alive by themselves."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Sequence

from futtui.exchange.binance.clock import ClockMs, SystemClock
from futtui.exchange.binance.connection import ManagedConnection
from futtui.exchange.binance.messages import DepthMessage
from futtui.exchange.binance.routes import StreamSettings, route_of
from futtui.exchange.binance.socket_session import Receivers
from futtui.exchange.ports import Endpoints, MessageHandler

SUBSCRIBE_SECONDS = 15.0

logger = logging.getLogger(__name__)


class BinanceStreams:
    """Implements StreamPort. Messages reach `handler` on the loop, book differences reach `on_depth`.

    After a reconnect or a renewal the same closed candle may come twice: the consumer drops repeats. With `barrier`
    each connection also listens to the embedded exchange's step marks; as time then stands still between steps,
    silence is no sign of trouble and the deadlines on payloads are off unless `settings` says otherwise.
    """

    def __init__(
        self,
        endpoints: Endpoints,
        handler: MessageHandler,
        *,
        clock: ClockMs | None = None,
        barrier: bool = False,
        settings: StreamSettings | None = None,
        on_depth: Callable[[DepthMessage], None] | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._endpoints = endpoints
        self._receivers = Receivers(handler, on_depth)
        self._clock = clock or SystemClock()
        self._barrier = barrier
        self._settings = settings or (StreamSettings.patient() if barrier else StreamSettings())
        self._jitter = jitter
        self._connections: dict[str, list[ManagedConnection]] = {}
        self._subscribed: set[str] = set()

    @property
    def connection_names(self) -> list[str]:
        """Names of the connections, as in StreamStateMessage."""
        return [connection.name for group in self._connections.values() for connection in group]

    async def subscribe(self, streams: Sequence[str]) -> None:
        """Adds streams and returns when the exchange has accepted them.

        If that takes longer than 15 s it returns all the same: the connections go on trying and report their state.
        Raises InvalidInputError for a name that is on no known route.
        """
        new = [name for name in dict.fromkeys(streams) if name not in self._subscribed]
        by_route: dict[str, list[str]] = {}
        for name in new:
            by_route.setdefault(route_of(name), []).append(name)
        self._subscribed.update(new)
        work = [part for route, names in by_route.items() for part in self._place(route, names)]
        try:
            async with asyncio.timeout(SUBSCRIBE_SECONDS):
                await asyncio.gather(*(self._subscribe_on(connection, names) for connection, names in work))
        except TimeoutError:
            logger.warning("The exchange has not accepted all streams yet; futtui keeps trying.")

    async def close(self) -> None:
        """Closes every connection; no task or socket is left."""
        connections = [connection for group in self._connections.values() for connection in group]
        self._connections = {}
        self._subscribed.clear()
        await asyncio.gather(*(connection.close() for connection in connections))

    def _place(self, route: str, names: list[str]) -> list[tuple[ManagedConnection, list[str]]]:
        """Spreads names over connections with room, opening new ones where needed."""
        placed: list[tuple[ManagedConnection, list[str]]] = []
        group = self._connections.setdefault(route, [])
        rest = names
        for connection in group:
            room = self._settings.streams_per_connection - len(connection.streams)
            if room > 0 and rest:
                placed.append((connection, rest[:room]))
                rest = rest[room:]
        while rest:
            connection = self._new_connection(route, len(group) + 1)
            group.append(connection)
            placed.append((connection, rest[: self._settings.streams_per_connection]))
            rest = rest[self._settings.streams_per_connection :]
        return placed

    def _new_connection(self, route: str, number: int) -> ManagedConnection:
        address = f"{self._endpoints.stream}/{route}/ws"

        async def url() -> str:
            return address

        return ManagedConnection(
            f"{route}-{number}",
            url,
            self._receivers,
            self._settings,
            self._clock,
            barrier=self._barrier,
            jitter=self._jitter,
        )

    async def _subscribe_on(self, connection: ManagedConnection, names: list[str]) -> None:
        await connection.add(names)
        connection.start()
        await connection.wait_ready()
