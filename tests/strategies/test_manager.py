"""StrategyManager: order, isolation of a faulty strategy, and reasons that are kept."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest

from futtui.domain.reading import StrategyVerdict
from futtui.domain.signal import RawSignal
from futtui.domain.timeframe import Timeframe
from futtui.strategies.base import BaseStrategy, Proposal, StrategyContext
from futtui.strategies.break_retest import BreakRetest
from futtui.strategies.manager import StrategyManager
from tests.strategies.crafted import Surroundings, Tape, signals
from tests.strategies.crafted import run as run_alone
from tests.strategies.test_break_retest import good


class Scripted(BaseStrategy):
    """Answers what a function makes of the context; counts how often it was asked and reset."""

    title = "Scripted"

    def __init__(self, name: str, answer, enabled: bool = True, timeframe: Timeframe = Timeframe.M15) -> None:
        super().__init__("TESTUSDT")
        self.name, self.timeframe = name, timeframe
        self._answer, self._enabled = answer, enabled
        self.asked = self.resets = 0

    enabled = property(lambda self: self._enabled)
    required_bars = property(lambda self: 3)
    memory_bars = property(lambda self: 5)

    def evaluate(self, context: StrategyContext) -> Proposal:
        self.asked += 1
        return self._answer(context)

    def reset(self) -> None:
        self.resets += 1

    def state(self) -> dict[str, Any]:
        return {"asked": self.asked}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.asked = state["asked"]


def raising(context: StrategyContext) -> Proposal:
    raise ZeroDivisionError("no volume")


def calm(context: StrategyContext) -> Proposal:
    return StrategyVerdict("calm", False, "nothing to do")


TAPE = good()
CONTEXT = Surroundings().context(TAPE.bars)
SIGNAL = signals(run_alone(BreakRetest("TESTUSDT"), TAPE))[0]


def test_manager_faulty_strategy_does_not_stop_the_others_and_is_set_aside_after_three_faults():
    bad, fine = Scripted("bad", raising), Scripted("calm", calm)
    manager = StrategyManager([bad, fine])
    for _ in range(5):
        manager.on_close(Timeframe.M15, CONTEXT)
    assert (bad.asked, bad.resets, fine.asked) == (3, 3, 5)
    words = {verdict.strategy: verdict.reason for verdict in manager.verdicts}
    assert "set aside after 3 faults" in words["bad"]
    assert words["calm"] == "nothing to do"


def test_manager_first_fault_is_told_with_its_cause():
    manager = StrategyManager([Scripted("bad", raising)])
    manager.on_close(Timeframe.M15, CONTEXT)
    assert "ZeroDivisionError: no volume" in manager.verdicts[0].reason
    assert "fault 1 of 3" in manager.verdicts[0].reason


@pytest.mark.parametrize(
    "spoil",
    [
        lambda signal: replace(signal, base_score=math.nan),
        lambda signal: replace(signal, atr=math.inf),
        lambda signal: replace(signal, levels=replace(signal.levels, entry=math.nan)),
        lambda signal: replace(signal, levels=replace(signal.levels, stop=signal.levels.entry + 1)),
        lambda signal: replace(signal, levels=replace(signal.levels, targets=signal.levels.targets[::-1])),
        lambda signal: replace(signal, parts=signal.parts[1:]),
        lambda signal: replace(signal, symbol="OTHERUSDT"),
        lambda signal: replace(signal, time_ms=signal.time_ms - 1),
        lambda signal: replace(signal, time_stop_bars=0),
    ],
)
def test_manager_impossible_signal_counts_as_a_fault(spoil):
    def answer(context: StrategyContext) -> RawSignal:
        return spoil(replace(SIGNAL, strategy="odd"))

    manager = StrategyManager([Scripted("odd", answer)])
    assert manager.on_close(Timeframe.M15, CONTEXT) == ()
    assert "fault 1 of 3" in manager.verdicts[0].reason


@pytest.mark.parametrize("reads", [True, False])
def test_manager_figures_of_arrays_become_plain_numbers_that_can_be_written_down(reads: bool) -> None:
    def answer(context: StrategyContext) -> RawSignal:
        levels, parts = SIGNAL.levels, SIGNAL.parts
        odd = replace(levels, stop=np.float64(levels.stop), targets=tuple(map(np.float64, levels.targets)))
        parts = tuple(replace(part, points=np.float64(part.points), valid=np.bool_(part.valid)) for part in parts)
        return replace(SIGNAL, strategy="odd", levels=odd, parts=parts, time_stop_bars=np.int64(SIGNAL.time_stop_bars))

    manager = StrategyManager([Scripted("odd", answer)])
    manager.explains = reads
    (signal,) = manager.on_close(Timeframe.M15, CONTEXT)
    expected = replace(SIGNAL, strategy="odd")
    assert signal == expected
    assert msgspec.json.encode(signal) == msgspec.json.encode(expected)


def test_manager_sound_signals_come_in_the_order_of_the_strategies():
    names = ("second", "first", "third")
    strategies = [Scripted(name, lambda _, name=name: replace(SIGNAL, strategy=name)) for name in names]
    manager = StrategyManager(strategies)
    assert [each.strategy for each in manager.on_close(Timeframe.M15, CONTEXT)] == list(names)
    assert [(each.strategy, each.proposed) for each in manager.verdicts] == [(name, True) for name in names]


def test_manager_asks_only_at_the_close_of_the_own_timeframe_and_keeps_the_last_verdict():
    hourly, quarter = Scripted("hourly", calm, timeframe=Timeframe.H1), Scripted("calm", calm)
    manager = StrategyManager([hourly, quarter])
    manager.on_close(Timeframe.H1, CONTEXT)
    manager.on_close(Timeframe.M15, CONTEXT)
    manager.on_close(Timeframe.M15, CONTEXT)
    later = replace(CONTEXT, time_ms=CONTEXT.time_ms + Timeframe.M15.ms)
    manager.on_close(Timeframe.M15, later)
    assert (hourly.asked, quarter.asked) == (1, 3)
    assert [each.time_ms for each in manager.verdicts] == [CONTEXT.time_ms, later.time_ms]


def test_manager_disabled_strategy_is_not_asked_and_says_so():
    off = Scripted("off", raising, enabled=False)
    manager = StrategyManager([off])
    manager.on_close(Timeframe.M15, CONTEXT)
    assert off.asked == 0
    assert "switched off" in manager.verdicts[0].reason


def test_manager_restored_state_continues_identically():
    around, tape = Surroundings(), good()
    first, second = (StrategyManager([BreakRetest("TESTUSDT"), Scripted("bad", raising)]) for _ in range(2))
    contexts = [around.context(tape.bars[: end + 1]) for end in range(len(tape.bars))]
    for context in contexts[:-1]:
        first.on_close(Timeframe.M15, context)
    second.restore(first.state())
    answers = [manager.on_close(Timeframe.M15, contexts[-1]) for manager in (first, second)]
    assert answers[0] == answers[1] != ()
    assert first.verdicts == second.verdicts


def test_manager_reset_gives_a_quarantined_strategy_another_chance():
    bad = Scripted("bad", raising)
    manager = StrategyManager([bad])
    for _ in range(4):
        manager.on_close(Timeframe.M15, CONTEXT)
    manager.reset()
    manager.on_close(Timeframe.M15, CONTEXT)
    assert bad.asked == 4
    assert "fault 1 of 3" in manager.verdicts[0].reason


def test_context_cuts_readings_and_candles_that_close_later():
    tape = Tape().quiet(10)
    whole = Surroundings().context(tape.bars)
    early = replace(whole, time_ms=tape.bars[6].open_time_ms)
    assert early.frame(Timeframe.M15) is None
    assert list(early.candles(Timeframe.M15, 4)) == tape.bars[2:6]
    assert list(whole.candles(Timeframe.M15, 4)) == tape.bars[-4:]
    inside_a_bar = replace(whole, time_ms=tape.bars[6].open_time_ms + 1)
    assert inside_a_bar.candles(Timeframe.M15, 3)[-1] == tape.bars[5]


class Watch:
    """A stopwatch that runs on by a scripted time for each answer."""

    def __init__(self, *takes_ms: float) -> None:
        self._now, self._takes, self._calls = 0.0, list(takes_ms), 0

    def __call__(self) -> float:
        self._calls += 1
        if self._calls % 2 == 0:
            self._now += self._takes.pop(0)
        return self._now


def test_manager_too_slow_three_times_in_a_row_is_set_aside_but_its_answers_counted():
    slow = Scripted("slow", lambda _: replace(SIGNAL, strategy="slow"))
    manager = StrategyManager([slow], Watch(251.0, 400.0, 251.0))
    answers = [manager.on_close(Timeframe.M15, CONTEXT) for _ in range(4)]
    assert [len(signals) for signals in answers] == [1, 1, 1, 0]
    verdict = manager.verdicts[0]
    assert (verdict.set_aside, verdict.available, slow.asked) == (True, False, 3)
    assert "it took 251 ms for an answer, 3 times in a row longer than 250 ms" in verdict.reason


def test_manager_slow_now_and_then_or_at_the_limit_is_the_machine_and_forgiven():
    times = [400.0, 400.0, 250.0, 400.0, 400.0, 3.0, 400.0, 400.0]
    strategy = Scripted("calm", calm)
    manager = StrategyManager([strategy], Watch(*times))
    for _ in times:
        manager.on_close(Timeframe.M15, CONTEXT)
    assert strategy.asked == len(times)
    assert manager.verdicts[0].available


def test_manager_without_a_stopwatch_knows_no_time():
    timed = StrategyManager([Scripted("calm", calm)], Watch(*[1.0] * 5))
    untimed = StrategyManager([Scripted("calm", calm)])
    for _ in range(5):
        assert timed.on_close(Timeframe.M15, CONTEXT) == untimed.on_close(Timeframe.M15, CONTEXT)
    assert timed.verdicts == untimed.verdicts
    assert timed.state() == untimed.state()


@pytest.mark.parametrize("answer", [None, "no", 0.0, StrategyVerdict("odd", True, "said yes without a signal")])
def test_manager_answer_of_another_kind_is_a_fault(answer):
    manager = StrategyManager([Scripted("odd", lambda _: answer)])
    assert manager.on_close(Timeframe.M15, CONTEXT) == ()
    verdict = manager.verdicts[0]
    assert (verdict.available, verdict.set_aside) == (False, False)
    assert "neither a signal nor a reason" in verdict.reason


def test_manager_strategy_that_ends_the_program_or_cannot_forget_harms_no_other():
    def leaving(context: StrategyContext) -> Proposal:
        raise SystemExit(3)

    class Stubborn(Scripted):
        def reset(self) -> None:
            raise KeyError("memory")

    stubborn, fine = Stubborn("stubborn", leaving), Scripted("calm", calm)
    manager = StrategyManager([stubborn, fine])
    for _ in range(2):
        manager.on_close(Timeframe.M15, CONTEXT)
    assert (stubborn.asked, fine.asked) == (1, 2)
    assert manager.verdicts[0].set_aside
    assert "SystemExit: 3" in manager.verdicts[0].reason
    assert "could not forget" in manager.verdicts[0].reason


def test_manager_third_fault_tells_the_cause_and_survives_a_restart():
    manager, second = (StrategyManager([Scripted("bad", raising)]) for _ in range(2))
    for _ in range(3):
        manager.on_close(Timeframe.M15, CONTEXT)
    assert manager.verdicts[0].set_aside
    second.restore(manager.state())
    second.on_close(Timeframe.M15, CONTEXT)
    assert second.verdicts == manager.verdicts
    assert "the last one: failed (ZeroDivisionError: no volume)" in second.verdicts[0].reason


def test_manager_close_that_a_strategy_forgets_before_it_counts_is_not_shown_to_it():
    quarter, hour = Scripted("quarter", calm), Scripted("hour", calm, timeframe=Timeframe.H1)
    manager = StrategyManager([quarter, hour])
    for closes_to_come in range(20, -1, -1):
        for timeframe in (Timeframe.H1, Timeframe.M15):
            manager.closes_to_come = closes_to_come
            manager.on_close(timeframe, CONTEXT)
    assert quarter.asked == 7, "its memory of 5, one more, and the close that counts"
    assert hour.asked == 10, "an hour more: its last answer is told until the next one"
    assert len(manager.verdicts) == 2


class Looking(Scripted):
    """Says at a first look what it is told to say."""

    def __init__(self, name: str, looks, answer=calm) -> None:
        super().__init__(name, answer)
        self._looks = looks

    def may_propose(self, context: StrategyContext) -> bool:
        return self._looks(context)


def test_manager_without_readers_asks_only_those_who_may_propose():
    refusing = StrategyVerdict("silent", False, "nothing to do")
    silent = Looking("silent", lambda _: False, lambda _: refusing)
    ready = Looking("ready", lambda _: True, lambda _: replace(SIGNAL, strategy="ready"))
    plain = Scripted("calm", calm)
    manager = StrategyManager([silent, ready, plain])
    assert [each.strategy for each in manager.on_close(Timeframe.M15, CONTEXT)] == ["ready"]
    assert (silent.asked, ready.asked, plain.asked) == (1, 1, 1)
    assert [each.strategy for each in manager.verdicts] == ["silent", "ready", "calm"]
    manager.explains = False
    assert [each.strategy for each in manager.on_close(Timeframe.M15, CONTEXT)] == ["ready"]
    assert (silent.asked, ready.asked, plain.asked) == (1, 2, 2)
    assert manager.verdicts == ()


def test_manager_faults_count_where_nobody_reads_reasons():
    looks, answers = Looking("looks", raising), Scripted("answers", lambda _: None)
    manager = StrategyManager([looks, answers])
    manager.explains = False
    for _ in range(4):
        assert manager.on_close(Timeframe.M15, CONTEXT) == ()
    assert (looks.resets, looks.asked, answers.asked) == (3, 0, 3)
    manager.explains = True
    manager.on_close(Timeframe.M15, CONTEXT)
    assert [(each.set_aside, "3 faults" in each.reason) for each in manager.verdicts] == [(True, True)] * 2
