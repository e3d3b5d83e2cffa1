"""From a signal to a plan: every gate that a trade passes, in one row, each with its own reason."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from futtui.desk.accounts import Account
from futtui.desk.positions import Plan, Position
from futtui.desk.refusals import Refusal
from futtui.domain.position import TradingMode
from futtui.domain.signal import Levels, RawSignal, Signal, System
from futtui.domain.symbols import SymbolRules
from futtui.risk.caps import account_refusal, trade_refusal
from futtui.risk.entry_checks import (
    cost_refusal,
    fits_on_any_grid,
    is_cost_dominated,
    levels_at_price,
    price_refusal,
    stop_distance_refusal,
)
from futtui.risk.leverage import leverage_for, lower_leverage_refusal, margin_refusal
from futtui.risk.settings import EntrySettings, RiskSettings
from futtui.risk.sizing import Sizing, size_position
from futtui.risk.targets import shares_for, slice_quantity


@dataclass(frozen=True, slots=True)
class EntryDraft:
    """An entry that passed every gate: the plan, and what the user should know about it."""

    plan: Plan
    notes: tuple[str, ...]
    tags: tuple[str, ...]


def entry_limits(raw: RawSignal, settings: EntrySettings) -> EntrySettings:
    """The entry settings, with the limits that the plan itself asks for."""
    limits = raw.limits
    if limits is None:
        return settings
    return replace(
        settings,
        max_stop_atr=settings.max_stop_atr if limits.max_stop_atr is None else limits.max_stop_atr,
        min_reward_r=settings.min_reward_r if limits.min_reward_r is None else limits.min_reward_r,
    )


def shape_refusal(raw: RawSignal, rules: SymbolRules, settings: RiskSettings) -> Refusal | None:
    """Why the levels of a signal cannot be traded at all, judged at its own entry price; None if they can."""
    wrong = _levels_refusal(raw.levels, rules, settings.entry)
    if wrong is not None:
        return Refusal("levels", wrong)
    if raw.levels.side is not raw.side:
        return Refusal("levels", "its levels are for the other side")
    most = None if raw.limits is None else raw.limits.max_stop_atr
    reason = stop_distance_refusal(raw.levels, raw.levels.entry, raw.atr, settings.entry, most)
    if reason is not None:
        return Refusal("stop distance", reason)
    too_dear = cost_refusal(raw.levels, raw.strategy, settings.entry)
    if too_dear is not None:
        return Refusal("costs", too_dear)
    if settings.entry.refuse_cost_dominated and is_cost_dominated(
        raw.levels.entry, raw.levels.targets[0], settings.entry
    ):
        return Refusal("costs", "fees and slippage would eat too much of the first target")
    return None


def _levels_refusal(levels: Levels, rules: SymbolRules, settings: EntrySettings) -> str | None:
    """What is wrong with the levels on the tick grid; None if nothing is."""
    if levels.targets and levels.risk and fits_on_any_grid(levels, rules, settings):
        return None
    try:
        real = levels_at_price(levels, rules.round_price(levels.entry), rules, settings)
    except (ArithmeticError, ValueError):
        return "its levels are not prices"
    return real if isinstance(real, str) else None


def crowd_refusal(raw: RawSignal, mode: TradingMode, open_positions: Iterable[Position]) -> Refusal | None:
    """Why positions that are already open on the symbol stand against the signal; None if none does."""
    for position in open_positions:
        plan = position.plan
        if plan.symbol != raw.symbol or plan.mode is not mode:
            continue
        if plan.side is not raw.side:
            return Refusal("counter", f"counter to the open {plan.side.value.lower()} position on {raw.symbol}")
        # The two engines of the dual system may hold one symbol together: the arbitrator limits their risk.
        partners = raw.system is System.DUAL and plan.strategy != raw.strategy
        if plan.system is raw.system and not partners:
            text = f"its system already holds a {plan.side.value.lower()} position on {raw.symbol}"
            return Refusal("position", text)
    return None


def draft_entry(
    signal: Signal,
    price: float,
    rules: SymbolRules,
    account: Account,
    held: Iterable[Position],
    time_ms: int,
    settings: RiskSettings,
) -> EntryDraft | Refusal:
    """The trade that the signal becomes at `price`, sized and within every limit; a Refusal where one stands against.

    `held` are the open positions of the account. The stop stays at its structural price, targets are recomputed.
    """
    raw = signal.raw
    limits = entry_limits(raw, settings.entry)
    reason = price_refusal(raw.levels, price, limits)
    if reason is not None:
        return Refusal("price", reason)
    entry = rules.round_price(price)
    levels = levels_at_price(raw.levels, entry, rules, settings.entry)
    if isinstance(levels, str):
        return Refusal("levels", levels)
    reason = stop_distance_refusal(raw.levels, price, raw.atr, limits)
    if reason is not None:
        return Refusal("stop distance", reason)
    sizing = _sized(account, list(held), raw, entry, rules, time_ms, settings)
    if isinstance(sizing, Refusal):
        return sizing
    stop = rules.round_stop(raw.levels.stop, raw.side)
    return _draft(signal, entry, stop, levels, sizing, rules, account.mode, settings)


def _sized(
    account: Account,
    held: list[Position],
    raw: RawSignal,
    entry: Decimal,
    rules: SymbolRules,
    time_ms: int,
    settings: RiskSettings,
) -> Sizing | Refusal:
    if not account.is_known:
        return Refusal("balance", "the balance of the account is not known yet")
    risk = account.risk(held, time_ms)
    reason = account_refusal(risk, raw.side, time_ms, settings.caps)
    if reason is not None:
        return Refusal("limits", reason)
    stop = rules.round_stop(raw.levels.stop, raw.side)
    sizing = size_position(
        risk.equity, risk.open_notional, entry, stop, rules, settings.sizing, settings.entry.round_trip_pct
    )
    if isinstance(sizing, str):
        return Refusal("size", sizing)
    leverage = leverage_for(entry, stop, rules, settings.sizing)
    if isinstance(leverage, str):
        return Refusal("size", leverage)
    reason = _margin_reason(account, held, raw.symbol, sizing, leverage, risk.equity, settings)
    if reason is not None:
        return Refusal("size", reason)
    reason = trade_refusal(risk, sizing.risk_money, settings.caps)
    return sizing if reason is None else Refusal("risk", reason)


def _margin_reason(
    account: Account, held: list[Position], symbol: str, sizing: Sizing, leverage: int, equity: Decimal,
    settings: RiskSettings,
) -> str | None:  # fmt: skip
    """What stands against the margin of one more position; what is followed for information shares no leverage."""
    if account.mode is not TradingMode.INFO:
        beside = [_leverage_of(item, settings) for item in held if item.plan.symbol == symbol]
        refusal = lower_leverage_refusal(symbol, leverage, beside)
        if refusal is not None:
            return refusal
    tied = [(item.notional, _leverage_of(item, settings)) for item in held]
    return margin_refusal(equity, sizing.notional, leverage, tied, settings.sizing)


def _leverage_of(position: Position, settings: RiskSettings) -> int:
    """The leverage that an open position was entered with."""
    plan = position.plan
    leverage = leverage_for(plan.entry, plan.stop, position.rules, settings.sizing)
    return leverage if isinstance(leverage, int) else 1


def _draft(
    signal: Signal,
    entry: Decimal,
    stop: Decimal,
    levels: Levels,
    sizing: Sizing,
    rules: SymbolRules,
    mode: TradingMode,
    settings: RiskSettings,
) -> EntryDraft:
    raw = signal.raw
    shares = shares_for(len(levels.targets), settings.exits.target_shares)
    rewards = tuple(raw.levels.reward_r(index) for index in range(len(shares)))
    plan = Plan(
        signal.signal_id,
        raw.symbol,
        raw.system,
        raw.strategy,
        raw.side,
        raw.timeframe,
        mode,
        raw.atr,
        signal.score,
        raw.time_stop_bars,
        entry,
        stop,
        rewards,
        sizing.quantity,
    )
    notes = [sizing.note] if sizing.note else []
    slices = slice_quantity(sizing.quantity, shares, rules)
    if len(slices) < len(shares):
        where = " and ".join(str(item.target) for item in slices)
        notes.append(f"too small for {len(shares)} slices, sold at target {where} only")
    tags = list(signal.tags)
    if is_cost_dominated(float(entry), levels.targets[0], settings.entry):
        tags.append("cost-dominated")
        notes.append("costs eat much of the first target")
    return EntryDraft(plan, tuple(notes), tuple(tags))
