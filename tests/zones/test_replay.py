"""A past that is replayed at once leaves a zone exactly as one that was lived through bar by bar."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from futtui.domain.zone import ZoneKind
from futtui.indicators import Atr
from futtui.zones.live_zone import LiveZone
from futtui.zones.past import CUT_EVERY_BARS, KeptBars, Past
from futtui.zones.settings import ZoneFrameSettings, ZoneSettings
from tests.indicators.market import made_candles, real_candles
from tests.zones.reference import PlainEpisodes

SETTINGS = ZoneSettings()


def with_atr(candles):
    """Bars as the zones keep them: open time, low, high, close, ATR."""
    atr, found = Atr(), []
    for candle in candles:
        atr.update(candle)
        if atr.value:
            found.append((candle.open_time_ms, candle.low, candle.high, candle.close, atr.value))
    return found


def zone_of(low, high, kind, window):
    return LiveZone(kind, (low, high), 0, SETTINGS, ZoneFrameSettings(reaction_bars=window))


def told(touch):
    """All that a tracker remembers, exactly."""
    visit = touch.episode
    return (
        (touch.side, touch.touches, touch.bounces, touch.breaks, touch.last_touch_ms),
        list(touch.reactions),
        None
        if visit is None
        else (
            *(visit.side, visit.start_ms, visit.atr, visit.near_edge, visit.far_edge, visit.bars),
            *(visit.reaction_atr, visit.outcome.value if visit.outcome else "", visit.left),
        ),
    )


def all_told(zone):
    flips = zone.flips
    waiting = (flips._closes, flips._retest_age, flips._was_retested) if flips.pending_bars is not None else ()
    return (
        (zone.kind, zone.bars, zone.closes_inside, zone.idle_from_ms, zone.wakes_below, zone.wakes_above),
        (flips.pending_bars, *waiting),
        (zone.appraise(10**12, 0.2), zone.purity, zone.fame, told(zone.touch)),
    )


def lived(bars, low, high, kind, window):
    """The zone, fed bar by bar with every bar as the builder would."""
    zone = zone_of(low, high, kind, window)
    for bar in bars:
        zone.bars += 1
        if bar[1] <= zone.wakes_below or bar[2] >= zone.wakes_above:
            zone.update(bar, bar[0])
    return zone


def assert_alike(bars, low, high, kind, window, past):
    plain = PlainEpisodes(low, high, window, SETTINGS)
    for bar in bars:
        plain.take(bar)
    slow = lived(bars, low, high, kind, window)
    quick = zone_of(low, high, kind, window)
    quick.replay(past)
    assert told(quick.touch) == told(slow.touch) == plain.told()
    slow.flipped_ms = None
    assert all_told(quick) == all_told(slow)
    return quick


bars_in_steps = st.lists(
    st.tuples(st.integers(-8, 8), st.integers(0, 4), st.integers(0, 4), st.sampled_from([0.5, 1.0, 2.0, 4.0])),
    min_size=1,
    max_size=60,
)


@settings(max_examples=300, deadline=None)
@given(bars_in_steps, st.integers(-6, 6), st.integers(1, 5), st.sampled_from(list(ZoneKind)), st.integers(1, 8))
def test_replay_of_bars_that_leap_and_stand_equals_living_through_them(steps, low, width, kind, window):
    """Prices in quarter steps: closes on the very edges, leaps over the zone, days without a move."""
    bars, close = [], 100.0
    for number, (step, up, down, atr) in enumerate(steps):
        opened, close = close, close + step / 4.0
        bars.append((number, min(opened, close) - down / 4.0, max(opened, close) + up / 4.0, close, atr))
    bottom = 100.0 + low / 4.0
    assert_alike(bars, bottom, bottom + width / 4.0, kind, window, Past(bars))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 400), st.sampled_from([1, 5, 12]))
def test_replay_of_random_walks_equals_living_through_them(seed, first, window):
    bars = with_atr(made_candles(600, seed=seed))
    place = bars[len(bars) // 2]
    for kind in ZoneKind:
        past = Past(bars).since(bars[first][0])
        assert_alike(bars[first:], place[1], place[1] + 0.6 * place[4], kind, window, past)


def test_replay_of_real_candles_equals_living_through_them_and_sees_all_outcomes():
    bars = with_atr(real_candles(count=3_000))
    seen = [
        assert_alike(window, bar[3] - 0.3 * bar[4], bar[3] + 0.3 * bar[4], kind, 12, Past(window))
        for window in (bars[end - 480 : end] for end in range(600, len(bars), 300))
        for bar in window[::60]
        for kind in ZoneKind
    ]
    assert min(sum(zone.touch.bounces for zone in seen), sum(zone.touch.breaks for zone in seen)) > 500
    assert {zone.touch.episode is None for zone in seen} == {True, False}
    assert any(zone.flips.pending_bars is not None for zone in seen)


def test_kept_bars_answer_like_a_past_made_from_nothing_however_often_they_were_cut():
    bars = with_atr(made_candles(700, seed=5))
    kept, early = KeptBars(100), []
    for number, bar in enumerate(bars):
        kept.add(bar)
        start = max(0, number - 99)
        if number % 37 == 0 or 125 < number < 140 or 195 < number < 205:
            early.append((kept.since(bars[start][0]), bars[start : number + 1]))
    for past, expected in early:
        fresh = Past(expected)
        assert past.bars[past.first : past.end] == expected
        for mine, theirs in ((past.upward, fresh.upward), (past.downward, fresh.downward)):
            assert [column[past.first : past.end] for column in mine] == list(theirs)
        low, high = expected[-1][1], expected[-1][2]
        assert [column[past.first :] for column in past.reached(low, high)] == list(fresh.reached(low, high))
        for kind in ZoneKind:
            assert_alike(expected, low, high, kind, 3, past)


def test_kept_bars_hold_as_much_after_thousands_as_when_they_were_full():
    kept, held = KeptBars(100), []
    for number, bar in enumerate(with_atr(made_candles(1_500, seed=8))):
        kept.add(bar)
        held.append(len(kept.since(0) if number % 5 == 0 else kept.since(bar[0]).bars))
    assert max(held) <= 100 + CUT_EVERY_BARS
    assert min(held[100:]) >= 100


def test_kept_bars_without_any_are_an_empty_past():
    assert len(KeptBars(10).since(0)) == 0
