"""Waits until the screen has done all that it was asked for: Textual itself looks whether the processor rests."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from textual._context import active_app
from textual._wait import wait_for_idle

SOON_S = 0.02
"""A timer that ends within this time is waited for, as Textual does."""
TURNS = 3
"""So often in a row the loop has to have nothing to do; one turn brings what came meanwhile from outside."""

TIMERS = 25
"""So many timers are waited for; one that always comes again soon is not what the test waits for."""
LOOKS = 5
"""So often a thread that works, or a key that waits for its screen, is given time before it counts as hanging."""


async def wait_until_quiet(min_sleep: float = SOON_S, max_sleep: float = 1.0) -> None:
    """Takes the place of Textual's `wait_for_idle`: no task can go on, no thread works, no timer is about to end.

    Where a thread works, Textual's way is used first: whether it works or hangs shows only in the time that it takes.
    """
    loop: Any = asyncio.get_running_loop()
    still = looks = timers = 0
    while still < TURNS:
        await asyncio.sleep(0)
        still += 1
        if loop._ready:
            still = 0
        elif looks < LOOKS and (keys_wait() or threads_work(loop._default_executor)):
            looks += 1
            await wait_for_idle(min_sleep, max_sleep)
            still = 0
        elif timers < TIMERS and (wait := next_due(loop) - loop.time()) <= SOON_S:
            timers += 1
            await asyncio.sleep(max(0.0, wait))
            still = 0


def keys_wait() -> bool:
    """Whether a key that was pressed waits for the screen that it is meant for."""
    typed = getattr(active_app.get(None), "typed", None)
    return typed is not None and not typed.idle


def threads_work(executor: ThreadPoolExecutor | None) -> bool:
    """Whether any thread has something to do."""
    if executor is None:
        return False
    return executor._work_queue.qsize() > 0 or executor._idle_semaphore._value < len(executor._threads)


def next_due(loop: Any) -> float:
    """When the next timer ends, by the loop's clock."""
    return min((timer.when() for timer in loop._scheduled if not timer.cancelled()), default=float("inf"))
