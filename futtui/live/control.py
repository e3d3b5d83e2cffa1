"""Moves the embedded exchange's time when it runs in lockstep, over its own control addresses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import aiohttp

from futtui.domain.errors import ExchangeError
from futtui.exchange.ports import Endpoints


@dataclass(frozen=True, slots=True)
class Step:
    """Answer to a move: the number of the barrier to wait for and on how many connections it was written."""

    number: int
    now_ms: int
    ended: bool
    connections: int


class SimulatorControl:
    """Client of `/sim/...`. Raises ExchangeError when the embedded exchange does not answer within the deadline."""

    def __init__(self, endpoints: Endpoints, timeout_s: float = 60.0) -> None:
        self._base = endpoints.rest
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._session: aiohttp.ClientSession | None = None
        self.now_ms = 0
        """The exchange's time as it was told last; it stands still between two moves."""

    async def state(self) -> dict[str, Any]:
        """Time, speed, label and step length of the embedded exchange."""
        return await self._call("GET", "/sim/state")

    async def advance(self) -> Step:
        """Move time on by one step."""
        return _step(await self._call("POST", "/sim/advance"))

    async def barrier(self) -> Step:
        """Ask for a mark in the streams without moving time."""
        return _step(await self._call("POST", "/sim/barrier"))

    async def close(self) -> None:
        """Close the connection."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _call(self, method: str, path: str) -> dict[str, Any]:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=self._timeout)
        try:
            async with self._session.request(method, self._base + path) as response:
                answer = await response.json()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise ExchangeError(f"The embedded exchange does not answer ({error}). Start futtui again.") from error
        if response.status != 200:
            raise ExchangeError(f"The embedded exchange refused {path}: {answer}.")
        self.now_ms = int(answer.get("now_ms", self.now_ms))
        return dict(answer)


def _step(answer: dict[str, Any]) -> Step:
    return Step(int(answer["step"]), int(answer["now_ms"]), bool(answer["ended"]), int(answer["connections"]))
