"""Many settings of one strategy in one pass: measures and zones are worked out once, only its decisions anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from futtui.analysis.analyzer import KEPT_CANDLES, SymbolAnalyzer
from futtui.analysis.frame import AnalysisFrame
from futtui.analysis.settings import AnalysisSettings
from futtui.backtest.data import SymbolData
from futtui.backtest.shards import SymbolRun
from futtui.domain.errors import InvalidInputError
from futtui.domain.signal import RawSignal
from futtui.domain.timeframe import ANALYSIS_TIMEFRAMES, DAY_MS, Timeframe
from futtui.live.settings import HistorySettings
from futtui.strategies.action_price.component_settings import ComponentSettings
from futtui.strategies.base import StrategyContext
from futtui.strategies.catalogue import build_strategies
from futtui.strategies.manager import StrategyManager

Found = dict[tuple[str, int], tuple[RawSignal, ...]]
"""Signals by symbol and close."""


@dataclass(frozen=True, slots=True)
class StrategyVariant:
    """Other settings of a strategy, under a name for people."""

    name: str
    settings: Any


class _Chorus(StrategyManager):
    """Asks the strategy with its own settings, and beside it with every other set; the others' answers are put away."""

    def __init__(self, symbol: str, analysis: AnalysisSettings, strategy: str, variants: Sequence[StrategyVariant]):
        super().__init__(_only(symbol, analysis, strategy))
        self.others = {
            each.name: StrategyManager(_only(symbol, _with(analysis, strategy, each.settings), strategy))
            for each in variants
        }
        self.found: dict[str, list[RawSignal]] = {each.name: [] for each in variants}

    @property
    def required_bars(self) -> int:
        """Candles that the most demanding set needs."""
        return max(StrategyManager.required_bars.fget(each) for each in (self, *self.others.values()))  # type: ignore[attr-defined]

    @property
    def memory_bars(self) -> int:
        """Closes after which no set remembers anything older."""
        return max(StrategyManager.memory_bars.fget(each) for each in (self, *self.others.values()))  # type: ignore[attr-defined]

    def on_close(self, timeframe: Timeframe, context: StrategyContext) -> tuple[RawSignal, ...]:
        """The signals with its own settings."""
        for name, manager in self.others.items():
            manager.closes_to_come, manager.explains = self.closes_to_come, self.explains
            self.found[name] += manager.on_close(timeframe, context)
        return super().on_close(timeframe, context)


class _ChorusAnalyzer(SymbolAnalyzer):
    """The analyzer of a symbol with a chorus in place of its strategies."""

    def __init__(
        self, symbol: str, analysis: AnalysisSettings, tick: float, strategy: str, variants: Sequence[StrategyVariant]
    ) -> None:
        self._strategy, self._variants = strategy, variants
        super().__init__(symbol, analysis, tick)

    def _start_over(self) -> None:
        super()._start_over()
        self.chorus = _Chorus(self.symbol, self._settings, self._strategy, self._variants)
        self._manager = self.chorus
        kept = max(KEPT_CANDLES, self.chorus.memory_bars, self.chorus.required_bars)
        self._frames.update((frame, AnalysisFrame(frame, self._settings.regime, kept)) for frame in ANALYSIS_TIMEFRAMES)


def variant_signals(
    data: SymbolData,
    analysis: AnalysisSettings,
    warm_up: HistorySettings,
    start_ms: int,
    end_ms: int,
    strategy: str,
    variants: Sequence[StrategyVariant],
) -> dict[str, Found]:
    """The signals of every variant in (start_ms, end_ms] on one symbol, by the variant's name."""
    run = SymbolRun(data, analysis, warm_up, start_ms)
    analyzer = _ChorusAnalyzer(data.symbol, analysis, float(data.rules.tick_size), strategy, variants)
    run._analyzer = analyzer
    found: dict[str, Found] = {each.name: {} for each in variants}
    at_ms = start_ms
    while at_ms < end_ms:
        at_ms = min(at_ms + DAY_MS, end_ms)
        run.advance(at_ms)
        for name, signals in analyzer.chorus.found.items():
            for raw in signals:
                if raw.time_ms > start_ms:
                    known = found[name].get((raw.symbol, raw.time_ms), ())
                    found[name][raw.symbol, raw.time_ms] = (*known, raw)
            signals.clear()
    return found


def settings_of(analysis: AnalysisSettings, strategy: str) -> Any:
    """The settings of a strategy by its name; raises InvalidInputError for a name that no strategy has."""
    if not hasattr(analysis.strategies, strategy):
        raise InvalidInputError(f"No strategy is called {strategy}.")
    return getattr(analysis.strategies, strategy)


def without_components(components: ComponentSettings) -> Mapping[str, ComponentSettings]:
    """The eleven components of Action Price, each switched off once."""
    found = {}
    for name in ComponentSettings.__dataclass_fields__:
        part = getattr(components, name)
        points = {each: 0.0 for each in part.__dataclass_fields__ if each == "points" or each.endswith("_points")}
        found[name] = replace(components, **{name: replace(part, **points)})
    return found


def _with(analysis: AnalysisSettings, strategy: str, settings: Any) -> AnalysisSettings:
    return replace(analysis, strategies=replace(analysis.strategies, **{strategy: settings}))


def _only(symbol: str, analysis: AnalysisSettings, strategy: str) -> list[Any]:
    return [each for each in build_strategies(symbol, analysis.strategies) if each.name == strategy]
