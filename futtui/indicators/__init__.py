"""Indicators: incremental, one update per closed bar, None until their warm-up is over."""

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
