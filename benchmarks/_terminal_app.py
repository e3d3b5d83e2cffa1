"""The app that `benchmarks.terminal` watches: the real demo, which measures itself and tells it on a pipe.

`python -m benchmarks._terminal_app '{"pipe": 5, ...}'`; each line on the pipe is one JSON object with its `phase`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

import futtui.tui.app as app_module
from futtui.cli.launch import Launch
from futtui.live.engine_thread import EngineThread
from futtui.tui.app import FuttuiApp

if TYPE_CHECKING:
    from futtui.live.engine import Engine

PROBE_S = 0.005
SETTLE_S = 6.0
READY_S = 300.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure. `minutes` above 0: memory only, for so long; else beats, processor and a stuck terminal."""

    pipe: int
    home: str
    symbols: tuple[str, ...]
    speed: str
    seconds: float
    stuck_s: float
    minutes: float


class Lateness:
    """How late a loop is for short sleeps, in milliseconds."""

    def __init__(self) -> None:
        self.late_ms: list[float] = []

    async def watch(self) -> None:
        """Measures until cancelled."""
        while True:
            begun = time.perf_counter()
            await asyncio.sleep(PROBE_S)
            self.late_ms.append((time.perf_counter() - begun - PROBE_S) * 1e3)

    def below(self, percent: float) -> float:
        """The lateness that `percent` of the sleeps stayed below."""
        ordered = sorted(self.late_ms)
        return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] if ordered else 0.0


