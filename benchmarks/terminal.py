"""The whole app in a pseudo terminal: processor, beats, lateness, bytes, a terminal that nobody reads, memory.

The demo runs as a user starts it, 120x35, with so many symbols that about 500 messages a second reach the engine. The
goals are those of a trader's PC; whatever else the machine does makes real times worse, so run it on a quiet one.
`--size 200x50` takes another window; from 180 columns on a chart stands beside the tables and the goals stay the same.
`--minutes 600` follows the memory for ten hours; the slope is that of the second half, and that of the last quarter
stands beside it: records that are kept up to a number (closed positions, sent orders, lines of the log) fill for hours,
so a shorter run sees more of that in its second half. Without it the memory is followed for a short while, which says
nothing about a slope.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import select
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from benchmarks import chart
from benchmarks.first_frame import _CONTROL, COMMAND, HEIGHT, REPOSITORY, WIDTH, first_frame, terminal_environment

NAME = "terminal"
DESCRIPTION = "the whole app in a terminal of 120x35 at 500 messages a second against its budgets (minutes)"
TAKES_ARGUMENTS = True

SYMBOLS = 25
SPEED = "60"
SECONDS = 30.0
STUCK_S = 5.0
SHORT_MINUTES = 3.0
LEAST_MINUTES = 20.0
"""Histories and caches fill for about ten minutes; a slope is judged after that."""
STARTS = 3
LIMIT_S = 420.0
PROCESSES = ("app", "workers", "exchange")

PLOTEXT_TITLE = "textual-plotext 210x46, candles, zones, VWAP only, ms"

Rows = list[tuple[str, ...]]
Facts = dict[str, dict[str, float]]


def run(arguments: Sequence[str] = ()) -> tuple[Rows, dict[str, float]]:
    """Table rows (header first) and figures; raises RuntimeError on Windows, which has no pseudo terminal for us."""
    if sys.platform == "win32":
        raise RuntimeError("This is measured in a pseudo terminal, which Windows does not offer to Python.")
    wanted = _options(arguments)
    figures: dict[str, float] = {}
    figures |= _measured(wanted)
    figures |= _first_frame()
    figures |= _memory(wanted.minutes, wanted.size)
    figures |= {name: value for name, value in chart.run()[1].items() if name.endswith("_ms")}
    rows: Rows = [(f"{wanted.size[0]}x{wanted.size[1]}, whole app", "measured", "goal", "")]
    for name, title, style, goal in BUDGETS:
        if name in figures:
            value = figures[name]
            met = "" if goal is None else "met" if value <= goal else "MISSED"
            if name == "memory_slope_mb_per_hour" and wanted.minutes < LEAST_MINUTES:
                met = f"not judged: caches still fill, follow it for {LEAST_MINUTES:.0f} minutes or more"
            rows.append((title, format(value, style), "" if goal is None else f"<= {goal:g}", met))
    if "textual_plotext_ms" not in figures:
        rows.append((PLOTEXT_TITLE, chart.INSTALL, "", ""))
    return rows, {name: round(value, 3) for name, value in figures.items()}


BUDGETS: tuple[tuple[str, str, str, float | None], ...] = (
    ("events_per_s", "messages a second that the engine handled", ".0f", None),
    ("app_pct", "app process (screen and engine), % of a core", ".1f", 15.0),
    ("screen_pct", "of it the screen's thread, % of a core", ".1f", None),
    ("workers_pct", "analyzer processes, % of a core", ".1f", None),
    ("tick_p50_ms", "beat of the screen, median ms", ".2f", 3.0),
    ("tick_p99_ms", "beat of the screen, 99 % below ms", ".2f", 10.0),
    ("work_p50_ms", "the same in time of the processor, median ms", ".2f", 3.0),
    ("work_p99_ms", "the same in time of the processor, 99 % below ms", ".2f", 10.0),
    ("lag_p99_ms", "lateness of the screen's loop, 99 % below ms", ".1f", 20.0),
    ("engine_lag_p99_ms", "lateness of the engine's loop, 99 % below ms", ".1f", None),
    ("frames_per_s", "frames a second", ".1f", None),
    ("frame_kb_mean", "KB a frame, mean", ".1f", 25.0),
    ("frame_kb_p99", "KB a frame, 99 % below", ".1f", 25.0),
    ("kb_per_s", "KB a second to the terminal", ".0f", None),
    ("stuck_engine_late_ms", "terminal not read for 5 s: engine late by at most ms", ".0f", 200.0),
    ("stuck_screen_late_ms", "terminal not read for 5 s: screen late by at most ms", ".0f", None),
    ("first_frame_s", "first full frame, warm, median s", ".2f", 1.0),
    ("first_frame_work_s", "the same in time of the processor, s", ".2f", 1.0),
    ("memory_mb", "memory of the app process, MB", ".0f", None),
    ("memory_slope_mb_per_hour", "memory slope at 60x, all processes, MB an hour on the clock", ".1f", 2.0),
    ("memory_slope_app_mb_per_hour", "of it the app process (screen and engine)", ".1f", None),
    ("memory_slope_workers_mb_per_hour", "of it the analyzer processes", ".1f", None),
    ("memory_slope_exchange_mb_per_hour", "of it the embedded exchange", ".1f", None),
    ("memory_late_slope_mb_per_hour", "the same slope over the last quarter alone, all processes", ".1f", None),
    ("memory_late_slope_app_mb_per_hour", "of it the app process", ".1f", None),
    ("memory_late_slope_workers_mb_per_hour", "of it the analyzer processes", ".1f", None),
    ("memory_late_slope_exchange_mb_per_hour", "of it the embedded exchange", ".1f", None),
    ("memory_minutes", "followed for minutes", ".0f", None),
    ("frame_ms", "chart 210x46: a whole frame, ms of processor", ".2f", 5.0),
    ("frame_to_screen_ms", "chart 210x46: the same with strips, ms", ".2f", 5.0),
    ("textual_plotext_ms", PLOTEXT_TITLE, ".2f", None),
)


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks terminal", description=DESCRIPTION)
    parser.add_argument("--minutes", type=float, default=SHORT_MINUTES, help="how long the memory is followed")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="how long beats and processor are measured")
    parser.add_argument("--symbols", type=int, default=SYMBOLS, help="symbols of the made-up market")
    parser.add_argument("--size", type=_size, default=(WIDTH, HEIGHT), help="columns and rows of the window, 200x50")
    return parser.parse_args(list(arguments))


def _size(text: str) -> tuple[int, int]:
    """Columns and rows of `200x50`; ValueError for anything else, which argparse tells."""
    columns, _, rows = text.partition("x")
    return int(columns), int(rows)


def _measured(wanted: argparse.Namespace) -> dict[str, float]:
    facts: Facts = {}
    with _app(SPEED, _names(wanted.symbols), wanted.size, seconds=wanted.seconds) as (pipe, leader):
        received: list[tuple[float, int]] = []
        for line in _lines(pipe, leader, received):
            facts[str(line["phase"])] = line
            if line["phase"] == "stuck":
                time.sleep(STUCK_S)  # the terminal is not read meanwhile
    beats, stuck = facts["beats_done"], facts["stuck_done"]
    seconds = beats["at"] - facts["beats"]["at"]
    sent = sum(size for at, size in received if facts["beats"]["at"] <= at <= beats["at"])
    plain = ("events_per_s", "app_pct", "screen_pct", "workers_pct", "tick_p50_ms", "tick_p99_ms", "work_p50_ms")
    return {
        **{name: beats[name] for name in (*plain, "work_p99_ms", "lag_p99_ms", "engine_lag_p99_ms")},
        "frames_per_s": beats["frames"] / seconds,
        "frame_kb_mean": beats["frame_bytes_mean"] / 1024,
        "frame_kb_p99": beats["frame_bytes_p99"] / 1024,
        "kb_per_s": sent / seconds / 1024,
        "stuck_engine_late_ms": stuck["engine_late_ms"],
        "stuck_screen_late_ms": stuck["screen_late_ms"],
    }


def _names(count: int) -> tuple[str, ...]:
    from futtui.exchange.simulator.market.synthetic import DEFAULT_SYMBOLS

    made = [f"X{number:03d}USDT" for number in range(count)]
    return (*DEFAULT_SYMBOLS, *made)[:count]


def _first_frame() -> dict[str, float]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        starts = [first_frame((*COMMAND, "--home", home)) for _ in range(STARTS + 1)][1:]  # the first warms the disk
    return {
        "first_frame_s": statistics.median(seconds for seconds, _ in starts),
        "first_frame_work_s": statistics.median(work_s for _, work_s in starts),
    }


def _memory(minutes: float, size: tuple[int, int]) -> dict[str, float]:
    if minutes <= 0:
        return {}
    seen: list[dict[str, float]] = []
    with _app(SPEED, (), size, minutes=minutes) as (pipe, leader):
        for line in _lines(pipe, leader, [], limit_s=LIMIT_S + minutes * 60):
            if line["phase"] == "memory":
                seen.append(line)
    return {
        "memory_mb": statistics.median(line["app"] / 1e6 for line in seen),
        **_slopes("memory_slope", seen[len(seen) // 2 :]),
        **_slopes("memory_late_slope", seen[len(seen) * 3 // 4 :]),
        "memory_minutes": minutes,
    }


def _slopes(name: str, samples: Sequence[dict[str, float]]) -> dict[str, float]:
    slopes = {kind: slope([(line["at"] / 3600, line[kind] / 1e6) for line in samples]) for kind in PROCESSES}
    each = {f"{name}_{kind}_mb_per_hour": value for kind, value in slopes.items()}
    return {f"{name}_mb_per_hour": sum(slopes.values()), **each}


def slope(samples: Sequence[tuple[float, float]]) -> float:
    """Rise a unit of the first figure: between the medians of the first and the last third."""
    third = max(1, len(samples) // 3)
    first, last = samples[:third], samples[-third:]
    hours = statistics.median(at for at, _ in last) - statistics.median(at for at, _ in first)
    rise = statistics.median(size for _, size in last) - statistics.median(size for _, size in first)
    return rise / hours if hours > 0 else 0.0


@contextmanager
def _app(
    speed: str, symbols: tuple[str, ...], size: tuple[int, int], *, seconds: float = 0.0, minutes: float = 0.0
) -> Iterator[tuple[int, int]]:
    """The app in a pseudo terminal: the pipe on which it tells what it measured, and the terminal's other end."""
    import fcntl
    import pty
    import termios

    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
    reading, writing = os.pipe()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        plan = {"pipe": writing, "home": home, "symbols": symbols, "speed": speed, "seconds": seconds}
        plan |= {"stuck_s": STUCK_S, "minutes": minutes}
        process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks._terminal_app", json.dumps(plan)],
            stdin=follower,
            stdout=follower,
            stderr=follower,
            cwd=REPOSITORY,
            env=terminal_environment(),
            pass_fds=(writing,),
            start_new_session=True,
        )
        os.close(follower)
        os.close(writing)
        try:
            yield reading, leader
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(15)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            os.close(leader)
            os.close(reading)


def _lines(
    pipe: int, leader: int, received: list[tuple[float, int]], limit_s: float = LIMIT_S
) -> Iterator[dict[str, float]]:
    """What the app tells, while its screen is read as a terminal would; `received` gets when how much was read."""
    kept, screen = b"", b""
    until_s = time.monotonic() + limit_s
    while time.monotonic() < until_s:
        ready, _, _ = select.select([pipe, leader], [], [], 0.5)
        if leader in ready:
            with contextlib.suppress(OSError):
                data = os.read(leader, 1 << 16)
                received.append((time.monotonic(), len(data)))
                screen = (screen + data)[-2000:]
        if pipe not in ready:
            continue
        piece = os.read(pipe, 1 << 16)
        *lines, kept = (kept + piece).split(b"\n")
        for line in map(json.loads, lines):
            if line["phase"] == "failed":
                raise RuntimeError(f"The app could not measure itself: {line['reason']}")
            if line["phase"] == "done":
                return
            yield line
        if not piece:
            words = _CONTROL.sub(b"", screen).decode("utf-8", "replace")
            raise RuntimeError(f"The app ended before it was measured. Its last words: {words}")
    raise RuntimeError("The app did not finish measuring itself in time.")
