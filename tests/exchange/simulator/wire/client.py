"""A plain client for tests: signed REST calls and raw stream messages, nothing of futtui's own adapter."""

from __future__ import annotations

import json
from types import TracebackType
from typing import Any
from urllib.parse import urlencode

import aiohttp
from yarl import URL

from futtui.exchange.ports import Endpoints
from futtui.exchange.simulator.wire.config import DEMO_KEY, DEMO_SECRET
from futtui.exchange.simulator.wire.signing import sign


class Client:
    """Calls one exchange. Every method returns status and decoded body."""

    def __init__(self, endpoints: Endpoints) -> None:
        self.endpoints = endpoints
        self.headers: dict[str, str] = {}
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Client:
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.session.close()

    @property
    def session(self) -> aiohttp.ClientSession:
        assert self._session is not None
        return self._session

    async def call(self, method: str, path: str, body: str | None = None, **values: Any) -> tuple[int, Any]:
        query = f"?{urlencode(values)}" if values else ""
        headers = {"X-MBX-APIKEY": DEMO_KEY}
        async with self.session.request(
            method, URL(self.endpoints.rest + path + query, encoded=True), data=body, headers=headers
        ) as response:
            self.headers = dict(response.headers)
            text = await response.text()
            return response.status, json.loads(text) if "json" in response.content_type else text

    async def signed(self, method: str, path: str, **values: Any) -> tuple[int, Any]:
        _, state = await self.call("GET", "/sim/state")
        payload = urlencode({**values, "timestamp": state["now_ms"], "recvWindow": 60_000})
        query = f"{payload}&signature={sign(payload, DEMO_SECRET)}"
        return await self.call(method, f"{path}?{query}")

    async def advance(self, steps: int = 1) -> dict[str, Any]:
        status, answer = await self.call("POST", f"/sim/advance?steps={steps}")
        assert status == 200, answer
        return dict(answer)

    async def stream(self, path: str) -> aiohttp.ClientWebSocketResponse:
        return await self.session.ws_connect(self.endpoints.stream + path)


async def until_barrier(ws: aiohttp.ClientWebSocketResponse, number: int) -> list[Any]:
    """All messages before barrier `number`, unwrapped from the envelope where there is one."""
    found: list[Any] = []
    while True:
        message = json.loads(await ws.receive_str(timeout=10))
        event = message.get("data", message) if isinstance(message, dict) else message
        if isinstance(event, dict) and event.get("e") == "simBarrier":
            if event["n"] == number:
                return found
            continue
        if isinstance(message, dict) and "result" in message:
            continue
        found.append(event)
