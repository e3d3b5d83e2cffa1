"""Support and resistance zones: one registry per symbol, fed once per closed bar of each timeframe."""

from futtui.zones.builder import ZoneBuilder
from futtui.zones.registry import ZoneRegistry
from futtui.zones.settings import ZoneFrameSettings, ZoneSettings

__all__ = ["ZoneBuilder", "ZoneFrameSettings", "ZoneRegistry", "ZoneSettings"]
