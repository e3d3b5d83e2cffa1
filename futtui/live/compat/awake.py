"""Asks Windows not to put the PC to sleep. The screen may go dark, and a closed lid still wins."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable

KEEP_SO, SYSTEM_NEEDED = 0x8000_0000, 0x0000_0001
"""The wish holds until it is changed; what is wished for is a running system."""


def ask_windows(stay_awake: bool) -> bool:
    """Whether Windows took the wish of the calling thread; it forgets the wish when that thread ends."""
    if sys.platform != "win32":
        return False
    ask = ctypes.WinDLL("kernel32").SetThreadExecutionState
    ask.argtypes, ask.restype = [ctypes.c_uint32], ctypes.c_uint32
    return bool(ask(KEEP_SO | (SYSTEM_NEEDED if stay_awake else 0)))


class StayAwake:
    """Passes a wish on when it changes. To be used from one thread."""

    def __init__(self, ask: Callable[[bool], bool] = ask_windows) -> None:
        self._ask = ask
        self._asked = False

    def keep(self, wanted: bool) -> bool:
        """Whether the system has just promised to stay awake."""
        if wanted == self._asked:
            return False
        self._asked = wanted
        return self._ask(wanted) and wanted
