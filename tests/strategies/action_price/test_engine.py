"""Action Price as a whole: the pattern, what forbids it, entry timing, levels, cooldown and the mirrored market."""

from __future__ import annotations

import json
from dataclasses import replace
from math import fsum

import pytest

from futtui.domain.regime import Regime
from futtui.domain.side import Side
from futtui.domain.signal import RawSignal, System, Trigger, check_levels
from futtui.strategies.action_price.engine import ActionPrice
from futtui.strategies.action_price.levels import entry_timing, plan_levels
from futtui.strategies.action_price.score import Mode, mode_of
from futtui.strategies.action_price.settings import (
    ActionPriceLevels,
    ActionPriceSettings,
    BandSettings,
    TimingSettings,
)
from futtui.strategies.structure import OrientedBar
from tests.strategies.action_price.crafted import CALM, Around, answers, context_of, cross, upside_down, view
from tests.strategies.crafted import Tape, part, reasons, signals

EASY = ActionPriceSettings(bands=BandSettings(scalp_from=-10.0, standard_from=6.0))
"""Any score makes a trade: for tests about something else than the score."""


def engine(settings: ActionPriceSettings = EASY) -> ActionPrice:
    return ActionPrice("TESTUSDT", settings)


def last_signal(tape: Tape, settings: ActionPriceSettings = EASY, around: Around | None = None) -> RawSignal:
    found = answers(engine(settings), tape.bars, around)[-1]
    assert isinstance(found, RawSignal), found.reason
    return found


def last_reason(tape: Tape, settings: ActionPriceSettings = EASY, around: Around | None = None) -> str:
    return reasons(answers(engine(settings), tape.bars, around)[-1:])[0]


def test_action_price_cross_gives_a_signal_with_all_its_parts():
    signal = last_signal(cross())
    assert (signal.system, signal.side, signal.trigger) == (System.ACTION_PRICE, Side.LONG, Trigger.IMMEDIATE)
    assert signal.levels.entry == 100.7
    assert signal.levels.stop == pytest.approx(99.3 - 0.1)
    assert signal.base_score == pytest.approx(fsum(each.points for each in signal.parts))
    assert len(signal.parts) == 13
    check_levels(signal.levels, 0.01)


def test_action_price_only_one_signal_for_one_cross():
    assert len(signals(answers(engine(), cross().bars))) == 1


def test_action_price_mirrored_market_gives_the_mirrored_signal_exactly():
    tape, around = cross(), Around()
    long = last_signal(tape)
    short = signals(answers(engine(), upside_down(tape), around.mirrored(200.0)))[-1]
    assert short.side is Side.SHORT
    turned = [200 - price for price in (short.levels.entry, short.levels.stop, *short.levels.targets)]
    assert turned == pytest.approx([long.levels.entry, long.levels.stop, *long.levels.targets])
    assert [(each.name, each.points) for each in short.parts] == [(each.name, each.points) for each in long.parts]
    assert [each.value for each in short.parts] == pytest.approx([each.value for each in long.parts], abs=1e-9)


@pytest.mark.parametrize(
    "tape",
    [
        cross(close=99.95, confirm=100.3),
        cross(confirm=99.9),
        cross().bar(100.7, 100.9, 100.6, 100.8),
        Tape().quiet(302),
    ],
    ids=["body does not cross", "confirmation closes back", "cross is two bars old", "no cross"],
)
def test_action_price_needs_a_body_cross_that_the_next_bar_confirms(tape: Tape):
    assert "no bar crossed" in last_reason(tape)


def test_action_price_wick_of_the_confirmation_back_to_the_average_is_no_confirmation():
    tape = cross()
    tape.bars[-1] = replace(tape.bars[-1], low=99.95)
    assert "no bar crossed" in last_reason(tape)


@pytest.mark.parametrize(
    ("around", "told"),
    [
        (Around(regime=Regime.CHOP), "CHOP"),
        (Around(regime=Regime.UNKNOWN), "4h regime is not known"),
        (Around(long_average=None), "long average of 1h or 4h is not available"),
        (Around(long_average=110.0), "1h and 4h are both on the other side"),
        (Around(atr=None), "ATR is not available"),
    ],
)
def test_action_price_surroundings_that_forbid_a_trade(around: Around, told: str):
    """AP-10: there was no filter at all."""
    assert told in last_reason(cross(), around=around)


def test_action_price_score_below_the_band_is_skipped_and_named():
    strict = replace(EASY, bands=BandSettings(scalp_from=25.0, standard_from=26.0))
    assert "25 is the least" in last_reason(cross(), strict)


def test_action_price_too_few_candles_for_the_fast_averages():
    assert "fast averages" in last_reason(cross(calm_bars=100))


