"""Settings of the desk: scoring and risk together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from annotated_types import Ge, Le

from futtui.risk.settings import RiskSettings
from futtui.signals.settings import ScoringSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskSettings:
    """Everything the trading desk can be told."""

    scoring: ScoringSettings = field(default_factory=ScoringSettings)
    """How signals are scored and filtered."""

    risk: RiskSettings = field(default_factory=RiskSettings)
    """Sizing, caps, entries and exits."""

    finished_signals_shown: Annotated[int, Ge(0), Le(1_000)] = 60
    """Finished and refused signals that stay visible."""

    trades_shown: Annotated[int, Ge(0), Le(5_000)] = 200
    """Closed trades that stay visible."""

    refusal_merge_minutes: Annotated[int, Ge(1), Le(1_440)] = 15
    """Refusals of one kind within this time are told in one line."""
