"""The confidence of a zone setup, 0-100, as parts that are the same for longs and shorts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from futtui.domain.reading import FrameReading
from futtui.domain.regime import Regime
from futtui.domain.signal import SignalPart
from futtui.domain.timeframe import Timeframe
from futtui.strategies.base import StrategyContext
from futtui.strategies.dual.settings import ConfidenceSettings
from futtui.strategies.dual.setups import ZoneSetup
from futtui.strategies.parts import agrees_with_average, missing

OVERLAP_SHARE = 1.0 / 3.0
"""Share of the points of the higher timeframes that a zone of theirs at the same place earns."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What speaks for or against a setup beside the zone itself; None = not known.

    `vwap_gap_atr` is how far price is on the trade's side of the daily VWAP (negative: on the other one). `overlap`:
    a zone of 4h or 1d of the same kind is at the same place. `wall_atr` is the distance to the next opposite one.
    """

    own: FrameReading
    four_hours: FrameReading
    vwap_gap_atr: float | None
    overlap: bool
    wall_atr: float | None
    wall_is_near: bool


def confidence_parts(
    setup: ZoneSetup,
    around: Surroundings,
    context: StrategyContext,
    seniors: Sequence[Timeframe],
    settings: ConfidenceSettings,
    vwap_band_atr: float,
    wall_points: float,
) -> tuple[SignalPart, ...]:
    """All parts of the confidence."""
    return (
        _zone_part(setup, settings),
        _setup_part(setup, settings),
        _higher_part(setup.sign, context, seniors, settings),
        _overlap_part(around.overlap, settings),
        _vwap_part(around.vwap_gap_atr, settings, vwap_band_atr),
        _flow_part(around.own.flow, setup.sign, settings),
        _regime_part(setup, around.four_hours.regime.regime, settings),
        _wall_part(around, wall_points),
    )


def strength_of(setup: ZoneSetup) -> float:
    """Strength of the zone of a setup: its score mixed with how often it held; the score where that is not known."""
    zone = setup.zone
    return zone.score if zone.strength is None else zone.strength


def _zone_part(setup: ZoneSetup, settings: ConfidenceSettings) -> SignalPart:
    strength = strength_of(setup)
    points = settings.zone_points * min(1.0, max(0.0, strength) / settings.full_strength)
    words = f"a zone of {setup.zone.timeframe.code} with a strength of {strength:.0f}"
    return SignalPart("zone", points, words, strength)


def _setup_part(setup: ZoneSetup, settings: ConfidenceSettings) -> SignalPart:
    if setup.kind == "sweep":
        share = 1.0 if setup.grade_a else 0.6
        grade = "grade A sweep" if setup.grade_a else "sweep"
        words = f"{grade}: {setup.reach:.2f} ATR through the zone, wick {setup.wick:.1f} times the body"
        return SignalPart("setup", settings.setup_points * share, words, setup.wick)
    share = 0.6 + 0.2 * (setup.closes_beyond >= 2) + 0.2 * (setup.deepest >= setup.far)
    words = f"broken zone was retested and pushed price away by {setup.reach:.2f} ATR"
    return SignalPart("setup", settings.setup_points * share, words, setup.reach)


def _higher_part(
    sign: int, context: StrategyContext, seniors: Sequence[Timeframe], settings: ConfidenceSettings
) -> SignalPart:
    name = "higher timeframes"
    sides = [agrees_with_average(context.frame(frame), sign) for frame in seniors]
    codes = " and ".join(frame.code for frame in seniors)
    if any(side is None for side in sides):
        return missing(name, f"the long average of {codes}")
    agree = sum(bool(side) for side in sides)
    points = settings.higher_points * (1.0 - OVERLAP_SHARE) * agree / len(sides)
    return SignalPart(name, points, f"{agree} of {codes} are on the trade's side of their long average", float(agree))


def _overlap_part(overlap: bool, settings: ConfidenceSettings) -> SignalPart:
    words = "a zone of 4h or 1d lies at the same place" if overlap else "no zone of 4h or 1d lies at the same place"
    return SignalPart("zone of higher timeframes", settings.higher_points * OVERLAP_SHARE * overlap, words)


def _vwap_part(gap_atr: float | None, settings: ConfidenceSettings, band_atr: float) -> SignalPart:
    if gap_atr is None:
        return missing("VWAP", "the daily VWAP")
    if gap_atr > band_atr:
        return SignalPart("VWAP", settings.vwap_points, "price is on the right side of the daily VWAP", gap_atr)
    words = "price is at the daily VWAP" if gap_atr >= -band_atr else "price is on the wrong side of the daily VWAP"
    return SignalPart("VWAP", 0.0, words, gap_atr)


def _flow_part(flow: float | None, sign: int, settings: ConfidenceSettings) -> SignalPart:
    if flow is None:
        return missing("money flow", "money flow")
    agrees = flow * sign > 0.0
    words = "money flows in the direction of the trade" if agrees else "money does not flow in the trade's direction"
    return SignalPart("money flow", settings.flow_points * agrees, words, flow)


def _regime_part(setup: ZoneSetup, regime: Regime, settings: ConfidenceSettings) -> SignalPart:
    share = regime_share(setup, regime)
    word = regime.value.lower().replace("_", " ")
    return SignalPart("regime", settings.regime_points * share, f"the 4h regime is {word}", share)


def regime_share(setup: ZoneSetup, regime: Regime) -> float:
    """How well the 4h regime suits the setup, 0-1: retests live on trends, sweeps on ranges."""
    if regime.is_trend:
        with_trend = regime is (Regime.TREND_UP if setup.sign > 0 else Regime.TREND_DOWN)
        return (1.0 if setup.kind == "flip" else 0.8) if with_trend else 0.0
    if regime is Regime.RANGE:
        return 1.0 if setup.kind == "sweep" else 0.5
    return 0.5 if regime is Regime.SQUEEZE else 0.0


def _wall_part(around: Surroundings, points: float) -> SignalPart:
    name = "room to the next zone"
    if around.wall_atr is None:
        return SignalPart(name, 0.0, "no zone of 4h or 1d stands in the way")
    words = f"the next opposite zone of 4h or 1d is {around.wall_atr:.1f} ATR away"
    return SignalPart(name, -points if around.wall_is_near else 0.0, words, around.wall_atr)
