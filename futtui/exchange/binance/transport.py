"""One HTTP request with deadline, weight budget, careful repeats and typed errors."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import aiohttp
import msgspec

from futtui.domain.errors import ExchangeError
from futtui.exchange.binance.budget import RequestBudget, counts_of
from futtui.exchange.binance.errors import (
    Banned,
    NotSent,
    RateLimited,
    TimeoutUnknown,
    Unavailable,
    bad_json,
    error_from_answer,
)
from futtui.exchange.binance.reasons import plain_reason
from futtui.exchange.binance.weights import Endpoint
from futtui.exchange.ports import Lane, is_loopback

CONNECT_SECONDS = 5.0
MAX_REPEATS = 3
MOST_CONNECTIONS = 32
"""Requests beyond these wait for a connection that is free again."""
_FIRST_PAUSE_SECONDS = 0.2
_LONGEST_PAUSE_SECONDS = 5.0

logger = logging.getLogger(__name__)


class Transport:
    """Sends requests to one host. The session is created on first use, on the loop that uses it.

    Questions (GET) are repeated at most three times, with full jitter, after transport errors, 408 and 5xx; nothing
    else ever is. Raises only errors of `futtui.exchange.binance.errors`.
    """

    def __init__(
        self,
        base_url: str,
        budget: RequestBudget,
        *,
        api_key: str | None = None,
        session: aiohttp.ClientSession | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
        total_seconds: float | None = None,
    ) -> None:
        self._base_url = base_url
        self._budget = budget
        self._api_key = api_key
        self._session = session
        self._owns_session = session is None
        self._sleep = sleep
        self._jitter = jitter
        self._total_seconds = total_seconds
        self._closed = False

    async def ask(
        self,
        endpoint: Endpoint,
        weight: int,
        params: Mapping[str, str | int] | None = None,
        answer_type: Any = Any,
        *,
        lane: Lane = Lane.HISTORY,
    ) -> Any:
        """The decoded answer of `endpoint`, as `answer_type` of msgspec; waits in `lane` while the budget is short."""
        body = await self._with_repeats(endpoint, weight, params or {}, lane)
        try:
            return msgspec.json.decode(body, type=answer_type, strict=False)
        except msgspec.MsgspecError:
            raise bad_json(body) from None

    async def close(self) -> None:
        """Closes the session if it is ours."""
        self._closed = True
        if self._session is not None and self._owns_session:
            await self._session.close()
        self._session = None

    async def _with_repeats(
        self, endpoint: Endpoint, weight: int, params: Mapping[str, str | int], lane: Lane
    ) -> bytes:
        is_question = endpoint.method == "GET"
        for attempt in range(MAX_REPEATS + 1):
            try:
                return await self._once(endpoint, weight, params, lane)
            except Unavailable as error:
                if not is_question or attempt == MAX_REPEATS:
                    raise
                logger.debug("%s %s: %s; asking again", endpoint.method, endpoint.path, error)
                ceiling = min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2**attempt)
                await self._sleep(ceiling * self._jitter())
        raise AssertionError("the loop above returns or raises")

    async def _once(self, endpoint: Endpoint, weight: int, params: Mapping[str, str | int], lane: Lane) -> bytes:
        async with self._budget.reserve(weight, lane=lane, pool=endpoint.pool) as reservation:
            try:
                status, headers, body = await self._send(endpoint, params)
            except NotSent:
                self._budget.forget(reservation)
                raise
            self._budget.settle(reservation, counts_of(headers))
        error = limit_aware_error(self._budget, status, headers, body, changes_state=endpoint.method != "GET")
        if error is not None:
            raise error
        return body

    async def _send(self, endpoint: Endpoint, params: Mapping[str, str | int]) -> tuple[int, Mapping[str, str], bytes]:
        headers = {"X-MBX-APIKEY": self._api_key} if endpoint.needs_key and self._api_key else {}
        timeout = aiohttp.ClientTimeout(
            total=self._total_seconds or endpoint.total_seconds, sock_connect=CONNECT_SECONDS
        )
        try:
            async with self._open_session().request(
                endpoint.method, self._base_url + endpoint.path, params=params, headers=headers, timeout=timeout
            ) as response:
                return response.status, response.headers, await response.read()
        except aiohttp.ClientProxyConnectionError as error:
            raise NotSent(
                f"The proxy {error.host}:{error.port} does not answer ({plain_reason(error)}). Correct or remove it "
                "(system settings, or HTTPS_PROXY in the environment)."
            ) from error
        except aiohttp.InvalidURL as error:
            raise NotSent(
                f"'{error.url}' is no web address. Correct exchange.rest_url in the configuration, or the proxy "
                "(system settings, or HTTPS_PROXY in the environment)."
            ) from error
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NotSent(
                f"No connection to the exchange at {self._base_url} ({plain_reason(error)}). Check the "
                "internet connection."
            ) from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            if endpoint.method != "GET":
                raise TimeoutUnknown(plain_reason(error)) from error
            raise Unavailable(
                f"The exchange did not answer in time or broke off ({plain_reason(error)}). futtui asks again; "
                "if it lasts, check the internet connection."
            ) from error

    def _open_session(self) -> aiohttp.ClientSession:
        if self._closed:
            raise NotSent("The connection to the exchange was closed by futtui itself; nothing is asked any more.")
        if self._session is None:
            connector = aiohttp.TCPConnector(
                resolver=aiohttp.ThreadedResolver(), use_dns_cache=True, ttl_dns_cache=300, limit=MOST_CONNECTIONS
            )
            self._session = aiohttp.ClientSession(connector=connector, trust_env=not is_loopback(self._base_url))
        return self._session


def limit_aware_error(
    budget: RequestBudget, status: int, headers: Mapping[str, str], body: bytes, *, changes_state: bool
) -> ExchangeError | None:
    """The typed error of an answer, None for success; closes the budget's gate if the answer says: too much."""
    error = error_from_answer(
        status,
        headers,
        body,
        now_ms=budget.now_ms(),
        changes_state=changes_state,
        trust_ban_text=budget.exchange_time,
    )
    if isinstance(error, RateLimited) and error.orders:
        budget.too_many_orders(error.until_ms)
    elif isinstance(error, RateLimited):
        budget.too_many(error.until_ms)
    elif isinstance(error, Banned):
        budget.ban_until(error)
    return error
