"""Which zones are shown: the best first, not too many in one place, not too close to each other."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

from futtui.domain.zone import ZoneState
from futtui.zones.live_zone import LiveZone

_RANKS = {ZoneState.KEY: 0, ZoneState.ACTIVE: 1, ZoneState.CANDIDATE: 2, ZoneState.STALE: 3, ZoneState.EXPIRED: 4}
_BONUS = {ZoneState.KEY: 0.2, ZoneState.ACTIVE: 0.1}


class Rated(NamedTuple):
    """A zone with its score and strength at one close."""

    zone: LiveZone
    score: float
    strength: float
    confluence: float = 0.0
    has_senior: bool = False
    """Whether a solid zone of a higher timeframe lies over it."""


class Room(NamedTuple):
    """How many zones there is room for: in all, within one `bucket` of price, and with which `spacing` of middles."""

    zones: int
    bucket_zones: int
    bucket: float
    spacing: float


def chosen(rated: Sequence[Rated], room: Room) -> list[Rated]:
    """Key zones first, then active, candidates, stale ones; by strength; none that is too close to one chosen.

    If more are left than fit, those stay that stand out most by touches, reactions, strength and state.
    """
    middles: list[float] = []
    kept = []
    spacing = room.spacing
    for each in sorted(rated, key=rank):
        zone = each.zone
        middle = (zone.low + zone.high) / 2.0
        place = bisect_left(middles, middle)
        if place > 0 and middle - middles[place - 1] < spacing:
            continue
        if place < len(middles) and middles[place] - middle < spacing:
            continue
        if _has_room(middles, place, middle, room):
            middles.insert(place, middle)
            kept.append(each)
    if len(kept) > room.zones:
        kept = sorted(kept, key=lambda each: (-prominence(each), each.zone.number))[: room.zones]
    return kept


def rank(each: Rated) -> tuple[int, float, int]:
    """Sort key: by state, then the strongest, then the oldest."""
    return _RANKS[each.zone.state], -each.strength, each.zone.number


def _has_room(middles: list[float], place: int, middle: float, room: Room) -> bool:
    """Whether a middle at `place` of the sorted ones leaves no bucket with too many."""
    count = room.bucket_zones
    near = middles[max(0, place - count) : place + count]
    if len(near) < count:
        return True
    near.insert(min(place, count), middle)
    for start in range(len(near) - count):  # noqa: SIM110 - quicker than `all`
        if near[start + count] - near[start] < room.bucket:
            return False
    return True


def prominence(each: Rated) -> float:
    """0.35 touches / 5 + 0.30 reaction / 2 ATR + 0.35 strength, each held at 1, and a bonus for key and active."""
    touch = each.zone.touch
    reaction = min(1.0, each.zone.reaction_atr / 2.0)
    value = 0.35 * min(1.0, touch.touches / 5.0) + 0.30 * reaction + 0.35 * each.strength / 100.0
    return value + _BONUS.get(each.zone.state, 0.0)
