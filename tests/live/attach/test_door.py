"""The door for screens: who may come in, what they see and may do, and that the engine never waits for them."""

from __future__ import annotations

import asyncio
import os
import socket
import stat
import sys
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Future
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pytest

from futtui.domain.errors import FuttuiError, StorageError
from futtui.domain.events import BlockSymbol, ChangeMode, Command, SetPaused
from futtui.domain.position import TradingMode
from futtui.domain.timeframe import Timeframe
from futtui.live.attach import door, guest, remote_engine, wire
from futtui.live.attach.door import ScreenDoor
from futtui.live.attach.door_file import Door, door_file, read_door, write_door
from futtui.live.attach.remote_engine import RemoteEngine
from tests.live.engine_world import until
from tests.tui.fake_engine import NOW_MS, FakeEngine, MovingEngine

T = TypeVar("T")


class SlowToAnswer(FakeEngine):
    """Answers a command only when the test says so."""

    held: Future[str]

    def send(self, command: Command) -> Future[str]:
        self.commands.append(command)
        self.held = Future()
        return self.held


@contextmanager
def opened(engine: FakeEngine, folder: Path, farewell: str = "The engine was stopped.") -> Iterator[ScreenDoor]:
    here = ScreenDoor(engine, folder / "note.json")
    here.open()
    try:
        yield here
    finally:
        here.close(farewell)


@asynccontextmanager
async def screen(folder: Path) -> AsyncIterator[RemoteEngine]:
    remote = RemoteEngine(folder / "note.json")
    await asyncio.to_thread(remote.connect)
    try:
        yield remote
    finally:
        await asyncio.to_thread(remote.close)


async def answer(future: Future[T]) -> T:
    return await asyncio.wait_for(asyncio.wrap_future(future), 60)


def note(folder: Path) -> Door:
    found = read_door(folder / "note.json")
    assert found is not None
    return found


