"""Zones from bar to bar: stable, bounded, blind to the future, alike for up and down."""

from __future__ import annotations

import gc
import pickle
from collections import defaultdict
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from futtui.domain.candle import Candle
from futtui.domain.errors import InvalidInputError
from futtui.domain.timeframe import Timeframe
from futtui.domain.zone import ZoneKind
from futtui.indicators import Atr
from futtui.zones import ZoneBuilder, ZoneFrameSettings, ZoneRegistry, ZoneSettings
from futtui.zones.live_zone import LiveZone, overlap_share
from tests.indicators.market import grouped, made_candles, mirrored, real_candles

FRAMES = (Timeframe.D1, Timeframe.H4, Timeframe.H1, Timeframe.M15)


def closes(candles):
    """All closes of all timeframes in the order an analyzer processes them: by time, seniors first."""
    found = []
    for timeframe in FRAMES:
        bars = candles if timeframe is Timeframe.M15 else grouped(candles, timeframe)
        last_ms = candles[-1].open_time_ms + Timeframe.M15.ms
        found += [(timeframe.end_ms(bar.open_time_ms), -timeframe.ms, timeframe, bar) for bar in bars]
        found = [close for close in found if close[0] <= last_ms]
    return [(timeframe, bar) for _, _, timeframe, bar in sorted(found, key=lambda close: close[:2])]


def lives(candles, symbol="BTCUSDT"):
    """The registry after each close."""
    registry = ZoneRegistry(symbol)
    atr = {timeframe: Atr() for timeframe in FRAMES}
    for timeframe, bar in closes(candles):
        atr[timeframe].update(bar)
        registry.on_candle(timeframe, bar, atr[timeframe].value)
        yield timeframe, bar, registry


def built(candles, settings=None, symbol="BTCUSDT", timeframe=Timeframe.M15):
    builder, atr = ZoneBuilder(symbol, timeframe, settings), Atr()
    for bar in candles:
        atr.update(bar)
        builder.on_candle(bar, atr.value)
    return builder


@pytest.fixture(scope="module")
def real_life():
    """Zones after each 15-minute close of 60 days of real candles."""
    candles = list(real_candles(count=6_000))
    return [(bar, registry.zones()) for timeframe, bar, registry in lives(candles) if timeframe is Timeframe.M15]


def test_registry_on_real_candles_finds_zones_of_every_fast_frame_around_price(real_life):
    later = real_life[2_000:]
    assert sum(bool(zones) for _, zones in later) > 0.99 * len(later)
    seen = {zone.timeframe for _, zones in later for zone in zones}
    assert {Timeframe.M15, Timeframe.H1, Timeframe.H4} <= seen
    near = sum(any(zone.gap_pct(bar.close) < 2.0 for zone in zones) for bar, zones in later)
    assert near > 0.9 * len(later)


def test_registry_zones_are_sorted_sane_and_unique(real_life):
    for bar, zones in real_life[::50]:
        assert list(zones) == sorted(zones, key=lambda zone: zone.middle)
        assert len({zone.zone_id for zone in zones}) == len(zones)
        for zone in zones:
            assert 0 < zone.low < zone.high
            assert 0.0 <= zone.score <= 100.0
            assert zone.bounces <= zone.touches
            assert zone.created_ms <= bar.open_time_ms + Timeframe.M15.ms
            assert zone.last_touch_ms <= bar.open_time_ms + Timeframe.M15.ms


def test_registry_zone_ids_keep_their_place_and_timeframe(real_life):
    """An id names one place: between two closes its borders move by less than its width, its frame never changes."""
    before, limits = {}, ZoneSettings()
    for bar, zones in real_life:
        now = {zone.zone_id: zone for zone in zones}
        for zone_id in now.keys() & before.keys():
            old, new = before[zone_id], now[zone_id]
            assert new.timeframe is old.timeframe
            assert new.created_ms == old.created_ms
            assert overlap_share(old.low, old.high, new.low, new.high) >= 0.5
            # Only when a zone outlives the lookback are older touches left behind.
            age_ms = bar.open_time_ms + Timeframe.M15.ms - old.created_ms
            assert new.touches >= old.touches or age_ms >= limits.frame(old.timeframe).lookback_bars * old.timeframe.ms
        before = now


