"""Keeps zones and what happened at them on disk, as the analyzers tell: only what is new, and never waiting for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from futtui.domain.reading import SymbolReading
from futtui.domain.timeframe import DAY_MS
from futtui.domain.zone import Zone, ZoneEvent

KEPT_DAYS = 90
"""Events, and zones that nobody has seen since, are forgotten after so many days."""
LONGEST_BAR_MS = DAY_MS
"""An event carries the open time of its bar: that of a day comes after those of the quarter hours in it."""

Gist = tuple[object, ...]


class ZoneStore(Protocol):
    """The part of the database that zones need."""

    def submit_zones(self, updated_ms: int, zones: Sequence[Zone] = (), events: Sequence[ZoneEvent] = ()) -> None: ...

    def forget_zones(self, before_ms: int) -> None: ...

    async def newest_zone_event_ms(self, symbol: str) -> int | None: ...


class ZoneTeller(Protocol):
    """The part of the analyzers that remembers what a loaded history told."""

    async def take_zone_events(self, symbol: str, since_ms: int) -> Sequence[ZoneEvent]: ...


class ZoneBook:
    """Passes on to the database what changed at the zones of each symbol."""

    def __init__(self, store: ZoneStore, analyzers: ZoneTeller) -> None:
        self._store = store
        self._analyzers = analyzers
        self._written: dict[str, dict[str, Gist]] = {}
        self._tidied_day = -1

    async def catch_up(self, reading: SymbolReading) -> None:
        """After a load: write its zones, and the events since the newest one that is stored (at first: all it told).

        An analyzer gives a zone the same id whenever it is started, so the story of a zone goes on after a restart.
        """
        newest_ms = await self._store.newest_zone_event_ms(reading.symbol)
        since_ms = reading.time_ms - KEPT_DAYS * DAY_MS if newest_ms is None else newest_ms - LONGEST_BAR_MS
        self.keep(reading, await self._analyzers.take_zone_events(reading.symbol, since_ms))

    def keep(self, reading: SymbolReading, events: Sequence[ZoneEvent]) -> None:
        """Queue the events of a close, and the zones at which anything that matters is different."""
        known = self._written.get(reading.symbol, {})
        now = {zone.zone_id: _gist(zone) for zone in reading.zones}
        changed = [zone for zone in reading.zones if known.get(zone.zone_id) != now[zone.zone_id]]
        self._written[reading.symbol] = now
        self._store.submit_zones(reading.time_ms, changed, events)
        if reading.time_ms // DAY_MS > self._tidied_day:
            self._tidied_day = reading.time_ms // DAY_MS
            self._store.forget_zones(reading.time_ms - KEPT_DAYS * DAY_MS)


def _gist(zone: Zone) -> Gist:
    """What makes a zone worth writing anew. Its score falls a little with every bar: whole points are enough."""
    return (
        zone.low,
        zone.high,
        zone.kind,
        zone.state,
        round(zone.score),
        zone.touches,
        zone.bounces,
        zone.flipped_ms,
        zone.merged,
    )
