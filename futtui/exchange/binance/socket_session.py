"""One WebSocket from its opening to its end: subscribes, reads, decodes, hands on, and counts what came."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import Counter, deque
from collections.abc import Callable, Sequence
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from futtui.domain.errors import ExchangeError
from futtui.exchange.binance.decode import StreamDecoder
from futtui.exchange.binance.messages import ControlAnswer, DepthMessage, ListenKeyExpiredMessage, WireMessage
from futtui.exchange.binance.routes import StreamSettings
from futtui.exchange.ports import BarrierMessage, MessageHandler, is_loopback

STREAM_ERRORS = (WebSocketException, ExchangeError, OSError, TimeoutError, EOFError)
NAMES_PER_MESSAGE = 50
_MESSAGES_PER_SECOND = 8
_LARGEST_MESSAGE_BYTES = 16 * 1024 * 1024

logger = logging.getLogger(__name__)


class Receivers:
    """Where messages go. An exception in a receiver is logged and never ends the reading."""

    def __init__(self, handler: MessageHandler, on_depth: Callable[[DepthMessage], None] | None = None) -> None:
        self._handler = handler
        self._on_depth = on_depth
        self.failures = 0

    def give(self, message: Any) -> None:
        """Hands one message on."""
        try:
            if isinstance(message, DepthMessage):
                if self._on_depth is not None:
                    self._on_depth(message)
            else:
                self._handler(message)
        except Exception:
            self.failures += 1
            logger.exception("futtui could not handle a %s; reading goes on.", type(message).__name__)


class SocketSession:
    """Open it with `open`, then `subscribe`; `ended` is set when nothing more will come, `reason` says why."""

    def __init__(self, name: str, url: str, receivers: Receivers, settings: StreamSettings) -> None:
        self._url = url
        self._receivers = receivers
        self._settings = settings
        self.decoder = StreamDecoder(name)
        self.counts: Counter[type] = Counter()
        self.proven = asyncio.Event()
        self.ended = asyncio.Event()
        self.carried: set[str] = set()
        self.reason = ""
        self._socket: ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None
        self._answers: dict[int, asyncio.Future[ControlAnswer]] = {}
        self._next_id = 1
        self._sent_at: deque[float] = deque(maxlen=_MESSAGES_PER_SECOND)

    async def open(self) -> None:
        """Connects and starts reading; raises one of STREAM_ERRORS."""
        self._socket = await connect(
            self._url,
            compression=None,
            open_timeout=self._settings.connect_seconds,
            ping_interval=self._settings.ping_seconds,
            ping_timeout=self._settings.ping_seconds,
            close_timeout=2.0,
            max_size=_LARGEST_MESSAGE_BYTES,
            max_queue=1024,
            proxy=None if is_loopback(self._url) else True,
        )
        self._reader = asyncio.create_task(self._read(), name=f"read-{self.decoder.connection}")

    async def subscribe(self, streams: Sequence[str]) -> None:
        """Asks for streams, paced under the exchange's limit, and waits until all are accepted."""
        await self.ask("SUBSCRIBE", streams)

    async def ask(self, method: str, streams: Sequence[str]) -> None:
        """As `subscribe`, for SUBSCRIBE or UNSUBSCRIBE; raises one of STREAM_ERRORS."""
        for start in range(0, len(streams), NAMES_PER_MESSAGE):
            answer = await self._request(method, list(streams[start : start + NAMES_PER_MESSAGE]))
            if answer.error:
                raise ExchangeError(f"The exchange refused the streams: {answer.error}. Check the symbols' names.")

    async def close(self) -> None:
        """Closes the socket and waits for the reader to end."""
        if self._socket is not None:
            await self._socket.close()
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.gather(self._reader, return_exceptions=True)
        self._finish("closed by futtui")

    async def _request(self, method: str, params: list[str]) -> ControlAnswer:
        assert self._socket is not None
        await self._pace()
        request_id = self._next_id
        self._next_id += 1
        future: asyncio.Future[ControlAnswer] = asyncio.get_running_loop().create_future()
        self._answers[request_id] = future
        try:
            async with asyncio.timeout(self._settings.connect_seconds):
                await self._socket.send(json.dumps({"method": method, "params": params, "id": request_id}))
                return await future
        finally:
            self._answers.pop(request_id, None)

    async def _pace(self) -> None:
        loop = asyncio.get_running_loop()
        if len(self._sent_at) == _MESSAGES_PER_SECOND:
            await asyncio.sleep(max(0.0, self._sent_at[0] + 1.0 - loop.time()))
        self._sent_at.append(loop.time())

    async def _read(self) -> None:
        assert self._socket is not None
        decode, receive = self.decoder.decode, self._socket.recv
        try:
            while True:
                for message in decode(await receive(decode=False)):
                    self._take(message)
        except ConnectionClosed as error:
            self._finish(f"the exchange closed the connection ({_close_text(error)})")
        except (OSError, WebSocketException) as error:
            self._finish(f"the connection broke ({error})")
        finally:
            self._finish("reading stopped")

    def _take(self, message: WireMessage) -> None:
        if isinstance(message, ControlAnswer):
            self._answer(message)
            return
        if isinstance(message, ListenKeyExpiredMessage):
            self._finish("the key of the account stream ran out")
            return
        self.counts[type(message)] += 1
        if not self.proven.is_set() and type(message) is not BarrierMessage:
            self.proven.set()
        self._receivers.give(message)

    def _answer(self, answer: ControlAnswer) -> None:
        future = self._answers.get(answer.request_id) if isinstance(answer.request_id, int) else None
        if future is not None and not future.done():
            future.set_result(answer)
        elif answer.error:
            logger.warning("The exchange complained about a stream request: %s", answer.error)

    def _finish(self, reason: str) -> None:
        if self.ended.is_set():
            return
        self.reason = reason
        self.ended.set()
        for future in self._answers.values():
            if not future.done():
                future.set_exception(ExchangeError(f"The stream ended before it was ready: {reason}."))


def _close_text(error: ConnectionClosed) -> str:
    frame = error.rcvd
    return f"{frame.code} {frame.reason}".strip() if frame is not None else "without a word"
