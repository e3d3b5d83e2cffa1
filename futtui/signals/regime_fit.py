"""Which strategy suits which regime: weights of the base score and the alignment bonus."""

from __future__ import annotations

from futtui.domain.regime import Regime
from futtui.domain.side import Side
from futtui.signals.settings import strategy_key

_TREND = (Regime.TREND_UP, Regime.TREND_DOWN)
_WEIGHTS: dict[str, tuple[float, float, float]] = {
    "break_retest": (1.5, 0.8, 1.2),
    "ma_vwap_pullback": (1.3, 0.9, 0.9),
    "pullback": (1.3, 0.9, 0.9),
    "volume_profile": (0.8, 1.5, 1.0),
    "liquidity_sweep": (0.9, 1.3, 1.0),
    "order_flow": (1.0, 1.0, 1.5),
}
"""Weight in trend, range and squeeze; every other strategy or regime has weight 1."""

_TREND_FRIENDS = ("liquidity_sweep", "break_retest", "order_flow")
_RANGE_FRIENDS = ("volume_profile",)


def regime_weight(strategy: str, regime: Regime, side: Side) -> float:
    """Factor for the base score; a trend against the side never lifts it above 1."""
    trend, quiet, squeeze = _WEIGHTS.get(strategy_key(strategy), (1.0, 1.0, 1.0))
    if regime in _TREND:
        return trend if trend_helps(regime, side) else min(trend, 1.0)
    if regime is Regime.RANGE:
        return quiet
    return squeeze if regime is Regime.SQUEEZE else 1.0


def trend_helps(regime: Regime, side: Side) -> bool:
    """Whether the regime is a trend in the direction of the side."""
    return regime is (Regime.TREND_UP if side is Side.LONG else Regime.TREND_DOWN)


def is_aligned(strategy: str, regime: Regime, side: Side) -> bool:
    """Whether the regime is the one the strategy was made for, and does not point the other way."""
    key = strategy_key(strategy)
    if key in _TREND_FRIENDS:
        return trend_helps(regime, side)
    return key in _RANGE_FRIENDS and regime in (Regime.RANGE, Regime.SQUEEZE)
