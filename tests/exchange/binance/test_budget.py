"""The request budget under scripted clocks: pools, lanes, waiting."""

from __future__ import annotations

import asyncio
import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from futtui.exchange.binance.budget import DATA, FUNDING, WEIGHT, AnswerCounts, PoolRule, RequestBudget
from futtui.exchange.binance.budget.pools import Pool
from futtui.exchange.binance.errors import Banned, NotSent
from futtui.exchange.ports import Lane
from tests.exchange.binance.budget_world import MINUTE, ExchangeCounter, ScriptedTime, SharedTime

CAP = 1680
BACKGROUND = 1512
THREE_MINUTES = 3 * MINUTE


def told(weight: int | None) -> AnswerCounts:
    return AnswerCounts(weight=weight)


class Load:
    """Sends requests through a budget to a counting exchange and remembers how long each had to wait."""

    def __init__(self, seed: int, *, ahead_ms: int = 0) -> None:
        self.time = SharedTime()
        self.chance = random.Random(seed)
        self.budget = RequestBudget(self.time, sleep=self.time.sleep)
        self.exchange = ExchangeCounter(self.time, ahead_ms)
        self.waits: list[tuple[Lane, int, int]] = []
        self.order: dict[Lane, list[int]] = {lane: [] for lane in Lane}

    async def request(self, number: int, lane: Lane, weight: int, arrives_s: float) -> None:
        await self.time.sleep(arrives_s)
        asked_ms = self.time()
        async with self.budget.reserve(weight, lane=lane) as reservation:
            self.waits.append((lane, self.time() - asked_ms, number))
            self.order[lane].append(number)
            await self.time.sleep(self.chance.random() * 0.2)
            header = self.exchange.arrive(weight)
            await self.time.sleep(self.chance.random() * 0.2)
            self.budget.settle(reservation, told(header if self.chance.random() > 0.1 else None))

    def longest_ms(self, *lanes: Lane) -> int:
        return max(wait for lane, wait, _ in self.waits if lane in lanes)


@pytest.mark.parametrize("ahead_ms", [0, 29_000])
async def test_budget_of_ten_thousand_requests_never_passes_the_cap_and_starves_nobody(ahead_ms: int) -> None:
    """A load near the cap, most of it urgent; the exchange's minute may begin anywhere in ours."""
    load = Load(5, ahead_ms=ahead_ms)
    lanes = [*[Lane.CLOSED_CANDLES] * 6, *[Lane.CATCH_UP] * 9, *[Lane.HISTORY] * 4, Lane.STATISTICS, Lane.PROTECT]
    weights = [load.chance.choice([1, 1, 2, 5, 10]) for _ in range(10_000)]
    pace_s = sum(weights) / 1550 * 60 / len(weights)
    work = [
        asyncio.ensure_future(load.request(number, load.chance.choice(lanes), weight, (number + 1) * pace_s))
        for number, weight in enumerate(weights)
    ]
    await load.time.run(*work)
    assert sum(load.exchange.by_minute.values()) == sum(weights)
    assert max(load.exchange.by_minute.values()) <= CAP
    assert load.longest_ms(*Lane) <= THREE_MINUTES
    assert load.longest_ms(Lane.PROTECT) == 0
    assert (load.budget.reserved, load.budget.in_flight, load.budget.waiting) == (0, 0, 0)


async def test_budget_of_a_burst_is_fair_inside_a_lane_and_uses_what_it_may() -> None:
    load = Load(7)
    weights = [load.chance.choice([1, 2, 5, 10]) for _ in range(3_000)]
    work = [
        asyncio.ensure_future(load.request(number, Lane.CATCH_UP, weight, 0.001))
        for number, weight in enumerate(weights)
    ]
    await load.time.run(*work)
    order = load.order[Lane.CATCH_UP]
    assert order == sorted(order)
    minutes = sorted(load.exchange.by_minute)
    assert max(load.exchange.by_minute.values()) <= CAP
    assert all(load.exchange.by_minute[minute] > 0.95 * CAP for minute in minutes[:-1])


