"""All stream connections, who listens to what, and the delivery of events, faults included."""

from __future__ import annotations

import heapq
import itertools
import re
from collections.abc import Callable, Iterable

from futtui.exchange.simulator.wire.clock import VirtualClock
from futtui.exchange.simulator.wire.connection import StreamConnection
from futtui.exchange.simulator.wire.fault_rules import FaultRule
from futtui.exchange.simulator.wire.faults import FaultEngine
from futtui.exchange.simulator.wire.frames import encode, enveloped, text_frame
from futtui.exchange.simulator.wire.streams import BARRIER, ORDER_OF_KINDS, PRIVATE, StreamName, parse_stream

MAX_HELD = 100_000
_OPEN_AND_CLOSE = re.compile(rb'(?<="o":")([^"]+)("[^{}]*?"c":")[^"]+(")')
_SWALLOW = ("drop", "freeze_stream", "silent_private")


class Hub:
    """Delivers each event once to each connection that asked for its stream on the right route."""

    def __init__(self, clock: VirtualClock, faults: FaultEngine) -> None:
        self.connections: dict[int, StreamConnection] = {}
        self.version = 0
        self.before_first: Callable[[StreamName], None] = lambda _name: None
        self._clock = clock
        self._faults = faults
        self._listeners: dict[str, dict[StreamConnection, None]] = {}
        self._names: dict[str, StreamName] = {}
        self._held: list[tuple[int, int, StreamConnection, bytes]] = []
        self._sequence = itertools.count()

    # -- who listens -------------------------------------------------------------------------------------------------

    def open(self, connection: StreamConnection) -> None:
        """Take in a new connection."""
        connection.opened_ms = self._clock.now_ms
        self.connections[connection.number] = connection

    def close(self, connection: StreamConnection) -> None:
        """Forget a connection."""
        self.connections.pop(connection.number, None)
        for name in connection.names:
            self.remove(connection, name)

    def add(self, connection: StreamConnection, name: str) -> None:
        """Register a listener; a market stream on the wrong route is not registered and so stays silent."""
        parsed = parse_stream(name)
        if parsed is not None:
            if parsed.route != connection.route:
                return
            if name not in self._names:
                self.before_first(parsed)
                self._names[name] = parsed
        elif name != BARRIER and connection.route != PRIVATE:
            return
        self._listeners.setdefault(name, {})[connection] = None
        self.version += 1

    def remove(self, connection: StreamConnection, name: str) -> None:
        """Take a listener out."""
        listeners = self._listeners.get(name)
        if listeners is None or connection not in listeners:
            return
        del listeners[connection]
        if not listeners:
            del self._listeners[name]
            self._names.pop(name, None)
        self.version += 1

    def retire(self, name: str) -> None:
        """Make a stream silent for all who listen now; their connections stay open."""
        if self._listeners.pop(name, None) is not None:
            self._names.pop(name, None)
            self.version += 1

    def market_streams(self) -> list[StreamName]:
        """Market streams with listeners, in the order in which they are published."""
        return sorted(self._names.values(), key=lambda name: (ORDER_OF_KINDS.index(name.kind), name.name))

    def market_names(self) -> Iterable[StreamName]:
        """Market streams with listeners, in no special order."""
        return self._names.values()

    def listens(self, name: str) -> bool:
        """Whether anybody listens to the stream."""
        return name in self._listeners

    # -- delivery ----------------------------------------------------------------------------------------------------

    def publish(self, stream: str, payload: bytes, event: str, symbol: str = "") -> None:
        """Queue an event for all listeners of `stream`; `flush` sends."""
        plain: bytes | None = None
        combined: bytes | None = None
        for connection in self._listeners.get(stream, ()):
            wanted = connection.events.get(stream)
            if wanted is not None and event not in wanted:
                continue
            if connection.combined:
                frame = combined = combined or text_frame(enveloped(stream, payload))
            else:
                frame = plain = plain or text_frame(payload)
            if self._faults.watches_streams:
                self._deliver_faulty(connection, stream, event, symbol, frame, payload)
            else:
                connection.put(frame)

    def publish_barrier(self, number: int) -> int:
        """Queue the mark on every connection that asked for it; on how many. Faults never touch it."""
        listeners = self._listeners.get(BARRIER, {})
        payload = encode({"e": "simBarrier", "E": self._clock.now_ms, "n": number})
        for connection in listeners:
            frame = enveloped(BARRIER, payload) if connection.combined else payload
            connection.put_mark(text_frame(frame))
        return sum(1 for connection in listeners if connection.is_open)

    def flush(self) -> None:
        """Send everything queued."""
        for connection in list(self.connections.values()):
            connection.flush()

    def release(self, now_ms: int) -> None:
        """Queue the delayed messages whose time has come."""
        while self._held and self._held[0][0] <= now_ms:
            _, _, connection, frame = heapq.heappop(self._held)
            connection.put(frame)

    def disconnect(self, route: str = "", older_than_ms: int = 0) -> None:
        """Cut all connections, or those of one route, or those that were opened so long ago in virtual time."""
        border_ms = self._clock.now_ms - older_than_ms
        for connection in list(self.connections.values()):
            if (not route or connection.route == route) and connection.opened_ms <= border_ms:
                connection.abort()

    def _deliver_faulty(
        self, connection: StreamConnection, stream: str, event: str, symbol: str, frame: bytes, payload: bytes
    ) -> None:
        hit = self._faults.on_message(stream, connection.route, event, symbol, self._clock.now_ms)
        if hit is None:
            connection.put(frame)
            return
        rule, end_ms = hit
        if rule.action in _SWALLOW:
            return
        if rule.action == "duplicate":
            connection.put(frame)
            connection.put(frame)
        elif rule.action == "reorder":
            if connection.swapped is not None:
                connection.put(frame)
            else:
                connection.swapped = frame
        elif rule.action == "disconnect":
            connection.abort()
        elif rule.action == "alter":
            other = _OPEN_AND_CLOSE.sub(rb"\1\2\1\3", payload, count=1)
            connection.put(text_frame(enveloped(stream, other) if connection.combined else other))
        else:
            self._hold(connection, rule, end_ms, frame)

    def _hold(self, connection: StreamConnection, rule: FaultRule, end_ms: int, frame: bytes) -> None:
        if len(self._held) >= MAX_HELD:
            connection.abort()
            return
        due_ms = end_ms if rule.action == "stall" else self._clock.now_ms + rule.delay_ms
        heapq.heappush(self._held, (due_ms, next(self._sequence), connection, frame))
