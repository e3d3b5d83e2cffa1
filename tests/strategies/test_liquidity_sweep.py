"""Liquidity Sweep: what must signal, what must not, the mirror, memory, and each defect of the past as a test."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from futtui.domain.candle import Candle
from futtui.domain.errors import InvalidInputError
from futtui.domain.reading import StrategyVerdict
from futtui.domain.regime import Bias, Regime
from futtui.domain.side import Side
from futtui.domain.signal import Trigger, check_levels
from futtui.domain.timeframe import DAY_MS, Timeframe
from futtui.domain.zone import ZoneKind
from futtui.strategies.base import Proposal
from futtui.strategies.levels import LevelSettings
from futtui.strategies.liquidity_sweep import LiquiditySweep
from futtui.strategies.liquidity_sweep_setup import LiquiditySweepSettings
from tests.strategies.crafted import START_MS, STEP_MS, Surroundings, Tape, part, reasons, run, signals, zone


def strategy(**changes) -> LiquiditySweep:
    return LiquiditySweep("TESTUSDT", LiquiditySweepSettings(**changes))


def base(*lows: float) -> Tape:
    """Quiet market with turning points below; bars between them are quiet."""
    tape = Tape().quiet(25)
    for low in lows or (99.0,):
        tape.bar(100, 100.3, low, 100).quiet(7)
    return tape


def good(volume: float = 300.0) -> Tape:
    """One bar dips 0.3 ATR below the turning point at 99 and closes back inside."""
    return base().bar(99.9, 100.1, 98.7, 99.8, volume)


def slow(waiting: int, last: tuple[float, float, float, float] = (98.9, 99.8, 98.85, 99.7)) -> Tape:
    """A sweep that closes beyond the level, `waiting` bars there, then `last`."""
    tape = base().bar(99.9, 100.0, 98.7, 98.9, 300)
    for _ in range(waiting):
        tape.bar(98.9, 98.98, 98.8, 98.9)
    return tape.bar(*last)


def test_sweep_and_reclaim_in_one_bar_signals_long():
    """LS-8: the classic case was not tradable. LS-4: the stop lies behind the wick."""
    answers = run(strategy(), good())
    (signal,) = signals(answers)
    assert signals(answers[-1:]) == [signal]
    assert (signal.side, signal.trigger, signal.levels.entry) == (Side.LONG, Trigger.IMMEDIATE, 99.8)
    assert signal.levels.stop == pytest.approx(98.7 - 0.15)
    assert signal.levels.reward_r(0) == pytest.approx(0.8)
    assert signal.summary == "Price took the stops below a turning-point low at 99.00 and closed back inside."
    assert signal.base_score == pytest.approx(sum(each.points for each in signal.parts))
    assert (signal.volume_ratio, signal.time_stop_bars) == (3.0, 12)
    check_levels(signal.levels, 0.01)


def test_sweep_mirrored_market_gives_the_mirrored_signal():
    """LS-1: shorts were impossible."""
    for tape in (good(), slow(1)):
        long = signals(run(strategy(), tape))[0]
        short = signals(run(strategy(), tape.mirrored(), Surroundings().mirrored()))[0]
        assert (short.side, short.regime, short.time_ms) == (Side.SHORT, Regime.TREND_DOWN, long.time_ms)
        flipped = [200 - price for price in (short.levels.entry, short.levels.stop, *short.levels.targets)]
        assert flipped == pytest.approx([long.levels.entry, long.levels.stop, *long.levels.targets])
        assert [each.points for each in short.parts] == pytest.approx([each.points for each in long.parts])


@pytest.mark.parametrize(("waiting", "expected"), [(0, 1), (1, 1), (2, 1), (3, 0)])
def test_sweep_may_be_taken_back_up_to_three_bars_later(waiting: int, expected: int):
    answers = run(strategy(), slow(waiting))
    assert len(signals(answers)) == expected
    if not expected:
        assert any("did not come back inside in time" in reason for reason in reasons(answers))


def test_sweep_slower_return_is_worth_less_and_its_stop_is_behind_every_low():
    quick, late = (signals(run(strategy(), tape))[0] for tape in (good(), slow(0, (98.9, 99.8, 98.6, 99.7))))
    assert part(quick, "speed of the return").points > part(late, "speed of the return").points
    assert late.levels.stop == pytest.approx(98.6 - 0.15)


@pytest.mark.parametrize(
    ("low", "expected"), [(98.96, 0), (98.94, 1), (98.51, 1), (98.49, 0)], ids=["touch", "least", "most", "break"]
)
def test_sweep_depth_has_a_least_and_a_most(low: float, expected: int):
    """LS-3: the settings of the depth were ignored."""
    tape = base().bar(99.9, 100.1, low, 99.8, 300)
    assert len(signals(run(strategy(), tape))) == expected
    assert signals(run(strategy(depth_min_atr=0.01, depth_max_atr=1.0), tape))


def test_sweep_that_closes_beyond_its_extreme_or_runs_too_far_is_a_break():
    closed = base().bar(99.9, 100.0, 98.7, 98.9, 300).bar(98.9, 98.95, 98.6, 98.65).bar(98.7, 99.8, 98.65, 99.7)
    ran = base().bar(99.9, 100.0, 98.7, 98.9, 300).bar(98.9, 98.95, 98.4, 98.85).bar(98.85, 99.8, 98.8, 99.7)
    for tape, words in ((closed, "closed beyond the sweep"), (ran, "0.6 ATR beyond")):
        answers = run(strategy(), tape)
        assert not signals(answers)
        assert any(words in reason for reason in reasons(answers))


@pytest.mark.parametrize("bar", [(99.9, 100.1, 98.7, 99.0), (99.9, 100.5, 98.7, 99.7)], ids=["on it", "weak close"])
def test_sweep_without_a_strong_close_inside_is_not_taken_back(bar):
    answers = run(strategy(), base().bar(*bar, 300.0))
    assert not signals(answers)
    assert "waiting for a close back inside (bar 0 of 3)" in reasons(answers)[-1]


@pytest.mark.parametrize(("volume", "expected"), [(149.0, 0), (151.0, 1)])
def test_sweep_needs_volume(volume: float, expected: int):
    """LS-6: volume did not enter the signal."""
    answers = run(strategy(), good(volume))
    assert len(signals(answers)) == expected
    if not expected:
        assert "1.5 is the least" in reasons(answers)[-1]


def test_sweep_without_any_usual_volume_is_refused_in_words():
    tape = good()
    tape.bars[:] = [replace(bar, volume=0.0) if bar is not tape.bars[-1] else bar for bar in tape.bars]
    answers = run(strategy(), tape)
    assert not signals(answers)
    assert "usual volume is not available" in reasons(answers)[-1]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"atr": None}, "ATR is not available"),
        ({"with_4h": False}, "4h regime is not known"),
        ({"regime": Regime.UNKNOWN}, "4h regime is not known"),
        ({"regime": Regime.TREND_DOWN}, "4h trend stands against it"),
    ],
)
def test_sweep_what_the_market_around_forbids(change: dict, words: str):
    """LS-2: without the higher frame the filter was off."""
    answers = run(strategy(), good(), Surroundings(**change))
    assert not signals(answers)
    assert words in reasons(answers)[-1]


def test_sweep_against_the_trend_only_where_the_user_wants_it():
    around = Surroundings(regime=Regime.TREND_DOWN, bias=Bias.BEARISH)
    assert signals(run(strategy(against_trend=True), good(), around))


@pytest.mark.parametrize(("regime", "points"), [(Regime.RANGE, 0.5), (Regime.TREND_UP, 0.25), (Regime.EXPANSION, -0.5)])
def test_sweep_regime_is_a_part_of_the_score(regime: Regime, points: float):
    signal = signals(run(strategy(), good(), Surroundings(regime=regime)))[0]
    assert part(signal, "4h regime").points == points


def last_answer(tape: Tape, around: Surroundings | None = None, **changes) -> Proposal:
    """The answer to the last bar when daily candles or flow are changed in its context."""
    asked, around = strategy(), around or Surroundings()
    for end in range(1, len(tape.bars)):
        asked.evaluate(around.context(tape.bars[:end]))
    context = around.context(tape.bars)
    own = replace(context.frames[Timeframe.M15], **changes)
    return asked.evaluate(replace(context, frames={**context.frames, Timeframe.M15: own}))


@pytest.mark.parametrize(("flow", "side", "flip", "points"), [(0.2, 1, 2, 0.5), (0.2, 1, 9, 0.25), (-0.2, -1, 2, 0.0)])
def test_sweep_flow_that_just_turned_is_worth_most(flow: float, side: int, flip: int, points: float):
    signal = last_answer(good(), flow=flow, flow_side=side, flow_flip=flip)
    assert part(signal, "taker flow").points == points


def test_sweep_flow_strongly_against_refuses_and_unknown_flow_does_not():
    refused = last_answer(good(), flow=-0.3, flow_side=-1, flow_flip=0)
    assert isinstance(refused, StrategyVerdict)
    assert "aggressive orders still push against it" in refused.reason
    unknown = part(last_answer(good()), "taker flow")
    assert (unknown.valid, unknown.points) == (False, 0.0)


def test_sweep_of_equal_lows_is_worth_more_than_of_one():
    single = signals(run(strategy(), good()))[0]
    equal = signals(run(strategy(), base(99.0, 99.05).bar(99.9, 100.1, 98.7, 99.8, 300)))[0]
    assert "equal lows at 99.00" in equal.summary
    assert part(equal, "place of the stops").points > part(single, "place of the stops").points
    apart = signals(run(strategy(), base(99.0, 99.2).bar(99.9, 100.1, 98.8, 99.8, 300)))[0]
    assert "turning-point low" in apart.summary


def test_sweep_takes_the_stops_once():
    """The same low swept a second time is no pool any more."""
    tape = good().quiet(3).bar(99.9, 100.1, 98.75, 99.8, 300)
    assert len(signals(run(strategy(), tape))) == 1


def test_sweep_bar_itself_is_never_the_turning_point():
    """LS-5: the current bar was part of the reference, so that nothing could be swept; here nothing else is there."""
    tape = Tape().quiet(40).bar(99.9, 100.1, 98.7, 99.8, 300).quiet(4)
    assert not signals(run(strategy(), tape))


@pytest.mark.parametrize(("score", "expected"), [(75.0, 1), (59.0, 0)])
def test_sweep_of_a_zone_needs_a_good_zone(score: float, expected: int):
    tape = Tape().quiet(40).bar(99.9, 100.1, 98.7, 99.8, 300)
    around = Surroundings(zones=(zone(ZoneKind.SUPPORT, 99.0, 99.4, score),))
    found = signals(run(strategy(), tape, around))
    assert len(found) == expected
    assert all("a support zone at 99.00" in each.summary for each in found)
    assert not signals(run(strategy(), tape, Surroundings(zones=(zone(ZoneKind.RESISTANCE, 99.0, 99.4, score),))))


def test_sweep_zone_first_seen_at_the_sweeping_bar_does_not_count():
    asked, tape = strategy(), Tape().quiet(40).bar(99.9, 100.1, 98.7, 99.8, 300)
    run(asked, Tape(tape.bars[:-1]))
    around = Surroundings(zones=(zone(ZoneKind.SUPPORT, 99.0, 99.4),))
    assert isinstance(asked.evaluate(around.context(tape.bars)), StrategyVerdict)


def with_yesterday(tape: Tape, days_back: int = 1, low: float = 99.0) -> Proposal:
    """The last answer when the daily candle of a day before the tape's first day is known."""
    asked, around = strategy(), Surroundings()
    day = Candle(START_MS - days_back * DAY_MS, 100, 102, low, 100, 1.0)
    for end in range(1, len(tape.bars) + 1):
        context = around.context(tape.bars[:end])
        quarters = context.candle_source

        def source(frame: Timeframe, count: int, quarters=quarters):
            return (day,) if frame is Timeframe.D1 else quarters(frame, count)

        answer = asked.evaluate(replace(context, candle_source=source))
    return answer


