"""Timers on Windows park threads of the loop's pool: other work of the screen must still find one."""

from __future__ import annotations

import asyncio
import threading

from tests.tui.conftest import AppMaker


async def test_app_work_in_a_thread_starts_at_once_while_forty_timers_sleep(make_app: AppMaker) -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        wake = threading.Event()
        loop = asyncio.get_running_loop()
        timers = [loop.run_in_executor(None, wake.wait) for _ in range(40)]
        try:
            assert await asyncio.wait_for(asyncio.to_thread(lambda: "done"), 5) == "done"
        finally:
            wake.set()
            await asyncio.gather(*timers)
