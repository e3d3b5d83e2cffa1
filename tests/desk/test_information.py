"""Signals for information: followed with all rules on an account of their own, traded in no mode."""

from __future__ import annotations

from dataclasses import fields, replace
from decimal import Decimal

import pytest

from futtui.cli.traded import for_information
from futtui.domain.effects import PlaceOrder
from futtui.domain.events import BalanceChanged
from futtui.domain.position import TradingMode
from futtui.domain.side import Side
from futtui.domain.signal import System
from futtui.domain.timeframe import HOUR_MS
from futtui.risk.settings import CapSettings
from futtui.strategies.catalogue import build_strategies
from futtui.strategies.settings import StrategySettings
from tests.desk.world import SYMBOL, World, raw_signal, wide_settings

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


def test_leverage_of_what_is_only_followed_binds_no_other():
    names = frozenset({"atr_momentum", "action_price"})
    world = World(mode=TradingMode.PAPER, for_information=names)
    world.price(100.0)
    world.analyse(raw_signal(time_ms=world.now_ms))
    wider = raw_signal(
        time_ms=world.now_ms + 900_000, system=System.ACTION_PRICE, strategy="action_price", risk=3.0, atr=3.0
    )
    world.analyse(wider)
    assert {each.mode for each in world.desk.snapshot().positions} == {TradingMode.INFO}
    assert len(world.desk.snapshot().positions) == 2


@pytest.mark.parametrize("told", [TOLD, frozenset()], ids=["for information", "on paper"])
def test_losses_stop_trading_but_not_the_record_of_what_is_only_followed(told):
    caps = CapSettings(day_loss_limit_pct=1.0, week_loss_limit_pct=1.0, loss_streak=2, max_positions=2)
    settings = wide_settings()
    settings = replace(settings, risk=replace(settings.risk, caps=caps))
    world = World(settings, mode=TradingMode.PAPER, for_information=told)
    for _ in range(6):
        world.price(100.0)
        world.enter()
        world.price(98.5)
        world.now_ms += HOUR_MS
    assert len(world.trades) == (6 if told else 1)
    assert all(trade.result_r < -0.9 for trade in world.trades)


def test_more_signals_are_followed_at_once_than_may_be_traded():
    settings = wide_settings()
    caps = replace(settings.risk.caps, max_positions=1, max_open_risk_pct=0.6)
    settings = replace(settings, risk=replace(settings.risk, caps=caps))
    symbols = ("AUSDT", "BUSDT", "CUSDT")
    counts = {}
    for told in (TOLD, frozenset()):
        world = World(settings, mode=TradingMode.PAPER, for_information=told, symbols=symbols)
        for symbol in symbols:
            world.enter(symbol=symbol)
        counts[bool(told)] = len(world.desk.snapshot().positions)
    assert counts == {True: 3, False: 1}


def test_what_is_traded_by_default_is_what_earned_it():
    settings = StrategySettings()
    names = {strategy.name for strategy in build_strategies(SYMBOL, settings)}
    assert names == {each.name for each in fields(settings)}
    assert names - for_information(settings, "") == {"liquidity_flush"}
    assert for_information(settings, "all") == frozenset()
    assert names - for_information(settings, "dual_h1, order_flow") == {"dual_h1", "order_flow"}
