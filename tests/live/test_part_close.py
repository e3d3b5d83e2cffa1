"""A part closed by hand over the wire: the exchange's stop covers what is held at every moment, whatever gets lost."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from futtui.domain.events import ClosePosition
from futtui.domain.orders import OrderPurpose
from futtui.domain.position import ExitReason, TradingMode
from futtui.domain.position_story import OrderView
from futtui.exchange.simulator.core.records import AlgoRecord
from futtui.exchange.simulator.wire.config import DEMO_KEY
from futtui.live.engine import Engine
from futtui.live.lockstep import run_lockstep
from tests.live.engine_world import Exchange, exchange, lines, server_config, until
from tests.live.live_world import SYMBOL, die, live_engine, states, trades, with_position

MARKET = "method: POST, path: '*/order'"
CANCEL = "method: DELETE, path: '*/algoOrder'"
FAULTS = {
    "nothing": (),
    "answer lost": (f"{{action: accept_then_timeout, hold_s: 0.02, {MARKET}, count: 1}}",),
    "cancels fail": (f"{{action: respond, status: 503, kind: B, {CANCEL}, count: 2}}",),
    "stop refused once": ("{action: respond, status: 503, kind: B, method: POST, path: '*/algoOrder', count: 1}",),
}
ALWAYS = ("nothing", "answer lost")


def algos(world: Exchange, order_type: str) -> list[AlgoRecord]:
    """Conditional orders of a type that wait on the exchange."""
    return [
        each for each in world.server.venue.core.open_algo_orders(DEMO_KEY, SYMBOL) if each.order_type == order_type
    ]


def sizes(world: Exchange, order_type: str) -> list[Decimal]:
    return [each.quantity or Decimal(0) for each in algos(world, order_type)]


async def close_part(engine: Engine, world: Exchange, percent: int) -> str:
    (position,) = engine.runner.desk.snapshot().positions
    answer = await engine.command(ClosePosition(world.now_ms, position.position_id, Decimal(percent)))
    if engine.live_broker is not None:
        await engine.live_broker.drain()  # the exchange's time moves on only when the order has been answered
    return answer


async def run_covered(engine: Engine, world: Exchange, minutes: int) -> None:
    """Lets time pass; at the end of each minute a stop on the exchange covers all that is held."""
    for _ in range(minutes):
        await run_lockstep(engine, 1)
        assert max(world.stops(SYMBOL), default=Decimal(0)) >= abs(world.quantity(SYMBOL))


@pytest.mark.parametrize(
    "name", [name if name in ALWAYS else pytest.param(name, marks=pytest.mark.slow) for name in FAULTS]
)
async def test_half_closed_by_hand_leaves_stop_and_targets_of_the_other_half(name: str, tmp_path: Path) -> None:
    async with exchange(server_config(seed=3, symbols=(SYMBOL,))) as world:
        engine = await with_position(world, tmp_path / "a.db")
        before = world.quantity(SYMBOL)
        prices = [each.trigger_price for each in algos(world, "TAKE_PROFIT_MARKET")]
        world.fault(*FAULTS[name])
        text = await close_part(engine, world, 50)
        assert f"closing {before / 2:f}".rstrip("0") in text
        await run_covered(engine, world, 4)
        assert (world.struck() > 0) == bool(FAULTS[name])
        held = world.quantity(SYMBOL)
        assert held == before - (before / 2).quantize(Decimal("0.001"), rounding="ROUND_FLOOR")
        assert sizes(world, "STOP_MARKET") == [held]
        assert sum(sizes(world, "TAKE_PROFIT_MARKET")) == held
        assert sorted(each.trigger_price for each in algos(world, "TAKE_PROFIT_MARKET")) == sorted(prices)  # type: ignore[type-var]
        assert states(engine) == ["PROTECTED"]
        await close_part(engine, world, 100)
        await run_lockstep(engine, 3)
        assert world.quantity(SYMBOL) == 0
        assert world.resting(SYMBOL) == []
        (trade,) = trades(engine)
        assert {leg.reason for leg in trade.legs} == {ExitReason.MANUAL}
        assert sum(leg.quantity for leg in trade.legs) == before
        await engine.stop()


async def test_process_that_dies_right_after_the_order_of_a_part_takes_it_over(tmp_path: Path) -> None:
    async with exchange(server_config(seed=3, symbols=(SYMBOL,))) as world:
        engine = await with_position(world, tmp_path / "a.db")
        before = world.quantity(SYMBOL)
        world.fault(f"{{action: accept_then_timeout, hold_s: 5, {MARKET}, count: 1}}")
        (position,) = engine.runner.desk.snapshot().positions
        await engine.command(ClosePosition(world.now_ms, position.position_id, Decimal(25)))
        await until(lambda: world.quantity(SYMBOL) < before)  # carried out, and the answer is still on its way
        await die(engine)
        again = await live_engine(world, tmp_path / "a.db")
        await run_covered(again, world, 4)
        held = world.quantity(SYMBOL)
        assert sizes(world, "STOP_MARKET") == [held]
        assert sum(sizes(world, "TAKE_PROFIT_MARKET")) == held
        (taken_over,) = again.runner.desk.snapshot().positions
        assert Decimal(str(taken_over.quantity)) == held < before
        await again.stop()


async def test_paper_account_closes_a_part_in_the_same_way(tmp_path: Path) -> None:
    async with exchange(server_config(seed=3, symbols=(SYMBOL,))) as world:
        engine = await live_engine(world, tmp_path / "a.db", 1, mode=TradingMode.PAPER)
        await run_lockstep(engine, 20)
        (before,) = engine.runner.desk.snapshot().positions
        await close_part(engine, world, 50)
        await run_lockstep(engine, 1)
        (after,) = engine.runner.desk.snapshot().positions
        assert after.quantity == pytest.approx(before.quantity / 2, abs=0.001)
        assert _waiting(after.story.orders, OrderPurpose.STOP) == after.quantity
        assert _waiting(after.story.orders, OrderPurpose.TARGET) == pytest.approx(after.quantity)
        assert world.quantity(SYMBOL) == 0
        await engine.stop()


async def test_impossible_part_is_answered_with_its_reason(tmp_path: Path) -> None:
    async with exchange(server_config(seed=3, symbols=(SYMBOL,))) as world:
        engine = await with_position(world, tmp_path / "a.db")
        before = world.resting(SYMBOL)
        (position,) = engine.runner.desk.snapshot().positions
        wish = ClosePosition(world.now_ms, position.position_id, Decimal("99.999"))
        assert "close all of it instead" in await engine.command(wish)
        assert (world.resting(SYMBOL), lines(engine, "by your command")) == (before, [])
        await engine.stop()


def _waiting(orders: tuple[OrderView, ...], purpose: OrderPurpose) -> float:
    return sum(order.quantity for order in orders if order.purpose is purpose and not order.status.is_final)
