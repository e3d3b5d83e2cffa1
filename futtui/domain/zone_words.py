"""Why a zone has its score, in everyday words: the same sentences on the screen, in a report and on a chart."""

from __future__ import annotations

from futtui.domain.reading import SymbolReading
from futtui.domain.timeframe import DAY_MS, HOUR_MS, MINUTE_MS
from futtui.domain.zone import MOST_POINTS, Zone, ZoneState

_LIFE = {
    ZoneState.CANDIDATE: "not proven yet",
    ZoneState.ACTIVE: "proven",
    ZoneState.KEY: "one of the best",
    ZoneState.STALE: "left alone for long",
    ZoneState.EXPIRED: "gone",
}
SENIOR, VWAP, AVERAGE = 0.5, 0.3, 0.2


def life_words(zone: Zone) -> str:
    """How far the zone has come, as in "proven", and whether it changed sides not long ago."""
    return _LIFE[zone.state] + (", broken and changed sides" if zone.flipped else "")


def zone_reasons(zone: Zone, reading: SymbolReading) -> tuple[str, ...]:
    """One phrase for each part of the score with its points, largest part first as the eye expects them.

    `reading` is that of the zone's symbol at the same close; it tells which other levels lie at the zone.
    """
    parts = zone.parts
    if parts is None:
        return ("the parts of its score were not kept",)
    points = parts.points
    held = f"{zone.bounces} of {zone.touches} touches turned price" if zone.touches > 1 else _only_touch(zone)
    reasons = [
        f"{held}{_of(points[0], 0)}",
        f"{_reaction_words(parts.reactions)}{_of(points[1], 1)}",
        f"last touch {age_words(reading.time_ms - zone.last_touch_ms)}{_of(points[2], 2)}",
        f"{_company(zone, reading)}{_of(points[3], 3)}",
    ]
    if parts.noise > 0:
        reasons.append(f"price often sits inside it or runs through it ({points[4]:.0f})")
    if zone.flipped:
        reasons.append("it changed sides not long ago, which costs a part of the score")
    if zone.merged:
        count = len(zone.merged)
        noun = "a zone of a shorter timeframe" if count == 1 else f"{count} zones of shorter timeframes"
        reasons.append(f"holds {noun} of the same kind")
    return tuple(reasons)


def age_words(age_ms: int) -> str:
    """`25 min ago`, `7 h ago`, `3 days ago`."""
    if age_ms < HOUR_MS:
        return f"{max(0, age_ms) // MINUTE_MS} min ago"
    if age_ms < 2 * DAY_MS:
        return f"{age_ms // HOUR_MS} h ago"
    return f"{age_ms // DAY_MS} days ago"


def _only_touch(zone: Zone) -> str:
    if not zone.touches:
        return "price has not come to it yet"
    return "the only touch turned price" if zone.bounces else "the only touch did not turn price"


def _of(points: float, part: int) -> str:
    return f" ({points:.0f} of {MOST_POINTS[part]:.0f})"


def _reaction_words(part: float) -> str:
    if part == 0:
        return "no turn was large enough"
    if part < 0.25:
        return "its turns were small or rare"
    return "its turns were fair" if part < 0.55 else "its turns were large and reliable"


def _company(zone: Zone, reading: SymbolReading) -> str:
    """What else lies at the zone. The parts of confluence have sizes of their own, so they can be told apart."""
    frame = reading.frames.get(zone.timeframe)
    near = 0.25 * frame.atr if frame is not None and frame.atr else 0.0
    left = zone.parts.confluence if zone.parts is not None else 0.0
    found = []
    if any(_lies_over(other, zone) for other in reading.zones) and left >= SENIOR:
        found.append("a zone of a longer timeframe")
        left -= SENIOR
    vwaps = (reading.daily_vwap, reading.anchored_vwap)
    if left >= VWAP and any(vwap is not None and zone.low - near <= vwap <= zone.high + near for vwap in vwaps):
        found.append("a VWAP")
        left -= VWAP
    average = frame.ema_200 if frame is not None else None
    if left >= AVERAGE - 1e-9 and average is not None and zone.low - near <= average <= zone.high + near:
        found.append("the 200-bar average")
        left -= AVERAGE
    if 0.05 < left < 0.25:
        found.append("a round number")
    elif left >= 0.25:
        found.append("other levels")
    return "also here: " + ", ".join(found) if found else "no other level is here"


def _lies_over(other: Zone, zone: Zone) -> bool:
    solid = other.state in (ZoneState.ACTIVE, ZoneState.KEY)
    return solid and other.timeframe.ms > zone.timeframe.ms and other.low <= zone.high and zone.low <= other.high
