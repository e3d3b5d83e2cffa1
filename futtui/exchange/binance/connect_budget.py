"""How often connections may be opened: the exchange counts attempts per address, so all of ours share one budget."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

WINDOW_SECONDS = 300.0
URGENT_SHARE = 0.2
"""Part of the budget that only the account's stream may use."""


class ConnectBudget:
    """At most `attempts` openings in any five minutes; who comes too early waits. `attempts` None = no limit.

    The exchange closes out addresses that connect too often; its limit for futures is not published, 300 in five
    minutes is what it states for its other markets, so the default stays far below.
    """

    def __init__(
        self,
        attempts: int | None = 60,
        *,
        now_seconds: Callable[[], float] | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._attempts = attempts
        self._now_seconds = now_seconds or (lambda: asyncio.get_running_loop().time())
        self._sleep = sleep
        self._taken: deque[float] = deque()

    @property
    def used(self) -> int:
        """Attempts in the newest five minutes."""
        self._forget()
        return len(self._taken)

    async def take(self, *, urgent: bool = False) -> None:
        """Returns when one more attempt is within the budget, and counts it."""
        if self._attempts is None:
            return
        room = self._attempts if urgent else max(1, int(self._attempts * (1.0 - URGENT_SHARE)))
        while True:
            self._forget()
            if len(self._taken) < room:
                self._taken.append(self._now_seconds())
                return
            blocking = self._taken[len(self._taken) - room]
            await self._sleep(max(0.01, blocking + WINDOW_SECONDS - self._now_seconds()))

    def _forget(self) -> None:
        border = self._now_seconds() - WINDOW_SECONDS
        while self._taken and self._taken[0] <= border:
            self._taken.popleft()
