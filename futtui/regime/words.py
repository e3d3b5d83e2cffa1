"""How sure the detector is, and its reasons in plain words."""

from __future__ import annotations

from futtui.domain.regime import Regime
from futtui.regime.measures import RegimeMeasures
from futtui.regime.settings import RegimeSettings

SURE_ADX = 40.0
SURE_SQUEEZE_BARS = 12


def confidence(regime: Regime, measures: RegimeMeasures, bars: int, settings: RegimeSettings) -> float:
    """How clearly the measures speak for `regime`, 0-1.

    Trend: half ADX/40, a quarter efficiency, a quarter alignment of the averages. Squeeze: half its age of 12 bars,
    half its narrowness. Expansion: the volatility rank. Range and chop: how far ADX lies below the trend threshold.
    """
    if regime.is_trend:
        sign = 1 if regime is Regime.TREND_UP else -1
        aligned = 1.0 if measures.alignment == sign else 0.0
        return 0.5 * min(measures.adx / SURE_ADX, 1.0) + 0.25 * measures.efficiency + 0.25 * aligned
    if regime is Regime.SQUEEZE:
        narrow = 1.0 - min(measures.width_percentile / max(settings.squeeze_leave_percentile, 1e-9), 1.0)
        return 0.5 * min(bars / SURE_SQUEEZE_BARS, 1.0) + 0.5 * narrow
    if regime is Regime.EXPANSION:
        return measures.volatility_percentile / 100.0
    return max(0.0, 1.0 - measures.adx / settings.trend_enter_adx)


def reason(regime: Regime, measures: RegimeMeasures) -> str:
    """One sentence, without a full stop, that a trader can check on the chart."""
    adx = f"ADX {measures.adx:.0f}"
    if regime.is_trend:
        return f"{adx} and {_place(measures)}"
    if regime is Regime.SQUEEZE:
        return f"bands narrower than {100 - measures.width_percentile:.0f} % of the last 90 bars"
    if regime is Regime.EXPANSION:
        return f"volatility higher than in {measures.volatility_percentile:.0f} % of the last 90 bars, no clear trend"
    if regime is Regime.CHOP:
        way = "rises" if measures.ema_20_slope > 0 else "falls"
        return f"{adx}: the average {way}, but without strength"
    return f"{adx} and flat averages"


def _place(measures: RegimeMeasures) -> str:
    averages = [measures.ema_20, measures.ema_50]
    if measures.ema_200 is not None:
        averages.append(measures.ema_200)
    if measures.close > max(averages):
        return "price above its averages"
    if measures.close < min(averages):
        return "price below its averages"
    return "fast average above the slow one" if measures.ema_20 > measures.ema_50 else "fast average below the slow one"
