"""Draws charts in a process of their own, so that neither the engine nor the bot waits for a picture."""

from __future__ import annotations

import asyncio
import logging
import signal
from concurrent.futures import Executor, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context

from futtui.live.candle_chart import ChartData, chart_png

log = logging.getLogger(__name__)

DRAW_LIMIT_S = 30.0


class ChartMaker:
    """Pictures of charts, one at a time. Starts its process with the first one."""

    def __init__(self) -> None:
        self._pool: Executor | None = None

    async def png(self, data: ChartData) -> bytes | None:
        """The picture; None when it could not be drawn, which is logged."""
        for attempt in (1, 2):
            try:
                work = asyncio.get_running_loop().run_in_executor(self._executor(), chart_png, data)
                return await asyncio.wait_for(work, DRAW_LIMIT_S)
            except BrokenProcessPool:
                self.close()
                if attempt == 2:
                    log.exception("The process that draws charts ended twice")
            except Exception:
                log.exception("A chart could not be drawn")
                return None
        return None

    def _executor(self) -> Executor:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=_ignore_interrupts)
        return self._pool

    def close(self) -> None:
        """End the process."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)


def _ignore_interrupts() -> None:
    """Ctrl+C is for the app; it ends this process properly."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