class Stranger:
    """A raw connection to the door."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def at(cls, folder: Path) -> Stranger:
        return cls(*await asyncio.open_connection("127.0.0.1", note(folder).port))

    async def hears(self, kind: Any) -> Any:
        async with asyncio.timeout(60):
            return msgspec.msgpack.decode(await wire.read_frame(self.reader, wire.ANSWER_BYTES), type=kind)

    async def greets(self, secret: str, *, shape: str | None = None) -> wire.Welcome:
        hello = await self.hears(wire.Hello)
        told = wire.Introduction(
            "9.9", wire.shape() if shape is None else shape, "n", wire.proof(secret, "screen", hello.nonce)
        )
        self.writer.write(wire.frame(told))
        welcome: wire.Welcome = await self.hears(wire.Welcome)
        return welcome

    async def is_thrown_out(self) -> bool:
        """Whether the other side ends the connection (what it may still say is read and dropped)."""
        try:
            async with asyncio.timeout(60):
                while await self.reader.read(65_536):
                    pass
        except ConnectionError:
            pass
        return True


async def test_a_screen_sees_what_the_engine_shows_and_its_questions_are_answered(tmp_path: Path) -> None:
    engine = MovingEngine()
    with opened(engine, tmp_path) as here:
        async with screen(tmp_path) as remote:
            assert here.guests == 1
            assert remote.pid == os.getpid()
            assert remote.snapshot() == engine.current
            for _ in range(3):
                engine.step()
                await until(lambda: remote.snapshot() == engine.current)
            assert 0 <= remote.exchange_time_ms() - engine.now_ms < 60_000
            series = await answer(remote.candles("BTCUSDT", Timeframe.H1, 30))
            assert series == await answer(engine.candles("BTCUSDT", Timeframe.H1, 30))
            assert engine.asked[0] == ("BTCUSDT", Timeframe.H1, 30, None)
            assert await answer(remote.performance(30)) == engine.report
            assert await answer(remote.why_no_signals("", 5)) == await answer(engine.why_no_signals("", 5))
            assert engine.current.desk is not None
            signal = engine.current.desk.signals[0]
            assert await answer(remote.similar_signals(signal)) == await answer(engine.similar_signals(signal))
            assert await answer(remote.live_report()) == engine.live
            story = await answer(remote.zone_story("BTCUSDT", ("z1", "z2")))
            assert story == await answer(engine.zone_story("BTCUSDT", ("z1", "z2")))
        await until(lambda: here.guests == 0)


async def test_a_command_reaches_the_engine_with_the_engines_own_time(tmp_path: Path) -> None:
    engine = FakeEngine()
    with opened(engine, tmp_path):
        async with screen(tmp_path) as remote:
            assert await answer(remote.send(BlockSymbol(1, "ADAUSDT", NOW_MS + 5, "news"))) == "Done."
            assert engine.commands == [BlockSymbol(NOW_MS, "ADAUSDT", NOW_MS + 5, "news")]
            engine.refuse = "Live needs the keys of your account."
            with pytest.raises(FuttuiError, match="needs the keys"):
                await answer(remote.send(ChangeMode(1, TradingMode.LIVE)))
            engine.refuse_candles = "Nothing is stored."
            with pytest.raises(FuttuiError, match="Nothing is stored"):
                await answer(remote.candles("BTCUSDT", Timeframe.H1, 30))


async def test_a_command_of_the_last_moment_is_not_lost_with_the_screen(tmp_path: Path) -> None:
    engine = FakeEngine()
    with opened(engine, tmp_path):
        async with screen(tmp_path) as remote:
            given = remote.send(SetPaused(1, True))
        assert engine.commands == [SetPaused(NOW_MS, True)]
        assert given.result(0) == "Done."


async def test_a_screen_that_comes_again_sees_the_same_and_several_may_watch(tmp_path: Path) -> None:
    engine = MovingEngine()
    with opened(engine, tmp_path) as here:
        async with screen(tmp_path) as first:
            engine.step()
            async with screen(tmp_path) as second:
                assert here.guests == 2
                engine.show_desk(paused=True)
                await until(lambda: first.snapshot() == engine.current == second.snapshot())
        engine.step()
        async with screen(tmp_path) as again:
            assert again.snapshot() == engine.current
            assert again.snapshot().desk is not None
            assert again.snapshot().desk.paused


async def test_a_screen_that_reads_nothing_holds_up_nobody_and_is_dropped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = MovingEngine(symbols=200)
    with opened(engine, tmp_path) as here:
        stuck = await Stranger.at(tmp_path)
        sock = stuck.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        assert (await stuck.greets(note(tmp_path).secret)).refused == ""
        (its_guest,) = here._guests.values()
        stuck.writer.transport.pause_reading()
        stuck.writer.write(wire.frame(wire.Look()))
        async with screen(tmp_path) as remote:
            for _ in range(5):
                engine.step()
                await until(lambda: remote.snapshot() == engine.current)
            assert await answer(remote.send(SetPaused(1, True))) == "Done."
            monkeypatch.setattr(guest, "READING_S", 0.3)
            async with asyncio.timeout(120):
                while its_guest in here._guests.values():  # it asks on and on, until the system's own buffers are full
                    engine.step()
                    stuck.writer.write(wire.frame(wire.Look()))
                    await asyncio.sleep(0.01)
            await until(lambda: remote.snapshot() == engine.current)
        stuck.writer.transport.abort()


@pytest.mark.parametrize(
    "said",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x00\x00\x00\x03abc",
        b"\xff\xff\xff\xff",
        wire.frame(wire.Order(1, "SetPaused", msgspec.Raw(msgspec.msgpack.encode(SetPaused(1, True))))),
    ],
    ids=["http", "garbage", "endless", "command without a greeting"],
)
async def test_who_does_not_greet_is_thrown_out_and_does_nothing(said: bytes, tmp_path: Path) -> None:
    engine = FakeEngine()
    with opened(engine, tmp_path) as here:
        stranger = await Stranger.at(tmp_path)
        stranger.writer.write(said)
        assert await stranger.is_thrown_out()
        assert engine.commands == []
        assert here.guests == 0
        async with screen(tmp_path) as remote:
            assert remote.snapshot() == engine.current


async def test_a_wrong_secret_is_refused_and_so_is_another_build(tmp_path: Path) -> None:
    engine = FakeEngine()
    with opened(engine, tmp_path) as here:
        thief = await Stranger.at(tmp_path)
        assert "secret" in (await thief.greets("0" * 64)).refused
        assert await thief.is_thrown_out()
        older = await Stranger.at(tmp_path)
        refusal = (await older.greets(note(tmp_path).secret, shape="another")).refused
        assert "another build" in refusal
        assert "9.9" in refusal
        assert await older.is_thrown_out()
        assert here.guests == 0


@pytest.mark.parametrize("said", [b"\x00\x00\x00\x02\x93\x01", wire.frame({"type": "Erase"}), b"\x7f\xff\xff\xff"])
async def test_garbage_after_the_greeting_ends_that_screen_only(said: bytes, tmp_path: Path) -> None:
    engine = FakeEngine()
    with opened(engine, tmp_path):
        async with screen(tmp_path) as remote:
            odd = await Stranger.at(tmp_path)
            await odd.greets(note(tmp_path).secret)
            odd.writer.write(said)
            assert await odd.is_thrown_out()
            assert await answer(remote.send(SetPaused(1, True))) == "Done."


async def test_a_command_that_is_none_is_refused_in_words(tmp_path: Path) -> None:
    engine = FakeEngine()
    with opened(engine, tmp_path):
        odd = await Stranger.at(tmp_path)
        await odd.greets(note(tmp_path).secret)
        odd.writer.write(wire.frame(wire.Order(3, "SetPaused", msgspec.Raw(b"\xa3now"))))
        refusal = await odd.hears(wire.FromEngine)
        assert refusal == wire.Refusal(3, guest.UNEXPECTED)
        assert engine.commands == []
        odd.writer.close()


async def test_an_engine_that_does_not_know_the_secret_is_not_believed(tmp_path: Path) -> None:
    async def pretend(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(wire.frame(wire.Hello("0.1.0", "nonce")))
        await wire.read_frame(reader, wire.GREETING_BYTES)
        writer.write(wire.frame(wire.Welcome("0" * 64)))

    server = await asyncio.start_server(pretend, "127.0.0.1", 0)
    async with server:
        write_door(tmp_path / "note.json", Door(1, server.sockets[0].getsockname()[1], "s" * 64))
        with pytest.raises(FuttuiError, match="not the engine that left its note"):
            await asyncio.to_thread(RemoteEngine(tmp_path / "note.json").connect)


async def test_no_engine_a_dead_one_and_a_full_house_are_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remote = RemoteEngine(tmp_path / "note.json")
    assert remote.is_nobody_there
    with pytest.raises(FuttuiError, match="futtui headless"):
        remote.connect()
    with opened(FakeEngine(), tmp_path):
        monkeypatch.setattr(door, "MOST_GUESTS", 0)
        with pytest.raises(FuttuiError, match="no more screens"):
            await asyncio.to_thread(RemoteEngine(tmp_path / "note.json").connect)
        left = note(tmp_path)
    write_door(tmp_path / "note.json", left)  # as a killed engine would leave it
    with pytest.raises(FuttuiError, match="is gone"):
        await asyncio.to_thread(RemoteEngine(tmp_path / "note.json").connect)


async def test_the_engines_end_is_told_on_the_screen_with_its_last_picture(tmp_path: Path) -> None:
    engine = FakeEngine()
    with opened(engine, tmp_path, "The engine stopped because of an error: the disk is full.") as here:
        async with screen(tmp_path) as remote:
            await asyncio.to_thread(here.close, "The engine stopped because of an error: the disk is full.")
            await until(lambda: remote.snapshot().phase == "failed")
            last = remote.snapshot()
            assert last.phase_text == "The engine stopped because of an error: the disk is full."
            assert not last.feed.connected
            assert last.market == engine.current.market
            with pytest.raises(FuttuiError, match="Nothing was sent"):
                await answer(remote.send(SetPaused(1, True)))
    assert read_door(tmp_path / "note.json") is None


async def test_a_lost_connection_is_told_made_again_and_leaves_no_command_in_doubt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote_engine, "RETRY_S", 0.05)
    engine = SlowToAnswer()
    with opened(engine, tmp_path) as here:
        async with screen(tmp_path) as remote:
            given = remote.send(SetPaused(1, True))
            await until(lambda: engine.commands == [SetPaused(NOW_MS, True)])
            for each in list(here._guests.values()):
                loop = here._loop
                assert loop is not None
                loop.call_soon_threadsafe(each._writer.transport.abort)
            with pytest.raises(FuttuiError, match="is not known"):
                await answer(given)
            engine.show_desk(paused=True)
            await until(lambda: remote.snapshot() == engine.current)
            assert not engine.held.cancelled()
            later = remote.send(SetPaused(1, False))
            await until(lambda: len(engine.commands) == 2)
            engine.held.set_result("New trades are allowed again.")
            assert await answer(later) == "New trades are allowed again."


async def test_too_many_questions_at_once_are_refused_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guest, "MOST_QUESTIONS", 2)
    engine = FakeEngine()
    engine.hold_candles = True
    with opened(engine, tmp_path):
        async with screen(tmp_path) as remote:
            asked = [remote.candles("BTCUSDT", Timeframe.H1, 5) for _ in range(2)]
            await until(lambda: len(engine.answers) == 2)
            with pytest.raises(FuttuiError, match="Too many questions"):
                await answer(remote.candles("BTCUSDT", Timeframe.H1, 5))
            engine.give_candles()
            for each in asked:
                assert len((await answer(each)).candles) == 5


def test_the_note_is_for_the_users_eyes_only_and_goes_with_the_engine(tmp_path: Path) -> None:
    path = door_file(tmp_path / "futtui.db")
    assert path == tmp_path / "futtui-screens.json"
    path.write_text("left by a crash", encoding="utf-8")
    path.with_name(path.name + ".new").write_text("left by a crash", encoding="utf-8")
    first, second = ScreenDoor(FakeEngine(), path), ScreenDoor(FakeEngine(), path)
    first.open()
    if sys.platform != "win32":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    old = read_door(path)
    second.open()
    now = read_door(path)
    assert old is not None
    assert now is not None
    assert old.secret != now.secret
    first.close()
    assert read_door(path) == now
    second.close()
    second.close()
    assert not path.exists()


def test_a_note_that_cannot_be_written_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    here = ScreenDoor(FakeEngine(), tmp_path / "file" / "note.json")
    with pytest.raises(StorageError, match="No screen can be opened on this run"):
        here.open()
    assert not here._thread.is_alive()


def test_a_changed_word_changes_the_fingerprint(monkeypatch: pytest.MonkeyPatch) -> None:
    before = wire.shape()
    wire.shape.cache_clear()
    assert wire.shape() == before
    wire.shape.cache_clear()
    monkeypatch.setattr(wire, "ANSWERS", {**wire.ANSWERS, wire.Order: int})
    assert wire.shape() != before
    wire.shape.cache_clear()
