"""One request limit of the exchange: what is spent, what is under way, and whether a request still fits."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PoolRule:
    """A published limit: `limit` units in each window of `span_ms`; windows start at whole multiples of the span."""

    name: str
    span_ms: int
    limit: int


WEIGHT = PoolRule("weight", 60_000, 2400)
ORDERS_10_S = PoolRule("orders 10 s", 10_000, 300)
ORDERS_MINUTE = PoolRule("orders 1 min", 60_000, 1200)
FUNDING = PoolRule("funding", 300_000, 500)
DATA = PoolRule("data", 300_000, 1000)
ALL_RULES = (WEIGHT, ORDERS_10_S, ORDERS_MINUTE, FUNDING, DATA)
"""Source: exchangeInfo's rateLimits (weight, orders) and the change log (funding rates, /futures/data)."""


class Pool:
    """Counts in two ways and trusts the larger figure.

    What we sent in the last `span_ms`, whichever clock the exchange uses: a request counts from before it leaves
    until one span after its answer, so no window of the exchange, wherever it begins, can hold more than was allowed.
    And the exchange's own count of its current window (from answer headers), because other programs may spend too.
    """

    def __init__(self, rule: PoolRule) -> None:
        self.name = rule.name
        self.span_ms = rule.span_ms
        self.limit = rule.limit
        self.reserved = 0
        self._sent: deque[tuple[int, int]] = deque()
        self._recent = 0
        self._window: int | None = None
        self._counted = 0
        self._counted_before = 0
        self._closed_until_ms = 0

    def used(self, now_ms: int) -> int:
        """Units known to be used in the exchange's current window."""
        self._move_on(now_ms)
        return self._counted

    def window_of(self, time_ms: int) -> int:
        """Number of the window that holds `time_ms`."""
        return time_ms // self.span_ms

    def fits(self, amount: int, ceiling: int, now_ms: int) -> bool:
        """Whether `amount` more stays within `ceiling`; a pool that is untouched lets anything through."""
        if now_ms < self._closed_until_ms:
            return False
        self._move_on(now_ms)
        spent = max(self._recent, self._counted) + self.reserved
        return spent == 0 or spent + amount <= ceiling

    def close_until(self, until_ms: int) -> None:
        """Let nothing through before `until_ms`."""
        self._closed_until_ms = max(self._closed_until_ms, until_ms)

    def take(self, amount: int) -> None:
        """Hold `amount` for a request that is about to leave."""
        self.reserved += amount

    def give_back(self, amount: int) -> None:
        """Release what a request held that never left."""
        self.reserved -= amount

    def book(self, amount: int, header: int | None, *, taken_ms: int, answered_ms: int | None, now_ms: int) -> None:
        """Turn a held amount into a spent one. `header`: the exchange's count; `answered_ms`: its time of answering.

        An answer that crossed the turn of a window may carry the old window's count. Its own time tells; without
        one, a figure below the last known count of the old window can only be the new one's (counts only grow).
        """
        self._move_on(now_ms)
        self.reserved -= amount
        self._sent.append((now_ms, amount))
        self._recent += amount
        window = self.window_of(now_ms)
        answered = self.window_of(taken_ms if answered_ms is None else answered_ms)
        crossed = self.window_of(taken_ms) != window
        if header is None:
            self._counted += amount
        elif not crossed or answered == window or header < self._counted_before:
            self._counted = max(self._counted, header)
        elif answered_ms is None:
            self._counted += amount

    def next_change_ms(self, now_ms: int) -> int:
        """When room may appear at the earliest, as far as time alone brings it."""
        self._move_on(now_ms)
        turn_ms = (self.window_of(now_ms) + 1) * self.span_ms
        return min(turn_ms, self._sent[0][0] + self.span_ms) if self._sent else turn_ms

    def shift(self, by_ms: int) -> None:
        """The clock was set back by `-by_ms`: keep the ages of what was sent, begin the window's count anew."""
        self._sent = deque((time_ms + by_ms, amount) for time_ms, amount in self._sent)
        self._closed_until_ms += by_ms
        self._window = None

    def _move_on(self, now_ms: int) -> None:
        sent, horizon_ms = self._sent, now_ms - self.span_ms
        while sent and sent[0][0] <= horizon_ms:
            self._recent -= sent.popleft()[1]
        window = self.window_of(now_ms)
        if window != self._window:
            self._window = window
            self._counted_before, self._counted = self._counted, 0
