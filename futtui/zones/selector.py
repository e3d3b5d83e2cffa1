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


class Room(NamedTuple):
    """How many zones there is room for: in all, within one `bucket` of price, and with which `spacing` of middles."""

    zones: int
    bucket_zones: int
    bucket: float
    spacing: float


class Row(NamedTuple):
    """Zones by rising middle, and their middles: the same while none moves, comes or goes."""

    zones: list[LiveZone]
    middles: list[float]


def row_of(zones: Iterable[LiveZone]) -> Row:
    """The zones in a row."""
    ordered = sorted(zones, key=_by_place)
    return Row(ordered, [(zone.low + zone.high) / 2.0 for zone in ordered])


def chosen(row: Row, room: Room) -> list[LiveZone]:
    """Key zones first, then active, candidates, stale ones; by strength; none that is too close to one chosen.

    If more are left than fit, those stay that stand out most by touches, reactions, strength and state. It must be
    known of all zones what they are worth. Lowest first.
    """
    zones, middles = row
    _, most, bucket, spacing = room
    reach = bucket if bucket > spacing else spacing
    # Zones with so much room below and above them stand in nobody's way: only groups of others have to be looked at.
    ends = [place for place, (low, high) in enumerate(pairwise(middles), 1) if high - low >= reach]
    kept: list[LiveZone] = []
    first, is_pair_simple = 0, most > 1 and spacing > 0.0
    for end in (*ends, len(zones)):
        count = end - first
        if count == 1:
            kept.append(zones[first])
        elif count == 2 and is_pair_simple:
            pair = zones[first:end]
            kept += pair if middles[first + 1] - middles[first] >= spacing else ranked(pair)[:1]
        elif count:
            kept += _fitting(zones[first:end], middles[first:end], room)
        first = end
    if len(kept) > room.zones:
        places = sorted([(-prominence(zone), zone.number, place) for place, zone in enumerate(kept)])
        kept = [kept[place] for place in sorted([place for _, _, place in places[: room.zones]])]
    return kept


def _fitting(zones: list[LiveZone], middles: list[float], room: Room) -> list[LiveZone]:
    """Those of a part of the row for which there is room, the best first; all where all fit. Lowest first."""
    if _all_fit(middles, room):
        return zones
    _, _, bucket, spacing = room
    taken: list[float] = []
    kept = []
    for zone in ranked(zones):
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


def _all_fit(middles: Sequence[float], room: Room) -> bool:
    """Whether no two of these middles are too close, and no bucket has too many: then no order of theirs matters."""
    _, most, bucket, spacing = room
    last = -inf
    for middle in middles:
        # Of equal ones the better is told first, which their order here does not say.
        if middle - last < spacing or middle == last:
            return False
        last = middle
    for low, high in zip(middles, middles[most:], strict=False):  # noqa: SIM110 - quicker than `all`
        if high - low < bucket:
            return False
    return True


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
