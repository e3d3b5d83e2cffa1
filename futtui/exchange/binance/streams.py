"""Market streams: few sockets, each on the right route, that stay alive by themselves."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Sequence
from dataclasses import replace

from futtui.exchange.binance.clock import ClockMs, SystemClock
from futtui.exchange.binance.connect_budget import ConnectBudget
from futtui.exchange.binance.connection import ManagedConnection
from futtui.exchange.binance.messages import DepthMessage
from futtui.exchange.binance.routes import StreamSettings, route_of
from futtui.exchange.binance.socket_session import Receivers
from futtui.exchange.ports import Endpoints, MessageHandler

SUBSCRIBE_SECONDS = 15.0
ROTATION_STEPS = 15
ROTATION_STEP_MS = 4 * 60_000

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
        connect_budget: ConnectBudget | None = None,
    ) -> None:
        self._endpoints = endpoints
        self._receivers = Receivers(handler, on_depth)
        self._clock = clock or SystemClock()
        self._barrier = barrier
        self._settings = settings or (StreamSettings.patient() if barrier else StreamSettings())
        self._jitter = jitter
        self._budget = connect_budget or ConnectBudget(None if barrier else self._settings.attempts_per_5_minutes)
        self._revived: set[str] = set()
        self._connections: dict[str, list[ManagedConnection]] = {}
        self._subscribed: set[str] = set()
        self._numbers: dict[str, int] = {}

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
        await self._subscribe_all(work)

    async def unsubscribe(self, streams: Sequence[str]) -> None:
        """Lets streams go; unknown ones are ignored. A connection that carries nothing more is closed."""
        gone = [name for name in dict.fromkeys(streams) if name in self._subscribed]
        self._subscribed.difference_update(gone)
        self._revived.difference_update(gone)
        for group in self._connections.values():
            for connection in list(group):
                names = [name for name in gone if name in connection.streams]
                if not names:
                    continue
                await connection.remove(names)
                if not connection.streams:
                    group.remove(connection)
                    await connection.close()

    async def revive(self, streams: Sequence[str]) -> None:
        """Streams that are silent although the exchange has news: subscribed anew, the next time on another socket."""
        for group in list(self._connections.values()):
            for connection in list(group):
                names = [name for name in streams if name in connection.streams]
                again = [name for name in names if name in self._revived]
                fresh = [name for name in names if name not in self._revived]
                self._revived.update(fresh)
                await connection.renew(fresh)
                if again:
                    self._revived.difference_update(again)
                    await self._move(connection, again)

    async def _move(self, old: ManagedConnection, names: list[str]) -> None:
        """Puts streams on another socket of the same route; only when it carries them the old one lets them go."""
        route = route_of(names[0])
        group = self._connections[route]
        others = [item for item in group if item is not old and self._room(item) >= len(names)]
        target = others[0] if others else self._new_connection(route)
        if not others:
            group.append(target)
        await self._subscribe_all([(target, names)])
        await old.remove(names)

    async def _subscribe_all(self, work: Sequence[tuple[ManagedConnection, list[str]]]) -> None:
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
            room = self._room(connection)
            if room > 0 and rest:
                placed.append((connection, rest[:room]))
                rest = rest[room:]
        while rest:
            connection = self._new_connection(route)
            group.append(connection)
            placed.append((connection, rest[: self._settings.streams_per_connection]))
            rest = rest[self._settings.streams_per_connection :]
        return placed

    def _room(self, connection: ManagedConnection) -> int:
        return self._settings.streams_per_connection - len(connection.streams)

    def _new_connection(self, route: str) -> ManagedConnection:
        number = self._numbers[route] = self._numbers.get(route, 0) + 1
        base = f"{self._endpoints.stream}/{route}"
        settings = self._settings
        if settings.rotate_after_ms is not None:  # many sockets are not renewed at the same moment
            early_ms = (number - 1) % ROTATION_STEPS * ROTATION_STEP_MS
            settings = replace(
                settings, rotate_after_ms=max(settings.rotate_after_ms // 2, settings.rotate_after_ms - early_ms)
            )

        async def url(dry_sockets: int) -> str:
            return f"{base}/{'stream' if dry_sockets % 2 else 'ws'}"

        return ManagedConnection(
            f"{route}-{number}",
            url,
            self._receivers,
            settings,
            self._clock,
            barrier=self._barrier,
            jitter=self._jitter,
            budget=self._budget,
        )

    async def _subscribe_on(self, connection: ManagedConnection, names: list[str]) -> None:
        await connection.add(names)
        connection.start()
        await connection.wait_ready()
