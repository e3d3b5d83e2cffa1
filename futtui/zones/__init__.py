"""Support and resistance zones: one registry per symbol, fed once per closed bar of each timeframe."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from futtui.zones.builder import ZoneBuilder
    from futtui.zones.registry import ZoneRegistry
    from futtui.zones.settings import ZoneFrameSettings, ZoneSettings

__all__ = ["ZoneBuilder", "ZoneFrameSettings", "ZoneRegistry", "ZoneSettings"]

_HOMES = {
    "builder": ("ZoneBuilder",),
    "registry": ("ZoneRegistry",),
    "settings": (
        "ZoneFrameSettings",
        "ZoneSettings",
    ),
}


def __getattr__(name: str) -> Any:
    """The parts by name, loaded when they are asked for: the settings alone are wanted long before the rest."""
    from importlib import import_module

    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
