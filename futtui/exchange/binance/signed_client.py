"""The signed side: ccxt as signer and transport for named endpoints, with our errors, deadline and budget.

ccxt is imported only here, in a thread, when an account is used: it costs a second and 90 MB.
"""

from __future__ import annotations

import asyncio
import importlib
import socket
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from contextvars import ContextVar
from typing import Any

import aiohttp
from multidict import CIMultiDict

from futtui.domain.errors import ExchangeError
from futtui.exchange.binance.budget import RequestBudget, Reservation, counts_of
from futtui.exchange.binance.clock import ClockMs
from futtui.exchange.binance.errors import BadAnswer, NotSent, TimeoutUnknown, Unavailable, utc_text
from futtui.exchange.binance.transport import limit_aware_error
from futtui.exchange.ports import Credentials, Endpoints, Lane, is_loopback

RECEIVE_WINDOW_MS = 5000
DEADLINE_SECONDS = 10.0
REAL_HOST = "https://fapi.binance.com"

_reservation: ContextVar[Reservation | None] = ContextVar("reservation", default=None)
"""What the request of the running task holds of the budget: the library hands answers back without their request."""


class SignedClient:
    """Calls ccxt's implicit endpoint methods (`fapiPrivatePostOrder` and the like) one at a time or in parallel.

    `now_ms` gives the time for the signature: the EXCHANGE's time. Raises only our typed errors; TimeoutUnknown when
    a request that changes something got no clear answer. Nothing is ever repeated here.
    """

    def __init__(
        self,
        endpoints: Endpoints,
        credentials: Credentials,
        now_ms: ClockMs,
        budget: RequestBudget,
        *,
        deadline_seconds: float = DEADLINE_SECONDS,
    ) -> None:
        self._endpoints = endpoints
        self._credentials = credentials
        self._now_ms = now_ms
        self._budget = budget
        self._deadline_seconds = deadline_seconds
        self._exchange: Any = None
        self._opening = asyncio.Lock()

    @property
    def knows_key_rights(self) -> bool:
        """Whether the host tells what the key may do: the real exchange and the embedded one do."""
        return self._endpoints.local or self._endpoints.rest == REAL_HOST

    async def open(self) -> None:
        """Loads the library; called by the first request if nobody did before."""
        async with self._opening:
            if self._exchange is None:
                module = await asyncio.to_thread(importlib.import_module, "ccxt.async_support.binanceusdm")
                self._exchange = _build(
                    module.binanceusdm, self._endpoints, self._credentials, self._now_ms, self._budget
                )

    def refuse_while_paused(self) -> None:
        """Raise NotSent while the exchange wants nothing but what protects."""
        until_ms = self._budget.closed_until_ms
        if until_ms:
            raise NotSent(f"The exchange wants fewer requests until {utc_text(until_ms)} UTC; no trade begins before.")

    async def call(
        self,
        method: str,
        params: Mapping[str, str],
        *,
        weight: int,
        changes_state: bool,
        orders: int = 0,
        patience_s: float | None = None,
    ) -> Any:
        """The decoded answer of one endpoint, within the deadline. Urgent: it never queues behind market data.

        `orders`: how many it counts in the exchange's limits of new orders. `patience_s`: for what is worth nothing
        later, as an entry; it uses no room that is kept for protection, and raises NotSent when there is none so long.
        """
        if self._exchange is None:
            await self.open()
        endpoint: Callable[..., Any] = getattr(self._exchange, method)
        async with AsyncExitStack() as room:
            lane = Lane.PROTECT if patience_s is None else Lane.CLOSED_CANDLES
            try:
                async with asyncio.timeout(patience_s):
                    reservation = await room.enter_async_context(self._budget.reserve(weight, lane=lane, orders=orders))
            except TimeoutError as error:
                raise NotSent(
                    "The exchange's limit of orders is used up, and later the price would be another one."
                ) from error
            _reservation.set(reservation)
            try:
                async with asyncio.timeout(self._deadline_seconds):
                    answer = await endpoint(dict(params))
            except NotSent:
                self._budget.forget(reservation)
                raise
            except TimeoutError as error:
                raise _no_answer("no answer in time", changes_state) from error
            except TimeoutUnknown as error:
                raise error if changes_state else _no_answer("no clear answer", changes_state) from error
            except ExchangeError:
                raise
            except Exception as error:  # the library stumbled over the answer: what was asked for may have been done
                raise _no_answer(f"{type(error).__name__}: {error}"[:200], changes_state) from error
        if not isinstance(answer, dict | list):
            raise (
                TimeoutUnknown("the answer was not data")
                if changes_state
                else BadAnswer("The exchange answered something else than data. futtui asks again later.")
            )
        return answer

    async def close(self) -> None:
        """Closes the connections."""
        if self._exchange is not None:
            exchange, self._exchange = self._exchange, None
            exchange.timeout_on_exit = 0
            await exchange.close()


def _no_answer(detail: str, changes_state: bool) -> TimeoutUnknown | Unavailable:
    if changes_state:
        return TimeoutUnknown(detail)
    return Unavailable(f"The exchange could not answer a question ({detail}). futtui asks again later.")


def _build(base: type, endpoints: Endpoints, credentials: Credentials, now_ms: ClockMs, budget: RequestBudget) -> Any:
    """A ccxt exchange that points to `endpoints`, tells the exchange's time and raises our errors."""

    class Signer(base):
        async def fetch(self, url: str, method: str = "GET", headers: Any = None, body: Any = None) -> Any:
            try:
                return await super().fetch(url, method, headers, body)
            except Exception as error:
                raise _translated(error) from error

        def handle_errors(
            self, code: int, reason: str, url: str, method: str, headers: Any, body: Any, *_: Any
        ) -> None:
            headers = CIMultiDict(headers)
            reservation = _reservation.get()
            if reservation is not None:
                budget.settle(reservation, counts_of(headers))
            text = body.encode() if isinstance(body, str) else b""
            error = limit_aware_error(budget, code, headers, text, changes_state=method != "GET")
            if error is not None:
                raise error

    exchange = Signer(
        {
            "apiKey": credentials.api_key,
            "secret": credentials.api_secret,
            "enableRateLimit": False,
            "timeout": int(DEADLINE_SECONDS * 1000),
            "options": {"recvWindow": RECEIVE_WINDOW_MS, "timeDifference": 0, "fetchCurrencies": False},
            "aiohttp_trust_env": not is_loopback(endpoints.rest),
        }
    )
    exchange.milliseconds = now_ms
    for version in ("", "V2", "V3"):
        path = f"{endpoints.rest}/fapi/{version.lower() or 'v1'}"
        exchange.urls["api"][f"fapiPublic{version}"] = path
        exchange.urls["api"][f"fapiPrivate{version}"] = path
    if endpoints.local:
        exchange.urls["api"]["sapi"] = f"{endpoints.rest}/sapi/v1"
    exchange.urls["api"]["fapiData"] = f"{endpoints.rest}/futures/data"
    return exchange


def _translated(error: Exception) -> Exception:
    """Our error for one of ccxt's transport errors, which name their cause; our own errors pass through."""
    cause = error.__cause__
    if cause is None:
        return error
    if isinstance(cause, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError | socket.gaierror):
        return NotSent(f"No connection to the exchange ({cause}), so nothing was sent. Check the internet connection.")
    if isinstance(cause, aiohttp.ClientError | OSError | TimeoutError):
        return TimeoutUnknown(str(cause) or type(cause).__name__)
    return error
