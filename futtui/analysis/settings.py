"""All settings of an analyzer in one picklable record."""

from __future__ import annotations

from dataclasses import dataclass, field

from futtui.regime.settings import RegimeSettings
from futtui.strategies.atr_momentum_impulse import AtrMomentumSettings
from futtui.strategies.break_retest_setup import BreakRetestSettings
from futtui.zones.settings import ZoneSettings


@dataclass(frozen=True, slots=True)
class AnalysisSettings:
    """What the rooms below may be told. A strategy that is not wanted has `enabled` False."""

    regime: RegimeSettings = field(default_factory=RegimeSettings)
    """Thresholds of the market regime."""
    zones: ZoneSettings = field(default_factory=ZoneSettings)
    """Building and ageing of zones."""
    break_retest: BreakRetestSettings = field(default_factory=BreakRetestSettings)
    """Break & Retest."""
    atr_momentum: AtrMomentumSettings = field(default_factory=AtrMomentumSettings)
    """ATR Momentum."""
