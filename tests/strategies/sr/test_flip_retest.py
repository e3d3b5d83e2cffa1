"""Flip-Retest: what must signal, and each rule with a case that breaks it."""

from __future__ import annotations

import json
from dataclasses import replace
from math import fsum

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from futtui.domain.regime import Bias, Regime
from futtui.domain.side import Side
from futtui.domain.signal import System, Trigger, check_levels
from futtui.domain.timeframe import Timeframe
from futtui.strategies.sr.flip_retest import SrFlipRetest
from futtui.strategies.sr.settings import SrConfidence, SrFlipRetestSettings, SrGates, SrLevels
from tests.strategies.crafted import STEP_MS, Tape, part, reasons, run, signals
from tests.strategies.sr.crafted import (
    SrSurroundings,
    barrier,
    mirrored_prices,
    prices,
    resistance,
    support,
    time_of,
    walk_tape,
)


def strategy(**changes) -> SrFlipRetest:
    return SrFlipRetest("TESTUSDT", SrFlipRetestSettings(**changes))


def around(*more, **changes) -> SrSurroundings:
    return SrSurroundings(zones=(resistance(), *more), **changes)


QUIET = 20


def broken(close: float = 101.7) -> Tape:
    """A quiet market below the zone, and a close 0.5 ATR above it."""
    return Tape().quiet(QUIET).bar(100, max(101.8, close), 99.9, close)


def confirmed() -> Tape:
    return broken().bar(101.7, 101.95, 101.5, 101.8).bar(101.8, 101.85, 101.5, 101.6)


def touched(low: float = 101.3) -> Tape:
    return confirmed().bar(101.6, 101.65, low, 101.4)


def good() -> Tape:
    """The newest bar takes back the one that touched the zone; its close is 0.48 ATR above the zone."""
    return touched().bar(101.4, 101.75, 101.35, 101.68)


def only(tape: Tape, surroundings: SrSurroundings | None = None, **changes):
    found = signals(run(strategy(**changes), tape, surroundings or around()))
    assert len(found) == 1
    return found[0]


def refused(tape: Tape, surroundings: SrSurroundings | None = None, **changes) -> str:
    """All reasons of a run that must not signal."""
    answers = run(strategy(**changes), tape, surroundings or around())
    assert not signals(answers)
    return "\n".join(reasons(answers))


def test_flip_retest_complete_setup_signals_long_at_the_turning_close():
    answers = run(strategy(), good(), around())
    signal = signals(answers[-1:])[0]
    assert len(signals(answers)) == 1
    assert (signal.system, signal.side, signal.trigger) == (System.SR, Side.LONG, Trigger.IMMEDIATE)
    assert signal.levels.entry == 101.68
    assert signal.summary == "The resistance at 101.20 (1h) was broken and now holds as support."
    check_levels(signal.levels, 0.01)


def test_flip_retest_confidence_is_the_sum_of_its_parts():
    signal = only(good())
    points = {each.name: each.points for each in signal.parts}
    assert points == pytest.approx(
        {
            "zone": 45 * 35 / 40,
            "setup": 10.0,
            "higher timeframes": 12.0,
            "VWAP": 5.0,
            "flow": 5.0,
            "regime": 10.0,
            "room": 0.0,
            "zone behind": 0.0,
            "stop": 0.0,
            "entry timing": 0.0,
        }
    )
    assert signal.base_score == fsum(each.points for each in signal.parts)


def test_flip_retest_mirrored_market_gives_the_mirrored_signal():
    long, short = only(good()), only(good().mirrored(), around().mirrored())
    assert (short.side, short.regime, short.time_ms) == (Side.SHORT, Regime.TREND_DOWN, long.time_ms)
    assert mirrored_prices(short) == pytest.approx(prices(long))
    assert [each.points for each in short.parts] == pytest.approx([each.points for each in long.parts])
    assert short.summary == "The support at 98.80 (1h) was broken and now holds as resistance."


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(-12, 12), st.integers(0, 8), st.integers(0, 8)), min_size=4, max_size=25))
def test_flip_retest_any_market_upside_down_gives_every_decision_mirrored(steps):
    free = {"confidence": SrConfidence(confidence_min=0.0), "levels": SrLevels(max_cost_r=10.0, stop_max_pct=50.0)}
    tape, place = walk_tape(confirmed(), steps), around()
    long = signals(run(strategy(**free), tape, place))
    short = signals(run(strategy(**free), tape.mirrored(), place.mirrored()))
    assert [each.time_ms for each in long] == [each.time_ms for each in short]
    for one, other in zip(long, short, strict=True):
        assert other.side is one.side.opposite
        assert mirrored_prices(other) == pytest.approx(prices(one))
        assert other.base_score == pytest.approx(one.base_score)


