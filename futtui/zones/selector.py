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


class Row:
    """Zones by rising middle, as long as none moves, comes or goes, and the rivals among them."""

    __slots__ = ("_bucket_zones", "_gaps", "_key", "_middles", "_parts", "_spans", "_zones")

    def __init__(self, zones: Iterable[LiveZone], bucket_zones: int) -> None:
        self._zones = sorted(zones, key=_by_place)
        self._middles = middles = [(zone.low + zone.high) / 2.0 for zone in self._zones]
        self._bucket_zones = bucket_zones
        self._gaps = sorted([high - low for low, high in pairwise(middles)])
        self._spans = sorted([high - low for low, high in zip(middles, middles[bucket_zones:], strict=False)])
        self._key = (-1, -1, -1)
        self._parts: list[tuple[list[LiveZone], bool]] = []

    def parts(self, bucket: float, spacing: float) -> list[tuple[list[LiveZone], bool]]:
        """The row cut where no zone stands in the way of one beyond; of each part, whether all of it fits in any case.

        It depends on nothing but which gaps and spans are below these limits: the same while these are as many.
        """
        reach = bucket if bucket > spacing else spacing
        gaps = self._gaps
        key = bisect_left(gaps, reach), bisect_left(gaps, spacing), bisect_left(self._spans, bucket)
        if key != self._key:
            self._key, self._parts = key, self._cut(reach, bucket, spacing)
        return self._parts

    def _cut(self, reach: float, bucket: float, spacing: float) -> list[tuple[list[LiveZone], bool]]:
        zones, middles = self._zones, self._middles
        parts: list[tuple[list[LiveZone], bool]] = []
        ends = [place for place, (low, high) in enumerate(pairwise(middles), 1) if high - low >= reach]
        for first, end in pairwise((0, *ends, len(zones))):
            fits = self._do_all_fit(middles[first:end], bucket, spacing)
            if fits and parts and parts[-1][1]:
                parts[-1] = (parts[-1][0] + zones[first:end], True)
            else:
                parts.append((zones[first:end], fits))
        return parts

    def _do_all_fit(self, middles: Sequence[float], bucket: float, spacing: float) -> bool:
        """Whether no two are too close, and no bucket has too many: then it does not matter who is better."""
        # Of equal ones the better is told first, which their order here does not say.
        if any(high - low < spacing or high == low for low, high in pairwise(middles)):
            return False
        return not any(high - low < bucket for low, high in zip(middles, middles[self._bucket_zones :], strict=False))


def chosen(row: Row, room: Room) -> list[LiveZone]:
    """Key zones first, then active, candidates, stale ones; by strength; none that is too close to one chosen.

    If more are left than fit, those stay that stand out most by touches, reactions, strength and state. It must be
    known of all zones what they are worth. Lowest first.
    """
    kept: list[LiveZone] = []
    for zones, do_all_fit in row.parts(room.bucket, room.spacing):
        kept += zones if do_all_fit else _fitting(zones, room)
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