def test_sweep_of_yesterdays_low():
    tape = Tape().quiet(40).bar(99.9, 100.1, 98.7, 99.8, 300)
    assert "yesterday's low at 99.00" in with_yesterday(tape).summary
    assert isinstance(with_yesterday(tape, days_back=2), StrategyVerdict)


def test_sweep_of_yesterdays_low_counts_only_the_first_time_of_the_day():
    tape = Tape().quiet(30).bar(99.9, 100.1, 98.7, 98.8).quiet(5).bar(99.9, 100.1, 98.75, 99.8, 300)
    assert isinstance(with_yesterday(tape), StrategyVerdict)


def test_sweep_todays_candle_that_just_closed_is_not_yesterday():
    """The bar that ends the day sees a daily candle that holds the bar itself."""
    asked, around = strategy(), Surroundings()
    tape = Tape().quiet(95).bar(99.9, 100.1, 98.7, 99.8, 300)
    today = Candle(START_MS, 100, 100.3, 99.0, 99.8, 1.0)
    for end in range(1, 97):
        context = around.context(tape.bars[:end])
        quarters = context.candle_source
        source = lambda frame, count, quarters=quarters: (today,) if frame is Timeframe.D1 else quarters(frame, count)  # noqa: E731
        answer = asked.evaluate(replace(context, candle_source=source))
    assert context.time_ms == START_MS + DAY_MS
    assert isinstance(answer, StrategyVerdict)


