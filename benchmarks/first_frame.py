"""Time to the first full frame of the app in a pseudo terminal, and what a beat of the screen costs."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import select
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

NAME = "first-frame"
DESCRIPTION = "start of the app to its first full frame, and the screen's tick at 12 and 200 moving rows"

REPOSITORY = Path(__file__).resolve().parents[1]
SCREEN_ALONE: tuple[str, ...] = (sys.executable, "-m", "tests.tui.play")
"""The dashboard on a hand-made engine: what the screen itself costs."""
COMMAND: tuple[str, ...] = (sys.executable, "-m", "futtui", "demo", "--speed", "60")
"""The app to start; any command that shows the dashboard in a terminal. A folder of its own is added."""
FULL_FRAME = ("1 Market", "2 Signals", "3 Positions", "4 Zones", "5 Log", "quit")
WIDTH, HEIGHT = 120, 35
STARTS = 5
BEATS = 300
_CONTROL = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")

Rows = list[Sequence[object]]


def terminal_environment() -> dict[str, str]:
    """What a start in a terminal has around it. Python may keep compiled files, as where futtui is installed."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "TERM": "xterm-256color", "COLORTERM": "truecolor"}


def time_first_frame(command: Sequence[str], limit_s: float = 30.0) -> float:
    """Seconds from starting `command` in a pseudo terminal until all parts of the dashboard were written."""
    return first_frame(command, limit_s)[0]


def first_frame(command: Sequence[str], limit_s: float = 30.0) -> tuple[float, float]:
    """(seconds until all parts of the dashboard were written, seconds of processor that the process took for it).

    The second figure does not grow on a busy machine. Raises RuntimeError where pseudo terminals do not exist (Windows)
    or when the frame never came.
    """
    if sys.platform == "win32":
        raise RuntimeError("The first frame is measured in a pseudo terminal, which Windows does not offer to Python.")
    import fcntl
    import pty
    import termios

    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", HEIGHT, WIDTH, 0, 0))
    begin_s = time.perf_counter()
    process = subprocess.Popen(
        list(command),
        stdin=follower,
        stdout=follower,
        stderr=follower,
        cwd=REPOSITORY,
        env=terminal_environment(),
        start_new_session=True,
    )
    os.close(follower)
    try:
        seconds = _wait_for_frame(leader, process, begin_s, limit_s)
        times = psutil.Process(process.pid).cpu_times()
        return seconds, times.user + times.system
    finally:
        _stop(leader, process)


def _wait_for_frame(leader: int, process: subprocess.Popen[bytes], begin_s: float, limit_s: float) -> float:
    received = b""
    while time.perf_counter() - begin_s < limit_s:
        ready, _, _ = select.select([leader], [], [], 0.05)
        if ready:
            try:
                received += os.read(leader, 65536)
            except OSError:
                break
            text = _CONTROL.sub(b"", received).decode("utf-8", "replace")
            if all(part in text for part in FULL_FRAME):
                return time.perf_counter() - begin_s
        elif process.poll() is not None:
            break
    tail = _CONTROL.sub(b"", received).decode("utf-8", "replace")[-800:]
    raise RuntimeError(f"The first frame did not come from {process.args!r}. Its last words: {tail}")


def _stop(leader: int, process: subprocess.Popen[bytes], limit_s: float = 15.0) -> None:
    """Quits the app as a user would and reads what it still writes; ends it by force when it does not leave."""
    deadline_s = time.perf_counter() + limit_s
    with contextlib.suppress(OSError):
        os.write(leader, b"q")
    while process.poll() is None and time.perf_counter() < deadline_s:
        ready, _, _ = select.select([leader], [], [], 0.05)
        if ready:
            try:
                os.read(leader, 65536)
            except OSError:  # the other side is closed; the process is on its way out
                time.sleep(0.02)
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    os.close(leader)


