"""What happens at zones comes out as records: once each, in order, with ids that stay the same."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict

import pytest

from futtui.domain.timeframe import Timeframe
from futtui.domain.zone import ZoneEventKind, ZoneKind
from futtui.zones.events import events_of, note_of
from futtui.zones.live_zone import LiveZone
from futtui.zones.settings import ZoneFrameSettings, ZoneSettings
from tests.indicators.market import real_candles
from tests.zones.test_registry import lives

BAR_MS = 900_000
AROUND = 201.0
OUT = (102.0, 103.0, 102.5)
TOUCH, BOUNCE, BREAK = ZoneEventKind.TOUCH, ZoneEventKind.BOUNCE, ZoneEventKind.BREAK
SWEEP, RETEST, FLIP = ZoneEventKind.SWEEP, ZoneEventKind.RETEST, ZoneEventKind.FLIP


def told(bars, kind=ZoneKind.SUPPORT, upside_down=False):
    """Events of a support 100-101 (ATR 1) after bars of (low, high, close), or of its mirror image."""
    if upside_down:
        kind = kind.opposite
        bars = [(AROUND - high, AROUND - low, AROUND - close) for low, high, close in bars]
    zone = LiveZone(kind, (100.0, 101.0), 0, ZoneSettings(), ZoneFrameSettings())
    zone.zone_id = "X-15m-S-1"
    found = []
    for number, (low, high, close) in enumerate(bars):
        bar = (number * BAR_MS, low, high, close, 1.0)
        if zone.update(bar, (number + 1) * BAR_MS):
            found += events_of(note_of(zone, bar), "XUSDT", Timeframe.M15)
    return found


@pytest.mark.parametrize("upside_down", [False, True])
@pytest.mark.parametrize(
    ("bars", "expected"),
    [
        ([OUT, (100.8, 102.5, 101.2), (101.2, 101.9, 101.8)], [(1, TOUCH), (2, BOUNCE)]),
        ([OUT, (100.8, 102.5, 101.2), (101.2, 101.6, 101.5)], [(1, TOUCH)]),
        ([OUT, (100.8, 102.5, 101.2), (98.0, 101.0, 99.0)], [(1, TOUCH), (2, BREAK)]),
        ([OUT, (99.9, 102.5, 100.3)], [(1, TOUCH), (1, SWEEP)]),
        ([OUT, (99.97, 102.5, 100.3)], [(1, TOUCH)]),
        ([OUT, (99.5, 102.5, 99.9)], [(1, TOUCH)]),
        ([OUT, (100.8, 102.0, 100.9), (99.5, 101.0, 100.2)], [(1, TOUCH), (2, SWEEP)]),
    ],
    ids=["bounce", "too small a bounce", "break", "sweep", "too shallow a sweep", "no return, no sweep", "later sweep"],
)
def test_events_of_a_visit_are_as_told(bars, expected, upside_down):
    events = told(bars, upside_down=upside_down)
    assert [(event.time_ms // BAR_MS, event.kind) for event in events] == expected
    assert {event.side for event in events} == {-1 if upside_down else 1}


@pytest.mark.parametrize("upside_down", [False, True])
def test_events_of_a_break_that_is_retested_end_in_a_flip_of_the_old_kind(upside_down):
    bars = [(101.5, 102, 101.7), (99.0, 101.8, 99.5), (99.2, 99.9, 99.4), (99.0, 99.6, 99.1)]
    events = told(bars, upside_down=upside_down)
    kinds = [event.kind for event in events]
    assert kinds == [TOUCH, BREAK, TOUCH, RETEST, BOUNCE, FLIP][: len(kinds)] or RETEST in kinds
    assert kinds[-1] is FLIP
    kind = ZoneKind.RESISTANCE if upside_down else ZoneKind.SUPPORT
    assert events[-1].zone_kind is kind


def test_event_sizes_are_in_atr():
    sweep = told([OUT, (99.6, 102.5, 100.3)])[-1]
    assert (sweep.price, sweep.size_atr) == (99.6, pytest.approx(0.4))
    broken = told([OUT, (98.0, 102.5, 99.0)])[-1]
    assert (broken.kind, broken.price, broken.size_atr) == (BREAK, 99.0, pytest.approx(1.0))


@pytest.fixture(scope="module")
def real_events():
    """Events of each 15m close of a month of real candles, with the zones of the moment."""
    found = []
    for _, bar, registry in lives(list(real_candles(count=3_000))):
        found.append((bar, registry.take_events()))
    return found


def test_real_events_are_unique_and_belong_to_the_bar_that_closed(real_events):
    events = [event for _, batch in real_events for event in batch]
    assert len({event.event_id for event in events}) == len(events) > 200
    for bar, batch in real_events:
        assert all(event.time_ms == bar.open_time_ms for event in batch)
    assert {event.kind for event in events} == set(ZoneEventKind)


def test_real_events_tell_a_sound_story(real_events):
    by_zone = defaultdict(list)
    for _, batch in real_events:
        for event in batch:
            by_zone[event.zone_id].append(event)
    outcomes = Counter(event.kind for story in by_zone.values() for event in story)
    assert outcomes[BOUNCE] + outcomes[BREAK] <= outcomes[TOUCH] + len(by_zone)
    for story in by_zone.values():
        assert [event.time_ms for event in story] == sorted(event.time_ms for event in story)
        for before, after in itertools.pairwise(story):
            if before.kind is FLIP:
                assert after.time_ms > before.time_ms
                assert after.zone_kind is not before.zone_kind
            elif after.time_ms > before.time_ms:
                assert after.zone_kind is before.zone_kind


def test_events_are_given_once():
    *_, (_, _, registry) = lives(list(real_candles(count=600)))
    assert registry.take_events()
    assert registry.take_events() == []
