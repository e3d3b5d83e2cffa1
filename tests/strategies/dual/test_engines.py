"""The two engines: both setups fire and mirror, each rule has a case that passes and one that breaks it."""

from __future__ import annotations

import json
from dataclasses import replace
from math import fsum

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from futtui.domain.regime import Regime
from futtui.domain.side import Side
from futtui.domain.signal import RawSignal, System, Trigger, check_levels
from futtui.domain.timeframe import Timeframe
from futtui.domain.zone import ZoneKind
from futtui.strategies.dual.engine import SignalEngineM15
from futtui.strategies.dual.settings import SetupSettings
from tests.strategies.crafted import part
from tests.strategies.dual.crafted import (
    ANY_CONFIDENCE,
    FREE,
    SWEEP,
    Chart,
    answer,
    engine,
    flip,
    quiet,
    reason,
    signal,
    sweep,
    zone,
)

M15, H1, H4, D1 = Timeframe.M15, Timeframe.H1, Timeframe.H4, Timeframe.D1
BOTH = pytest.mark.parametrize("timeframe", [M15, H1])
CHARTS = pytest.mark.parametrize("make", [flip, sweep])


@BOTH
@CHARTS
def test_dual_setup_fires_with_sound_levels_and_validity_in_bars_of_its_own(timeframe, make):
    found = signal(make(timeframe))
    assert (found.system, found.side, found.trigger) == (System.DUAL, Side.LONG, Trigger.IMMEDIATE)
    assert found.strategy == {M15: "dual_m15", H1: "dual_h1"}[timeframe]
    assert (found.valid_until_ms - found.time_ms) == {M15: 12 * 900_000, H1: 8 * 3_600_000}[timeframe]
    check_levels(found.levels, 0.01)
    assert found.base_score == pytest.approx(fsum(each.points for each in found.parts))
    assert 60.0 <= found.base_score <= 100.0
    assert found.summary.endswith("the trade goes up.")


@BOTH
@CHARTS
def test_dual_mirrored_chart_gives_the_mirrored_signal(timeframe, make):
    long, short = signal(make(timeframe)), signal(make(timeframe).mirrored())
    assert (short.side, short.time_ms, short.regime) == (Side.SHORT, long.time_ms, long.regime.mirrored)
    prices = [200 - price for price in (short.levels.entry, short.levels.stop, *short.levels.targets)]
    assert prices == pytest.approx([long.levels.entry, long.levels.stop, *long.levels.targets])
    assert [each.points for each in short.parts] == pytest.approx([each.points for each in long.parts])


@BOTH
def test_dual_stop_lies_behind_zone_and_touch_by_the_push_of_the_engine(timeframe):
    push = {M15: 0.25, H1: 0.30}[timeframe]
    assert signal(flip(timeframe)).levels.stop == pytest.approx(98.0 - push)
    assert signal(sweep(timeframe)).levels.stop == pytest.approx(97.5 - push)


# --- flip-retest -----------------------------------------------------------------------------------------------------


def changed(chart: Chart, number: int, **values: float) -> Chart:
    """The chart with one bar changed, counted from its end."""
    names = ("open", "high", "low", "close", "volume")
    shapes = list(chart.shapes)
    shapes[number] = tuple(values.get(name, old) for name, old in zip(names, shapes[number], strict=True))
    return replace(chart, shapes=tuple(shapes))


NOTHING = "no zone was retested or swept at this close"