def test_sweep_stop_is_never_nearer_than_the_limit():
    tape = base().bar(99.5, 99.6, 98.9, 99.5, 300)
    levels = signals(run(strategy(), tape))[0].levels
    assert levels.risk == pytest.approx(0.8)
    assert levels.stop <= 98.9 - 0.15


def test_sweep_second_target_is_the_next_place_of_stops():
    tape = Tape().quiet(20).bar(100, 102.4, 99.8, 100.1).quiet(12)
    for bar in good().bars[25:]:
        tape.bar(bar.open, bar.high, bar.low, bar.close, bar.volume)
    levels = signals(run(strategy(), tape))[0].levels
    assert levels.targets[1] == pytest.approx(102.4)
    assert signals(run(strategy(), good()))[0].levels.reward_r(1) == pytest.approx(2.0)


def test_sweep_first_target_too_near_for_its_costs_is_refused():
    answers = run(strategy(levels=LevelSettings(round_trip_cost_pct=0.5)), good())
    assert not signals(answers)
    assert "costs would eat the gain" in reasons(answers)[-1]


def test_sweep_too_little_history_says_so():
    answers = run(strategy(), Tape().quiet(5))
    assert reasons(answers)[-1] == "waiting for 21 candles, 5 are here"


def test_sweep_switched_off_and_impossible_settings():
    assert not strategy(enabled=False).enabled
    for changes in (
        {"depth_min_atr": 0.6},
        {"target_1_min_r": 1.1},
        {"target_2_min_r": 0.9},
    ):
        with pytest.raises(InvalidInputError):
            strategy(**changes)