def test_registry_zones_live_long_enough_to_trade(real_life):
    closes_seen = defaultdict(int)
    for _, zones in real_life:
        for zone in zones:
            closes_seen[zone.zone_id] += 1
    assert sorted(closes_seen.values())[len(closes_seen) // 2] >= 8


def test_registry_zones_of_real_candles_flip_and_say_so(real_life):
    kinds = defaultdict(set)
    for _, zones in real_life:
        for zone in zones:
            kinds[zone.zone_id].add((zone.kind, zone.flipped_ms is not None))
    both = [states for states in kinds.values() if {kind for kind, _ in states} == set(ZoneKind)]
    assert both
    for states in both:
        assert any(flipped for _, flipped in states)


def test_registry_absorbs_a_zone_into_one_of_the_same_kind_on_a_higher_frame(real_life):
    for _, zones in real_life[::50]:
        for zone in zones:
            for other in zones:
                if other.timeframe.ms > zone.timeframe.ms and other.kind is zone.kind:
                    assert overlap_share(zone.low, zone.high, other.low, other.high) < 0.4


def test_registry_rebuilds_a_timeframe_only_on_its_own_close():
    before = {}
    for timeframe, _, registry in lives(made_candles(3_000, seed=8, noise=3.0)):
        now = {frame: builder.zones for frame, builder in registry.builders.items()}
        for frame in FRAMES:
            if frame is not timeframe and before:
                assert now[frame] is before[frame]
        before = now


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 1000), cut=st.integers(150, 550))
def test_zones_of_the_past_do_not_depend_on_the_future(seed, cut):
    candles = made_candles(600, seed=seed)
    other = candles[:cut] + made_candles(600 - cut, seed=seed + 1, start_ms=candles[cut].open_time_ms)
    first = [registry.zones() for _, _, registry in lives(candles[:cut])]
    second = [registry.zones() for _, _, registry in lives(other)]
    assert second[: len(first)] == first


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1000))
def test_zones_of_a_mirrored_market_are_mirrored(seed):
    frame = ZoneFrameSettings(max_zones=100, spacing_atr=0.0, prune_days=100.0)
    settings_ = ZoneSettings(m15=frame, min_width_pct=1e-6)
    candles = made_candles(500, seed=seed, start=2.0**15)
    up = built(candles, settings_).zones
    down = built(mirrored(candles, 2.0**16), settings_).zones

    def picture(zones, flip):
        shown = []
        for zone in zones:
            low, high = (2.0**16 - zone.high, 2.0**16 - zone.low) if flip else (zone.low, zone.high)
            kind = zone.kind.opposite if flip else zone.kind
            shown.append((round(low, 6), round(high, 6), kind.value, zone.touches, zone.bounces, zone.flipped))
        return sorted(shown)

    assert len(up) > 3
    assert picture(up, flip=False) == picture(down, flip=True)


@pytest.mark.parametrize("seed", range(3))
def test_builder_keeps_its_cap_spacing_and_width(seed):
    candles = made_candles(900, seed=seed, noise=2.0)
    builder, atr = ZoneBuilder("ETHUSDT", Timeframe.M15), Atr()
    for bar in candles:
        atr.update(bar)
        builder.on_candle(bar, atr.value)
        middles = [zone.middle for zone in builder.zones]
        assert len(middles) <= 15
        if atr.value is not None:
            gaps = [after - before for before, after in pairwise(middles)]
            assert all(gap >= 0.4 * atr.value - 1e-9 for gap in gaps)
    assert builder.zones


def test_zone_is_shown_no_earlier_than_the_close_that_confirmed_its_swings():
    for timeframe, bar, registry in lives(made_candles(800, seed=9)):
        now_ms = timeframe.end_ms(bar.open_time_ms)
        assert all(zone.created_ms <= now_ms for zone in registry.zones())


@pytest.mark.parametrize("atr", [None, 0.0])
def test_builder_without_an_atr_builds_nothing_and_recovers(atr):
    builder = ZoneBuilder("BTCUSDT", Timeframe.M15)
    candles = made_candles(300)
    for bar in candles[:250]:
        builder.on_candle(bar, atr)
    assert builder.zones == ()
    for bar in candles[250:]:
        builder.on_candle(bar, 1.5)
    assert builder.zones


