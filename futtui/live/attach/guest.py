"""One screen that came through the door."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from concurrent.futures import Future
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec

from futtui.domain.errors import FuttuiError
from futtui.live.attach.picture import PictureWriter, command_of
from futtui.live.attach.wire import (
    GREETING_BYTES,
    QUESTION_BYTES,
    Answer,
    AskCandles,
    AskLiveReport,
    AskPerformance,
    AskSimilar,
    AskTaking,
    AskWhyNot,
    AskZoneStory,
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
from futtui.version import VERSION

if TYPE_CHECKING:
    from futtui.live.attach.door import Engine

log = logging.getLogger(__name__)

GREETING_S = 20.0
READING_S = 30.0
"""A screen that takes nothing of an answer for so long is dropped; it may come again."""
SILENCE_S = 120.0
"""So is one that asks for nothing: a living screen asks several times a second."""
LOOK_S = 0.05
STANDSTILL_LOOKS = 20
"""After so many looks without a new picture the screen is told that there is none."""
MOST_QUESTIONS = 32
TOO_MANY = "Too many questions at once. Try again in a moment."
UNEXPECTED = "Something unexpected happened; it is in the log of the engine."
ENDED = "The engine stopped before it answered."


class Guest:
    """Greets a screen and serves it until it leaves."""

    def __init__(self, engine: Engine, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._engine = engine
        self._reader = reader
        self._writer = writer
        self._writing = asyncio.Lock()
        self._pictures = PictureWriter()
        self._wanted = asyncio.Event()
        self._questions: set[asyncio.Task[None]] = set()
        self._decoder = msgspec.msgpack.Decoder(Question | Look)
        self.is_greeted = False

    async def stay(self, secret: str, speed: float) -> None:
        """Serve this screen until one side leaves. Strangers and garbage are turned away and noted in the log."""
        try:
            async with asyncio.timeout(GREETING_S):
                self.is_greeted = await self._greet(secret, speed)
            if self.is_greeted:
                log.info("A screen was opened")
                await self._serve()
        except msgspec.MsgspecError as error:
            log.warning("A program that is no screen of ours was turned away: %s", error)
        except (OSError, EOFError, TimeoutError) as error:
            log.info("A screen left: %s", error or type(error).__name__)

    async def last_words(self, message: Any) -> None:
        """Say something before the door closes."""
        if self.is_greeted:
            await self._write(message)

    async def _greet(self, secret: str, speed: float) -> bool:
        nonce = new_nonce()
        await self._write(Hello(VERSION, nonce))
        given = msgspec.msgpack.decode(await read_frame(self._reader, GREETING_BYTES), type=Introduction)
        if not is_proof(given.proof, secret, "screen", nonce):
            log.warning("A program that does not know the secret of this engine was turned away")
            await self._write(Welcome(refused="The secret is not that of this engine."))
            return False
        if given.shape != shape():
            text = (
                f"The engine was started with another build of futtui ({VERSION}) than this screen ({given.futtui}): "
                "they do not understand each other. Stop the engine and start it again with this build."
            )
            await self._write(Welcome(refused=text))
            return False
        await self._write(Welcome(proof(secret, "engine", given.nonce), speed))
        return True

    async def _serve(self) -> None:
        showing = asyncio.create_task(self._show(), name="pictures for a screen")
        listening = asyncio.create_task(self._listen(), name="questions of a screen")
        work = {showing, listening}
        try:
            done, _ = await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            work |= self._questions
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)

    async def _listen(self) -> None:
        while True:
            async with asyncio.timeout(SILENCE_S):
                data = await read_frame(self._reader, QUESTION_BYTES)
            asked = self._decoder.decode(data)
            if isinstance(asked, Look):
                self._wanted.set()
            elif len(self._questions) >= MOST_QUESTIONS:
                await self._write(Refusal(asked.number, TOO_MANY))
            else:
                task = asyncio.create_task(self._answer(asked))
                self._questions.add(task)
                task.add_done_callback(self._questions.discard)

    async def _show(self) -> None:
        """Answer each wish for a picture with the newest one, as soon as there is a new one."""
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            picture = self._engine.snapshot()
            for _ in range(STANDSTILL_LOOKS):
                if picture is not self._pictures.sent:
                    break
                await asyncio.sleep(LOOK_S)
                picture = self._engine.snapshot()
            if picture is self._pictures.sent:
                await self._write(Standstill(self._engine.exchange_time_ms()))
            else:
                news = msgspec.Raw(self._pictures.write(picture))
                await self._write(Picture(self._engine.exchange_time_ms(), news))

    async def _answer(self, asked: Question) -> None:
        message: Answer | Refusal
        try:
            answer = asyncio.wrap_future(self._ask(asked))
            await asyncio.wait((answer,))  # what was begun goes on when the screen leaves
            if answer.cancelled():
                raise FuttuiError(ENDED)
            message = Answer(asked.number, msgspec.Raw(msgspec.msgpack.encode(answer.result())))
        except FuttuiError as error:
            message = Refusal(asked.number, str(error))
        except msgspec.MsgspecError as error:
            log.warning("A screen asked for something that cannot be: %s", error)
            message = Refusal(asked.number, UNEXPECTED)
        except Exception:
            log.exception("A question of a screen could not be answered")
            message = Refusal(asked.number, UNEXPECTED)
        with contextlib.suppress(OSError, TimeoutError):  # then it is gone, and the answer with it
            await self._write(message)

    def _ask(self, asked: Question) -> Future[Any]:
        engine = self._engine
        if isinstance(asked, Order):
            command = command_of(asked.name, asked.content)
            # The engine's own time counts: that of a screen is an estimate and was some moments on the way.
            return engine.send(replace(command, time_ms=engine.exchange_time_ms()))
        if isinstance(asked, AskCandles):
            return engine.candles(asked.symbol, asked.timeframe, asked.limit, asked.before_ms)
        if isinstance(asked, AskPerformance):
            return engine.performance(asked.days)
        if isinstance(asked, AskLiveReport):
            return engine.live_report()
        if isinstance(asked, AskWhyNot):
            return engine.why_no_signals(asked.symbol, asked.since_ms)
        if isinstance(asked, AskSimilar):
            return engine.similar_signals(asked.signal)
        if isinstance(asked, AskTaking):
            return engine.look_at_taking(asked.signal_id)
        assert isinstance(asked, AskZoneStory)
        return engine.zone_story(asked.symbol, asked.zone_ids)

    async def _write(self, message: Any) -> None:
        async with self._writing:
            self._writer.write(frame(message))
            async with asyncio.timeout(READING_S):
                await self._writer.drain()
