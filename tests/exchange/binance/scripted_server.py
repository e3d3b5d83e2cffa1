"""A small local exchange that answers exactly what a test tells it to."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from futtui.exchange.ports import Endpoints


@dataclass
class Answer:
    """One scripted answer. `hang` never answers, `cut` closes the connection instead."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    hang: bool = False
    cut: bool = False

    @property
    def text(self) -> str:
        return self.body if isinstance(self.body, str) else json.dumps(self.body)


@dataclass
class Seen:
    """A request as it arrived: raw query and raw body, so that signatures can be checked."""

    method: str
    path: str
    query: dict[str, str]
    raw_query: str
    body: str
    headers: dict[str, str]


class ScriptedServer:
    """Start with `async with`; `say` queues answers per method and path; the last one repeats."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self._scripts: dict[str, deque[Answer]] = defaultdict(deque)
        self._computed: dict[str, Callable[[Seen], Awaitable[Answer] | Answer]] = {}
        self._release = asyncio.Event()
        self._runner: web.AppRunner | None = None
        self.endpoints = Endpoints("", "", "scripted")

    def say(self, call: str, *answers: Answer) -> None:
        """Answers for `GET /path`, in order."""
        self._scripts[call].extend(answers)

    def compute(self, call: str, function: Callable[[Seen], Any]) -> None:
        """Answers `call` by a function of the request."""
        self._computed[call] = function

    def calls(self, call: str) -> list[Seen]:
        """Requests that were made of `GET /path`."""
        return [seen for seen in self.seen if f"{seen.method} {seen.path}" == call]

    async def __aenter__(self) -> ScriptedServer:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = self._runner.addresses[0][1]
        self.endpoints = Endpoints(f"http://127.0.0.1:{port}", f"ws://127.0.0.1:{port}", "scripted")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._release.set()
        assert self._runner is not None
        await self._runner.cleanup()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        seen = Seen(
            request.method,
            request.path,
            dict(request.query),
            request.raw_path.partition("?")[2],
            await request.text(),
            dict(request.headers),
        )
        self.seen.append(seen)
        call = f"{request.method} {request.path}"
        if call in self._computed:
            answer = self._computed[call](seen)
        else:
            script = self._scripts[call]
            if not script:
                answer = Answer({"code": -5000, "msg": f"not scripted: {call}"}, 404)
            else:
                answer = script.popleft() if len(script) > 1 else script[0]
        if answer.hang:
            await self._release.wait()
        if answer.cut:
            assert request.transport is not None
            request.transport.abort()
        kind = "text/html" if answer.text.startswith("<") else "application/json"
        return web.Response(text=answer.text, status=answer.status, headers=answer.headers, content_type=kind)
