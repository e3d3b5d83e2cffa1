"""Checks of what futtui runs on: event loop, timer, SQLite, code page, signs of the font, and when the PC sleeps."""

from __future__ import annotations

import asyncio
import ctypes
import locale
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

from futtui.cli.doctor.findings import Finding, ok, warn

SAMPLE = "▲▼  ┃╽╿  ▁▃▅█  ●○  ✓  ›  →"
WAITS = 20
COARSE_MS = 20.0
OLDEST_SQLITE = (3, 35)
SLEEP_QUERY = ("powercfg", "/query", "SCHEME_CURRENT", "SUB_SLEEP", "STANDBYIDLE")
QUERY_S = 5.0


def check_runtime() -> Iterator[Finding]:
    """Event loop, timer and SQLite."""
    loop = asyncio.new_event_loop()
    try:
        yield ok("Event loop", type(loop).__name__)
    finally:
        loop.close()
    waited_ms = shortest_wait_ms()
    text = f"a wait of 1 ms takes {waited_ms:.1f} ms"
    if waited_ms > COARSE_MS:
        yield warn(
            "Timer", text, "The PC is very busy, or saves power: candles and orders are handled later than usual."
        )
    else:
        yield ok("Timer", text)
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        yield warn("SQLite", sqlite3.sqlite_version, "Too old for safe writing beside reading; install a newer Python.")
    else:
        yield ok("SQLite", f"{sqlite3.sqlite_version}, written ahead (WAL)")


def shortest_wait_ms(sleep: Callable[[float], None] = time.sleep) -> float:
    """Middle time that the shortest wait of this PC takes."""
    times = []
    for _ in range(WAITS):
        begin = time.perf_counter()
        sleep(0.001)
        times.append((time.perf_counter() - begin) * 1000.0)
    return sorted(times)[len(times) // 2]


def check_signs(terminal: bool | None = None) -> Iterator[Finding]:
    """The signs of the screen, for the user's own eyes, and the code page."""
    seen = sys.stdout is not None and sys.stdout.isatty() if terminal is None else terminal
    if not seen:
        return
    advice = "If you see boxes or question marks, set screen.plain_glyphs: true, or choose the font Cascadia Mono."
    yield ok("Signs", f"{SAMPLE}   {advice}")
    yield ok("Code page", f"{locale.getpreferredencoding(False)}{_console_page()}; futtui itself writes UTF-8")


def _console_page() -> str:
    if sys.platform != "win32":
        return ""
    return f", console {ctypes.WinDLL('kernel32').GetConsoleOutputCP()}"


def check_sleep(platform: str = sys.platform, ask: Callable[[], str] | None = None) -> Iterator[Finding]:
    """After how long Windows puts this PC to sleep; nothing is known elsewhere."""
    if platform != "win32":
        return
    try:
        answer = (ask or _ask_powercfg)()
    except (OSError, subprocess.SubprocessError):
        yield ok("Sleep", "not known: powercfg does not answer")
        return
    seconds = [int(found, 16) for found in re.findall(r"0x([0-9a-fA-F]{8})\s*$", answer, re.MULTILINE)][-2:]
    if len(seconds) < 2:
        yield ok("Sleep", "not known: powercfg tells no times")
        return
    plugged, battery = (f"after {value // 60} min" if value else "never" for value in seconds)
    text = f"plugged in {plugged}, on battery {battery}"
    if seconds[0]:
        advice = "While Live has work futtui asks Windows to stay awake; a closed lid still puts the PC to sleep."
        yield warn("Sleep", text, advice)
    else:
        yield ok("Sleep", text)


def _ask_powercfg() -> str:
    answer = subprocess.run(SLEEP_QUERY, capture_output=True, timeout=QUERY_S, check=True).stdout
    return answer.decode("ascii", errors="replace")  # its words are in the console's code page; only numbers are read
