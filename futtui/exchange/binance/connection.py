"""A stream connection that stays: reconnects, proves by payload that it lives, and renews itself before 24 hours."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Sequence

from futtui.exchange.binance.clock import ClockMs
from futtui.exchange.binance.connect_budget import ConnectBudget
from futtui.exchange.binance.reasons import plain_reason
from futtui.exchange.binance.routes import BARRIER_STREAM, StreamSettings, expected_messages
from futtui.exchange.binance.silence import Silence, SilenceWatch
from futtui.exchange.binance.socket_session import STREAM_ERRORS, Receivers, SocketSession
from futtui.exchange.ports import StreamStateMessage
from futtui.exchange.stream_machine import StreamEvent, StreamState, next_state

CALM_MS = 60_000
FIRST_PAUSE_SECONDS = 0.25
LONGEST_PAUSE_SECONDS = 30.0
ROTATION_RETRY_MS = 5 * 60_000

logger = logging.getLogger(__name__)
UrlSource = Callable[[int], Awaitable[str]]
"""The address of the next socket; the argument says how many sockets in a row brought no data."""


def pause_seconds(attempt: int, chance: float) -> float:
    """Pause before reconnect number `attempt` (from 1): full jitter, at most 0.25 s first, then 2, 4 ... 30 s."""
    if attempt <= 1:
        return FIRST_PAUSE_SECONDS * chance
    return min(LONGEST_PAUSE_SECONDS, 2.0 ** (attempt - 1)) * chance


class ManagedConnection:
    """One named connection with its streams; `start` it, `add` streams, `close` it.

    Its states go to the receivers as StreamStateMessage: CONNECTING until the first success, LIVE once a payload has
    proved it (where payloads are not expected: once subscribed), LATE and STALE when payloads stop, RESYNC while a
    second socket is tried beside the silent one, RECONNECTING, CLOSED. `url` is asked anew for each socket. `clock`
    serves liveness and rotation, in ms. `budget` limits how often sockets are opened; `urgent` may use all of it.
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
        budget: ConnectBudget | None = None,
        urgent: bool = False,
    ) -> None:
        self.name = name
        self.streams: list[str] = []
        self._url = url
        self._receivers = receivers
        self._settings = settings
        self._clock = clock
        self._barrier = barrier
        self._jitter = jitter
        self._budget = budget or ConnectBudget(None)
        self._urgent = urgent
        self._session: SocketSession | None = None
        self._spare: SocketSession | None = None
        self._task: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self._was_live = False
        self._restart_reason = ""
        self._state = StreamState.CONNECTING
        self._closed = False
        self._dry_sockets = 0

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

    async def remove(self, streams: Sequence[str]) -> None:
        """Lets streams go."""
        gone = set(streams)
        self.streams[:] = [name for name in self.streams if name not in gone]
        await self._ask_all("UNSUBSCRIBE", streams)

    async def renew(self, streams: Sequence[str]) -> None:
        """Subscribes streams anew that the exchange accepted but does not send."""
        await self._ask_all("UNSUBSCRIBE", streams)
        await self._ask_all("SUBSCRIBE", [name for name in streams if name in self.streams])

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
        if not self._closed:
            self._closed = True
            self._announce("CLOSED", "closed by futtui")

    # --- one socket after the other -----------------------------------------------------------------------------

    async def _supervise(self) -> None:
        attempt, reason = 0, "first connection"
        while True:
            self._state = StreamState.CONNECTING
            self._announce("RECONNECTING" if self._was_live else "CONNECTING", reason, attempt)
            await self._budget.take(urgent=self._urgent)
            started_ms = self._clock()
            try:
                self._session = await self._open_session()
                self._state = next_state(self._state, StreamEvent.ACCEPTED)
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
        session = SocketSession(self.name, await self._url(self._dry_sockets), self._receivers, self._settings)
        self._spare = session
        await session.open()
        if self._barrier:
            await session.subscribe([BARRIER_STREAM])
        await self._catch_up(session)
        self._spare = None
        return session

    async def _catch_up(self, session: SocketSession) -> None:
        """Subscribes what the socket does not carry yet; names may be added meanwhile."""
        while True:
            names = [name for name in self.streams if name not in session.carried]
            if not names:
                return
            session.carried.update(names)
            await session.subscribe(names)

    async def _watch(self) -> str:
        """Watches the current socket, renewing it in time; returns why it must be replaced."""
        watch = SilenceWatch(self._settings, self._clock)
        rotate_at_ms = self._rotation_time()
        asked_again = False
        if self._settings.first_payload_ms is None:
            self._go(StreamEvent.PAYLOAD, "connected")
        while True:
            session = self._session
            assert session is not None
            await self._wait_for_news(session)
            if self._restart_reason:
                return self._restart_reason
            if session.ended.is_set():
                return session.reason
            silence = watch.look(session, self.streams)
            if silence is None:
                self._flow(session)
            elif silence.event is StreamEvent.OVERDUE:
                if self._state is StreamState.SUBSCRIBED:
                    self._flow(session)
                self._go(silence.event, silence.reason)
            elif silence.first and not asked_again:
                asked_again = True
                logger.warning("Stream %s: %s; subscribing anew.", self.name, silence.reason)
                watch.asked_again()
                await self.renew(list(self.streams))
            elif await self._replace(session, silence):
                watch, rotate_at_ms = SilenceWatch(self._settings, self._clock), self._rotation_time()
            else:
                return silence.reason
            if rotate_at_ms is not None and self._clock() >= rotate_at_ms:
                if await self._open_beside(session):
                    logger.info("Stream %s was renewed before the exchange's 24 hour limit.", self.name)
                    watch, rotate_at_ms = SilenceWatch(self._settings, self._clock), self._rotation_time()
                else:
                    rotate_at_ms = self._clock() + ROTATION_RETRY_MS

    def _flow(self, session: SocketSession) -> None:
        if session.proven.is_set():
            self._dry_sockets = 0
            self._go(StreamEvent.PAYLOAD, "data is coming in")

    async def _wait_for_news(self, session: SocketSession) -> None:
        """Until the socket ends, its first payload arrives, or the next check is due."""
        waiting_for_first = self._state is StreamState.SUBSCRIBED and not session.proven.is_set()
        event = session.proven if waiting_for_first else session.ended
        try:
            async with asyncio.timeout(self._settings.check_seconds):
                await event.wait()
        except TimeoutError:
            return

    # --- a second socket beside the first -----------------------------------------------------------------------

    async def _replace(self, session: SocketSession, silence: Silence) -> bool:
        """A silent socket gets a second one beside it; True when that one delivers and has taken over."""
        self._go(StreamEvent.SILENT, silence.reason)
        if silence.first:
            self._dry_sockets += 1
            return False
        self._go(StreamEvent.CHECKING, f"{silence.reason}; another connection is tried")
        if not await self._open_beside(session):
            self._dry_sockets += 1
            return False
        self._go(StreamEvent.PAYLOAD, "data is coming in again, on a new connection")
        return True

    async def _open_beside(self, old: SocketSession) -> bool:
        """Opens a second socket and closes the old one when the new one is proved; both deliver in between."""
        try:
            await self._budget.take(urgent=self._urgent)
            new = await self._open_session()
        except STREAM_ERRORS as error:
            logger.warning("A second connection for stream %s was not possible yet: %s", self.name, error)
            if self._spare is not None:
                await self._spare.close()
                self._spare = None
            return False
        self._spare = new
        if not await self._proves_itself(new):
            await new.close()
            self._spare = None
            return False
        self._session, self._spare = new, old
        await self._catch_up(new)
        await old.close()
        self._spare = None
        return True

    async def _proves_itself(self, session: SocketSession) -> bool:
        """Whether every kind of data that the streams must bring came on the new socket in time."""
        if self._settings.first_payload_ms is None:
            return True
        kinds = expected_messages(self.streams)
        deadline_ms = self._clock() + self._settings.first_payload_ms
        while not session.ended.is_set() and not all(session.counts[kind] for kind in kinds):
            if self._clock() > deadline_ms:
                return False
            await self._wait_for_end(session)
        return not session.ended.is_set()

    async def _wait_for_end(self, session: SocketSession) -> None:
        try:
            async with asyncio.timeout(min(0.2, self._settings.check_seconds)):
                await session.ended.wait()
        except TimeoutError:
            return

    # --- helpers ------------------------------------------------------------------------------------------------

    async def _ask_all(self, method: str, streams: Sequence[str]) -> None:
        session = self._session
        if session is None or session.ended.is_set() or not streams:
            return
        try:
            await session.ask(method, streams)
        except STREAM_ERRORS as error:
            self.restart(f"a change of streams was not accepted ({error})")
        else:
            session.carried.difference_update(streams) if method == "UNSUBSCRIBE" else session.carried.update(streams)

    def _rotation_time(self) -> int | None:
        after_ms = self._settings.rotate_after_ms
        return None if after_ms is None else self._clock() + after_ms

    async def _drop_sessions(self) -> None:
        for session in (self._session, self._spare):
            if session is not None:
                await session.close()
        self._session = self._spare = None

    def _go(self, event: StreamEvent, reason: str) -> None:
        """Follow the table; a change is announced."""
        state = next_state(self._state, event)
        if state is self._state:
            return
        self._state = state
        self._was_live = self._was_live or state is StreamState.LIVE
        self._announce(state.value, reason)

    def _announce(self, state: str, reason: str, attempt: int = 0) -> None:
        self._receivers.give(StreamStateMessage(self.name, state, reason, attempt, tuple(self.streams)))
