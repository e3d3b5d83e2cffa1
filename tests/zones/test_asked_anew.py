"""What is not worked out anew at a close is what it would be if it were: worth, records, places in the merged view."""

from __future__ import annotations

from dataclasses import replace

import pytest

from futtui.domain.timeframe import Timeframe
from futtui.domain.zone import Zone, ZoneKind
from futtui.indicators import Atr
from futtui.zones import ZoneBuilder, ZoneFrameSettings, ZoneRegistry, ZoneSettings
from futtui.zones.known_swings import KnownSwings
from futtui.zones.live_zone import LiveZone
from futtui.zones.swings import Swing
from tests.indicators.market import made_candles, real_candles
from tests.zones.test_registry import lives

HOUR_MS = 3_600_000


def forget_all(zone: LiveZone) -> None:
    """As if nobody had asked what the zone is worth or shows."""
    zone.steady_ms = zone._shown_ms = -1.0
    zone._is_told = False
    zone._record = zone.seniors = None


def sides(bars, settings):
    """At each close the zones of a builder that remembers and of one that works everything out anew."""
    asked, anew, atr, mean = (
        ZoneBuilder("X", Timeframe.M15, settings),
        ZoneBuilder("X", Timeframe.M15, settings),
        Atr(),
        0.0,
    )
    band: tuple[tuple[float, float], ...] = ()
    for number, bar in enumerate(bars):
        atr.update(bar)
        mean = mean + 0.05 * (bar.close - mean) if mean else bar.close
        if number % 40 == 0:
            band = ((bar.close * 0.999, bar.close * 1.001),)
        for builder in (asked, anew):
            for zone in builder._live if builder is anew else ():
                forget_all(zone)
            builder.on_candle(bar, atr.value, band, (mean, bar.open) if number % 5 else ())
        for zone in anew._live:
            forget_all(zone)
        yield asked.zones, anew.zones


@pytest.mark.parametrize(
    ("frame", "bars"),
    [
        (ZoneFrameSettings(), real_candles("ETHUSDT", 40_000, 1_000)),
        (
            ZoneFrameSettings(freshness_days=0.3, flip_days=0.4, max_zones=30, spacing_atr=0.1),
            made_candles(900, seed=4, noise=2.0),
        ),
        (ZoneFrameSettings(freshness_days=60.0, flip_days=9.0, expiry_days=40.0), made_candles(900, seed=8)),
        (ZoneFrameSettings(freshness_days=0.001), made_candles(700, seed=9)),
    ],
)
def test_zones_that_stay_as_they_are_equal_those_worked_out_anew(frame, bars):
    kept = shown = 0
    before: dict[str, Zone] = {}
    for asked, anew in sides(bars, ZoneSettings(m15=frame)):
        assert asked == anew
        kept += sum(before.get(zone.zone_id) is zone for zone in asked)
        shown += len(asked)
        before = {zone.zone_id: zone for zone in asked}
    assert 0 < kept < shown


def bounced(settings: ZoneSettings, frame: ZoneFrameSettings) -> LiveZone:
    """A zone with two bounces whose last touch was at hour 100."""
    zone = LiveZone(ZoneKind.SUPPORT, (100.0, 101.0), 0, settings, frame)
    zone.touch.touches = zone.touch.bounces = 2
    zone.touch.reactions = [1.2, 1.6]
    zone.touch.last_touch_ms, zone.bars = 100 * HOUR_MS, 300
    return zone


@pytest.mark.parametrize(("freshness_days", "inside"), [(0.2, 0), (3.0, 20), (30.0, 59), (7.0, 150)])
def test_worth_of_a_zone_holds_until_its_time_and_not_much_longer(freshness_days, inside):
    frame = ZoneFrameSettings(freshness_days=freshness_days)
    zone, changes = bounced(ZoneSettings(), frame), 0
    zone.closes_inside = inside
    now_ms = 101 * HOUR_MS
    zone.appraise(now_ms, 0.3)
    for _ in range(200):
        now_ms += 900_000
        zone.bars += 1
        fresh = bounced(ZoneSettings(), frame)
        fresh.closes_inside, fresh.bars = inside, zone.bars
        fresh.appraise(now_ms, 0.3)
        if now_ms < zone.steady_ms:
            assert (zone.score, zone.strength) == (fresh.score, fresh.strength)
        else:
            zone.appraise(now_ms, 0.3)
            changes += 1
    assert changes > 0
    # One with more than a fifth of closes inside changes with every bar.
    assert changes == 200 if inside == 150 else changes < 200


