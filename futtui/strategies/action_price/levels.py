"""When a cross is entered, at what price, and with which stop and targets."""

from __future__ import annotations

from dataclasses import dataclass

from futtui.domain.errors import InvalidLevelsError
from futtui.domain.side import Side
from futtui.domain.signal import Levels, SignalPart, Trigger, check_levels
from futtui.strategies.action_price.cross import CrossView
from futtui.strategies.action_price.score import Mode
from futtui.strategies.action_price.settings import ActionPriceLevels, TimingSettings


@dataclass(frozen=True, slots=True)
class EntryTiming:
    """An entry at the close (IMMEDIATE) or at the level that price shall return to (ARMED); `price` is a real price."""

    trigger: Trigger
    price: float
    valid_bars: int
    part: SignalPart


def entry_timing(view: CrossView, settings: TimingSettings) -> EntryTiming | str:
    """When to enter, or in words why not at all."""
    depth = view.depth_atr
    if depth >= settings.skip_from_atr:
        return f"price is already {depth:.1f} ATR from EMA 200; from {settings.skip_from_atr:g} on it has run away"
    if depth < settings.wait_from_atr:
        words = f"enters at once: the close is {depth:.2f} ATR from EMA 200"
        price = view.sign * view.confirmation.close
        return EntryTiming(Trigger.IMMEDIATE, price, settings.entry_valid_bars, _timing_part(words, depth))
    words = (
        f"waits up to {settings.wait_bars} bars: the close is {depth:.2f} ATR from EMA 200, "
        f"the entry is at {settings.return_to_atr:g}"
    )
    price = view.sign * (view.now.ema_200 + settings.return_to_atr * view.now.atr)
    return EntryTiming(Trigger.ARMED, price, settings.wait_bars, _timing_part(words, depth))


def _timing_part(words: str, depth: float) -> SignalPart:
    return SignalPart("entry timing", 0.0, words, depth)


def plan_levels(
    view: CrossView, entry: float, mode: Mode, settings: ActionPriceLevels, tick_size: float | None
) -> Levels | str:
    """Checked levels measured from `entry` (a real price), or in words why they are refused.

    The stop stands behind the end of the initiator. Without a known tick only the order of the levels is checked.
    """
    sign = view.sign
    stop = sign * (view.initiator.low - settings.stop_push_atr * view.initiator_atr)
    risk = sign * (entry - stop)
    refusal = _refusal(risk, entry, view.now.atr, settings)
    if refusal:
        return refusal
    second = settings.standard_target_2_r if mode is Mode.STANDARD else settings.scalp_target_2_r
    rewards = (settings.target_1_r, second, settings.runner_target_r)
    first, middle, last = (entry + sign * risk * reward for reward in rewards)
    side = Side.LONG if sign > 0 else Side.SHORT
    try:
        behind = f"{settings.stop_push_atr:g} ATR behind the end of the bar that crossed"
        stop_reason = f"{behind}; {risk / view.now.atr:.2f} ATR from the entry"
        reasons = (stop_reason, *(f"{reward:g} R" for reward in rewards))
        return check_levels(Levels(side, entry, stop, (first, middle, last), reasons), tick_size or 0.0)
    except InvalidLevelsError as fault:
        return str(fault)


def _refusal(risk: float, entry: float, atr: float, settings: ActionPriceLevels) -> str:
    """Why a stop at this distance is not traded; empty when it is."""
    if risk <= 0:
        return "the entry is already behind the stop"
    if risk < settings.stop_min_atr * atr:
        return f"the stop is only {risk / atr:.2f} ATR away; {settings.stop_min_atr:g} is the least"
    if risk > settings.stop_max_atr * atr:
        return f"the stop is {risk / atr:.1f} ATR away; {settings.stop_max_atr:g} is the most"
    if risk > settings.stop_max_pct / 100.0 * entry:
        return f"the stop is {risk / entry:.1%} of the price away; {settings.stop_max_pct:g} % is the most"
    if settings.target_1_r < settings.min_reward_r:
        return f"the first target pays {settings.target_1_r:g} R; {settings.min_reward_r:g} R is the least"
    cost_r = settings.round_trip_cost_pct / 100.0 * entry / risk
    if cost_r > settings.max_cost_r:
        return f"fees and slippage would cost {cost_r:.2f} R; {settings.max_cost_r:g} R is the most"
    return ""
