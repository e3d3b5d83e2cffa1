"""Several setups that agree: same symbol and direction, entries close together. Each keeps its own stop and targets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from futtui.domain.signal import RawSignal, SignalPart
from futtui.signals.settings import ScoringSettings, strategy_key

_FAMILIES = {
    "break_retest": "break",
    "sr_flip_retest": "break",
    "dual_m15": "break",
    "dual_h1": "break",
    "atr_momentum": "trend",
    "ma_vwap_pullback": "trend",
    "action_price": "trend",
    "liquidity_sweep": "turn",
    "liquidity_flush": "turn",
    "sr_sweep_return": "turn",
    "volume_profile": "value",
    "order_flow": "value",
}
"""Setups of one family see much the same thing: the second of a family counts half."""


def agreeing(raw: RawSignal, others: Iterable[RawSignal], settings: ScoringSettings) -> list[RawSignal]:
    """The other setups that say the same as `raw`: one of each, in the order given."""
    found: dict[tuple[str, str], RawSignal] = {}
    for other in others:
        key = (other.system.value, other.strategy)
        if key == (raw.system.value, raw.strategy) or key in found:
            continue
        near = abs(other.levels.entry / raw.levels.entry - 1.0) * 100.0 <= settings.confluence_entry_pct
        if other.symbol == raw.symbol and other.side is raw.side and near:
            found[key] = other
    return list(found.values())


def confluence_part(raw: RawSignal, others: Sequence[RawSignal], settings: ScoringSettings) -> SignalPart:
    """Points for setups that agree, at most `confluence_cap`; a second one of the same family counts half."""
    same = agreeing(raw, others, settings)
    if not same:
        return SignalPart("confluence", 0.0, "no other setup says the same at this moment", 0.0)
    seen = {family_of(raw.strategy)}
    weight = 0.0
    for other in same:
        family = family_of(other.strategy)
        weight += 0.5 if family in seen else 1.0
        seen.add(family)
    points = min(settings.confluence_cap, weight * settings.confluence_points)
    names = ", ".join(sorted(other.strategy.replace("_", " ") for other in same))
    return SignalPart("confluence", points, f"also seen by: {names}", weight)


def family_of(strategy: str) -> str:
    """The family of a strategy; one that is not listed is a family of its own."""
    key = strategy_key(strategy)
    return _FAMILIES.get(key, key)