@BOTH
@pytest.mark.parametrize("mirror", [False, True])
@pytest.mark.parametrize(
    "spoil",
    [
        lambda chart: replace(chart, zones=(replace(chart.zones[0], flipped=False),)),
        lambda chart: replace(chart, zones=(replace(chart.zones[0], kind=ZoneKind.RESISTANCE),)),
        lambda chart: replace(chart, shapes=chart.shapes[:-3]).then(*quiet(2), (99.4, 100.2, 99.3, 100.1, 100.0)),
        lambda chart: changed(chart, -2, low=97.0, close=97.1),
        lambda chart: changed(chart, -1, high=99.2, close=99.1),
        lambda chart: changed(chart, -1, open=99.55, high=99.6),
        lambda chart: chart.then((99.5, 99.9, 99.45, 99.8, 100.0)),
        lambda chart: replace(
            chart, shapes=tuple((o, h, min(low, 99.1) if o == 100 else low, c, v) for o, h, low, c, v in chart.shapes)
        ),
    ],
    ids=["not broken", "other kind", "no touch", "closed through", "weak", "falling bar", "one bar late", "never left"],
)
def test_dual_flip_without_one_of_its_steps_is_none(timeframe, mirror, spoil):
    chart = spoil(flip(timeframe))
    assert reason(chart.mirrored() if mirror else chart) == NOTHING


@BOTH
def test_dual_flip_reaction_counts_within_its_bars_only(timeframe):
    most = {M15: 12, H1: 8}[timeframe]

    early = replace(flip(timeframe), shapes=flip(timeframe).shapes[:-2])

    def waited(bars: int) -> Chart:
        """A touch, this many bars that do nothing, then the reaction."""
        holding = ((99.4, 99.5, 99.35, 99.4, 100.0),) * (bars - 1)
        return early.then((99.2, 99.3, 98.7, 98.9, 100.0), *holding, (99.35, 99.6, 99.3, 99.5, 100.0))

    strong = SetupSettings(reaction_atr=0.75, reaction_bars=most)
    assert isinstance(answer(waited(most), setups=strong), RawSignal)
    assert reason(waited(most + 1), setups=strong) == NOTHING


@BOTH
def test_dual_flip_too_long_ago_is_none(timeframe):
    chart = flip(timeframe)
    assert isinstance(answer(chart, setups=SetupSettings(flip_max_bars=6)), RawSignal)
    assert reason(chart, setups=SetupSettings(flip_max_bars=5)) == NOTHING


@BOTH
def test_dual_flip_far_from_the_zone_is_refused(timeframe):
    far = changed(flip(timeframe), -1, high=100.3, close=100.2)
    assert "price is already 1.2 ATR away from the zone" in reason(far)


def below_for(bars: int):
    """A sweep that closes below the zone for some bars before price is back."""
    lower = ((97.8, 98.0, 97.7, 97.9, 90.0),) * (bars - 1)
    return ((98.6, 98.7, 97.6, 97.8, 300.0), *lower, (97.9, 98.8, 97.8, 98.6, 90.0))


# --- sweep-return ----------------------------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("mirror", [False, True])
@pytest.mark.parametrize(
    ("shapes", "fires"),
    [
        (SWEEP, True),
        (((98.7, 98.9, 97.5, 98.7, 300.0),), True),
        (((98.6, 98.9, 97.97, 98.8, 300.0),), False),
        (((98.6, 98.9, 97.1, 98.8, 300.0),), False),
        (((98.6, 98.9, 97.5, 97.9, 300.0),), False),
        (((99.6, 99.7, 97.5, 98.2, 300.0),), False),
        (((98.6, 98.7, 97.6, 97.8, 300.0), (97.8, 98.9, 97.7, 98.7, 200.0)), True),
        (below_for(3), True),
        (below_for(4), False),
    ],
    ids=["plain", "doji", "shallow", "deep", "not back", "big body", "next bar", "third bar", "too late"],
)
def test_dual_sweep_table(timeframe, mirror, shapes, fires):
    chart = sweep(timeframe, shapes)
    found = answer(chart.mirrored() if mirror else chart, confidence=ANY_CONFIDENCE)
    assert isinstance(found, RawSignal) is fires
    if not fires:
        assert found.reason == NOTHING


