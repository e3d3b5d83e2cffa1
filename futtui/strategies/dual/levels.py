"""Stop and targets of a zone setup: the stop behind zone and sweep, the targets at opposite zones where they lie."""

from __future__ import annotations

from collections.abc import Iterable

from futtui.domain.errors import InvalidLevelsError
from futtui.domain.side import Side
from futtui.domain.signal import Levels, check_levels
from futtui.domain.zone import Zone
from futtui.strategies.dual.settings import DualLevels
from futtui.strategies.dual.setups import ZoneSetup
from futtui.strategies.structure import opposing_zones, zone_edges


def plan_levels(
    setup: ZoneSetup, entry: float, atr: float, zones: Iterable[Zone], settings: DualLevels, tick_size: float | None
) -> Levels | str:
    """Checked levels around `entry` (a real price), or in words why the plan is refused.

    `zones` are those whose opposite ones are targets. Without a known tick only the order of the levels is checked.
    """
    sign = setup.sign
    invalidation = min(setup.far, setup.deepest) - settings.stop_push_atr * atr
    risk = max(setup.close - invalidation, settings.stop_min_atr * atr)
    if risk > settings.stop_max_atr * atr:
        return f"the stop would be {risk / atr:.1f} ATR away; {settings.stop_max_atr:g} is the most"
    if risk > settings.stop_max_pct / 100.0 * entry:
        return f"the stop would be {risk / entry:.1%} away; {settings.stop_max_pct:g} % is the most"
    rewards = _rewards(gaps_to_opposite(zones, sign, setup.close), risk, settings)
    if isinstance(rewards, str):
        return rewards
    first_pct, needed_pct = rewards[0] * risk / entry * 100.0, settings.min_target_costs * settings.round_trip_cost_pct
    if first_pct < needed_pct:
        return f"costs would eat the gain: the first target is {first_pct:.2f} % away, {needed_pct:.2f} % is the least"
    side = Side.LONG if sign > 0 else Side.SHORT
    first, second, third = (entry + sign * risk * reward for reward in rewards)
    try:
        return check_levels(Levels(side, entry, entry - sign * risk, (first, second, third)), tick_size or 0.0)
    except InvalidLevelsError as fault:
        return str(fault)


def gaps_to_opposite(zones: Iterable[Zone], sign: int, price: float) -> list[float]:
    """Distances from an oriented price to the zones in the way of a trade, nearest first; 0 inside one."""
    found = (zone_edges(zone, sign) for zone in opposing_zones(zones, sign))
    return sorted(max(0.0, low - price) for low, high in found if high >= price)


def _rewards(gaps: list[float], risk: float, settings: DualLevels) -> tuple[float, float, float] | str:
    """The three targets in R, growing."""
    in_r = [gap / risk for gap in gaps]
    first, second = settings.target_1_r, settings.target_2_r
    if in_r and in_r[0] < settings.target_1_min_r:
        return f"the next opposite zone is {in_r[0]:.1f} R away; {settings.target_1_min_r:g} R is the least"
    if in_r:
        first = min(first, in_r[0])
    second = next((reward for reward in in_r if second <= reward <= settings.target_2_max_r), second)
    return first, second, second + settings.runner_extra_r
