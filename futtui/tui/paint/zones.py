"""The zones panel: a ladder of zones and levels around the price of the selected symbol."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from futtui.domain.reading import SymbolReading
from futtui.domain.timeframe import ANALYSIS_TIMEFRAMES
from futtui.domain.zone import Zone
from futtui.tui.glyphs import RULE, SEPARATOR
from futtui.tui.heard import heard
from futtui.tui.paint import numbers
from futtui.tui.paint.names import frame_name, window_name, zone_mark, zone_token
from futtui.tui.paint.table import Column, choose_columns, row_line
from futtui.tui.paint.text import Line, Span, wrap
from futtui.tui.paint.view import View
from futtui.tui.words import word

COLUMNS = (
    Column("kind", 4),
    Column("band", 20, grow=6),
    Column("score", 5, ">"),
    Column("touches", 7, ">", 1),
    Column("fresh", 5, ">", 2),
    Column("gap", 6, ">"),
    Column("frame", 3, rank=3),
    Column("bounces", 7, ">", 4),
)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the ladder: a zone, or the price, or a level with a name."""

    price: float
    name: str
    zone: Zone | None = None
    extra: str = ""


def columns_for(width: int) -> tuple[Column, ...]:
    """The columns that fit."""
    return choose_columns(COLUMNS, width)


def ladder(view: View) -> list[Step]:
    """Zones, price and levels of the selected symbol from high to low; empty while nothing is known."""
    row = view.by_symbol.get(view.symbol)
    reading = view.snapshot.readings.get(view.symbol)
    if row is None or reading is None:
        return []
    steps = [Step(zone.middle, "zone", zone) for zone in reading.zones]
    steps += _levels(reading)
    steps.append(Step(row.price, "price"))
    return sorted(steps, key=lambda step: (-step.price, step.name != "price", step.name))


def _levels(reading: SymbolReading) -> list[Step]:
    steps = []
    if reading.daily_vwap is not None:
        steps.append(Step(reading.daily_vwap, "vwap"))
    if reading.anchored_vwap is not None:
        steps.append(Step(reading.anchored_vwap, "anchored"))
    if reading.profile is not None:
        profile = reading.profile
        window = window_name(profile.window)
        steps.append(Step(profile.value_area_high, "value_high", extra=window))
        steps.append(Step(profile.poc, "poc", extra=window))
        steps.append(Step(profile.value_area_low, "value_low", extra=window))
    return steps


def step_version(step: Step, view: View) -> tuple[object, ...]:
    """Changes whenever the line of this step would look different."""
    row = view.by_symbol[view.symbol]
    fresh = numbers.age_text(view.now_ms - step.zone.last_touch_ms) if step.zone else ""
    return (step, row.price, view.stale, fresh)


def step_line(step: Step, view: View, columns: Sequence[Column], width: int, selected: bool) -> Line:
    """One step as a table row (zone) or a thin rule with a name (price and levels)."""
    row = view.by_symbol[view.symbol]
    if step.zone is None:
        return _level_line(step, view, width, selected)
    zone = step.zone
    inside = zone.contains(row.price)

    def cell(column: Column) -> Span:
        match column.id:
            case "kind":
                return zone_mark(zone, row.price), zone_token(zone)
            case "band":
                return numbers.band_text(zone.low, zone.high, row.rules, column.width, " - "), zone_token(zone)
            case "score":
                return f"{zone.score:.0f}", "text"
            case "touches":
                return str(zone.touches), "text"
            case "bounces":
                return str(zone.bounces), "text"
            case "fresh":
                return numbers.age_text(view.now_ms - zone.last_touch_ms), "muted"
            case "frame":
                return frame_name(zone.timeframe), "muted"
            case _:
                return (word("zones.inside"), "focus") if inside else (_gap(zone, row.price), "text")

    line = row_line(columns, cell, selected=selected, cursor=view.cursor)
    return tuple((text, "dim") for text, _ in line) if view.stale else line


def _gap(zone: Zone, price: float) -> str:
    return numbers.percent_text(zone.gap_pct(price)) if price > 0 else word("value.none")


def _level_line(step: Step, view: View, width: int, selected: bool) -> Line:
    row = view.by_symbol[view.symbol]
    price = numbers.price_text(step.price, row.rules)
    marker = view.cursor if selected else " "
    if step.name == "price":
        head = f" {marker} {RULE * 3} {word('zones.price', price=price)} "
        token = "dim" if view.stale else "price_line"
        return ((head, token), (RULE * max(0, min(46, width - 2) - len(head)), token))
    gap = numbers.signed_percent_text((step.price / row.price - 1.0) * 100.0) if row.price > 0 else word("value.none")
    text = word(f"zones.{step.name}", price=price)
    window = f"  {step.extra}" if step.extra and step.name == "poc" else ""
    token = "dim" if view.stale else "attention" if "vwap" in step.name or step.name == "anchored" else "muted"
    return ((f" {marker} ", "marker"), (f"{SEPARATOR * 3} {text} ", token), (f"{gap}{window}", "dim"))


def empty_lines(view: View, width: int) -> list[Line]:
    """Why there is no ladder."""
    row = view.by_symbol.get(view.symbol)
    if row is None:
        text = word("zones.no_symbol")
    elif not row.ready:
        text = word("zones.warming_up", symbol=view.symbol, state=heard(row.state_text) or word("market.warming_up"))
    else:
        text = word("zones.none", symbol=view.symbol)
    return [(), *(((f"   {part}", "muted"),) for part in wrap(text, width - 5, 4))]


def subtitle(view: View) -> str:
    """Timeframes of the zones and the time they were built."""
    reading = view.snapshot.readings.get(view.symbol)
    if reading is None:
        return ""
    found = {zone.timeframe for zone in reading.zones}
    frames = "+".join(frame_name(frame) for frame in ANALYSIS_TIMEFRAMES if frame in found)
    built = word("zones.built", time=numbers.time_text(reading.time_ms, view.zone, seconds=False))
    return f"{frames} {SEPARATOR} {built}" if frames else built
