"""Sweep-Return: what must signal, and each rule with a case that breaks it."""

from __future__ import annotations

import json
from dataclasses import replace
from math import fsum

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from futtui.domain.regime import Regime
from futtui.domain.side import Side
from futtui.domain.signal import System, Trigger, check_levels
from futtui.language.counting import counted
from futtui.strategies.sr.settings import SrConfidence, SrLevels, SrSweepReturnSettings
from futtui.strategies.sr.sweep_return import SrSweepReturn
from tests.strategies.crafted import STEP_MS, Tape, part, reasons, run, signals
from tests.strategies.sr.crafted import (
    SrSurroundings,
    mirrored_prices,
    prices,
    resistance,
    support,
    time_of,
    walk_tape,
)

QUIET = 26


def strategy(**changes) -> SrSweepReturn:
    return SrSweepReturn("TESTUSDT", SrSweepReturnSettings(**changes))


def around(**changes) -> SrSurroundings:
    return SrSurroundings(**{"zones": (support(),), **changes})


def quiet() -> Tape:
    """A quiet market above the zone from 100.8 to 101.2."""
    return Tape().quiet(QUIET, 101.5)


def dip(low: float = 100.4, close: float = 101.2, volume: float = 300.0) -> Tape:
    """One bar through the zone and back."""
    return quiet().bar(101.3, 101.5, low, close, volume)


def only(tape: Tape, surroundings: SrSurroundings | None = None, **changes):
    found = signals(run(strategy(**changes), tape, surroundings or around()))
    assert len(found) == 1
    return found[0]


def refused(tape: Tape, surroundings: SrSurroundings | None = None, **changes) -> str:
    """The last reason of a run that must not signal."""
    answers = run(strategy(**changes), tape, surroundings or around())
    assert not signals(answers)
    return reasons(answers)[-1]


def test_sweep_return_same_bar_dip_signals_long_at_its_close():
    signal = only(dip())
    assert (signal.system, signal.side, signal.trigger) == (System.SR, Side.LONG, Trigger.IMMEDIATE)
    assert (signal.levels.entry, signal.levels.stop) == (101.2, pytest.approx(100.15))
    assert signal.time_ms == time_of(QUIET) + STEP_MS
    assert signal.summary == "Price dipped below the support (1h), whose low is at 100.80, and came straight back."
    check_levels(signal.levels, 0.01)


def test_sweep_return_confidence_is_the_sum_of_its_parts():
    signal = only(dip())
    points = {each.name: each.points for each in signal.parts if each.points}
    assert points == pytest.approx(
        {"zone": 45 * 35 / 40, "setup": 20.0, "higher timeframes": 12.0, "VWAP": 5.0, "flow": 5.0, "regime": 8.0}
    )
    assert signal.base_score == fsum(each.points for each in signal.parts)


def test_sweep_return_mirrored_market_gives_the_mirrored_signal():
    long, short = only(dip()), only(dip().mirrored(), around().mirrored())
    assert (short.side, short.regime, short.time_ms) == (Side.SHORT, Regime.TREND_DOWN, long.time_ms)
    assert mirrored_prices(short) == pytest.approx(prices(long))
    assert [each.points for each in short.parts] == pytest.approx([each.points for each in long.parts])
    assert short.summary == "Price rose above the resistance (1h), whose high is at 99.20, and came straight back."


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(-12, 12), st.integers(0, 10), st.integers(0, 14)), min_size=3, max_size=20))
def test_sweep_return_any_market_upside_down_gives_every_decision_mirrored(steps):
    free = {"confidence": SrConfidence(confidence_min=0.0), "levels": SrLevels(max_cost_r=10.0, stop_max_pct=50.0)}
    tape, place = walk_tape(quiet(), steps), around()
    long = signals(run(strategy(**free), tape, place))
    short = signals(run(strategy(**free), tape.mirrored(), place.mirrored()))
    assert [each.time_ms for each in long] == [each.time_ms for each in short]
    for one, other in zip(long, short, strict=True):
        assert other.side is one.side.opposite
        assert mirrored_prices(other) == pytest.approx(prices(one))
        assert other.base_score == pytest.approx(one.base_score)


