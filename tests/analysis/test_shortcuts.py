"""What is skipped at a close because it cannot matter really never matters: every short cut beside the long way."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import pytest

from futtui.analysis.analyzer import SymbolAnalyzer
from futtui.analysis.settings import AnalysisSettings
from futtui.backtest.data import load_symbol
from futtui.backtest.shards import SymbolRun
from futtui.domain.candle import Candle
from futtui.domain.reading import ProfileReading
from futtui.domain.timeframe import DAY_MS, Timeframe
from futtui.live.past_candles import time_of
from futtui.live.settings import HistorySettings
from futtui.strategies import liquidity_sweep, liquidity_sweep_pools, volume_profile
from futtui.strategies.action_price.cross import cross_direction
from futtui.strategies.action_price.trail import SlowRow
from futtui.strategies.base import candles_hash
from futtui.strategies.break_retest_levels import ZoneMemory
from futtui.strategies.dual import engine as dual_engine
from futtui.strategies.dual import setups
from futtui.strategies.manager import StrategyManager
from futtui.strategies.sr.engine import SIGNS, SrStrategy
from futtui.strategies.sr.setup import NOTHING
from futtui.strategies.structure import Swing, SwingTracker, dips_of, opposing_kind, orient
from tests.shared_data import shared_path

DAYS = 2


class _All:
    """A reach that holds every level."""

    now = orient(Candle(0, *[-math.inf] * 5), 1)
    before = orient(Candle(0, *[math.inf] * 5), 1)

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
                    bars = context.candles(frame, count)
                    assert context.candles_hash(frame, count, sign) == candles_hash(bars, sign)
                    assert [context.has_candles(frame, each) for each in (count, 10_000)] == [True, False]
                    assert list(context.dips(frame, 3, sign)) == dips_of(bars[-5:], 3, sign) or count == 1
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


def _no_zone_of_an_engine_is_missed(monkeypatch, seen):
    plain = dual_engine.BaseSignalEngine._setups

    def checked(self, context, atr):
        found, bars = plain(self, context, atr), context.candles(self.timeframe, self.required_bars)
        for zone in context.zones:
            sign = -1 if zone.kind is opposing_kind(1) else 1
            if zone.timeframe not in self.zone_frames or any(each.zone is zone for each in found):
                continue
            oriented = context.oriented(self.timeframe, len(bars), sign)
            rules = (setups._flip_retest, setups._sweep_return)
            assert not any(rule(zone, sign, bars, oriented, atr, self._settings.setups) for rule in rules)
            seen["quiet zones"] += 1
        return found

    monkeypatch.setattr(dual_engine.BaseSignalEngine, "_setups", checked)


def _no_edge_of_value_is_missed(monkeypatch, seen):
    plain = volume_profile.answered

    def checked(bars, sign, hold_bars):
        reached = plain(bars, sign, hold_bars)
        oriented, settings = [orient(bar, sign) for bar in bars], volume_profile.VolumeProfileSettings()
        prices = [price for bar in oriented[-12:] for price in bar]
        for edge in sorted({*prices, *(price * 1.0001 for price in prices)}):
            area = ProfileReading(sign * edge, sign * edge, sign * edge, "one price")
            is_near = reached.near([area], sign) == [area]
            if not is_near:
                assert volume_profile.find_return(oriented, edge, 1.0, settings) == ""
                assert not volume_profile.is_first_acceptance(oriented, edge, hold_bars)
            seen["edges"] += is_near
        return reached

    monkeypatch.setattr(volume_profile, "answered", checked)


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


def _candles(dice, count):
    found = []
    for place in range(count):
        prices = [100.0 + dice.randrange(12) / 4 for _ in range(4)]
        found.append(Candle(place, prices[0], max(prices), min(prices), prices[1], 1.0))
    return found


def test_bar_that_reaches_nothing_swept_no_level():
    dice, empty, held = random.Random(7), 0, 0
    for _ in range(3000):
        before, bar = _candles(dice, 2)
        depth = dice.choice([(0.0, 1.0), (0.3, 1.5), (0.25, 0.5)])
        for sign in SIGNS:
            whole = liquidity_sweep_pools.Reach(orient(before, sign), orient(bar, sign), *depth)
            holds = any(whole.holds(sign * (98.0 + step / 8)) for step in range(60))
            reach = liquidity_sweep_pools.reach_of(before, bar, sign, depth)
            assert reach == whole if reach is not None else not holds
            empty, held = empty + (reach is None), held + holds
    assert empty > 500
    assert held > 500


def _is_crossed(first, second, before, now, sign):
    first, second = orient(first, sign), orient(second, sign)
    return first.open < sign * before < first.close and min(second.close, second.low) > sign * now


def test_cross_of_the_average_is_the_one_that_each_side_sees():
    dice, found = random.Random(8), []
    for _ in range(3000):
        first, second = _candles(dice, 2)
        rows = [SlowRow(place, 1.0, 100.0 + dice.randrange(12) / 4) for place in range(2)]
        sign = cross_direction((first, second), rows)
        for side in SIGNS:
            assert _is_crossed(first, second, rows[0].ema_200, rows[1].ema_200, side) == (side == sign)
        found.append(sign)
    assert found.count(1) > 50
    assert found.count(-1) > 50


def test_unbroken_swings_are_those_that_no_close_went_beyond():
    dice, tracker, broken = random.Random(9), SwingTracker(2, 60, 1), 0
    bars = _candles(dice, 600)
    for place in range(5, len(bars)):
        tracker.update(bars[:place])
        close, tolerance = bars[place - 1].close, dice.choice([0.0, 0.25, 0.5])
        wanted = [_marked(swing, close, tolerance) for swing in tracker._swings]
        tracker.mark_broken(close, tolerance)
        assert tracker._swings == wanted
        broken += sum(swing.broken for swing in wanted)
        for sign in SIGNS:
            for above in (True, False):
                swings = tracker.highs(sign) if above else tracker.lows(sign)
                assert tracker.unbroken(sign, above=above) == sorted(
                    sign * each.price for each in swings if not each.broken
                )
    assert broken > 100


def _marked(swing: Swing, close: float, tolerance: float) -> Swing:
    beyond = close - swing.price if swing.is_high else swing.price - close
    return replace(swing, broken=swing.broken or beyond >= tolerance)


@pytest.mark.parametrize("symbol", ["ETHUSDT"])
def test_shortcuts_of_a_close_miss_nothing_on_real_candles(monkeypatch, symbol):
    names = ("closes", "near", "setups", "quiet zones", "edges", "remembered", "pools", "swings")
    seen = dict.fromkeys(names, 0)
    start_ms = time_of("2024-03-01")
    data = load_symbol(shared_path("market-data/futures/klines"), symbol, start_ms)
    run = SymbolRun(data, AnalysisSettings(), HistorySettings(), start_ms)
    run.advance(start_ms + 900_000)
    checks = (
        _same_candles, _no_zone_is_missed, _no_setup_is_missed, _no_zone_of_an_engine_is_missed,
        _no_edge_of_value_is_missed, _no_remembered_zone_is_missed, _no_pool_is_missed, _no_swing_is_missed,
    )  # fmt: skip
    for check in checks:
        check(monkeypatch, seen)
    plain = SymbolAnalyzer.on_closes  # the whole way, also where a first look would have ended it
    monkeypatch.setattr(SymbolAnalyzer, "on_closes", lambda self, closes, explain: plain(self, closes))
    run.advance(start_ms + DAYS * DAY_MS)
    assert all(seen.values()), seen
