"""A small local stream server: remembers subscriptions, pushes what a test says, breaks when told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from futtui.exchange.ports import Endpoints


class StreamClient:
    """One connection as the server sees it."""

    def __init__(self, socket: ServerConnection) -> None:
        self.socket = socket
        self.path = socket.request.path if socket.request else ""
        self.streams: list[str] = []
        self.frames: list[list[str]] = []
        self.subscriptions = 0

    async def push(self, event: dict[str, Any] | list[Any] | str) -> None:
        """Sends one event."""
        await self.socket.send(event if isinstance(event, str) else json.dumps(event))


class StreamServer:
    """`async with StreamServer() as server`; `clients` holds every connection ever made, in order."""

    def __init__(self) -> None:
        self.clients: list[StreamClient] = []
        self.mute_answers = False
        self.refuse_with: dict[str, Any] | None = None
        self.greeting: list[dict[str, Any]] = []
        self.open_count = 0
        self._server: Server | None = None
        self._changed = asyncio.Event()
        self.endpoints = Endpoints("", "", "stream test")

    async def __aenter__(self) -> StreamServer:
        self._server = await serve(self._serve, "127.0.0.1", 0)
        port = next(iter(self._server.sockets)).getsockname()[1]
        self.endpoints = Endpoints(f"http://127.0.0.1:{port}", f"ws://127.0.0.1:{port}", "stream test")
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    async def client(self, number: int, streams: int = 0) -> StreamClient:
        """Connection `number` (from 0), once it exists and carries at least that many streams."""
        async with asyncio.timeout(5):
            while len(self.clients) <= number or len(self.clients[number].streams) < streams:
                self._changed.clear()
                await self._changed.wait()
        return self.clients[number]

    async def until(self, condition: Callable[[], bool]) -> None:
        """Returns when `condition` holds; it is looked at after each control message."""
        async with asyncio.timeout(5):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    async def _serve(self, socket: ServerConnection) -> None:
        client = StreamClient(socket)
        self.clients.append(client)
        self.open_count += 1
        self._changed.set()
        try:
            async for text in socket:
                await self._control(client, json.loads(text))
        except ConnectionClosed:
            pass
        finally:
            self.open_count -= 1
            self._changed.set()

    async def _control(self, client: StreamClient, message: dict[str, Any]) -> None:
        if self.mute_answers:
            return
        if self.refuse_with is not None:
            await client.push({"error": self.refuse_with, "id": message["id"]})
            return
        client.frames.append(message["params"])
        if message["method"] == "UNSUBSCRIBE":
            client.streams[:] = [name for name in client.streams if name not in message["params"]]
        else:
            client.streams.extend(message["params"])
            client.subscriptions += 1
        await client.push({"result": None, "id": message["id"]})
        for event in self.greeting:
            await client.push(event)
        self._changed.set()


class Inbox:
    """A handler that keeps messages and lets a test wait for one."""

    def __init__(self) -> None:
        self.messages: list[Any] = []
        self._news = asyncio.Event()

    def __call__(self, message: Any) -> None:
        self.messages.append(message)
        self._news.set()

    def of(self, kind: type) -> list[Any]:
        """Messages of a type so far."""
        return [message for message in self.messages if isinstance(message, kind)]

    async def wait(self, kind: type, count: int = 1, **fields: Any) -> Any:
        """The `count`-th message of a type whose fields are as given."""
        async with asyncio.timeout(5):
            while True:
                found = [
                    message
                    for message in self.of(kind)
                    if all(getattr(message, name) == value for name, value in fields.items())
                ]
                if len(found) >= count:
                    return found[count - 1]
                self._news.clear()
                await self._news.wait()
