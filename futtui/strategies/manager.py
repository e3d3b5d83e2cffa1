"""Runs the strategies of one symbol in a fixed order and keeps the reason of each answer."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from futtui.domain.errors import FuttuiError
from futtui.domain.late_signal import LateSignal, written
from futtui.domain.reading import StrategyVerdict
from futtui.domain.signal import RawSignal, check_levels
from futtui.domain.timeframe import ANALYSIS_TIMEFRAMES, Timeframe
from futtui.strategies.base import BaseStrategy, Proposal, StrategyContext
from futtui.strategies.plain import plain_signal

FAULTS_BEFORE_QUARANTINE = 3
TIME_BUDGET_MS = 250.0
"""Longest time for one answer. Only a shell that gives a stopwatch has it enforced; results never depend on it."""

_NOTHING = StrategyVerdict("", False, "no signal, and nobody asked why")

Stopwatch = Callable[[], float]
"""Milliseconds of a steady clock. A replay or backtest gives none: there a slow machine must change nothing."""


DEADLINE_SECONDS = 5.0
"""After so long without any answer a strategy is interrupted. Only a shell that gives a deadline has it enforced."""


class NoAnswer(BaseException):
    """Raised inside a strategy that does not come back; no `except Exception` of its own can swallow it."""


class Deadline(Protocol):
    """Raises NoAnswer in whoever called `start` and does not come to `end` in time. `stuck`: names with reasons."""

    stuck: dict[str, str]

    def start(self) -> None: ...

    def end(self) -> None: ...


class StrategyManager:
    """Asks every strategy at the close of its own timeframe.

    A strategy that raises, or answers with impossible figures, harms nobody else: its answer becomes a reason, its
    memory is cleared, and after three faults it is not asked again until `reset`. With a stopwatch the same happens
    to one that is too slow three times in a row; what a slow one answered still counts. With a deadline one that does
    not come back at all is interrupted, and asked no more on any symbol.
    """

    def __init__(
        self,
        strategies: Sequence[BaseStrategy],
        stopwatch: Stopwatch | None = None,
        deadline: Deadline | None = None,
    ) -> None:
        self._strategies = tuple(strategies)
        self._stopwatch = stopwatch
        self._deadline = deadline
        self.closes_to_come = 0
        """15m closes after which the first answer counts, while a history is loaded. Who will have forgotten a close by
        then is not asked at it."""
        self.explains = True
        """Whether somebody reads the reasons of those who propose nothing."""
        self._of_frame = {
            frame: tuple(each for each in self._strategies if each.timeframe is frame) for frame in ANALYSIS_TIMEFRAMES
        }
        self._faults = dict.fromkeys((strategy.name for strategy in strategies), 0)
        self._asks_plainly = stopwatch is None and deadline is None
        """Whether nothing has to be watched while a strategy is asked, and none has failed."""
        self._slow_in_a_row = dict.fromkeys(self._faults, 0)
        self._last_fault = dict.fromkeys(self._faults, "")
        self._answers: dict[str, tuple[StrategyVerdict | RawSignal, int]] = {}
        """The last answer of each strategy, and the close at which it was asked."""

    @property
    def strategies(self) -> tuple[BaseStrategy, ...]:
        """The strategies in the order in which they are asked."""
        return self._strategies

    @property
    def required_bars(self) -> int:
        """Candles that the most demanding enabled strategy needs; 0 when none is enabled."""
        return max((strategy.required_bars for strategy in self._strategies if strategy.enabled), default=0)

    @property
    def memory_bars(self) -> int:
        """Closes after which no strategy remembers anything older."""
        return max((strategy.memory_bars for strategy in self._strategies), default=0)

    @property
    def verdicts(self) -> tuple[StrategyVerdict, ...]:
        """The last answer of every strategy that has answered, in the fixed order: "why no signals"."""
        answers = self._answers
        return tuple([_verdict(each.name, *answers[each.name]) for each in self._strategies if each.name in answers])

    def on_close(self, timeframe: Timeframe, context: StrategyContext) -> tuple[RawSignal, ...]:
        """The signals that the strategies of `timeframe` propose at this close."""
        asked, to_come = self._of_frame.get(timeframe, ()), self.closes_to_come
        if to_come:
            own_closes = timeframe.ms // Timeframe.M15.ms
            asked = tuple(each for each in asked if to_come <= each.memory_bars + own_closes)
        if self.explains or not self._asks_plainly:
            return self._signals(asked, context)
        return self._plain_signals(asked, context)

    def _signals(self, asked: Sequence[BaseStrategy], context: StrategyContext) -> tuple[RawSignal, ...]:
        """Asked one after the other; their answers are kept for whoever reads reasons."""
        answers = [self._ask(strategy, context) for strategy in asked]
        for strategy, answer in zip(asked, answers, strict=True):
            if self.explains:
                self._answers[strategy.name] = answer, context.time_ms
            else:
                self._answers.pop(strategy.name, None)
        return tuple([answer for answer in answers if isinstance(answer, RawSignal)])

    def _plain_signals(self, asked: Sequence[BaseStrategy], context: StrategyContext) -> tuple[RawSignal, ...]:
        """As `_signals`, where nobody reads reasons, no time is taken and no strategy has failed so far."""
        for strategy in asked if self._answers else ():
            self._answers.pop(strategy.name, None)
        signals: list[RawSignal] = []
        for place, strategy in enumerate(asked):
            try:
                if strategy.enabled and strategy.may_propose(context):
                    answer = strategy.evaluate(context)
                    if type(answer) is not LateSignal:  # of those there is nothing to check before they are read
                        answer = _checked(answer, strategy, context)
                    if isinstance(answer, RawSignal):
                        signals.append(answer)
            except (Exception, SystemExit) as fault:  # as in `_ask`
                self._note_fault(strategy, f"failed ({type(fault).__name__}: {fault})")
                return (*signals, *self._signals(asked[place + 1 :], context))
        return tuple(signals)

    def _ask(self, strategy: BaseStrategy, context: StrategyContext) -> RawSignal | StrategyVerdict:
        if self._faults[strategy.name] >= FAULTS_BEFORE_QUARANTINE:
            return self._set_aside(strategy)
        if self._deadline is not None and strategy.name in self._deadline.stuck:
            return strategy.unavailable(self._deadline.stuck[strategy.name], set_aside=True)
        started_ms = 0.0 if self._stopwatch is None else self._stopwatch()
        try:
            if not strategy.enabled:
                return strategy.unavailable("switched off in the settings")
            answer = _checked(self._evaluate(strategy, context), strategy, context)
        except NoAnswer:
            return self._note_stuck(strategy, context)
        except (Exception, SystemExit) as fault:  # a plug-in may fail in any way; the other strategies must go on
            return self._note_fault(strategy, f"failed ({type(fault).__name__}: {fault})")
        if self._stopwatch is not None:
            self._note_time(strategy, self._stopwatch() - started_ms)
        return answer

    def _evaluate(self, strategy: BaseStrategy, context: StrategyContext) -> Proposal:
        if self._deadline is None:
            return strategy.evaluate(context) if self.explains or strategy.may_propose(context) else _NOTHING
        self._deadline.start()
        try:
            return strategy.evaluate(context) if self.explains or strategy.may_propose(context) else _NOTHING
        finally:
            self._deadline.end()

    def _note_stuck(self, strategy: BaseStrategy, context: StrategyContext) -> StrategyVerdict:
        reason = (
            f"set aside: it gave no answer within {DEADLINE_SECONDS:g} seconds on {context.symbol}; "
            "restart futtui to try it again"
        )
        if self._deadline is not None:
            self._deadline.end()  # once more: the exception may have come while it was ending
            self._deadline.stuck[strategy.name] = reason
        return strategy.unavailable(reason, set_aside=True)

    def _set_aside(self, strategy: BaseStrategy) -> StrategyVerdict:
        reason = (
            f"set aside after {FAULTS_BEFORE_QUARANTINE} faults, the last one: {self._last_fault[strategy.name]}; "
            "reload the symbol to try it again"
        )
        return strategy.unavailable(reason, set_aside=True)

    def _note_fault(self, strategy: BaseStrategy, what: str) -> StrategyVerdict:
        self._faults[strategy.name] += 1
        self._asks_plainly = False
        self._last_fault[strategy.name] = what
        try:
            strategy.reset()
        except Exception as fault:  # its memory can no longer be trusted: it is not asked again
            self._faults[strategy.name] = FAULTS_BEFORE_QUARANTINE
            self._last_fault[strategy.name] = f"{what}, and could not forget ({type(fault).__name__}: {fault})"
        if self._faults[strategy.name] >= FAULTS_BEFORE_QUARANTINE:
            return self._set_aside(strategy)
        count = f"fault {self._faults[strategy.name]} of {FAULTS_BEFORE_QUARANTINE} before it is set aside"
        return strategy.unavailable(f"{what}; {count}")

    def _note_time(self, strategy: BaseStrategy, took_ms: float) -> None:
        """Too slow once may be the machine's doing; too slow three times in a row is the strategy's."""
        slow = self._slow_in_a_row[strategy.name] + 1 if took_ms > TIME_BUDGET_MS else 0
        self._slow_in_a_row[strategy.name] = slow
        if slow >= FAULTS_BEFORE_QUARANTINE:
            self._faults[strategy.name] = FAULTS_BEFORE_QUARANTINE
            self._last_fault[strategy.name] = (
                f"it took {took_ms:.0f} ms for an answer, {slow} times in a row longer than {TIME_BUDGET_MS:.0f} ms"
            )

    def reset(self) -> None:
        """Forget memory, faults and verdicts of all strategies."""
        for strategy in self._strategies:
            strategy.reset()
            self._faults[strategy.name] = self._slow_in_a_row[strategy.name] = 0
            self._last_fault[strategy.name] = ""
        self._asks_plainly = self._stopwatch is None and self._deadline is None
        self._answers.clear()

    def state(self) -> dict[str, Any]:
        """Memory and fault counts of all strategies, as plain JSON types."""
        return {
            each.name: {
                "faults": self._faults[each.name],
                "last_fault": self._last_fault[each.name],
                "memory": each.state(),
            }
            for each in self._strategies
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continue exactly where `state()` was taken; strategies that it does not name start fresh."""
        self.reset()
        for strategy in self._strategies:
            saved = state.get(strategy.name)
            if saved is not None:
                self._faults[strategy.name] = int(saved["faults"])
                self._asks_plainly = self._asks_plainly and not self._faults[strategy.name]
                self._last_fault[strategy.name] = str(saved.get("last_fault", ""))
                strategy.restore(saved["memory"])


