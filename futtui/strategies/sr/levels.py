"""Entry near the edge, stop behind the zone, targets at the zones in the way, and the room that is left to them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from futtui.domain.errors import InvalidLevelsError
from futtui.domain.side import Side
from futtui.domain.signal import Levels, SignalPart, Trigger, check_levels
from futtui.domain.zone import Zone
from futtui.strategies.action_price.levels import EntryTiming
from futtui.strategies.sr.settings import SrLevels, SrSettings
from futtui.strategies.sr.setup import SrSetup, View, strength_of
from futtui.strategies.structure import opposing_zones, supporting_zones, zone_edges


@dataclass(frozen=True, slots=True)
class ZoneContext:
    """The zones around an entry. `barriers` are the near edges of opposite zones ahead, oriented, nearest first.

    `ahead` is the opposite zone of the first barrier; None with none ahead. `behind` is the nearest zone of the other
    kind behind the setup's own zone. `inside` is an opposite zone that the entry lies in.
    """

    barriers: tuple[float, ...]
    ahead: Zone | None
    behind: Zone | None
    inside: Zone | None


def zone_context(setup: SrSetup, zones: Iterable[Zone], entry: float, strength_min: float) -> ZoneContext:
    """The zones around `entry` (oriented); the setup's own zone is no obstacle to itself."""
    sign = setup.sign
    others = [zone for zone in zones if zone.zone_id != setup.zone.zone_id and strength_of(zone) >= strength_min]
    opposite = sorted(opposing_zones(others, sign), key=lambda zone: (zone_edges(zone, sign), zone.zone_id))
    ahead = [zone for zone in opposite if zone_edges(zone, sign)[0] > entry]
    inside = [zone for zone in opposite if zone_edges(zone, sign)[0] <= entry < zone_edges(zone, sign)[1]]
    behind = [zone for zone in supporting_zones(others, sign) if zone_edges(zone, sign)[1] < setup.guard]
    return ZoneContext(
        tuple(zone_edges(zone, sign)[0] for zone in ahead),
        ahead[0] if ahead else None,
        max(behind, key=lambda zone: (zone_edges(zone, sign)[1], zone.zone_id), default=None),
        inside[0] if inside else None,
    )


def stop_push_atr(width_percentile: float | None, settings: SrLevels) -> float:
    """How far behind the guard the stop lies: farther the wilder the market, farthest while that is not known."""
    share = 1.0 if width_percentile is None else width_percentile / 100.0
    return settings.stop_push_quiet_atr + share * (settings.stop_push_wild_atr - settings.stop_push_quiet_atr)


def entry_timing(setup: SrSetup, view: View, entry_max_atr: float, settings: SrSettings) -> EntryTiming | str:
    """When to enter: at the close, or at the farthest allowed distance from the edge; or in words why not at all."""
    distance = (setup.sign * view.close - setup.edge) / view.atr
    if distance >= settings.skip_from_atr:
        return f"price is already {distance:.1f} ATR away; from {settings.skip_from_atr:g} on it has run away"
    if distance <= entry_max_atr:
        part = SignalPart(
            "entry timing", 0.0, f"enters at once: the close is {distance:.2f} ATR from the edge", distance
        )
        return EntryTiming(Trigger.IMMEDIATE, view.close, settings.entry_valid_bars, part)
    words = (
        f"waits up to {settings.wait_bars} bars: the close is {distance:.2f} ATR from the edge, "
        f"the entry is at {entry_max_atr:g}"
    )
    price = setup.sign * (setup.edge + entry_max_atr * view.atr)
    return EntryTiming(Trigger.ARMED, price, settings.wait_bars, SignalPart("entry timing", 0.0, words, distance))


def plan_levels(
    setup: SrSetup, view: View, price: float, around: ZoneContext, settings: SrLevels, tick_size: float | None
) -> Levels | str:
    """Checked levels of an entry at `price` (a real price), or in words why they are refused.

    The stop lies behind the guard, never nearer than `stop_min_atr`. Without a known tick only the order is checked.
    """
    sign, atr = setup.sign, view.atr
    entry = sign * price
    push = stop_push_atr(view.reading.bollinger_width_percentile, settings)
    stop = min(setup.guard - push * atr, entry - settings.stop_min_atr * atr)
    risk = entry - stop
    refusal = _refusal(risk, price, atr, settings) or _no_room(around, entry, risk, settings)
    if refusal:
        return refusal
    rewards = target_rewards([(edge - entry) / risk for edge in around.barriers], settings)
    first, second, third = (sign * (entry + risk * reward) for reward in rewards)
    side = Side.LONG if sign > 0 else Side.SHORT
    try:
        return check_levels(Levels(side, price, sign * stop, (first, second, third)), tick_size or 0.0)
    except InvalidLevelsError as fault:
        return str(fault)


def target_rewards(barriers_r: Sequence[float], settings: SrLevels) -> tuple[float, float, float]:
    """The three targets in R: at the opposite zones where these lie in reach, else at fixed multiples."""
    first = settings.target_1_r
    if barriers_r and settings.room_min_r <= barriers_r[0] <= settings.target_1_zone_max_r:
        first = barriers_r[0]
    in_reach = (edge for edge in barriers_r if settings.target_2_r <= edge <= settings.target_2_zone_max_r)
    second = next(in_reach, settings.target_2_r)
    return first, second, second + settings.target_3_beyond_r


def _refusal(risk: float, entry: float, atr: float, settings: SrLevels) -> str:
    """Why a stop at this distance is not traded; empty when it is."""
    if risk > settings.stop_max_atr * atr:
        return f"the stop behind the zone is {risk / atr:.1f} ATR away; {settings.stop_max_atr:g} is the most"
    if risk > settings.stop_max_pct / 100.0 * entry:
        return f"the stop is {risk / entry:.1%} of the price away; {settings.stop_max_pct:g} % is the most"
    cost_r = settings.round_trip_cost_pct / 100.0 * entry / risk
    if cost_r > settings.max_cost_r:
        return f"fees and slippage would cost {cost_r:.2f} R; {settings.max_cost_r:g} R is the most"
    return ""


def _no_room(around: ZoneContext, entry: float, risk: float, settings: SrLevels) -> str:
    """Which opposite zone leaves too little room; empty when there is enough."""
    if around.inside is not None:
        return f"the entry lies inside an opposite zone on {around.inside.timeframe.code}"
    if around.ahead is None:
        return ""
    room_r = (around.barriers[0] - entry) / risk
    if room_r >= settings.room_min_r:
        return ""
    frame = around.ahead.timeframe.code
    return f"the next opposite zone ({frame}) is {room_r:.1f} R ahead; {settings.room_min_r:g} R is the least"
