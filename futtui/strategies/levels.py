"""Entry, stop and targets of a plan: a stop that stands on structure, targets in multiples of the risk."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Annotated, NamedTuple

from annotated_types import Ge, Gt, Le

from futtui.domain.errors import InvalidInputError, InvalidLevelsError
from futtui.domain.side import Side
from futtui.domain.signal import Levels, check_levels
from futtui.strategies.words import say_price


@dataclass(frozen=True, slots=True)
class StopSettings:
    """Limits of stops and costs. ATR means the ATR of the signal's timeframe."""

    stop_min_atr: Annotated[float, Gt(0), Le(10)] = 0.8
    """Nearest allowed stop, in ATR from the entry: nearer ones are noise."""
    stop_max_atr: Annotated[float, Gt(0), Le(20)] = 3.0
    """Farthest allowed stop, in ATR from the entry."""
    stop_max_pct: Annotated[float, Gt(0), Le(50)] = 6.0
    """Farthest allowed stop, in percent of the entry price."""
    stop_push_atr: Annotated[float, Ge(0), Le(1)] = 0.15
    """How far past the structure the stop is placed, in ATR."""
    round_trip_cost_pct: Annotated[float, Ge(0), Le(5)] = 0.14
    """Fees and slippage of entry and exit together, in percent of the price."""
    min_target_costs: Annotated[float, Ge(0), Le(100)] = 4.0
    """The first target must be at least this many round-trip costs away."""

    def __post_init__(self) -> None:
        if not self.stop_min_atr < self.stop_max_atr:
            raise InvalidInputError("stop_min_atr must be smaller than stop_max_atr.")


@dataclass(frozen=True, slots=True)
class LevelSettings(StopSettings):
    """Limits of stops and targets. ATR means the ATR of the signal's timeframe."""

    target_1_r: Annotated[float, Gt(0), Le(20)] = 1.0
    """First target, in R (distance from entry to stop)."""
    target_2_r: Annotated[float, Gt(0), Le(20)] = 2.0
    """Second target, in R."""
    target_3_r: Annotated[float, Gt(0), Le(20)] = 3.0
    """Third target, in R."""

    def __post_init__(self) -> None:
        StopSettings.__post_init__(self)
        if not self.target_1_r < self.target_2_r < self.target_3_r:
            raise InvalidInputError("The targets must grow: target_1_r < target_2_r < target_3_r.")


class NamedTarget(NamedTuple):
    """A target at a price that the chart gives, and what stands there, in words."""

    price: float
    what: str


@dataclass(frozen=True, slots=True)
class PlanRequest:
    """What a strategy knows of its plan. All prices are real prices.

    `invalidation` is the price that proves the setup wrong; the stop never lies on the entry's side of it.
    `supports` are further prices that a stop may stand behind (zone edges, pivots). `barriers` are the near edges of
    opposing zones: the second target moves to the first one that lies between `barrier_from_r` and `barrier_to_r`.
    """

    side: Side
    entry: float
    atr: float
    invalidation: float
    supports: tuple[float, ...] = ()
    barriers: tuple[float, ...] = ()
    barrier_from_r: float = 2.0
    barrier_to_r: float = 3.0


def build_levels(request: PlanRequest, settings: LevelSettings, tick_size: float | None) -> Levels | str:
    """Checked levels, or the plain-language reason why this plan is refused.

    The stop is the nearest structure at or beyond the invalidation that, pushed `stop_push_atr` past it, is between
    `stop_min_atr` and `stop_max_atr` away. Without a known tick only the order of the levels is checked.
    """
    stop = structural_stop(request, settings)
    if stop is None:
        return _no_stop(settings)
    risk = abs(request.entry - stop)
    targets = _targets(request, settings, risk)
    return _checked(request, settings, tick_size, stop, targets, _target_reasons(request, risk, targets, tick_size))


def build_chart_levels(
    request: PlanRequest,
    settings: StopSettings,
    tick_size: float | None,
    targets_of: Callable[[float], tuple[NamedTarget, ...]],
    min_reward_r: float,
) -> Levels | str:
    """Checked levels with targets that stand on the chart, or the plain-language reason why this plan is refused.

    `targets_of` names the targets, nearest first, once the risk (entry to stop, in price) is known; the first must be
    worth `min_reward_r`. The stop is that of `build_levels`.
    """
    stop = structural_stop(request, settings)
    if stop is None:
        return _no_stop(settings)
    risk = abs(request.entry - stop)
    named = targets_of(risk)
    first_r = request.side.sign * (named[0].price - request.entry) / risk
    if first_r <= 0:
        return "price has already passed the first target"
    if first_r < min_reward_r:
        return f"the first target is worth {first_r:.2f} R; {min_reward_r:g} R is the least"
    reasons = tuple(f"{abs(each.price - request.entry) / risk:.2f} R, {each.what}" for each in named)
    return _checked(request, settings, tick_size, stop, tuple(each.price for each in named), reasons)


