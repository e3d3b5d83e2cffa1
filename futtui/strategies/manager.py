"""Runs the strategies of one symbol in a fixed order and keeps the reason of each answer."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from futtui.domain.errors import FuttuiError
from futtui.domain.reading import StrategyVerdict
from futtui.domain.signal import RawSignal, check_levels
from futtui.domain.timeframe import Timeframe
from futtui.strategies.base import BaseStrategy, StrategyContext

FAULTS_BEFORE_QUARANTINE = 3


class StrategyManager:
    """Asks every strategy at the close of its own timeframe.

    A strategy that raises, or answers with impossible figures, harms nobody else: its answer becomes a reason, its
    memory is cleared, and after three faults it is not asked again until `reset`.
    """

    def __init__(self, strategies: Sequence[BaseStrategy]) -> None:
        self._strategies = tuple(strategies)
        self._faults = dict.fromkeys((strategy.name for strategy in strategies), 0)
        self._verdicts: dict[str, StrategyVerdict] = {}

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
        return tuple(self._verdicts[each.name] for each in self._strategies if each.name in self._verdicts)

    def on_close(self, timeframe: Timeframe, context: StrategyContext) -> tuple[RawSignal, ...]:
        """The signals that the strategies of `timeframe` propose at this close."""
        signals = []
        for strategy in self._strategies:
            if strategy.timeframe is not timeframe:
                continue
            answer = self._ask(strategy, context)
            if isinstance(answer, RawSignal):
                signals.append(answer)
                answer = StrategyVerdict(strategy.name, True, answer.summary)
            self._verdicts[strategy.name] = answer
        return tuple(signals)

    def _ask(self, strategy: BaseStrategy, context: StrategyContext) -> RawSignal | StrategyVerdict:
        if not strategy.enabled:
            return strategy.refuse("switched off in the settings")
        if self._faults[strategy.name] >= FAULTS_BEFORE_QUARANTINE:
            return strategy.refuse(
                f"set aside after {FAULTS_BEFORE_QUARANTINE} faults; reload the symbol to try it again"
            )
        try:
            answer = strategy.evaluate(context)
            if isinstance(answer, RawSignal):
                _check_signal(answer, strategy, context)
        except Exception as fault:  # a plug-in may fail in any way; the other strategies must go on
            return self._note_fault(strategy, fault)
        return answer

    def _note_fault(self, strategy: BaseStrategy, fault: Exception) -> StrategyVerdict:
        self._faults[strategy.name] += 1
        strategy.reset()
        count = f"fault {self._faults[strategy.name]} of {FAULTS_BEFORE_QUARANTINE} before it is set aside"
        return strategy.refuse(f"failed ({type(fault).__name__}: {fault}); {count}")

    def reset(self) -> None:
        """Forget memory, faults and verdicts of all strategies."""
        for strategy in self._strategies:
            strategy.reset()
            self._faults[strategy.name] = 0
        self._verdicts.clear()

    def state(self) -> dict[str, Any]:
        """Memory and fault counts of all strategies, as plain JSON types."""
        return {each.name: {"faults": self._faults[each.name], "memory": each.state()} for each in self._strategies}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continue exactly where `state()` was taken; strategies that it does not name start fresh."""
        self.reset()
        for strategy in self._strategies:
            saved = state.get(strategy.name)
            if saved is not None:
                self._faults[strategy.name] = int(saved["faults"])
                strategy.restore(saved["memory"])


def _check_signal(signal: RawSignal, strategy: BaseStrategy, context: StrategyContext) -> None:
    levels = signal.levels
    figures = (levels.entry, levels.stop, *levels.targets, signal.atr, signal.base_score)
    points = (part.points for part in signal.parts)
    if not all(map(math.isfinite, (*figures, *points))):
        raise FuttuiError("the signal holds a figure that is not a number")
    if (signal.symbol, signal.time_ms, signal.strategy) != (context.symbol, context.time_ms, strategy.name):
        raise FuttuiError("the signal names another symbol, time or strategy than it was asked for")
    if not math.isclose(math.fsum(part.points for part in signal.parts), signal.base_score, abs_tol=1e-9):
        raise FuttuiError("the parts of the score do not add up to the score")
    check_levels(levels, context.tick_size or 0.0)
