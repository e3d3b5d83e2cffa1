"""Interrupts a strategy that does not come back, so that the worker and the other strategies go on.

A second thread raises an exception inside the thread that is stuck (CPython's own means, on every system). It reaches
Python code only: what hangs inside a compiled library is ended with its worker by the pool.
"""

from __future__ import annotations

import ctypes
import threading
import time

from futtui.strategies.manager import DEADLINE_SECONDS, NoAnswer

LOOK_SECONDS = 0.5


class StrategyDeadline:
    """A deadline for one answer at a time; also for loading a user's file. `stuck` is shared by all symbols."""

    def __init__(self, seconds: float = DEADLINE_SECONDS) -> None:
        self.stuck: dict[str, str] = {}
        self._seconds = seconds
        self._lock = threading.Lock()
        self._thread_id = 0
        self._due = 0.0
        self._fired = False
        self._watcher: threading.Thread | None = None

    def start(self) -> None:
        """From now on this thread has so many seconds until `end`."""
        with self._lock:
            self._thread_id, self._fired = threading.get_ident(), False
            self._due = time.perf_counter() + self._seconds
        if self._watcher is None:
            self._watcher = threading.Thread(target=self._watch, name="strategy-deadline", daemon=True)
            self._watcher.start()

    def end(self) -> None:
        """The answer is there; what was raised too late is taken back."""
        with self._lock:
            self._due = 0.0
            if self._fired:
                self._fired = False
                ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self._thread_id), None)

    def _watch(self) -> None:
        while True:
            time.sleep(min(LOOK_SECONDS, self._seconds / 4.0))
            with self._lock:
                if self._due and time.perf_counter() > self._due:
                    self._fired = True
                    ctypes.pythonapi.PyThreadState_SetAsyncExc(
                        ctypes.c_ulong(self._thread_id), ctypes.py_object(NoAnswer)
                    )