def _no_stop(settings: StopSettings) -> str:
    return (
        f"no place for a stop between {settings.stop_min_atr:g} and {settings.stop_max_atr:g} ATR from the entry, "
        "behind the point that proves the idea wrong"
    )


def _checked(
    request: PlanRequest,
    settings: StopSettings,
    tick_size: float | None,
    stop: float,
    targets: tuple[float, ...],
    target_reasons: tuple[str, ...],
) -> Levels | str:
    risk_share = abs(request.entry - stop) / request.entry
    if risk_share * 100.0 > settings.stop_max_pct:
        return f"the stop would be {risk_share:.1%} away; {settings.stop_max_pct:g} % is the most allowed"
    reasons = (_stop_reason(request, settings, stop, tick_size), *target_reasons)
    levels = Levels(request.side, request.entry, stop, targets, reasons)
    reward_pct = abs(levels.targets[0] - levels.entry) / levels.entry * 100.0
    needed_pct = settings.min_target_costs * settings.round_trip_cost_pct
    if reward_pct < needed_pct:
        return f"costs would eat the gain: the first target is {reward_pct:.2f} % away, {needed_pct:.2f} % is the least"
    try:
        return check_levels(levels, tick_size or 0.0)
    except InvalidLevelsError as fault:
        return str(fault)


def structural_stop(request: PlanRequest, settings: StopSettings) -> float | None:
    """The nearest allowed stop on structure; None when there is none."""
    sign = request.side.sign
    entry, limit = sign * request.entry, sign * request.invalidation
    candidates = (sign * price for price in (request.invalidation, *request.supports))
    pushed = [price - settings.stop_push_atr * request.atr for price in candidates if price <= limit]
    nearest, farthest = settings.stop_min_atr * request.atr, settings.stop_max_atr * request.atr
    allowed = [stop for stop in pushed if nearest <= entry - stop <= farthest]
    return sign * max(allowed) if allowed else None


def _stop_reason(request: PlanRequest, settings: StopSettings, stop: float, tick_size: float | None) -> str:
    sign = request.side.sign
    structure = stop + sign * settings.stop_push_atr * request.atr
    at_the_limit = abs(structure - request.invalidation) <= 1e-9 * request.entry
    what = "the point that proves the idea wrong" if at_the_limit else "the next zone or pivot past that point"
    distance = abs(request.entry - stop) / request.atr
    behind = f"{settings.stop_push_atr:g} ATR behind {say_price(structure, tick_size)}, {what}"
    return f"{behind}; {distance:.2f} ATR from the entry"


def _target_reasons(
    request: PlanRequest, risk: float, targets: tuple[float, ...], tick_size: float | None
) -> tuple[str, ...]:
    reasons = []
    for target in targets:
        reward = f"{abs(target - request.entry) / risk:.2f} R"
        barrier = next((price for price in request.barriers if abs(price - target) <= 1e-9 * target), None)
        at_zone = "" if barrier is None else f", at the opposing zone that begins at {say_price(barrier, tick_size)}"
        reasons.append(reward + at_zone)
    return tuple(reasons)


def _targets(request: PlanRequest, settings: LevelSettings, risk: float) -> tuple[float, float, float]:
    sign = request.side.sign
    second_r = settings.target_2_r
    barrier_r = _first_barrier_r(request, risk)
    if barrier_r is not None and settings.target_1_r < barrier_r < settings.target_3_r:
        second_r = barrier_r
    first, second, third = (
        request.entry + sign * risk * multiple for multiple in (settings.target_1_r, second_r, settings.target_3_r)
    )
    return first, second, third


def _first_barrier_r(request: PlanRequest, risk: float) -> float | None:
    distances: Iterable[float] = ((price - request.entry) * request.side.sign / risk for price in request.barriers)
    return min((r for r in distances if request.barrier_from_r <= r <= request.barrier_to_r), default=None)
