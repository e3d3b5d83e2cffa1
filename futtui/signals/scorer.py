"""The scorer: base score plus modifiers, every point of it kept as a part with its reason."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import fsum, isfinite

from futtui.domain.signal import RawSignal, SignalPart
from futtui.signals.btc import btc_block
from futtui.signals.modifiers import LIVE_MODIFIERS, REGIME_WEIGHT, Modifier, ScoringContext, modifiers_of, regime_word
from futtui.signals.regime_fit import regime_weight
from futtui.signals.settings import ScoringSettings


@dataclass(frozen=True, slots=True)
class ScoredSignal:
    """A raw signal with its score. `score` is the sum of the parts' points, rounded once (equal on every Python)."""

    raw: RawSignal
    score: float
    parts: tuple[SignalPart, ...]
    completeness: float
    filter_reason: str | None = None


def score_signal(context: ScoringContext, settings: ScoringSettings) -> ScoredSignal:
    """Score, parts, share of known inputs, and the first filter that stands against the signal (None = none)."""
    added = (_scaled(_asked(modifier, context, settings), context.raw, settings) for modifier in modifiers_of(settings))
    parts = (*_base_parts(context.raw), *added)
    score, completeness = total_of(parts)
    return ScoredSignal(context.raw, score, parts, completeness, _filter_reason(context, settings, score))


def total_of(parts: tuple[SignalPart, ...]) -> tuple[float, float]:
    """Score of the parts, rounded once, and the share of them whose input was known."""
    return fsum(part.points for part in parts), sum(1 for part in parts if part.valid) / len(parts)


def renew_parts(
    parts: tuple[SignalPart, ...], context: ScoringContext, settings: ScoringSettings
) -> tuple[SignalPart, ...]:
    """The parts with those renewed that rest on the order book or open interest and whose input is known now."""
    return tuple(_renewed(part, context, settings) for part in parts)


def _renewed(part: SignalPart, context: ScoringContext, settings: ScoringSettings) -> SignalPart:
    modifier = LIVE_MODIFIERS.get(part.name)
    if modifier is None:
        return part
    now = _scaled(_asked(modifier, context, settings), context.raw, settings)
    return now if now.valid else part


def _asked(modifier: Modifier, context: ScoringContext, settings: ScoringSettings) -> SignalPart:
    """The modifier's part; not available when it fails or is not a number, so that one never spoils the others."""
    try:
        part = modifier(context, settings)
    except Exception as fault:  # a fault of one part must not cost the desk the whole close
        name = modifier.__name__.replace("_", " ")
        return SignalPart(name, 0.0, f"not available: it failed ({type(fault).__name__}: {fault})", None, valid=False)
    if isfinite(part.points):
        return part
    return replace(part, points=0.0, value=None, valid=False, reason="not available: its figure is not a number")


def _scaled(part: SignalPart, raw: RawSignal, settings: ScoringSettings) -> SignalPart:
    """A modifier's points in the scale of the system; the regime weight is a share of the base score already."""
    scale = settings.scale_of(raw.system.value)
    if scale == 1.0 or not part.points or part.name == REGIME_WEIGHT:
        return part
    return replace(part, points=part.points * scale)


def _base_parts(raw: RawSignal) -> tuple[SignalPart, ...]:
    """The strategy's own parts; what they leave unexplained of its base score becomes a part of its own."""
    rest = raw.base_score - fsum(part.points for part in raw.parts)
    if raw.parts and abs(rest) < 1e-9:
        return raw.parts
    return (SignalPart("setup", rest, raw.summary or f"base score of {raw.strategy}", raw.base_score), *raw.parts)


def _filter_reason(context: ScoringContext, settings: ScoringSettings, score: float) -> str | None:
    raw = context.raw
    if regime_weight(raw.strategy, context.regime, raw.side) < settings.regime_weight_floor:
        return f"{raw.strategy} does not trade in {regime_word(context.regime)}"
    blocked = btc_block(raw, context.btc, settings)
    if blocked is not None:
        return blocked
    threshold = settings.threshold_of(raw.strategy, raw.system.value)
    # Written so that a score that is not a number never passes.
    if not score >= threshold:
        return f"score {score:.1f} is below {threshold:.1f}"
    return None
