"""`futtui headless` and screens on it as a user has them: opened, closed, opened again, in windows of their own."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from futtui.cli.attach_command import newest_demo, run_attach
from futtui.cli.live_command import run_live
from futtui.cli.places import Places
from futtui.cli.sole_user import sole_user
from futtui.domain.errors import FuttuiError
from futtui.domain.events import BlockSymbol, SetPaused
from futtui.live.attach.door_file import Door, door_file, read_door, write_door
from futtui.live.attach.remote_engine import RemoteEngine
from tests.live.engine_world import exchange, server_config, until

SETTINGS = (
    "worker_processes: 0\n"
    "telegram: {enabled: true}\n"
    "market:\n  symbols: [ETHUSDT]\n  history: {bars_15m: 300, bars_1h: 250, bars_4h: 210, bars_1d: 60}\n"
)
ENTERED, LEFT = b"\x1b[?1049h", b"\x1b[?1049l"
NOTE = "local-exchange-screens.json"


class Headless:
    """A running `futtui headless` and what it printed."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.said = ""

    async def listen(self) -> None:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            self.said += line.decode()


@asynccontextmanager
async def headless(home: Path, environment: dict[str, str]) -> AsyncIterator[Headless]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "futtui", "headless", "--home", str(home)), env=environment, cwd=home,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    running = Headless(process)
    listening = asyncio.create_task(running.listen())
    try:
        await until(lambda: (home / NOTE).is_file(), 120)
        yield running
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await listening


async def ask(future):  # type: ignore[no-untyped-def]
    return await asyncio.wait_for(asyncio.wrap_future(future), 60)


async def opened(home: Path) -> RemoteEngine:
    remote = RemoteEngine(home / NOTE)
    await asyncio.to_thread(remote.connect)
    return remote


async def window(home: Path, environment: dict[str, str], typed: list[tuple[bytes, bytes]]) -> bytes:
    """Plain `futtui` in a terminal of its own: types each answer when its question has come; all that was drawn."""
    import fcntl
    import pty
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 140, 0, 0))
    window_of = {"TERM": "xterm-256color", "COLUMNS": "140", "LINES": "40"}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "futtui", "--home", str(home)), env=environment | window_of, cwd=home,
        stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
    )  # fmt: skip
    os.close(theirs)
    os.set_blocking(ours, False)
    drawn = b""

    def came(wanted: bytes) -> bool:
        nonlocal drawn
        try:
            drawn += os.read(ours, 65_536)
        except (BlockingIOError, OSError):
            pass
        return wanted in drawn

    try:
        for question, answer in typed:
            await until(lambda wanted=question: came(wanted), 120)  # type: ignore[misc]
            os.write(ours, answer)
        await until(lambda: came(b"goes on without a screen"), 120)
        assert await asyncio.wait_for(process.wait(), 60) == 0
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        os.close(ours)
    return drawn


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo terminals of this kind exist on POSIX only")
async def test_a_headless_futtui_gets_a_screen_loses_it_and_gets_it_again(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(SETTINGS, encoding="utf-8")
    async with exchange(server_config(seed=3, symbols=("ETHUSDT",), speed=1.0)) as world:
        environment = os.environ | {
            "PYTHONPATH": str(Path(__file__).parents[1]),
            "FUTTUI__EXCHANGE__REST_URL": world.endpoints.rest,
            "FUTTUI__EXCHANGE__STREAM_URL": world.endpoints.stream,
        }
        async with headless(tmp_path, environment) as running:
            first = await opened(tmp_path)
            assert first.pid == running.process.pid
            await until(lambda: first.snapshot().symbols_ready == 1, 120)
            assert "paused" in await ask(first.send(SetPaused(0, True)))
            await ask(first.send(BlockSymbol(0, "ETHUSDT", 0, "news ahead")))
            first.close()

            typed = [(b"Open the screen on it?", b"\n"), (b"goes on", b""), (b"ETHUSDT", b"q")]
            drawn = await window(tmp_path, environment, typed)
            assert ENTERED in drawn
            assert LEFT in drawn

            again = await opened(tmp_path)
            desk = again.snapshot().desk
            assert desk is not None
            assert desk.paused
            assert desk.blocked == {"ETHUSDT": (0, "news ahead")}
            running.process.terminate()
            await until(lambda: again.snapshot().phase == "failed")
            assert again.snapshot().phase_text == "The engine was stopped."
            again.close()
            assert await asyncio.wait_for(running.process.wait(), 60) == 0
        assert "`futtui attach`" in running.said
        assert "Telegram is switched on, but" in running.said
        assert "paused" in running.said
        assert read_door(tmp_path / NOTE) is None
        with pytest.raises(FuttuiError, match="No futtui runs without a screen"):
            await opened(tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL there")
async def test_a_headless_futtui_that_is_killed_is_told_as_gone(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(SETTINGS, encoding="utf-8")
    environment = os.environ | {
        "PYTHONPATH": str(Path(__file__).parents[1]),
        "FUTTUI__EXCHANGE__REST_URL": "http://127.0.0.1:9",
        "FUTTUI__EXCHANGE__STREAM_URL": "ws://127.0.0.1:9",
    }
    async with headless(tmp_path, environment) as running:
        remote = await opened(tmp_path)
        running.process.kill()
        await until(lambda: "is gone" in remote.snapshot().phase_text)
        remote.close()
    with pytest.raises(FuttuiError, match="is gone"):
        await opened(tmp_path)


@pytest.fixture
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal, an empty folder, and nothing that may be started."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("futtui.cli.screen.need_terminal", lambda: None)
    monkeypatch.setattr("futtui.cli.launch.run_screen", lambda launch: pytest.fail("an engine was started"))


@pytest.mark.usefixtures("terminal")
def test_attach_says_whether_nobody_runs_or_somebody_with_a_screen(tmp_path: Path) -> None:
    with pytest.raises(FuttuiError, match="No futtui runs without a screen here"):
        run_attach(None, tmp_path, demo=False)
    with sole_user(tmp_path / "futtui.db"), pytest.raises(FuttuiError, match="has a screen of its own"):
        run_attach(None, tmp_path, demo=False)
    with pytest.raises(FuttuiError, match="No futtui runs without a screen here"):
        run_attach(None, tmp_path, demo=True)


@pytest.mark.usefixtures("terminal")
def test_a_declined_offer_starts_nothing_and_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[str] = []
    monkeypatch.setattr("typer.confirm", lambda text, default: asked.append(text))
    with sole_user(tmp_path / "futtui.db"):
        write_door(door_file(tmp_path / "futtui.db"), Door(4711, 1, "s"))
        run_live(None, tmp_path)
    assert "process 4711" in asked[0]
    assert "--home and another folder" in capsys.readouterr().out


def test_the_newest_demo_that_still_runs_is_meant(tmp_path: Path) -> None:
    places = Places.of(tmp_path)
    assert newest_demo(places) == places.demo_database
    names = ("demo.db", "demo-2.db", "demo-3.db")
    for at, name in enumerate(names):
        note = door_file(tmp_path / name)
        write_door(note, Door(1, 1, "s"))
        os.utime(note, (at, at))
    with sole_user(tmp_path / "demo.db"), sole_user(tmp_path / "demo-2.db"):  # the third was killed
        assert newest_demo(places) == tmp_path / "demo-2.db"
