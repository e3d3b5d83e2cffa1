"""Market regimes: one detector per symbol and timeframe, fed once per closed bar."""

from futtui.regime.detector import RegimeDetector
from futtui.regime.measures import RegimeMeasures
from futtui.regime.settings import RegimeSettings

__all__ = ["RegimeDetector", "RegimeMeasures", "RegimeSettings"]
