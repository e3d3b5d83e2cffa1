"""`futtui demo` in a terminal: whatever ends it, the terminal is put in order and no process is left."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import psutil
import pytest

if sys.platform == "win32":
    pytest.skip("pseudo terminals of this kind exist on POSIX only", allow_module_level=True)

import fcntl
import pty
import select
import struct
import termios

ENTERED, LEFT = b"\x1b[?1049h", b"\x1b[?1049l"
SHORT_HISTORY = "market:\n  history: {bars_15m: 300, bars_1h: 250, bars_4h: 210, bars_1d: 60}\n"


def read_until(handle: int, wanted: bytes, timeout_s: float = 60.0) -> bytes:
    """What came from the terminal up to `wanted` or its end."""
    seen, deadline = b"", time.monotonic() + timeout_s
    while wanted not in seen and time.monotonic() < deadline:
        if select.select([handle], [], [], 0.1)[0]:
            try:
                part = os.read(handle, 65536)
            except OSError:
                break
            if not part:
                break
            seen += part
    return seen


def start(tmp_path: Path, *, deaf: bool = False) -> tuple[subprocess.Popen[bytes], int]:
    """The demo in a window of its own, and our end of the window; `deaf` as under `nohup`, to the window's end."""
    (tmp_path / "config.yaml").write_text(SHORT_HISTORY, encoding="utf-8")
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 35, 120, 0, 0))
    command = [sys.executable, "-m", "futtui", "demo", "--symbols", "BTCUSDT", "--home", str(tmp_path / "home")]
    environment = {**os.environ, "TERM": "xterm-256color", "PYTHONPATH": str(Path(__file__).parents[1])}
    process = subprocess.Popen(
        command,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=tmp_path,
        env=environment,
        start_new_session=True,
        preexec_fn=lambda: _take_window(deaf),
    )
    os.close(theirs)
    return process, ours


def _take_window(deaf: bool) -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN if deaf else signal.SIG_DFL)  # whatever the tests themselves inherited
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, None], ids=["SIGTERM", "SIGHUP", "q"])
def test_demo_that_is_asked_to_end_leaves_the_terminal_in_order(tmp_path: Path, number: signal.Signals | None) -> None:
    process, ours = start(tmp_path)
    try:
        seen = read_until(ours, b"symbols are ready") if number else read_until(ours, b"1 Market")
        assert ENTERED in seen
        children = psutil.Process(process.pid).children(recursive=True)
        if number is None:
            os.write(ours, b"q")
        else:
            process.send_signal(number)
        assert LEFT in read_until(ours, LEFT)
        read_until(ours, b"never", 10.0)
        assert process.wait(20) == 0
        _, alive = psutil.wait_procs(children, 10)
        assert alive == []
    finally:
        process.kill()
        process.wait()
        os.close(ours)


@pytest.mark.parametrize("deaf", [False, True])
def test_demo_whose_window_is_closed_ends_with_everything_it_started(tmp_path: Path, deaf: bool) -> None:
    process, ours = start(tmp_path, deaf=deaf)
    try:
        assert ENTERED in read_until(ours, b"symbols are ready")
        children = psutil.Process(process.pid).children(recursive=True)
        os.close(ours)
        assert process.wait(20) == 0
        _, alive = psutil.wait_procs(children, 10)
        assert alive == []
        with closing(sqlite3.connect(tmp_path / "home" / "demo.db")) as database:
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        log = (tmp_path / "home" / "logs" / "futtui.log").read_text(encoding="utf-8")
        assert "Traceback" not in log
    finally:
        process.kill()
        process.wait()
