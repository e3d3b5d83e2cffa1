"""The app's end of one worker process: requests out, answers matched by number, death noticed."""

from __future__ import annotations

import asyncio
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any, BinaryIO

from futtui.analysis.wire import read_message, write_message
from futtui.domain.errors import FuttuiError

_ROOT = str(Path(__file__).resolve().parents[2])
_BOOT = "import sys; sys.path.insert(0, sys.argv[1]); from futtui.analysis.worker import main; main()"

Waiter = tuple[asyncio.AbstractEventLoop, "asyncio.Future[Any]"]


class AnalysisError(FuttuiError):
    """An analysis could not be made: the worker failed, died, or took too long. Load the symbol's history again."""


class WorkerLink:
    """One running worker process.

    Two threads, so that neither a busy worker nor a full pipe ever holds up the event loop: one writes, one reads.
    `on_death` is called once, from the reading thread, when the process is gone for whatever reason.
    """

    def __init__(self, settings: object, on_death: Callable[[WorkerLink], None]) -> None:
        self.answers = 0
        self.trouble = ""
        self._settings = settings
        self._on_death = on_death
        self._ids = count(1)
        self._lock = threading.Lock()
        self._waiters: dict[int, Waiter] = {}
        self._dead = False
        self._outbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._process = _spawn()
        self._threads = [
            threading.Thread(target=self._write, name="analysis-writer", daemon=True),
            threading.Thread(target=self._read, name="analysis-reader", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    @property
    def pid(self) -> int:
        """Process id of the worker."""
        return self._process.pid

    def request(self, kind: str, arguments: tuple[Any, ...]) -> asyncio.Future[Any]:
        """A future of the answer, (True, result) or (False, reason); raises AnalysisError when the worker is gone."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        request_id = next(self._ids)
        with self._lock:
            if self._dead:
                raise AnalysisError("The analysis worker is gone. Load the symbol's history again.")
            self._waiters[request_id] = (loop, future)
        self._outbox.put((request_id, kind, arguments))
        return future

    def kill(self) -> None:
        """End the process at once; its waiters are told."""
        self._process.kill()

    def close(self, patience_seconds: float) -> None:
        """Let the worker end by itself, force it after `patience_seconds`, and wait for its threads. Blocks."""
        self._outbox.put(None)
        try:
            self._process.wait(patience_seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
        for thread in self._threads:
            thread.join()

    def _write(self) -> None:
        stdin = self._pipe(self._process.stdin)
        message = self._settings
        try:
            while message is not None:
                write_message(stdin, message)
                message = self._outbox.get()
        except (OSError, ValueError):
            pass  # the worker is gone: the reading thread tells everybody
        try:
            stdin.close()
        except OSError:
            pass

    def _read(self) -> None:
        stdout = self._pipe(self._process.stdout)
        try:
            self.trouble = read_message(stdout) or ""
            while True:
                request_id, good, value = read_message(stdout)
                self.answers += 1
                self._resolve(request_id, (good, value))
        except Exception as fault:  # the end of the pipe, or an answer that cannot be read: both end this worker
            if not isinstance(fault, EOFError | OSError | ValueError):
                self.trouble = f"its answer could not be read ({type(fault).__name__})"
        self._process.kill()
        self._process.wait()
        stdout.close()
        self._outbox.put(None)
        with self._lock:
            self._dead = True
            orphans = list(self._waiters)
        self._on_death(self)
        for request_id in orphans:
            self._resolve(request_id, (False, self.trouble or "the analysis worker died"))

    def _resolve(self, request_id: int, answer: tuple[bool, Any]) -> None:
        with self._lock:
            waiter = self._waiters.pop(request_id, None)
        if waiter is None:
            return
        loop, future = waiter
        try:
            loop.call_soon_threadsafe(_settle, future, answer)
        except RuntimeError:
            pass  # the loop has ended: nobody waits any more

    @staticmethod
    def _pipe(stream: Any) -> BinaryIO:
        pipe: BinaryIO = stream
        return pipe


def _settle(future: asyncio.Future[Any], answer: tuple[bool, Any]) -> None:
    if not future.done():
        future.set_result(answer)


def _spawn() -> subprocess.Popen[bytes]:
    """A fresh interpreter, never a fork; Ctrl+C in the terminal does not reach it, closing its stdin ends it."""
    options: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    if sys.platform == "win32":
        options["creationflags"] = subprocess.BELOW_NORMAL_PRIORITY_CLASS | subprocess.CREATE_NO_WINDOW
    else:
        options["start_new_session"] = True
    program, told = interpreter()
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8", **told}
    return subprocess.Popen([program, "-c", _BOOT, _ROOT], env=environment, **options)


def interpreter() -> tuple[str, dict[str, str]]:
    """The Python to start a worker with, and what its environment must say besides.

    In a virtual environment on Windows `sys.executable` is a small program that starts the real one as a process of
    its own. The process that we would know, with its memory and its priority, would not be the one that works.
    """
    real = getattr(sys, "_base_executable", "")
    if sys.platform != "win32" or not real or real == sys.executable:
        return sys.executable, {}
    return real, {"__PYVENV_LAUNCHER__": sys.executable}
