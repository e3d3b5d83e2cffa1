"""Rows of requests about orders: within a row one after the other, rows beside each other."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable

from futtui.domain.orders import OrderIntent, OrderPurpose

log = logging.getLogger(__name__)

Work = Callable[[], Awaitable[None]]


def lane_of(intent: OrderIntent) -> str:
    """The row in which requests about an order leave.

    Stops, targets and parts of a symbol share one. Entries and exits have rows of their own: what protects never waits
    for a slow answer to the entry, and what closes never waits for a slow answer to a stop.
    """
    if not intent.reduce_only:
        return f"{intent.symbol} entry"
    return f"{intent.symbol} exit" if intent.purpose is OrderPurpose.EXIT else intent.symbol


class OrderLanes:
    """Runs what is queued; a failure costs only the work that met it. `one_lane`: one row for everything."""

    def __init__(self, *, one_lane: bool) -> None:
        self._one_lane = one_lane
        self._rows: dict[str, deque[Work]] = {}
        self._workers: dict[str, asyncio.Task[None]] = {}
        self._requests = 0

    @property
    def is_idle(self) -> bool:
        """Whether nothing is queued or under way."""
        return not self._workers

    @property
    def is_asking(self) -> bool:
        """Whether an order or a cancel is queued or under way; questions about orders do not count."""
        return self._requests > 0

    def request(self, lane: str, work: Work) -> None:
        """Queue something that changes what waits on the exchange."""

        async def counted() -> None:
            try:
                await work()
            finally:
                self._requests -= 1

        self._requests += 1
        self.queue(lane, counted)

    def queue(self, lane: str, work: Work) -> None:
        """Queue anything else."""
        lane = "" if self._one_lane else lane
        self._rows.setdefault(lane, deque()).append(work)
        if lane not in self._workers:
            self._workers[lane] = asyncio.get_running_loop().create_task(self._work(lane), name=f"orders {lane}")

    async def drain(self) -> None:
        """Return when nothing is queued or under way any more."""
        while self._workers:
            await asyncio.gather(*self._workers.values(), return_exceptions=True)

    async def close(self) -> None:
        """Drop what is queued and stop what is under way."""
        workers = list(self._workers.values())
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)

    async def _work(self, lane: str) -> None:
        row = self._rows[lane]
        try:
            while row:
                try:
                    await row.popleft()()
                except Exception:
                    log.exception("An order request failed inside futtui; the next one follows")
        finally:
            del self._workers[lane], self._rows[lane]