def test_dual_sweep_of_grade_a_needs_wick_volume_and_a_quick_return():
    def grade(shapes) -> bool:
        return part(signal(sweep(M15, shapes), confidence=ANY_CONFIDENCE), "setup").reason.startswith("grade A")

    assert grade(SWEEP)
    assert not grade(((98.6, 98.9, 97.5, 98.8, 140.0),))
    assert not grade(((98.3, 98.9, 97.5, 98.8, 300.0),))
    assert not grade(below_for(3))


# --- gates -----------------------------------------------------------------------------------------------------------


@BOTH
def test_dual_weak_zone_is_refused(timeframe):
    weak = replace(sweep(timeframe), zones=(zone(98.0, 99.0, timeframe=timeframe, strength=49.0),))
    assert "the strength of the zone is 49; 50 is the least" in reason(weak)


def test_dual_zones_of_other_timeframes_are_not_traded():
    assert isinstance(answer(replace(sweep(M15), zones=(zone(98.0, 99.0, timeframe=H1),))), RawSignal)
    assert reason(replace(sweep(M15), zones=(zone(98.0, 99.0, timeframe=H4),))) == NOTHING
    assert reason(replace(sweep(H1), zones=(zone(98.0, 99.0, timeframe=M15),))) == NOTHING


@pytest.mark.parametrize("mirror", [False, True])
def test_dual_m15_demands_the_vwap_but_not_from_a_sweep_of_grade_a(mirror):
    wrong = replace(flip(M15), vwap=100.0)
    wrong_sweep = replace(sweep(M15, ((98.6, 98.9, 97.5, 98.8, 140.0),)), vwap=100.0)
    top_sweep = replace(sweep(M15), vwap=100.0)
    neutral = replace(flip(M15), vwap=99.7)
    unknown = replace(flip(M15), vwap=None)
    charts = [each.mirrored() if mirror else each for each in (wrong, wrong_sweep, top_sweep, neutral, unknown)]
    for chart in charts[:2]:
        assert "price is on the wrong side of the daily VWAP" in reason(chart, confidence=ANY_CONFIDENCE)
    for chart in charts[2:]:
        assert isinstance(answer(chart, confidence=ANY_CONFIDENCE), RawSignal)
    assert not part(signal(charts[4]), "VWAP").valid


def test_dual_h1_takes_the_vwap_as_it_comes_and_a_higher_zone_makes_up_for_it():
    wrong = replace(flip(H1), vwap=101.0)
    assert part(signal(wrong), "VWAP").points == 0.0
    assert "wrong side of the daily VWAP" in reason(wrong, vwap_required=True)
    helped = replace(wrong, zones=(*wrong.zones, zone(97.5, 98.5, timeframe=H4)))
    assert isinstance(answer(helped, vwap_required=True), RawSignal)


@pytest.mark.parametrize("mirror", [False, True])
def test_dual_wall_blocks_m15_and_costs_h1_points(mirror):
    def walled(timeframe: Timeframe, gap: float) -> Chart:
        chart = flip(timeframe)
        wall = zone(99.5 + gap, 99.9 + gap, ZoneKind.RESISTANCE, H4)
        chart = replace(chart, zones=(*chart.zones, wall))
        return chart.mirrored() if mirror else chart

    near = replace(FREE, target_1_min_r=0.1)
    assert "the next opposite zone of 4h or 1d is 1.1 ATR away; 1.2 is the least" in reason(walled(M15, 1.1))
    assert isinstance(answer(walled(M15, 1.5), levels=near), RawSignal)
    blocked, free = (signal(walled(H1, gap), levels=near, confidence=ANY_CONFIDENCE) for gap in (0.9, 5.0))
    assert part(blocked, "room to the next zone").points == -20.0
    assert blocked.base_score == pytest.approx(free.base_score - 20.0)


