"""ATR Momentum: what must signal, what must not, and each defect of the past as a test of its own."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from futtui.domain.regime import Bias, Regime
from futtui.domain.side import Side
from futtui.domain.signal import Trigger, check_levels
from futtui.domain.zone import ZoneKind
from futtui.strategies.atr_momentum import AtrMomentum
from futtui.strategies.atr_momentum_impulse import AtrMomentumSettings
from tests.strategies.crafted import STEP_MS, Surroundings, Tape, part, reasons, run, signals, zone


def strategy(**changes) -> AtrMomentum:
    return AtrMomentum("TESTUSDT", AtrMomentumSettings(**changes))


def impulse(volume: float = 250.0, close: float = 101.9) -> Tape:
    """A bar from 99.9 to 102 (2.1 ATR) that closes near its high."""
    return Tape().quiet(45).bar(100, 102.0, 99.9, close, volume)


def follow(tape: Tape, volume: float = 100.0) -> Tape:
    return tape.bar(101.9, 102.5, 101.7, 102.3, volume)


def test_atr_momentum_close_beyond_the_impulse_signals_long():
    answers = run(strategy(), follow(impulse()))
    signal = signals(answers[-1:])[0]
    assert (signal.side, signal.trigger, signal.time_stop_bars) == (Side.LONG, Trigger.IMMEDIATE, 8)
    middle = (99.9 + 102.0) / 2
    assert signal.levels.entry == 102.3
    assert signal.levels.stop == pytest.approx(middle - 0.15)
    assert signal.base_score == pytest.approx(sum(each.points for each in signal.parts))
    check_levels(signal.levels, 0.01)


def test_atr_momentum_new_high_with_nothing_above_passes():
    """AM-1: the high of the bar itself used to be the resistance, so every new high was refused."""
    signal = signals(run(strategy(), follow(impulse())))[0]
    found = part(signal, "free way")
    assert (found.value, found.points) == (None, 0.5)
    assert "nothing stands in the way" in found.reason


def test_atr_momentum_every_part_can_change_the_score():
    """AM-2 and AM-4: bonuses that could never be given."""
    best = signals(run(strategy(), follow(impulse(volume=400))))[0]
    weaker = {
        "volume of the strong bar": signals(run(strategy(), follow(impulse(volume=210)))),
        "close of the strong bar": signals(run(strategy(), follow(impulse(400, close=101.7)))),
        "free way": signals(
            run(strategy(), follow(impulse(400)), Surroundings(zones=(zone(ZoneKind.RESISTANCE, 105, 106),)))
        ),
        "higher timeframes": signals(run(strategy(), follow(impulse(400)), Surroundings(with_1h=False))),
        "4h bias": signals(run(strategy(), follow(impulse(400)), Surroundings(bias=Bias.NEUTRAL))),
        "RSI": signals(run(strategy(), follow(impulse(400)), Surroundings(rsi=80.0))),
    }
    assert set(weaker) == {each.name for each in best.parts} - {"setup"}
    for name, found in weaker.items():
        assert part(found[0], name).points < part(best, name).points, name
        assert found[0].base_score < best.base_score, name


def test_atr_momentum_mirrored_market_gives_the_mirrored_short():
    """AM-3: there were no shorts."""
    long = signals(run(strategy(), follow(impulse())))[0]
    short = signals(run(strategy(), follow(impulse()).mirrored(), Surroundings().mirrored()))[0]
    assert short.side is Side.SHORT
    flipped = [200 - price for price in (short.levels.entry, short.levels.stop, *short.levels.targets)]
    assert flipped == pytest.approx([long.levels.entry, long.levels.stop, *long.levels.targets])
    assert [each.points for each in short.parts] == pytest.approx([each.points for each in long.parts])


def test_atr_momentum_volume_of_the_impulse_bar_decides():
    """AM-5: the volume of the current bar was tested instead."""
    assert signals(run(strategy(), follow(impulse(250), volume=20)))
    assert not signals(run(strategy(), follow(impulse(150), volume=900)))


def test_atr_momentum_wick_beyond_is_not_enough():
    tape = impulse().bar(101.9, 102.6, 101.85, 101.95)
    assert not signals(run(strategy(), tape))


@pytest.mark.parametrize(("close", "expected"), [(101.6, 1), (101.5, 0)])
def test_atr_momentum_impulse_must_close_in_its_outer_fifth(close: float, expected: int):
    tape = impulse(close=close)
    assert len(signals(run(strategy(), tape.bar(close, 102.5, close - 0.1, 102.3)))) == expected


def test_atr_momentum_small_bar_is_no_impulse():
    tape = Tape().quiet(45).bar(100.6, 101.95, 100.56, 101.9, 400).bar(101.9, 102.5, 101.8, 102.3)
    assert tape.bars[-2].range < 1.4
    assert not signals(run(strategy(), tape))


def test_atr_momentum_follow_up_after_five_bars_is_too_late():
    for waiting, expected in ((4, 1), (5, 0)):
        tape = impulse()
        for _ in range(waiting):
            tape.bar(101.9, 101.98, 101.7, 101.9)
        assert len(signals(run(strategy(), follow(tape)))) == expected


def test_atr_momentum_fourth_impulse_in_thirty_bars_is_tired():
    tape = Tape().quiet(45)
    for number in range(4):
        start = 100 + 2.2 * number
        tape.bar(start, start + 2.0, start - 0.1, start + 1.9, 250)
        tape.quiet(4, start + 2.2)
    start = 100 + 2.2 * 4
    answers = run(strategy(), tape.bar(start + 2.0, start + 2.6, start + 1.9, start + 2.5))
    times = [signal.time_ms for signal in signals(answers)]
    assert len(times) == 3
    assert any("tired" in reason for reason in reasons(answers))


@pytest.mark.parametrize(("near", "expected"), [(102.8, 0), (104.2, 0), (104.4, 1)])
@pytest.mark.parametrize("mirrored", [False, True])
def test_atr_momentum_opposing_zone_must_leave_two_atr(near: float, expected: int, mirrored: bool):
    tape, around = follow(impulse()), Surroundings(zones=(zone(ZoneKind.RESISTANCE, near, near + 1),))
    if mirrored:
        tape, around = tape.mirrored(), around.mirrored()
    answers = run(strategy(), tape, around)
    assert len(signals(answers)) == expected
    assert expected or "ATR ahead" in reasons(answers)[-1]


def test_atr_momentum_turning_point_ahead_blocks_and_one_left_behind_does_not():
    ahead = Tape().quiet(30).bar(100, 103.5, 99.9, 100.1).quiet(25)
    behind = Tape().quiet(30).bar(100, 101.5, 99.9, 100.1).quiet(25)
    for tape in (ahead, behind):
        follow(tape.bar(100, 102.0, 99.9, 101.9, 250))
    assert not signals(run(strategy(), ahead))
    assert signals(run(strategy(), behind))


def test_atr_momentum_zone_of_the_other_kind_is_no_obstacle():
    around = Surroundings(zones=(zone(ZoneKind.SUPPORT, 103.0, 103.5),))
    assert signals(run(strategy(), follow(impulse()), around))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"regime": Regime.RANGE}, "no move to follow"),
        ({"regime": Regime.TREND_DOWN}, "no move to follow"),
        ({"regime": Regime.UNKNOWN}, "not known"),
        ({"with_4h": False}, "not known"),
        ({"bias": Bias.BEARISH}, "bias stands against it"),
        ({"adx": 24.0}, "ADX is 24"),
        ({"adx": None}, "ADX is not available"),
        ({"long_average": 110.0}, "other side of its long average"),
    ],
)
def test_atr_momentum_wrong_surroundings_refuse_with_a_reason(change: dict, words: str):
    answers = run(strategy(), follow(impulse()), Surroundings(**change))
    assert not signals(answers)
    assert words in reasons(answers)[-1]


def test_atr_momentum_first_pullback_arms_an_entry_that_keeps_half_of_the_impulse():
    tape = impulse().bar(101.9, 101.95, 101.3, 101.5)
    signal = signals(run(strategy(), tape))[0]
    low, high = 99.9, 102.0
    kept = (signal.levels.entry - low) / (high - low)
    assert signal.trigger is Trigger.ARMED
    assert 0.5 <= kept <= 0.62
    assert signal.levels.entry < tape.bars[-1].low
    assert signal.valid_until_ms == signal.time_ms + 5 * STEP_MS
    assert signal.levels.stop <= low + 0.5 * (high - low) - 0.2
    assert 0.8 <= signal.levels.risk <= 3.0
    check_levels(signal.levels, 0.01)


def test_atr_momentum_pullback_mirrors_too():
    tape = impulse().bar(101.9, 101.95, 101.3, 101.5)
    long = signals(run(strategy(), tape))[0]
    short = signals(run(strategy(), tape.mirrored(), Surroundings().mirrored()))[0]
    assert 200 - short.levels.entry == pytest.approx(long.levels.entry)
    assert 200 - short.levels.stop == pytest.approx(long.levels.stop)


def test_atr_momentum_pullback_below_half_spends_the_impulse():
    tape = impulse().bar(101.9, 101.95, 100.8, 101.5)
    answers = run(strategy(), follow(tape))
    assert not signals(answers)
    assert any("gave back too much" in reason for reason in reasons(answers))


def test_atr_momentum_pullback_that_already_reached_the_level_arms_nothing_but_may_still_break_out():
    tape = follow(impulse().bar(101.9, 101.95, 101.0, 101.5))
    found = signals(run(strategy(), tape))
    assert [each.trigger for each in found] == [Trigger.IMMEDIATE]


@pytest.mark.parametrize(("entry", "triggers"), [("breakout", []), ("pullback", [Trigger.ARMED])])
def test_atr_momentum_entry_setting_switches_the_pullback(entry: str, triggers: list):
    tape = impulse().bar(101.9, 101.95, 101.3, 101.5)
    assert [each.trigger for each in signals(run(strategy(entry=entry), tape))] == triggers


def test_atr_momentum_market_without_volume_never_signals():
    tape = Tape()
    for _ in range(45):
        tape.bar(100, 100.3, 99.7, 100, 0.0)
    tape.bar(100, 102, 99.9, 101.9, 500)
    assert not signals(run(strategy(), follow(tape)))


@given(cut=st.integers(min_value=20, max_value=46))
def test_atr_momentum_restored_state_continues_identically(cut: int):
    around, tape = Surroundings(), follow(impulse())
    whole = run(strategy(), tape, around)
    first, second = strategy(), strategy()
    for end in range(cut):
        first.evaluate(around.context(tape.bars[: end + 1]))
    second.restore(json.loads(json.dumps(first.state())))
    rest = [second.evaluate(around.context(tape.bars[: end + 1])) for end in range(cut, len(tape.bars))]
    assert signals(whole)
    assert rest == whole[cut:]
