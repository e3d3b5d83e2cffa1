"""Zones travel from the analyzers to the disk: only what changed, and the same story after a restart."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

from futtui.domain.reading import SymbolReading
from futtui.domain.timeframe import DAY_MS, HOUR_MS, Timeframe
from futtui.domain.zone import Zone, ZoneEvent, ZoneEventKind, ZoneKind
from futtui.live.lockstep import run_lockstep
from futtui.live.zone_book import KEPT_DAYS, ZoneBook
from futtui.storage.store import Storage
from tests.live.engine_world import SYMBOLS, exchange, server_config, wired

NOW_MS = 20_000 * DAY_MS + HOUR_MS
ZONE = Zone("BTC-1h-S-7", "BTCUSDT", Timeframe.H1, ZoneKind.SUPPORT, 100.0, 101.0, 71.4, 4, 3, 5, 9)
MINUTES, CUT_MINUTES = 300, 130


class RememberingStore:
    """Remembers what it was asked to write."""

    def __init__(self, newest_ms: int | None = None) -> None:
        self.newest_ms = newest_ms
        self.zones: list[list[str]] = []
        self.events: list[list[str]] = []
        self.forgotten: list[int] = []

    def submit_zones(self, updated_ms: int, zones: Any = (), events: Any = ()) -> None:
        self.zones.append([zone.zone_id for zone in zones])
        self.events.append([event.event_id for event in events])

    def forget_zones(self, before_ms: int) -> None:
        self.forgotten.append(before_ms)

    async def newest_zone_event_ms(self, symbol: str) -> int | None:
        return self.newest_ms


class Teller:
    """Tells one event and remembers since when it was asked."""

    def __init__(self) -> None:
        self.since: list[int] = []

    async def take_zone_events(self, symbol: str, since_ms: int) -> tuple[ZoneEvent, ...]:
        self.since.append(since_ms)
        return (event(NOW_MS),)


def event(time_ms: int) -> ZoneEvent:
    name = f"{ZONE.zone_id}-TOUCH-{time_ms}"
    kind = ZoneEventKind.TOUCH
    return ZoneEvent(name, ZONE.zone_id, "BTCUSDT", Timeframe.H1, kind, ZONE.kind, time_ms, 101.0, 100.0, 101.0, 1)


def reading(*zones: Zone, time_ms: int = NOW_MS) -> SymbolReading:
    return SymbolReading("BTCUSDT", time_ms, 105.0, {}, zones)


def test_zone_book_writes_a_zone_again_only_when_it_matters() -> None:
    store = RememberingStore()
    book = ZoneBook(store, Teller())
    for zone in (ZONE, replace(ZONE, score=71.2), replace(ZONE, touches=5), replace(ZONE, touches=5, score=60.0)):
        book.keep(reading(zone), ())
    assert store.zones == [[ZONE.zone_id], [], [ZONE.zone_id], [ZONE.zone_id]]


def test_zone_book_writes_a_zone_that_was_away_again() -> None:
    store = RememberingStore()
    book = ZoneBook(store, Teller())
    book.keep(reading(ZONE), ())
    book.keep(reading(), ())
    book.keep(reading(ZONE), ())
    assert store.zones == [[ZONE.zone_id], [], [ZONE.zone_id]]


def test_zone_book_tidies_up_once_a_day() -> None:
    store = RememberingStore()
    book = ZoneBook(store, Teller())
    for hours in (0, 1, 22, 23, 30):
        book.keep(reading(time_ms=NOW_MS + hours * HOUR_MS), ())
    assert store.forgotten == [NOW_MS - KEPT_DAYS * DAY_MS, NOW_MS + 23 * HOUR_MS - KEPT_DAYS * DAY_MS]


async def test_zone_book_catches_up_from_the_newest_stored_event_with_room_for_long_bars() -> None:
    fresh, known = RememberingStore(), RememberingStore(NOW_MS - HOUR_MS)
    teller = Teller()
    await ZoneBook(fresh, teller).catch_up(reading(ZONE))
    await ZoneBook(known, teller).catch_up(reading(ZONE))
    assert teller.since == [NOW_MS - KEPT_DAYS * DAY_MS, NOW_MS - HOUR_MS - DAY_MS]
    assert fresh.events == known.events == [[event(NOW_MS).event_id]]


async def run_in_parts(folder: Path, parts: tuple[int, ...]) -> Storage:
    """One market, worked through in so many parts, each by a new engine on the same database."""
    async with exchange(server_config(seed=11)) as world:
        for number, minutes in enumerate(parts):
            engine = wired(folder / "zones.db", world, fresh=number == 0).build()
            await engine.open()
            await run_lockstep(engine, minutes)
            await engine.stop()
    return Storage(folder / "zones.db")


async def test_engine_restart_tells_the_same_story_of_the_same_zones(tmp_path: Path) -> None:
    (tmp_path / "whole").mkdir()
    (tmp_path / "parts").mkdir()
    stores = [
        await run_in_parts(tmp_path / "whole", (MINUTES,)),
        await run_in_parts(tmp_path / "parts", (CUT_MINUTES, MINUTES - CUT_MINUTES)),
    ]
    try:
        for symbol in SYMBOLS:
            whole, parts = (store.zone_events(symbol, 0, 1 << 62) for store in stores)
            assert len(whole) > 50
            assert {each.event_id for each in parts} == {each.event_id for each in whole}
            ids = [{zone.zone_id for zone in store.zones(symbol)} for store in stores]
            assert ids[0] == ids[1] != set()
    finally:
        await asyncio.gather(*(store.close() for store in stores))
