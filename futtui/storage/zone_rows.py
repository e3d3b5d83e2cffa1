"""Zones and zone events as rows and back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection

from futtui.domain.timeframe import Timeframe
from futtui.domain.zone import Zone, ZoneEvent, ZoneEventKind, ZoneKind, ZoneParts, ZoneState
from futtui.storage import tables

_ZONE_COLUMNS = tuple(column.name for column in tables.zones.columns)
_EVENT_COLUMNS = tuple(column.name for column in tables.zone_events.columns)
_UPDATED = ", ".join(f"{name} = excluded.{name}" for name in _ZONE_COLUMNS[2:])
_UPSERT_ZONES = (
    f"INSERT INTO zones ({', '.join(_ZONE_COLUMNS)}) VALUES ({', '.join('?' * len(_ZONE_COLUMNS))}) "
    f"ON CONFLICT (symbol, zone_id) DO UPDATE SET {_UPDATED} WHERE excluded.updated_ms >= zones.updated_ms"
)
_INSERT_EVENTS = (
    f"INSERT INTO zone_events ({', '.join(_EVENT_COLUMNS)}) VALUES ({', '.join('?' * len(_EVENT_COLUMNS))}) "
    "ON CONFLICT (symbol, event_id) DO NOTHING"
)
SELECT_ZONES = f"SELECT {', '.join(_ZONE_COLUMNS)} FROM zones WHERE symbol = ? ORDER BY low + high, zone_id"
SELECT_EVENTS = (
    f"SELECT {', '.join(_EVENT_COLUMNS)} FROM zone_events WHERE symbol = ? AND time_ms >= ? AND time_ms < ? "
    "ORDER BY time_ms, rowid"
)


@dataclass(frozen=True, slots=True)
class ZoneBatch:
    """Zones as they were at `updated_ms`, and events; either may be empty."""

    updated_ms: int
    zones: tuple[Zone, ...] = ()
    events: tuple[ZoneEvent, ...] = ()


@dataclass(frozen=True, slots=True)
class ZonePurge:
    """Asks to forget events of bars that opened before this time, and zones that were last written before it."""

    before_ms: int


def purge_zones(connection: Connection, purge: ZonePurge) -> None:
    """Carry out a purge inside the caller's transaction."""
    connection.exec_driver_sql("DELETE FROM zone_events WHERE time_ms < ?", (purge.before_ms,))
    connection.exec_driver_sql("DELETE FROM zones WHERE updated_ms < ?", (purge.before_ms,))


def write_zone_batch(connection: Connection, batch: ZoneBatch) -> None:
    """Write a batch inside the caller's transaction: zones are brought up to date, known events stay as they are."""
    if batch.zones:
        connection.exec_driver_sql(_UPSERT_ZONES, _zone_rows(batch.zones, batch.updated_ms))
    if batch.events:
        connection.exec_driver_sql(_INSERT_EVENTS, _event_rows(batch.events))


def _zone_rows(zones: Iterable[Zone], updated_ms: int) -> list[tuple[Any, ...]]:
    return [
        (
            zone.symbol,
            zone.zone_id,
            zone.timeframe.code,
            zone.kind.value,
            zone.state.value,
            zone.low,
            zone.high,
            zone.score,
            zone.strength,
            zone.purity,
            zone.touches,
            zone.bounces,
            zone.created_ms,
            zone.last_touch_ms,
            zone.flipped_ms,
            _json(zone.parts),
            _json(zone.merged),
            updated_ms,
        )
        for zone in zones
    ]


def _event_rows(events: Iterable[ZoneEvent]) -> list[tuple[Any, ...]]:
    return [
        (
            event.symbol,
            event.event_id,
            event.zone_id,
            event.timeframe.code,
            event.kind.value,
            event.zone_kind.value,
            event.time_ms,
            event.price,
            event.low,
            event.high,
            event.side,
            event.size_atr,
        )
        for event in events
    ]


def zone_of(row: Sequence[Any]) -> Zone:
    """A zone from a row of SELECT_ZONES. Whether it counts as flipped is not stored, only when it flipped."""
    values = dict(zip(_ZONE_COLUMNS, row, strict=True))
    del values["updated_ms"]
    values["timeframe"] = Timeframe.from_code(values["timeframe"])
    values["kind"], values["state"] = ZoneKind(values["kind"]), ZoneState(values["state"])
    values["parts"] = msgspec.json.decode(values["parts"], type=ZoneParts | None)
    values["merged"] = msgspec.json.decode(values["merged"], type=tuple[str, ...])
    return Zone(**values)


def event_of(row: Sequence[Any]) -> ZoneEvent:
    """An event from a row of SELECT_EVENTS."""
    values = dict(zip(_EVENT_COLUMNS, row, strict=True))
    values["timeframe"] = Timeframe.from_code(values["timeframe"])
    values["kind"], values["zone_kind"] = ZoneEventKind(values["kind"]), ZoneKind(values["zone_kind"])
    return ZoneEvent(**values)


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
