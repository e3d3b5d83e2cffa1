"""What the regime detector may be told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge, Gt, Interval

from futtui.domain.errors import InvalidInputError


@dataclass(frozen=True)
class RegimeSettings:
    """Thresholds of the two axes. Each pair enter/leave is a dead band that keeps the state from flapping."""

    trend_enter_adx: Annotated[float, Interval(gt=0, le=100)] = 25.0
    """ADX from which a trend may begin."""
    trend_leave_adx: Annotated[float, Interval(gt=0, le=100)] = 20.0
    """ADX below which a trend is over."""
    trend_enter_efficiency: Annotated[float, Interval(ge=0, le=1)] = 0.2
    """How straight price must move (0-1) for a trend to begin."""
    squeeze_enter_percentile: Annotated[float, Interval(ge=0, le=100)] = 20.0
    """Band width percentile below which the market is squeezed."""
    squeeze_leave_percentile: Annotated[float, Interval(ge=0, le=100)] = 35.0
    """Band width percentile above which a squeeze is over."""
    squeeze_max_efficiency: Annotated[float, Interval(ge=0, le=1)] = 0.5
    """A narrow market that moves straighter than this is a quiet trend, not a squeeze."""
    expansion_enter_percentile: Annotated[float, Interval(ge=0, le=100)] = 80.0
    """Volatility percentile (mean of band width and ATR) from which the market expands."""
    expansion_leave_percentile: Annotated[float, Interval(ge=0, le=100)] = 60.0
    """Volatility percentile below which an expansion is over."""
    chop_enter_slope_atr: Annotated[float, Gt(0)] = 0.12
    """Slope of the 20-bar average, in ATR a bar, from which a trendless market counts as chop."""
    chop_leave_slope_atr: Annotated[float, Gt(0)] = 0.07
    """Slope of the 20-bar average, in ATR a bar, below which chop becomes a range."""
    confirm_bars: Annotated[int, Ge(1)] = 3
    """Bars in a row that must agree before the state changes."""
    late_trend_atr: Annotated[float, Gt(0)] = 1.8
    """Distance of the close from the 20-bar average, in ATR, from which a move is late."""

    def __post_init__(self) -> None:
        self._check_order("trend_leave_adx", "trend_enter_adx")
        self._check_order("squeeze_enter_percentile", "squeeze_leave_percentile")
        self._check_order("expansion_leave_percentile", "expansion_enter_percentile")
        self._check_order("chop_leave_slope_atr", "chop_enter_slope_atr")

    def _check_order(self, lower: str, upper: str) -> None:
        if getattr(self, lower) > getattr(self, upper):
            raise InvalidInputError(
                f"{lower} ({getattr(self, lower)}) is above {upper} ({getattr(self, upper)}). "
                f"Set {lower} to the same value or a lower one."
            )
