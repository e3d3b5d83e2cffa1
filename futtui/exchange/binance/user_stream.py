"""The account's own stream: keeps its listen key alive and gets a new one when it is gone."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace

from futtui.domain.errors import ExchangeError
from futtui.exchange.binance.clock import ClockMs, SystemClock
from futtui.exchange.binance.connect_budget import ConnectBudget
from futtui.exchange.binance.connection import ManagedConnection
from futtui.exchange.binance.errors import Refused
from futtui.exchange.binance.rest import BinanceRest
from futtui.exchange.binance.routes import StreamSettings
from futtui.exchange.binance.socket_session import Receivers
from futtui.exchange.ports import Endpoints, MessageHandler

KEEPALIVE_SECONDS = 20 * 60.0
KEEPALIVE_RETRY_SECONDS = 60.0
START_SECONDS = 15.0
LISTEN_KEY_GONE = -1125

logger = logging.getLogger(__name__)


class UserStream:
    """Order, fill and account news of one account, given to `handler` on the loop.

    Each time its StreamStateMessage (connection `private`) turns from RECONNECTING to LIVE, news may have been missed:
    the consumer then compares its state with the account. A socket with a dead key looks healthy and stays silent,
    so LIVE here means "connected", and only a look at the account proves more. The key is never deleted on closing:
    there is one per account, and another program may use it.
    """

    def __init__(
        self,
        rest: BinanceRest,
        endpoints: Endpoints,
        handler: MessageHandler,
        *,
        clock: ClockMs | None = None,
        barrier: bool = False,
        settings: StreamSettings | None = None,
        keepalive_seconds: float = KEEPALIVE_SECONDS,
        connect_budget: ConnectBudget | None = None,
    ) -> None:
        self._rest = rest
        self._endpoints = endpoints
        self._keepalive_seconds = keepalive_seconds
        self._keeper: asyncio.Task[None] | None = None
        self._connection = ManagedConnection(
            "private",
            self._url,
            Receivers(handler),
            replace(settings, first_payload_ms=None, silence_ms={}) if settings else StreamSettings.private(),
            clock or SystemClock(),
            barrier=barrier,
            budget=connect_budget,
            urgent=True,
        )

    async def start(self) -> None:
        """Connects; returns when connected, or after 15 s while it goes on trying."""
        self._connection.start()
        self._keeper = asyncio.create_task(self._keep_key(), name="listen-key")
        try:
            async with asyncio.timeout(START_SECONDS):
                await self._connection.wait_ready()
        except TimeoutError:
            logger.warning("The account stream is not connected yet; futtui keeps trying.")

    async def close(self) -> None:
        """Ends the stream and the care for its key."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
            self._keeper = None
        await self._connection.close()

    async def _url(self, _dry_sockets: int) -> str:
        key = await self._rest.create_listen_key()
        return f"{self._endpoints.stream}/private/ws?listenKey={key}"

    async def _keep_key(self) -> None:
        pause = self._keepalive_seconds
        while True:
            await asyncio.sleep(pause)
            pause = self._keepalive_seconds
            try:
                await self._rest.keep_listen_key()
            except Refused as error:
                if error.code == LISTEN_KEY_GONE:
                    self._connection.restart("the key of the account stream was gone")
                else:
                    logger.warning("The key of the account stream was not prolonged: %s", error)
            except ExchangeError as error:
                logger.warning("The key of the account stream was not prolonged yet: %s", error)
                pause = min(pause, KEEPALIVE_RETRY_SECONDS)