def test_record_says_what_a_touch_changed_at_once():
    zone, now_ms = bounced(ZoneSettings(), ZoneFrameSettings()), 101 * HOUR_MS
    zone.appraise(now_ms, 0.0)
    first = zone.record("X", Timeframe.M15, now_ms)
    assert zone.record("X", Timeframe.M15, now_ms) is first
    zone.touch.side = 1
    zone.update((now_ms, 100.5, 103.0, 100.8, 1.0), now_ms + 900_000)
    zone.bars += 1
    zone.appraise(now_ms + 900_000, 0.0)
    second = zone.record("X", Timeframe.M15, now_ms + 900_000)
    assert (second.touches, second.last_touch_ms) == (3, now_ms)
    assert second.purity == round(1.0 - 1.0 / 301.0, 2)
    assert second.parts is not None
    assert second.parts.freshness == 1.0


def test_record_says_how_far_a_bounce_went_even_where_the_score_stays_as_it_was():
    zone, now_ms, told = bounced(ZoneSettings(), ZoneFrameSettings()), 101 * HOUR_MS, []
    zone.touch.side = 1
    for low, high in ((100.9, 101.5), (101.1, 102.19), (101.1, 102.205)):
        zone.update((now_ms, low, high, 101.1, 1.0), now_ms)
        zone.appraise(now_ms, 0.0)
        told.append(zone.record("X", Timeframe.M15, now_ms))
    assert [(each.bounces, each.score) for each in told[1:]] == [(3, 46.5)] * 2
    assert [each.parts.reactions for each in told[1:] if each.parts] == [0.38, 0.39]


def test_merged_view_kept_from_close_to_close_equals_one_made_anew():
    for timeframe, _, registry in lives(made_candles(1_000, seed=12, noise=2.0)):
        if timeframe is Timeframe.M15:
            kept = registry.zones()
            other = ZoneRegistry("BTCUSDT")
            other.builders = registry.builders
            other._merged = None
            assert other.zones() == kept


def swing(price: float, bar: int, *, is_high: bool = True) -> Swing:
    return Swing(bar, bar + 2, price, is_high)


def test_known_swings_of_equal_prices_are_told_apart_and_forgotten_oldest_first():
    swings = [swing(5.0, 3), swing(5.0, 1), swing(5.0, 2), swing(4.0, 9), swing(5.0, 4, is_high=False)]
    known = KnownSwings()
    known.add(swings)
    assert [each.time_ms for each in known.highs] == [9, 1, 2, 3]
    assert [each.time_ms for each in known.between(5.0, 5.0)] == [1, 2, 3, 4]
    known.forget_before(3)
    assert [each.time_ms for each in known.highs] == [9, 3]
    assert known.all() == ([*known.lows, *known.highs], [5.0, 4.0, 5.0])
    assert known.runs(True, 0.5) == [[swings[3]], [swings[0]]]
    assert known.runs(True, 1.0) == [[swings[3], swings[0]]]
    assert known.are_all(known.highs)
    assert known.are_all(list(known.highs))
    assert not known.are_all([swings[0]])


def test_zone_worth_the_same_is_worth_something_else_once_a_senior_zone_lies_over_it():
    bars = made_candles(900, seed=5)
    builder, atr = ZoneBuilder("X", Timeframe.M15), Atr()
    for bar in bars:
        atr.update(bar)
        builder.on_candle(bar, atr.value)
    plain = {zone.zone_id: zone for zone in builder.zones}
    last = bars[-1]
    quiet = replace(last, open_time_ms=last.open_time_ms + 900_000, open=last.close, high=last.close, low=last.close)
    builder.on_candle(quiet, atr.value, ((last.close * 0.5, last.close * 2.0),))
    raised = [zone for zone in builder.zones if zone.zone_id in plain]
    assert raised
    assert all(zone.score > plain[zone.zone_id].score for zone in raised if not zone.flipped)
