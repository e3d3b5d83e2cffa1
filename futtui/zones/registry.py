"""All zones of one symbol: a builder for each timeframe and one merged view."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from operator import is_not
from typing import NamedTuple

from futtui.domain.candle import Candle
from futtui.domain.errors import InvalidInputError
from futtui.domain.timeframe import Timeframe
from futtui.domain.zone import Zone, ZoneEvent, ZoneKind
from futtui.zones.builder import ZoneBuilder
from futtui.zones.live_zone import Band, overlap_share
from futtui.zones.settings import ZoneSettings

ZONE_TIMEFRAMES = (Timeframe.D1, Timeframe.H4, Timeframe.H1, Timeframe.M15)
"""Seniors first."""
KEPT_RAISED = 64
_Placed = tuple[float, str, Zone]
"""By what a zone is sorted: twice its middle, and its name."""


class _SeniorView(NamedTuple):
    """Zones that are kept, and for each the names of those that it absorbed."""

    kept: list[Zone]
    absorbed: list[tuple[str, ...]]


class ZoneRegistry:
    """Zones of one symbol on 15m, 1h, 4h and 1d. Close the higher frames first when several close together."""

    def __init__(self, symbol: str, settings: ZoneSettings | None = None) -> None:
        self.symbol = symbol
        self.settings = settings or ZoneSettings()
        self.builders = {frame: ZoneBuilder(symbol, frame, self.settings) for frame in ZONE_TIMEFRAMES}
        self._merged: tuple[Zone, ...] | None = ()
        self._last_raised: dict[str, tuple[Zone, Zone]] = {}
        self._senior_zones: list[tuple[Zone, ...]] = []
        self._senior_shape: list[list[tuple[float, float, ZoneKind, str]]] = []
        self._senior_places: list[int | None] = []
        """Borders and kinds of the senior zones, and where each was absorbed: the same while these are."""
        self._senior_view = _SeniorView([], [])
        self._places: dict[str, tuple[float, float, ZoneKind, int | None]] = {}
        """Where a zone of the lowest timeframe was absorbed, with the borders and the kind that it had then."""
        self._absorbed: list[tuple[int, str]] = []
        self._raised_view: _SeniorView | None = None
        self._raised_seniors: list[_Placed] = []
        """The senior zones with all that they absorbed: the same while that, and they, are."""
        self._seniors: dict[Timeframe, tuple[Band, ...]] = {}
        self._last_seniors: dict[Timeframe, tuple[Band, ...]] = {}

    def on_candle(self, timeframe: Timeframe, candle: Candle, atr: float | None, vwaps: Sequence[float] = ()) -> None:
        """Take the next closed candle of `timeframe`, the ATR at its close (None: not available) and known VWAPs.

        Only this timeframe is rebuilt. Raises InvalidInputError for another timeframe or an old candle.
        """
        builder = self.builders.get(timeframe)
        if builder is None:
            raise InvalidInputError(f"There are no zones on {timeframe.code}. Use one of: 15m, 1h, 4h, 1d.")
        seniors = self._seniors.get(timeframe)
        if seniors is None:
            higher = ZONE_TIMEFRAMES[: ZONE_TIMEFRAMES.index(timeframe)]
            seniors = tuple([band for senior in higher for band in self.builders[senior].solid_bands])
            # The same object where nothing moved: zones need not be compared with it once more.
            before = self._last_seniors.get(timeframe)
            seniors = before if before == seniors else seniors
            self._seniors[timeframe] = self._last_seniors[timeframe] = seniors
        builder.on_candle(candle, atr, seniors, vwaps)
        if timeframe is not ZONE_TIMEFRAMES[-1]:
            self._seniors.clear()
        self._merged = None

    def take_events(self) -> list[ZoneEvent]:
        """What happened at the zones of all timeframes since the last call: by time, seniors first."""
        events = [event for builder in self.builders.values() for event in builder.take_events()]
        return sorted(events, key=lambda event: event.time_ms + event.timeframe.ms)

    def forget_events(self) -> None:
        """Forget what happened since the last call of `take_events`."""
        for builder in self.builders.values():
            builder.forget_events()

    def zones(self) -> tuple[Zone, ...]:
        """The chosen zones of all timeframes, lowest first.

        A zone that overlaps one of the same kind on a higher timeframe is absorbed by it and adds to its score.
        """
        if self._merged is None:
            self._merged = self._merge()
        return self._merged

    def _merge(self) -> tuple[Zone, ...]:
        view = self._seniors_merged()
        seniors, before, places = view.kept, self._places, {}
        own: list[_Placed] = []
        absorbed: list[tuple[int, str]] = []
        for zone in self.builders[ZONE_TIMEFRAMES[-1]].zones:
            zone_id, low, high, kind = zone.zone_id, zone.low, zone.high, zone.kind
            known = before.get(zone_id)
            if known is None or known[0] != low or known[1] != high or known[2] is not kind:
                known = (low, high, kind, self._absorber(zone, seniors, len(seniors)))
            places[zone_id] = known
            place = known[3]
            if place is None:
                own.append((low + high, zone_id, zone))
            else:
                absorbed.append((place, zone_id))
        self._places = places
        if view is not self._raised_view or absorbed != self._absorbed:
            self._raised_view, self._absorbed = view, absorbed
            self._raised_seniors = self._all_raised(view, absorbed)
        own += self._raised_seniors
        # Names differ, so zones themselves are never compared.
        own.sort()
        return tuple([placed[2] for placed in own])

    def _all_raised(self, view: _SeniorView, absorbed: Sequence[tuple[int, str]]) -> list[_Placed]:
        """The senior zones, each with all that it absorbed: of its own kind, and of the lowest timeframe."""
        if len(self._last_raised) > KEPT_RAISED:
            self._last_raised.clear()
        names = dict(enumerate(view.absorbed))
        for place, zone_id in absorbed:
            names[place] = (*names[place], zone_id)
        found = [self._raised(zone, names[place]) if names[place] else zone for place, zone in enumerate(view.kept)]
        return [(zone.low + zone.high, zone.zone_id, zone) for zone in found]

    def _seniors_merged(self) -> _SeniorView:
        """The zones of all timeframes but the lowest, and the names of those that each absorbed; known until one
        of these timeframes closes.
        """
        zones = [self.builders[timeframe].zones for timeframe in ZONE_TIMEFRAMES[:-1]]
        if len(zones) != len(self._senior_zones) or any(map(is_not, zones, self._senior_zones)):
            shape = [[(zone.low, zone.high, zone.kind, zone.zone_id) for zone in group] for group in zones]
            if shape != self._senior_shape:
                self._senior_shape, self._senior_places = shape, self._places_of(zones)
                self._places = {}
            self._senior_zones, self._senior_view = zones, _view_of(zones, self._senior_places)
        return self._senior_view

    def _places_of(self, zones: Sequence[Sequence[Zone]]) -> list[int | None]:
        """For each zone the place, among those that are kept, of the one that absorbs it; None where none does."""
        kept: list[Zone] = []
        places = []
        for group in zones:
            seniors = len(kept)
            for zone in group:
                place = self._absorber(zone, kept, seniors)
                places.append(place)
                if place is None:
                    kept.append(zone)
        return places

    def _absorber(self, zone: Zone, kept: list[Zone], seniors: int) -> int | None:
        """Place of the senior zone of the same kind that overlaps most, if it overlaps enough."""
        best, most = None, 0.0
        low, high, kind = zone.low, zone.high, zone.kind
        for place in range(seniors):
            senior = kept[place]
            if senior.low <= high and low <= senior.high and senior.kind is kind:
                share = overlap_share(senior.low, senior.high, low, high)
                if share >= self.settings.merge_overlap and share > most:
                    best, most = place, share
        return best

    def _raised(self, zone: Zone, names: tuple[str, ...]) -> Zone:
        """The zone with more score and strength, up to 100, and the names of those that it absorbed."""
        known = self._last_raised.get(zone.zone_id)
        if known is not None and known[0] is zone and known[1].merged == names:
            return known[1]
        bonus = len(names) * self.settings.merge_bonus
        strength = None if zone.strength is None else min(100.0, zone.strength + bonus)
        raised = replace(zone, score=min(100.0, zone.score + bonus), strength=strength, merged=names)
        self._last_raised[zone.zone_id] = (zone, raised)
        return raised


def _view_of(zones: Sequence[Sequence[Zone]], places: Sequence[int | None]) -> _SeniorView:
    """The zones that are kept, and the names of those that each absorbs, given where each of all goes."""
    kept: list[Zone] = []
    absorbed: list[tuple[str, ...]] = []
    for zone, place in zip((zone for group in zones for zone in group), places, strict=True):
        if place is None:
            kept.append(zone)
            absorbed.append(())
        else:
            absorbed[place] = (*absorbed[place], zone.zone_id)
    return _SeniorView(kept, absorbed)
