"""What a backtest is asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from futtui.analysis.settings import AnalysisSettings
from futtui.desk.settings import DeskSettings
from futtui.exchange.simulator.costs import Costs as Costs
from futtui.live.settings import HistorySettings
from futtui.signals.confidence import ConfidenceModel


@dataclass(frozen=True, slots=True)
class BacktestRequest:
    """One run. Times are epoch milliseconds at quarter hours; `optimistic`: inside a bar price goes with
    the position first, not against it; a rule, not a bound."""

    history: Path
    symbols: tuple[str, ...]
    start_ms: int
    end_ms: int
    analysis: AnalysisSettings = field(default_factory=AnalysisSettings)
    desk: DeskSettings = field(default_factory=DeskSettings)
    start_equity: Decimal = Decimal("10000")
    costs: Costs = field(default_factory=Costs)
    warm_up: HistorySettings = field(default_factory=HistorySettings)
    optimistic: bool = False
    workers: int = 2
    for_information: frozenset[str] = frozenset()
    """Strategies whose signals are followed on an account of their own and count in no total."""
    confidence: ConfidenceModel | None = None
    """What was learned from past trades; silent about signals from before the end of its training."""