async def test_budget_under_a_flood_of_urgent_requests_serves_old_ones_within_three_minutes() -> None:
    load = Load(11)
    flood = [(Lane.CLOSED_CANDLES, 10, 0.01 + number * 0.2) for number in range(3_000)]
    rare = [(lane, 5, 1.0 + number * 20) for number in range(20) for lane in (Lane.STATISTICS, Lane.HISTORY)]
    work = [asyncio.ensure_future(load.request(n, *item)) for n, item in enumerate([*flood, *rare])]
    await load.time.run(*work)
    assert max(load.exchange.by_minute.values()) <= CAP
    assert load.longest_ms(Lane.CLOSED_CANDLES) > THREE_MINUTES, "the flood itself is more than the cap"
    assert load.longest_ms(Lane.STATISTICS, Lane.HISTORY) <= THREE_MINUTES


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.integers(0, 59_999), st.sampled_from([600, 2400, 6000]))
async def test_budget_of_any_load_stays_below_the_cap_in_every_minute(seed: int, ahead_ms: int, limit: int) -> None:
    load = Load(seed, ahead_ms=ahead_ms)
    load.budget.learn_limits([PoolRule(WEIGHT.name, MINUTE, limit)])
    urgent = 0
    work = []
    for number in range(load.chance.randrange(50, 400)):
        lane = load.chance.choice(list(Lane))
        weight = load.chance.choice([1, 2, 5, 10, 20, 40])
        if lane is Lane.PROTECT:
            urgent += weight
        work.append(asyncio.ensure_future(load.request(number, lane, weight, load.chance.random() * 90)))
    await load.time.run(*work)
    cap = int(limit * 0.95) if urgent else int(limit * 0.7)
    assert max(load.exchange.by_minute.values()) <= cap
    assert load.budget.reserved == 0


async def test_budget_serves_lanes_in_their_order_and_protection_at_once() -> None:
    time = ScriptedTime()
    budget = RequestBudget(time, sleep=time.sleep)
    starts: list[str] = []

    async def request(lane: Lane, weight: int = 100) -> None:
        async with budget.reserve(weight, lane=lane):
            starts.append(lane.name)

    async with budget.reserve(CAP, lane=Lane.CATCH_UP):
        pass
    others = [asyncio.ensure_future(request(lane)) for lane in sorted(Lane, reverse=True) if lane is not Lane.PROTECT]
    await asyncio.sleep(0)
    await request(Lane.PROTECT)
    assert starts == ["PROTECT"]
    assert time() == 10 * MINUTE
    await asyncio.gather(*others)
    assert starts == ["PROTECT", "CLOSED_CANDLES", "CATCH_UP", "HISTORY", "STATISTICS"]
    assert time() // MINUTE == 11


async def test_budget_keeps_a_part_for_candles_that_close_while_history_loads() -> None:
    time = ScriptedTime()
    budget = RequestBudget(time, sleep=time.sleep)
    async with budget.reserve(BACKGROUND, lane=Lane.HISTORY):
        pass
    async with budget.reserve(CAP - BACKGROUND, lane=Lane.CLOSED_CANDLES):
        assert time() == 10 * MINUTE
    async with budget.reserve(1, lane=Lane.HISTORY):
        assert time() // MINUTE == 11


async def test_budget_lets_protection_use_95_percent_but_no_more() -> None:
    time = ScriptedTime()
    budget = RequestBudget(time, sleep=time.sleep)
    async with budget.reserve(CAP, lane=Lane.CATCH_UP), budget.reserve(600, lane=Lane.PROTECT):
        assert time() == 10 * MINUTE
    async with budget.reserve(1, lane=Lane.PROTECT):
        assert time() // MINUTE == 11


async def test_budget_pools_do_not_hold_up_each_other() -> None:
    time = ScriptedTime()
    budget = RequestBudget(time, sleep=time.sleep)
    for pool, most in ((FUNDING, 350), (DATA, 700)):
        started_ms = time()
        for _ in range(most):
            async with budget.reserve(0, lane=Lane.CATCH_UP, pool=pool):
                pass
        assert time() == started_ms
        waiting = asyncio.ensure_future(budget._acquire(budget._costs(0, 0, pool), Lane.STATISTICS))
        await asyncio.sleep(0)
        async with budget.reserve(10, lane=Lane.STATISTICS):
            assert not waiting.done()
        budget.forget(await waiting)
        assert time() - started_ms >= 5 * MINUTE


async def test_budget_counts_orders_of_ten_seconds_and_of_the_minute() -> None:
    time = ScriptedTime()
    budget = RequestBudget(time, sleep=time.sleep)
    sent: list[int] = []
    for _ in range(1_500):
        async with budget.reserve(0, lane=Lane.PROTECT, orders=1):
            sent.append(time())
    for span_ms, limit in ((10_000, 300), (60_000, 1_200)):
        for first, last in itertools.pairwise(sent[:: int(limit * 0.95)]):
            assert last - first >= span_ms
    assert sent[-1] - sent[0] < 90_000


