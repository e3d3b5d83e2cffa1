"""The terminal around the app: its title, the bell, and what to do when it is gone."""

from __future__ import annotations

import contextlib
import ctypes
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from textual.app import App

_SAVE_TITLE = "\x1b[22;2t"
_RESTORE_TITLE = "\x1b[23;2t"
WATCH_S = 1.0
LONGEST_TITLE = 1024
PIECES_OF_A_SLOW_ONE = 8
BEATS_TO_BE_SLOW, BEATS_TO_BE_QUICK = 5, 60
"""So many beats in a row speak for a slow terminal; at two a second half a minute without waiting for a quick one."""
OLD_CONSOLE_WINDOW = "ConsoleWindowClass"
FEW_COLOURS = (None, "standard", "windows")
"""What Rich calls terminals with sixteen colours or fewer."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far something is.

    `state` as terminals number them: 1 under way, 2 failed, 3 under way without an end, 4 paused.
    """

    state: int
    percent: int = 0


def shows_progress(environment: Mapping[str, str]) -> bool:
    """Whether the terminal has a task bar for it; others may take the code for a message to the desktop."""
    known = ("WezTerm", "ghostty")
    return (
        "WT_SESSION" in environment
        or environment.get("ConEmuANSI") == "ON"
        or environment.get("TERM_PROGRAM", "") in known
    )


def has_few_colours(app: App[Any]) -> bool:
    """Whether the user wants no colours (NO_COLOR) or the terminal has sixteen at most."""
    return app.no_color or (not app.is_headless and app.console.color_system in FEW_COLOURS)


def is_old_console(
    platform: str = sys.platform,
    environment: Mapping[str, str] = os.environ,
    window_class: Callable[[], str] | None = None,
) -> bool:
    """Whether this is the console window of older Windows, whose fonts lack signs and which draws slowly.

    A terminal that Windows opens because it is the default one sets no variable; it is told by its window, which is
    there for the name only, where the old console has a real one (`window_class` asks for its class).
    """
    known = ("WT_SESSION", "TERM_PROGRAM", "ConEmuANSI", "SSH_TTY")
    if platform != "win32" or any(name in environment for name in known):
        return False
    return (window_class or _console_window_class)() == OLD_CONSOLE_WINDOW


def _console_window_class() -> str:
    """The class of the console's window; empty where it cannot be asked."""
    if sys.platform != "win32":
        return ""
    try:
        ask_window = ctypes.WinDLL("kernel32").GetConsoleWindow
        ask_window.restype = ctypes.c_void_p
        ask_class = ctypes.WinDLL("user32").GetClassNameW
        ask_class.argtypes = (ctypes.c_void_p, ctypes.c_wchar_p, ctypes.c_int)
        name = ctypes.create_unicode_buffer(256)
        return name.value if ask_class(ask_window(), name, len(name)) else ""
    except (OSError, AttributeError):
        return ""


def pieces_waiting(app: App[Any]) -> int:
    """How many pieces of pictures the terminal has not taken yet; Textual waits at 30, and with it the whole screen."""
    waiting = getattr(getattr(app._driver, "_writer_thread", None), "_queue", None)
    return waiting.qsize() if waiting is not None else 0


class Slowness:
    """Notices a terminal that takes pictures slowly, as over a thin line, and one that is quick again."""

    def __init__(self) -> None:
        self.is_slow = False
        self._beats = 0

    def look(self, waiting: int) -> bool:
        """Whether this beat changed the verdict; `waiting` pieces lie before it."""
        against = waiting == 0 if self.is_slow else waiting >= PIECES_OF_A_SLOW_ONE
        self._beats = self._beats + 1 if against else 0
        if self._beats < (BEATS_TO_BE_QUICK if self.is_slow else BEATS_TO_BE_SLOW):
            return False
        self.is_slow, self._beats = not self.is_slow, 0
        return True


def console_title() -> str:
    """The title of a Windows console, empty elsewhere: Windows Terminal keeps none that it could give back."""
    if sys.platform != "win32":
        return ""
    title = ctypes.create_unicode_buffer(LONGEST_TITLE)
    ask = ctypes.WinDLL("kernel32").GetConsoleTitleW
    ask.argtypes, ask.restype = [ctypes.c_wchar_p, ctypes.c_uint32], ctypes.c_uint32
    return title.value if ask(title, LONGEST_TITLE) else ""