def test_sweep_return_of_a_resistance_gives_no_long_and_a_support_no_short():
    """Seen as a short at the resistance, price was above it for long before it came back."""
    place = around(zones=(resistance(),))
    assert "came back to a zone too late" in refused(dip(), place)
    assert "came back to a zone too late" in refused(dip().mirrored(), place.mirrored())


@pytest.mark.parametrize("bars_outside", [1, 2, 3])
def test_sweep_return_closes_below_are_forgiven_up_to_three(bars_outside: int):
    tape = quiet().bar(101.3, 101.5, 100.4, 100.7)
    for _ in range(bars_outside - 1):
        tape.bar(100.7, 100.75, 100.5, 100.7)
    signal = only(tape.bar(100.7, 101.3, 100.65, 101.25))
    assert f"back after {counted(bars_outside, 'bar')}" in part(signal, "setup").reason
    assert signal.levels.stop == pytest.approx(100.15)


def test_sweep_return_fourth_close_below_is_too_late():
    tape = quiet().bar(101.3, 101.5, 100.4, 100.7)
    for _ in range(3):
        tape.bar(100.7, 100.75, 100.5, 100.7)
    assert "came back to a zone too late" in refused(tape.bar(100.7, 101.3, 100.65, 101.25))


def test_sweep_return_waits_while_price_is_still_below():
    assert "waiting for it to come back" in refused(quiet().bar(101.3, 101.5, 100.4, 100.7))


def test_sweep_return_touch_without_a_dip_is_nothing():
    assert "no setup is under way" in refused(dip(low=100.8))


@pytest.mark.parametrize(("low", "words"), [(100.77, "0.05 is the least"), (99.9, "0.8 is the most")])
def test_sweep_return_dip_too_shallow_or_too_deep_is_refused(low: float, words: str):
    """V-8: there was no limit."""
    assert words in refused(dip(low=low))


def test_sweep_return_small_wick_is_refused_and_its_colour_does_not_matter():
    """V-4: the wick is measured against the trade, below the body of a falling bar as of a rising one."""
    assert "1.2 is the least" in refused(quiet().bar(101.5, 101.6, 100.6, 100.85))
    falling = only(quiet().bar(101.3, 101.5, 100.4, 101.1))
    rising = only(quiet().bar(101.1, 101.5, 100.4, 101.3))
    assert falling.levels.stop == rising.levels.stop
    assert part(falling, "setup").value == part(rising, "setup").value


def test_sweep_return_bar_without_a_body_is_measured():
    """V-7: a body of nothing was refused though such dips are the best."""
    signal = only(quiet().bar(101.2, 101.3, 100.4, 101.2, 300.0))
    assert "a wick 8.0 times the body" in part(signal, "setup").reason


def test_sweep_return_whole_dip_is_measured_as_one_bar():
    """The falling bar and the rising one have big bodies; together they are one long wick."""
    tape = quiet().bar(101.3, 101.4, 100.45, 100.5, 300.0).bar(100.5, 101.3, 100.4, 101.25, 300.0)
    assert part(only(tape), "setup").reason.startswith("grade A: a wick 8.5 times the body")


def test_sweep_return_zone_made_after_the_dip_does_not_count():
    place = around(zones=(support(created_ms=time_of(QUIET) + 1),))
    assert "not known before the dip" in refused(dip(), place)


@pytest.mark.parametrize(
    ("tape", "changes"),
    [
        (dip(volume=149.0), {}),
        (quiet().bar(101.5, 101.5, 100.4, 101.15, 300.0), {"grade_a_wick": 2.2}),
        (
            quiet()
            .bar(101.3, 101.4, 100.6, 100.7, 300.0)
            .bar(100.7, 100.75, 100.4, 100.7)
            .bar(100.7, 101.3, 100.6, 101.2),
            {},
        ),
    ],
)
def test_sweep_return_grade_a_needs_volume_a_long_wick_and_a_quick_return(tape: Tape, changes: dict):
    signal = only(tape, **changes)
    assert not part(signal, "setup").reason.startswith("grade A")
    assert part(signal, "setup").points < 20.0


