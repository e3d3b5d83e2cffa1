"""Zones and their events on disk: zones are brought up to date, events are written once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from futtui.domain.timeframe import Timeframe
from futtui.domain.zone import Zone, ZoneEvent, ZoneEventKind, ZoneKind, ZoneParts, ZoneState
from futtui.storage.store import Storage
from tests.indicators.market import made_candles
from tests.zones.test_registry import lives

ZONE = Zone(
    "BTC-1h-S-7", "BTCUSDT", Timeframe.H1, ZoneKind.SUPPORT, 100.5, 101.25, 71.5, 4, 3, 5, 9, False, 8,
    ZoneState.KEY, 66.0, 0.95, ZoneParts(0.7, 0.5, 0.9, 0.3, 0.0), ("BTC-15m-S-3",),
)  # fmt: skip
EVENT = ZoneEvent(
    "BTC-1h-S-7-SWEEP-9", "BTC-1h-S-7", "BTCUSDT", Timeframe.H1, ZoneEventKind.SWEEP, ZoneKind.SUPPORT, 9,
    100.25, 100.5, 101.25, 1, 0.4,
)  # fmt: skip


@pytest.fixture
def store(tmp_path: Path):
    storage = Storage(tmp_path / "futtui.db")
    yield storage
    storage.close_now()


def test_zone_and_event_come_back_as_they_were(store: Storage) -> None:
    store.submit_zones(10, [ZONE], [EVENT])
    assert store.writer.flush()
    assert store.zones("BTCUSDT") == [ZONE]
    assert store.zone_events("BTCUSDT", 0, 100) == [EVENT]
    assert store.zones("ETHUSDT") == store.zone_events("ETHUSDT", 0, 100) == []


def test_zone_without_what_is_optional_comes_back_as_it_was(store: Storage) -> None:
    bare = Zone("z", "BTCUSDT", Timeframe.M15, ZoneKind.RESISTANCE, 1.0, 2.0, 50.0, 0, 0, 1, 1)
    store.submit_zones(10, [bare])
    assert store.writer.flush()
    assert store.zones("BTCUSDT") == [bare]


def test_zone_written_again_is_brought_up_to_date_but_not_by_an_older_one(store: Storage) -> None:
    store.submit_zones(10, [ZONE])
    store.submit_zones(20, [replace(ZONE, touches=5)])
    store.submit_zones(15, [replace(ZONE, touches=99)])
    assert store.writer.flush()
    assert [zone.touches for zone in store.zones("BTCUSDT")] == [5]


def test_event_written_again_stays_as_it_was_first(store: Storage) -> None:
    store.submit_zones(10, events=[EVENT, replace(EVENT, event_id="BTC-1h-S-7-TOUCH-9", kind=ZoneEventKind.TOUCH)])
    store.submit_zones(20, events=[replace(EVENT, price=1.0)])
    assert store.writer.flush()
    assert [(event.kind, event.price) for event in store.zone_events("BTCUSDT", 9, 10)] == [
        (ZoneEventKind.SWEEP, 100.25),
        (ZoneEventKind.TOUCH, 100.25),
    ]
    assert store.zone_events("BTCUSDT", 10, 99) == []


def test_same_coin_against_another_quote_is_another_zone(store: Storage) -> None:
    store.submit_zones(10, [ZONE, replace(ZONE, symbol="BTCUSDC")], [EVENT, replace(EVENT, symbol="BTCUSDC")])
    assert store.writer.flush()
    assert store.counts()["zones"] == store.counts()["zone_events"] == 2


def test_history_lived_through_twice_leaves_each_event_once(store: Storage) -> None:
    candles = made_candles(1_200, seed=6)
    told = []
    for _ in range(2):
        *_, (_, _, registry) = lives(candles)
        told.append(registry.take_events())
        store.submit_zones(1, registry.zones(), told[-1])
    assert store.writer.flush()
    assert told[0] == told[1] != []
    assert store.counts()["zone_events"] == len(told[0])
    assert len(store.zones("BTCUSDT")) == len(registry.zones())


async def test_forgotten_zones_and_events_are_the_old_ones(store: Storage) -> None:
    store.submit_zones(10, [ZONE], [EVENT])
    store.submit_zones(50, [replace(ZONE, zone_id="young")], [replace(EVENT, event_id="young", time_ms=50)])
    assert store.writer.flush()
    assert await store.newest_zone_event_ms("BTCUSDT") == 50
    assert await store.newest_zone_event_ms("ETHUSDT") is None
    store.forget_zones(50)
    assert store.writer.flush()
    assert [zone.zone_id for zone in store.zones("BTCUSDT")] == ["young"]
    assert [event.event_id for event in store.zone_events("BTCUSDT", 0, 100)] == ["young"]
