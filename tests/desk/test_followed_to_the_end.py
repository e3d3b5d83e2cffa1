"""Best and worst point of a followed signal: at any price, until the last part is closed, also after a restart."""

from __future__ import annotations

from decimal import Decimal

import pytest

from futtui.desk.desk import TradingDesk
from futtui.domain.events import RulesChanged
from futtui.domain.position import ExitReason, TradingMode
from futtui.domain.side import Side
from tests.desk.test_restart import stored_positions
from tests.desk.world import World, raw_signal, rules, wide_settings

TOLD = frozenset({"atr_momentum"})
PATH = (100.2, 99.6, 101.1, 100.4, 102.4, 101.3, 100.0)
"""From 100 with the stop at 99: down to -0.4 R, first target at 1 R, best at 2.4 R, then back to break-even."""


def followed(scale: float, side: Side, restart_after: int = -1) -> World:
    """The path at prices around 100 times `scale`, followed for information; mirrored for a short."""
    tiny = Decimal("1e-12")
    known = rules(
        tick_size=tiny, min_price=tiny, step_size=Decimal("0.001"), min_quantity=Decimal("0.001"),
        max_quantity=Decimal("1e15"), market_max_quantity=Decimal("1e15"),
    )  # fmt: skip
    world = World(symbol_rules=known, for_information=TOLD, fee_rate=Decimal(0))
    world.price(100.0 * scale)
    signal = raw_signal(side, entry=100.0 * scale, risk=scale, atr=scale, rewards=(1.0, 2.9, 4.0), time_ms=world.now_ms)
    world.analyse(signal, price=100.0 * scale, atr=scale)
    for number, price in enumerate(PATH):
        if number == restart_after:
            desk = TradingDesk(wide_settings(), for_information=TOLD)
            desk.restore(stored_positions(world), list(world.signals.values()), {}, world.trades, world.now_ms)
            desk.handle(RulesChanged(world.now_ms, known))
            world.desk = desk
        world.price((price if side is Side.LONG else 200.0 - price) * scale)
        world.tick()
    return world


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("scale", [1.0, 1.2e-7, 640.0], ids=["100", "0.000012", "64000"])
@pytest.mark.parametrize("restart_after", [-1, 4, 6])
def test_best_and_worst_point_are_measured_to_the_end_at_any_price(
    scale: float, side: Side, restart_after: int
) -> None:
    (trade,) = followed(scale, side, restart_after).trades
    assert trade.mode is TradingMode.INFO
    assert trade.legs[0].reason is ExitReason.TARGET_1
    assert trade.mfe_r == pytest.approx(2.4, abs=1e-4), "the best point came after the stop moved to break-even"
    assert trade.mae_r == pytest.approx(-0.4, abs=1e-4)
    assert sum((leg.quantity for leg in trade.legs), Decimal(0)) == trade.quantity
