"""The wire server: REST, streams and control on one loopback port."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from aiohttp import WSMsgType, web

from futtui.exchange.ports import Endpoints
from futtui.exchange.simulator.ports import MarketSource
from futtui.exchange.simulator.wire.answers import Answer, Answerer, RawRequest
from futtui.exchange.simulator.wire.config import ServerConfig
from futtui.exchange.simulator.wire.connection import StreamConnection
from futtui.exchange.simulator.wire.control import Control
from futtui.exchange.simulator.wire.errors import WireError
from futtui.exchange.simulator.wire.fault_answers import fault_answer
from futtui.exchange.simulator.wire.fault_rules import FaultRule
from futtui.exchange.simulator.wire.sources import build_source
from futtui.exchange.simulator.wire.streams import parse_address
from futtui.exchange.simulator.wire.venue import Venue

LOOP_S = 0.1
PING_EVERY_S = 180.0
CLOSE_WAIT_S = 1.0
TOO_MANY_MESSAGES = 1008


class WireServer:
    """Serves one venue. `start` on a bound socket, `stop` leaves no task, socket or connection behind."""

    def __init__(self, config: ServerConfig, source: MarketSource) -> None:
        self.venue = Venue(config, source, time.monotonic)
        self._answerer = Answerer(self.venue)
        self._control = Control(self.venue)
        self._runner: web.ServerRunner | None = None
        self._loop_task: asyncio.Task[None] | None = None
        self._sockets: dict[int, web.WebSocketResponse] = {}
        self._next_number = 1
        self._stopping = asyncio.Event()

    async def start(self, listener: socket.socket) -> None:
        """Begin to serve on a bound socket and to move time."""
        server = web.Server(self._handle, handler_cancellation=True, access_log=None)
        self._runner = web.ServerRunner(server, handle_signals=False, shutdown_timeout=CLOSE_WAIT_S)
        await self._runner.setup()
        await web.SockSite(self._runner, listener).start()
        self._loop_task = asyncio.create_task(self._run_loop(), name="embedded exchange clock")

    async def stop(self) -> None:
        """Close every connection and end all tasks."""
        self._stopping.set()
        if self._loop_task is not None:
            self._loop_task.cancel()
            await asyncio.gather(self._loop_task, return_exceptions=True)
        closing = [asyncio.ensure_future(ws.close(code=1001)) for ws in self._sockets.values()]
        if closing:
            _, late = await asyncio.wait(closing, timeout=CLOSE_WAIT_S)
            for task in late:
                task.cancel()
        for connection in list(self.venue.hub.connections.values()):
            connection.abort()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _run_loop(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            if not self.venue.clock.lockstep:
                self.venue.catch_up()
            self.venue.check_timers()
            self._end_old_connections()
            await asyncio.sleep(max(0.0, began + LOOP_S - loop.time()))

    def _end_old_connections(self) -> None:
        oldest = time.monotonic() - self.venue.config.connection_life_s
        for connection in list(self.venue.hub.connections.values()):
            if connection.opened_real_s < oldest:
                connection.abort()

    # -- requests ----------------------------------------------------------------------------------------------------

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        path, _, query = request.raw_path.partition("?")
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._serve_stream(request, path, query)
        body = (await request.read()).decode("utf-8", "replace") if request.can_read_body else ""
        raw = RawRequest(request.method, path, query, body, request.headers.get("X-MBX-APIKEY"))
        if path.startswith("/sim/"):
            return _response(self._control.answer(raw))
        values = raw.values()
        symbol = values.get("symbol", "").upper()
        rule = self.venue.faults.on_request(raw.method, path, symbol, self.venue.clock.now_ms)
        if rule is None:
            return _response(self._answerer.answer(raw))
        return await self._answer_with_fault(rule, raw, request)

    async def _answer_with_fault(
        self, rule: FaultRule, raw: RawRequest, request: web.BaseRequest
    ) -> web.StreamResponse:
        if rule.action in ("reject", "respond"):
            return _response(fault_answer(rule, self.venue))
        if rule.action == "delay":
            await self._wait(rule.delay_ms / 1000)
            return _response(self._answerer.answer(raw))
        if rule.action in ("accept_then_timeout", "disconnect"):
            self._answerer.answer(raw)
        if rule.action in ("accept_then_timeout", "stall"):
            await self._wait(rule.hold_s)
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=500)

    async def _wait(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()

    # -- streams -----------------------------------------------------------------------------------------------------

    async def _serve_stream(self, request: web.BaseRequest, path: str, query: str) -> web.StreamResponse:
        address = parse_address(path, query)
        if address is None or request.transport is None:
            error = WireError(-5000, path=path, method=request.method)
            return web.json_response(error.body(), status=error.status)
        ws = web.WebSocketResponse(compress=False, heartbeat=PING_EVERY_S, max_msg_size=1 << 16)
        await ws.prepare(request)
        number, self._next_number = self._next_number, self._next_number + 1
        connection = StreamConnection(number, address, request.transport, self.venue.hub)
        connection.opened_real_s = time.monotonic()
        self._sockets[number] = ws
        self.venue.hub.open(connection)
        try:
            connection.subscribe(list(address.names))
            await self._listen(ws, connection)
        finally:
            self.venue.hub.close(connection)
            del self._sockets[number]
        return ws

    async def _listen(self, ws: web.WebSocketResponse, connection: StreamConnection) -> None:
        async for message in ws:
            if message.type is not WSMsgType.TEXT and message.type is not WSMsgType.BINARY:
                return
            if connection.is_too_fast(time.monotonic()):
                await ws.close(code=TOO_MANY_MESSAGES, message=b"Too many requests")
                return
            connection.handle_control(message.data)


def _response(answer: Answer) -> web.Response:
    return web.Response(
        status=answer.status,
        body=answer.body,
        headers=answer.headers,
        content_type=answer.content_type,
        charset="utf-8",
    )


def bind(config: ServerConfig) -> socket.socket:
    """A listening socket on the configured address; raises OSError if the port is taken."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.bind((config.host, config.port))
        listener.listen(128)
    except OSError:
        listener.close()
        raise
    listener.setblocking(False)
    return listener


def endpoints_of(listener: socket.socket, source: MarketSource) -> Endpoints:
    """Where the exchange on this socket lives."""
    host, port = listener.getsockname()[:2]
    return Endpoints(f"http://{host}:{port}", f"ws://{host}:{port}", source.label, source.synthetic)


@asynccontextmanager
async def running_server(config: ServerConfig, source: MarketSource | None = None) -> AsyncIterator[Endpoints]:
    """An exchange inside this process for the time of the block: its addresses."""
    market = build_source(config) if source is None else source
    listener = bind(config)
    endpoints = endpoints_of(listener, market)
    server = WireServer(config, market)
    try:
        await server.start(listener)
        yield endpoints
    finally:
        await server.stop()
        listener.close()
