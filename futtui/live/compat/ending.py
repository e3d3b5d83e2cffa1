"""The end of the process as the system asks for it: Ctrl+C, `kill`, a closed window, logging off, shutdown."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import ctypes
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

END_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
"""Names of all systems."""
CLOSED, LOGGED_OFF, SHUT_DOWN = 2, 5, 6
"""Events of the Windows console after which the process goes, whatever it does."""
MOST_WAIT_S = 4.5
"""Windows waits five seconds for a process whose window was closed."""


@contextlib.contextmanager
def heard_in_loop(ask_to_stop: Callable[[], None]) -> Iterator[None]:
    """While inside, signals to end call `ask_to_stop` in the running loop, also where the loop knows no signals."""
    loop = asyncio.get_running_loop()
    undo: list[Callable[[], object]] = []
    for number in (getattr(signal, name) for name in END_SIGNALS if hasattr(signal, name)):
        if signal.getsignal(number) is signal.SIG_IGN:  # as nohup wants it
            continue
        try:
            loop.add_signal_handler(number, ask_to_stop)
            undo.append(partial(loop.remove_signal_handler, number))
        except NotImplementedError:  # Windows
            before = signal.signal(number, lambda *_: loop.call_soon_threadsafe(ask_to_stop))
            undo.append(partial(signal.signal, number, before))
        except (ValueError, RuntimeError):  # not the main thread, which alone hears signals
            break
    try:
        yield
    finally:
        for step in undo:
            step()


class ClosingWindow:
    """Hears from the Windows console that it closes. Windows ends the process as soon as `heard` returns."""

    def __init__(self, ask: Callable[[], None], most_wait_s: float = MOST_WAIT_S) -> None:
        self._ask = ask
        self._most_wait_s = most_wait_s
        self._ended = threading.Event()

    def heard(self, event: int) -> int:
        """Called by the system on a thread of its own: asks for the end and waits for it. 1 = it was for us."""
        if event not in (CLOSED, LOGGED_OFF, SHUT_DOWN):
            return 0
        self._ask()
        self._ended.wait(self._most_wait_s)
        return 1

    def end(self) -> None:
        """Everything is put away: the system need not wait any longer."""
        self._ended.set()


@contextlib.contextmanager
def time_to_end() -> Iterator[None]:
    """While inside, a closed window on Windows counts as Ctrl+Break, and there is time to leave the block in order.

    Without it the process would be gone in the middle of whatever it does.
    """
    if sys.platform != "win32":
        yield  # a closed window is a signal there
        return
    closing = ClosingWindow(_break)
    kernel = console_kernel()
    handler = handler_type()(closing.heard)
    atexit.register(id, handler)  # holds it: the system may be inside until the process is gone
    kernel.SetConsoleCtrlHandler(handler, True)
    try:
        yield
    finally:
        kernel.SetConsoleCtrlHandler(handler, False)
        closing.end()


def _break() -> None:
    number = getattr(signal, "SIGBREAK", signal.SIGTERM)
    if callable(signal.getsignal(number)):  # else nobody hears it any more, and it would end the process at once
        signal.raise_signal(number)


def handler_type() -> Any:
    """The C type of what Windows calls: BOOL handler(DWORD)."""
    make = getattr(ctypes, "WINFUNCTYPE", ctypes.CFUNCTYPE)
    return make(ctypes.c_int, ctypes.c_uint32)


def console_kernel() -> Any:
    """Windows' own functions, those used here with their types."""
    if sys.platform != "win32":
        raise NotImplementedError("Only Windows has it.")
    kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    kernel.SetConsoleCtrlHandler.argtypes = [handler_type(), ctypes.c_int]
    kernel.SetConsoleCtrlHandler.restype = ctypes.c_int
    return kernel
