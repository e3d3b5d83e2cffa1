"""Faults of orders and of the machine around them, over the wire: FS-01, 02, 06, 08, 09, 10, 36, 39, 48 and 50."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from futtui.desk.settings import DeskSettings
from futtui.domain.orders import OrderPurpose
from futtui.domain.position import ExitReason, TradingMode
from futtui.domain.side import Side
from futtui.exchange.simulator.core.liquidity import Level, SyntheticBook
from futtui.exchange.simulator.core.market import Market
from futtui.exchange.simulator.ports import MarketTick
from futtui.exchange.simulator.wire.config import DEMO_KEY
from futtui.live.engine import Engine
from futtui.live.fresh_database import remove
from futtui.live.lockstep import _settle, run_lockstep
from futtui.risk.settings import SizingSettings
from tests.live.engine_world import START_MS, Exchange, WatchedAnalyzers, exchange, lines, server_config, wired
from tests.live.live_world import QUARTER_MS, SYMBOL, covered, die, live_engine, states, trades, with_position

ENTRY = "method: POST, path: '*/order'"
STOP = "method: POST, path: '*/algoOrder'"


def config():  # type: ignore[no-untyped-def]
    return server_config(seed=3, symbols=(SYMBOL,))


def sent_entries(world: Exchange) -> int:
    orders = world.server.venue.core.all_orders(DEMO_KEY, SYMBOL)
    return sum(order.client_order_id.endswith("E1") for order in orders)


async def test_fs01_entry_whose_answer_is_lost_is_adopted_and_sent_once(tmp_path: Path) -> None:
    async with exchange(config()) as world:
        engine = await live_engine(world, tmp_path / "a.db", 1)
        world.fault(f"{{action: accept_then_timeout, hold_s: 0.02, {ENTRY}, count: 1}}")
        await run_lockstep(engine, 17)
        assert (world.struck(), sent_entries(world)) == (1, 1)
        assert states(engine) == ["PROTECTED"]
        assert covered(world)
        await engine.stop()


async def test_fs02_entry_that_was_never_created_is_believed_absent_after_five_answers_and_not_chased(
    tmp_path: Path,
) -> None:
    async with exchange(config()) as world:
        engine = await live_engine(world, tmp_path / "a.db", 1)
        assert engine.account is not None
        asked: list[str] = []
        query = engine.account.trading.query  # type: ignore[attr-defined]

        async def counted(symbol: str, client_id: str, *, conditional: bool):  # type: ignore[no-untyped-def]
            asked.append(client_id)
            return await query(symbol, client_id, conditional=conditional)

        engine.account.trading.query = counted  # type: ignore[attr-defined]
        world.fault(f"{{action: respond, status: 503, kind: A, {ENTRY}, count: 1}}")
        await run_lockstep(engine, 17)
        assert len(asked) == 5
        assert states(engine) == []
        assert lines(engine, "not entered, the exchange has no such order")
        await run_lockstep(engine, 10)
        assert sent_entries(world) == 0
        await engine.stop()


async def test_fs06_stop_refused_at_once_is_left_at_market(tmp_path: Path) -> None:
    async with exchange(config()) as world:
        engine = await live_engine(world, tmp_path / "a.db", 1)
        world.fault(f"{{action: reject, code: -2021, {STOP}, count: 1}}")
        await run_lockstep(engine, 17)
        assert world.quantity(SYMBOL) == 0
        assert world.resting(SYMBOL) == []
        assert states(engine) == []
        await engine.stop()


async def test_fs08_old_stop_whose_cancel_fails_stays_beside_the_new_one_until_it_is_gone(tmp_path: Path) -> None:
    async with exchange(config()) as world:
        engine = await with_position(world, tmp_path / "a.db")
        world.fault("{action: respond, status: 503, kind: A, method: DELETE, path: '*/algoOrder', count: 4}")
        (view,) = engine.runner.desk.snapshot().positions
        position = engine.runner.desk._state.open[view.position_id]
        better = position.rules.round_stop(float(position.stop) * 1.001, Side.LONG)
        position.goal_price, position.goal_kind = better, ExitReason.TRAIL
        seen = set()
        for _ in range(4):
            await run_lockstep(engine, 1)
            if states(engine) == []:
                break
            seen.add(len(world.stops(SYMBOL)))
            assert covered(world)
        assert min(seen, default=1) >= 1
        assert max(seen, default=1) <= 2
        if states(engine):
            assert world.stops(SYMBOL) == [world.quantity(SYMBOL)]
            assert better in world.triggers(SYMBOL)
        await engine.stop()


class ThinBook:
    """A book that holds only so much at its best price; the next level is farther away than a market order may go."""

    def __init__(self, quantity: Decimal) -> None:
        self._inner = SyntheticBook(3)
        self._quantity = quantity

    def quotes(self, market: Market) -> tuple[Decimal, Decimal]:
        return self._inner.quotes(market)

    def levels(self, market: Market, sign: int) -> Iterator[Level]:
        bid, ask = self.quotes(market)
        best = ask if sign > 0 else bid
        yield best, self._quantity
        yield market.rules.round_price(best * (1 + sign * Decimal("0.2"))), Decimal(1_000_000)


async def reach(world: Exchange, engine: Engine, price: float) -> None:
    """Price jumps; the engine hears of it and reacts while the exchange's time stands still."""
    core = world.server.venue.core
    core.apply_ticks([MarketTick(SYMBOL, core.now_ms, price, 1.0, None)])
    world.server.venue.tell_users()
    assert engine.connection is not None
    assert engine.connection.control is not None
    assert engine.held is not None
    step = await engine.connection.control.barrier()
    await engine.held.wait_for(step.number, step.connections)
    engine.held.release()
    await _settle(engine)


