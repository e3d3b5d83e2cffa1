"""The request budget: how much of the exchange's minute may still be used, and a gate for 429 and bans."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from futtui.exchange.binance.clock import ClockMs
from futtui.exchange.binance.errors import Banned, next_minute_ms
from futtui.exchange.binance.weights import SAFE_SHARE, WEIGHT_LIMIT_PER_MINUTE

_LONGEST_NAP_SECONDS = 0.25


class Reservation:
    """The weight that one request holds from before it leaves until its answer is booked."""

    __slots__ = ("minute", "settled", "weight")

    def __init__(self, weight: int, minute: int) -> None:
        self.weight = weight
        self.minute = minute
        self.settled = False


class RequestBudget:
    """Keeps the used weight of the exchange's minute under a hard cap (70 % of the published limit).

    `clock` tells the EXCHANGE's time in ms, because the exchange counts in its own minutes. Waiting is first come,
    first served. Every reservation is released by the request that made it, so the figures cannot drift; one that
    crosses the turn of the minute keeps counting until its answer is there (the exchange may book it in either).
    Naps are short, so a clock that runs faster than ours works as well. `exchange_time` False says that `clock` is
    NOT the exchange's time (a virtual exchange that counts limits in real time): then times in its texts mean nothing.
    """

    def __init__(
        self,
        clock: ClockMs,
        *,
        limit_per_minute: int = WEIGHT_LIMIT_PER_MINUTE,
        share: float = SAFE_SHARE,
        exchange_time: bool = True,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._clock = clock
        self.exchange_time = exchange_time
        self._sleep = sleep
        self.cap = int(limit_per_minute * share)
        self._turnstile = asyncio.Lock()
        self._minute = clock() // 60_000
        self._used = 0
        self._used_before = 0
        self._reserved = 0
        self._pause_until_ms = 0
        self._ban: Banned | None = None
        self._waiting = 0

    def now_ms(self) -> int:
        """The time in which this budget counts."""
        return self._clock()

    @property
    def used(self) -> int:
        """Weight known to be used in the current minute of the exchange."""
        self._turn_minute()
        return self._used

    @property
    def reserved(self) -> int:
        """Weight of requests whose answers are still out."""
        return self._reserved

    @property
    def waiting(self) -> int:
        """How many requests wait for their turn."""
        return self._waiting

    @property
    def closed_until_ms(self) -> int:
        """Until when the gate is closed by a 429 or a ban; 0 = open."""
        ban_ms = self._ban.until_ms if self._ban else 0
        latest = max(self._pause_until_ms, ban_ms)
        return latest if latest > self._clock() else 0

    @asynccontextmanager
    async def reserve(self, weight: int, *, urgent: bool = False) -> AsyncIterator[Reservation]:
        """Waits for room, then holds `weight` for the body; raises Banned at once during a ban.

        `urgent` (orders, cancels) neither queues nor waits: the share above the cap is kept for them.
        """
        reservation = await self._acquire(weight, urgent)
        try:
            yield reservation
        finally:
            if not reservation.settled:
                # No answer: the exchange may have counted the request, so it stays counted.
                self.settle(reservation, None)

    def settle(self, reservation: Reservation, used_header: int | None) -> None:
        """Books an answer: frees the reservation and takes over the exchange's own count if it sent one."""
        if reservation.settled:
            return
        reservation.settled = True
        self._turn_minute()
        self._reserved -= reservation.weight
        if used_header is not None and self._is_count_of_this_minute(reservation, used_header):
            self._used = max(self._used, used_header)
        else:
            self._used += reservation.weight

    def note_used(self, used_header: int) -> None:
        """Takes over the exchange's count from an answer of this very moment."""
        self._turn_minute()
        self._used = max(self._used, used_header)

    def forget(self, reservation: Reservation) -> None:
        """Gives a reservation back whole: its request never left this computer."""
        if not reservation.settled:
            reservation.settled = True
            self._reserved -= reservation.weight

    def pause_until(self, until_ms: int) -> None:
        """Closes the gate until `until_ms` (HTTP 429); who waits, waits longer."""
        self._pause_until_ms = max(self._pause_until_ms, until_ms)

    def ban_until(self, ban: Banned) -> None:
        """Closes the gate for everything, urgent or not, until the ban ends."""
        if self._ban is None or ban.until_ms > self._ban.until_ms:
            self._ban = ban

    async def _acquire(self, weight: int, urgent: bool) -> Reservation:
        self._refuse_while_banned()
        if not urgent:
            self._waiting += 1
            try:
                async with self._turnstile:
                    while not self._has_room(weight):
                        await self._sleep(self._nap_seconds())
                        self._refuse_while_banned()
                    return self._take(weight)
            finally:
                self._waiting -= 1
        self._turn_minute()
        return self._take(weight)

    def _take(self, weight: int) -> Reservation:
        self._reserved += weight
        return Reservation(weight, self._minute)

    def _has_room(self, weight: int) -> bool:
        self._turn_minute()
        if self._clock() < self._pause_until_ms:
            return False
        idle = self._used == 0 and self._reserved == 0
        return idle or self._used + self._reserved + weight <= self.cap

    def _nap_seconds(self) -> float:
        now_ms = self._clock()
        wake_ms = max(self._pause_until_ms, 0)
        if wake_ms <= now_ms:
            wake_ms = next_minute_ms(now_ms)
        return min(_LONGEST_NAP_SECONDS, max(0.001, (wake_ms - now_ms) / 1000))

    def _turn_minute(self) -> None:
        minute = self._clock() // 60_000
        if minute > self._minute:
            self._minute = minute
            self._used_before = self._used
            self._used = 0

    def _is_count_of_this_minute(self, reservation: Reservation, used_header: int) -> bool:
        # An answer that crossed the turn of the minute may carry the old minute's count: that one only grows,
        # so a figure below the last known one can only be the new minute's.
        return reservation.minute == self._minute or used_header < self._used_before

    def _refuse_while_banned(self) -> None:
        if self._ban is not None and self._clock() < self._ban.until_ms:
            raise Banned(self._ban.until_ms, firewall=self._ban.firewall)
