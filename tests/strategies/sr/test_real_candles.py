"""Both setups on real candles: they fire, their signals are sound, mirror exactly, and do not depend on the future."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from math import fsum

import pytest

from futtui.analysis.analyzer import SymbolAnalyzer
from futtui.domain.reading import FrameReading
from futtui.domain.regime import Bias
from futtui.domain.signal import RawSignal, System, check_levels
from futtui.domain.timeframe import Timeframe
from futtui.strategies.base import BaseStrategy, StrategyContext
from futtui.strategies.manager import StrategyManager
from futtui.strategies.sr.flip_retest import SrFlipRetest
from futtui.strategies.sr.settings import SrConfidence, SrFlipRetestSettings, SrLevels, SrSweepReturnSettings
from futtui.strategies.sr.sweep_return import SrSweepReturn
from tests.analysis.markets import WARM_UP_BARS, all_frames, at, real_quarters, split
from tests.strategies.crafted import mirror_candle, mirror_zone, signals

FROM, CUT, TO = "2024-03-01", "2024-03-16", "2024-04-01"
FREE = SrLevels(round_trip_cost_pct=0.0, stop_max_pct=50.0)
"""Costs and percent limits are shares of the price and cannot mirror; everything else must."""
MAKERS: tuple[Callable[[], BaseStrategy], ...] = (
    lambda: SrFlipRetest("X", SrFlipRetestSettings(levels=FREE, confidence=SrConfidence(confidence_min=0.0))),
    lambda: SrSweepReturn("X", SrSweepReturnSettings(levels=FREE)),
)
FLIPPED_BIAS = {Bias.BULLISH: Bias.BEARISH, Bias.BEARISH: Bias.BULLISH, Bias.NEUTRAL: Bias.NEUTRAL}


class Recorder(StrategyManager):
    """Remembers every context as it was at its close, and decides nothing."""

    contexts: list[StrategyContext]

    def on_close(self, timeframe, context):
        if timeframe is Timeframe.M15:
            kept = {frame: tuple(context.candles(frame, 40)) for frame in (Timeframe.M15, Timeframe.H1)}
            Recorder.contexts.append(replace(context, candle_source=lambda frame, count: kept[frame][-count:]))
        return ()


@cache
def contexts(symbol: str, to: str) -> tuple[StrategyContext, ...]:
    past, moments = split(all_frames(real_quarters(symbol, "2023-09-01", to)), at(FROM), WARM_UP_BARS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("futtui.analysis.analyzer.StrategyManager", Recorder)
        Recorder.contexts = []
        analyzer = SymbolAnalyzer(symbol)
        analyzer.load(past)
        Recorder.contexts.clear()
        for closes in moments.values():
            analyzer.on_closes(closes)
    return tuple(Recorder.contexts)


def found(symbol: str, to: str, make: Callable[[], BaseStrategy]) -> list[RawSignal]:
    strategy = make()
    return signals([strategy.evaluate(context) for context in contexts(symbol, to)])


@pytest.mark.parametrize("symbol", ["ADAUSDT", "DOGEUSDT"])
def test_sr_fires_on_real_candles_with_sound_signals_and_knows_nothing_of_the_future(symbol: str):
    whole = {make: found(symbol, TO, make) for make in (lambda: SrFlipRetest("X"), lambda: SrSweepReturn("X"), *MAKERS)}
    assert sum(map(len, whole.values())) >= 4
    for make, some in whole.items():
        assert found(symbol, CUT, make) == [signal for signal in some if signal.time_ms <= at(CUT)]
        for signal in some:
            check_levels(signal.levels, 0.0)
            assert signal.system is System.SR
            assert 0.8 - 1e-9 <= signal.levels.risk / signal.atr <= 3.0 + 1e-9
            assert signal.base_score == fsum(part.points for part in signal.parts) <= 100.0
            assert all(part.valid or part.points == 0 for part in signal.parts)


@pytest.mark.parametrize("symbol", ["ADAUSDT", "DOGEUSDT"])
@pytest.mark.parametrize("make", MAKERS)
def test_sr_real_month_upside_down_gives_every_decision_mirrored(symbol: str, make: Callable[[], BaseStrategy]):
    month = contexts(symbol, TO)
    total = 3.0 * max(context.frames[Timeframe.M15].close for context in month)
    straight, flipped = make(), make()
    long = signals([straight.evaluate(context) for context in month])
    short = signals([flipped.evaluate(_mirrored(context, total)) for context in month])
    assert len(long) == len(short) > 0
    for one, other in zip(long, short, strict=True):
        assert (other.time_ms, other.side, other.trigger) == (one.time_ms, one.side.opposite, one.trigger)
        prices = [total - price for price in (other.levels.entry, other.levels.stop, *other.levels.targets)]
        assert prices == pytest.approx([one.levels.entry, one.levels.stop, *one.levels.targets])
        assert [part.points for part in other.parts] == pytest.approx([part.points for part in one.parts])


@pytest.mark.parametrize("make", MAKERS)
def test_sr_memory_is_rebuilt_by_the_promised_number_of_closes(make: Callable[[], BaseStrategy]):
    """`memory_bars` closes are enough: a strategy that joins later decides like one that was there all along."""
    month = contexts("DOGEUSDT", TO)
    always, joined = make(), make()
    for number, context in enumerate(month):
        answer = always.evaluate(context)
        late = joined.evaluate(context) if number >= 1000 else None
        if number >= 1000 + always.memory_bars:
            assert late == answer
    assert len(month) > 1000 + always.memory_bars


def _mirrored(context: StrategyContext, total: float) -> StrategyContext:
    """The same moment of a market that is upside down: every price p is total - p."""
    return replace(
        context,
        frames={timeframe: _mirrored_reading(frame, total) for timeframe, frame in context.frames.items()},
        candle_source=lambda frame, count: [mirror_candle(bar, total) for bar in context.candles(frame, count)],
        zones=tuple(mirror_zone(zone, total) for zone in context.zones),
        daily_vwap=None if context.daily_vwap is None else total - context.daily_vwap,
    )


def _mirrored_reading(frame: FrameReading, total: float) -> FrameReading:
    regime = replace(frame.regime, regime=frame.regime.regime.mirrored, bias=FLIPPED_BIAS[frame.regime.bias])
    flips = {name: getattr(frame, name) for name in ("ema_50", "ema_200")}
    turned = {name: None if price is None else total - price for name, price in flips.items()}
    flow = None if frame.flow is None else -frame.flow
    return replace(frame, close=total - frame.close, regime=regime, flow=flow, **turned)
