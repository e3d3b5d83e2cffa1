"""Money that the user moves: no loss, no profit; it counts once, however often and by whomever it is told."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from futtui.desk.settings import DeskSettings
from futtui.domain.account import MoneyMoved
from futtui.domain.events import BalanceChanged, ClockTick
from futtui.domain.position import PositionStatus, TradingMode
from tests.desk.world import World, wide_settings

LIVE = TradingMode.LIVE


def strict() -> DeskSettings:
    """A day loss limit of 3 % and a drawdown of 15 %."""
    settings = wide_settings()
    caps = replace(settings.risk.caps, day_loss_limit_pct=3.0)
    return replace(settings, risk=replace(settings.risk, caps=caps, kill=replace(settings.risk.kill, drawdown_pct=15)))


class Funded(World):
    """A real account of 10,000 USDT with a position; its best was seen on the clock."""

    def __init__(self) -> None:
        super().__init__(strict(), mode=LIVE)
        self.cash = Decimal(10_000)
        self.wallet(0)
        self.enter()
        self.clock()

    def wallet(self, change: int) -> None:
        self.cash += change
        self.now_ms += 1_000
        self.send(BalanceChanged(self.now_ms, LIVE, self.cash))

    def clock(self) -> None:
        self.now_ms += 1_000
        self.send(ClockTick(self.now_ms))

    def move(self, amount: int, transfer_id: str = "", later_ms: int = 1_000) -> None:
        self.now_ms += later_ms
        self.send(MoneyMoved(self.now_ms, LIVE, Decimal(amount), transfer_id))

    @property
    def shifted(self) -> float:
        """By how much the start of the day differs from the first 10,000."""
        return float(self.desk._state.accounts[LIVE].day_start_equity - 10_000)


@pytest.mark.parametrize("amount", [-2_000, -400, 2_000])
def test_transfer_is_neither_a_loss_nor_a_profit(amount: int) -> None:
    world = Funded()
    start = world.desk.snapshot().account.start_equity
    world.move(amount)
    world.wallet(amount)
    for _ in range(3):
        world.clock()
    view = world.desk.snapshot()
    assert (view.kill_level, view.account.today_pct, view.account.start_equity) == (0, 0.0, start + amount)
    assert [position.status for position in view.positions] == [PositionStatus.PROTECTED.value]
    assert [line for line in world.lines() if "results and limits do not count it" in line]


def test_loss_after_a_deposit_still_reaches_the_day_limit() -> None:
    world = Funded()
    world.move(5_000)
    world.wallet(5_000)
    world.wallet(-440)
    world.clock()
    assert world.desk.snapshot().kill_level == 0
    world.wallet(-20)
    world.clock()
    assert world.desk.snapshot().kill_level == 2


def test_loss_after_a_withdrawal_counts_from_what_was_left() -> None:
    world = Funded()
    world.move(-8_000)
    world.wallet(-8_000)
    world.wallet(-310)
    world.clock()
    assert world.desk.snapshot().kill_level == 4


def test_loss_that_is_no_transfer_is_a_loss() -> None:
    world = Funded()
    world.wallet(-2_000)
    world.clock()
    assert world.desk.snapshot().kill_level == 4


def test_transfer_told_by_stream_and_books_in_either_order_and_again_counts_once() -> None:
    for first, second in (("", "t1"), ("t1", "")):
        world = Funded()
        for transfer_id in (first, second, "t1"):
            world.move(-100, transfer_id)
        assert world.shifted == -100
    assert len([line for line in world.lines() if "taken out" in line]) == 1


def test_message_of_the_stream_that_comes_twice_counts_once() -> None:
    world = Funded()
    event = MoneyMoved(world.now_ms, LIVE, Decimal(-100))
    for _ in range(2):
        world.send(event)
    assert world.shifted == -100


def test_equal_transfers_of_which_the_stream_told_one_count_as_many_times_as_they_happened() -> None:
    world = Funded()
    world.move(-100)
    world.move(-100, "t1")
    world.move(-100, "t2")
    assert world.shifted == -200
    world.move(-100, "t3", later_ms=120_000)
    assert world.shifted == -300
