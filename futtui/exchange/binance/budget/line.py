"""The waiting line: who goes next when several requests wait for room."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from futtui.exchange.binance.budget.pools import Pool
from futtui.exchange.ports import Lane

AGED_AFTER_MS = 120_000
"""From this age on a request takes turns with more urgent lanes, so that it is served before three minutes."""

Costs = tuple[tuple[Pool, int], ...]


@dataclass(slots=True, eq=False)
class Ticket:
    """A request in the line. `granted` is resolved when it may leave; `costs` are what it takes of each pool."""

    lane: Lane
    costs: Costs
    arrived_ms: int
    number: int
    granted: asyncio.Future[None]

    @property
    def pools(self) -> tuple[Pool, ...]:
        """The pools it spends from."""
        return tuple(pool for pool, _ in self.costs)


class WaitingLine:
    """First come, first served inside a lane; urgent lanes first; old requests every other time.

    A request that does not fit closes its pools for everybody behind it, so that small requests cannot overtake a
    large one for ever; requests that spend from other pools pass.
    """

    def __init__(self) -> None:
        self._queues: dict[tuple[Lane, tuple[Pool, ...]], deque[Ticket]] = {}
        self._aged_turn = True

    def __bool__(self) -> bool:
        return any(True for _ in self._heads())

    def add(self, ticket: Ticket) -> None:
        """Queue up at the end of the ticket's lane."""
        self._queues.setdefault((ticket.lane, ticket.pools), deque()).append(ticket)

    def serve(self, now_ms: int, admit: Callable[[Ticket, bool], bool]) -> list[Ticket]:
        """Take out, in their order, all tickets that `admit` lets go; it is told whether the ticket is an old one."""
        served: list[Ticket] = []
        closed: set[Pool] = set()
        while (ticket := self._next(now_ms, closed)) is not None:
            if admit(ticket, self._is_aged(ticket, now_ms)):
                self._queues[ticket.lane, ticket.pools].popleft()
                if ticket.lane is not Lane.PROTECT:
                    self._aged_turn = not self._aged_turn
                served.append(ticket)
            else:
                closed.update(ticket.pools)
        return served

    def clear(self) -> list[Ticket]:
        """Take everybody out."""
        gone = list(self.tickets())
        self._queues.clear()
        return gone

    def tickets(self) -> Iterator[Ticket]:
        """Everybody who still waits, lane by lane."""
        for queue in self._queues.values():
            yield from (ticket for ticket in queue if not ticket.granted.done())

    def _next(self, now_ms: int, closed: set[Pool]) -> Ticket | None:
        heads = [ticket for ticket in self._heads() if closed.isdisjoint(ticket.pools)]
        if not heads:
            return None
        first = min(heads, key=lambda ticket: (ticket.lane, ticket.number))
        if first.lane is Lane.PROTECT or not self._aged_turn:
            return first
        aged = [ticket for ticket in heads if ticket.lane != first.lane and self._is_aged(ticket, now_ms)]
        return min(aged, key=lambda ticket: ticket.number) if aged else first

    def _heads(self) -> Iterator[Ticket]:
        """The first of each queue; those who gave up (a cancelled caller) are dropped on the way."""
        for queue in self._queues.values():
            while queue and queue[0].granted.done():
                queue.popleft()
            if queue:
                yield queue[0]

    @staticmethod
    def _is_aged(ticket: Ticket, now_ms: int) -> bool:
        return now_ms - ticket.arrived_ms >= AGED_AFTER_MS
