"""What the live shell adds to the request budget: bans are told to people, and lockstep time moves when it is short."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from futtui.domain.effects import Say, Severity
from futtui.domain.errors import ExchangeError

if TYPE_CHECKING:
    from futtui.exchange.binance.budget import BanAlert, RequestBudget
    from futtui.live.control import SimulatorControl

BAN_FILE = "exchange-bans.json"
"""Beside the database: bans that a restart must honour too."""
POLL_S = 0.002


def ban_teller(say: Callable[[Say], None], now_ms: Callable[[], int]) -> Callable[[BanAlert], None]:
    """Turns the two alerts of a ban into lines for people."""

    def tell(alert: BanAlert) -> None:
        severity = Severity.ERROR if alert.started else Severity.NOTICE
        say(Say(now_ms(), "feed", alert.text, severity))

    return tell


class SteppedTime:
    """The exchange's time in lockstep: it stands still, so a request that has to wait for room moves it on.

    The market goes on meanwhile, as it would for anybody who has to wait; its news are held until the next step of
    the run. `observe` is told each new time. Raises ExchangeError when the market's data end before there is room.
    """

    def __init__(self, control: SimulatorControl, observe: Callable[[int], None]) -> None:
        self._control = control
        self._observe = observe
        self._budget: RequestBudget | None = None

    async def make_budget(self, tell: Callable[[BanAlert], None]) -> RequestBudget:
        """The budget that counts in this time."""
        from futtui.exchange.binance.budget import RequestBudget

        await self._control.state()
        self._budget = RequestBudget(lambda: self._control.now_ms, sleep=self._wait_for_room, on_alert=tell)
        return self._budget

    async def pause(self, seconds: float) -> None:
        """A pause before another try: during a ban its end in the exchange's time, else `seconds` of ours."""
        budget = self._budget
        if budget is None or not budget.closed_until_ms:
            await asyncio.sleep(seconds)
            return
        while budget.closed_until_ms:
            await self._move_on()

    async def _wait_for_room(self, seconds: float) -> None:
        """One step; but not while answers are out: they may bring room, and the outcome must not depend on luck."""
        if self._budget is not None and self._budget.in_flight:
            await asyncio.sleep(POLL_S)
        else:
            await self._move_on()

    async def _move_on(self) -> None:
        step = await self._control.advance()
        self._observe(step.now_ms)
        if step.ended:
            raise ExchangeError("The market's data ended while requests waited for room in the request budget.")