def test_dual_zone_inside_an_opposite_one_of_1h_needs_more_proof():
    opposite = zone(98.0, 98.9, ZoneKind.RESISTANCE, H1)
    small = zone(98.6, 99.45, ZoneKind.RESISTANCE, H1)
    one_close = flip(M15)
    near = replace(FREE, target_1_min_r=0.01)
    lacking = replace(one_close, zones=(*one_close.zones, opposite))
    assert "lies inside an opposite one of 1h, and only one close is beyond the zone" in reason(lacking, levels=near)
    assert isinstance(answer(lacking, levels=near, inside_opposite=False), RawSignal)
    beside = replace(FREE, target_1_min_r=0.0001)
    assert isinstance(answer(replace(one_close, zones=(*one_close.zones, small)), levels=beside), RawSignal)
    strong = changed(changed(lacking, -2, low=98.3), -1, high=99.9, close=99.5)
    assert isinstance(answer(strong, levels=near), RawSignal)
    unproven = replace(sweep(M15, ((98.6, 98.9, 97.5, 98.8, 140.0),)), vwap=98.9)
    unproven = replace(unproven, zones=(*unproven.zones, opposite))
    assert "not on the right side of the daily VWAP" in reason(unproven, levels=near, confidence=ANY_CONFIDENCE)
    short_wick = replace(sweep(M15, ((98.3, 98.9, 97.5, 98.8, 300.0),)), zones=unproven.zones)
    assert "the wick of the sweep is too short" in reason(short_wick, levels=near, confidence=ANY_CONFIDENCE)


@BOTH
@pytest.mark.parametrize("mirror", [False, True])
def test_dual_targets_are_the_nearest_opposite_zones(timeframe, mirror):
    """EN-4: a short's second target was the farthest zone."""
    chart = flip(timeframe)
    risk = signal(chart).levels.risk
    near, second, third = (99.5 + risk * reward for reward in (0.9, 2.5, 3.5))
    zones = [zone(price, price + 0.2, ZoneKind.RESISTANCE, H4) for price in (third, near, second)]
    chart = replace(chart, zones=(*chart.zones, *zones))
    found = signal(chart.mirrored() if mirror else chart, wall_atr=0.0).levels
    assert [found.reward_r(index) for index in range(3)] == pytest.approx([0.9, 2.5, 3.5])
    plain = signal(flip(timeframe)).levels
    assert [plain.reward_r(index) for index in range(3)] == pytest.approx([1.0, 2.0, 3.0])


@BOTH
def test_dual_opposite_zone_without_room_is_refused(timeframe):
    chart = flip(timeframe)
    risk = signal(chart).levels.risk
    wall = zone(99.5 + 0.7 * risk, 102.0, ZoneKind.RESISTANCE, H4)
    text = reason(replace(chart, zones=(*chart.zones, wall)), wall_atr=0.0)
    assert "the next opposite zone is 0.7 R away; 0.8 R is the least" in text


@BOTH
def test_dual_stop_limits_and_costs(timeframe):
    wide = replace(flip(timeframe), zones=(replace(flip(timeframe).zones[0], low=96.5),))
    assert "ATR away; 2.5 is the most" in reason(wide)
    assert "of the price away" not in reason(wide)
    assert "costs would eat the gain" in reason(
        flip(timeframe), levels=replace(FREE, round_trip_cost_pct=1.0, stop_max_pct=50.0)
    )
    assert "% away; 1 % is the most" in reason(flip(timeframe), levels=replace(FREE, stop_max_pct=1.0))
    near = replace(sweep(timeframe, ((98.05, 98.2, 97.88, 98.15, 300.0),)), vwap=98.0)
    assert signal(near, confidence=ANY_CONFIDENCE, levels=replace(FREE, stop_push_atr=0.0)).levels.risk == (
        pytest.approx(0.8)
    )


