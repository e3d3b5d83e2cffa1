"""All zones of one symbol: a builder for each timeframe and one merged view."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from operator import is_not

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


class ZoneRegistry:
    """Zones of one symbol on 15m, 1h, 4h and 1d. Close the higher frames first when several close together."""

    def __init__(self, symbol: str, settings: ZoneSettings | None = None) -> None:
        self.symbol = symbol
        self.settings = settings or ZoneSettings()
        self.builders = {frame: ZoneBuilder(symbol, frame, self.settings) for frame in ZONE_TIMEFRAMES}
        self._merged: tuple[Zone, ...] | None = ()
        self._last_raised: dict[str, tuple[Zone, Zone]] = {}
        self._senior_zones: list[tuple[Zone, ...]] = []
        self._senior_view: tuple[list[Zone], list[tuple[str, ...]]] = ([], [])
        self._places: dict[str, tuple[float, float, ZoneKind, int | None]] = {}
        """Where a zone of the lowest timeframe was absorbed, with the borders and the kind that it had then."""
        self._seniors: dict[Timeframe, tuple[Band, ...]] = {}

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
            seniors = tuple(band for senior in higher for band in self.builders[senior].solid_bands)
            self._seniors[timeframe] = seniors
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
        if len(self._last_raised) > KEPT_RAISED:
            self._last_raised.clear()
        seniors, absorbed = self._seniors_merged()
        own: list[Zone] = []
        more: dict[int, tuple[str, ...]] = {}
        places = {}
        for zone in self.builders[ZONE_TIMEFRAMES[-1]].zones:
            known = self._places.get(zone.zone_id)
            if known is None or known[0] != zone.low or known[1] != zone.high or known[2] is not zone.kind:
                known = (zone.low, zone.high, zone.kind, self._absorber(zone, seniors, len(seniors)))
            places[zone.zone_id] = known
            place = known[3]
            if place is None:
                own.append(zone)
            else:
                more[place] = (*more.get(place, absorbed[place]), zone.zone_id)
        self._places = places
        for place, zone in enumerate(seniors):
            names = more.get(place) or absorbed[place]
            own.append(self._raised(zone, names) if names else zone)
        return tuple(sorted(own, key=_by_place))

    def _seniors_merged(self) -> tuple[list[Zone], list[tuple[str, ...]]]:
        """The zones of all timeframes but the lowest, and the names of those that each absorbed; known until one
        of these timeframes closes.
        """
        zones = [self.builders[timeframe].zones for timeframe in ZONE_TIMEFRAMES[:-1]]
        if len(zones) != len(self._senior_zones) or any(map(is_not, zones, self._senior_zones)):
            kept: list[Zone] = []
            absorbed: list[list[str]] = []
            for group in zones:
                seniors = len(kept)
                for zone in group:
                    place = self._absorber(zone, kept, seniors)
                    if place is None:
                        kept.append(zone)
                        absorbed.append([])
                    else:
                        absorbed[place].append(zone.zone_id)
            self._senior_zones, self._senior_view = zones, (kept, [tuple(names) for names in absorbed])
            self._places = {}
        return self._senior_view

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


def _by_place(zone: Zone) -> tuple[float, str]:
    return zone.low + zone.high, zone.zone_id
