"""Opposite signals of one symbol in one close."""

from __future__ import annotations

from collections.abc import Sequence

from futtui.domain.side import Side
from futtui.signals.scorer import ScoredSignal
from futtui.signals.settings import ScoringSettings


def conflict_refusals(scored: Sequence[ScoredSignal], settings: ScoringSettings) -> dict[str, str]:
    """Reason by signal id for every signal that loses a conflict; empty when all point the same way.

    Systems score on scales of their own, so what counts is how far a score lies above its threshold, in points of a
    modifier. The side with the best of these wins if it leads by at least `conflict_margin`, else both are refused.
    All signals must be of one symbol and one close.
    """
    best = {side: _best(scored, side, settings) for side in Side}
    long, short = best[Side.LONG], best[Side.SHORT]
    if long is None or short is None:
        return {}
    lead = abs(long - short)
    if not lead >= settings.conflict_margin:
        reason = f"long ({_words(long)}) and short ({_words(short)}) at one close are too near each other"
        return {item.raw.signal_id: reason for item in scored}
    loser = Side.SHORT if long > short else Side.LONG
    reason = f"the opposite signal at the same close is stronger: {_words(max(long, short))}"
    return {item.raw.signal_id: reason for item in scored if item.raw.side is loser}


def surplus(item: ScoredSignal, settings: ScoringSettings) -> float:
    """How far the score lies above its threshold, in points of a modifier; below it the figure is negative."""
    strategy, system = item.raw.strategy, item.raw.system.value
    return (item.score - settings.threshold_of(strategy, system)) / settings.scale_of(system)


def _best(scored: Sequence[ScoredSignal], side: Side, settings: ScoringSettings) -> float | None:
    return max((surplus(item, settings) for item in scored if item.raw.side is side), default=None)


def _words(points: float) -> str:
    return f"{abs(points):.1f} points {'above' if points >= 0.0 else 'below'} its threshold"