async def measure_ticks(symbols: int, beats: int = BEATS) -> dict[str, float]:
    """Percentiles of the pulse in milliseconds while every one of `symbols` rows moves before each beat.

    `tick_*` is real time and suffers from whatever else the machine does; `work_*` is processor time of the beat alone.
    """
    from futtui.tui.app import FuttuiApp
    from futtui.tui.settings import UiSettings
    from tests.tui.fake_engine import MovingEngine

    engine = MovingEngine(symbols=symbols)
    app = FuttuiApp(engine, settings=UiSettings(bell=False))
    works_ms: list[float] = []
    async with app.run_test(size=(WIDTH, HEIGHT)) as pilot:
        await pilot.pause()
        app.pulse.stop()
        for beat in range(beats + 20):
            if beat == 20:
                app.pulse.forget()
            engine.step()
            begin_s = time.thread_time()
            app.pulse.beat()
            works_ms.append((time.thread_time() - begin_s) * 1000.0)
            await asyncio.sleep(0.005)
        figures = dict(app.pulse.figures())
    ordered = sorted(works_ms[20:])
    figures["work_p50_ms"], figures["work_p99_ms"] = ordered[beats // 2], ordered[int(beats * 0.99)]
    return figures


async def measure_processor_share(symbols: int, seconds: float = 6.0) -> float:
    """Percent of one core that the screen takes at 5 Hz with all rows moving, painting included, steps excluded."""
    from futtui.tui.app import FuttuiApp
    from futtui.tui.settings import UiSettings
    from tests.tui.fake_engine import MovingEngine

    engine = MovingEngine(symbols=symbols)
    app = FuttuiApp(engine, settings=UiSettings(bell=False))
    async with app.run_test(size=(WIDTH, HEIGHT)) as pilot:
        await pilot.pause()
        begin_s, used_s, steps_s = time.perf_counter(), time.process_time(), 0.0
        while time.perf_counter() - begin_s < seconds:
            await asyncio.sleep(0.2)
            step_s = time.process_time()
            engine.step()
            steps_s += time.process_time() - step_s
        used_s = time.process_time() - used_s - steps_s
        return used_s / (time.perf_counter() - begin_s) * 100.0


def run() -> tuple[Rows, dict[str, float]]:
    """(table with its header first, figures): seconds to the first frame and milliseconds per beat."""
    rows: Rows = [("what", "p50", "p99 or worst", "unit")]
    figures: dict[str, float] = {}
    if sys.platform != "win32":
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
            commands = {"demo": (*COMMAND, "--home", home), "screen_alone": SCREEN_ALONE}
            for name, command in commands.items():
                starts = [time_first_frame(command) for _ in range(STARTS + 1)][1:]  # the first warms the disk
                figures[f"first_frame_{name}_s_median"] = statistics.median(starts)
                figures[f"first_frame_{name}_s_worst"] = max(starts)
                title = f"first full frame, {name.replace('_', ' ')}, 120x35"
                rows.append((title, f"{statistics.median(starts):.2f}", f"{max(starts):.2f}", "s"))
    for symbols in (12, 200):
        measured = asyncio.run(measure_ticks(symbols))
        for name, title in (("tick", "screen tick, real time"), ("work", "screen tick, processor time")):
            p50, p99 = measured[f"{name}_p50_ms"], measured[f"{name}_p99_ms"]
            figures[f"{name}_{symbols}_p50_ms"], figures[f"{name}_{symbols}_p99_ms"] = p50, p99
            rows.append((f"{title}, {symbols} rows", f"{p50:.2f}", f"{p99:.2f}", "ms"))
        share = asyncio.run(measure_processor_share(symbols))
        figures[f"processor_{symbols}_pct"] = share
        rows.append((f"processor at 5 Hz, {symbols} moving rows", f"{share:.1f}", "", "% of a core"))
    return rows, figures


if __name__ == "__main__":
    table, numbers = run()
    for row in table:
        print("  ".join(f"{cell!s:<34}" for cell in row))
    print(numbers)
