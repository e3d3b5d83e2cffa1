"""Stage two, life cycle and selection: each rule with a case that passes and one that fails."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from futtui.domain.timeframe import DAY_MS, Timeframe
from futtui.domain.zone import Zone, ZoneKind, ZoneState
from futtui.zones.lifecycle import Standing, next_state
from futtui.zones.live_zone import LiveZone
from futtui.zones.past import Past
from futtui.zones.purity import is_fresh_enough, is_validated, purified
from futtui.zones.score import blend_of
from futtui.zones.selector import Room, Row, prominence
from futtui.zones.selector import chosen as chosen_of_row
from futtui.zones.settings import ZoneFrameSettings, ZoneSettings
from futtui.zones.stage_one import Guard
from tests.zones.reference import plainly_chosen

SETTINGS, FRAME = ZoneSettings(), ZoneFrameSettings()
GUARD = Guard(widest=0.9, bandwidth=0.15, valley_gap=0.6, outlier_z=3.0, least=2)
BAR_MS = 900_000


def story(*bars):
    """Bars (time, low, high, close, ATR) from (low, high, close)."""
    return [(number * BAR_MS, low, high, close, 1.0) for number, (low, high, close) in enumerate(bars)]


def lived_through(bars, kind=ZoneKind.SUPPORT):
    def lived(low, high):
        zone = LiveZone(kind, (low, high), 0, SETTINGS, FRAME)
        zone.replay(Past(bars))
        return zone

    return lived


OUT = (102.0, 103.0, 102.5)
BOUNCE = [OUT, (100.9, 102.5, 101.5), (101.2, 102.5, 102.4)]


def gate(bars, low=100.0, high=101.0):
    lived = lived_through(bars)
    return purified(lived(low, high), ZoneKind.SUPPORT, Past(bars), lived, GUARD, 0.65)


def test_purity_zone_with_closes_outside_passes_as_it_is():
    (zone,) = gate(story(*BOUNCE * 3))
    assert (zone.low, zone.high) == (100.0, 101.0)
    assert zone.purity == 1.0


def test_purity_zone_in_which_price_lives_is_dropped():
    assert gate(story(OUT, *[(99.5, 101.5, 100.5)] * 20)) == []


def test_purity_zone_is_shrunk_to_where_the_lows_lie():
    lows = [100.1, 100.12, 100.14, 100.16, 100.18]
    bars = story(OUT, *[(low, 101.2, 100.6) for low in lows], *[OUT] * 2)
    (zone,) = gate(bars)
    assert zone.purity >= 0.65
    assert 100.1 <= zone.low < zone.high <= 100.18


def test_purity_zone_is_split_where_the_lows_form_two_crowds():
    lows = [100.0, 100.02, 100.04, 100.9, 100.92, 100.94]
    bars = story(OUT, *[(low, 101.2, 100.5) for low in lows], *[OUT] * 2)
    parts = gate(bars)
    assert [(zone.low, zone.high) for zone in parts] == [(100.0, 100.04), (100.9, 100.94)]


def test_purity_zone_with_too_few_lows_to_shrink_is_dropped():
    assert gate(story(OUT, (100.5, 101.2, 100.6), (100.6, 101.2, 100.7), (99.0, 101.2, 100.6))) == []


@pytest.mark.parametrize(
    ("idle_bars", "score", "expected"), [(200, 10.0, True), (201, 39.9, False), (201, 40.0, True), (999, 90.0, True)]
)
def test_freshness_gate_keeps_touched_zones_and_good_old_ones(idle_bars, score, expected):
    assert is_fresh_enough(idle_bars, 200, lambda: score) is expected


def test_reaction_validation_asks_for_a_bounce():
    assert is_validated(lived_through(story(*BOUNCE))(100.0, 101.0))
    assert not is_validated(lived_through(story(OUT, (100.9, 102.5, 101.2), (101.0, 101.5, 101.2)))(100.0, 101.0))


GOOD = Standing(score=85.0, bounces=3, purity=0.9, is_stale=False, has_senior=True)
CANDIDATE, ACTIVE, KEY, STALE = ZoneState.CANDIDATE, ZoneState.ACTIVE, ZoneState.KEY, ZoneState.STALE


@pytest.mark.parametrize(
    ("state", "change", "expected"),
    [
        (CANDIDATE, {"score": 60.0, "bounces": 2}, ACTIVE),
        (CANDIDATE, {"score": 60.0, "bounces": 1}, CANDIDATE),
        (CANDIDATE, {"score": 60.0, "purity": 0.65}, ACTIVE),
        (CANDIDATE, {"score": 60.0, "purity": 0.64}, CANDIDATE),
        (CANDIDATE, {"score": 49.9}, CANDIDATE),
        (CANDIDATE, {"score": 60.0, "is_stale": True}, STALE),
        (ACTIVE, {"score": 80.0}, KEY),
        (ACTIVE, {"score": 79.9}, ACTIVE),
        (ACTIVE, {"bounces": 2, "has_senior": True}, KEY),
        (ACTIVE, {"bounces": 3, "has_senior": False}, KEY),
        (ACTIVE, {"bounces": 2, "has_senior": False}, ACTIVE),
        (ACTIVE, {"score": 50.0}, ACTIVE),
        (ACTIVE, {"score": 49.9}, CANDIDATE),
        (ACTIVE, {"score": 60.0, "purity": 0.6}, ACTIVE),
        (ACTIVE, {"score": 60.0, "purity": 0.59}, CANDIDATE),
        (ACTIVE, {"is_stale": True}, STALE),
        (KEY, {"score": 75.0}, KEY),
        (KEY, {"score": 74.9}, ACTIVE),
        (KEY, {"score": 49.9}, CANDIDATE),
        (KEY, {"purity": 0.59}, CANDIDATE),
        (STALE, {"score": 60.0, "bounces": 2}, ACTIVE),
        (STALE, {"score": 60.0, "bounces": 1}, CANDIDATE),
    ],
)
def test_life_cycle_moves_as_told(state, change, expected):
    now = replace_standing(change)
    assert next_state(state, now, SETTINGS) is expected
    assert next_state(expected, now, SETTINGS) is expected


def replace_standing(change):
    return GOOD._replace(**change)


def rated(middle, strength=50.0, state=ACTIVE, number=1, width=0.2):
    zone = LiveZone(ZoneKind.SUPPORT, (middle - width / 2, middle + width / 2), 0, SETTINGS, FRAME)
    zone.state, zone.number, zone.strength = state, number, strength
    return zone


def chosen(zones, room):
    return chosen_of_row(Row(zones, room.bucket_zones), room)


def middles(picked):
    return sorted(round((each.low + each.high) / 2, 6) for each in picked)


def test_selector_of_two_too_near_keeps_the_stronger():
    room = Room(9, 2, 1.0, 0.4)
    assert middles(chosen([rated(100.0, 60.0), rated(100.3, 70.0)], room)) == [100.3]
    assert middles(chosen([rated(100.0, 60.0), rated(100.4, 70.0)], room)) == [100.0, 100.4]


def test_selector_prefers_state_to_strength():
    picked = chosen([rated(100.0, 60.0, KEY), rated(100.3, 99.0, CANDIDATE)], Room(9, 2, 1.0, 0.4))
    assert middles(picked) == [100.0]


def test_selector_allows_two_zones_within_one_bucket_and_no_third():
    crowd = [rated(100.0, 90.0), rated(100.45, 80.0), rated(100.9, 70.0)]
    assert middles(chosen(crowd, Room(9, 2, 1.0, 0.4))) == [100.0, 100.45]
    assert middles(chosen([*crowd[:2], rated(101.0, 70.0)], Room(9, 2, 1.0, 0.4))) == [100.0, 100.45, 101.0]
    assert middles(chosen(crowd, Room(9, 3, 1.0, 0.4))) == [100.0, 100.45, 100.9]


def test_selector_above_its_cap_keeps_those_that_stand_out_most():
    crowd = [rated(100.0 + 2 * number, 50.0 + number, number=number) for number in range(5)]
    assert middles(chosen(crowd, Room(3, 2, 1.0, 0.4))) == [104.0, 106.0, 108.0]
    crowd[0] = rated(100.0, 50.0, number=0)
    crowd[0].touch.touches = 5
    assert middles(chosen(crowd, Room(3, 2, 1.0, 0.4))) == [100.0, 106.0, 108.0]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 60), st.sampled_from((50.0, 60.0, 70.0)), st.sampled_from((KEY, ACTIVE, STALE))),
        max_size=20,
    ),
    st.sampled_from((Room(9, 2, 1.0, 0.4), Room(99, 1, 0.7, 0.3), Room(99, 3, 1.0, 0.0), Room(6, 2, 0.2, 0.5))),
)
def test_selector_takes_those_that_the_best_first_would_leave_room_for(spots, room):
    zones = [rated(100.0 + spot / 10, strength, state, number) for number, (spot, strength, state) in enumerate(spots)]
    row = Row(zones, room.bucket_zones)
    for share in (1.0, 1.01, 1.3, 0.6, 0.99):
        # The same row as volatility rises and falls.
        now = room._replace(bucket=room.bucket * share, spacing=room.spacing * share)
        assert chosen_of_row(row, now) == plainly_chosen(zones, now)


def test_selector_prominence_counts_state():
    plain, key = rated(100.0, 50.0, CANDIDATE), rated(100.0, 50.0, KEY)
    assert prominence(key) == pytest.approx(prominence(plain) + 0.2)
    assert prominence(rated(100.0, 50.0, ACTIVE)) == pytest.approx(prominence(plain) + 0.1)


def blended(score, bounces, breaks):
    share, points = blend_of(bounces, breaks)
    return share * score + points


def test_strength_is_the_score_without_touches_and_the_bounce_rate_after_many():
    assert blended(60.0, 0, 0) == 60.0
    assert blended(60.0, 4, 0) == pytest.approx(0.5 * 60.0 + 0.5 * 100.0 * 5 / 6)
    assert blended(60.0, 900, 100) == pytest.approx(90.0, abs=0.2)
    assert blended(60.0, 0, 8) < blended(60.0, 0, 2) < 60.0


def test_old_flips_fade_and_are_forgotten():
    zone = LiveZone(ZoneKind.SUPPORT, (100.0, 101.0), 0, SETTINGS, FRAME)
    plain = [zone.appraise(day * DAY_MS // 2, 1.0) for day in range(4)]
    zone.flipped_ms = 0
    faded = [zone.appraise(day * DAY_MS // 2, 1.0) for day in range(4)]
    shares = [one / other for one, other in zip(faded, plain, strict=True)]
    assert shares == pytest.approx([0.6, 0.8, 1.0, 1.0], abs=0.01)
    assert [zone.is_flipped(day * DAY_MS // 2) for day in range(4)] == [True, True, False, False]


def test_grades_and_classes_follow_the_score():
    zone = Zone("z", "X", Timeframe.H1, ZoneKind.SUPPORT, 1.0, 2.0, 0.0, 0, 0, 0, 0)
    scores = (80.0, 79.9, 70.0, 69.9, 60.0, 59.9, 50.0, 49.9, 40.0, 39.9)
    assert "".join(replace(zone, score=score).grade or "-" for score in scores) == "ABBCCDD---"
    classes = [replace(zone, score=score).strength_class for score in (80.0, 79.9, 60.0, 59.9, 40.0, 39.9)]
    assert classes == ["key", "strong", "strong", "normal", "normal", "weak"]
