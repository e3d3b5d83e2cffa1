"""The request budget: the one place that decides when a request may leave."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from futtui.domain.snapshot import BudgetView, LaneView, PoolView
from futtui.exchange.binance.budget.ban_file import BanFile
from futtui.exchange.binance.budget.counts import NO_COUNTS, AnswerCounts
from futtui.exchange.binance.budget.gate import AlertHandler, Gate
from futtui.exchange.binance.budget.line import Costs, Ticket, WaitingLine
from futtui.exchange.binance.budget.pools import ALL_RULES, ORDERS_10_S, ORDERS_MINUTE, WEIGHT, Pool, PoolRule
from futtui.exchange.binance.clock import ClockMs
from futtui.exchange.binance.errors import Banned, NotSent
from futtui.exchange.ports import Lane

SAFE_SHARE = 0.70
PROTECT_SHARE = 0.95
BACKGROUND_SHARE = 0.90
"""Of the safe share: history and statistics leave a little for candles that close meanwhile."""
CLOCK_SET_BACK_MS = 1_000
NOT_ITS_TIME_MS = 60_000
_LONGEST_NAP_SECONDS = 0.25

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Reservation:
    """What one request holds of the pools from before it leaves until its answer is booked."""

    costs: Costs
    taken_ms: int
    settled: bool = False


@dataclass(slots=True)
class _LaneCounts:
    waiting: int = 0
    served: int = 0
    longest_ms: int = 0


class RequestBudget:
    """Keeps requests under a hard cap of each published limit (70 %; protection of open trades: 95 %).

    `clock` tells the EXCHANGE's time in ms. Requests wait in lanes (`futtui.exchange.ports.Lane`). Every reservation
    is released by the request that made it, so the figures cannot drift; one without an answer stays counted. Naps
    are short, so a clock that runs faster than ours works as well; `sleep` may also move the clock itself.
    `exchange_time` False says that `clock` is NOT the exchange's time (a virtual exchange that counts limits in real
    time): then times in its texts mean nothing. During a ban every request raises Banned at once.
    """

    def __init__(
        self,
        clock: ClockMs,
        *,
        share: float = SAFE_SHARE,
        exchange_time: bool = True,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        on_alert: AlertHandler | None = None,
        ban_file: BanFile | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._clock = clock
        self._latest_ms = clock()
        self.exchange_time = exchange_time
        self._sleep = sleep
        self._share = share
        self._pools = {rule.name: Pool(rule) for rule in ALL_RULES}
        self._weight = self._pools[WEIGHT.name]
        self._gate = Gate(on_alert=on_alert, ban_file=ban_file, jitter=jitter)
        self._line = WaitingLine()
        self._lanes = {lane: _LaneCounts() for lane in Lane}
        self._in_flight = 0
        self._tickets = 0
        self._pump: asyncio.Task[None] | None = None

    # Figures

    def now_ms(self) -> int:
        """The time in which this budget counts; it never runs backwards by less than a second."""
        now_ms = self._clock()
        if now_ms < self._latest_ms - CLOCK_SET_BACK_MS:
            self._shift(now_ms - self._latest_ms)
        elif now_ms < self._latest_ms:
            return self._latest_ms
        self._latest_ms = now_ms
        return now_ms

    @property
    def used(self) -> int:
        """Weight known to be used in the current minute of the exchange."""
        return self._weight.used(self.now_ms())

    @property
    def reserved(self) -> int:
        """Weight of requests whose answers are still out."""
        return self._weight.reserved

    @property
    def in_flight(self) -> int:
        """How many requests are under way."""
        return self._in_flight

    @property
    def waiting(self) -> int:
        """How many requests wait for their turn."""
        return sum(counts.waiting for counts in self._lanes.values())

    @property
    def cap(self) -> int:
        """The weight that ordinary requests may use in any minute, as things are now."""
        return self._ceiling(self._weight, Lane.CLOSED_CANDLES, self.now_ms())

    @property
    def closed_until_ms(self) -> int:
        """Until when the gate is closed by a 429 or a ban; 0 = open."""
        return self._gate.closed_until_ms(self.now_ms())

    def view(self) -> BudgetView:
        """All figures at this moment, for the screen and the health record."""
        now_ms = self.now_ms()
        self._gate.refresh(now_ms)
        oldest: dict[Lane, int] = {}
        for ticket in self._line.tickets():
            oldest[ticket.lane] = max(oldest.get(ticket.lane, 0), now_ms - ticket.arrived_ms)
        return BudgetView(
            used=self._weight.used(now_ms),
            reserved=self._weight.reserved,
            cap=self._ceiling(self._weight, Lane.CLOSED_CANDLES, now_ms),
            limit=self._weight.limit,
            waiting=self.waiting,
            longest_wait_ms=max(oldest.values(), default=0),
            gate=self._gate.word(now_ms),
            closed_until_ms=self._gate.closed_until_ms(now_ms),
            gate_text=self._gate.text(now_ms),
            lanes=tuple(
                LaneView(lane.name, counts.waiting, oldest.get(lane, 0), counts.served, counts.longest_ms)
                for lane, counts in self._lanes.items()
            ),
            pools=tuple(
                PoolView(
                    pool.name,
                    pool.used(now_ms),
                    pool.reserved,
                    self._ceiling(pool, Lane.CLOSED_CANDLES, now_ms),
                    pool.limit,
                )
                for pool in self._pools.values()
            ),
        )

    # Requests

    @asynccontextmanager
    async def reserve(
        self, weight: int, *, lane: Lane = Lane.HISTORY, orders: int = 0, pool: PoolRule = WEIGHT
    ) -> AsyncIterator[Reservation]:
        """Waits for room, then holds `weight` (and `orders`) for the body; raises Banned at once during a ban.

        `pool`: where a request of a pool of its own counts as one, beside its weight.
        """
        reservation = await self._acquire(self._costs(weight, orders, pool), lane)
        try:
            yield reservation
        finally:
            # No answer: the exchange may have counted the request, so it stays counted.
            self.settle(reservation)

    def settle(self, reservation: Reservation, counts: AnswerCounts = NO_COUNTS) -> None:
        """Books an answer: frees the reservation and takes over the exchange's own counts if it sent any."""
        if reservation.settled:
            return
        reservation.settled = True
        self._in_flight -= 1
        now_ms = self.now_ms()
        answered_ms = counts.answered_ms
        if not self.exchange_time or (answered_ms is not None and abs(answered_ms - now_ms) > NOT_ITS_TIME_MS):
            answered_ms = None
        told = {
            WEIGHT.name: counts.weight,
            ORDERS_10_S.name: counts.orders_10_s,
            ORDERS_MINUTE.name: counts.orders_minute,
        }
        for pool, amount in reservation.costs:
            header = told.get(pool.name)
            pool.book(amount, header, taken_ms=reservation.taken_ms, answered_ms=answered_ms, now_ms=now_ms)
        self._serve()

    def forget(self, reservation: Reservation) -> None:
        """Gives a reservation back whole: its request never left this computer."""
        if reservation.settled:
            return
        reservation.settled = True
        self._in_flight -= 1
        for pool, amount in reservation.costs:
            pool.give_back(amount)
        self._serve()

    def learn_limits(self, rules: Iterable[PoolRule]) -> None:
        """Takes over the limits that the exchange publishes, by name."""
        for rule in rules:
            pool = self._pools.get(rule.name)
            if pool is not None and rule.limit > 0 and rule.limit != pool.limit:
                logger.info("The exchange's limit of %s is %d now (was %d).", rule.name, rule.limit, pool.limit)
                pool.limit = rule.limit

    # What the exchange said

    def too_many(self, until_ms: int) -> None:
        """HTTP 429: who waits, waits until `until_ms`; then half of the budget for ten minutes."""
        self._gate.too_many(until_ms, self.now_ms())

    def too_many_orders(self, until_ms: int) -> None:
        """Code -1015: orders wait until `until_ms`, market data goes on."""
        for rule in (ORDERS_10_S, ORDERS_MINUTE):
            self._pools[rule.name].close_until(until_ms)

    def ban_until(self, ban: Banned) -> None:
        """Closes the gate for everything, protection too; who waits gets Banned."""
        self._gate.ban(ban, self.now_ms())
        self._serve()

    def close(self) -> None:
        """Ends the waiting: whoever waits gets NotSent."""
        if self._pump is not None:
            self._pump.cancel()
            self._pump = None
        self._fail_all(
            NotSent("The connection to the exchange was closed by futtui itself; nothing is asked any more.")
        )

    # How it works

    def _costs(self, weight: int, orders: int, pool: PoolRule) -> Costs:
        costs = [(self._weight, weight)] if weight else []
        if orders:
            costs += [(self._pools[ORDERS_10_S.name], orders), (self._pools[ORDERS_MINUTE.name], orders)]
        if pool.name != WEIGHT.name:
            costs.append((self._pools[pool.name], 1))
        return tuple(costs)

    async def _acquire(self, costs: Costs, lane: Lane) -> Reservation:
        now_ms = self.now_ms()
        self._gate.refresh(now_ms)
        self._gate.refuse_while_banned(now_ms)
        self._tickets += 1
        ticket = Ticket(lane, costs, now_ms, self._tickets, asyncio.get_running_loop().create_future())
        self._line.add(ticket)
        counts = self._lanes[lane]
        counts.waiting += 1
        try:
            self._serve()
            if not ticket.granted.done():
                self._keep_pumping()
            await ticket.granted
        except asyncio.CancelledError:
            granted = ticket.granted
            if granted.done() and not granted.cancelled() and granted.exception() is None:
                # Let through and given up in the same moment.
                self.forget(Reservation(costs, now_ms))
            raise
        finally:
            counts.waiting -= 1
        taken_ms = self.now_ms()
        counts.served += 1
        counts.longest_ms = max(counts.longest_ms, taken_ms - ticket.arrived_ms)
        return Reservation(costs, taken_ms)

    def _serve(self) -> None:
        """Let through everybody for whom there is room; during a ban nobody waits."""
        now_ms = self.now_ms()
        if self._gate.is_banned(now_ms):
            try:
                self._gate.refuse_while_banned(now_ms)
            except Banned as ban:
                self._fail_all(ban)
            return

        def admit(ticket: Ticket, aged: bool) -> bool:
            lane = Lane.CLOSED_CANDLES if aged and ticket.lane is not Lane.PROTECT else ticket.lane
            if lane is not Lane.PROTECT and self._gate.is_paused(now_ms):
                return False
            if not all(pool.fits(cost, self._ceiling(pool, lane, now_ms), now_ms) for pool, cost in ticket.costs):
                return False
            for pool, cost in ticket.costs:
                pool.take(cost)
            self._in_flight += 1
            return True

        for ticket in self._line.serve(now_ms, admit):
            ticket.granted.set_result(None)

    def _ceiling(self, pool: Pool, lane: Lane, now_ms: int) -> int:
        if lane is Lane.PROTECT:
            return _part(pool.limit, PROTECT_SHARE)
        share = self._share * self._gate.share(now_ms)
        return _part(pool.limit, share * (BACKGROUND_SHARE if lane >= Lane.HISTORY else 1.0))

    def _keep_pumping(self) -> None:
        if self._pump is None or self._pump.done():
            self._pump = asyncio.get_running_loop().create_task(self._pump_line(), name="request budget")

    async def _pump_line(self) -> None:
        """Look again and again while somebody waits, because time alone brings room."""
        try:
            while self._line:
                await self._sleep(self._nap_seconds())
                self._serve()
        except Exception as error:  # whoever waits must hear why it will not go on
            self._fail_all(error)

    def _nap_seconds(self) -> float:
        now_ms = self.now_ms()
        changes = [pool.next_change_ms(now_ms) for pool in self._pools.values()]
        gate_ms = self._gate.next_change_ms(now_ms)
        wake_ms = min(changes if gate_ms is None else [*changes, gate_ms])
        return min(_LONGEST_NAP_SECONDS, max(0.001, (wake_ms - now_ms) / 1000))

    def _fail_all(self, error: Exception) -> None:
        for ticket in self._line.clear():
            ticket.granted.set_exception(error)

    def _shift(self, by_ms: int) -> None:
        """The clock was set back (our time was measured wrong before): nobody waits longer for that."""
        for pool in self._pools.values():
            pool.shift(by_ms)
        for ticket in self._line.tickets():
            ticket.arrived_ms += by_ms
        self._gate.shift(by_ms)


def _part(limit: int, share: float) -> int:
    """A share of a limit, rounded down; the small addition keeps 10 % of 1680 from becoming 167."""
    return int(limit * share + 1e-6)
