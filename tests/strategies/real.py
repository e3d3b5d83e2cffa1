"""Real candles through the whole analysis, for strategies that remember nothing: shared checks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from math import fsum
from typing import NamedTuple

import pytest

from futtui.analysis.analyzer import SymbolAnalyzer
from futtui.domain.candle import Candle
from futtui.domain.reading import FrameReading, ProfileReading, ProfileReadings
from futtui.domain.regime import Bias
from futtui.domain.signal import RawSignal, check_levels
from futtui.domain.timeframe import Timeframe
from futtui.strategies.base import BaseStrategy, StrategyContext
from futtui.strategies.manager import StrategyManager
from tests.analysis.markets import WARM_UP_BARS, all_frames, at, real_quarters, split
from tests.strategies.crafted import mirror_candle, mirror_zone, signals


class Period(NamedTuple):
    """A stretch of real candles, and the moment after which nothing is known in the shortened run."""

    first: str
    cut: str
    last: str


MARCH = Period("2024-03-01", "2024-03-16", "2024-04-01")
KEPT = (Timeframe.M15, Timeframe.H1, Timeframe.H4)
FLIPPED_BIAS = {Bias.BULLISH: Bias.BEARISH, Bias.BEARISH: Bias.BULLISH, Bias.NEUTRAL: Bias.NEUTRAL}


class Recorder(StrategyManager):
    """Remembers every context as it was at its close, and decides nothing."""

    contexts: list[StrategyContext]

    def on_close(self, timeframe, context):
        if timeframe is Timeframe.M15:
            kept = {frame: tuple(context.candles(frame, 300)) for frame in KEPT}
            Recorder.contexts.append(replace(context, candle_source=lambda frame, count: kept[frame][-count:]))
        return ()


@cache
def contexts(symbol: str, first: str, last: str) -> tuple[StrategyContext, ...]:
    past, moments = split(all_frames(real_quarters(symbol, "2023-08-01", last)), at(first), WARM_UP_BARS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("futtui.analysis.analyzer.StrategyManager", Recorder)
        Recorder.contexts = []
        analyzer = SymbolAnalyzer(symbol)
        analyzer.load(past)
        Recorder.contexts.clear()
        for closes in moments.values():
            analyzer.on_closes(closes)
    return tuple(Recorder.contexts)


def found(strategy: BaseStrategy, moments: Sequence[StrategyContext]) -> list[RawSignal]:
    """Its signals at the closes of its own timeframe."""
    frame = strategy.timeframe
    return signals([strategy.evaluate(moment) for moment in moments if moment.time_ms % frame.ms == 0])


def assert_sound_on_real_candles(
    make: Callable[[str], BaseStrategy], symbols: Sequence[str], least: int, period: Period = MARCH
) -> None:
    """It fires, its signals are sound, and the same ones come while the second half is not known."""
    count = 0
    for symbol in symbols:
        whole = found(make(symbol), contexts(symbol, period.first, period.last))
        assert found(make(symbol), contexts(symbol, period.first, period.cut)) == [
            each for each in whole if each.time_ms <= at(period.cut)
        ]
        count += len(whole)
        for signal in whole:
            check_levels(signal.levels, 0.0)
            assert 0.8 - 1e-9 <= signal.levels.risk / signal.atr <= 3.0 + 1e-9
            assert signal.levels.reward_r(0) >= 0.8 - 1e-9
            assert (len(signal.levels.targets), len(signal.levels.reasons)) == (3, 4)
            assert signal.base_score == fsum(part.points for part in signal.parts)
            assert all(part.reason and (part.valid or part.points == 0) for part in signal.parts)
            assert signal.summary.endswith(".")
            assert signal.time_stop_bars > 0
    assert count >= least


def assert_decides_alike_upside_down(make: Callable[[], BaseStrategy], symbol: str, period: Period = MARCH) -> None:
    """The same month upside down gives the same signals for the other side."""
    moments = contexts(symbol, period.first, period.last)
    total = 3.0 * max(moment.frames[Timeframe.M15].close for moment in moments)
    long, short = found(make(), moments), found(make(), [turned(moment, total) for moment in moments])
    assert len(long) == len(short) > 0
    for one, other in zip(long, short, strict=True):
        assert (other.time_ms, other.side, other.trigger) == (one.time_ms, one.side.opposite, one.trigger)
        prices = [total - price for price in (other.levels.entry, other.levels.stop, *other.levels.targets)]
        assert prices == pytest.approx([one.levels.entry, one.levels.stop, *one.levels.targets])
        assert [part.points for part in other.parts] == pytest.approx([part.points for part in one.parts])


def turned(context: StrategyContext, total: float) -> StrategyContext:
    """The same moment of a market that is upside down: every price p is total - p, buyers are sellers."""

    def bars(timeframe: Timeframe, count: int) -> list[Candle]:
        return [turned_candle(bar, total) for bar in context.candles(timeframe, count)]

    profiles = context.profiles
    return replace(
        context,
        frames={timeframe: turned_reading(frame, total) for timeframe, frame in context.frames.items()},
        candle_source=bars,
        indicator_source=None,
        zones=tuple(mirror_zone(zone, total) for zone in context.zones),
        profiles=ProfileReadings(
            turned_profile(profiles.previous_day, total),
            turned_profile(profiles.rolling_24h, total),
            turned_profile(profiles.composite_5d, total),
            tuple(each._replace(price=total - each.price) for each in profiles.naked_pocs),
        ),
    )


def turned_profile(profile: ProfileReading | None, total: float) -> ProfileReading | None:
    if profile is None:
        return None
    return ProfileReading(
        total - profile.poc, total - profile.value_area_high, total - profile.value_area_low, profile.window
    )


def turned_candle(bar: Candle, total: float) -> Candle:
    bought = None if bar.taker_buy_volume is None else bar.volume - bar.taker_buy_volume
    return replace(mirror_candle(bar, total), taker_buy_volume=bought)


def turned_reading(frame: FrameReading, total: float) -> FrameReading:
    def flip(price: float | None) -> float | None:
        return None if price is None else total - price

    def change(figure: float | None) -> float | None:
        return None if figure is None else -figure

    regime = replace(frame.regime, regime=frame.regime.regime.mirrored, bias=FLIPPED_BIAS[frame.regime.bias])
    return replace(
        frame,
        close=total - frame.close,
        rsi=None if frame.rsi is None else 100 - frame.rsi,
        ema_20=flip(frame.ema_20),
        ema_50=flip(frame.ema_50),
        ema_200=flip(frame.ema_200),
        ema_50_slope_atr=change(frame.ema_50_slope_atr),
        flow=change(frame.flow),
        flow_side=None if frame.flow_side is None else -frame.flow_side,
        regime=regime,
    )