def test_sweep_return_only_grade_a_may_stand_against_vwap():
    place = around(vwap=102.0)
    signal = only(dip(), place)
    assert part(signal, "VWAP").points == 0.0
    assert "wrong side of the daily VWAP" in refused(dip(volume=100.0), place)


def test_sweep_return_no_volume_before_is_unknown_and_no_grade_a():
    tape = Tape()
    for bar in dip().bars[:-1]:
        tape.bar(bar.open, bar.high, bar.low, bar.close, 0.0)
    signal = only(tape.bar(101.3, 101.5, 100.4, 101.2, 300.0))
    assert "usual volume is not available" in part(signal, "setup").reason


def test_sweep_return_least_volume_is_enforced_when_asked_for():
    assert "below 1.5 times the usual one" in refused(dip(volume=140.0), volume_min=1.5)
    assert only(dip(volume=150.0), volume_min=1.5)


def test_sweep_return_far_close_waits_and_a_very_far_one_is_skipped():
    waiting = only(quiet().bar(101.9, 102.2, 100.4, 102.0, 300.0))
    assert (waiting.trigger, waiting.levels.entry) == (Trigger.ARMED, pytest.approx(101.8))
    assert "run away" in refused(quiet().bar(102.9, 103.2, 100.4, 103.0, 300.0))


@pytest.mark.parametrize("regime", [Regime.SQUEEZE, Regime.CHOP, Regime.EXPANSION, Regime.UNKNOWN])
def test_sweep_return_only_trades_in_trends_and_ranges(regime: Regime):
    assert "4h regime" in refused(dip(), around(regime=regime))


@pytest.mark.parametrize(("regime", "points"), [(Regime.RANGE, 10.0), (Regime.TREND_UP, 8.0), (Regime.TREND_DOWN, 3.0)])
def test_sweep_return_range_suits_it_best(regime: Regime, points: float):
    assert part(only(dip(), around(regime=regime)), "regime").points == pytest.approx(points)


def test_sweep_return_weak_zone_and_low_confidence_are_refused():
    assert "no zone is strong enough" in refused(dip(), around(zones=(support(strength=59.0),)))
    weak = around(zones=(support(strength=60.0),), flow=None, vwap=None, long_average=None)
    assert "60 is the least" in refused(dip(), weak)


def test_sweep_return_one_dip_gives_one_signal_and_the_zone_rests():
    tape = dip().bar(101.2, 101.4, 100.5, 101.2, 300.0)
    answers = run(strategy(), tape, around())
    assert len(signals(answers)) == 1
    assert "this zone has just given one" in reasons(answers)[-1]
    for _ in range(4):
        tape.bar(101.5, 101.8, 101.3, 101.5)
    assert len(signals(run(strategy(), tape.bar(101.3, 101.5, 100.4, 101.2, 300.0), around()))) == 2


def test_sweep_return_strongest_zone_speaks():
    other = support(zone_id="other", strength=90.0, low=100.7)
    signal = only(dip(), around(zones=(support(), other)))
    assert part(signal, "zone").value == 90.0


def test_sweep_return_candles_of_the_future_change_nothing():
    whole = dip().bar(101.2, 105.0, 95.0, 96.0).bar(96.0, 97.0, 90.0, 91.0)
    seen, blind = strategy(), strategy()
    fired = 0
    for end in range(1, len(dip().bars) + 1):
        context = around().context(whole.bars[:end])
        ahead = replace(context, candle_source=lambda frame, count: whole.bars[-count:] if frame.code == "15m" else ())
        answer = blind.evaluate(context)
        assert seen.evaluate(ahead) == answer
        fired += bool(signals([answer]))
    assert fired == 1


@settings(max_examples=15, deadline=None)
@given(cut=st.integers(min_value=1, max_value=27))
def test_sweep_return_restored_state_continues_identically(cut: int):
    tape = dip().bar(101.2, 101.4, 100.5, 101.2, 300.0)
    whole = run(strategy(), tape, around())
    first, second = strategy(), strategy()
    for end in range(cut):
        first.evaluate(around().context(tape.bars[: end + 1]))
    second.restore(json.loads(json.dumps(first.state())))
    rest = [second.evaluate(around().context(tape.bars[: end + 1])) for end in range(cut, len(tape.bars))]
    assert rest == whole[cut:]
