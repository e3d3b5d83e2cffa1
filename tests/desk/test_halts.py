"""Limits beyond one trade: costs inside the risk, week loss, symbols that move alike, spread and volatility."""

from __future__ import annotations

from dataclasses import replace
from math import sin

import pytest

from futtui.desk.settings import DeskSettings
from futtui.domain.candle import Candle
from futtui.domain.events import BookSampled
from futtui.domain.order_book import BookReading
from futtui.domain.position import TradingMode
from futtui.domain.side import Side
from futtui.domain.signal import SignalStatus
from futtui.domain.timeframe import DAY_MS, Timeframe
from futtui.risk.settings import CapSettings, SizingSettings
from tests.desk.world import START_MS, SYMBOL, World, raw_signal, wide_settings


def test_stopped_trade_costs_the_set_part_of_equity_fees_and_slippage_included() -> None:
    settings = wide_settings()
    sizing = SizingSettings(risk_per_trade_pct=1.0, max_position_leverage=50.0, max_total_leverage=100.0)
    world = World(replace(settings, risk=replace(settings.risk, sizing=sizing)), mode=TradingMode.PAPER)
    world.enter()
    world.price(99.0)
    (trade,) = world.trades
    lost_pct = -float(trade.pnl) / 10_000 * 100
    assert 0.90 < lost_pct <= 1.0, "the fake broker charges the fees of the estimate and no slippage"


@pytest.mark.parametrize(("spread_bp", "refused"), [(10.0, False), (16.0, True)])
def test_wide_spread_forbids_an_entry_and_says_so(spread_bp: float, refused: bool) -> None:
    world = World()
    book = BookReading(SYMBOL, world.now_ms, True, middle=100.0, spread_bp=spread_bp)
    world.send(BookSampled(book))
    raw = world.enter()
    assert (world.status_of(raw) is SignalStatus.REFUSED) == refused
    if refused:
        assert world.refusals() == ["bid and ask are 0.16 % apart, at most 0.15 % is allowed"]


def test_old_look_at_the_book_forbids_nothing() -> None:
    world = World()
    world.send(BookSampled(BookReading(SYMBOL, world.now_ms - 120_000, True, middle=100.0, spread_bp=90.0)))
    assert world.status_of(world.enter()) is not SignalStatus.REFUSED


def test_volatility_far_above_its_average_forbids_an_entry() -> None:
    world = World()
    for number in range(30):
        world.analyse(time_ms=START_MS + number * Timeframe.M15.ms, atr=1.0)
    world.now_ms = START_MS + 30 * Timeframe.M15.ms
    wild = raw_signal(time_ms=world.now_ms, atr=1.0)
    world.analyse(wild, atr=9.0)
    assert world.status_of(wild) is SignalStatus.REFUSED
    assert "times as much as usual" in world.refusals()[0]


def with_caps(caps: CapSettings) -> DeskSettings:
    settings = wide_settings()
    return replace(settings, risk=replace(settings.risk, caps=caps))


@pytest.mark.parametrize("shown", [200, 1])
def test_week_loss_stops_new_trades_until_monday_however_few_trades_are_shown(shown: int) -> None:
    caps = CapSettings(
        max_positions=50, max_same_direction=50, max_open_risk_pct=50.0, day_loss_limit_pct=50.0,
        loss_streak=50, week_loss_limit_pct=1.0,
    )  # fmt: skip
    world = World(replace(with_caps(caps), trades_shown=shown), mode=TradingMode.PAPER)
    for number in range(2):
        world.enter(strategy=f"s{number}")
        world.price(98.9)
        world.price(100.0)
    refused = world.enter(strategy="third")
    assert world.status_of(refused) is SignalStatus.REFUSED
    assert "week loss limit of 1 %" in world.refusals()[0]
    assert len(world.desk.snapshot().trades) == min(shown, 2)
    monday_ms = START_MS + 3 * DAY_MS  # 2024-03-01 was a Friday
    world.now_ms = monday_ms + 1_000
    world.price(100.0)
    assert world.status_of(world.enter(strategy="fourth")) is not SignalStatus.REFUSED


@pytest.mark.parametrize(("alike", "refused"), [(True, True), (False, False)])
def test_open_risk_on_symbols_that_move_alike_is_limited(alike: bool, refused: bool) -> None:
    caps = CapSettings(
        max_positions=50, max_same_direction=50, max_open_risk_pct=50.0, day_loss_limit_pct=50.0,
        loss_streak=50, max_correlated_risk_pct=0.8,
    )  # fmt: skip
    world = World(with_caps(caps), mode=TradingMode.PAPER, symbols=("AAAUSDT", "BBBUSDT"))
    for symbol, shift in (("AAAUSDT", 0), ("BBBUSDT", 0 if alike else 9)):
        bars = [
            Candle(START_MS - (300 - at) * Timeframe.M15.ms, price, price, price, price, 1.0)
            for at in range(300)
            for price in [100 + sin(at + shift * at)]
        ]
        world.desk.warm_up(symbol, bars)
    world.enter(symbol="AAAUSDT")
    second = world.enter(symbol="BBBUSDT", strategy="other")
    assert (world.status_of(second) is SignalStatus.REFUSED) == refused
    if refused:
        assert "symbols that move alike would risk 1.00 % in one direction" in world.refusals()[0]


def test_opposite_direction_on_a_symbol_that_moves_alike_is_no_addition() -> None:
    caps = CapSettings(max_positions=50, max_open_risk_pct=50.0, max_correlated_risk_pct=0.8)
    world = World(with_caps(caps), mode=TradingMode.PAPER, symbols=("AAAUSDT", "BBBUSDT"))
    world.enter(symbol="AAAUSDT")
    assert world.status_of(world.enter(Side.SHORT, symbol="BBBUSDT", strategy="b")) is not SignalStatus.REFUSED
