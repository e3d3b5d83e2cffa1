"""Stage two: a zone must be a border of price, not a place where price lives."""

from __future__ import annotations

from collections.abc import Callable

from futtui.domain.zone import ZoneKind
from futtui.zones.live_zone import LiveZone
from futtui.zones.past import Past
from futtui.zones.score import WEAK_BELOW
from futtui.zones.stage_one import LEAST_TO_JUDGE, Guard, core_borders, split_prices

Lived = Callable[[float, float], LiveZone]
"""Makes a zone of these borders that has lived through the known bars."""


def purified(zone: LiveZone, kind: ZoneKind, past: Past, lived: Lived, guard: Guard, least: float) -> list[LiveZone]:
    """The zone if `least` of all closes lie outside it; else a narrower one or two that pass; else nothing.

    `kind` is that of the swings: a zone may have flipped while it lived. First it is shrunk to the middle 70 % of the
    highs (resistance) or lows (support) that lie in it, then split at the density valley of these.
    """
    if zone.purity >= least:
        return [zone]
    tips = past.highs if kind is ZoneKind.RESISTANCE else past.lows
    touching = sorted([tip for tip in tips[past.first : past.end] if zone.low <= tip <= zone.high])
    if len(touching) < LEAST_TO_JUDGE:
        return []
    low, high = core_borders(touching)
    smaller = lived(low, high)
    if smaller.purity >= least:
        return [smaller]
    pieces = split_prices(touching, guard)
    if len(pieces) < 2:
        return []
    parts = [lived(piece[0], piece[-1]) for piece in pieces if piece[-1] > piece[0]]
    return [part for part in parts if part.purity >= least]


def is_fresh_enough(idle_bars: float, stale_bars: int, score: Callable[[], float]) -> bool:
    """Whether a zone may stay: touched within `stale_bars`, or with a `score` good enough to be kept as a stale one."""
    return idle_bars <= stale_bars or score() >= WEAK_BELOW


def is_validated(zone: LiveZone) -> bool:
    """Whether price really turned at the zone: at least one touch was a bounce."""
    return zone.touch.bounces > 0