class MeasuredApp(FuttuiApp):
    """The app as it is, with a task that measures it."""

    CSS_PATH = str(Path(app_module.__file__).with_name("futtui.tcss"))
    plan: Plan
    messages = 0

    def __init__(self, engine: EngineThread, **more: Any) -> None:
        super().__init__(engine, **more)
        self._thread = engine
        self._frame_bytes: list[int] = []
        self._counts_frames = self.plan.minutes <= 0  # hours of frames would be memory of the measuring itself
        self._measuring: asyncio.Task[None] | None = None
        self._written = 0

    def after_first_frame(self) -> None:
        """Everything as ever, then the measuring, once."""
        super().after_first_frame()
        if self._measuring is None:
            self._measuring = asyncio.get_running_loop().create_task(self._measure())

    def _display(self, screen: Any, renderable: Any) -> None:
        self._written = 0
        super()._display(screen, renderable)
        if self._written and self._counts_frames:
            self._frame_bytes.append(self._written)

    async def _measure(self) -> None:
        try:
            await self._until_ready()
            if self.plan.minutes > 0:
                await self._memory()
            else:
                await self._beats()
                await self._stuck()
            tell(self.plan, phase="done")
        except Exception as error:  # whoever waits at the pipe must hear about it
            tell(self.plan, phase="failed", reason=repr(error))
        self.exit()

    async def _until_ready(self) -> None:
        until_s = time.monotonic() + READY_S
        while time.monotonic() < until_s:
            snapshot = self.engine.snapshot()
            if snapshot.phase == "failed":
                raise RuntimeError(snapshot.phase_text)
            if snapshot.symbols_total and snapshot.symbols_ready == snapshot.symbols_total and snapshot.health:
                break
            await asyncio.sleep(0.2)
        else:
            raise RuntimeError("the engine was not ready in time")
        self._count_bytes()
        await asyncio.sleep(SETTLE_S)

    def _count_bytes(self) -> None:
        driver = self._driver
        assert driver is not None
        write = driver.write

        def counted(data: str) -> None:
            self._written += len(data.encode())
            write(data)

        driver.write = counted  # type: ignore[method-assign]

    @asynccontextmanager
    async def _watched(self) -> AsyncIterator[tuple[Lateness, Lateness]]:
        """Lateness of the screen's loop and of the engine's while inside."""
        screen, engine = Lateness(), Lateness()
        task = asyncio.get_running_loop().create_task(screen.watch())
        loop = self._thread._loop
        assert loop is not None
        watch = asyncio.run_coroutine_threadsafe(engine.watch(), loop)
        try:
            yield screen, engine
        finally:
            task.cancel()
            watch.cancel()

    def _count_work(self) -> list[float]:
        """Milliseconds of processor of each beat from now on, which a busy machine does not make longer."""
        beat, works_ms = self.pulse.beat, []

        def counted() -> None:
            begun_s = time.thread_time()
            beat()
            works_ms.append((time.thread_time() - begun_s) * 1e3)

        self.pulse.beat = counted  # type: ignore[method-assign]
        return works_ms

    async def _beats(self) -> None:
        """Processor, beats, frames and lateness while everything moves."""
        works_ms = self._count_work()
        health = self.engine.snapshot().health
        processes = health.processes if health is not None else ()
        workers = [psutil.Process(one.process_id) for one in processes if one.process_id != os.getpid()]
        async with self._watched() as (screen, engine):
            self.pulse.forget()
            self._frame_bytes.clear()
            works_ms.clear()
            events, used_s, begun = self.messages, time.process_time(), time.monotonic()
            screen_s, workers_s = time.thread_time(), [_used(child) for child in workers]
            tell(self.plan, phase="beats", at=begun)
            await asyncio.sleep(self.plan.seconds)
            seconds = time.monotonic() - begun
            figures = dict(self.pulse.figures())
            frames = sorted(self._frame_bytes) or [0]
            works = sorted(works_ms) or [0.0]
            tell(
                self.plan,
                phase="beats_done",
                at=begun + seconds,
                events_per_s=(self.messages - events) / seconds,
                app_pct=(time.process_time() - used_s) / seconds * 100,
                screen_pct=(time.thread_time() - screen_s) / seconds * 100,
                workers_pct=(sum(map(_used, workers)) - sum(workers_s)) / seconds * 100,
                tick_p50_ms=figures["tick_p50_ms"],
                tick_p99_ms=figures["tick_p99_ms"],
                work_p50_ms=works[len(works) // 2],
                work_p99_ms=works[int(len(works) * 0.99)],
                beats=figures["beats"],
                lag_p99_ms=screen.below(99),
                lag_max_ms=screen.below(100),
                engine_lag_p99_ms=engine.below(99),
                frames=len(frames),
                frame_bytes_mean=sum(frames) / len(frames),
                frame_bytes_p99=frames[int(len(frames) * 0.99)],
                threads=threading.active_count(),
            )

    async def _stuck(self) -> None:
        """Lateness of both loops while nobody reads what the app writes."""
        async with self._watched() as (screen, engine):
            tell(self.plan, phase="stuck")
            await asyncio.sleep(self.plan.stuck_s + 2.0)
            tell(self.plan, phase="stuck_done", screen_late_ms=screen.below(100), engine_late_ms=engine.below(100))

    async def _memory(self) -> None:
        """Memory of each kind of process once in two seconds."""
        health = self.engine.snapshot().health
        analyzers = {one.process_id for one in (health.processes if health is not None else ())}
        until_s = time.monotonic() + self.plan.minutes * 60
        while time.monotonic() < until_s:
            held = {"app": psutil.Process().memory_info().rss, "workers": 0, "exchange": 0}
            for child in psutil.Process().children(recursive=True):
                with contextlib.suppress(psutil.Error):  # it ended just now
                    if not any("resource_tracker" in word for word in child.cmdline()):
                        kind = "workers" if child.pid in analyzers else "exchange"
                        held[kind] += child.memory_info().rss
            tell(self.plan, phase="memory", at=time.monotonic(), **held)
            await asyncio.sleep(2.0)


def count_messages() -> None:
    """Every engine built from now on counts the messages of the exchange that it handles."""
    build = Launch.build_engine

    def counting(launch: Launch) -> Engine:
        engine = build(launch)
        handle = engine.handle

        def counted(message: Any) -> None:
            MeasuredApp.messages += 1
            handle(message)

        engine.handle = counted  # type: ignore[method-assign]
        return engine

    Launch.build_engine = counting  # type: ignore[method-assign]


def _used(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.Error:
        return 0.0
    return float(times.user + times.system)


def tell(plan: Plan, **facts: object) -> None:
    """One line for whoever watches."""
    os.write(plan.pipe, (json.dumps(facts) + "\n").encode())


def main() -> None:
    """Runs the demo until it has measured itself."""
    from futtui.cli.demo_command import DemoRequest, run_demo

    plan = Plan(**{**json.loads(sys.argv[1]), "symbols": tuple(json.loads(sys.argv[1])["symbols"])})
    MeasuredApp.plan = plan
    count_messages()
    app_module.FuttuiApp = MeasuredApp  # type: ignore[misc]
    run_demo(
        DemoRequest(
            history=None,
            symbols=plan.symbols,
            from_date="",
            to_date="",
            speed=plan.speed,
            seed=7,
            mode="paper",
            headless=False,
            minutes=None,
            json_file=None,
            faults=None,
            config=None,
            home=Path(plan.home),
        )
    )


if __name__ == "__main__":
    main()
