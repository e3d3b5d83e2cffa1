"""The confidence of a support and resistance signal, 0-100: the sum of its stored parts, and what is around it."""

from __future__ import annotations

from futtui.domain.reading import FrameReading
from futtui.domain.regime import Regime
from futtui.domain.signal import Levels, SignalPart
from futtui.domain.timeframe import Timeframe
from futtui.strategies.base import StrategyContext
from futtui.strategies.parts import agrees_with_average, missing
from futtui.strategies.sr.levels import ZoneContext
from futtui.strategies.sr.settings import SrConfidence
from futtui.strategies.sr.setup import SrSetup, View, say_zone, strength_of

FLOW_LEAN = 0.05
HIGH_FRAMES = (Timeframe.H4, Timeframe.D1)
HALF_SHARE, ZONE_SHARE = 0.4, 0.2
"""Of the points for higher timeframes: each of the two averages, and a zone of a high timeframe."""


def confidence_parts(
    setup: SrSetup, view: View, context: StrategyContext, regime_fit: float, settings: SrConfidence
) -> tuple[SignalPart, ...]:
    """The parts that give points; `regime_fit` 0-1 says how well the 4h regime suits the setup."""
    four_hours = context.frame(Timeframe.H4)
    return (
        _zone_part(setup, settings),
        SignalPart("setup", settings.setup_points * setup.quality, setup.quality_words, setup.quality),
        _higher_part(setup, context, settings),
        _vwap_part(setup, view, context.daily_vwap, settings),
        _flow_part(setup, view.reading, settings),
        _regime_part(four_hours, regime_fit, settings),
    )


def context_parts(setup: SrSetup, view: View, around: ZoneContext, levels: Levels) -> tuple[SignalPart, ...]:
    """The surroundings as parts without points, so that they stay with the signal."""
    push = view.reading.bollinger_width_percentile
    words = "how wild the market is, is not known" if push is None else f"{push:.0f} of 100 on the scale of wildness"
    return (
        _room_part(view, around, levels),
        _behind_part(setup, around, levels),
        SignalPart("stop", 0.0, f"behind the zone, {levels.risk / view.atr:.1f} ATR away; {words}", push),
    )


def _zone_part(setup: SrSetup, settings: SrConfidence) -> SignalPart:
    strength = strength_of(setup.zone)
    share = (strength - settings.strength_zero) / (settings.strength_full - settings.strength_zero)
    points = settings.zone_points * min(1.0, max(0.0, share))
    return SignalPart("zone", points, f"a {say_zone(setup.zone)}", strength)


def _higher_part(setup: SrSetup, context: StrategyContext, settings: SrConfidence) -> SignalPart:
    name = "higher timeframes"
    sides = [agrees_with_average(context.frame(frame), setup.sign) for frame in (Timeframe.H1, Timeframe.H4)]
    agreeing = [side for side in sides if side]
    is_high = setup.zone.timeframe in HIGH_FRAMES
    if all(side is None for side in sides) and not is_high:
        return missing(name, "the long average of 1h and 4h")
    share = HALF_SHARE * len(agreeing) + ZONE_SHARE * is_high
    known = sum(side is not None for side in sides)
    words = f"{len(agreeing)} of {known} known long averages (1h, 4h) agree"
    words += "; the zone is one of 4h or 1d" if is_high else "; the zone is one of 15m or 1h"
    return SignalPart(name, settings.higher_points * share, words, share)


def _vwap_part(setup: SrSetup, view: View, vwap: float | None, settings: SrConfidence) -> SignalPart:
    if vwap is None:
        return missing("VWAP", "the daily VWAP")
    distance = setup.sign * (view.close - vwap) / view.atr
    points = settings.vwap_points if distance > 0 else 0.0
    side = "on the trade's side of" if distance > 0 else "on the other side of"
    return SignalPart("VWAP", points, f"{abs(distance):.1f} ATR {side} the daily VWAP", distance)


def _flow_part(setup: SrSetup, reading: FrameReading, settings: SrConfidence) -> SignalPart:
    if reading.flow is None:
        return missing("flow", "who bought and who sold")
    agrees = setup.sign * reading.flow >= FLOW_LEAN
    words = "the last bars were led by the trade's side" if agrees else "the last bars were not led by the trade's side"
    return SignalPart("flow", settings.flow_points if agrees else 0.0, words, reading.flow)


def _regime_part(four_hours: FrameReading | None, fit: float, settings: SrConfidence) -> SignalPart:
    regime = Regime.UNKNOWN if four_hours is None else four_hours.regime.regime
    return SignalPart("regime", settings.regime_points * fit, f"the 4h regime is {regime.value}", fit)


def _room_part(view: View, around: ZoneContext, levels: Levels) -> SignalPart:
    if around.ahead is None:
        return SignalPart("room", 0.0, "no opposite zone is known ahead")
    distance = abs(around.barriers[0]) - levels.entry
    room_r = abs(distance) / levels.risk
    words = f"the next opposite zone is a {say_zone(around.ahead)}, {room_r:.1f} R ahead"
    return SignalPart("room", 0.0, f"{words} ({abs(distance) / view.atr:.1f} ATR)", room_r)


def _behind_part(setup: SrSetup, around: ZoneContext, levels: Levels) -> SignalPart:
    if around.behind is None:
        return SignalPart("zone behind", 0.0, "no further zone is known behind this one")
    near = around.behind.high if setup.sign > 0 else around.behind.low
    distance_r = abs(levels.entry - near) / levels.risk
    words = f"behind this zone is another one: a {say_zone(around.behind)}, {distance_r:.1f} R from the entry"
    return SignalPart("zone behind", 0.0, words, distance_r)
