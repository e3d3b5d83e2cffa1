"""Signals for information: followed with all rules on an account of their own, traded in no mode."""

from __future__ import annotations

from dataclasses import fields
from decimal import Decimal

import pytest

from futtui.cli.traded import for_information
from futtui.domain.effects import PlaceOrder
from futtui.domain.events import BalanceChanged
from futtui.domain.position import TradingMode
from futtui.domain.side import Side
from futtui.strategies.catalogue import build_strategies
from futtui.strategies.settings import StrategySettings
from tests.desk.world import SYMBOL, World, raw_signal

TOLD = frozenset({"atr_momentum"})


def modes_of_orders(world: World) -> set[TradingMode]:
    return {effect.mode for effect in world.effects if isinstance(effect, PlaceOrder)}


@pytest.mark.parametrize("mode", [TradingMode.SIGNALS, TradingMode.PAPER, TradingMode.LIVE])
def test_information_signal_is_followed_in_every_mode_and_never_on_its_account(mode):
    world = World(mode=mode, for_information=TOLD)
    world.send(BalanceChanged(world.now_ms, mode, Decimal(10_000)))
    world.price(100.0)
    world.analyse(raw_signal(time_ms=world.now_ms))
    assert modes_of_orders(world) == {TradingMode.INFO}
    (signal,) = world.desk.snapshot().signals
    assert signal.is_for_information
    assert signal.status_reason.startswith("for information")
    (position,) = world.desk.snapshot().positions
    assert position.mode is TradingMode.INFO
    world.price(98.0)
    (trade,) = world.desk.snapshot().trades
    assert trade.mode is TradingMode.INFO
    assert trade.result_r < -0.9
    account = world.desk.snapshot().account
    assert (account.closed_trades, account.losses, account.net_r, account.today_pct) == (0, 0, 0.0, 0.0)


def test_information_position_does_not_stand_in_the_way_of_a_trade():
    world = World(mode=TradingMode.PAPER, for_information=TOLD)
    world.price(100.0)
    world.analyse(raw_signal(time_ms=world.now_ms))
    world.analyse(raw_signal(Side.SHORT, time_ms=world.now_ms + 900_000, strategy="break_retest"))
    assert {(each.strategy, each.mode) for each in world.desk.snapshot().positions} == {
        ("atr_momentum", TradingMode.INFO),
        ("break_retest", TradingMode.PAPER),
    }


def test_what_is_traded_by_default_is_what_earned_it():
    settings = StrategySettings()
    names = {strategy.name for strategy in build_strategies(SYMBOL, settings)}
    assert names == {each.name for each in fields(settings)}
    assert names - for_information(settings, "") == {"liquidity_flush"}
    assert for_information(settings, "all") == frozenset()
    assert names - for_information(settings, "dual_h1, order_flow") == {"dual_h1", "order_flow"}
