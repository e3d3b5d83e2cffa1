"""A whole market upside down: every reading that has a direction turns, every decision mirrors."""

from __future__ import annotations

import pytest

from futtui.analysis.analyzer import SymbolAnalyzer
from futtui.analysis.settings import AnalysisSettings
from futtui.domain.signal import RawSignal
from futtui.domain.timeframe import Timeframe
from futtui.strategies.atr_momentum_impulse import AtrMomentumSettings
from futtui.strategies.break_retest_setup import BreakRetestLevels, BreakRetestSettings
from futtui.strategies.levels import LevelSettings
from futtui.strategies.settings import StrategySettings
from futtui.zones.settings import ZoneSettings
from tests.analysis.markets import all_frames, split, walk
from tests.strategies.crafted import mirror_candle

M15, H4 = Timeframe.M15, Timeframe.H4
PRICE = 1_000_000.0
"""So far above the size of the moves that shares of the price are the same on both sides, but for tiny rests."""
FREE = LevelSettings(round_trip_cost_pct=0.0)
FREE_FAR = BreakRetestLevels(round_trip_cost_pct=0.0)
SETTINGS = AnalysisSettings(
    zones=ZoneSettings(min_width_pct=1e-6),
    strategies=StrategySettings(
        break_retest=BreakRetestSettings(levels=FREE_FAR),
        atr_momentum=AtrMomentumSettings(levels=FREE, room_atr=0.5),
    ),
)


def analyse(quarters, days: int) -> tuple[list[RawSignal], list]:
    frames = all_frames(quarters)
    frames[M15] = quarters[96 * (days - 12) :]
    past, moments = split(frames, quarters[96 * (days - 7)].open_time_ms)
    analyzer = SymbolAnalyzer("TESTUSDT", SETTINGS)
    analyzer.load(past)
    results = [analyzer.on_closes(closes) for closes in moments.values()]
    return [signal for result in results for signal in result.signals], [result.reading for result in results]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_analyzer_market_upside_down_gives_every_decision_mirrored(seed: int):
    days, total = 50, 2 * PRICE
    quarters = walk(seed, 96 * days, PRICE, step=0.00002)
    straight, readings = analyse(quarters, days)
    flipped, turned = analyse([mirror_candle(bar, total) for bar in quarters], days)
    for one, other in zip(readings, turned, strict=True):
        for timeframe, frame in one.frames.items():
            assert other.frames[timeframe].regime.regime is frame.regime.regime.mirrored
    assert len(straight) == len(flipped) > 0
    for one, other in zip(straight, flipped, strict=True):
        assert (other.strategy, other.time_ms, other.side) == (one.strategy, one.time_ms, one.side.opposite)
        prices = [total - price for price in (other.levels.entry, other.levels.stop, *other.levels.targets)]
        expected = [one.levels.entry, one.levels.stop, *one.levels.targets]
        assert prices == pytest.approx(expected, rel=0, abs=0.05 * one.atr)
        assert other.base_score == pytest.approx(one.base_score)
