"""A position from signal to trade, step by step, for both sides."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

import pytest

from futtui.domain.effects import CancelOrder, PlaceOrder, RecordPosition, RecordSignal
from futtui.domain.events import (
    AnalysisDone,
    ChangeMode,
    ClosePosition,
    FeedState,
    FundingPaid,
    OrderChanged,
    OrderFilled,
)
from futtui.domain.orders import OrderPurpose, OrderStatus, OrderUpdate
from futtui.domain.position import ExitReason, PositionStatus, TradeClass, TradingMode
from futtui.domain.reading import AnalysisResult
from futtui.domain.side import Side
from futtui.domain.signal import SignalStatus, Trigger
from futtui.domain.timeframe import HOUR_MS, MINUTE_MS, Timeframe
from futtui.domain.zone import Zone, ZoneKind
from tests.desk.world import FEE_RATE, SYMBOL, World, raw_signal, reading, rules

SIDES = [Side.LONG, Side.SHORT]


def at(side: Side, moved: float) -> float:
    """The price `moved` in favour of the side, from 100."""
    return round(100.0 + side.sign * moved, 6)


def walk(world: World, side: Side, *moves: float) -> None:
    for moved in moves:
        world.price(at(side, moved))


@pytest.mark.parametrize("side", SIDES)
def test_position_all_three_targets_closes_with_the_planned_result(side: Side) -> None:
    world = World()
    world.enter(side)
    walk(world, side, 0.5, 1.0, 1.5, 2.0, 2.6, 3.0)
    (trade,) = world.trades
    assert [leg.reason for leg in trade.legs] == [ExitReason.TARGET_1, ExitReason.TARGET_2, ExitReason.TARGET_3]
    assert [leg.quantity for leg in trade.legs] == [Decimal(15), Decimal(20), Decimal(15)]
    gross = Decimal(15) + Decimal(40) + Decimal(45)
    fees = (trade.quantity * 100 + sum(leg.quantity * leg.price for leg in trade.legs)) * FEE_RATE
    assert trade.fees == fees
    assert trade.pnl == gross - fees
    assert trade.result_r == pytest.approx(float(trade.pnl) / 50)
    assert trade.mfe_r == pytest.approx(3.0)
    assert trade.result_class is TradeClass.WIN
    assert world.broker.resting == {}
    assert world.signals[trade.signal_id].status is SignalStatus.CLOSED
    assert world.desk.snapshot().positions == ()


@pytest.mark.parametrize("side", SIDES)
def test_position_stopped_out_loses_one_r_and_fees(side: Side) -> None:
    world = World()
    world.enter(side)
    walk(world, side, 0.2, -1.0)
    (trade,) = world.trades
    assert [leg.reason for leg in trade.legs] == [ExitReason.STOP]
    assert trade.pnl == -50 - trade.fees
    assert trade.result_r < -1.0
    assert trade.mae_r == pytest.approx(-1.0)
    assert world.broker.resting == {}


@pytest.mark.parametrize("side", SIDES)
def test_position_back_to_break_even_after_target_one_pays_its_fees(side: Side) -> None:
    world = World()
    world.enter(side)
    walk(world, side, 1.0)
    (stop,) = world.stops()
    assert stop.quantity == Decimal(35)
    fees = Decimal("0.1")
    extra = Decimal("0.05")
    assert stop.trigger_price == Decimal(100) + side.sign * (fees + extra)
    walk(world, side, 0.5, 0.1)
    (trade,) = world.trades
    assert [leg.reason for leg in trade.legs] == [ExitReason.TARGET_1, ExitReason.BREAK_EVEN]
    assert trade.pnl > 0


@pytest.mark.parametrize("side", SIDES)
def test_position_trails_only_in_favour_after_target_two(side: Side) -> None:
    world = World()
    world.enter(side, rewards=(1.0, 2.0, 9.0))
    walk(world, side, 1.0, 2.0)
    (stop,) = world.stops()
    assert stop.trigger_price == Decimal(str(at(side, 0.8)))
    walk(world, side, 4.0)
    assert world.stops() == [stop]
    world.analyse(price=at(side, 4.0))
    (better,) = world.stops()
    assert better.trigger_price == Decimal(str(at(side, 2.8)))
    walk(world, side, 3.2)
    world.analyse(price=at(side, 3.2))
    assert world.stops() == [better]
    walk(world, side, 2.8)
    (trade,) = world.trades
    assert [leg.reason for leg in trade.legs] == [ExitReason.TARGET_1, ExitReason.TARGET_2, ExitReason.TRAIL]


def test_trail_support_near_the_price_widens_it() -> None:
    world = World()
    world.enter(rewards=(1.0, 2.0, 9.0))
    walk(world, Side.LONG, 1.0, 2.0, 5.0)
    support = Zone("z", SYMBOL, Timeframe.H1, ZoneKind.SUPPORT, 103.0, 103.4, 60.0, 3, 3, 0, 0)
    plain = world.analyse(price=105.0)
    assert any(isinstance(effect, PlaceOrder) for effect in plain)
    assert world.stops()[0].trigger_price == Decimal("103.8")
    other = World()
    other.enter(rewards=(1.0, 2.0, 9.0))
    walk(other, Side.LONG, 1.0, 2.0, 5.0)

    measured = reading(price=105.0, time_ms=other.now_ms)
    other.send(AnalysisDone(other.now_ms, AnalysisResult(replace(measured, zones=(support,)))))
    assert other.stops()[0].trigger_price == Decimal("102.9")


def test_moving_a_stop_places_the_new_one_before_the_old_one_goes() -> None:
    world = World()
    world.enter()
    walk(world, Side.LONG, 1.0)
    orders = [effect for effect in world.effects if isinstance(effect, PlaceOrder | CancelOrder)]
    new = next(
        index
        for index, effect in enumerate(orders)
        if isinstance(effect, PlaceOrder) and effect.intent.client_id.endswith("-S2")
    )
    gone = next(index for index, effect in enumerate(orders) if isinstance(effect, CancelOrder))
    assert new < gone
    assert orders[gone].client_id.endswith("-S1")  # type: ignore[union-attr]


def test_every_order_follows_the_record_that_explains_it() -> None:
    world = World()
    signal = raw_signal(time_ms=world.now_ms)
    effects = world.desk.handle(_close(world, signal))
    kinds = [type(effect) for effect in effects]
    first_order = kinds.index(PlaceOrder)
    assert RecordSignal in kinds[:first_order]
    assert RecordPosition in kinds[:first_order]
    assert not any(kind in (RecordSignal, RecordPosition) for kind in kinds[first_order:])


def _close(world: World, signal: object) -> object:
    return AnalysisDone(world.now_ms, AnalysisResult(reading(time_ms=world.now_ms), (signal,)))  # type: ignore[arg-type]


def test_entry_in_parts_is_covered_after_each_part() -> None:
    world = World()
    world.broker.entry_parts = 4
    world.enter()
    (stop,) = world.stops()
    assert stop.quantity == Decimal(50)
    assert sum(item.quantity for item in world.targets()) == Decimal(50)
    assert world.desk.snapshot().positions[0].status == "PROTECTED"


def test_client_ids_are_short_unique_and_of_the_allowed_characters() -> None:
    world = World()
    world.enter()
    walk(world, Side.LONG, 1.0, 2.0, 1.0)
    ids = [effect.intent.client_id for effect in world.effects if isinstance(effect, PlaceOrder)]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[.A-Z:/a-z0-9_-]{1,36}", client_id) for client_id in ids)


def test_repeated_fill_changes_nothing() -> None:
    world = World()
    world.enter()
    fills = [event for event in world.events if isinstance(event, OrderFilled)]
    before = world.desk.snapshot()
    assert world.desk.handle(fills[0]) == []
    assert world.desk.snapshot() == before


def test_stop_refused_by_the_exchange_closes_at_once() -> None:
    world = World()
    world.broker.reject.add(OrderPurpose.STOP)
    world.enter()
    (trade,) = world.trades
    assert [leg.reason for leg in trade.legs] == [ExitReason.DATA]
    assert any("refused the stop" in line for line in world.lines())
    assert world.broker.resting == {}


def test_stop_removed_from_outside_is_placed_again_three_times_then_the_position_is_closed() -> None:
    world = World()
    world.enter()
    for removal in range(4):
        assert world.trades == []
        (stop,) = world.stops()
        assert stop.client_id.endswith(f"-S{removal + 1}")
        del world.broker.resting[stop.client_id]
        world.send(OrderChanged(OrderUpdate(stop.client_id, SYMBOL, OrderStatus.CANCELED, world.now_ms)))
    (trade,) = world.trades
    assert trade.legs[0].reason is ExitReason.DATA


def test_moved_stop_refused_keeps_the_old_one() -> None:
    world = World()
    world.enter()
    world.broker.reject.add(OrderPurpose.STOP)
    walk(world, Side.LONG, 1.0)
    (stop,) = world.stops()
    assert stop.client_id.endswith("-S1")
    assert world.desk.snapshot().positions[0].status == "PROTECTED"
    world.broker.reject.clear()
    world.price(101.0, step_ms=61_000)
    (stop,) = world.stops()
    assert stop.trigger_price == Decimal("100.15")


def test_break_even_already_passed_is_sold_at_market_with_its_own_reason() -> None:
    world = World()
    world.enter()
    # The range reaches the first target, but price is back below break-even before the new stop can be placed.
    world.broker.reject.add(OrderPurpose.STOP)
    world.price(101.0)
    world.broker.reject.clear()
    world.price(100.05, step_ms=61_000)
    (trade,) = world.trades
    assert [leg.reason for leg in trade.legs] == [ExitReason.TARGET_1, ExitReason.BREAK_EVEN]


def test_unconfirmed_stop_is_closed_at_market_after_the_limit() -> None:
    world = World()
    world.enter()
    position = world.desk.snapshot().positions[0]
    (stop,) = world.stops()
    del world.broker.resting[stop.client_id]
    world.broker.answers = False
    world.send(OrderChanged(OrderUpdate(stop.client_id, SYMBOL, OrderStatus.EXPIRED, world.now_ms)))
    assert world.desk.snapshot().positions[0].status == "NAKED"
    world.broker.answers = True
    for _ in range(6):
        world.price(100.1)
    (trade,) = world.trades
    assert trade.position_id == position.position_id
    assert trade.legs[0].reason is ExitReason.DATA


def test_unknown_entry_keeps_the_state_blocks_the_symbol_and_is_not_sent_again() -> None:
    world = World()
    world.broker.answers = False
    first = world.enter()
    assert world.desk.snapshot().positions[0].status == "ENTERING"
    world.analyse(raw_signal(time_ms=world.now_ms + 1, strategy="break_retest"))
    assert any("has not answered" in reason for reason in world.refusals())
    for _ in range(30):
        world.tick()
    placed = [effect for effect in world.effects if isinstance(effect, PlaceOrder)]
    assert len(placed) == 1
    world.broker.answers = True
    for event in world.broker.place(placed[0].intent):
        world.send(event)
    assert world.desk.snapshot().positions[0].status == "PROTECTED"
    assert world.signals[first.signal_id].status is SignalStatus.ACTIVE


def test_refused_entry_fails_the_position_without_a_trade() -> None:
    world = World()
    world.broker.reject.add(OrderPurpose.ENTRY)
    signal = world.enter()
    assert world.trades == []
    assert world.desk.snapshot().positions == ()
    assert world.signals[signal.signal_id].status is SignalStatus.REFUSED
    world.broker.reject.clear()
    again = raw_signal(time_ms=world.now_ms + 1)
    world.analyse(again)
    assert world.signals[again.signal_id].status is SignalStatus.ACTIVE


def test_late_fill_of_a_dead_entry_is_sold_at_once() -> None:
    world = World()
    world.broker.reject.add(OrderPurpose.ENTRY)
    world.enter()
    intent = next(effect.intent for effect in world.effects if isinstance(effect, PlaceOrder))
    world.send(world.broker._fill(intent, Decimal(10), Decimal(100), world.now_ms))
    (trade,) = world.trades
    assert trade.quantity == Decimal(10)
    assert trade.legs[0].reason is ExitReason.DATA


def test_exit_fill_before_its_entry_fill_is_matched_later() -> None:
    world = World()
    world.broker.answers = False
    world.enter()
    entry = next(effect.intent for effect in world.effects if isinstance(effect, PlaceOrder))
    world.broker.answers = True
    world.send(OrderChanged(OrderUpdate(entry.client_id, SYMBOL, OrderStatus.FILLED, world.now_ms)))
    (stop,) = world.stops()
    assert stop.quantity == entry.quantity
    world.broker.held[entry.position_id] = entry.quantity
    entry_fill = world.broker._fill(entry, entry.quantity, Decimal(100), world.now_ms)
    world.broker.held[entry.position_id] = entry.quantity
    world.price(98.9)
    assert world.trades == []
    world.send(entry_fill)
    (trade,) = world.trades
    assert [leg.reason for leg in trade.legs] == [ExitReason.STOP]


def test_close_command_sells_everything_and_keeps_the_stop_until_then() -> None:
    world = World()
    world.enter()
    walk(world, Side.LONG, 0.4)
    position = world.desk.snapshot().positions[0]
    effects = world.desk.handle(ClosePosition(world.now_ms, position.position_id))
    assert not any(isinstance(effect, CancelOrder) for effect in effects)
    order = next(effect.intent for effect in effects if isinstance(effect, PlaceOrder))
    for event in world.broker.place(order):
        world.send(event)
    (trade,) = world.trades
    assert [leg.reason for leg in trade.legs] == [ExitReason.MANUAL]
    assert world.broker.resting == {}


def test_close_command_that_fails_leaves_the_position_protected() -> None:
    world = World()
    world.enter()
    world.broker.reject.add(OrderPurpose.EXIT)
    position = world.desk.snapshot().positions[0]
    world.send(ClosePosition(world.now_ms, position.position_id))
    assert world.desk.snapshot().positions[0].status == "PROTECTED"
    assert len(world.stops()) == 1
    world.broker.reject.clear()
    world.send(ClosePosition(world.now_ms, position.position_id))
    assert world.trades[0].legs[0].reason is ExitReason.MANUAL


def test_close_command_of_unknown_position_only_says_so() -> None:
    world = World()
    world.send(ClosePosition(world.now_ms, "p-nothing"))
    assert any("not open" in line for line in world.lines())


def test_time_stop_without_progress_fires_at_the_bar() -> None:
    world = World()
    signal = world.enter(time_stop_bars=4)
    deadline = Timeframe.M15.open_ms(signal.time_ms) + 4 * Timeframe.M15.ms
    world.price(100.3, step_ms=deadline - 1 - world.now_ms)
    assert world.trades == []
    world.price(100.3, step_ms=1)
    (trade,) = world.trades
    assert [leg.reason for leg in trade.legs] == [ExitReason.TIME]
    assert trade.closed_ms == deadline


def test_time_stop_with_progress_waits_for_the_longest_life() -> None:
    world = World()
    world.enter(time_stop_bars=4)
    world.price(100.6)
    world.tick(minutes=120)
    assert world.trades == []
    world.tick(minutes=7 * 24 * 60)
    assert world.trades[0].legs[0].reason is ExitReason.TIME


def test_old_data_alarms_then_closes_but_never_blocks_the_exit() -> None:
    world = World()
    world.enter()
    world.price(100.6)
    world.send(FeedState(world.now_ms, SYMBOL, fresh=False, reason="no data"))
    world.tick(minutes=16)
    assert any("no market data for 16 minutes" in line for line in world.lines())
    world.tick(minutes=240)
    assert world.trades[0].legs[0].reason is ExitReason.DATA


@pytest.mark.parametrize("side", SIDES)
def test_armed_signal_enters_when_the_range_reaches_its_level(side: Side) -> None:
    world = World()
    signal = raw_signal(side, entry=at(side, -1.0), time_ms=world.now_ms, trigger=Trigger.ARMED)
    world.analyse(signal)
    assert world.signals[signal.signal_id].status is SignalStatus.WAITING
    walk(world, side, 0.5, -0.9)
    assert world.signals[signal.signal_id].status is SignalStatus.WAITING
    dip = {"low": at(side, -1.05)} if side is Side.LONG else {"high": at(side, -1.05)}
    world.price(at(side, -0.95), **dip)
    assert world.signals[signal.signal_id].status is SignalStatus.ACTIVE
    assert world.desk.snapshot().positions[0].entry_price == at(side, -0.95)


def test_armed_breakout_waits_for_price_from_below() -> None:
    world = World()
    signal = raw_signal(Side.LONG, entry=101.0, time_ms=world.now_ms, trigger=Trigger.ARMED)
    world.analyse(signal)
    world.price(99.5)
    assert world.signals[signal.signal_id].status is SignalStatus.WAITING
    world.price(101.0)
    assert world.signals[signal.signal_id].status is SignalStatus.ACTIVE


def test_armed_signal_price_runs_through_the_level_is_refused() -> None:
    world = World()
    signal = raw_signal(Side.LONG, entry=99.0, time_ms=world.now_ms, trigger=Trigger.ARMED)
    world.analyse(signal)
    world.price(98.6)
    assert world.signals[signal.signal_id].status is SignalStatus.REFUSED
    assert "away from the entry" in world.signals[signal.signal_id].status_reason


def test_armed_signal_expires_after_its_time_with_a_line() -> None:
    world = World()
    signal = raw_signal(entry=99.0, time_ms=world.now_ms, trigger=Trigger.ARMED, valid_ms=30 * MINUTE_MS)
    world.analyse(signal)
    world.tick(minutes=30)
    assert world.signals[signal.signal_id].status is SignalStatus.WAITING
    world.tick()
    assert world.signals[signal.signal_id].status is SignalStatus.EXPIRED
    assert any("price did not come" in line for line in world.lines())
    world.price(99.0)
    assert world.desk.snapshot().positions == ()
    assert world.desk.snapshot().expired_today == 1


def test_mode_change_is_for_new_trades_only() -> None:
    world = World(symbols=("ETHUSDT", "BNBUSDT"))
    world.enter()
    world.send(ChangeMode(world.now_ms, TradingMode.PAPER))
    world.enter(symbol="BNBUSDT")
    modes = {item.symbol: item.mode for item in world.desk.snapshot().positions}
    assert modes == {"ETHUSDT": TradingMode.SIGNALS, "BNBUSDT": TradingMode.PAPER}
    assert any("from signals only to paper" in line for line in world.lines())
    world.price(99.0)
    assert world.trades[0].mode is TradingMode.SIGNALS
    assert world.desk.snapshot().account.closed_trades == 0


def test_funding_is_part_of_the_result() -> None:
    plain, paid = World(), World()
    for world in (plain, paid):
        world.enter()
    paid.send(FundingPaid(paid.now_ms, SYMBOL, TradingMode.SIGNALS, Decimal("-1.25")))
    for world in (plain, paid):
        world.price(99.0)
    assert paid.trades[0].funding == Decimal("-1.25")
    assert paid.trades[0].pnl == plain.trades[0].pnl + Decimal("-1.25")


def test_small_position_says_that_slices_were_merged() -> None:
    world = World(symbol_rules=rules(step_size=Decimal(25), min_quantity=Decimal(25)))
    signal = world.enter()
    assert "too small for 3 slices" in world.signals[signal.signal_id].status_reason
    assert [(item.leg_index, item.quantity) for item in world.targets()] == [(1, Decimal(25)), (2, Decimal(25))]
    walk(world, Side.LONG, 1.0, 2.0)
    assert [leg.reason for leg in world.trades[0].legs] == [ExitReason.TARGET_1, ExitReason.TARGET_2]


def test_targets_follow_the_real_entry_and_the_stop_stays() -> None:
    world = World()
    world.price(100.1)
    world.enter()
    assert [float(item.trigger_price or 0) for item in world.targets()] == pytest.approx([101.2, 102.3, 103.4])
    assert world.stops()[0].trigger_price == Decimal(99)


def test_snapshot_is_the_same_object_until_something_changes() -> None:
    world = World(symbols=("ETHUSDT", "BNBUSDT"))
    world.enter()
    first = world.desk.snapshot()
    world.price(50.0, symbol="BNBUSDT")
    assert world.desk.snapshot() is first
    world.price(100.5)
    second = world.desk.snapshot()
    assert second.version > first.version
    assert second.positions[0].version > first.positions[0].version
    assert second.positions[0].pnl == pytest.approx(0.5 * 50 - 2.5)
    assert second.account.equity == pytest.approx(10_000 + 0.5 * 50 - 2.5)
    assert second.signals is first.signals


def test_first_price_after_the_entry_does_not_count_what_happened_before_it() -> None:
    world = World()
    world.now_ms += HOUR_MS
    world.enter()
    world.price(100.1, low=99.1, high=100.9)
    world.price(99.0)
    assert world.trades[0].mfe_r == pytest.approx(0.1)


def test_status_of_positions_follows_the_drawing() -> None:
    world = World()
    world.enter()
    seen = [effect.position.status for effect in world.effects if isinstance(effect, RecordPosition)]
    assert seen[0] == PositionStatus.ENTERING.value
    assert seen[-1] == PositionStatus.PROTECTED.value
    assert PositionStatus.NAKED.value in seen