@BOTH
def test_dual_unknown_inputs_refuse_or_give_no_points(timeframe):
    assert "the 4h regime is not known yet" in reason(replace(flip(timeframe), regime=Regime.UNKNOWN))
    assert "ATR is not available" in reason(replace(flip(timeframe), atr=None))
    short = replace(flip(timeframe), shapes=flip(timeframe).shapes[-40:])
    assert "waiting for" in reason(short)
    blind = signal(replace(flip(timeframe), average=None, flow=None, vwap=None))
    for name in ("higher timeframes", "money flow", "VWAP"):
        assert (part(blind, name).valid, part(blind, name).points) == (False, 0.0)


@BOTH
def test_dual_confidence_uses_the_strength_of_the_zone_and_has_a_floor(timeframe):
    """EN-6: strength was not part of the confidence."""
    strong, weaker = (
        signal(replace(flip(timeframe), zones=(replace(flip(timeframe).zones[0], strength=strength),)))
        for strength in (80.0, 60.0)
    )
    assert strong.base_score - weaker.base_score == pytest.approx(45.0 * 0.25)
    poor = replace(flip(timeframe), regime=Regime.CHOP, average=120.0, vwap=99.6, flow=-0.2)
    poor = replace(poor, zones=(replace(poor.zones[0], strength=50.0),))
    assert "its confidence is 4" in reason(poor)


# --- memory ----------------------------------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("bars", [2, 3, 4, 5, 7, 8, 11, 12])
def test_dual_cooldown_by_side_and_lock_by_zone_run_in_bars(timeframe, bars):
    cooldown, lock = {M15: (4, 12), H1: (3, 8)}[timeframe]
    chart = sweep(timeframe)
    again = chart.then(*quiet(bars - 1), *SWEEP)
    other = replace(again, zones=(zone(98.0, 99.05, timeframe=timeframe),))
    for later, needed in ((again, max(lock, cooldown)), (other, cooldown)):
        one = engine(timeframe)
        assert isinstance(one.evaluate(chart.context()), RawSignal)
        second = one.evaluate(later.context())
        assert isinstance(second, RawSignal) is (bars >= needed)
        if bars < needed:
            assert f"{bars} bars ago" in second.reason


def long_chart() -> Chart:
    """Sweeps again and again, up and down."""
    up = (101.4, 102.5, 101.1, 101.2, 300.0)
    shapes = (*SWEEP, *quiet(5), up, *quiet(9), *SWEEP, *quiet(3), up, *quiet(6), *SWEEP)
    home = (zone(98.0, 99.0, timeframe=M15), zone(101.0, 102.0, ZoneKind.RESISTANCE, M15))
    return replace(sweep(M15, shapes), zones=home, vwap=100.0)


def answers(chart: Chart, one: SignalEngineM15, first: int, last: int):
    return [one.evaluate(chart.context(count)) for count in range(first, last + 1)]


@settings(max_examples=30, deadline=None)
@given(cut=st.integers(0, 30))
def test_dual_truncated_future_and_restored_memory_change_nothing(cut):
    chart = long_chart()
    first, last = 70, len(chart.shapes)
    whole = answers(chart, engine(M15), first, last)
    assert sum(isinstance(each, RawSignal) for each in whole) >= 4
    shorter = replace(chart, shapes=chart.shapes[: last - cut])
    one = engine(M15)
    assert answers(shorter, one, first, last - cut) == whole[: len(whole) - cut]
    other = engine(M15)
    other.restore(json.loads(json.dumps(one.state())))
    assert answers(chart, other, last - cut + 1, last) == whole[len(whole) - cut :]


def test_dual_best_of_several_setups_is_proposed():
    chart = sweep(H1)
    weak = zone(97.9, 98.95, timeframe=H1, strength=55.0)
    found = signal(replace(chart, zones=(weak, *chart.zones)))
    assert part(found, "zone").value == 80.0


def test_dual_inputs_hash_names_the_inputs():
    assert signal(flip(M15)).inputs_hash == signal(flip(M15)).inputs_hash
    assert signal(flip(M15)).inputs_hash != signal(flip(M15), cooldown_bars=5).inputs_hash