class TerminalWindow:
    """Sets the window title when it changes and gives the old one back at the end."""

    def __init__(self, app: App[Any]) -> None:
        self._app = app
        self._title = ""
        self._title_before = ""
        self._progress: Progress | None = None

    def set_title(self, title: str) -> None:
        """Shows `title` (control characters removed) in the window's title bar."""
        clean = "".join(letter for letter in title if letter.isprintable())
        if clean == self._title:
            return
        if not self._title:
            self._title_before = console_title()
            self._write(_SAVE_TITLE)
        self._title = clean
        self._show_title(clean)

    def restore_title(self) -> None:
        """Gives the title back that was there before."""
        if self._title:
            self._title = ""
            if self._title_before:
                self._show_title(self._title_before)
            self._write(_RESTORE_TITLE)

    def set_progress(self, progress: Progress | None) -> None:
        """Shows how far a long work is in the task bar, where the terminal can; None takes it away."""
        if progress == self._progress or not (self._progress or progress) or not shows_progress(os.environ):
            return
        self._progress = progress
        state, percent = (progress.state, progress.percent) if progress is not None else (0, 0)
        self._write(f"\x1b]9;4;{state};{percent}\x07")

    def ring(self) -> None:
        """Rings the bell once."""
        self._app.bell()

    def _show_title(self, title: str) -> None:
        self._write(f"\x1b]2;{title}\x07")

    def _write(self, text: str) -> None:
        driver = self._app._driver
        if driver is not None and not self._app.is_headless:
            driver.write(text)


def let_go_of_lost_terminal(app: App[Any]) -> None:
    """After the window was closed: output goes nowhere from now on, so that the app can end.

    Textual's writing thread dies with the terminal, sooner or later, and the end of the app would wait for it for ever.
    The SIGCONT that comes with the loss would have Textual enter the terminal anew.
    """
    if sys.platform == "win32" or app.is_headless or not _is_lost():
        return
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGCONT, signal.SIG_IGN)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (sys.__stdin__, sys.__stdout__, sys.__stderr__):
        if stream is not None:
            os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
    write_nowhere(app._driver)


class Nowhere:
    """Takes the place of Textual's writing thread once there is no terminal to write to."""

    def write(self, text: str) -> None:
        """Nothing."""

    def flush(self) -> None:
        """Nothing."""

    def stop(self) -> None:
        """Nothing: there is no thread to wait for."""


def write_nowhere(driver: Any) -> None:
    """From now on `driver` never waits for its writing thread, alive or dead."""
    writer = getattr(driver, "_writer_thread", None)
    if writer is None or isinstance(writer, Nowhere):
        return
    driver._writer_thread = Nowhere()
    # In a thread of its own: this may run in a signal handler, and the code below it may hold the queue's lock.
    threading.Thread(target=_empty, args=(writer,), name="terminal gone", daemon=True).start()


def _empty(writer: Any) -> None:
    """The app may wait for room in the queue, and then for the end of the thread."""
    with contextlib.suppress(queue.Empty):
        while True:
            writer._queue.get_nowait()
    with contextlib.suppress(queue.Full):
        writer._queue.put_nowait(None)


def watch_terminal(app: App[Any], leave: Callable[[], None]) -> None:
    """Call `leave` once the terminal is gone, whether or not a signal told so (under `nohup` none does)."""
    if sys.platform == "win32" or app.is_headless:
        return
    threading.Thread(target=_watch, args=(app, leave), name="terminal watch", daemon=True).start()


def _watch(app: App[Any], leave: Callable[[], None]) -> None:
    while not _is_lost():
        time.sleep(WATCH_S)
    if app._exit:
        let_go_of_lost_terminal(app)  # it went while the app was ending
    else:
        leave()


def _is_lost() -> bool:
    """Whether the terminal hung up; a closed one has no attributes any more."""
    if sys.platform == "win32" or sys.__stderr__ is None:
        return False
    import termios

    try:
        termios.tcgetattr(sys.__stderr__.fileno())
    except (termios.error, OSError, ValueError):
        return True
    return False
