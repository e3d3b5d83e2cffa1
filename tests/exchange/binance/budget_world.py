"""A clock that moves only when somebody sleeps, and an exchange that counts weight as the real one does."""

from __future__ import annotations

import asyncio
import heapq
import itertools

MINUTE = 60_000


class ScriptedTime:
    """Epoch ms that stand still until somebody sleeps; each sleep moves them on."""

    def __init__(self, now_ms: int = 10 * MINUTE) -> None:
        self.now_ms = float(now_ms)

    def __call__(self) -> int:
        return int(self.now_ms)

    async def sleep(self, seconds: float) -> None:
        self.now_ms += max(seconds, 0.001) * 1000
        await asyncio.sleep(0)


class SharedTime:
    """Epoch ms for many sleepers: when all tasks wait, time jumps to the first who wants to wake up."""

    def __init__(self, now_ms: int = 10 * MINUTE) -> None:
        self.now_ms = now_ms
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._numbers = itertools.count()

    def __call__(self) -> int:
        return self.now_ms

    async def sleep(self, seconds: float) -> None:
        future = asyncio.get_running_loop().create_future()
        wake_ms = self.now_ms + max(1, round(seconds * 1000))
        heapq.heappush(self._sleepers, (wake_ms, next(self._numbers), future))
        await future

    async def run(self, *work: asyncio.Task[None]) -> None:
        """Move time on until all of `work` is done."""
        everything = asyncio.gather(*work)
        while not everything.done():
            for _ in range(4):  # let everybody come to rest
                await asyncio.sleep(0)
            while self._sleepers and self._sleepers[0][2].done():
                heapq.heappop(self._sleepers)
            if not self._sleepers:
                continue
            wake_ms = self._sleepers[0][0]
            self.now_ms = max(self.now_ms, int(wake_ms))
            while self._sleepers and self._sleepers[0][0] <= self.now_ms:
                _, _, future = heapq.heappop(self._sleepers)
                if not future.done():
                    future.set_result(None)
        await everything


class ExchangeCounter:
    """Counts weight per minute as the exchange does, at the moment a request arrives; `ahead_ms` of the client."""

    def __init__(self, time: ScriptedTime | SharedTime, ahead_ms: int = 0) -> None:
        self._time = time
        self._ahead_ms = ahead_ms
        self.by_minute: dict[int, int] = {}

    def arrive(self, weight: int) -> int:
        minute = (self._time() + self._ahead_ms) // MINUTE
        self.by_minute[minute] = self.by_minute.get(minute, 0) + weight
        return self.by_minute[minute]
