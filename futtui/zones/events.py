"""What happened at a zone, as records with ids that stay the same however often the history is lived through."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from futtui.domain.timeframe import Timeframe
from futtui.domain.zone import ZoneEvent, ZoneEventKind, ZoneKind
from futtui.zones.episodes import Bar, News
from futtui.zones.live_zone import LiveZone

_AT_THE_WICK = (ZoneEventKind.TOUCH, ZoneEventKind.SWEEP, ZoneEventKind.RETEST)


class Note(NamedTuple):
    """What one bar did to one zone, noted in passing; made into records only when somebody asks."""

    zone_id: str
    zone_kind: ZoneKind
    low: float
    high: float
    bar: Bar
    news: list[News]


def note_of(zone: LiveZone, bar: Bar) -> Note:
    """The note of what the last bar did to a zone, with the kind that the zone had before it."""
    flipped = zone.news[-1][0] is ZoneEventKind.FLIP
    return Note(zone.zone_id, zone.kind.opposite if flipped else zone.kind, zone.low, zone.high, bar, zone.news)


def events_of(note: Note, symbol: str, timeframe: Timeframe) -> Iterator[ZoneEvent]:
    """The records of a note, in the order in which things happened; id: zone, what, and open time of the bar."""
    time_ms, low, high, close, _ = note.bar
    for kind, side, size_atr in note.news:
        wick = low if side > 0 else high
        yield ZoneEvent(
            event_id=f"{note.zone_id}-{kind.value}-{time_ms}",
            zone_id=note.zone_id,
            symbol=symbol,
            timeframe=timeframe,
            kind=kind,
            zone_kind=note.zone_kind,
            time_ms=time_ms,
            price=wick if kind in _AT_THE_WICK else close,
            low=note.low,
            high=note.high,
            side=side,
            size_atr=None if size_atr is None else round(size_atr, 4),
        )
