"""What is skipped at a close because it cannot matter really never matters: every short cut beside the long way."""

from __future__ import annotations

import pytest

from futtui.analysis.settings import AnalysisSettings
from futtui.backtest.data import load_symbol
from futtui.backtest.shards import SymbolRun
from futtui.domain.timeframe import DAY_MS, Timeframe
from futtui.live.past_candles import time_of
from futtui.live.settings import HistorySettings
from futtui.strategies import liquidity_sweep, liquidity_sweep_pools
from futtui.strategies.break_retest_levels import ZoneMemory
from futtui.strategies.dual import engine as dual_engine
from futtui.strategies.dual import setups
from futtui.strategies.manager import StrategyManager
from futtui.strategies.sr.engine import SIGNS, SrStrategy
from futtui.strategies.sr.setup import NOTHING
from futtui.strategies.structure import SwingTracker, opposing_kind, orient
from tests.shared_data import shared_path

DAYS = 2


class _All:
    """A reach that holds every level."""

    def holds(self, level: float) -> bool:
        return True


def _same_candles(monkeypatch, seen):
    plain = StrategyManager.on_close

    def checked(self, timeframe, context):
        for frame in (Timeframe.M15, Timeframe.H1):
            for sign in SIGNS:
                for count in (1, 50, 110):
                    wanted = [orient(bar, sign) for bar in context.candles(frame, count)]
                    assert list(context.oriented(frame, count, sign)) == wanted
        seen["closes"] += 1
        return plain(self, timeframe, context)

    monkeypatch.setattr(StrategyManager, "on_close", checked)


def _no_zone_is_missed(monkeypatch, seen):
    plain = SrStrategy._near

    def checked(self, zones, view):
        near = plain(self, zones, view)
        for zone in zones:
            for sign in SIGNS:
                if not any(each is zone and side == sign for each, side in near):
                    assert self.find(zone, sign, view) == NOTHING
        seen["near"] += len(near)
        return near

    monkeypatch.setattr(SrStrategy, "_near", checked)


def _no_setup_is_missed(monkeypatch, seen):
    plain = setups.find_setup

    def checked(zone, sign, candles, bars, atr, settings):
        found = plain(zone, sign, candles, bars, atr, settings)
        long_way = setups._flip_retest(zone, sign, candles, bars, atr, settings) or setups._sweep_return(
            zone, sign, candles, bars, atr, settings
        )
        assert found == long_way
        seen["setups"] += found is not None
        return found

    monkeypatch.setattr(dual_engine, "find_setup", checked)


def _no_remembered_zone_is_missed(monkeypatch, seen):
    plain = ZoneMemory.in_the_way

    def checked(self, sign, low, high):
        found = plain(self, sign, low, high)
        kind = opposing_kind(sign).value
        wanted = [each for each in self._chosen() if each.kind == kind and each.low <= high and each.high >= low]
        assert sorted(found, key=lambda each: each.zone_id) == sorted(wanted, key=lambda each: each.zone_id)
        seen["remembered"] += len(found)
        return found

    monkeypatch.setattr(ZoneMemory, "in_the_way", checked)


def _no_pool_is_missed(monkeypatch, seen):
    plain = liquidity_sweep.LiquiditySweep._swept

    def checked(self, reach, sign, context, atr):
        found, settings = plain(self, reach, sign, context, atr), self._settings
        pools = [
            *liquidity_sweep_pools.swing_pools(sign, self._swings, settings.equal_atr * atr, _All()),
            *liquidity_sweep_pools.day_pool(sign, context, settings.depth_min_atr * atr, _All()),
            *liquidity_sweep_pools.zone_pools(sign, self._zones, settings.zone_score_min, reach),
        ]
        assert found == [pool for pool in pools if reach.holds(pool.level)]
        seen["pools"] += len(found)
        return found

    monkeypatch.setattr(liquidity_sweep.LiquiditySweep, "_swept", checked)


def _no_swing_is_missed(monkeypatch, seen):
    plain = SwingTracker.update

    def checked(self, bars):
        before = list(self._swings)
        plain(self, bars)
        window, side = bars[-(2 * self.side_bars + 1) :], self.side_bars
        middle = window[side]
        highest = middle.high > max(each.high for each in window[:side]) and middle.high >= max(
            each.high for each in window[side + 1 :]
        )
        lowest = middle.low < min(each.low for each in window[:side]) and middle.low <= min(
            each.low for each in window[side + 1 :]
        )
        new = [(each.is_high, each.price) for each in self._swings if each not in before]
        assert new == [(True, middle.high)] * highest + [(False, middle.low)] * lowest
        assert all(each.time_ms >= bars[-1].open_time_ms - self._life_ms for each in self._swings)
        seen["swings"] += len(new)

    monkeypatch.setattr(SwingTracker, "update", checked)


@pytest.mark.parametrize("symbol", ["ETHUSDT"])
def test_shortcuts_of_a_close_miss_nothing_on_real_candles(monkeypatch, symbol):
    names = ("closes", "near", "setups", "remembered", "pools", "swings")
    seen = dict.fromkeys(names, 0)
    start_ms = time_of("2024-03-01")
    data = load_symbol(shared_path("market-data/futures/klines"), symbol, start_ms)
    run = SymbolRun(data, AnalysisSettings(), HistorySettings(), start_ms)
    run.advance(start_ms + 900_000)
    checks = (
        _same_candles, _no_zone_is_missed, _no_setup_is_missed, _no_remembered_zone_is_missed, _no_pool_is_missed,
        _no_swing_is_missed,
    )  # fmt: skip
    for check in checks:
        check(monkeypatch, seen)
    run.advance(start_ms + DAYS * DAY_MS)
    assert all(seen.values()), seen