def first_slice(world: Exchange) -> Decimal:
    """What the first target sells, and half of it in whole steps."""
    algos = world.server.venue.core.open_algo_orders(DEMO_KEY, SYMBOL)
    (first, _, _) = (each for each in algos if each.order_type != "STOP_MARKET")
    return first.quantity or Decimal(0)


def half(quantity: Decimal) -> Decimal:
    return quantity / 2 // Decimal("0.001") * Decimal("0.001")


async def test_fs09_first_target_filled_in_part_leaves_the_stop_where_it_is_and_covers_what_is_left(
    tmp_path: Path,
) -> None:
    async with exchange(config()) as world:
        engine = await with_position(world, tmp_path / "a.db")
        (view,) = engine.runner.desk.snapshot().positions
        bought, stop, part = world.quantity(SYMBOL), view.stop, half(first_slice(world))
        world.fault(f"{{action: reject, code: -2010, {ENTRY}, count: 3}}")
        world.server.venue.core._state.liquidity = ThinBook(part)
        await reach(world, engine, view.targets[0] * 1.0002)
        assert world.struck() == 3
        (view,) = engine.runner.desk.snapshot().positions
        assert world.quantity(SYMBOL) == bought - part
        assert Decimal(str(view.quantity)) == world.quantity(SYMBOL)
        assert (view.targets_hit, view.stop) == (0, stop), "break-even only after the whole target"
        assert covered(world)
        assert lines(engine, "the stop covers its part")
        await engine.stop()


async def test_fs09_first_target_filled_in_parts_sells_its_slice_and_not_a_piece_more(tmp_path: Path) -> None:
    async with exchange(config()) as world:
        engine = await with_position(world, tmp_path / "a.db")
        (view,) = engine.runner.desk.snapshot().positions
        bought, stop, whole = world.quantity(SYMBOL), view.stop, first_slice(world)
        world.server.venue.core._state.liquidity = ThinBook(half(whole))
        await reach(world, engine, view.targets[0] * 1.0002)
        (view,) = engine.runner.desk.snapshot().positions
        assert world.quantity(SYMBOL) == bought - whole
        assert Decimal(str(view.quantity)) == world.quantity(SYMBOL)
        assert view.targets_hit == 1
        assert view.stop > stop
        assert world.stops(SYMBOL) == [world.quantity(SYMBOL)]
        assert lines(engine, "30 % sold")
        await engine.stop()


async def test_fs09_entry_filled_in_part_is_kept_and_protected(tmp_path: Path) -> None:
    async with exchange(config()) as world:
        engine = await live_engine(world, tmp_path / "a.db", 1)
        world.server.venue.core._state.liquidity = ThinBook(Decimal("0.5"))
        await run_lockstep(engine, 16)
        assert world.quantity(SYMBOL) == Decimal("0.5")
        assert states(engine) == ["PROTECTED"]
        assert world.stops(SYMBOL) == [Decimal("0.5")]
        await engine.stop()


async def test_fs09_first_target_filled_whole_moves_the_stop_to_break_even_for_exactly_what_is_left(
    tmp_path: Path,
) -> None:
    async with exchange(config()) as world:
        engine = await with_position(world, tmp_path / "a.db")
        (view,) = engine.runner.desk.snapshot().positions
        bought, stop = world.quantity(SYMBOL), view.stop
        await reach(world, engine, view.targets[0] * 1.0002)
        (view,) = engine.runner.desk.snapshot().positions
        held = world.quantity(SYMBOL)
        assert held < bought
        assert Decimal(str(view.quantity)) == held
        assert view.targets_hit == 1
        assert view.stop > stop
        assert view.stop > float(engine.runner.desk._state.find(view.position_id).entry_price)  # type: ignore[union-attr]
        assert world.stops(SYMBOL) == [held]
        await engine.stop()


