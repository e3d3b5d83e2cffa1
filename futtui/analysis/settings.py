"""All settings of an analyzer in one picklable record."""

from __future__ import annotations

from dataclasses import dataclass, field

from futtui.regime.settings import RegimeSettings
from futtui.strategies.plugin import PluginSource
from futtui.strategies.settings import StrategySettings
from futtui.zones.settings import ZoneSettings


@dataclass(frozen=True, slots=True)
class AnalysisSettings:
    """What the rooms below may be told."""

    regime: RegimeSettings = field(default_factory=RegimeSettings)
    """Thresholds of the market regime."""
    zones: ZoneSettings = field(default_factory=ZoneSettings)
    """Building and ageing of zones."""
    strategies: StrategySettings = field(default_factory=StrategySettings)
    """The numbers of every strategy."""
    plugins: tuple[PluginSource, ...] = ()
    """The user's own strategies: their text and their settings."""
    divergence: bool = False
    """Look for divergence between price and taker flow at every close; only where somebody asks for it."""
