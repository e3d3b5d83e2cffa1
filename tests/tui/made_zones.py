"""Zones of BTC on three timeframes with the parts of their scores, for the zones browser."""

from __future__ import annotations

from dataclasses import replace

from futtui.domain.snapshot import EngineSnapshot
from futtui.domain.timeframe import DAY_MS, HOUR_MS, Timeframe
from futtui.domain.zone import Zone, ZoneParts, ZoneState
from tests.tui.fake_engine import NOW_MS, FakeEngine, zone


def zones() -> tuple[Zone, ...]:
    """Five zones; one holds the price, one is a candidate, one was left alone."""
    parts = ZoneParts(0.85, 0.6, 0.4, 0.5, 0.2)
    return (
        replace(zone("BTCUSDT", "R", 65090.0, 65160.0, 82), parts=parts, state=ZoneState.KEY, purity=0.94),
        replace(zone("BTCUSDT", "R", 64480.0, 64540.0, 74, age_ms=HOUR_MS), timeframe=Timeframe.M15, parts=parts),
        replace(
            zone("BTCUSDT", "F", 64330.0, 64390.0, 88, age_ms=9 * HOUR_MS),
            parts=parts,
            flipped_ms=NOW_MS - DAY_MS,
            merged=("a", "b"),
        ),
        replace(
            zone("BTCUSDT", "S", 63000.0, 63300.0, 45, age_ms=30 * DAY_MS),
            timeframe=Timeframe.H4,
            state=ZoneState.STALE,
        ),
        replace(
            zone("BTCUSDT", "S", 63820.0, 63930.0, 39), timeframe=Timeframe.M15, state=ZoneState.CANDIDATE, bounces=0
        ),
    )


def show_zones(engine: FakeEngine) -> EngineSnapshot:
    """The engine's snapshot with these zones for BTC."""
    readings = dict(engine.current.readings)
    readings["BTCUSDT"] = replace(readings["BTCUSDT"], zones=zones())
    return engine.show(readings=readings)