def test_action_price_run_away_price_waits_for_a_return_and_a_farther_one_is_skipped():
    """AP-6 and the entry timing that was never applied."""
    waiting = last_signal(cross(close=101.0, confirm=102.0), replace(EASY, levels=ActionPriceLevels(max_cost_r=10.0)))
    assert waiting.trigger is Trigger.ARMED
    assert waiting.levels.entry == pytest.approx(100.7)
    assert waiting.valid_until_ms - waiting.time_ms == 4 * 900_000
    assert "waiting for a return" in waiting.summary
    assert "has run away" in last_reason(cross(close=101.0, confirm=102.6))


def test_action_price_skipped_pattern_does_not_burn_the_cooldown():
    """AP-8: a cross that was refused used to block the next good one."""
    tape = cross(close=101.0, confirm=102.6)
    for _ in range(2):
        tape.bar(99.6, 99.8, 99.4, 99.6)
    tape.bar(99.6, 100.7, 99.3, 100.6, 250).bar(100.6, 100.8, 100.5, 100.7)
    assert len(signals(answers(engine(), tape.bars))) == 1


def test_action_price_cooldown_counts_from_a_signal_and_survives_a_restart():
    tape = cross()
    for _ in range(2):
        tape.bar(99.6, 99.8, 99.4, 99.6)
    tape.bar(99.6, 100.7, 99.3, 100.6, 250).bar(100.6, 100.8, 100.5, 100.7)
    assert len(signals(answers(engine(), tape.bars))) == 1
    assert "8 must pass" in last_reason(tape)
    first = engine()
    cut = len(tape.bars) - 3
    answers(first, tape.bars[:cut])
    second = engine()
    second.restore(json.loads(json.dumps(first.state())))
    context_answers = answers(engine(), tape.bars)[cut:]
    continued = [second.evaluate(context_of(tape.bars[: end + 1], Around())) for end in range(cut, len(tape.bars))]
    assert continued == context_answers
    free = replace(EASY, cooldown_bars=0)
    assert len(signals(answers(engine(free), tape.bars))) == 2


@pytest.mark.parametrize(
    ("low", "settings", "told"),
    [
        (99.7, ActionPriceLevels(stop_min_atr=2.0), "2 is the least"),
        (97.0, ActionPriceLevels(max_cost_r=10.0), "3 is the most"),
        (98.0, ActionPriceLevels(stop_max_pct=1.0, max_cost_r=10.0), "% is the most"),
        (99.7, ActionPriceLevels(max_cost_r=0.01), "fees and slippage would cost"),
        (99.7, ActionPriceLevels(min_reward_r=1.5), "the first target pays"),
    ],
)
def test_action_price_stop_filter(low: float, settings: ActionPriceLevels, told: str):
    """AP-7: a stop 15 % away was allowed."""
    cross_view = view(initiator=OrientedBar(99.8, 100.5, low, 100.4))
    refusal = plan_levels(cross_view, 100.6, Mode.SCALP, settings, 0.01)
    assert isinstance(refusal, str)
    assert told in refusal


@pytest.mark.parametrize(("mode", "second"), [(Mode.SCALP, 1.5), (Mode.STANDARD, 2.0)])
def test_action_price_targets_by_band_from_the_real_entry(mode: Mode, second: float):
    levels = plan_levels(view(), 100.6, mode, ActionPriceLevels(max_cost_r=10.0), 0.01)
    assert not isinstance(levels, str)
    assert [levels.reward_r(number) for number in range(3)] == pytest.approx([1.0, second, 3.0])


def test_action_price_band_stays_with_the_signal():
    """AP-9: the record said 2 R whatever the band."""
    signal = last_signal(cross())
    mode = mode_of(signal.parts)
    assert mode is not None
    assert f"{signal.levels.reward_r(1):g} R" in part(signal, "mode").reason


@pytest.mark.parametrize(("depth", "trigger"), [(1.49, Trigger.IMMEDIATE), (1.5, Trigger.ARMED)])
def test_action_price_timing_borders(depth: float, trigger: Trigger):
    bar = OrientedBar(100.2, 100 + depth + 0.1, 100.1, 100 + depth)
    timing = entry_timing(view(confirmation=bar, now=CALM), TimingSettings())
    assert not isinstance(timing, str)
    assert timing.trigger is trigger


def test_action_price_cut_future_changes_nothing():
    tape = cross()
    for number in range(12):
        tape.bar(100.7 + number / 10, 101 + number / 10, 100.6 + number / 10, 100.8 + number / 10)
    whole = answers(engine(), tape.bars)
    assert answers(engine(), tape.bars[:302]) == whole[:302]
