"""The embedded exchange as a process of its own: started by the app, gone with the app, or in the foreground."""

from __future__ import annotations

import asyncio
import multiprocessing
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from multiprocessing import resource_tracker
from multiprocessing.process import BaseProcess
from typing import Any

from futtui.domain.errors import ExchangeError, FuttuiError
from futtui.exchange.ports import Endpoints
from futtui.exchange.simulator.wire.config import DEMO_KEY, DEMO_SECRET, ServerConfig

if sys.platform == "win32":
    from multiprocessing.connection import PipeConnection as Connection
else:
    from multiprocessing.connection import Connection

__all__ = ["DEMO_KEY", "DEMO_SECRET", "EmbeddedExchange", "ServerConfig", "serve"]

POLL_S = 0.02
STOP_WAIT_S = 5.0
_READY = "ready"
_FAILED = "failed"
_BEGIN = "begin"


class EmbeddedExchange:
    """An exchange in a child process. `start` returns at once, `wait_ready` when it answers; `stop` ends it.

    The child also ends by itself when this process dies, however it dies: it watches the pipe between them.
    """

    def __init__(self, config: ServerConfig) -> None:
        self.config = config
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None
        self._endpoints: Endpoints | None = None
        self._held = False

    @property
    def is_running(self) -> bool:
        """Whether the child process lives."""
        return self._process is not None and self._process.is_alive()

    @property
    def pid(self) -> int | None:
        """Process id of the child."""
        return self._process.pid if self._process is not None else None

    def start(self, *, held: bool = False) -> None:
        """Start the child process without waiting for it; a second call does nothing.

        `held`: the child only comes to life and does its heavy work when somebody first waits for it, so that it
        does not compete with the app's first frame.
        """
        if self._process is not None:
            return
        self._held = held
        context = multiprocessing.get_context("spawn")
        self._pipe, far_end = context.Pipe()
        self._process = context.Process(
            target=_run_child, args=(self.config, far_end, held), name="futtui embedded exchange", daemon=True
        )
        with _interrupts_held():
            self._process.start()
        far_end.close()

    def wait_ready(self, timeout_s: float = 60.0) -> Endpoints:
        """Where the exchange answers; raises ExchangeError with the reason if it cannot start in time."""
        self._let_go()
        deadline = time.monotonic() + timeout_s
        while True:
            endpoints = self._poll()
            if endpoints is not None:
                return endpoints
            self._check(deadline, timeout_s)
            time.sleep(POLL_S)

    async def wait_ready_async(self, timeout_s: float = 60.0) -> Endpoints:
        """The same without blocking the event loop."""
        self._let_go()
        deadline = time.monotonic() + timeout_s
        while True:
            endpoints = self._poll()
            if endpoints is not None:
                return endpoints
            self._check(deadline, timeout_s)
            await asyncio.sleep(POLL_S)

    def trouble(self) -> str:
        """A sentence when the exchange ended although nobody stopped it after it was ready; else empty."""
        process = self._process
        if process is None or self._endpoints is None or process.is_alive():
            return ""
        return f"The embedded exchange ended by itself (code {process.exitcode}). To go on, start futtui again."

    def stop(self) -> None:
        """End the child and wait until it is gone; harmless if it never ran."""
        process, pipe = self._process, self._pipe
        self._process = self._pipe = self._endpoints = None
        if pipe is not None:
            pipe.close()
        if process is None:
            return
        process.join(STOP_WAIT_S)
        if process.is_alive():
            process.kill()
            process.join(STOP_WAIT_S)
        process.close()

    def _let_go(self) -> None:
        """Tell a held child to begin; once."""
        if self._held and self._pipe is not None:
            self._held = False
            _tell(self._pipe, _BEGIN, None)

    def _poll(self) -> Endpoints | None:
        if self._endpoints is None and self._pipe is not None and self._pipe.poll():
            try:
                word, content = self._pipe.recv()
            except EOFError:
                raise self._failure("it ended before it was ready") from None
            if word == _FAILED:
                raise self._failure(str(content))
            self._endpoints = content
        return self._endpoints

    def _check(self, deadline: float, timeout_s: float) -> None:
        if self._process is None:
            raise self._failure("it was not started; call start first")
        if not self._process.is_alive() and not (self._pipe is not None and self._pipe.poll()):
            raise self._failure(f"its process ended with code {self._process.exitcode}")
        if time.monotonic() > deadline:
            raise self._failure(f"it was not ready within {timeout_s:g} s")

    def _failure(self, reason: str) -> ExchangeError:
        return ExchangeError(f"The embedded exchange did not start: {reason}.")


