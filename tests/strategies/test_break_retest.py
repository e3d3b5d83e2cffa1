"""Break Retest: what must signal, what must not, and each defect of the past as a test of its own."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from futtui.domain.regime import Bias, Regime
from futtui.domain.side import Side
from futtui.domain.signal import Trigger, check_levels
from futtui.domain.zone import ZoneKind
from futtui.strategies.break_retest import BreakRetest
from futtui.strategies.break_retest_setup import BreakRetestSettings
from tests.strategies.crafted import STEP_MS, Surroundings, Tape, part, reasons, run, signals, zone


def strategy(**changes) -> BreakRetest:
    return BreakRetest("TESTUSDT", BreakRetestSettings(**changes))


def base() -> Tape:
    """Quiet market with one turning point above at 101 and one below at 99.4."""
    return Tape().quiet(25).bar(100, 100.3, 99.4, 100).quiet(9).bar(100, 101, 99.8, 100.1).quiet(8)


def broken(volume: float = 300.0) -> Tape:
    """A close 0.6 ATR beyond the turning point, then 1.2 ATR away."""
    return base().bar(100, 101.7, 99.9, 101.6, volume).bar(101.6, 102.2, 101.5, 102.0)


def away(tape: Tape, count: int) -> Tape:
    """Bars that stay above the level without touching it."""
    for _ in range(count):
        tape.bar(102.0, 102.2, 101.7, 102.0)
    return tape


def retest(tape: Tape, low: float = 100.9) -> Tape:
    """A bar that comes back to the level and is pushed up again."""
    return tape.bar(101.4, 101.65, low, 101.6)


def good() -> Tape:
    return retest(away(broken(), 2))


def test_break_retest_complete_setup_signals_long_at_the_retest_close():
    answers = run(strategy(), good())
    assert len(signals(answers)) == 1
    signal = signals(answers[-1:])[0]
    assert (signal.side, signal.trigger, signal.levels.entry) == (Side.LONG, Trigger.IMMEDIATE, 101.6)
    assert signal.summary == "Price broke 101.00, came back to it and was pushed up again."
    assert signal.base_score == pytest.approx(sum(each.points for each in signal.parts))
    check_levels(signal.levels, 0.01)


def test_break_retest_mirrored_market_gives_the_mirrored_signal():
    long = signals(run(strategy(), good()))[0]
    short = signals(run(strategy(), good().mirrored(), Surroundings().mirrored()))[0]
    assert (short.side, short.regime, short.time_ms) == (Side.SHORT, Regime.TREND_DOWN, long.time_ms)
    flipped = [200 - price for price in (short.levels.entry, short.levels.stop, *short.levels.targets)]
    assert flipped == pytest.approx([long.levels.entry, long.levels.stop, *long.levels.targets])
    assert [each.points for each in short.parts] == pytest.approx([each.points for each in long.parts])


def test_break_retest_two_broken_levels_takes_the_newest_one():
    """BR-1: the oldest break used to win. Here one bar touches both levels."""
    tape = broken().bar(102.0, 102.6, 101.8, 102.1)
    for _ in range(4):
        tape.bar(102.0, 102.2, 101.7, 102.0)
    tape.bar(102.0, 103.0, 101.9, 102.95, 400).bar(102.95, 103.4, 102.9, 103.3)
    tape.bar(103.3, 103.4, 103.0, 103.1).bar(103.1, 103.2, 102.9, 103.0)
    tape.bar(102.8, 102.95, 101.2, 102.9)
    found = signals(run(strategy(), tape))
    assert len(found) == 1
    assert "Price broke 102.60," in found[0].summary


def test_break_retest_close_back_inside_cancels_for_good():
    """BR-2: price fell back inside and returned; that is no retest."""
    tape = away(broken(), 1).bar(101.9, 102.0, 100.3, 100.5).bar(100.5, 101.9, 100.4, 101.8)
    answers = run(strategy(), retest(tape))
    assert not signals(answers)
    assert any("closed back inside" in reason for reason in reasons(answers))


def test_break_retest_break_bar_itself_is_no_retest():
    """BR-3: a break bar with a long lower wick came from below; nothing was left behind yet."""
    tape = base().bar(101.3, 101.7, 100.2, 101.65, 300).bar(101.4, 101.65, 100.9, 101.6)
    assert not signals(run(strategy(), tape))


@pytest.mark.parametrize("bars_between", [0, 1])
def test_break_retest_touch_before_the_third_bar_does_not_count(bars_between: int):
    tape = retest(away(broken(), bars_between - 1 if bars_between else 0))
    assert len(tape.bars) - len(base().bars) - 1 < 3
    assert not signals(run(strategy(), tape))


@pytest.mark.parametrize(("bars_between", "expected"), [(1, 1), (18, 1), (19, 0)])
def test_break_retest_retest_counts_from_bar_3_to_bar_20(bars_between: int, expected: int):
    answers = run(strategy(level_lookback_bars=60), retest(away(broken(), bars_between)))
    assert len(signals(answers)) == expected
    if not expected:
        assert any("no retest in time" in reason for reason in reasons(answers))


def test_break_retest_without_leaving_never_signals():
    tape = base().bar(100, 101.4, 99.9, 101.3, 300)
    for _ in range(6):
        tape.bar(101.3, 101.45, 101.0, 101.35)
    assert not signals(run(strategy(), retest(tape)))


def test_break_retest_short_in_a_downtrend_with_bearish_bias_is_allowed():
    """BR-4: shorts in trends were blocked."""
    around = Surroundings(regime=Regime.TREND_DOWN, bias=Bias.BEARISH, long_average=110.0)
    assert signals(run(strategy(), good().mirrored(), around))[0].side is Side.SHORT


@pytest.mark.parametrize("mirrored", [False, True])
def test_break_retest_opposing_bias_refuses_both_sides(mirrored: bool):
    tape, around = good(), Surroundings(bias=Bias.BEARISH)
    if mirrored:
        tape, around = tape.mirrored(), around.mirrored()
    answers = run(strategy(), tape, around)
    assert not signals(answers)
    assert "bias stands against it" in reasons(answers)[-1]


@pytest.mark.parametrize("change", [{"with_1h": False}, {"long_average": None}])
def test_break_retest_missing_higher_frame_is_no_bonus_and_no_block(change: dict):
    """BR-5: a missing frame is shown as not available and gives no points."""
    complete, partial = (signals(run(strategy(), good(), Surroundings(**each)))[0] for each in ({}, change))
    missing = part(partial, "higher timeframes")
    assert (missing.valid, missing.points) == (False, 0.0)
    assert partial.base_score == pytest.approx(complete.base_score - 1.0)


@pytest.mark.parametrize("low", [100.95, 100.9, 100.75, 100.4])
def test_break_retest_stop_lies_behind_the_retest_low(low: float):
    """BR-7: the stop was 1 ATR away whatever the retest did. BR-6 needs no test: no VWAP takes part."""
    levels = signals(run(strategy(), retest(away(broken(), 2), low)))[0].levels
    assert levels.stop <= low - 0.2 + 1e-9
    assert 0.8 <= levels.risk <= 3.0


@pytest.mark.parametrize("regime", [Regime.RANGE, Regime.TREND_UP, Regime.EXPANSION])
@pytest.mark.parametrize(("rsi", "points", "valid"), [(30.0, 0.0, True), (55.0, 0.5, True), (None, 0.0, False)])
def test_break_retest_rsi_points_must_be_earned_in_every_regime(regime, rsi, points, valid):
    """BR-8: outside a trend RSI counted as passed."""
    around = Surroundings(regime=regime, bias=Bias.NEUTRAL, rsi=rsi)
    found = part(signals(run(strategy(), good(), around))[0], "RSI")
    assert (found.points, found.valid) == (points, valid)


def test_break_retest_structure_points_must_be_earned_in_every_regime():
    """BR-8: one turning point of a kind is no structure; a lower high after a higher one is none for a long."""
    around = Surroundings(regime=Regime.RANGE, bias=Bias.NEUTRAL)
    quick = retest(away(broken(), 1))
    assert not part(signals(run(strategy(), quick, around))[0], "structure").valid
    joined = Tape().quiet(25).bar(100, 102.9, 99.8, 100.1)
    for bar in quick.bars:
        joined.bar(bar.open, bar.high, bar.low, bar.close, bar.volume)
    falling = part(signals(run(strategy(), joined, around))[0], "structure")
    assert (falling.valid, falling.points) == (True, 0.0)
    assert part(signals(run(strategy(), good(), around))[0], "structure").points == 0.5


@pytest.mark.parametrize(
    ("change", "volume", "words"),
    [
        ({}, 150.0, "times the usual volume"),
        ({"adx": 24.0}, 300.0, "ADX is 24"),
        ({"adx": None}, 300.0, "ADX is not available"),
        ({"regime": Regime.UNKNOWN}, 300.0, "regime is not known"),
        ({"with_4h": False}, 300.0, "regime is not known"),
        ({"atr": None}, 300.0, "ATR is not available"),
    ],
)
def test_break_retest_weak_or_unknown_break_is_refused_with_its_reason(change: dict, volume: float, words: str):
    answers = run(strategy(), retest(away(broken(volume), 2)), Surroundings(**change))
    assert not signals(answers)
    assert any(words in reason for reason in reasons(answers))


@pytest.mark.parametrize(
    ("regime", "volume", "adx", "expected"),
    [
        (Regime.TREND_UP, 175.0, 30.0, 0),
        (Regime.TREND_UP, 185.0, 24.0, 0),
        (Regime.TREND_UP, 185.0, 26.0, 1),
        (Regime.SQUEEZE, 125.0, 16.0, 1),
        (Regime.SQUEEZE, 125.0, 14.0, 0),
        (Regime.SQUEEZE, 115.0, 16.0, 0),
        (Regime.RANGE, 155.0, 21.0, 1),
        (Regime.RANGE, 155.0, 19.0, 0),
        (Regime.CHOP, 145.0, 21.0, 0),
    ],
)
def test_break_retest_thresholds_follow_the_regime(regime: Regime, volume: float, adx: float, expected: int):
    around = Surroundings(regime=regime, adx=adx, bias=Bias.NEUTRAL)
    assert len(signals(run(strategy(), retest(away(broken(volume), 2)), around))) == expected


def test_break_retest_weak_push_back_is_no_trigger():
    tape = away(broken(), 2).bar(101.9, 101.95, 100.95, 101.1)
    assert not signals(run(strategy(), tape))


def test_break_retest_engulfing_close_after_the_touch_triggers():
    tape = away(broken(), 2).bar(101.6, 101.65, 101.0, 101.1).bar(101.1, 101.8, 100.95, 101.75)
    assert signals(run(strategy(), tape))[0].levels.entry == 101.75


def test_break_retest_signal_is_given_once():
    tape = good()
    for _ in range(3):
        retest(tape)
    assert len(signals(run(strategy(), tape))) == 1


def test_break_retest_resistance_zone_is_a_level_and_pays_at_most_one_and_a_half():
    plain = signals(run(strategy(), good()))[0]
    around = Surroundings(zones=(zone(ZoneKind.RESISTANCE, 100.8, 101.1, 99.0),))
    zoned = signals(run(strategy(), good(), around))[0]
    assert part(zoned, "zone").points == 1.5
    assert zoned.base_score == pytest.approx(plain.base_score + 1.5)
    assert zoned.levels.stop <= 100.8 - 0.2 + 1e-9


def test_break_retest_support_zone_is_no_level_to_break_upwards():
    tape = Tape().quiet(34).bar(100, 101.7, 99.9, 101.6, 300).bar(101.6, 102.2, 101.5, 102.0)
    tape = retest(away(tape, 2))
    kinds = {kind: run(strategy(), tape, Surroundings(zones=(zone(kind, 100.8, 101.0),))) for kind in ZoneKind}
    assert signals(kinds[ZoneKind.RESISTANCE])
    assert not signals(kinds[ZoneKind.SUPPORT])


def test_break_retest_second_target_moves_to_an_opposing_zone_between_2_and_3_r():
    far = signals(run(strategy(), good()))[0].levels
    barrier = far.entry + 2.2 * far.risk
    around = Surroundings(zones=(zone(ZoneKind.RESISTANCE, barrier, barrier + 0.5),))
    assert signals(run(strategy(), good(), around))[0].levels.targets[1] == pytest.approx(barrier)


def test_break_retest_armed_waits_at_the_level_before_price_comes_back():
    answers = run(strategy(entry="armed"), good())
    found = signals(answers)
    assert len(found) == 1
    signal = found[0]
    assert signal.trigger is Trigger.ARMED
    assert signal.levels.entry == pytest.approx(101.1)
    assert signal.levels.entry < good().bars[answers.index(signal)].low
    assert signal.valid_until_ms == signal.time_ms + 12 * STEP_MS
    assert 0.8 <= signal.levels.risk <= 3.0
    check_levels(signal.levels, 0.01)
    assert not part(signal, "quality of the retest").valid


def test_break_retest_armed_mirrors_too():
    long = signals(run(strategy(entry="armed"), good()))[0]
    short = signals(run(strategy(entry="armed"), good().mirrored(), Surroundings().mirrored()))[0]
    assert 200 - short.levels.entry == pytest.approx(long.levels.entry)
    assert 200 - short.levels.stop == pytest.approx(long.levels.stop)


@given(cut=st.integers(min_value=20, max_value=46))
def test_break_retest_restored_state_continues_identically(cut: int):
    around, tape = Surroundings(zones=(zone(ZoneKind.RESISTANCE, 100.8, 101.1),)), good()
    whole = run(strategy(), tape, around)
    first, second = strategy(), strategy()
    for end in range(cut):
        first.evaluate(around.context(tape.bars[: end + 1]))
    second.restore(json.loads(json.dumps(first.state())))
    rest = [second.evaluate(around.context(tape.bars[: end + 1])) for end in range(cut, len(tape.bars))]
    assert signals(whole)
    assert rest == whole[cut:]


def test_break_retest_inputs_hash_names_the_inputs():
    first, again = (signals(run(strategy(), good()))[0].inputs_hash for _ in range(2))
    other = signals(run(strategy(leave_atr=0.6), good()))[0].inputs_hash
    assert first == again != other
