"""The whole analysis on real candles of March 2024: signals exist, are sound, and do not depend on the start."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, replace
from functools import cache

import pytest

from futtui.analysis.analyzer import SymbolAnalyzer
from futtui.domain.candle import Candle
from futtui.domain.reading import FrameReading, SymbolReading
from futtui.domain.regime import Bias
from futtui.domain.side import Side
from futtui.domain.signal import RawSignal, System, check_levels
from futtui.domain.timeframe import Timeframe
from futtui.strategies.atr_momentum import AtrMomentum
from futtui.strategies.atr_momentum_impulse import AtrMomentumSettings
from futtui.strategies.base import StrategyContext
from futtui.strategies.break_retest import BreakRetest
from futtui.strategies.break_retest_setup import BreakRetestLevels, BreakRetestSettings
from futtui.strategies.levels import LevelSettings
from futtui.strategies.manager import StrategyManager
from tests.analysis.markets import WARM_UP_BARS, all_frames, at, real_quarters, split
from tests.strategies.crafted import mirror_candle, mirror_zone, signals

SYMBOLS = ("BTCUSDT", "ETHUSDT", "BNBUSDT", "DOGEUSDT", "ADAUSDT")
M15 = Timeframe.M15
TREND_STRATEGIES = ("break_retest", "atr_momentum")
"""They never stand against the 4h bias and demand a first target that is several costs away."""
FLIPPED_BIAS = {Bias.BULLISH: Bias.BEARISH, Bias.BEARISH: Bias.BULLISH, Bias.NEUTRAL: Bias.NEUTRAL}


@dataclass(frozen=True)
class Month:
    signals: tuple[RawSignal, ...]
    readings: tuple[SymbolReading, ...]
    contexts: tuple[StrategyContext, ...]


class Recorder(StrategyManager):
    """Remembers every context as it was at its close."""

    contexts: list[StrategyContext]

    def on_close(self, timeframe, context):
        if timeframe is M15:
            bars = tuple(context.candles(M15, 260))
            frozen = replace(context, candle_source=lambda frame, count: bars[-count:] if frame is M15 else ())
            Recorder.contexts.append(frozen)
        return super().on_close(timeframe, context)


def analyse(symbol: str, warm_up: dict[Timeframe, int], last: str = "2024-04-01") -> Month:
    frames = all_frames(real_quarters(symbol, "2023-09-01", last))
    past, moments = split(frames, at("2024-03-01"), warm_up)
    Recorder.contexts = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("futtui.analysis.analyzer.StrategyManager", Recorder)
        analyzer = SymbolAnalyzer(symbol)
        analyzer.load(past)
    Recorder.contexts.clear()
    results = [analyzer.on_closes(closes) for closes in moments.values()]
    found = tuple(signal for result in results for signal in result.signals)
    return Month(found, tuple(result.reading for result in results), tuple(Recorder.contexts))


@cache
def month(symbol: str) -> Month:
    return analyse(symbol, WARM_UP_BARS)


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_analyzer_real_month_gives_sound_signals(symbol: str):
    found = month(symbol).signals
    assert found
    assert len({signal.signal_id for signal in found}) == len(found)
    by_time = {reading.time_ms: reading for reading in month(symbol).readings}
    for signal in found:
        check_levels(signal.levels, 0.0)
        assert signal.base_score == pytest.approx(math.fsum(part.points for part in signal.parts))
        assert all(part.valid or part.points == 0 for part in signal.parts)
        assert signal.flow is None  # this history has no taker volume: unknown, not zero
        assert signal.summary.endswith(".")
        reading = by_time[signal.time_ms]
        if signal.system in (System.SR, System.DUAL):
            assert 0.8 - 1e-9 <= signal.levels.risk / reading.frames[signal.timeframe].atr <= 3.0 + 1e-9
        if signal.strategy in TREND_STRATEGIES:
            assert 0.8 <= signal.levels.risk / reading.frames[M15].atr <= 3.0 + 1e-9
            assert abs(signal.levels.targets[0] / signal.levels.entry - 1) * 100 >= 0.56
            assert not reading.frames[Timeframe.H4].regime.bias.opposes(signal.side.sign)


def test_analyzer_real_month_all_strategies_and_both_sides_speak():
    counts = Counter((signal.strategy, signal.side) for symbol in SYMBOLS for signal in month(symbol).signals)
    for strategy in (*TREND_STRATEGIES, "dual_m15", "dual_h1"):
        assert {side for name, side in counts if name == strategy} == set(Side)


def test_analyzer_real_month_every_close_is_answered_and_ready():
    for reading in month("BTCUSDT").readings:
        assert reading.ready, reading.ready_reason
        assert all(
            frame.close_time_ms == timeframe.open_ms(reading.time_ms) for timeframe, frame in reading.frames.items()
        )


def test_analyzer_more_history_changes_no_decision():
    """Started with twice the 15m and 1h history, the same zones and the same signals come out."""
    warm_up = {**WARM_UP_BARS, M15: 6000, Timeframe.H1: 2000}
    longer = analyse("DOGEUSDT", warm_up, "2024-03-16")
    for one, other in zip(longer.readings, month("DOGEUSDT").readings, strict=False):
        assert _borders(one) == _borders(other)
    shorter = [signal for signal in month("DOGEUSDT").signals if signal.time_ms <= at("2024-03-16")]
    assert len(shorter) == len(longer.signals) > 0
    for one, other in zip(shorter, longer.signals, strict=True):
        assert one.signal_id == other.signal_id
        assert one.inputs_hash == other.inputs_hash
        assert (other.levels.entry, other.levels.stop) == pytest.approx((one.levels.entry, one.levels.stop), rel=1e-6)


def _borders(reading: SymbolReading) -> set[tuple[str, str, float, float]]:
    return {(zone.timeframe.code, zone.kind.value, round(zone.low, 8), round(zone.high, 8)) for zone in reading.zones}


def _mirrored(context: StrategyContext, total: float) -> StrategyContext:
    """The same moment of a market that is upside down: every price p is total - p."""

    def bars(timeframe: Timeframe, count: int) -> list[Candle]:
        return [mirror_candle(bar, total) for bar in context.candles(timeframe, count)]

    return replace(
        context,
        frames={timeframe: _mirrored_reading(frame, total) for timeframe, frame in context.frames.items()},
        candle_source=bars,
        indicator_source=None,
        zones=tuple(mirror_zone(zone, total) for zone in context.zones),
    )


def _mirrored_reading(frame: FrameReading, total: float) -> FrameReading:
    def flip(price: float | None) -> float | None:
        return None if price is None else total - price

    regime = replace(frame.regime, regime=frame.regime.regime.mirrored, bias=FLIPPED_BIAS[frame.regime.bias])
    return replace(
        frame,
        close=total - frame.close,
        rsi=None if frame.rsi is None else 100 - frame.rsi,
        ema_50=flip(frame.ema_50),
        ema_200=flip(frame.ema_200),
        regime=regime,
    )


FREE = LevelSettings(round_trip_cost_pct=0.0, stop_max_pct=50.0)
FREE_FAR = BreakRetestLevels(round_trip_cost_pct=0.0, stop_max_pct=50.0)
"""Costs and percent limits are shares of the price and cannot mirror; everything else must."""


@pytest.mark.parametrize("symbol", ["ETHUSDT", "DOGEUSDT"])
@pytest.mark.parametrize(
    "make",
    [
        lambda: BreakRetest("X", BreakRetestSettings(levels=FREE_FAR)),
        lambda: BreakRetest("X", BreakRetestSettings(levels=FREE_FAR, entry="armed")),
        lambda: AtrMomentum("X", AtrMomentumSettings(levels=FREE)),
        lambda: AtrMomentum("X", AtrMomentumSettings(levels=FREE, adx_min=0.0, room_atr=0.0, entry="pullback")),
    ],
)
def test_strategy_real_month_upside_down_gives_every_decision_mirrored(symbol: str, make):
    contexts = month(symbol).contexts
    total = 3.0 * max(reading.price for reading in month(symbol).readings)
    straight, flipped = make(), make()
    long = signals([straight.evaluate(context) for context in contexts])
    short = signals([flipped.evaluate(_mirrored(context, total)) for context in contexts])
    assert len(long) == len(short) > 0
    for one, other in zip(long, short, strict=True):
        assert (other.time_ms, other.side, other.trigger) == (one.time_ms, one.side.opposite, one.trigger)
        prices = [total - price for price in (other.levels.entry, other.levels.stop, *other.levels.targets)]
        assert prices == pytest.approx([one.levels.entry, one.levels.stop, *one.levels.targets])
        assert [part.points for part in other.parts] == pytest.approx([part.points for part in one.parts])


@pytest.mark.parametrize("make", [BreakRetest, AtrMomentum])
def test_strategy_real_month_memory_is_rebuilt_by_the_promised_number_of_closes(make):
    """`memory_bars` closes are enough: a strategy that joins later decides like one that was there all along."""
    contexts = month("ETHUSDT").contexts
    always, joined = make("ETHUSDT"), make("ETHUSDT")
    join_at = 1000
    for number, context in enumerate(contexts):
        answer = always.evaluate(context)
        if number >= join_at:
            late = joined.evaluate(context)
        if number >= join_at + always.memory_bars:
            assert late == answer
    assert late.reason
