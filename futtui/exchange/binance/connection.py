"""A stream connection that stays: reconnects, proves by payload that it lives, and renews itself before 24 hours."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Sequence

from futtui.exchange.binance.clock import ClockMs
from futtui.exchange.binance.reasons import plain_reason
from futtui.exchange.binance.routes import BARRIER_STREAM, StreamSettings, expected_messages
from futtui.exchange.binance.socket_session import STREAM_ERRORS, Receivers, SocketSession
from futtui.exchange.ports import StreamStateMessage

CALM_MS = 60_000
FIRST_PAUSE_SECONDS = 0.25
LONGEST_PAUSE_SECONDS = 60.0
ROTATION_RETRY_MS = 5 * 60_000

logger = logging.getLogger(__name__)
UrlSource = Callable[[], Awaitable[str]]


def pause_seconds(attempt: int, chance: float) -> float:
    """Pause before reconnect number `attempt` (from 1): full jitter, at most 0.25 s first, then 2, 4 ... 60 s."""
    if attempt <= 1:
        return FIRST_PAUSE_SECONDS * chance
    return min(LONGEST_PAUSE_SECONDS, 2.0 ** (attempt - 1)) * chance


class ManagedConnection:
    """One named connection with its streams; `start` it, `add` streams, `close` it.

    Its states go to the receivers as StreamStateMessage: CONNECTING until the first success, LIVE once a payload has
    proved it (where payloads are not expected: once subscribed), STALE when payloads stop, RECONNECTING, CLOSED.
    `url` is asked anew for each socket. `clock` serves liveness and rotation, in ms.
    """

    def __init__(
        self,
        name: str,
        url: UrlSource,
        receivers: Receivers,
        settings: StreamSettings,
        clock: ClockMs,
        *,
        barrier: bool = False,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.name = name
        self.streams: list[str] = []
        self._url = url
        self._receivers = receivers
        self._settings = settings
        self._clock = clock
        self._barrier = barrier
        self._jitter = jitter
        self._session: SocketSession | None = None
        self._spare: SocketSession | None = None
        self._task: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self._was_live = False
        self._restart_reason = ""
        self._state = ""

    def start(self) -> None:
        """Starts the supervision on the running loop; a second call changes nothing."""
        if self._task is not None:
            return
        self._task = asyncio.create_task(self._supervise(), name=f"stream-{self.name}")

    async def add(self, streams: Sequence[str]) -> None:
        """Takes more streams in; they are subscribed now, or with the next socket if there is none."""
        self.streams.extend(streams)
        if self._session is not None:
            try:
                await self._catch_up(self._session)
            except STREAM_ERRORS as error:
                self.restart(f"new streams were not accepted ({error})")

    async def wait_ready(self) -> None:
        """Returns once the first socket is open and subscribed."""
        await self._ready.wait()

    def restart(self, reason: str) -> None:
        """Replaces the socket, as after the loss of a listen key."""
        self._restart_reason = reason
        if self._session is not None:
            self._session.ended.set()

    async def close(self) -> None:
        """Ends everything; no task or socket is left."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        await self._drop_sessions()
        if self._state != "CLOSED":
            self._announce("CLOSED", "closed by futtui")

    async def _supervise(self) -> None:
        attempt, reason = 0, "first connection"
        while True:
            self._announce("RECONNECTING" if self._was_live else "CONNECTING", reason, attempt)
            started_ms = self._clock()
            try:
                self._session = await self._open_session()
                self._ready.set()
                reason = await self._watch()
            except STREAM_ERRORS as error:
                reason = plain_reason(error)
            except Exception as error:
                logger.exception("Stream %s met a mistake in futtui; it connects again.", self.name)
                reason = f"a mistake in futtui ({type(error).__name__})"
            await self._drop_sessions()
            attempt = 1 if self._clock() - started_ms >= CALM_MS else attempt + 1
            logger.info("Stream %s: %s; attempt %d to connect again follows.", self.name, reason, attempt)
            await asyncio.sleep(pause_seconds(attempt, self._jitter()) * self._settings.backoff_scale)

    async def _open_session(self) -> SocketSession:
        self._restart_reason = ""
        session = SocketSession(self.name, await self._url(), self._receivers, self._settings)
        self._spare = session
        await session.open()
        if self._barrier:
            await session.subscribe([BARRIER_STREAM])
        await self._catch_up(session)
        self._spare = None
        return session

    async def _catch_up(self, session: SocketSession) -> None:
        """Subscribes what the socket does not carry yet; names may be added meanwhile."""
        while session.carried < len(self.streams):
            names = self.streams[session.carried :]
            session.carried = len(self.streams)
            await session.subscribe(names)

    async def _watch(self) -> str:
        """Watches the current socket, renewing it in time; returns why it must be replaced."""
        watch = _SilenceWatch(self._settings, self._clock)
        rotate_at_ms = self._rotation_time()
        if self._settings.first_payload_ms is None:
            self._go_live()
        while True:
            session = self._session
            assert session is not None
            await self._wait_for_news(session)
            if self._restart_reason:
                return self._restart_reason
            if session.ended.is_set():
                return session.reason
            if session.proven.is_set():
                self._go_live()
            problem = watch.problem(session, self.streams)
            if problem:
                self._announce("STALE", problem)
                return problem
            if rotate_at_ms is not None and self._clock() >= rotate_at_ms:
                if await self._rotate(session):
                    watch, rotate_at_ms = _SilenceWatch(self._settings, self._clock), self._rotation_time()
                else:
                    rotate_at_ms = self._clock() + ROTATION_RETRY_MS

    async def _wait_for_news(self, session: SocketSession) -> None:
        """Until the socket ends, its first payload arrives, or the next check is due."""
        event = session.ended if self._state == "LIVE" else session.proven
        try:
            async with asyncio.timeout(self._settings.check_seconds):
                await event.wait()
        except TimeoutError:
            return

    async def _rotate(self, old: SocketSession) -> bool:
        """Opens a second socket and closes the old one when the new one is proved; both deliver in between."""
        try:
            new = await self._open_session()
        except STREAM_ERRORS as error:
            logger.warning("Stream %s could not be renewed yet: %s", self.name, error)
            if self._spare is not None:
                await self._spare.close()
                self._spare = None
            return False
        self._spare = new
        if self._settings.first_payload_ms is not None and not await self._proves_itself(new):
            await new.close()
            self._spare = None
            return False
        self._session, self._spare = new, old
        await self._catch_up(new)
        await old.close()
        self._spare = None
        logger.info("Stream %s was renewed before the exchange's 24 hour limit.", self.name)
        return True

    async def _proves_itself(self, session: SocketSession) -> bool:
        assert self._settings.first_payload_ms is not None
        try:
            async with asyncio.timeout(self._settings.first_payload_ms / 1000):
                await session.proven.wait()
        except TimeoutError:
            return False
        return True

    def _rotation_time(self) -> int | None:
        after_ms = self._settings.rotate_after_ms
        return None if after_ms is None else self._clock() + after_ms

    def _go_live(self) -> None:
        if self._state != "LIVE":
            self._was_live = True
            self._announce("LIVE", "data is coming in")

    async def _drop_sessions(self) -> None:
        for session in (self._session, self._spare):
            if session is not None:
                await session.close()
        self._session = self._spare = None

    def _announce(self, state: str, reason: str, attempt: int = 0) -> None:
        self._state = state
        self._receivers.give(StreamStateMessage(self.name, state, reason, attempt))


