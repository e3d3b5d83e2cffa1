"""Rules of zones that have no other home: confluence source by source, the rest of the life cycle, holes, flat bars."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from futtui.domain.candle import Candle
from futtui.domain.timeframe import DAY_MS, Timeframe
from futtui.domain.zone import ZoneKind, ZoneState
from futtui.indicators import Atr
from futtui.zones import ZoneBuilder, ZoneFrameSettings, ZoneSettings
from futtui.zones.confluence import Confluence, Moment
from futtui.zones.lifecycle import next_state
from futtui.zones.live_zone import LiveZone
from futtui.zones.score import freshness_part, noise_part, reaction_part
from tests.indicators.market import START_MS, made_candles, mirrored, real_candles, snap
from tests.zones.test_registry import built, lives
from tests.zones.test_stage_two import ACTIVE, CANDIDATE, GOOD, KEY, OUT, SETTINGS, STALE, gate, story

NEAR_ATR = 0.5
PLAIN = (64_110.0, 64_190.0)
"""No round number lies in it."""


def confluence(*, average: float | None = None, vwaps=(), seniors=(), borders=PLAIN) -> tuple[float, bool]:
    """What speaks for a zone when ATR is 100: "near" is within 50."""
    judge = Confluence(NEAR_ATR)
    for _ in range(800 if average is not None else 0):
        judge.update(average or 0.0)
    zone = LiveZone(ZoneKind.SUPPORT, borders, 0, ZoneSettings(), ZoneFrameSettings())
    judge.see(Moment(0, 100.0, seniors, vwaps))
    judge.appraise([zone])
    return zone.confluence, zone.has_senior


@pytest.mark.parametrize(
    ("found", "value"),
    [
        (confluence(), 0.0),
        (confluence(average=64_060.0), 0.2),
        (confluence(average=64_059.9), 0.0),
        (confluence(average=64_240.0), 0.2),
        (confluence(average=64_240.1), 0.0),
        (confluence(vwaps=[64_060.0]), 0.3),
        (confluence(vwaps=[64_059.0]), 0.0),
        (confluence(vwaps=[64_059.0, 64_150.0, 64_160.0]), 0.3),
        (confluence(seniors=[(64_190.0, 64_300.0)]), 0.5),
        (confluence(seniors=[(64_190.1, 64_300.0)]), 0.0),
        (confluence(borders=(59_950.0, 60_010.0)), 0.2),
        (confluence(average=64_150.0, vwaps=[64_150.0], seniors=[(64_000.0, 64_150.0)]), 1.0),
    ],
)
def test_confluence_counts_each_source_within_its_reach_and_not_beyond(found, value):
    assert found[0] == pytest.approx(value)
    assert found[1] is (value in (0.5, 1.0))


def test_average_that_is_not_available_is_no_confluence():
    judge = Confluence(NEAR_ATR)
    zone = LiveZone(ZoneKind.SUPPORT, PLAIN, 0, ZoneSettings(), ZoneFrameSettings())
    for number in range(800):
        judge.see(Moment(number, 100.0, (), ()))
        judge.appraise([zone])
        assert zone.confluence == 0.0, number
        judge.update(64_150.0)
    judge.see(Moment(800, 100.0, (), ()))
    judge.appraise([zone])
    assert zone.confluence == 0.2


@pytest.mark.parametrize(
    ("state", "change", "expected"),
    [
        (CANDIDATE, {}, KEY),
        (CANDIDATE, {"has_senior": False, "bounces": 2}, ACTIVE),
        (KEY, {"is_stale": True}, STALE),
        (KEY, {"has_senior": False, "bounces": 2}, ACTIVE),
        (STALE, {"is_stale": True}, STALE),
        (STALE, {}, KEY),
        (STALE, {"score": 49.0}, CANDIDATE),
    ],
)
def test_life_cycle_goes_every_other_way_too(state: ZoneState, change, expected: ZoneState):
    assert next_state(state, GOOD._replace(**change), SETTINGS) is expected


def test_purity_zone_whose_lows_form_one_crowd_is_not_split_but_dropped():
    lows = [100.0, 100.15, 100.3, 100.45, 100.6, 100.75, 100.9]
    assert gate(story(OUT, *[(low, 101.2, low + 0.03) for low in lows], *[(99.0, 101.5, 100.4)] * 30)) == []


def test_score_parts_at_the_end_that_gives_nothing():
    assert reaction_part([], 0, 3) == 0.0
    assert reaction_part([0.69], 1, 1) == 0.0
    assert reaction_part([0.7], 1, 1) > 0.0
    assert freshness_part(0, 7.0) == 1.0
    assert freshness_part(100 * DAY_MS, 7.0) < 1e-6
    assert noise_part(0, 0, 0, 0) == 0.0
    assert noise_part(0, 100, 6, 3) == 0.0
    assert noise_part(100, 100, 9, 1) == 1.0


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 1000), holes=st.lists(st.integers(1, 560), min_size=1, max_size=6))
def test_zones_of_candles_with_holes_and_flat_stretches_lie_where_price_was(seed, holes):
    candles = made_candles(600, seed=seed, noise=2.0)
    flat = {number for hole in holes for number in range(hole, hole + 30)}
    bars = [
        Candle(bar.open_time_ms, bar.open, bar.open, bar.open, bar.open, 0.0) if number in flat else bar
        for number, bar in enumerate(candles)
        if number not in holes
    ]
    low, high = min(bar.low for bar in bars), max(bar.high for bar in bars)
    for _, bar, registry in lives(bars):
        for zone in registry.zones():
            assert low * 0.98 <= zone.low < zone.high <= high * 1.02
            assert zone.created_ms <= bar.open_time_ms + Timeframe.D1.ms
            assert 0.0 <= zone.score <= 100.0
            assert zone.bounces <= zone.touches


def test_flat_market_has_no_zones():
    bars = [Candle(START_MS + number * 900_000, 5.0, 5.0, 5.0, 5.0, 1.0) for number in range(700)]
    builder, atr = ZoneBuilder("X", Timeframe.M15), Atr()
    for bar in bars:
        atr.update(bar)
        builder.on_candle(bar, atr.value)
        assert builder.zones == ()


def test_zones_of_real_candles_upside_down_are_mirrored():
    real = [
        replace(bar, open=snap(bar.open), high=snap(bar.high), low=snap(bar.low), close=snap(bar.close))
        for bar in real_candles("BTCUSDT", 100_000, 1_500)
    ]
    frame = ZoneFrameSettings(max_zones=100, spacing_atr=0.0, prune_days=100.0)
    wanted = ZoneSettings(m15=frame, min_width_pct=1e-6)
    total = 2.0**18

    def picture(zones, *, flip: bool):
        return sorted(
            (
                round(total - zone.high if flip else zone.low, 4),
                (zone.kind.opposite if flip else zone.kind).value,
                zone.touches,
                zone.bounces,
                zone.flipped,
            )
            for zone in zones
        )

    up, down = built(real, wanted).zones, built(mirrored(real, total), wanted).zones
    assert len(up) > 5
    assert picture(up, flip=False) == picture(down, flip=True)
