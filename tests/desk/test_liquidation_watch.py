"""A position that the exchange would liquidate before its stop is told, once."""

from __future__ import annotations

from decimal import Decimal

import pytest

from futtui.domain.account import AccountSeen, HeldAmount
from futtui.domain.events import BalanceChanged
from futtui.domain.position import TradingMode
from futtui.domain.side import Side
from tests.desk.world import SYMBOL, World

LIVE = TradingMode.LIVE


def alarms(world: World, liquidation: str) -> int:
    """A look that shows this liquidation price; returns how many alarms there were so far."""
    world.now_ms += 2_000
    amount = sum(world.broker.held.values(), Decimal(0)) * world.desk.snapshot().positions[0].side.sign
    held = (HeldAmount(SYMBOL, amount, Decimal(100), Decimal(100), Decimal(liquidation)),)
    world.send(AccountSeen(world.now_ms, world.now_ms, LIVE, held, (), frozenset()))
    return len([line for line in world.lines() if "would liquidate" in line])


@pytest.mark.parametrize(
    ("side", "far", "near"),
    [
        (Side.LONG, "90", "98.95"),
        (Side.LONG, "98.8", "99.5"),
        (Side.SHORT, "110", "101.05"),
        (Side.SHORT, "0", "100.5"),
    ],
)
def test_liquidation_that_comes_before_the_stop_is_told_once_until_it_is_over(side: Side, far: str, near: str) -> None:
    world = World(mode=LIVE)
    world.send(BalanceChanged(world.now_ms, LIVE, Decimal(10_000)))
    world.enter(side)
    assert alarms(world, far) == 0
    assert [alarms(world, near) for _ in range(3)] == [1, 1, 1]
    assert alarms(world, far) == 1
    assert alarms(world, near) == 2
