"""Asks the archive for files: few connections, a deadline on everything, careful repeats."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp

from futtui.exchange.binance.archive.checksum import LONGEST_ANSWER, parse_checksum
from futtui.exchange.binance.archive.errors import ArchiveError, ArchiveUnreachableError
from futtui.exchange.binance.reasons import plain_reason
from futtui.exchange.ports import is_loopback
from futtui.version import VERSION

CONNECTIONS = 4
TRIES = 6
LARGEST_FILE = 1 << 30
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
TIMEOUT = aiohttp.ClientTimeout(total=600, sock_connect=10, sock_read=30)
_CHUNK = 1 << 16
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})

logger = logging.getLogger(__name__)


class _PassingError(Exception):
    """A failure that may be over at the next try; `pause_s` is what the server asked for."""

    def __init__(self, reason: str, pause_s: float = 0.0) -> None:
        super().__init__(reason)
        self.pause_s = pause_s


class ArchiveClient:
    """Use with `async with`. Raises ArchiveError, and ArchiveUnreachableError when repeats do not help."""

    def __init__(
        self,
        base_url: str,
        connections: int = CONNECTIONS,
        *,
        timeout: aiohttp.ClientTimeout = TIMEOUT,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._connections = connections
        self._timeout = timeout
        self._sleep = sleep
        self._jitter = jitter
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> ArchiveClient:
        connector = aiohttp.TCPConnector(resolver=aiohttp.ThreadedResolver(), limit=self._connections)
        self._session = aiohttp.ClientSession(
            connector=connector,
            timeout=self._timeout,
            trust_env=not is_loopback(self._base_url),
            headers={"User-Agent": f"futtui/{VERSION}", "Accept-Encoding": "identity"},
            auto_decompress=False,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._session is not None:
            await self._session.close()

    async def checksum(self, path: str) -> str | None:
        """The published hash of the file at `path`; None when the archive has no such file."""

        async def ask() -> str | None:
            async with self._answer(f"{path}.CHECKSUM") as response:
                if response is None:
                    return None
                body = b""
                async for chunk in response.content.iter_chunked(LONGEST_ANSWER):
                    body += chunk
                    if len(body) > LONGEST_ANSWER:
                        break
            return parse_checksum(body.decode("utf-8", "replace"), path.rsplit("/", 1)[-1])

        return await self._repeated(path, ask)

    async def fetch(self, path: str, target: Path, on_bytes: Callable[[int], None]) -> str | None:
        """Writes the file at `path` to `target` and returns its hash; None when the archive has no such file.

        `on_bytes` is told about each part as it arrives. An interrupted try starts again from the beginning.
        """

        async def ask() -> str | None:
            async with self._answer(path) as response:
                if response is None:
                    return None
                return await _save(response, target, on_bytes)

        return await self._repeated(path, ask)

    async def _repeated(self, path: str, ask: Callable[[], Awaitable[str | None]]) -> str | None:
        for attempt in range(TRIES):
            try:
                return await ask()
            except _PassingError as failure:
                if attempt == TRIES - 1:
                    raise ArchiveUnreachableError(
                        f"The archive at {self._base_url} cannot be used now: {failure}. Check the internet connection "
                        "and the address; run the same command again to go on."
                    ) from failure
                logger.debug("%s: %s; asking again", path, failure)
                ceiling = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2**attempt)
                await self._sleep(max(failure.pause_s, ceiling * self._jitter()))
        raise AssertionError("the loop above returns or raises")

    @asynccontextmanager
    async def _answer(self, path: str) -> AsyncIterator[aiohttp.ClientResponse | None]:
        """The answer when it is the file; None for 404."""
        if self._session is None:
            raise ArchiveError("The archive is used before it was opened.")
        try:
            async with self._session.get(f"{self._base_url}/{quote(path)}", max_redirects=3) as response:
                if response.status in _PASSING or response.status >= 500:
                    raise _PassingError(f"it answered {response.status}", _asked_pause_s(response))
                if response.status not in (200, 404):
                    raise ArchiveError(
                        f"The archive answered {response.status} for {path}. Check the archive's address."
                    )
                yield response if response.status == 200 else None
        except (aiohttp.InvalidURL, aiohttp.TooManyRedirects) as error:
            raise ArchiveError(
                f"The archive's address {self._base_url} cannot be used: {error}. Correct it."
            ) from error
        except (aiohttp.ClientError, TimeoutError, ConnectionError) as error:
            raise _PassingError(plain_reason(error)) from error


async def _save(response: aiohttp.ClientResponse, target: Path, on_bytes: Callable[[int], None]) -> str:
    digest, size = hashlib.sha256(), 0
    with target.open("wb") as file:
        async for chunk in response.content.iter_chunked(_CHUNK):
            size += len(chunk)
            if size > LARGEST_FILE:
                raise ArchiveError(f"{target.name} is far larger than an archive file can be. It was left out.")
            digest.update(chunk)
            file.write(chunk)
            on_bytes(len(chunk))
    return digest.hexdigest()


def _asked_pause_s(response: Any) -> float:
    value = response.headers.get("Retry-After", "")
    return min(float(value), LONGEST_PAUSE_S) if value.isdigit() else 0.0
