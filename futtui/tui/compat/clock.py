"""The user's time zone, also where the tz database is old or only comes as a package."""

from __future__ import annotations

from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_OLD_NAMES = {"Europe/Kyiv": "Europe/Kiev"}


def knows_zone(name: str) -> bool:
    """Whether this machine knows a time zone of that name."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def load_zone(name: str) -> tuple[tzinfo, str]:
    """The zone and a short name for the clock, as in `Kyiv`; UTC where the zone is unknown."""
    for candidate in (name, _OLD_NAMES.get(name, name)):
        try:
            return ZoneInfo(candidate), name.rpartition("/")[2].replace("_", " ")
        except (ZoneInfoNotFoundError, ValueError, OSError):
            continue
    return UTC, "UTC"
