"""Measures inside the analyzer: asked for once a close, only when wanted, and unknown taker volume stays unknown."""

from __future__ import annotations

import math
from dataclasses import fields, replace

import pytest

from futtui.analysis import analyzer as analyzer_module
from futtui.analysis.analyzer import SymbolAnalyzer
from futtui.analysis.settings import AnalysisSettings
from futtui.analysis.wire import row_of
from futtui.config.settings import Settings
from futtui.desk.settings import DeskSettings
from futtui.domain.divergence import NO_DIVERGENCES
from futtui.domain.timeframe import ANALYSIS_TIMEFRAMES, Timeframe
from futtui.indicators.asked import IndicatorKey, IndicatorKind, values_after
from futtui.indicators.divergence import divergence_of
from futtui.live.past_candles import candles_of
from futtui.signals.btc import BtcView
from futtui.signals.modifiers import ScoringContext, money_flow
from futtui.signals.settings import DivergenceSettings, ScoringSettings
from futtui.storage.candle_arrays import CandleArrays, combined
from futtui.strategies.manager import StrategyManager
from futtui.strategies.settings import StrategySettings
from tests.analysis.markets import all_frames, split, walk
from tests.desk.world import raw_signal

M15, H1, H4 = Timeframe.M15, Timeframe.H1, Timeframe.H4
DAYS = 20
_SHIPPED = StrategySettings()
QUIET = StrategySettings(
    **{each.name: replace(getattr(_SHIPPED, each.name), enabled=False) for each in fields(_SHIPPED)}
)
SETTINGS = AnalysisSettings(strategies=QUIET)


def with_takers(quarters):
    """Takers that buy a share of the volume which wanders."""
    return [
        replace(bar, taker_buy_volume=bar.volume * (0.5 + 0.4 * math.sin(number * 0.7) * math.cos(number * 0.013)))
        for number, bar in enumerate(quarters)
    ]


def frames_of(quarters):
    """All timeframes by the program's own way of putting bars together, which keeps taker volume."""
    arrays = CandleArrays.of_rows([row_of(bar) for bar in quarters])
    return {
        frame: list(quarters) if frame is M15 else candles_of(combined(arrays, M15.ms, frame.ms))
        for frame in ANALYSIS_TIMEFRAMES
    }


QUARTERS = with_takers(walk(5, 96 * DAYS))
PAST, MOMENTS = split(frames_of(QUARTERS), QUARTERS[96 * (DAYS - 1)].open_time_ms)


def loaded(settings: AnalysisSettings = SETTINGS, past=PAST) -> SymbolAnalyzer:
    analyzer = SymbolAnalyzer("TESTUSDT", settings)
    analyzer.load(past)
    return analyzer


class Asking(StrategyManager):
    """Asks for the same measures several times at every close, as several strategies would."""

    asked = (
        IndicatorKey(IndicatorKind.EMA, (34,)),
        IndicatorKey(IndicatorKind.DONCHIAN, (55,)),
        IndicatorKey(IndicatorKind.FLOW, (12,)),
    )
    answers: list[tuple] | None = None

    def on_close(self, timeframe, context):
        for frame in (M15, H1, H4) if self.answers is not None else ():
            for key in self.asked:
                found = context.indicator(frame, key)
                assert context.indicator(frame, key) == found
                fresh = values_after(key, context.candles(frame, 100_000)) if context.frame(frame) else ()
                self.answers.append((context.time_ms, frame, key, found, fresh))
        return super().on_close(timeframe, context)


def test_indicator_asked_for_by_many_equals_a_fresh_one_and_is_worked_out_once_a_close(monkeypatch):
    counted = []

    def counting(key, candles):
        counted.append(key)
        return values_after(key, candles)

    monkeypatch.setattr(analyzer_module, "StrategyManager", Asking)
    analyzer = loaded()
    monkeypatch.setattr(Asking, "answers", [])
    monkeypatch.setattr(analyzer_module, "values_after", counting)
    for closes in list(MOMENTS.values())[:40]:
        analyzer.on_closes(closes)
    for _, _, _, found, fresh in Asking.answers:
        assert found == fresh
    candles = {(frame, time_ms - time_ms % frame.ms) for time_ms, frame, *_ in Asking.answers}
    assert len(counted) == len(candles) * len(Asking.asked) < len(Asking.answers)