def serve(config: ServerConfig, say: Callable[[str], None]) -> None:
    """Run an exchange in the foreground until Ctrl+C; `say` shows its address and how to point clients at it.

    Raises FuttuiError for a configuration that cannot be served, as a port that is taken.
    """

    async def run() -> None:
        from futtui.exchange.simulator.wire.server import running_server

        async with running_server(config) as endpoints:
            for line in settings_text(config, endpoints):
                say(line)
            await asyncio.Event().wait()

    try:
        asyncio.run(run())
    except KeyboardInterrupt:
        return
    except OSError as error:
        raise ExchangeError(
            f"Port {config.port} on {config.host} cannot be used ({error.strerror}). Choose another one with --port."
        ) from error


def settings_text(config: ServerConfig, endpoints: Endpoints) -> list[str]:
    """How to use the exchange, line by line, for people and their clients."""
    return [
        f"{endpoints.label}",
        f"REST     {endpoints.rest}",
        f"Streams  {endpoints.stream}  (routes /public, /market, /private)",
        f"Speed    {config.speed}",
        f"Account  API key {config.api_key}, secret {config.api_secret}, {config.balance} USDT of play money",
        "ccxt     exchange.urls['api'].update({'fapiPublic': '" + endpoints.rest + "/fapi/v1', "
        "'fapiPrivate': '" + endpoints.rest + "/fapi/v1', ...})",
        f"Control  GET {endpoints.rest}/sim/state, POST /sim/speed, /sim/advance, /sim/barrier, /sim/faults",
        "Stop with Ctrl+C.",
    ]


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Ctrl+C kept back while a child starts, which inherits that: before its first line it could only crash of it."""
    if sys.platform == "win32":  # knows no signals that could be held
        yield
        return
    resource_tracker.ensure_running()  # starting it inside would let Ctrl+C through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _run_child(config: ServerConfig, pipe: Connection, held: bool) -> None:
    """The child: binds at once, builds the market, serves until the parent closes the pipe or dies."""
    for name in (
        "SIGINT",
        "SIGHUP",
        "SIGBREAK",
    ):  # Ctrl+C and a closed window reach the parent, which then ends this process
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    if held:
        try:
            pipe.recv()
        except (EOFError, OSError):
            return
    from futtui.exchange.simulator.wire.server import bind

    try:
        listener = bind(config)
    except OSError as error:
        _tell(pipe, _FAILED, f"port {config.port} on {config.host} cannot be used ({error}). Choose another one")
        return
    with listener:
        try:
            asyncio.run(_serve_child(replace(config, port=listener.getsockname()[1]), listener, pipe))
        except FuttuiError as error:
            _tell(pipe, _FAILED, str(error).rstrip("."))


async def _serve_child(config: ServerConfig, listener: Any, pipe: Connection) -> None:
    from futtui.exchange.simulator.wire.server import WireServer, endpoints_of
    from futtui.exchange.simulator.wire.sources import build_source

    gone = asyncio.Event()
    loop = asyncio.get_running_loop()
    threading.Thread(target=_watch_parent, args=(pipe, loop, gone), name="parent watch", daemon=True).start()
    source = await asyncio.to_thread(build_source, config)
    if gone.is_set():
        return
    server = WireServer(config, source)
    try:
        await server.start(listener)
        _tell(pipe, _READY, endpoints_of(listener, source))
        await gone.wait()
    finally:
        await server.stop()


def _watch_parent(pipe: Connection, loop: asyncio.AbstractEventLoop, gone: asyncio.Event) -> None:
    """Wait for the end of the pipe: the parent closed it or is no more."""
    with suppress(EOFError, OSError):
        while True:
            pipe.recv()
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(gone.set)


def _tell(pipe: Connection, word: str, content: object) -> None:
    with suppress(OSError):
        pipe.send((word, content))
