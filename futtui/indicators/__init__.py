"""Indicators: incremental, one update per closed bar, None until their warm-up is over."""

from typing import TYPE_CHECKING

from futtui.domain.on_demand import parts_of

if TYPE_CHECKING:
    from futtui.indicators.averages import Ema, Slope, alignment
    from futtui.indicators.bands import BollingerBands, Donchian, RollingPercentile
    from futtui.indicators.cache import CacheKey, IndicatorCache
    from futtui.indicators.divergence import divergence_of
    from futtui.indicators.flow import BarFlow, CVDCalculator, FlowFlip, FlowWindow, TradeFlow
    from futtui.indicators.frame import FrameIndicators
    from futtui.indicators.movement import EfficiencyRatio, VolumeRatio
    from futtui.indicators.volume_profile import PreviousDayVolumeProfile, RollingVolumeProfile, VolumeProfile
    from futtui.indicators.vwap import AnchoredVwap, DailyVwap
    from futtui.indicators.wilder import Adx, Atr, Rsi, true_range

__all__ = [
    "Adx",
    "AnchoredVwap",
    "Atr",
    "BarFlow",
    "BollingerBands",
    "CVDCalculator",
    "CacheKey",
    "DailyVwap",
    "Donchian",
    "EfficiencyRatio",
    "Ema",
    "FlowFlip",
    "FlowWindow",
    "FrameIndicators",
    "IndicatorCache",
    "PreviousDayVolumeProfile",
    "RollingPercentile",
    "RollingVolumeProfile",
    "Rsi",
    "Slope",
    "TradeFlow",
    "VolumeProfile",
    "VolumeRatio",
    "alignment",
    "divergence_of",
    "true_range",
]

__getattr__ = parts_of(
    __name__,
    {
        "averages": "Ema Slope alignment",
        "bands": "BollingerBands Donchian RollingPercentile",
        "cache": "CacheKey IndicatorCache",
        "divergence": "divergence_of",
        "flow": "BarFlow CVDCalculator FlowFlip FlowWindow TradeFlow",
        "frame": "FrameIndicators",
        "movement": "EfficiencyRatio VolumeRatio",
        "volume_profile": "PreviousDayVolumeProfile RollingVolumeProfile VolumeProfile",
        "vwap": "AnchoredVwap DailyVwap",
        "wilder": "Adx Atr Rsi true_range",
    },
)