def test_builder_in_a_straight_market_has_no_zones():
    candles = [Candle(i * 900_000, 100.0 + i, 101.5 + i, 99.5 + i, 101.0 + i, 5.0) for i in range(300)]
    assert built(candles).zones == ()


def test_registry_can_be_packed_whatever_it_shows():
    """The memory of an analyzer is kept that way; with no zone, with one and with several."""
    candles = [Candle(i * 900_000, 100.0 + i, 101.5 + i, 99.5 + i, 101.0 + i, 5.0) for i in range(60)]
    counts = set()
    for _, _, registry in lives([*candles, *made_candles(400, seed=3, start_ms=60 * 900_000)]):
        shown = registry.zones()
        if len(shown) not in counts:
            counts.add(len(shown))
            assert pickle.loads(pickle.dumps(registry)).zones() == shown
    assert {0, 1, 2} <= counts


def test_builder_lets_untouched_zones_go():
    candles = made_candles(500, seed=3)
    start, last = candles[-1].close, candles[-1].open_time_ms
    leave = [
        Candle(last + (i + 1) * 900_000, start + 9 * i, start + 9 * i + 10, start + 9 * i - 1, start + 9 * i + 9, 5.0)
        for i in range(500)
    ]
    old = {zone.zone_id for zone in built(candles).zones}
    assert old
    assert old.isdisjoint(zone.zone_id for zone in built(candles + leave).zones)


def test_zone_ids_of_prices_near_zero_do_not_collide():
    candles = [
        replace(bar, open=bar.open * 1e-9, high=bar.high * 1e-9, low=bar.low * 1e-9, close=bar.close * 1e-9)
        for bar in made_candles(600, seed=2)
    ]
    zones = built(candles, symbol="1000PEPEUSDT").zones
    assert len({zone.zone_id for zone in zones}) == len(zones) > 3
    assert all(zone.zone_id.startswith("1000PEPE-15m-") for zone in zones)


def test_zone_ids_name_symbol_frame_kind_and_number():
    builder = built(grouped(made_candles(4_000, seed=1), Timeframe.H1), timeframe=Timeframe.H1)
    for zone in builder.zones:
        base, frame, kind, number = zone.zone_id.split("-")
        assert (base, frame) == ("BTC", "1h")
        assert kind in "SR"
        assert number.partition(".")[0].isdigit()


def test_registry_refuses_frames_without_zones_and_old_candles():
    registry = ZoneRegistry("BTCUSDT")
    bar = made_candles(1)[0]
    with pytest.raises(InvalidInputError, match="no zones on 5m"):
        registry.on_candle(Timeframe.M5, bar, 1.0)
    registry.on_candle(Timeframe.M15, bar, 1.0)
    with pytest.raises(InvalidInputError, match="in order of time"):
        registry.on_candle(Timeframe.M15, bar, 1.0)


def test_zone_settings_with_a_least_width_above_the_largest_are_refused():
    with pytest.raises(InvalidInputError, match="min_width_atr"):
        ZoneFrameSettings(min_width_atr=2.0, max_width_atr=1.0)


def test_registry_without_candles_has_no_zones():
    assert ZoneRegistry("BTCUSDT").zones() == ()


@pytest.mark.parametrize("seed", [3, 4])
def test_zones_asked_for_at_every_close_equal_those_asked_for_once(seed):
    """Zones are scored when asked for; asking must change nothing, down to the last part."""
    candles = made_candles(1_500, seed=seed)
    for _, _, asked in lives(candles):
        asked.zones()
    *_, (_, _, batch) = lives(candles)
    assert asked.zones() == batch.zones()
    assert batch.zones()


