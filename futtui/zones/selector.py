"""Which zones are shown: the best first, not too many in one place, not too close to each other."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import inf
from typing import NamedTuple

from futtui.domain.zone import ZoneState
from futtui.zones.live_zone import LiveZone

_RANKS = {ZoneState.KEY: 0, ZoneState.ACTIVE: 1, ZoneState.CANDIDATE: 2, ZoneState.STALE: 3, ZoneState.EXPIRED: 4}
_BONUS = {ZoneState.KEY: 0.2, ZoneState.ACTIVE: 0.1}
_NOTHING = 5e-324
"""The least number above 0."""


class Room(NamedTuple):
    """How many zones there is room for: in all, within one `bucket` of price, and with which `spacing` of middles."""

    zones: int
    bucket_zones: int
    bucket: float
    spacing: float


class Row:
    """Zones by rising middle, as long as none moves, comes or goes; how far it is to the next one, and to a later one:
    the first that must lie in another bucket.
    """

    __slots__ = ("gaps", "spans", "zones")

    def __init__(self, zones: Iterable[LiveZone], bucket_zones: int) -> None:
        self.zones = sorted(zones, key=_by_place)
        middles = [(zone.low + zone.high) / 2.0 for zone in self.zones]
        self.gaps = [high - low for low, high in pairwise(middles)]
        self.spans = [high - low for low, high in zip(middles, middles[bucket_zones:], strict=False)]


def chosen(row: Row, room: Room) -> list[LiveZone]:
    """Key zones first, then active, candidates, stale ones; by strength; none that is too close to one chosen.

    If more are left than fit, those stay that stand out most by touches, reactions, strength and state. It must be
    known of all zones what they are worth. Lowest first.
    """
    zones, gaps = row.zones, row.gaps
    _, _, bucket, spacing = room
    reach = bucket if bucket > spacing else spacing
    # Of two in the same place the better is told first, which the row does not say.
    nearest = spacing or _NOTHING
    rivals = [place for place, gap in enumerate(gaps) if gap < nearest]
    rivals += [place for place, span in enumerate(row.spans) if span < bucket]
    kept: list[LiveZone] = []
    done, count = 0, len(zones)
    # All fit where nobody is too close; round the others it matters who is better, as far as one leads to the next.
    for place in sorted(rivals):
        if place < done:
            continue
        first, end = place, place + 1
        while first > 0 and gaps[first - 1] < reach:
            first -= 1
        while end < count and gaps[end - 1] < reach:
            end += 1
        kept += zones[done:first]
        kept += _fitting(zones[first:end], room)
        done = end
    kept += zones[done:]
    if len(kept) > room.zones:
        places = sorted([(-prominence(zone), zone.number, place) for place, zone in enumerate(kept)])
        kept = [kept[place] for place in sorted([place for _, _, place in places[: room.zones]])]
    return kept


def _fitting(zones: list[LiveZone], room: Room) -> list[LiveZone]:
    """Those of neighbours for which there is room, the best first. Told lowest first."""
    best_first = ranked(zones)
    _, _, bucket, spacing = room
    if len(zones) == 2 and spacing > 0.0:
        return best_first[:1]
    taken: list[float] = []
    kept = []
    for zone in best_first:
        middle = (zone.low + zone.high) / 2.0
        place = bisect_left(taken, middle)
        below = middle - taken[place - 1] if place else inf
        above = taken[place] - middle if place < len(taken) else inf
        if below < spacing or above < spacing:
            continue
        # With both neighbours a bucket away it fits in any case.
        if (below >= bucket and above >= bucket) or _has_room(taken, place, middle, room):
            taken.insert(place, middle)
            kept.append(zone)
    return sorted(kept, key=_by_place)


def ranked(zones: Sequence[LiveZone]) -> list[LiveZone]:
    """Zones by state, then the strongest, then the oldest."""
    places = sorted([(_RANKS[zone.state], -zone.strength, zone.number, place) for place, zone in enumerate(zones)])
    return [zones[place] for _, _, _, place in places]


def _has_room(middles: list[float], place: int, middle: float, room: Room) -> bool:
    """Whether a middle at `place` of the sorted ones leaves no bucket with too many."""
    most, bucket, count = room.bucket_zones, room.bucket, len(middles)
    # Of each row of one more than may be, some lie below the new middle and the rest above.
    for below in range(most + 1):
        first, last = place - below, place + most - below - 1
        if first < 0 or last >= count:
            continue
        low, high = middles[first] if below else middle, middles[last] if below < most else middle
        if high - low < bucket:
            return False
    return True


def prominence(zone: LiveZone) -> float:
    """0.35 touches / 5 + 0.30 reaction / 2 ATR + 0.35 strength, each held at 1, and a bonus for key and active."""
    return zone.fame + 0.35 * zone.strength / 100.0 + _BONUS.get(zone.state, 0.0)


def _by_place(zone: LiveZone) -> float:
    return zone.low + zone.high
