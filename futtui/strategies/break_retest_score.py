"""Why a Break Retest is strong or weak, as score parts that are the same for longs and shorts."""

from __future__ import annotations

from futtui.domain.reading import FrameReading
from futtui.domain.regime import Regime
from futtui.domain.signal import SignalPart
from futtui.strategies.base import StrategyContext
from futtui.strategies.break_retest_setup import BreakRetestSettings, BrokenLevel
from futtui.strategies.parts import bias_part, higher_frames_part, missing
from futtui.strategies.structure import OrientedBar, SwingTracker, is_engulfing

ZONE_POINTS = ((80.0, 1.5), (70.0, 1.0), (60.0, 0.75), (50.0, 0.5))


def score_parts(
    setup: BrokenLevel,
    context: StrategyContext,
    settings: BreakRetestSettings,
    own: FrameReading,
    four_hours: FrameReading,
    swings: SwingTracker,
    retest: tuple[OrientedBar, OrientedBar] | None,
) -> tuple[SignalPart, ...]:
    """All parts of the score; `retest` holds the last two bars of a finished retest, None for an armed one."""
    regime = four_hours.regime.regime
    return (
        SignalPart("setup", settings.base_score, "a level was broken, left behind and came back in play"),
        _adx_part(setup, regime),
        _adx_rising_part(setup, regime),
        _volume_part(setup, regime),
        higher_frames_part(context, setup.sign, 1.0, -0.5),
        _retest_part(setup, regime, retest),
        _rsi_part(own.rsi, setup.sign),
        _structure_part(swings, setup.sign),
        bias_part(four_hours, setup.sign, 0.5),
        _zone_part(setup),
    )


def _adx_part(setup: BrokenLevel, regime: Regime) -> SignalPart:
    points = 0.0
    if regime.is_trend:
        points = 1.0 if setup.adx > 30 else 0.5 if setup.adx > 25 else 0.0
    return SignalPart("trend strength", points, f"ADX was {setup.adx:.0f} at the break", setup.adx)


def _adx_rising_part(setup: BrokenLevel, regime: Regime) -> SignalPart:
    if setup.adx_rising is None:
        return missing("trend strength rising", "the ADX of two bars before the break")
    points = 0.5 if setup.adx_rising and regime.is_trend else 0.0
    return SignalPart("trend strength rising", points, "ADX rose" if setup.adx_rising else "ADX did not rise")


def _volume_part(setup: BrokenLevel, regime: Regime) -> SignalPart:
    ratio = setup.volume_ratio
    points = 0.5 if ratio > 1.5 else 0.0
    if regime.is_trend and ratio > 2.0:
        points = 1.0
    return SignalPart("volume of the break", points, f"the break bar had {ratio:.1f} times the usual volume", ratio)


def _retest_part(setup: BrokenLevel, regime: Regime, bars: tuple[OrientedBar, OrientedBar] | None) -> SignalPart:
    name = "quality of the retest"
    if bars is None or setup.deepest is None:
        return missing(name, "a retest that is still to come")
    previous, last = bars
    quality, words = 1.0, []
    if setup.deepest < setup.level - 0.3 * setup.atr:
        quality -= 0.3
        words.append("went deep")
    upper_wick = last.high - max(last.open, last.close)
    is_pin = last.lower_wick > 2 * last.body and last.lower_wick > 1.5 * upper_wick
    engulfs = is_engulfing(previous, last)
    quality += 0.3 * (is_pin + engulfs)
    words += [word for word, holds in (("long wick", is_pin), ("took back the bar before", engulfs)) if holds]
    if not (is_pin or engulfs) and last.lower_wick <= 0.5 * last.body:
        quality -= 0.3
        words.append("weak push back")
    points = min(1.5, max(0.0, quality)) * (0.5 if regime.is_trend else 0.3)
    return SignalPart(name, points, ", ".join(words) or "plain", quality)


def _rsi_part(rsi: float | None, sign: int) -> SignalPart:
    if rsi is None:
        return missing("RSI", "RSI")
    strong = sign * (rsi - 50.0) > -5.0
    return SignalPart("RSI", 0.5 if strong else 0.0, f"RSI is {rsi:.0f}", rsi)


def _structure_part(swings: SwingTracker, sign: int) -> SignalPart:
    pairs = [found[-2:] for found in (swings.highs(sign), swings.lows(sign)) if len(found) >= 2]
    if not pairs:
        return missing("structure", "a pair of turning points")
    steps = any(sign * (newer.price - older.price) > 0 for older, newer in pairs)
    words = "turning points step in trade direction" if steps else "turning points do not step in trade direction"
    return SignalPart("structure", 0.5 if steps else 0.0, words)


def _zone_part(setup: BrokenLevel) -> SignalPart:
    if setup.zone_score is None:
        return SignalPart("zone", 0.0, "the level is a turning point, not a zone")
    score = setup.zone_score
    points = next((points for least, points in ZONE_POINTS if score >= least), 0.0)
    return SignalPart("zone", points, f"the broken zone had a score of {score:.0f}", score)