def test_flip_retest_of_a_support_gives_no_long_and_a_resistance_no_short():
    """V-1: the role before the break decides."""
    place = SrSurroundings(zones=(support(),))
    assert "no setup is under way" in refused(good(), place)
    assert "no setup is under way" in refused(good().mirrored(), place.mirrored())


def test_flip_retest_zone_that_was_renamed_meanwhile_still_counts_and_scores_more():
    """V-2: the builder calls a broken resistance a support; the setup must not lose it."""
    renamed = only(good(), SrSurroundings(zones=(support(flipped=True, flipped_ms=time_of(QUIET + 3)),)))
    assert prices(renamed) == pytest.approx(prices(only(good())))
    assert part(renamed, "setup").points == part(only(good()), "setup").points + 5.0


def test_flip_retest_zone_that_was_renamed_long_ago_is_an_old_support():
    place = SrSurroundings(zones=(support(flipped=True, flipped_ms=time_of(2)),))
    assert "no setup is under way" in refused(good(), place)


def test_flip_retest_close_just_above_the_zone_is_no_break():
    tape = Tape().quiet(QUIET).bar(100, 101.8, 99.9, 101.45)
    for _ in range(2):
        tape.bar(101.45, 101.95, 101.4, 101.46)
    tape.bar(101.46, 101.48, 101.2, 101.3).bar(101.3, 101.6, 101.25, 101.49)
    assert "no setup is under way" in refused(tape)


def test_flip_retest_second_close_back_inside_is_no_confirmation():
    tape = broken().bar(101.7, 101.95, 101.5, 101.8).bar(101.8, 101.85, 101.0, 101.1)
    tape.bar(101.4, 101.45, 101.2, 101.3).bar(101.3, 101.6, 101.25, 101.45)
    assert "a break failed" in refused(tape)


def test_flip_retest_touch_while_the_break_is_being_confirmed_is_no_retest():
    tape = broken().bar(101.6, 101.65, 101.3, 101.4).bar(101.4, 101.75, 101.35, 101.68)
    assert "waiting for closes that confirm" in refused(tape)


def test_flip_retest_without_leaving_there_is_no_retest():
    tape = Tape().quiet(QUIET).bar(100, 101.55, 99.9, 101.5)
    tape.bar(101.5, 101.6, 101.4, 101.5).bar(101.5, 101.6, 101.4, 101.5)
    tape.bar(101.6, 101.65, 101.3, 101.4).bar(101.4, 101.69, 101.35, 101.68)
    assert "waiting for price to leave" in refused(tape)


def test_flip_retest_without_a_touch_nothing_happens():
    tape = confirmed().bar(101.6, 101.65, 101.5, 101.55).bar(101.55, 101.75, 101.5, 101.68)
    assert "waiting for price to leave it and come back" in refused(tape)


def test_flip_retest_weak_bar_after_the_touch_is_no_trigger():
    assert "waiting for a bar that turns" in refused(touched().bar(101.4, 101.55, 101.35, 101.5))


def test_flip_retest_trigger_too_long_after_the_touch_is_too_late():
    tape = touched()
    for _ in range(3):
        tape.bar(101.55, 101.6, 101.5, 101.52)
    tape.bar(101.52, 101.7, 101.5, 101.69)
    assert "but nothing followed" in refused(tape)


def test_flip_retest_break_too_long_ago_is_dropped():
    tape = confirmed()
    for _ in range(11):
        tape.bar(101.6, 101.7, 101.5, 101.6)
    tape.bar(101.6, 101.65, 101.3, 101.4).bar(101.4, 101.75, 101.35, 101.68)
    assert "no retest came in time" in refused(tape)


@pytest.mark.parametrize("close", [100.6, 100.75])
def test_flip_retest_close_behind_the_zone_or_deep_inside_cancels(close: float):
    tape = touched().bar(101.4, 101.45, 100.5, close).bar(100.8, 101.75, 100.75, 101.5)
    answers = run(strategy(), tape, around())
    assert not signals(answers)
    assert any("a break failed" in reason for reason in reasons(answers))