async def test_budget_learns_order_counts_of_other_programs_from_headers() -> None:
    time = ScriptedTime()
    budget = RequestBudget(time, sleep=time.sleep)
    async with budget.reserve(0, lane=Lane.PROTECT, orders=1) as reservation:
        budget.settle(reservation, AnswerCounts(orders_10_s=285, orders_minute=290))
    async with budget.reserve(0, lane=Lane.PROTECT, orders=1):
        assert time() == 10 * MINUTE + 10_000


async def test_budget_after_too_many_orders_holds_orders_only() -> None:
    time = ScriptedTime()
    budget = RequestBudget(time, sleep=time.sleep)
    budget.too_many_orders(time() + 10_000)
    async with budget.reserve(1, lane=Lane.PROTECT), budget.reserve(1, lane=Lane.HISTORY):
        assert time() == 10 * MINUTE
    async with budget.reserve(0, lane=Lane.PROTECT, orders=1):
        assert time() == 10 * MINUTE + 10_000


# Corrections by the exchange's own counts


async def test_budget_takes_over_weight_spent_by_other_programs() -> None:
    time = ScriptedTime()
    budget = RequestBudget(time, sleep=time.sleep)
    async with budget.reserve(1) as reservation:
        budget.settle(reservation, told(1679))
    async with budget.reserve(1, lane=Lane.CATCH_UP):
        assert time() // MINUTE == 10
    async with budget.reserve(1, lane=Lane.CATCH_UP):
        assert time() // MINUTE == 11


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(1, 40), min_size=1, max_size=12), st.integers(0, 500), st.randoms(use_true_random=False))
def test_pool_corrected_by_headers_in_any_order_knows_the_exchanges_count(
    weights: list[int], foreign: int, chance: random.Random
) -> None:
    pool = Pool(WEIGHT)
    now_ms = 10 * MINUTE
    counts = [foreign + total for total in itertools.accumulate(weights)]
    for weight in weights:
        pool.take(weight)
    answers = list(zip(weights, counts, strict=True))
    chance.shuffle(answers)
    for weight, count in answers:
        pool.book(weight, count, taken_ms=now_ms, answered_ms=None, now_ms=now_ms + 20)
        assert pool.used(now_ms + 20) + pool.reserved >= count
    assert pool.used(now_ms + 20) == counts[-1]
    assert pool.reserved == 0


@pytest.mark.parametrize(
    ("answered_ms", "header", "used"),
    [
        (11 * MINUTE, 30, 30),  # the new minute's own count
        (11 * MINUTE - 1000, 1610, 0),  # the old minute's count, as its time says
        (None, 1610, 10),  # nobody knows: the request counts where it may have been counted
        (None, 30, 30),  # smaller than the old count, so it can only be the new minute's
    ],
)
async def test_budget_books_an_answer_across_the_turn_in_its_own_minute(
    answered_ms: int | None, header: int, used: int
) -> None:
    time = ScriptedTime(11 * MINUTE - 500)
    budget = RequestBudget(time, sleep=time.sleep)
    async with budget.reserve(10) as first:
        budget.settle(first, told(1600))
    async with budget.reserve(10, lane=Lane.CATCH_UP) as late:
        time.now_ms = 11 * MINUTE + 5
        budget.settle(late, AnswerCounts(weight=header, answered_ms=answered_ms))
    assert budget.used == used


async def test_budget_ignores_a_date_that_is_not_the_exchanges_time() -> None:
    time = ScriptedTime(11 * MINUTE - 500)
    budget = RequestBudget(time, sleep=time.sleep)
    async with budget.reserve(10) as late:
        time.now_ms = 11 * MINUTE + 5
        budget.settle(late, AnswerCounts(weight=30, answered_ms=1_790_000_000_000))
    assert budget.used == 10


async def test_budget_after_request_without_answer_keeps_it_counted() -> None:
    budget = RequestBudget(ScriptedTime())
    with pytest.raises(RuntimeError):
        async with budget.reserve(10):
            raise RuntimeError
    assert (budget.used, budget.reserved) == (10, 0)


async def test_budget_takes_over_published_limits() -> None:
    time = ScriptedTime()
    budget = RequestBudget(time, sleep=time.sleep)
    budget.learn_limits([PoolRule(WEIGHT.name, MINUTE, 6000), PoolRule("unknown", MINUTE, 5)])
    assert budget.cap == 4200
    assert budget.view().limit == 6000
    budget.learn_limits([PoolRule(WEIGHT.name, MINUTE, 0)])
    assert budget.cap == 4200