def test_usual_indicators_are_answered_without_working_anything_out(monkeypatch):
    def forbidden(key, candles):
        raise AssertionError(f"{key} was worked out anew")

    class AskingUsual(StrategyManager):
        def on_close(self, timeframe, context):
            own = context.frame(M15)
            assert own is not None
            assert (context.ema(M15, 50), context.atr(M15), context.rsi(M15)) == (own.ema_50, own.atr, own.rsi)
            assert context.adx(M15) == (own.adx, own.plus_di, own.minus_di)
            slope = context.ema_slope(M15, 50)
            assert slope is not None
            assert slope * 10 / own.atr == pytest.approx(own.ema_50_slope_atr)
            return super().on_close(timeframe, context)

    monkeypatch.setattr(analyzer_module, "StrategyManager", AskingUsual)
    monkeypatch.setattr(analyzer_module, "values_after", forbidden)
    analyzer = loaded()
    for closes in MOMENTS.values():
        assert analyzer.on_closes(closes).reading.ready_reason.count("missing") == 0


def test_divergence_is_looked_for_only_where_it_is_wanted_and_then_once_a_candle(monkeypatch):
    counted = []

    def counting(candles):
        counted.append(len(candles))
        return divergence_of(candles)

    monkeypatch.setattr(analyzer_module, "divergence_of", counting)
    analyzer = loaded()
    for closes in MOMENTS.values():
        assert analyzer.on_closes(closes).reading.divergence is NO_DIVERGENCES
    assert not counted
    analyzer = loaded(replace(SETTINGS, divergence=True))
    counted.clear()
    valid = 0
    for closes in MOMENTS.values():
        reading = analyzer.on_closes(closes).reading
        assert reading.divergence == analyzer.reading.divergence
        valid += reading.divergence.m15.valid
        assert reading.divergence.known
    assert valid
    hours = sum(frame is H1 for closes in MOMENTS.values() for frame, _ in closes)
    assert len(counted) == len(MOMENTS) + hours


def test_divergence_is_wanted_when_the_score_wants_it():
    assert not Settings().analysis().divergence
    wanted = ScoringSettings(divergence=DivergenceSettings(enabled=True))
    assert Settings(desk=DeskSettings(scoring=wanted)).analysis().divergence


def test_unknown_taker_volume_of_one_quarter_is_unknown_in_all_that_holds_it_and_nowhere_else():
    hole = 96 * (DAYS - 1) - 2
    quarters = [replace(bar, taker_buy_volume=None) if number == hole else bar for number, bar in enumerate(QUARTERS)]
    frames = frames_of(quarters)
    assert [bar.open_time_ms for bar in frames[H1] if bar.taker_buy_volume is None] == [
        H1.open_ms(quarters[hole].open_time_ms)
    ]
    past, moments = split(frames, quarters[96 * (DAYS - 1)].open_time_ms)
    analyzer = loaded(replace(SETTINGS, divergence=True), past)
    reading = analyzer.reading
    for frame in (M15, H1, H4):
        found = reading.frames[frame]
        assert (found.flow, found.cvd, found.cvd_slope, found.flow_side, found.flow_flip) == (None,) * 5
        assert found.volume_ratio is not None
    assert not reading.divergence.known
    part = money_flow(ScoringContext(raw_signal(), reading.frames[M15], BtcView(False)), ScoringSettings())
    assert (part.points, part.value, part.valid) == (0.0, None, False)
    for closes in moments.values():
        reading = analyzer.on_closes(closes).reading
    assert reading.frames[M15].flow is not None
    assert reading.frames[M15].cvd is not None
    assert reading.divergence.m15.known
    assert reading.frames[H4].cvd is None


def test_history_without_taker_volume_has_no_flow_anywhere():
    bare = all_frames([replace(bar, taker_buy_volume=None) for bar in QUARTERS])
    past, moments = split(bare, QUARTERS[96 * (DAYS - 1)].open_time_ms)
    analyzer = loaded(replace(SETTINGS, divergence=True), past)
    for closes in list(moments.values())[:20]:
        reading = analyzer.on_closes(closes).reading
        assert not reading.divergence.known
        for found in reading.frames.values():
            assert (found.flow, found.cvd, found.cvd_slope, found.flow_side, found.flow_flip) == (None,) * 5


def test_indicator_of_a_moment_that_is_over_is_never_that_of_a_later_one(monkeypatch):
    kept = []

    class Keeping(StrategyManager):
        def on_close(self, timeframe, context):
            bars = tuple(context.candles(M15, 400))
            frozen = replace(context, candle_source=lambda *_: bars)
            kept.append((frozen, context.donchian(M15, 5), context.ema(M15, 9)))
            return super().on_close(timeframe, context)

    monkeypatch.setattr(analyzer_module, "StrategyManager", Keeping)
    analyzer = loaded()
    kept.clear()
    for closes in list(MOMENTS.values())[:30]:
        analyzer.on_closes(closes)
    for context, channel, average in kept:
        assert context.donchian(M15, 5) == channel
        assert context.ema(M15, 9) == pytest.approx(average)
