"""An engine in another process, as a screen sees it: the same pictures, commands and answers as one of its own."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import threading
from collections.abc import Sequence
from concurrent.futures import Future, InvalidStateError
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from futtui.domain.candle_series import CandleSeries
from futtui.domain.errors import FuttuiError
from futtui.domain.events import Command
from futtui.domain.live_check import LiveReport
from futtui.domain.past_signals import SimilarSignals
from futtui.domain.performance import PerformanceReport
from futtui.domain.signal import Signal
from futtui.domain.silence import WhyNoSignals
from futtui.domain.snapshot import EngineSnapshot
from futtui.domain.taking import TakeLook
from futtui.domain.timeframe import Timeframe
from futtui.domain.zone import ZoneEvent
from futtui.live.attach.door_file import Door, read_door
from futtui.live.attach.picture import PictureReader, command_bytes
from futtui.live.attach.wire import (
    ANSWER_BYTES,
    ANSWERS,
    GREETING_BYTES,
    HOST,
    Answer,
    AskCandles,
    AskLiveReport,
    AskPerformance,
    AskSimilar,
    AskTaking,
    AskWhyNot,
    AskZoneStory,
    FromEngine,
    Goodbye,
    Hello,
    Introduction,
    Look,
    Order,
    Picture,
    Question,
    Refusal,
    Standstill,
    Welcome,
    frame,
    is_proof,
    new_nonce,
    proof,
    read_frame,
    shape,
)
from futtui.live.clock import ExchangeClock
from futtui.live.engine_access import refused
from futtui.version import VERSION

log = logging.getLogger(__name__)

GREETING_S = 20.0
FIRST_PICTURE_S = 40.0
ANSWER_S = 30.0
"""The engine says something every second; so long without a word, and the connection counts as lost."""
LOOK_S = 0.1
RETRY_S = 1.0
LAST_LOOK_S = 0.02
LAST_LOOKS = 75
CLOSE_S = 3.0
LOST = "failed"
"""The phase of a picture that is not renewed any more, as of an engine that ended."""
NOBODY = "No futtui runs without a screen here. Start one with `futtui headless`, or plain `futtui` for both in one."
GONE = "The futtui that ran here without a screen is gone. Start it again with `futtui headless`."
STRANGER = "What answers there is not the engine that left its note here. Start it again with `futtui headless`."
TOO_LATE = "The engine did not answer in time. Look whether its process still runs, and try again."
FULL = "The engine lets no more screens in. Close one of the others first."
UNKNOWN = "The connection ended before the engine answered. Whether it obeyed is not known: look at positions and log."
NOT_SENT = "Nothing was sent: this screen is not connected to the engine."
BROKEN = "The connection to the engine is lost; it is tried again every second. The engine may well be running."


class RemoteEngine:
    """The engine behind the door whose `note` lies beside a database. `connect` first; then all methods return at once.

    A lost connection is made again while the same engine runs. What ended for good, and why, is in the picture.
    """

    def __init__(self, note: Path) -> None:
        self._note = note
        self._door: Door | None = None
        self._thread = threading.Thread(target=self._run, name="remote engine", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._end: asyncio.Event | None = None
        self._first: Future[None] = Future()
        self._numbers = itertools.count(1)
        self._asked: dict[int, tuple[Future[Any], type[Any]]] = {}
        self._writer: asyncio.StreamWriter | None = None
        self._picture: EngineSnapshot | None = None
        self._clock = ExchangeClock()

    @property
    def is_nobody_there(self) -> bool:
        """Whether no engine left a note."""
        return read_door(self._note) is None

    @property
    def pid(self) -> int:
        """The engine's process."""
        return self._door.pid if self._door is not None else 0

    def connect(self) -> None:
        """Open the connection and wait for the first picture. Raises FuttuiError with the reason when that fails."""
        self._door = read_door(self._note)
        if self._door is None:
            raise FuttuiError(NOBODY)
        self._thread.start()
        try:
            self._first.result(FIRST_PICTURE_S)
        except TimeoutError:
            self.close()
            raise FuttuiError(TOO_LATE) from None
        except FuttuiError:
            self.close()
            raise

    def close(self) -> None:
        """Leave the engine to itself; safe to call twice."""
        if self._loop is not None and self._end is not None:
            with contextlib.suppress(RuntimeError):  # it has ended already
                self._loop.call_soon_threadsafe(self._end.set)
        if self._thread.is_alive():
            self._thread.join(CLOSE_S)

    # --- what the screen asks for -------------------------------------------------------------------------------

    def start(self) -> None:
        """Nothing: the engine runs already."""

    def snapshot(self) -> EngineSnapshot:
        """The newest picture that came."""
        assert self._picture is not None, "connect first"
        return self._picture

    def exchange_time_ms(self) -> int:
        """The exchange's time as the engine told it last, carried on by our clock."""
        return self._clock.now_ms()

    def send(self, command: Command) -> Future[str]:
        """Hand a command to the engine."""
        return self._ask(Order(next(self._numbers), *command_bytes(command)))

    def candles(
        self, symbol: str, timeframe: Timeframe, limit: int, before_ms: int | None = None
    ) -> Future[CandleSeries]:
        """The newest `limit` stored candles that opened before `before_ms`."""
        return self._ask(AskCandles(next(self._numbers), symbol, timeframe, limit, before_ms))

    def performance(self, days: int | None) -> Future[PerformanceReport]:
        """What became of the signals of the last `days` (None = of all)."""
        return self._ask(AskPerformance(next(self._numbers), days))

    def live_report(self) -> Future[LiveReport]:
        """What stands for and against Live, as the engine's account and machine are."""
        return self._ask(AskLiveReport(next(self._numbers)))

    def why_no_signals(self, symbol: str, since_ms: int) -> Future[WhyNoSignals]:
        """What stood against signals of a symbol ("" = all) since a moment."""
        return self._ask(AskWhyNot(next(self._numbers), symbol, since_ms))

    def similar_signals(self, signal: Signal) -> Future[SimilarSignals]:
        """What became of earlier signals that were like this one."""
        return self._ask(AskSimilar(next(self._numbers), signal))

    def zone_story(self, symbol: str, zone_ids: Sequence[str]) -> Future[tuple[ZoneEvent, ...]]:
        """What happened at these zones, newest first."""
        return self._ask(AskZoneStory(next(self._numbers), symbol, list(zone_ids)))

    def look_at_taking(self, signal_id: str) -> Future[TakeLook]:
        """What taking a signal by hand would mean now."""
        return self._ask(AskTaking(next(self._numbers), signal_id))

    def _ask(self, question: Question) -> Future[Any]:
        loop = self._loop
        if loop is None or self._writer is None:
            return refused(NOT_SENT)
        future: Future[Any] = Future()
        try:
            loop.call_soon_threadsafe(self._put, question, future)
        except RuntimeError:  # the loop has ended
            return refused(NOT_SENT)
        return future

    def _put(self, question: Question, future: Future[Any]) -> None:
        if self._writer is None:
            _settle(future, FuttuiError(NOT_SENT))
            return
        self._asked[question.number] = (future, type(question))
        self._writer.write(frame(question))

    # --- the connection -----------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            asyncio.run(self._main())
        except Exception as error:
            log.exception("The connection to the engine ended because of an error")
            self._lose(f"{BROKEN} ({type(error).__name__}: {error})")

    async def _main(self) -> None:
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        visiting = asyncio.create_task(self._visit_again_and_again())
        ending = asyncio.create_task(self._end.wait())
        await asyncio.wait((visiting, ending), return_when=asyncio.FIRST_COMPLETED)
        await self._hear_last_answers()
        for task in (visiting, ending):
            task.cancel()
        await asyncio.gather(visiting, ending, return_exceptions=True)
        if visiting.done() and not visiting.cancelled() and (error := visiting.exception()) is not None:
            raise error

    async def _hear_last_answers(self) -> None:
        """A command that was given in the last moment must not be lost with the connection."""
        for _ in range(LAST_LOOKS):
            if not any(kind is Order for _, kind in self._asked.values()):
                return
            await asyncio.sleep(LAST_LOOK_S)

    async def _visit_again_and_again(self) -> None:
        """Keep the connection; ends when the engine is gone for good."""
        while True:
            try:
                await self._visit()
            except _EndedError as error:
                self._lose(str(error))
                return
            except (OSError, EOFError, TimeoutError, msgspec.MsgspecError, LookupError, TypeError) as error:
                log.info("The connection to the engine is lost: %s", error or type(error).__name__)
                now = read_door(self._note)
                if now is None or now != self._door or isinstance(error, ConnectionRefusedError):
                    self._lose(GONE)
                    return
                self._lose(BROKEN)
            await asyncio.sleep(RETRY_S)

    async def _visit(self) -> None:
        """One connection, from the greeting to its end."""
        assert self._door is not None
        reader, writer = await asyncio.open_connection(HOST, self._door.port)
        looking: asyncio.Task[None] | None = None
        try:
            async with asyncio.timeout(GREETING_S):
                speed = await self._greet(reader, writer, self._door.secret)
            if self._picture is None:
                self._clock = ExchangeClock(speed)
            looked = asyncio.Event()
            looked.set()
            self._writer = writer
            looking = asyncio.create_task(self._look(writer, looked))
            await self._listen(reader, looked)
        finally:
            self._writer = None
            if looking is not None:
                looking.cancel()
            writer.transport.abort()
            asked, self._asked = self._asked, {}
            for future, kind in asked.values():
                _settle(future, FuttuiError(UNKNOWN if kind is Order else BROKEN))

    async def _greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, secret: str) -> float:
        """How fast the engine's time runs; raises _EndedError when one side cannot trust or understand the other."""
        try:
            hello = msgspec.msgpack.decode(await read_frame(reader, GREETING_BYTES), type=Hello)
            nonce = new_nonce()
            writer.write(frame(Introduction(VERSION, shape(), nonce, proof(secret, "screen", hello.nonce))))
            welcome = msgspec.msgpack.decode(await read_frame(reader, GREETING_BYTES), type=Welcome)
        except msgspec.MsgspecError:
            raise _EndedError(STRANGER) from None
        except (asyncio.IncompleteReadError, ConnectionResetError):
            raise _EndedError(FULL) from None
        if welcome.refused:
            raise _EndedError(welcome.refused)
        if not is_proof(welcome.proof, secret, "engine", nonce):
            raise _EndedError(STRANGER)
        return welcome.speed

    async def _look(self, writer: asyncio.StreamWriter, looked: asyncio.Event) -> None:
        """Ask for a picture after each picture."""
        while True:
            await looked.wait()
            looked.clear()
            writer.write(frame(Look()))
            await asyncio.sleep(LOOK_S)

    async def _listen(self, reader: asyncio.StreamReader, looked: asyncio.Event) -> None:
        decoder, pictures = msgspec.msgpack.Decoder(FromEngine), PictureReader()
        while True:
            async with asyncio.timeout(ANSWER_S):
                data = await read_frame(reader, ANSWER_BYTES)
            said = decoder.decode(data)
            if isinstance(said, Picture | Standstill):
                self._see(said, pictures)
                looked.set()
            elif isinstance(said, Goodbye):
                raise _EndedError(said.text)
            else:
                self._take(said)

    def _see(self, said: Picture | Standstill, pictures: PictureReader) -> None:
        self._clock.observe(said.now_ms)
        if isinstance(said, Picture):
            self._picture = pictures.read(said.news)
        if not self._first.done():
            self._first.set_result(None)

    def _take(self, said: Answer | Refusal) -> None:
        future, kind = self._asked.pop(said.number, (None, None))
        if future is None or kind is None:
            return
        if isinstance(said, Refusal):
            _settle(future, FuttuiError(said.text))
            return
        try:
            _settle(future, msgspec.msgpack.decode(said.content, type=ANSWERS[kind]))
        except msgspec.MsgspecError as error:
            _settle(future, error)
            raise

    def _lose(self, text: str) -> None:
        """Mark the picture as one that is not renewed any more, with the reason."""
        if not self._first.done():
            self._first.set_exception(FuttuiError(TOO_LATE if text == BROKEN else text))
        last = self._picture
        if last is not None:
            feed = replace(last.feed, connected=False, text="stopped")
            self._picture = replace(last, version=last.version + 1, phase=LOST, phase_text=text, feed=feed)


class _EndedError(Exception):
    """The engine or this screen wants no further connection; the sentence says why."""


def _settle(future: Future[Any], outcome: Any) -> None:
    with contextlib.suppress(InvalidStateError):  # the screen does not wait for it any more
        if isinstance(outcome, Exception):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)