async def test_budget_whose_clock_is_set_back_by_hours_does_not_wait_for_hours() -> None:
    time = ScriptedTime(1_000 * MINUTE)
    budget = RequestBudget(time, sleep=time.sleep)
    async with budget.reserve(CAP, lane=Lane.CATCH_UP):
        pass
    time.now_ms = 800 * MINUTE
    async with budget.reserve(CAP, lane=Lane.CATCH_UP):
        assert 800 * MINUTE + 59_000 <= time() <= 801 * MINUTE


# Waiting and giving up


async def test_budget_cancelled_waiter_leaves_nothing_behind() -> None:
    time = ScriptedTime()
    budget = RequestBudget(time, sleep=asyncio.sleep)
    async with budget.reserve(CAP, lane=Lane.CATCH_UP):
        waiter = asyncio.create_task(budget._acquire(budget._costs(10, 0, WEIGHT), Lane.CATCH_UP))
        await asyncio.sleep(0)
        assert budget.waiting == 1
        waiter.cancel()
        await asyncio.gather(waiter, return_exceptions=True)
        assert (budget.reserved, budget.waiting, budget.in_flight) == (CAP, 0, 1)
    budget.close()


async def test_budget_request_cancelled_in_the_moment_it_is_let_through_gives_its_weight_back() -> None:
    time = ScriptedTime()
    budget = RequestBudget(time, sleep=asyncio.sleep)
    async with budget.reserve(CAP, lane=Lane.CATCH_UP):
        waiter = asyncio.create_task(budget._acquire(budget._costs(10, 0, WEIGHT), Lane.CATCH_UP))
        await asyncio.sleep(0)
        time.now_ms += MINUTE
    time.now_ms += MINUTE
    budget._serve()
    waiter.cancel()
    await asyncio.gather(waiter, return_exceptions=True)
    assert (budget.reserved, budget.in_flight) == (0, 0)
    budget.close()


async def test_budget_when_closed_tells_who_waits() -> None:
    time = ScriptedTime()
    budget = RequestBudget(time, sleep=asyncio.sleep)
    async with budget.reserve(CAP, lane=Lane.CATCH_UP):
        waiter = asyncio.create_task(budget._acquire(budget._costs(10, 0, WEIGHT), Lane.CATCH_UP))
        await asyncio.sleep(0)
        budget.close()
        with pytest.raises(NotSent, match="closed"):
            await waiter


async def test_budget_whose_clock_cannot_move_tells_who_waits() -> None:
    async def no_time(_: float) -> None:
        raise NotSent("The market's data ended.")

    budget = RequestBudget(lambda: 10 * MINUTE, sleep=no_time)
    async with budget.reserve(CAP, lane=Lane.CATCH_UP):
        with pytest.raises(NotSent, match="ended"):
            async with budget.reserve(10):
                pytest.fail("there was no room")


async def test_budget_view_shows_who_waits_and_how_long() -> None:
    time = ScriptedTime()
    budget = RequestBudget(time, sleep=asyncio.sleep)
    async with budget.reserve(CAP, lane=Lane.CATCH_UP):
        waiters = [
            asyncio.create_task(budget._acquire(budget._costs(10, 0, WEIGHT), lane))
            for lane in (Lane.HISTORY, Lane.HISTORY, Lane.STATISTICS)
        ]
        await asyncio.sleep(0)
        time.now_ms += 1_500
        view = budget.view()
        lanes = {lane.name: (lane.waiting, lane.longest_wait_ms, lane.served) for lane in view.lanes}
        assert (view.used, view.reserved, view.cap, view.limit) == (0, CAP, CAP, 2400)
        assert (view.waiting, view.longest_wait_ms, view.gate, view.closed_until_ms) == (3, 1_500, "open", 0)
        assert lanes["HISTORY"] == (2, 1_500, 0)
        assert lanes["STATISTICS"] == (1, 1_500, 0)
        assert lanes["CATCH_UP"] == (0, 0, 1)
        assert {pool.name for pool in view.pools} == {"weight", "orders 10 s", "orders 1 min", "funding", "data"}
    budget.ban_until(Banned(time() + MINUTE))
    await asyncio.gather(*waiters, return_exceptions=True)
    assert budget.view().gate == "banned"
