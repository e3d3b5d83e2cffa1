"""Whether a plan may still be entered at the real price."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

from futtui.domain.errors import InvalidLevelsError
from futtui.domain.signal import Levels, check_levels
from futtui.domain.symbols import SymbolRules
from futtui.risk.settings import EntrySettings
from futtui.risk.targets import targets_from_entry

_TINY = 1e-9


def stop_distance_refusal(
    levels: Levels, price: float, atr: float, settings: EntrySettings, max_stop_atr: float | None = None
) -> str | None:
    """Why the stop is too near or too far from `price` in ATR, or the ATR unusable; None if it fits.

    `max_stop_atr`: what the plan asks for instead of the limit that is set.
    """
    most = settings.max_stop_atr if max_stop_atr is None else max_stop_atr
    if not 0.0 < atr < float("inf"):
        return "volatility (ATR) is not known"
    distance = levels.side.sign * (price - levels.stop) / atr
    if distance < settings.min_stop_atr - _TINY:
        return f"the stop is only {distance:.2f} ATR away, at least {settings.min_stop_atr:g} are needed"
    if distance > most + _TINY:
        return f"the stop is {distance:.2f} ATR away, at most {most:g} are allowed"
    return None


def price_refusal(levels: Levels, price: float, settings: EntrySettings) -> str | None:
    """Why the plan may not be entered at `price`; None if it may.

    The stop stays at its structural price. Checked: stop and first target not passed, slippage in R of the plan,
    reward to the first target from the real price.
    """
    sign = levels.side.sign
    to_stop = sign * (price - levels.stop)
    to_target = sign * (levels.targets[0] - price)
    if to_stop <= 0.0:
        return "price has already passed the stop"
    if to_target <= 0.0:
        return "price has already passed the first target"
    slippage = abs(price - levels.entry) / levels.risk
    if slippage > settings.max_slippage_r + _TINY:
        return f"price moved {slippage:.2f} R away from the entry, at most {settings.max_slippage_r:g} R is allowed"
    reward = to_target / to_stop
    if reward < settings.min_reward_r - _TINY:
        return f"the first target pays only {reward:.2f} R from here, at least {settings.min_reward_r:g} R is needed"
    return None


def fits_on_any_grid(levels: Levels, rules: SymbolRules, settings: EntrySettings) -> bool:
    """Whether the levels are so far apart that `levels_at_price` at their own entry finds nothing wrong, for sure.

    Rounding moves entry and stop by at most a tick each, and a target by one more and both of theirs times its reward.
    False says nothing: then the exact way has to tell.
    """
    sign, tick = levels.side.sign, float(rules.tick_size)
    ladder = (levels.stop, levels.entry, *levels.targets)
    moved = tick * (2.0 * max(map(levels.reward_r, range(len(levels.targets))), default=0.0) + 3.0)
    apart = tick * settings.min_ticks + 2.0 * moved
    if not all(sign * (far - near) > apart for near, far in pairwise(ladder)):
        return False
    low, high = (ladder[0], ladder[-1]) if sign > 0 else (ladder[-1], ladder[0])
    return low - moved > max(0.0, float(rules.min_price)) and high + moved < float(rules.max_price)


def levels_at_price(levels: Levels, price: Decimal, rules: SymbolRules, settings: EntrySettings) -> Levels | str:
    """The plan on the tick grid with targets recomputed from `price`; a text where the levels do not hold together."""
    stop = rules.round_stop(levels.stop, levels.side)
    rewards = tuple(levels.reward_r(index) for index in range(len(levels.targets)))
    targets = targets_from_entry(levels.side, price, stop, rewards, rules)
    real = Levels(levels.side, float(price), float(stop), tuple(float(target) for target in targets))
    try:
        check_levels(real, float(rules.tick_size), min_ticks=settings.min_ticks)
    except InvalidLevelsError as error:
        return str(error)
    for target in (stop, *targets):
        if not rules.min_price <= target <= rules.max_price:
            return f"the level {target} is outside the prices that the exchange allows"
    return real


def cost_refusal(levels: Levels, strategy: str, settings: EntrySettings) -> str | None:
    """Why the costs of a round trip are too large a part of the plan's risk; None if they are not."""
    limit = settings.strategy_max_cost_r.get(strategy, settings.max_cost_r)
    cost_r = settings.round_trip_pct / 100.0 * levels.entry / levels.risk
    if limit <= 0.0 or cost_r <= limit + _TINY:
        return None
    return f"fees and slippage would cost {cost_r:.2f} R, at most {limit:g} R is allowed: the stop is too near"


def is_cost_dominated(entry: float, first_target: float, settings: EntrySettings) -> bool:
    """Whether the first target is nearer than the set number of round-trip costs (fees and slippage)."""
    return abs(first_target - entry) / entry * 100.0 < settings.min_target_costs * settings.round_trip_pct
