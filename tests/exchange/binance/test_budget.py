"""The request budget under a scripted clock."""

from __future__ import annotations

import asyncio
import itertools
import random

import pytest

from futtui.exchange.binance.budget import RequestBudget
from futtui.exchange.binance.errors import Banned

MINUTE = 60_000


class ScriptedTime:
    """A clock that moves only when somebody sleeps."""

    def __init__(self, now_ms: int = 10 * MINUTE) -> None:
        self.now_ms = float(now_ms)

    def __call__(self) -> int:
        return int(self.now_ms)

    async def sleep(self, seconds: float) -> None:
        self.now_ms += max(seconds, 0.001) * 1000
        await asyncio.sleep(0)


class ExchangeCounter:
    """Counts weight per minute as the exchange does, at the moment a request arrives."""

    def __init__(self, time: ScriptedTime) -> None:
        self._time = time
        self.by_minute: dict[int, int] = {}

    def arrive(self, weight: int) -> int:
        minute = self._time() // MINUTE
        self.by_minute[minute] = self.by_minute.get(minute, 0) + weight
        return self.by_minute[minute]


async def test_budget_of_ten_thousand_requests_never_passes_the_cap_and_starves_nobody() -> None:
    time = ScriptedTime()
    budget = RequestBudget(time, sleep=time.sleep)
    exchange = ExchangeCounter(time)
    chance = random.Random(5)
    weights = [chance.choice([1, 1, 2, 5, 10]) for _ in range(10_000)]
    order: list[int] = []

    async def request(number: int, weight: int) -> None:
        async with budget.reserve(weight) as reservation:
            order.append(number)
            await time.sleep(chance.random() * 0.05)
            header = exchange.arrive(weight)
            await time.sleep(chance.random() * 0.05)
            budget.settle(reservation, header if chance.random() > 0.1 else None)

    for start in range(0, len(weights), 500):
        part = enumerate(weights[start : start + 500], start)
        await asyncio.gather(*(request(number, weight) for number, weight in part))
    assert max(exchange.by_minute.values()) <= budget.cap
    assert sum(exchange.by_minute.values()) == sum(weights)
    assert budget.reserved == 0
    assert order == sorted(order)
    minutes = sorted(exchange.by_minute)
    assert all(exchange.by_minute[minute] > 0.9 * budget.cap for minute in minutes[1:-1])


async def test_budget_when_spent_waits_for_next_minute_in_order_of_arrival() -> None:
    time = ScriptedTime()
    budget = RequestBudget(time, sleep=time.sleep)
    starts: list[tuple[int, int]] = []

    async def request(number: int) -> None:
        async with budget.reserve(1000) as reservation:
            starts.append((number, time() // MINUTE))
            budget.settle(reservation, None)

    await asyncio.gather(*(request(number) for number in range(4)))
    assert starts == [(0, 10), (1, 11), (2, 12), (3, 13)]


async def test_budget_takes_over_weight_spent_by_other_programs() -> None:
    time = ScriptedTime()
    budget = RequestBudget(time, sleep=time.sleep)
    async with budget.reserve(1) as reservation:
        budget.settle(reservation, 1679)
    async with budget.reserve(1):
        assert time() // MINUTE == 10
    async with budget.reserve(1):
        assert time() // MINUTE == 11


async def test_budget_ignores_old_minutes_count_that_arrives_after_the_turn() -> None:
    time = ScriptedTime()
    budget = RequestBudget(time, sleep=time.sleep)
    async with budget.reserve(10) as first:
        budget.settle(first, 1600)
    async with budget.reserve(10) as late:
        time.now_ms = 11 * MINUTE + 5
        budget.settle(late, 1610)
    assert budget.used == 10
    async with budget.reserve(10) as early:
        time.now_ms = 12 * MINUTE + 5
        budget.settle(early, 2)
    assert budget.used == 2


async def test_budget_after_request_without_answer_keeps_it_counted() -> None:
    budget = RequestBudget(ScriptedTime())
    with pytest.raises(RuntimeError):
        async with budget.reserve(10):
            raise RuntimeError
    assert (budget.used, budget.reserved) == (10, 0)


async def test_budget_pause_delays_ordinary_requests_but_not_urgent_ones() -> None:
    time = ScriptedTime()
    budget = RequestBudget(time, sleep=time.sleep)
    budget.pause_until(time() + 90_000)
    async with budget.reserve(1, urgent=True):
        assert time() == 10 * MINUTE
    async with budget.reserve(1):
        assert time() >= 10 * MINUTE + 90_000


async def test_budget_during_ban_refuses_everything_at_once_and_opens_after_it() -> None:
    time = ScriptedTime()
    budget = RequestBudget(time, sleep=time.sleep)
    end = time() + 3 * MINUTE
    budget.ban_until(Banned(end))
    for urgent in (False, True):
        with pytest.raises(Banned) as caught:
            async with budget.reserve(1, urgent=urgent):
                pytest.fail("a request left during a ban")
        assert caught.value.until_ms == end
    assert budget.closed_until_ms == end
    time.now_ms = end
    async with budget.reserve(1):
        assert budget.closed_until_ms == 0


async def test_budget_ban_reaches_requests_that_already_wait() -> None:
    time = ScriptedTime()
    budget = RequestBudget(time, sleep=time.sleep)
    naps = itertools.count()

    async def sleep_then_ban(seconds: float) -> None:
        if next(naps) == 0:
            budget.ban_until(Banned(time() + 10 * MINUTE))
        await time.sleep(seconds)

    budget._sleep = sleep_then_ban
    async with budget.reserve(1680):
        with pytest.raises(Banned):
            async with budget.reserve(10):
                pytest.fail("a request left during a ban")
    assert budget.waiting == 0


async def test_budget_cancelled_waiter_leaves_no_reservation() -> None:
    budget = RequestBudget(ScriptedTime())
    async with budget.reserve(1680):
        waiter = asyncio.create_task(budget._acquire(10, urgent=False))
        await asyncio.sleep(0)
        waiter.cancel()
        await asyncio.gather(waiter, return_exceptions=True)
        assert (budget.reserved, budget.waiting) == (1680, 0)
