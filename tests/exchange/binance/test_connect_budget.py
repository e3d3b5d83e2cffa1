"""Openings of connections stay within the budget in every five minutes, whoever asks how often."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from futtui.exchange.binance.connect_budget import WINDOW_SECONDS, ConnectBudget


class HandTime:
    """Time that passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


@settings(max_examples=40)
@given(st.integers(2, 12), st.lists(st.tuples(st.floats(0, 120), st.booleans()), min_size=1, max_size=80))
async def test_budget_never_allows_more_openings_in_five_minutes(attempts: int, asks: list[tuple[float, bool]]) -> None:
    time = HandTime()
    budget = ConnectBudget(attempts, now_seconds=time, sleep=time.sleep)
    granted: list[float] = []
    for pause, urgent in asks:
        time.now += pause
        await budget.take(urgent=urgent)
        granted.append(time.now)
        assert budget.used <= attempts
    for moment in granted:
        assert sum(moment - WINDOW_SECONDS < other <= moment for other in granted) <= attempts


async def test_budget_keeps_a_share_for_the_account_stream() -> None:
    time = HandTime()
    budget = ConnectBudget(10, now_seconds=time, sleep=time.sleep)
    for _ in range(8):
        await budget.take()
    for _ in range(2):
        await budget.take(urgent=True)
    assert time.now == 1000.0
    await budget.take()
    assert time.now > 1000.0 + WINDOW_SECONDS - 1


async def test_budget_without_limit_never_waits() -> None:
    time = HandTime()
    budget = ConnectBudget(None, now_seconds=time, sleep=time.sleep)
    for _ in range(500):
        await budget.take()
    assert time.now == 1000.0