@pytest.mark.parametrize("tape", [good(), slow(2)])
def test_sweep_saved_and_restored_at_any_bar_goes_on_exactly(tape: Tape):
    """LS-7: sweeps were lost at a restart."""
    whole = run(strategy(), tape)
    for cut in (26, len(tape.bars) - 3, len(tape.bars) - 1):
        first, second = strategy(), strategy()
        run(first, Tape(tape.bars[:cut]))
        second.restore(json.loads(json.dumps(first.state())))
        rest = [second.evaluate(Surroundings().context(tape.bars[: end + 1])) for end in range(cut, len(tape.bars))]
        assert rest == whole[cut:]
    assert signals(whole)


def test_sweep_reset_forgets():
    asked = strategy()
    run(asked, slow(1))
    asked.reset()
    assert asked.state() == strategy().state()


@st.composite
def markets(draw) -> Tape:
    """Walks with wicks and loud bars, so that sweeps happen."""
    tape, price = Tape(), 100.0
    for _ in range(draw(st.integers(60, 110))):
        close = price + draw(st.integers(-6, 6)) / 10
        high = max(price, close) + draw(st.integers(0, 8)) / 10
        low = min(price, close) - draw(st.integers(0, 8)) / 10
        tape.bar(price, high, low, close, draw(st.sampled_from((100.0, 120.0, 400.0))))
        price = min(112.0, max(88.0, close))
    return tape


@given(markets())
def test_sweep_any_market_upside_down_gives_the_mirrored_answers(tape: Tape):
    free = {"levels": LevelSettings(round_trip_cost_pct=0.0, stop_max_pct=50.0)}
    around = Surroundings(regime=Regime.RANGE, bias=Bias.NEUTRAL)
    straight = run(strategy(**free), tape, around)
    flipped = run(strategy(**free), tape.mirrored(), around.mirrored())
    for one, other in zip(straight, flipped, strict=True):
        assert type(one) is type(other)
        for long, short in zip(signals([one]), signals([other]), strict=True):
            prices = [200 - price for price in (short.levels.entry, short.levels.stop, *short.levels.targets)]
            assert prices == pytest.approx([long.levels.entry, long.levels.stop, *long.levels.targets])
            assert short.side is long.side.opposite


@given(markets(), st.integers(30, 59))
def test_sweep_the_future_changes_nothing(tape: Tape, cut: int):
    assert run(strategy(), Tape(tape.bars[:cut])) == run(strategy(), tape)[:cut]


def test_sweep_answers_carry_the_close_they_decide_on():
    for signal in signals(run(strategy(), slow(1))):
        assert (signal.time_ms - START_MS) % STEP_MS == 0
        assert signal.valid_until_ms == signal.time_ms + STEP_MS