def _verdict(name: str, answer: StrategyVerdict | RawSignal, time_ms: int) -> StrategyVerdict:
    """An answer in words, with the close at which it was given."""
    if isinstance(answer, RawSignal):
        return StrategyVerdict(name, True, answer.summary, time_ms=time_ms)
    return StrategyVerdict(answer.strategy, answer.proposed, answer.reason, answer.available, answer.set_aside, time_ms)


def _checked(answer: Proposal, strategy: BaseStrategy, context: StrategyContext) -> Proposal:
    """The answer; raises when it is neither a sound signal nor a reason. Exact types, because it travels on."""
    if type(answer) is LateSignal:
        answer = written(answer)
    if type(answer) is RawSignal:
        signal = plain_signal(answer)
        _check_signal(signal, strategy, context)
        return signal
    if type(answer) is not StrategyVerdict or type(answer.reason) is not str or answer.proposed:
        raise FuttuiError("the answer is neither a signal nor a reason why there is none")
    return answer


def _check_signal(signal: RawSignal, strategy: BaseStrategy, context: StrategyContext) -> None:
    levels = signal.levels
    figures = (levels.entry, levels.stop, *levels.targets, signal.atr, signal.base_score)
    points = [part.points for part in signal.parts]
    if not all(map(math.isfinite, (*figures, *points))):
        raise FuttuiError("the signal holds a figure that is not a number")
    asked = (context.symbol, context.time_ms, strategy.name, strategy.system)
    if (signal.symbol, signal.time_ms, signal.strategy, signal.system) != asked:
        raise FuttuiError("the signal names another symbol, time, strategy or system than it was asked for")
    if not math.isclose(math.fsum(points), signal.base_score, abs_tol=1e-9):
        raise FuttuiError("the parts of the score do not add up to the score")
    if signal.time_stop_bars < 1:
        raise FuttuiError(f"the signal asks for a time stop after {signal.time_stop_bars} bars; one is the least")
    check_levels(levels, context.tick_size or 0.0)
