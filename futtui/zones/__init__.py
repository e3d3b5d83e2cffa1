"""Support and resistance zones: one registry per symbol, fed once per closed bar of each timeframe."""

from typing import TYPE_CHECKING

from futtui.domain.on_demand import parts_of

if TYPE_CHECKING:
    from futtui.zones.builder import ZoneBuilder
    from futtui.zones.registry import ZoneRegistry
    from futtui.zones.settings import ZoneFrameSettings, ZoneSettings

__all__ = ["ZoneBuilder", "ZoneFrameSettings", "ZoneRegistry", "ZoneSettings"]

__getattr__ = parts_of(
    __name__,
    {
        "builder": "ZoneBuilder",
        "registry": "ZoneRegistry",
        "settings": "ZoneFrameSettings ZoneSettings",
    },
)
