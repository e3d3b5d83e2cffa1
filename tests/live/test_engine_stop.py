"""Whenever it is stopped, the engine leaves nothing behind but a usable database."""

from __future__ import annotations

import asyncio
import socket
import sqlite3
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from futtui.domain.errors import ExchangeError, StorageError
from futtui.domain.position import TradingMode
from futtui.exchange.ports import Endpoints
from futtui.live.engine import Engine
from futtui.live.engine_thread import EngineThread
from futtui.live.settings import EngineSettings
from futtui.live.snapshots import starting_snapshot
from tests.live.engine_world import Exchange, Wired, exchange, server_config, until, wired

LIBRARY_THREADS = ("asyncio_", "engine-pool", "ThreadPoolExecutor", "aiosqlite")


def usable(database: Path) -> bool:
    """Whether another program can open the file and finds it whole, with nothing left in side files."""
    with closing(sqlite3.connect(database)) as connection:
        return bool(connection.execute("PRAGMA integrity_check").fetchone() == ("ok",))


def own_threads() -> set[str]:
    return {thread.name for thread in threading.enumerate() if not thread.name.startswith(LIBRARY_THREADS)}


@asynccontextmanager
async def nothing_left(database: Path, world: Exchange | None = None) -> AsyncIterator[None]:
    """Compare tasks, threads, sockets and the database before and after the block."""
    tasks, threads = asyncio.all_tasks(), own_threads()
    yield
    await asyncio.sleep(0)
    left = {task for task in asyncio.all_tasks() - tasks if not task.get_name().startswith("Task-")}
    assert left == set()
    assert own_threads() <= threads
    if world is not None:
        await until(lambda: not world.server.venue.hub.connections)
        runner = world.server._runner
        assert runner is not None
        assert runner.server is not None
        await until(lambda: not runner.server.connections)
    assert usable(database)
    assert not database.with_name(database.name + "-wal").exists()


def closed_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_engine_stopped_while_trading_live_leaves_no_task_thread_or_socket(tmp_path: Path) -> None:
    database = tmp_path / "a.db"
    async with exchange(server_config(speed=600.0)) as world:
        async with nothing_left(database, world):
            engine = wired(database, world, mode=TradingMode.LIVE, lockstep=False, speed=600.0).build()
            work = asyncio.create_task(engine.run(), name="run")
            await until(lambda: engine.snapshot().phase == "running" and engine.counts["analyses"] > 2)
            assert len(world.server.venue.hub.connections) == 2
            await engine.stop()
            await engine.stop()
            await work
        assert engine.snapshot().phase == "stopped"


async def test_engine_stopped_by_two_at_once_ends_both_after_the_database_is_closed(tmp_path: Path) -> None:
    database = tmp_path / "a.db"
    async with exchange(server_config(speed=60.0)) as world, nothing_left(database, world):
        engine = wired(database, world, lockstep=False, speed=60.0).build()
        work = asyncio.create_task(engine.run(), name="run")
        await until(lambda: engine.snapshot().phase == "running")
        first, second = asyncio.create_task(engine.stop()), asyncio.create_task(engine.stop())
        done, _ = await asyncio.wait((first, second), return_when=asyncio.FIRST_COMPLETED, timeout=10)
        assert done
        assert not database.with_name(database.name + "-wal").exists()
        await asyncio.gather(first, second, work)


async def never() -> Endpoints:
    await asyncio.Event().wait()
    raise AssertionError


async def unreachable() -> Endpoints:
    port = closed_port()
    return Endpoints(f"http://127.0.0.1:{port}", f"ws://127.0.0.1:{port}", "nobody")


@pytest.mark.parametrize("endpoints", [never, unreachable])
async def test_engine_stopped_before_the_exchange_was_reached_ends_at_once(
    endpoints: Callable[[], Awaitable[Endpoints]], tmp_path: Path
) -> None:
    database = tmp_path / "a.db"
    async with nothing_left(database):
        engine = Wired(database, endpoints, lockstep=False).build()
        work = asyncio.create_task(engine.run(), name="run")
        if endpoints is unreachable:
            await until(lambda: engine.snapshot().feed.attempt >= 1)
            assert "No connection" in engine.snapshot().phase_text
            assert engine.snapshot().phase == "connecting"
        else:
            await asyncio.sleep(0.05)
        async with asyncio.timeout(2.0):
            await engine.stop()
            await work


async def test_engine_stopped_before_it_runs_opens_nothing(tmp_path: Path) -> None:
    database = tmp_path / "a.db"
    async with exchange(server_config()) as world, nothing_left(database, world):
        engine = wired(database, world, lockstep=False).build()
        await engine.stop()
        async with asyncio.timeout(2.0):
            await engine.run()


@pytest.mark.parametrize(
    "path", ["/fapi/v1/time", "/fapi/v1/exchangeInfo", "/fapi/v1/klines", "/fapi/v1/listenKey", "/fapi/v3/balance"]
)
async def test_engine_stopped_at_any_step_of_the_start_leaves_nothing(path: str, tmp_path: Path) -> None:
    database = tmp_path / "a.db"
    async with exchange(server_config(speed=60.0)) as world, nothing_left(database, world):
        world.fault(f"{{action: stall, path: '{path}', hold_s: 60}}")
        engine = wired(database, world, mode=TradingMode.LIVE, lockstep=False, speed=60.0).build()
        work = asyncio.create_task(engine.run(), name="run")
        await until(lambda: world.struck() > 0)
        async with asyncio.timeout(4.0):
            await engine.stop()
            await work