def test_flip_retest_close_above_the_whole_way_back_is_a_trigger_too():
    """V-5: the turn is measured from the retest, not from the break."""
    tape = touched().bar(101.4, 101.5, 101.35, 101.45).bar(101.45, 102.0, 101.4, 101.95)
    signal = only(tape)
    assert "closed above the way back" in part(signal, "setup").reason
    assert signal.trigger is Trigger.ARMED


def test_flip_retest_far_close_waits_at_half_an_atr_from_the_edge():
    signal = only(touched().bar(101.4, 102.0, 101.35, 101.95))
    assert (signal.trigger, signal.levels.entry) == (Trigger.ARMED, pytest.approx(101.7))
    assert signal.valid_until_ms == signal.time_ms + 4 * STEP_MS
    assert "waits up to 4 bars" in part(signal, "entry timing").reason


def test_flip_retest_very_far_close_has_run_away():
    assert "run away" in refused(touched().bar(101.4, 103.5, 101.35, 103.4))


@pytest.mark.parametrize(
    ("regime", "words"),
    [
        (Regime.SQUEEZE, "the 4h regime is SQUEEZE"),
        (Regime.CHOP, "the 4h regime is CHOP"),
        (Regime.EXPANSION, "the 4h regime is EXPANSION"),
        (Regime.UNKNOWN, "not known yet"),
    ],
)
def test_flip_retest_only_trades_in_trends_and_ranges(regime: Regime, words: str):
    assert words in refused(good(), around(regime=regime))


@pytest.mark.parametrize("regime", [Regime.TREND_UP, Regime.RANGE])
def test_flip_retest_trades_in_trend_and_range(regime: Regime):
    assert part(only(good(), around(regime=regime)), "regime").reason == f"the 4h regime is {regime.value}"


def test_flip_retest_trend_against_the_trade_gives_fewer_points():
    against = only(good(), around(regime=Regime.TREND_DOWN, bias=Bias.NEUTRAL))
    assert part(against, "regime").points == pytest.approx(2.0)


def test_flip_retest_wrong_side_of_vwap_is_refused_and_the_slack_is_not():
    assert "wrong side of the daily VWAP" in refused(good(), around(vwap=101.74))
    signal = only(good(), around(vwap=101.72))
    assert part(signal, "VWAP").points == 0.0
    assert only(good(), around(vwap=103.0), gates=SrGates(use_vwap=False)).levels.entry == 101.68


def test_flip_retest_missing_vwap_and_flow_give_no_points_and_no_refusal():
    signal = only(good(), around(vwap=None, flow=None))
    for name in ("VWAP", "flow"):
        assert (part(signal, name).valid, part(signal, name).points) == (False, 0.0)
    assert signal.base_score == pytest.approx(only(good()).base_score - 10.0)


def test_flip_retest_weak_zone_is_not_looked_at():
    place = SrSurroundings(zones=(resistance(strength=59.0),))
    assert "no zone is strong enough" in refused(good(), place)


def test_flip_retest_zone_strength_goes_before_its_score_and_moves_the_confidence():
    signal = only(good(), SrSurroundings(zones=(resistance(strength=100.0),)))
    assert part(signal, "zone").points == 45.0


def test_flip_retest_confidence_too_low_is_refused():
    place = SrSurroundings(zones=(resistance(strength=60.0),), flow=None, vwap=None, long_average=None)
    assert "the confidence is 42; 60 is the least" in refused(good(), place)


@pytest.mark.parametrize(("percentile", "push"), [(0.0, 0.25), (40.0, 0.35), (100.0, 0.5), (None, 0.5)])
def test_flip_retest_stop_lies_behind_the_zone_farther_in_a_wild_market(percentile, push: float):
    assert only(good(), around(width_percentile=percentile)).levels.stop == pytest.approx(100.8 - push)


def test_flip_retest_stop_that_would_be_too_near_is_moved_away():
    levels = only(good(), SrSurroundings(zones=(resistance(low=101.18),))).levels
    assert levels.risk == pytest.approx(0.8)


def test_flip_retest_stop_behind_a_wide_zone_is_refused():
    assert "3 is the most" in refused(good(), SrSurroundings(zones=(resistance(low=98.5),)))


def test_flip_retest_costs_that_eat_the_risk_are_refused():
    levels = SrLevels(round_trip_cost_pct=0.5)
    assert "fees and slippage" in refused(good(), levels=levels)


def test_flip_retest_stop_too_far_in_percent_is_refused():
    assert "% is the most" in refused(good(), levels=SrLevels(stop_max_pct=1.0))


def test_flip_retest_opposite_zone_just_ahead_leaves_no_room():
    assert "0.8 R is the least" in refused(good(), around(barrier(102.0)))