class _SilenceWatch:
    """Knows when each kind of payload last came on one socket, by looking at its counters."""

    def __init__(self, settings: StreamSettings, clock: ClockMs) -> None:
        self._settings = settings
        self._clock = clock
        self._started_ms = clock()
        self._counted: dict[type, int] = {}
        self._changed_ms: dict[type, int] = {}

    def problem(self, session: SocketSession, streams: Sequence[str]) -> str:
        """What is wrong, in words; empty if nothing is."""
        now_ms = self._clock()
        first_ms = self._settings.first_payload_ms
        if first_ms is not None and streams and not session.proven.is_set() and now_ms - self._started_ms > first_ms:
            return f"no data within {first_ms / 1000:g} s after the subscription"
        for kind in expected_messages(streams):
            limit_ms = self._settings.silence_ms.get(kind)
            if limit_ms is None:
                continue
            count = session.counts[kind]
            if count != self._counted.get(kind, 0):
                self._counted[kind] = count
                self._changed_ms[kind] = now_ms
            elif now_ms - self._changed_ms.get(kind, self._started_ms) > limit_ms:
                return f"no {_plain_name(kind)} for {limit_ms / 1000:g} s"
        return ""


def _plain_name(kind: type) -> str:
    words = kind.__name__.removesuffix("Message")
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in words).strip()
