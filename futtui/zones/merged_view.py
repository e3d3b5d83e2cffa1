"""Zones of several timeframes in one view, where a zone is absorbed by one of the same kind on a higher timeframe.

Who absorbs whom, and who lies above whom, depends on borders and kinds only, and these change at few closes; what
zones are worth changes at each. So the first is kept, and the second put in its places.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from operator import attrgetter, is_not, itemgetter
from typing import NamedTuple

from futtui.domain.zone import Zone, ZoneKind
from futtui.zones.live_zone import overlap_share
from futtui.zones.settings import ZoneSettings

KEPT_RAISED = 64
_Shape = tuple[str, float, float, ZoneKind]
_shape_of: Callable[[Zone], _Shape] = attrgetter("zone_id", "low", "high", "kind")
_Pick = Callable[[Sequence[Zone]], tuple[Zone, ...]]


class _Seniors(NamedTuple):
    """Zones of all timeframes but the lowest by their place among all: which are kept, and whom each absorbs."""

    shapes: list[list[_Shape]]
    kept: dict[ZoneKind, list[tuple[float, float, int]]]
    """Borders and place of those that are kept."""
    ordered: list[tuple[float, str, int]]
    """By what the view is sorted, and place: twice the middle, and the name."""
    absorbed: dict[int, tuple[str, ...]]


class MergedView:
    """The zones of all timeframes, lowest first. Ask at each close; what has not changed is not looked at again."""

    def __init__(self, settings: ZoneSettings) -> None:
        self._settings = settings
        self._senior_zones: list[tuple[Zone, ...]] = []
        self._seniors = _Seniors([], {kind: [] for kind in ZoneKind}, [], {})
        self._own: list[_Shape] = []
        self._absorbers: dict[_Shape, int | None] = {}
        """Where each zone of the lowest timeframe was absorbed: the same while the seniors stay where they are."""
        self._absorbed: dict[int, tuple[str, ...]] = {}
        self._pick: _Pick = tuple
        self._raised: dict[str, tuple[Zone, Zone]] = {}
        self._raised_seniors: list[Zone] | None = []
        """The senior zones with what they absorbed added; None: to be made anew."""

    def of(self, seniors: list[tuple[Zone, ...]], own: tuple[Zone, ...]) -> tuple[Zone, ...]:
        """The view of these zones: `seniors` by timeframe, the highest first, and those of the lowest timeframe.

        A zone that absorbs others gains score and strength, up to 100, and their names.
        """
        shapes = list(map(_shape_of, own))
        has_moved = shapes != self._own
        if len(seniors) != len(self._senior_zones) or any(map(is_not, seniors, self._senior_zones)):
            self._senior_zones, self._raised_seniors = seniors, None
            senior_shapes = [list(map(_shape_of, group)) for group in seniors]
            if senior_shapes != self._seniors.shapes:
                self._seniors, self._absorbers, has_moved = self._among_seniors(senior_shapes), {}, True
        if has_moved:
            self._own = shapes
            self._arrange(shapes)
        if self._raised_seniors is None:
            self._raised_seniors = self._all_raised()
        return self._pick([*self._raised_seniors, *own])

    def _among_seniors(self, groups: list[list[_Shape]]) -> _Seniors:
        """What becomes of the senior zones among themselves."""
        view, place = _Seniors(groups, {kind: [] for kind in ZoneKind}, [], {}), 0
        for group in groups:
            kept = []
            for shape in group:
                absorber = self._absorber(shape, view)
                if absorber is None:
                    kept.append((shape, place))
                else:
                    view.absorbed[absorber] = (*view.absorbed.get(absorber, ()), shape[0])
                place += 1
            # Only now: no zone absorbs one of its own timeframe.
            for (zone_id, low, high, kind), at in kept:
                view.kept[kind].append((low, high, at))
                view.ordered.append((low + high, zone_id, at))
        return view

    def _arrange(self, shapes: list[_Shape]) -> None:
        """Find out which seniors absorb zones of the lowest timeframe, and where the others lie among the seniors."""
        seniors, before, known = self._seniors, self._absorbers, {}
        absorbed, ordered = dict(seniors.absorbed), seniors.ordered.copy()
        for place, shape in enumerate(shapes, sum(map(len, seniors.shapes))):
            absorber = known[shape] = before[shape] if shape in before else self._absorber(shape, seniors)
            if absorber is None:
                ordered.append((shape[1] + shape[2], shape[0], place))
            else:
                absorbed[absorber] = (*absorbed.get(absorber, ()), shape[0])
        ordered.sort()
        self._absorbers, self._pick = known, _picker([place for _, _, place in ordered])
        if absorbed != self._absorbed:
            self._absorbed, self._raised_seniors = absorbed, None

    def _absorber(self, shape: _Shape, seniors: _Seniors) -> int | None:
        """Place of the senior zone of the same kind that overlaps most, if it overlaps enough."""
        _, low, high, kind = shape
        best, most, least = None, 0.0, self._settings.merge_overlap
        for senior_low, senior_high, place in seniors.kept[kind]:
            if senior_low <= high and low <= senior_high:
                share = overlap_share(senior_low, senior_high, low, high)
                if share >= least and share > most:
                    best, most = place, share
        return best

    def _all_raised(self) -> list[Zone]:
        if len(self._raised) > KEPT_RAISED:
            self._raised.clear()
        zones = [zone for group in self._senior_zones for zone in group]
        for place, names in self._absorbed.items():
            zones[place] = self._raise(zones[place], names)
        return zones

    def _raise(self, zone: Zone, names: tuple[str, ...]) -> Zone:
        known = self._raised.get(zone.zone_id)
        if known is not None and known[0] is zone and known[1].merged == names:
            return known[1]
        bonus = len(names) * self._settings.merge_bonus
        strength = None if zone.strength is None else min(100.0, zone.strength + bonus)
        raised = _told(zone, min(100.0, zone.score + bonus), strength, names)
        self._raised[zone.zone_id] = (zone, raised)
        return raised


def _told(zone: Zone, score: float, strength: float | None, names: tuple[str, ...]) -> Zone:
    """The zone with these; written out, because it is made at every close and that takes a third of the time."""
    return Zone(
        zone.zone_id,
        zone.symbol,
        zone.timeframe,
        zone.kind,
        zone.low,
        zone.high,
        score,
        zone.touches,
        zone.bounces,
        zone.created_ms,
        zone.last_touch_ms,
        zone.flipped,
        zone.flipped_ms,
        zone.state,
        strength,
        zone.purity,
        zone.parts,
        names,
    )


def _picker(places: Sequence[int]) -> _Pick:
    """What picks the zones at these places; by far the quickest way."""
    return itemgetter(*places) if len(places) > 1 else partial(_few, tuple(places))


def _few(places: Sequence[int], zones: Sequence[Zone]) -> tuple[Zone, ...]:
    """What `itemgetter` does not give as a tuple. No lambda: the memory of an analyzer is packed and kept."""
    return tuple([zones[place] for place in places])
