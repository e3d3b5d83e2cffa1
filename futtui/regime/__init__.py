"""Market regimes: one detector per symbol and timeframe, fed once per closed bar."""

from typing import TYPE_CHECKING

from futtui.domain.on_demand import parts_of

if TYPE_CHECKING:
    from futtui.regime.detector import RegimeDetector
    from futtui.regime.measures import RegimeMeasures
    from futtui.regime.settings import RegimeSettings

__all__ = ["RegimeDetector", "RegimeMeasures", "RegimeSettings"]

__getattr__ = parts_of(
    __name__,
    {
        "detector": "RegimeDetector",
        "measures": "RegimeMeasures",
        "settings": "RegimeSettings",
    },
)
