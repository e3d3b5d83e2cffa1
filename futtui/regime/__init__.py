"""Market regimes: one detector per symbol and timeframe, fed once per closed bar."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from futtui.regime.detector import RegimeDetector
    from futtui.regime.measures import RegimeMeasures
    from futtui.regime.settings import RegimeSettings

__all__ = ["RegimeDetector", "RegimeMeasures", "RegimeSettings"]

_HOMES = {
    "detector": ("RegimeDetector",),
    "measures": ("RegimeMeasures",),
    "settings": ("RegimeSettings",),
}


def __getattr__(name: str) -> Any:
    """The parts by name, loaded when they are asked for: the settings alone are wanted long before the rest."""
    from importlib import import_module

    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
