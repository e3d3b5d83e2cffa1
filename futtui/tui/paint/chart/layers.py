"""What lies under and over the candles: zone bands, volume profile, levels, VWAPs, fills."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from futtui.domain.zone import Zone, ZoneState
from futtui.tui.paint.chart.bars import Bar
from futtui.tui.paint.chart.canvas import Canvas
from futtui.tui.paint.chart.data import ChartData, place_of
from futtui.tui.paint.chart.scale import Scale
from futtui.tui.paint.names import zone_letter, zone_token

PROFILE_SHARE = 0.25
"""Part of the width that the longest line of the profile takes."""
VALUE_AREA = 0.7
LEVEL_SIGN = "╌"
THIN_SIGN = "┄"
VWAP_SIGN = "•"
WEEK_SIGN = "·"


@dataclass(frozen=True, slots=True)
class Profile:
    """Volume by row of the candles in sight, its fullest row, and the rows of the value area."""

    volumes: tuple[float, ...]
    poc_row: int
    area: tuple[int, int]


def volume_profile(bars: Sequence[Bar], scale: Scale) -> Profile | None:
    """Each bar's volume spread evenly over its range (as in the indicator), by row; None without volume."""
    rows = scale.rows
    change = [0.0] * (rows + 1)
    ends = [0.0] * rows
    per_row = (scale.high - scale.low) / rows
    for bar in bars:
        if bar.volume <= 0:
            continue
        top = (scale.high - bar.high) / per_row
        bottom = (scale.high - bar.low) / per_row
        first, last = max(0, min(rows - 1, int(top))), max(0, min(rows - 1, int(bottom)))
        if first == last:
            ends[first] += bar.volume
            continue
        rate = bar.volume / (bottom - top)
        ends[first] += rate * (first + 1 - top)
        ends[last] += rate * (bottom - last)
        change[first + 1] += rate
        change[last] -= rate
    volumes = []
    running = 0.0
    for row in range(rows):
        running += change[row]
        volumes.append(max(0.0, running + ends[row]))
    total = sum(volumes)
    if total <= 0:
        return None
    poc = max(range(rows), key=volumes.__getitem__)
    return Profile(tuple(volumes), poc, _value_area(volumes, poc, total * VALUE_AREA))


def _value_area(volumes: Sequence[float], poc: int, wanted: float) -> tuple[int, int]:
    """Rows around the fullest one that hold 70 % of the volume, the fuller neighbour first."""
    top = bottom = poc
    held = volumes[poc]
    last = len(volumes) - 1
    while held < wanted and (top > 0 or bottom < last):
        above = volumes[top - 1] if top > 0 else -1.0
        below = volumes[bottom + 1] if bottom < last else -1.0
        if above >= below:
            top -= 1
            held += above
        else:
            bottom += 1
            held += below
    return top, bottom


def draw_profile(canvas: Canvas, profile: Profile) -> None:
    """Grounds that grow from the right edge; the fullest row stands out, then the value area."""
    longest = max(1, round(canvas.width * PROFILE_SHARE))
    most = profile.volumes[profile.poc_row]
    for row, volume in enumerate(profile.volumes):
        length = round(longest * volume / most)
        inside = profile.area[0] <= row <= profile.area[1]
        ground = "poc" if row == profile.poc_row else "value_area" if inside else "profile"
        canvas.shade(row, canvas.width - length, canvas.width, ground)


def draw_zones(canvas: Canvas, zones: Sequence[Zone], scale: Scale) -> None:
    """Bands snapped to whole rows; a thin or expired one is a dotted line."""
    for zone in sorted(zones, key=lambda item: item.score):
        if zone.high < scale.low or zone.low > scale.high:
            continue
        thin = (zone.high - zone.low) * scale.rows < scale.high - scale.low
        first, last = scale.row(zone.middle if thin else zone.high), scale.row(zone.middle if thin else zone.low)
        ink, ground = zone_token(zone)[:-2], zone_token(zone)
        expired = zone.state is ZoneState.EXPIRED
        for row in range(first, last + 1):
            if not expired:
                canvas.shade(row, 0, canvas.width, ground)
        if expired or thin:
            for row in {first, last}:
                canvas.put(0, row, THIN_SIGN * canvas.width, f"{ink}_line")


def draw_letters(canvas: Canvas, zones: Sequence[Zone], scale: Scale) -> None:
    """The kind of each zone at the left edge: over candles too, because a colour alone tells nothing."""
    for zone in zones:
        if zone.high >= scale.low and zone.low <= scale.high:
            canvas.put(0, scale.row(min(max(zone.middle, scale.low), scale.high)), zone_letter(zone), "strong")


def draw_level(canvas: Canvas, price: float, ink: str, scale: Scale, sign: str = LEVEL_SIGN) -> None:
    """A dashed line: every second column."""
    if not scale.holds(price):
        return
    row = scale.row(price)
    signs, inks = canvas.signs[row], canvas.inks[row]
    signs[1::2] = sign * len(signs[1::2])
    inks[1::2] = [ink] * len(inks[1::2])


def draw_vwap(
    canvas: Canvas, bars: Sequence[Bar], values: Sequence[float | None], scale: Scale, sign: str, ink: str
) -> None:
    """A dot per candle."""
    known = len(values)
    low, high = scale.low, scale.high
    signs, inks, row = canvas.signs, canvas.inks, scale.row
    for bar in bars:
        value = values[bar.last] if bar.last < known else None
        if value is not None and low <= value <= high:
            y = row(value)
            signs[y][bar.x] = sign
            inks[y][bar.x] = ink


def draw_fills(canvas: Canvas, data: ChartData, bars: Sequence[Bar], scale: Scale, middle: int) -> None:
    """A sign where and when something was filled."""
    if not bars:
        return
    columns = {place: bar.x + middle for bar in bars for place in range(bar.first, bar.last + 1)}
    for fill in data.fills:
        x = columns.get(place_of(data, fill.time_ms))
        if x is not None and scale.holds(fill.price):
            canvas.put(x, scale.row(fill.price), fill.sign, fill.ink)
