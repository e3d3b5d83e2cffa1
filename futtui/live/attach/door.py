"""The door of an engine that runs without a screen: screens of the same user come and go, the engine never waits.

It has a thread and a loop of its own. A screen asks for each picture, so one that is slow or stuck gets the newest
picture later and fewer of them; nothing is put by for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from futtui.domain.errors import StorageError
from futtui.domain.events import Command
from futtui.domain.signal import Signal
from futtui.domain.snapshot import EngineSnapshot
from futtui.domain.timeframe import Timeframe
from futtui.live.attach.door_file import Door, new_secret, remove_door, write_door
from futtui.live.attach.guest import Guest
from futtui.live.attach.wire import HOST, Goodbye
from futtui.live.engine_access import EngineAccess
from futtui.live.engine_thread import in_words

if TYPE_CHECKING:
    from futtui.live.engine import Engine as LiveEngine

log = logging.getLogger(__name__)

MOST_GUESTS = 8
"""Open connections, greeted or not; each screen has one."""
START_S = 10.0
CLOSE_S = 3.0
STOPPED = "The engine was stopped."
INVITATION = "Open a screen on this run with `futtui attach`; closing it leaves the engine running."


class Engine(Protocol):
    """What the door passes on; all of it may be called from any thread."""

    def snapshot(self) -> EngineSnapshot:
        """The newest picture."""
        ...

    def exchange_time_ms(self) -> int:
        """The exchange's time now."""
        ...

    def send(self, command: Command) -> Future[str]:
        """The answer to a command."""
        ...

    def candles(self, symbol: str, timeframe: Timeframe, limit: int, before_ms: int | None = None) -> Future[Any]:
        """Stored candles."""
        ...

    def performance(self, days: int | None) -> Future[Any]:
        """What became of signals."""
        ...

    def live_report(self) -> Future[Any]:
        """What stands for and against Live."""
        ...

    def why_no_signals(self, symbol: str, since_ms: int) -> Future[Any]:
        """What stood against signals."""
        ...

    def similar_signals(self, signal: Signal) -> Future[Any]:
        """Earlier signals like this one."""
        ...

    def zone_story(self, symbol: str, zone_ids: list[str]) -> Future[Any]:
        """What happened at zones."""
        ...

    def look_at_taking(self, signal_id: str) -> Future[Any]:
        """What taking a signal would mean."""
        ...


@contextlib.asynccontextmanager
async def open_door(engine: LiveEngine, note: Path | None, tell: Callable[[str], None]) -> AsyncIterator[str]:
    """While inside, screens may come by the note (None: not at all). Gives an invitation for people, or nothing.

    Why they cannot come is told. At the end screens hear whether the engine was stopped or failed.
    """
    if note is None:
        yield ""
        return
    door, farewell = ScreenDoor(EngineAccess(engine), note, engine.clock.speed), STOPPED
    invitation = INVITATION
    try:
        door.open()
    except StorageError as error:  # trading goes on; it is only that nobody can watch
        invitation = ""
        tell(str(error))
    try:
        yield invitation
    except Exception as error:
        farewell = f"The engine stopped because of an error: {in_words(error)}"
        raise
    finally:
        await asyncio.to_thread(door.close, farewell)


class ScreenDoor:
    """Lets screens see and command `engine`, whose time runs `speed` times as fast as ours; `note` tells them where."""

    def __init__(self, engine: Engine, note: Path, speed: float = 1.0) -> None:
        self._engine = engine
        self._note = note
        self._speed = speed
        self._thread = threading.Thread(target=self._run, name="screen door", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ready: Future[Door] = Future()
        self._end = asyncio.Event()
        self._farewell = STOPPED
        self._guests: dict[asyncio.Task[Any], Guest] = {}

    def open(self) -> None:
        """From now on screens may come. Raises StorageError with a sentence when they cannot."""
        self._thread.start()
        try:
            door = self._ready.result(START_S)
            write_door(self._note, door)
        except (OSError, TimeoutError) as error:
            self.close()
            raise StorageError(f"No screen can be opened on this run: {error}") from error

    def close(self, farewell: str = STOPPED) -> None:
        """Tell every screen the last word and let no more in; safe to call twice."""
        self._farewell = farewell
        loop = self._loop
        if loop is not None:
            with contextlib.suppress(RuntimeError):  # it has ended already
                loop.call_soon_threadsafe(self._end.set)
        if self._thread.is_alive():
            self._thread.join(CLOSE_S)

    @property
    def guests(self) -> int:
        """How many screens are open now."""
        return sum(guest.is_greeted for guest in list(self._guests.values()))

    def _run(self) -> None:
        try:
            asyncio.run(self._main())
        except Exception as error:
            log.exception("The door for screens is closed because of an error")
            if not self._ready.done():
                self._ready.set_exception(error)

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        server = await asyncio.start_server(self._let_in, HOST, 0)
        door = Door(os.getpid(), server.sockets[0].getsockname()[1], new_secret())
        self._door = door
        self._ready.set_result(door)
        try:
            await self._end.wait()
        finally:
            remove_door(self._note, door)
            server.close()
            await self._say_goodbye()

    async def _say_goodbye(self) -> None:
        guests = list(self._guests.items())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_S / 2):
                last = (guest.last_words(Goodbye(self._farewell)) for _, guest in guests)
                await asyncio.gather(*last, return_exceptions=True)
        for task, _ in guests:
            task.cancel()
        await asyncio.gather(*(task for task, _ in guests), return_exceptions=True)

    async def _let_in(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None or len(self._guests) >= MOST_GUESTS:
            writer.close()
            return
        guest = Guest(self._engine, reader, writer)
        self._guests[task] = guest
        try:
            await guest.stay(self._door.secret, self._speed)
        except asyncio.CancelledError:
            pass  # the door closes; the stream's own callback must not see it as a failure
        finally:
            del self._guests[task]
            writer.transport.abort()