@pytest.mark.parametrize("scale", [1e-6, 1e4])
def test_zones_of_scaled_prices_are_scaled(scale):
    candles = list(real_candles(count=2_000))
    scaled = [
        replace(bar, open=bar.open * scale, high=bar.high * scale, low=bar.low * scale, close=bar.close * scale)
        for bar in candles
    ]

    def picture(zones, unit):
        return [
            (zone.kind, zone.touches, zone.bounces, zone.flipped_ms, zone.state, zone.low / unit, zone.score)
            for zone in zones
        ]

    def end(bars):
        *_, (_, _, registry) = lives(bars)
        return registry.zones()

    plain, other = picture(end(candles), 1.0), picture(end(scaled), scale)
    assert [zone[:5] for zone in plain] == [zone[:5] for zone in other]
    assert [zone[5] for zone in plain] == pytest.approx([zone[5] for zone in other], rel=1e-9)
    assert [zone[6] for zone in plain] == pytest.approx([zone[6] for zone in other], abs=0.11)
    assert len(plain) > 5


def test_zones_do_not_depend_on_where_the_history_starts():
    """After 2,000 bars, four lookbacks, nothing is left of an earlier start: the same zones with the same ids."""
    candles = list(real_candles(symbol="DOGEUSDT", count=5_000))
    atr, early, late = Atr(), ZoneBuilder("DOGEUSDT", Timeframe.M15), ZoneBuilder("DOGEUSDT", Timeframe.M15)
    compared = 0
    for number, bar in enumerate(candles):
        atr.update(bar)
        early.on_candle(bar, atr.value)
        if number >= 1_000:
            late.on_candle(bar, atr.value)
        if number >= 3_000:
            assert [(zone.zone_id, zone.kind) for zone in early.zones] == [
                (zone.zone_id, zone.kind) for zone in late.zones
            ]
            assert [zone.low for zone in early.zones] == pytest.approx([zone.low for zone in late.zones], rel=1e-9)
            compared += len(early.zones)
    assert compared > 10_000


def test_vwap_at_a_zone_adds_to_its_score():
    candles = made_candles(700, seed=5)
    plain = built(candles).zones[0]
    builder, atr = ZoneBuilder("BTCUSDT", Timeframe.M15), Atr()
    for bar in candles:
        atr.update(bar)
        builder.on_candle(bar, atr.value, vwaps=[plain.middle] if bar is candles[-1] else [])
    (raised,) = [zone for zone in builder.zones if zone.zone_id == plain.zone_id]
    assert raised.parts.confluence == pytest.approx(min(1.0, plain.parts.confluence + 0.3))
    far = built(candles)
    assert [zone.score for zone in far.zones if zone.zone_id == plain.zone_id] == [plain.score]


def test_place_of_a_zone_that_has_gone_stays_empty_for_the_cooldown():
    def born_after_worn_out(cooldown):
        frame = ZoneFrameSettings(cooldown_bars=cooldown)
        builder, atr = ZoneBuilder("BTCUSDT", Timeframe.M15, ZoneSettings(m15=frame)), Atr()
        waits, gone, known = [], [], {}
        for number, bar in enumerate(real_candles(count=2_500)):
            atr.update(bar)
            builder.on_candle(bar, atr.value)
            now = {zone.zone_id: (zone.low, zone.high) for zone in builder._live}
            for zone_id in now.keys() - known.keys():
                waits += [number - when for band, when in gone if band[0] <= sum(now[zone_id]) / 2 <= band[1]]
            gone += [(known[zone_id], number) for zone_id in known.keys() - now.keys()]
            known = now
        return min(waits)

    assert born_after_worn_out(0) < 30
    assert born_after_worn_out(30) >= 30


def test_registry_gives_merged_zones_the_names_of_those_they_absorbed(real_life):
    merged = [zone for _, zones in real_life[::50] for zone in zones if zone.merged]
    assert merged
    for zone in merged:
        assert all(name.split("-")[1] != zone.timeframe.code for name in zone.merged)


def test_registry_share_of_flipped_zones_is_moderate(real_life):
    shown = [zone for _, zones in real_life[2_000:] for zone in zones]
    assert 0.05 < sum(zone.flipped for zone in shown) / len(shown) < 0.45
    assert all(zone.flipped_ms is not None for zone in shown if zone.flipped)


def test_zones_that_are_gone_leave_no_circles_for_the_collector():
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        builder = built(made_candles(900, seed=11, noise=2.0))
        assert builder.zones
        del builder
        gc.collect()
        left = [each for each in gc.garbage if isinstance(each, LiveZone)]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()
    assert left == []
