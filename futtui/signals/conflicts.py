"""Opposite signals of one symbol in one close."""

from __future__ import annotations

from collections.abc import Sequence

from futtui.domain.side import Side
from futtui.signals.scorer import ScoredSignal


def conflict_refusals(scored: Sequence[ScoredSignal], margin: float) -> dict[str, str]:
    """Reason by signal id for every signal that loses a conflict; empty when all point the same way.

    The side with the higher best score wins if it leads by at least `margin`, else both sides are refused.
    All signals must be of one symbol and one close.
    """
    best = {side: _best(scored, side) for side in Side}
    long, short = best[Side.LONG], best[Side.SHORT]
    if long is None or short is None:
        return {}
    lead = abs(long - short)
    if not lead >= margin:
        reason = f"long ({long:.1f}) and short ({short:.1f}) at one close are too near each other"
        return {item.raw.signal_id: reason for item in scored}
    loser = Side.SHORT if long > short else Side.LONG
    reason = f"the opposite signal at the same close scores {max(long, short):.1f}"
    return {item.raw.signal_id: reason for item in scored if item.raw.side is loser}


def _best(scored: Sequence[ScoredSignal], side: Side) -> float | None:
    return max((item.score for item in scored if item.raw.side is side), default=None)
