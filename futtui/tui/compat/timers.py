"""Room for sleeping timers: on Windows, Textual parks one thread of the loop's pool for each of them."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

POOL_THREADS = 64
"""The usual pool has a few threads more than the PC has cores: with that many timers everything else would wait."""


def give_timers_room() -> None:
    """Give the running loop a pool that timers cannot fill; its threads are made only when they are needed."""
    pool = ThreadPoolExecutor(POOL_THREADS, thread_name_prefix="screen-pool")
    asyncio.get_running_loop().set_default_executor(pool)