@pytest.mark.parametrize(("risk_pct", "steps", "targets"), [(0.003, 1, 1), (0.005, 2, 2), (0.012, 5, 3)])
async def test_fs10_position_too_small_for_three_slices_is_sold_in_fewer_and_says_so(
    risk_pct: float, steps: int, targets: int, tmp_path: Path
) -> None:
    async with exchange(config()) as world:
        world.fault(f"{{action: change_symbol, symbol: {SYMBOL}, step: '0.01', after_s: 0}}")
        world.server.venue.step()
        small = DeskSettings()
        risk = replace(small.risk, sizing=SizingSettings(risk_per_trade_pct=risk_pct))
        analyzers = WatchedAnalyzers({(SYMBOL, START_MS + QUARTER_MS): Side.LONG})
        engine = wired(
            tmp_path / "a.db", world, mode=TradingMode.LIVE, symbols=(SYMBOL,), fresh=False, analyzers=analyzers,
            desk=replace(small, risk=risk),
        ).build()  # fmt: skip
        await engine.open()
        await run_lockstep(engine, 17)
        (signal,) = engine.runner.desk.snapshot().signals
        assert world.quantity(SYMBOL) == steps * Decimal("0.01")
        assert ("too small for 3 slices" in signal.status_reason) is (targets < 3)
        algos = world.server.venue.core.open_algo_orders(DEMO_KEY, SYMBOL)
        slices = [algo.quantity or Decimal(0) for algo in algos if algo.order_type != "STOP_MARKET"]
        assert len(slices) == targets
        assert sum(slices, Decimal(0)) == world.quantity(SYMBOL)
        assert world.stops(SYMBOL) == [world.quantity(SYMBOL)]
        await engine.stop()


async def test_fs10_position_too_small_for_one_order_is_refused_and_says_so(tmp_path: Path) -> None:
    async with exchange(config()) as world:
        small = DeskSettings()
        risk = replace(small.risk, sizing=SizingSettings(risk_per_trade_pct=0.001))
        analyzers = WatchedAnalyzers({(SYMBOL, START_MS + QUARTER_MS): Side.LONG})
        engine = wired(
            tmp_path / "a.db", world, mode=TradingMode.LIVE, symbols=(SYMBOL,), fresh=False, analyzers=analyzers,
            desk=replace(small, risk=risk),
        ).build()  # fmt: skip
        await engine.open()
        await run_lockstep(engine, 17)
        (signal,) = engine.runner.desk.snapshot().signals
        assert "too small" in signal.status_reason
        assert (world.quantity(SYMBOL), sent_entries(world)) == (0, 0)
        await engine.stop()


async def test_fs36_futtui_that_is_closed_leaves_its_stop_on_the_exchange_and_takes_over_again(tmp_path: Path) -> None:
    async with exchange(config()) as world:
        engine = await with_position(world, tmp_path / "a.db")
        await engine.stop()
        assert covered(world)
        again = await live_engine(world, tmp_path / "a.db", mode=TradingMode.SIGNALS)
        assert states(again) == ["PROTECTED"]
        assert len(world.stops(SYMBOL)) == 1
        await again.stop()


async def test_fs39_database_that_is_gone_costs_no_position_the_live_book_still_knows_it(tmp_path: Path) -> None:
    async with exchange(config()) as world:
        engine = await with_position(world, tmp_path / "a.db")
        await die(engine)
        remove(tmp_path / "a.db")
        again = await live_engine(world, tmp_path / "a.db", mode=TradingMode.SIGNALS)
        assert states(again) == ["PROTECTED"]
        assert covered(world)
        await again.stop()


async def test_fs48_price_that_jumps_over_the_stop_is_booked_at_the_price_after_the_jump(tmp_path: Path) -> None:
    async with exchange(config()) as world:
        engine = await with_position(world, tmp_path / "a.db")
        core = world.server.venue.core
        stop = engine.runner.desk.snapshot().positions[0].stop
        core.apply_ticks([MarketTick(SYMBOL, core.now_ms, stop * 0.97, 1.0, None)])
        world.server.venue.tell_users()
        await run_lockstep(engine, 1)
        (trade,) = trades(engine)
        assert trade.legs[-1].price < Decimal(str(stop)) * Decimal("0.98")
        assert trade.result_r < -1.5
        assert Decimal(10_000) + trade.pnl == world.wallet()
        await engine.stop()


async def test_fs50_entry_without_margin_is_refused_with_its_reason_and_not_tried_smaller(tmp_path: Path) -> None:
    async with exchange(config()) as world:
        engine = await live_engine(world, tmp_path / "a.db", 1)
        world.fault(f"{{action: reject, code: -2019, message: Margin is insufficient., {ENTRY}}}")
        await run_lockstep(engine, 25)
        assert world.struck() == 1
        assert sent_entries(world) == 0
        assert states(engine) == []
        assert lines(engine, "Margin is insufficient")
        await engine.stop()


async def test_stop_is_the_first_order_after_the_entry(tmp_path: Path) -> None:
    async with exchange(config()) as world:
        engine = await live_engine(world, tmp_path / "a.db", 1)
        assert engine.account is not None
        purposes: list[OrderPurpose] = []
        place = engine.account.trading.place

        async def noted(intent):  # type: ignore[no-untyped-def]
            purposes.append(intent.purpose)
            return await place(intent)

        engine.account.trading.place = noted  # type: ignore[method-assign]
        await run_lockstep(engine, 17)
        assert purposes[:2] == [OrderPurpose.ENTRY, OrderPurpose.STOP], "the stop comes before the targets"
        await engine.stop()