def test_flip_retest_entry_inside_an_opposite_zone_is_refused():
    assert "inside an opposite zone on 1h" in refused(good(), around(barrier(101.5)))


def test_flip_retest_weak_opposite_zone_is_no_obstacle():
    assert part(only(good(), around(barrier(102.0, strength=49.0))), "room").value is None


def test_flip_retest_targets_are_the_next_opposite_zones_in_reach():
    free = only(good()).levels
    assert [free.reward_r(place) for place in range(3)] == pytest.approx([1.0, 2.0, 3.0])
    first, second = (free.entry + free.risk * reward for reward in (1.2, 2.7))
    signal = only(good(), around(barrier(first), barrier(second)))
    assert signal.levels.targets == pytest.approx((first, second, second + free.risk))
    assert part(signal, "room").value == pytest.approx(1.2)


def test_flip_retest_zone_behind_is_told():
    behind = replace(support(), zone_id="behind", low=99.0, high=99.4)
    assert "1h zone (strength 75)" in part(only(good(), around(behind)), "zone behind").reason


def test_flip_retest_one_break_gives_one_signal():
    tape = good().bar(101.68, 101.7, 101.3, 101.45).bar(101.45, 101.75, 101.35, 101.7)
    answers = run(strategy(), tape, around())
    assert len(signals(answers)) == 1
    assert "this zone has just given one" in reasons(answers)[-1]


def test_flip_retest_low_timeframe_zone_is_not_used_by_a_higher_entry_timeframe():
    place = SrSurroundings(zones=(resistance(timeframe=Timeframe.M15),))
    assert only(good(), place).timeframe is Timeframe.M15


def test_flip_retest_also_works_on_1h_bars():
    """The same chart in 1h bars, at a moment when a 1h bar closes."""
    bars = [replace(bar, open_time_ms=time_of(0) + place * Timeframe.H1.ms) for place, bar in enumerate(good().bars)]
    context = around().context(bars)
    time_ms = bars[-1].open_time_ms + Timeframe.H1.ms
    hour = replace(
        context.frames[Timeframe.M15], timeframe=Timeframe.H1, close_time_ms=time_ms, ema_200=90.0, close=101.68
    )
    four = replace(context.frames[Timeframe.H4], close_time_ms=time_ms)
    context = replace(
        context,
        time_ms=time_ms,
        frames={Timeframe.H1: hour, Timeframe.H4: four},
        candle_source=lambda frame, count: bars[-count:] if frame is Timeframe.H1 else (),
    )
    signal = strategy().evaluate(context)
    assert (signal.timeframe, signal.levels.entry) == (Timeframe.H1, 101.68)
    assert "no 15m bar has just closed" in strategy(entry_frames="15m").evaluate(context).reason


def test_flip_retest_candles_of_the_future_change_nothing():
    whole = good().bar(101.68, 105.0, 95.0, 96.0).bar(96.0, 97.0, 90.0, 91.0)
    seen, blind = strategy(), strategy()
    fired = 0
    for end in range(1, len(good().bars) + 1):
        context = around().context(whole.bars[:end])
        ahead = replace(context, candle_source=lambda frame, count: whole.bars[-count:] if frame.code == "15m" else ())
        answer = blind.evaluate(context)
        assert seen.evaluate(ahead) == answer
        fired += bool(signals([answer]))
    assert fired == 1


@settings(max_examples=15, deadline=None)
@given(cut=st.integers(min_value=1, max_value=26))
def test_flip_retest_restored_state_continues_identically(cut: int):
    tape = good().bar(101.68, 101.7, 101.3, 101.45).bar(101.45, 101.75, 101.35, 101.7)
    whole = run(strategy(), tape, around())
    first, second = strategy(), strategy()
    for end in range(cut):
        first.evaluate(around().context(tape.bars[: end + 1]))
    second.restore(json.loads(json.dumps(first.state())))
    rest = [second.evaluate(around().context(tape.bars[: end + 1])) for end in range(cut, len(tape.bars))]
    assert rest == whole[cut:]
    first.reset()
    assert first.state() == strategy().state()


def test_flip_retest_missing_candles_or_atr_are_refused_in_words():
    assert "ATR is not available" in refused(good(), around(atr=None))
    assert "waiting for 15 candles of 15m, 10 are here" in refused(Tape().quiet(10))


def test_flip_retest_switched_off_says_so():
    assert not strategy(enabled=False).enabled
    assert strategy().enabled
