"""What happens to the account without us, over the wire: FS-12 to FS-16, with and without news on the stream."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pytest

from futtui.domain.events import SetPaused
from futtui.domain.position import ExitReason, TradingMode
from futtui.domain.signal import SignalStatus
from futtui.exchange.simulator.core.liquidation import liquidate
from futtui.exchange.simulator.core.records import AlgoRequest
from futtui.exchange.simulator.wire.config import DEMO_KEY
from futtui.live.engine import Engine
from futtui.live.lockstep import run_lockstep
from tests.live.engine_world import Exchange, exchange, lines, server_config
from tests.live.live_world import SYMBOL, by_hand, covered, states, trades, with_position

MUTE = "{action: silent_private, after_s: 0}"


@pytest.mark.parametrize("heard", [True, False])
async def test_fs12_position_closed_by_hand_is_booked_as_manual_and_nothing_is_left_behind(
    heard: bool, tmp_path: Path
) -> None:
    async with exchange(server_config(seed=3, symbols=(SYMBOL,))) as world:
        engine = await with_position(world, tmp_path / "a.db")
        if not heard:
            world.fault(MUTE)
        by_hand(world, -world.quantity(SYMBOL))
        await run_lockstep(engine, 1 if heard else 12)
        assert states(engine) == []
        (trade,) = trades(engine)
        assert [leg.reason for leg in trade.legs] == [ExitReason.MANUAL]
        await run_lockstep(engine, 1)
        assert world.resting(SYMBOL) == []
        assert_books_agree(engine, world)
        await engine.stop()


async def test_fs12_half_closed_by_hand_shrinks_the_stop_and_the_trade_goes_on(tmp_path: Path) -> None:
    async with exchange(server_config(seed=3, symbols=(SYMBOL,))) as world:
        engine = await with_position(world, tmp_path / "a.db")
        half = (world.quantity(SYMBOL) / 2).quantize(Decimal("0.001"))
        by_hand(world, -half)
        await run_lockstep(engine, 2)
        (view,) = engine.runner.desk.snapshot().positions
        assert view.status == "PROTECTED"
        assert Decimal(str(view.quantity)) == world.quantity(SYMBOL)
        assert world.stops(SYMBOL) == [world.quantity(SYMBOL)]
        await engine.stop()


@pytest.mark.parametrize("heard", [True, False])
async def test_fs13_position_increased_by_hand_is_left_alone_and_blocks_entries(heard: bool, tmp_path: Path) -> None:
    async with exchange(server_config(seed=3, symbols=(SYMBOL,))) as world:
        engine = await with_position(world, tmp_path / "a.db", 1, 2, 3)
        ours = world.quantity(SYMBOL)
        if not heard:
            world.fault(MUTE)
        by_hand(world, Decimal(1))
        await run_lockstep(engine, 1 if heard else 8)
        (view,) = engine.runner.desk.snapshot().positions
        assert Decimal(str(view.quantity)) == ours
        assert ours in world.stops(SYMBOL)
        assert lines(engine, "that futtui did not open")
        by_hand(world, Decimal(-1), client_id="web_2")
        await run_lockstep(engine, 1 if heard else 8)
        assert lines(engine, "nothing is held outside futtui any more")
        views = engine.runner.desk.snapshot().positions
        assert sum(Decimal(str(item.quantity)) for item in views) == world.quantity(SYMBOL)
        await engine.stop()


async def test_fs13_position_of_somebody_else_refuses_the_entry_on_its_symbol(tmp_path: Path) -> None:
    from tests.live.live_world import live_engine

    async with exchange(server_config(seed=3, symbols=(SYMBOL,))) as world:
        by_hand(world, Decimal(2))
        engine = await live_engine(world, tmp_path / "a.db", 1)
        await run_lockstep(engine, 20)
        assert world.quantity(SYMBOL) == 2
        (signal,) = engine.runner.desk.snapshot().signals
        assert signal.status is SignalStatus.REFUSED
        assert "that futtui did not open" in signal.status_reason
        await engine.stop()


async def test_fs14_stop_cancelled_by_hand_is_placed_again_at_once_and_in_the_end_the_position_is_closed(
    tmp_path: Path,
) -> None:
    async with exchange(server_config(seed=3, symbols=(SYMBOL,))) as world:
        engine = await with_position(world, tmp_path / "a.db")
        for number in range(3):
            _cancel_stops(world)
            await run_lockstep(engine, 1)
            assert covered(world), f"after {number + 1} removals"
            assert states(engine) == ["PROTECTED"]
        assert len(lines(engine, "removed from outside")) == 3
        _cancel_stops(world)
        await run_lockstep(engine, 2)
        assert world.quantity(SYMBOL) == 0
        assert states(engine) == []
        await engine.stop()


@pytest.mark.parametrize("lists_work", [True, False])
async def test_fs07_stop_that_vanished_without_news_is_missed_within_one_look_and_replaced(
    lists_work: bool, tmp_path: Path
) -> None:
    async with exchange(server_config(seed=3, symbols=(SYMBOL,))) as world:
        engine = await with_position(world, tmp_path / "a.db")
        broken = "{action: respond, status: 503, kind: B, path: '*/openAlgoOrders'}"
        world.fault(MUTE, *([] if lists_work else [broken]))
        _cancel_stops(world)
        await run_lockstep(engine, 6)
        assert covered(world)
        assert len(world.stops(SYMBOL)) <= 2
        assert states(engine) == ["PROTECTED"]
        await engine.stop()


async def test_stop_that_fired_while_the_stream_was_silent_is_noticed_without_a_reconnect(tmp_path: Path) -> None:
    async with exchange(server_config(seed=3, symbols=(SYMBOL,))) as world:
        engine = await with_position(world, tmp_path / "a.db")
        world.fault(MUTE)
        core = world.server.venue.core
        stop = float(engine.runner.desk.snapshot().positions[0].stop)
        from futtui.exchange.simulator.ports import MarketTick

        core.apply_ticks([MarketTick(SYMBOL, core.now_ms, stop * 0.999, 1.0, None)])
        assert world.quantity(SYMBOL) == 0
        await run_lockstep(engine, 6)
        assert states(engine) == []
        (trade,) = trades(engine)
        assert trade.legs[-1].reason is ExitReason.STOP
        assert_books_agree(engine, world)
        await engine.stop()


@pytest.mark.parametrize("heard", [True, False])
async def test_fs15_liquidation_is_told_by_its_name_and_pauses_new_trades(heard: bool, tmp_path: Path) -> None:
    async with exchange(server_config(seed=3, symbols=(SYMBOL,))) as world:
        engine = await with_position(world, tmp_path / "a.db")
        if not heard:
            world.fault(MUTE)
        core = world.server.venue.core
        account = core.account(DEMO_KEY)
        liquidate(core._state, account, account.position(SYMBOL), account.cross_wallet)
        world.server.venue.tell_users()
        await run_lockstep(engine, 1 if heard else 12)
        (trade,) = trades(engine)
        assert [leg.reason for leg in trade.legs] == [ExitReason.LIQUIDATION]
        view = engine.runner.desk.snapshot()
        assert view.paused
        assert "liquidation" in view.pause_reason
        await engine.command(SetPaused(world.now_ms, False))
        assert not engine.runner.desk.snapshot().paused
        assert_books_agree(engine, world)
        await engine.stop()


@pytest.mark.parametrize(
    ("client_id", "reason"),
    [("adl_autoclose", ExitReason.DELEVERAGED), ("settlement_autoclose-9", ExitReason.SETTLED)],
)
async def test_fs15_forced_orders_of_the_exchange_are_told_apart(
    client_id: str, reason: ExitReason, tmp_path: Path
) -> None:
    async with exchange(server_config(seed=3, symbols=(SYMBOL,))) as world:
        engine = await with_position(world, tmp_path / "a.db")
        by_hand(world, -world.quantity(SYMBOL), client_id=client_id)
        await run_lockstep(engine, 1)
        (trade,) = trades(engine)
        assert [leg.reason for leg in trade.legs] == [reason]
        assert engine.runner.desk.snapshot().paused == (reason is ExitReason.DELEVERAGED)
        await engine.stop()


async def test_fs16_difference_without_executions_is_booked_as_a_correction_after_looks_that_agree(
    tmp_path: Path,
) -> None:
    async with exchange(server_config(seed=3, symbols=(SYMBOL,))) as world:
        engine = await with_position(world, tmp_path / "a.db")
        world.fault(MUTE, "{action: respond, status: 503, kind: B, path: '*/userTrades'}")
        by_hand(world, -world.quantity(SYMBOL))
        await run_lockstep(engine, 12)
        assert states(engine) == ["PROTECTED"], "a few looks are no proof while executions may still be told"
        await run_lockstep(engine, 6)
        assert states(engine) == []
        (trade,) = trades(engine)
        assert [leg.reason for leg in trade.legs] == [ExitReason.ADJUSTED]
        await engine.stop()


async def test_orders_of_another_futtui_on_the_account_stop_entries_and_keep_their_stop(tmp_path: Path) -> None:
    async with exchange(server_config(seed=3, symbols=(SYMBOL,))) as world:
        engine = await with_position(world, tmp_path / "a.db", 1, 2, 3, marks_orders=True)
        (own,) = {name.split("-")[0] for name in (*world.entries(SYMBOL), *world.resting(SYMBOL))}
        assert re.fullmatch("f[0-9a-f]{4}", own)
        price = Decimal(str(engine.runner.desk.snapshot().positions[0].entry_price))
        by_hand(world, Decimal(1), client_id="fzzzz-0123456789abcdef-E1")
        trigger = (price / 2).quantize(Decimal("0.01"))
        their_stop = AlgoRequest(
            symbol=SYMBOL,
            side="SELL",
            order_type="STOP_MARKET",
            quantity=Decimal(1),
            trigger_price=trigger,
            reduce_only=True,
            client_algo_id="fzzzz-0123456789abcdef-S1",
        )
        world.server.venue.core.place_algo(DEMO_KEY, their_stop)
        await run_lockstep(engine, 30)
        assert "another futtui" in engine.runner.desk.snapshot().pause_reason
        assert len(lines(engine, "Another futtui trades on this account")) == 1
        assert len([name for name in world.entries(SYMBOL) if name.startswith(own)]) == 1
        assert "fzzzz-0123456789abcdef-S1" in world.resting(SYMBOL)
        await engine.stop()


def assert_books_agree(engine: Engine, world: Exchange) -> None:
    """The account holds what it began with and what the trades earned, to the last digit."""
    assert Decimal(10_000) + sum((trade.pnl for trade in trades(engine)), Decimal(0)) == world.wallet()
    assert engine.runner.desk.booked_wallet(TradingMode.LIVE) == world.wallet()


def _cancel_stops(world: Exchange) -> None:
    core = world.server.venue.core
    for algo in core.open_algo_orders(DEMO_KEY, SYMBOL):
        if algo.order_type == "STOP_MARKET":
            core.cancel_algo(DEMO_KEY, algo_id=algo.algo_id)
    world.server.venue.tell_users()