async def test_engine_stopped_after_the_exchange_went_away_ends_soon(tmp_path: Path) -> None:
    database = tmp_path / "a.db"
    async with nothing_left(database):
        async with exchange(server_config(speed=60.0)) as world:
            engine = wired(database, world, mode=TradingMode.LIVE, lockstep=False, speed=60.0).build()
            work = asyncio.create_task(engine.run(), name="run")
            await until(lambda: engine.snapshot().phase == "running")
        await until(lambda: not engine.snapshot().feed.connected)
        async with asyncio.timeout(4.0):
            await engine.stop()
            await work


# --- the thread -----------------------------------------------------------------------------------------------------


def threaded(plan: Wired) -> EngineThread:
    return EngineThread(plan.build, starting_snapshot(EngineSettings()))


async def test_engine_thread_stopped_while_running_ends_its_thread(tmp_path: Path) -> None:
    database = tmp_path / "a.db"
    async with exchange(server_config(speed=60.0)) as world, nothing_left(database, world):
        thread = threaded(wired(database, world, mode=TradingMode.LIVE, lockstep=False, speed=60.0))
        thread.start()
        await until(lambda: thread.snapshot().phase == "running")
        await asyncio.to_thread(thread.stop)
        await asyncio.to_thread(thread.stop)
        assert thread.snapshot().phase == "stopped"
        assert thread.failure is None
        with pytest.raises(Exception, match="has stopped"):
            thread.send(None).result(1)  # type: ignore[arg-type]


async def test_engine_thread_stopped_while_the_engine_is_built_never_connects(tmp_path: Path) -> None:
    database = tmp_path / "a.db"
    building, go_on = threading.Event(), threading.Event()
    async with exchange(server_config()) as world, nothing_left(database, world):
        plan = wired(database, world, lockstep=False)

        def slow_build() -> Engine:
            building.set()
            assert go_on.wait(10)
            return plan.build()

        thread = EngineThread(slow_build, starting_snapshot(EngineSettings()))
        thread.start()
        assert await asyncio.to_thread(building.wait, 10)
        stopping = asyncio.create_task(asyncio.to_thread(thread.stop))
        await until(lambda: thread._stop_asked.is_set())
        go_on.set()
        async with asyncio.timeout(5.0):
            await stopping
        assert world.server.venue.publisher is not None
        assert thread.failure is None


async def test_engine_thread_whose_exchange_never_answers_stops_soon(tmp_path: Path) -> None:
    database = tmp_path / "a.db"
    async with nothing_left(database):
        thread = threaded(Wired(database, unreachable, lockstep=False))
        thread.start()
        await until(lambda: thread.snapshot().feed.attempt >= 1)
        async with asyncio.timeout(4.0):
            await asyncio.to_thread(thread.stop)


async def test_engine_thread_unusable_database_is_a_failure_in_words(tmp_path: Path) -> None:
    database = tmp_path / "a.db"
    database.write_bytes(b"this is no database" * 100)
    thread = threaded(Wired(database, never, fresh=False))
    thread.start()
    await until(lambda: thread.failure is not None)
    assert isinstance(thread.failure, StorageError)
    with pytest.raises(Exception, match="stopped because of an error: The database"):
        thread.send(None).result(1)  # type: ignore[arg-type]
    thread.stop()


def test_engine_thread_that_never_started_can_be_stopped(tmp_path: Path) -> None:
    thread = threaded(Wired(tmp_path / "a.db", never))
    thread.stop()
    thread.stop()


async def test_engine_exchange_that_cannot_start_at_all_is_told_not_tried_for_ever(tmp_path: Path) -> None:
    async def broken() -> Endpoints:
        raise ExchangeError("The embedded exchange did not start: the file is empty.")

    engine = Wired(tmp_path / "a.db", broken, lockstep=False).build()
    with pytest.raises(Exception, match="the file is empty"):
        async with asyncio.timeout(5.0):
            await engine.run()
    await engine.stop()
    assert "the file is empty" in engine.snapshot().phase_text
    assert engine.snapshot().log == ()


async def test_engine_thread_failure_at_the_start_is_on_the_screen_in_words(tmp_path: Path) -> None:
    database = tmp_path / "a.db"
    database.write_bytes(b"this is no database" * 100)
    thread = EngineThread(Wired(database, never, fresh=False).build, starting_snapshot(EngineSettings()))
    before = thread.snapshot()
    thread.start()
    await until(lambda: thread.snapshot().phase == "failed")
    assert thread.snapshot().phase_text.startswith(f"The database {database} is damaged")
    assert thread.snapshot().version > before.version
    thread.stop()


async def test_engine_thread_unusable_folder_is_named_without_a_traceback(tmp_path: Path) -> None:
    def build() -> Engine:
        raise OSError(30, "Read-only file system", "/somewhere/demo.db")

    thread = EngineThread(build, starting_snapshot(EngineSettings()))
    thread.start()
    await until(lambda: thread.failure is not None)
    await until(lambda: thread.snapshot().phase == "failed")
    assert thread.snapshot().phase_text == "/somewhere/demo.db cannot be used (Read-only file system)."
    thread.stop()


async def test_engine_thread_whose_exchange_ended_for_good_stops_and_says_so(tmp_path: Path) -> None:
    database = tmp_path / "a.db"
    said = ""
    async with exchange(server_config(speed=60.0)) as world, nothing_left(database, world):
        plan = wired(database, world, lockstep=False, speed=60.0)
        thread = EngineThread(plan.build, starting_snapshot(EngineSettings()), lambda: said)
        thread.start()
        await until(lambda: thread.snapshot().phase == "running")
        said = "The exchange is gone. Start again."
        await until(lambda: thread.snapshot().phase == "failed")
        assert thread.snapshot().phase_text == said
        assert thread.snapshot().market
        assert not thread.snapshot().feed.connected
        await asyncio.to_thread(thread.stop)
