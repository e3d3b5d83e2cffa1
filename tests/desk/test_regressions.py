"""Bugs that the user met in the predecessor and must never meet again; numbers as in the specification's list."""

from __future__ import annotations

from decimal import Decimal

import pytest

from futtui.domain.effects import PlaceOrder, Say
from futtui.domain.orders import OrderPurpose
from futtui.domain.position import ExitReason, TradeClass
from futtui.domain.side import Side
from futtui.domain.signal import Levels, SignalStatus, System, Trigger
from tests.desk.test_restart import restart
from tests.desk.world import World, raw_signal


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("trigger", list(Trigger))
def test_regression_15_stop_on_the_wrong_side_is_refused(side: Side, trigger: Trigger) -> None:
    world = World()
    sign = side.sign
    wrong = Levels(side, 100.0, 100.0 + sign, (100.0 + 2 * sign, 100.0 + 3 * sign))
    signal = raw_signal(side, time_ms=world.now_ms, trigger=trigger, levels=wrong)
    world.analyse(signal)
    assert world.status_of(signal) is SignalStatus.REFUSED
    assert not any(isinstance(effect, PlaceOrder) for effect in world.effects)


@pytest.mark.parametrize("side", list(Side))
def test_regression_16_target_between_stop_and_real_entry_is_refused(side: Side) -> None:
    world = World()
    world.price(100.0 + side.sign * 0.24)
    signal = raw_signal(side, time_ms=world.now_ms, rewards=(0.2, 2.0, 3.0))
    world.analyse(signal)
    assert world.status_of(signal) is SignalStatus.REFUSED
    assert "first target" in world.refusals()[0]


def test_regression_17_equal_targets_are_refused() -> None:
    world = World()
    signal = raw_signal(time_ms=world.now_ms, rewards=(1.5, 1.5, 3.0))
    world.analyse(signal)
    assert world.status_of(signal) is SignalStatus.REFUSED


def test_regression_18_entry_is_the_real_price_never_a_stale_level() -> None:
    world = World()
    world.price(100.1)
    world.enter()
    (position,) = world.desk.snapshot().positions
    assert position.entry_price == 100.1
    far = World()
    far.price(100.6)
    signal = far.enter()
    assert far.status_of(signal) is SignalStatus.REFUSED


def test_regression_19_exits_by_reason_sum_to_closed_trades_and_stops_never_win() -> None:
    world = World(symbols=tuple(f"COIN{number}USDT" for number in range(6)))
    ways = [(-1.0,), (1.0, 0.1), (1.0, 2.0, 0.8), (1.0, 2.0, 3.0), (0.5, -1.0), (-0.5, 1.0, -1.0)]
    for number, way in enumerate(ways):
        symbol = f"COIN{number}USDT"
        world.enter(symbol=symbol)
        for moved in way:
            world.price(100.0 + moved, symbol=symbol)
    assert len(world.trades) == len(ways)
    for trade in world.trades:
        assert sum(leg.quantity for leg in trade.legs) == trade.quantity
        if {leg.reason for leg in trade.legs} == {ExitReason.STOP}:
            assert trade.pnl < 0
            assert trade.result_class is TradeClass.LOSS
    account = world.desk.snapshot().account
    classes = [trade.result_class for trade in world.trades]
    assert (account.wins, account.losses) == (classes.count(TradeClass.WIN), classes.count(TradeClass.LOSS))
    assert account.closed_trades == len(ways)
    assert account.net_r == pytest.approx(sum(trade.result_r for trade in world.trades))


def test_regression_20_break_even_is_its_own_exit_and_never_a_target() -> None:
    world = World()
    world.enter()
    world.price(101.0)
    world.price(100.15)
    (trade,) = world.trades
    by_reason = {leg.reason: leg.quantity for leg in trade.legs}
    assert by_reason == {ExitReason.TARGET_1: Decimal(15), ExitReason.BREAK_EVEN: Decimal(35)}


def test_regression_20_trade_that_ends_at_its_costs_is_no_win() -> None:
    world = World()
    world.enter(time_stop_bars=1)
    world.price(100.12)
    world.tick(minutes=30)
    (trade,) = world.trades
    assert trade.result_class is TradeClass.BREAK_EVEN
    account = world.desk.snapshot().account
    assert (account.wins, account.losses, account.break_evens) == (0, 0, 1)


def test_regression_21_reward_is_known_per_target() -> None:
    world = World()
    world.price(100.1)
    signal = world.enter(rewards=(1.0, 1.7, 3.0))
    risk = Decimal("1.1")
    for index, target in enumerate(item for item in world.targets()):
        assert target.trigger_price is not None
        reward = (target.trigger_price - Decimal("100.1")) / risk
        assert float(reward) == pytest.approx(signal.levels.reward_r(index), abs=0.01)


def test_regression_22_one_strategy_does_not_lock_out_the_others() -> None:
    world = World(symbols=("ETHUSDT", "BNBUSDT"))
    waiting = [
        raw_signal(entry=99.0, time_ms=world.now_ms, trigger=Trigger.ARMED, strategy=name) for name in ("a", "b")
    ]
    world.analyse(*waiting)
    assert [world.status_of(signal) for signal in waiting] == [SignalStatus.WAITING] * 2
    other = world.enter(symbol="BNBUSDT", strategy="a")
    second = world.enter(symbol="BNBUSDT", strategy="b", system=System.SR, base_score=80.0)
    assert world.status_of(other) is world.status_of(second) is SignalStatus.ACTIVE
    again = raw_signal(entry=99.0, time_ms=world.now_ms + 1, trigger=Trigger.ARMED, strategy="a")
    world.analyse(again)
    assert world.status_of(again) is SignalStatus.REFUSED


def test_regression_23_every_score_gets_all_three_targets() -> None:
    for score in (3.0, 9.0):
        world = World()
        world.enter(base_score=score)
        assert len(world.targets()) == 3


def test_regression_33_same_signal_again_also_after_a_restart_is_taken_once() -> None:
    world = World()
    signal = world.enter()
    world.analyse(signal)
    restart(world)
    world.analyse(signal)
    entries = [
        effect
        for effect in world.effects
        if isinstance(effect, PlaceOrder) and effect.intent.purpose is OrderPurpose.ENTRY
    ]
    assert len(entries) == 1
    assert world.status_of(signal) is SignalStatus.ACTIVE
    assert any("handled before" in effect.text for effect in world.effects if isinstance(effect, Say))
