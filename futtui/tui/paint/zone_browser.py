"""All zones of a symbol: a table over every timeframe, the parts of a score, and how each touch ended."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from futtui.domain.timeframe import ANALYSIS_TIMEFRAMES, Timeframe
from futtui.domain.zone import MOST_POINTS, Zone, ZoneEvent, ZoneEventKind, ZoneState
from futtui.domain.zone_words import zone_reasons
from futtui.tui.glyphs import BAR_EMPTY, BAR_FULL, SEPARATOR
from futtui.tui.heard import heard
from futtui.tui.paint import numbers
from futtui.tui.paint.details import fact, fact_lines, paragraph
from futtui.tui.paint.names import frame_name, zone_mark, zone_token
from futtui.tui.paint.table import Column, choose_columns, row_line
from futtui.tui.paint.text import Line, Span, fit, fit_line, wrap
from futtui.tui.paint.view import View
from futtui.tui.words import word

COLUMNS = (
    Column("kind", 4),
    Column("band", 17, grow=9),
    Column("frame", 3),
    Column("grade", 6),
    Column("life", 15, rank=1),
    Column("held", 7, ">", 2),
    Column("away", 9, ">"),
    Column("fresh", 5, ">", 3),
)
SORTS = ("away", "score", "price", "frame")
PARTS = ("touches", "reactions", "freshness", "confluence", "noise")
DOWNWARD, UPWARD = "↓", "↑"
"""Price came down to the zone, or up to it."""
ALSO = "also here: "
"""How the reason begins that names other levels at a zone."""
_BAR = 10
_LABEL = 14
_LIFE_TOKENS = {ZoneState.KEY: "bold", ZoneState.CANDIDATE: "dim", ZoneState.STALE: "dim", ZoneState.EXPIRED: "dim"}


@dataclass(frozen=True, slots=True)
class ZoneLook:
    """What the screen looks at: a symbol, one timeframe or all (None), and the order."""

    symbol: str
    frame: Timeframe | None = None
    sort: str = "away"


def columns_for(width: int) -> tuple[Column, ...]:
    """The columns that fit."""
    return choose_columns(COLUMNS, width)


def frames_of(look: ZoneLook, view: View) -> list[Timeframe]:
    """Timeframes in which the symbol has zones, longest first."""
    reading = view.snapshot.readings.get(look.symbol)
    found = {zone.timeframe for zone in reading.zones} if reading is not None else set()
    return [frame for frame in ANALYSIS_TIMEFRAMES if frame in found]


def zones_of(look: ZoneLook, view: View) -> list[Zone]:
    """The zones that are shown, in the chosen order."""
    reading = view.snapshot.readings.get(look.symbol)
    zones = reading.zones if reading is not None else ()
    chosen = [zone for zone in zones if look.frame is None or zone.timeframe is look.frame]
    price = _price(look, view)

    def key(zone: Zone) -> tuple[float, float]:
        match look.sort:
            case "score":
                return (-zone.score, zone.gap_pct(price))
            case "price":
                return (-zone.middle, -zone.score)
            case "frame":
                return (-zone.timeframe.ms, zone.gap_pct(price))
            case _:
                return (zone.gap_pct(price), -zone.score)

    return sorted(chosen, key=key)


def _price(look: ZoneLook, view: View) -> float:
    """The price now, else that of the last close; a zone is measured against something in any case."""
    row = view.by_symbol.get(look.symbol)
    reading = view.snapshot.readings.get(look.symbol)
    price = row.price if row is not None and row.price > 0 else reading.price if reading is not None else 0.0
    return price if price > 0 else 1.0


def zone_version(zone: Zone, look: ZoneLook, view: View) -> tuple[object, ...]:
    """Changes whenever the line of the zone would look different."""
    return (zone, _away(zone, look, view), numbers.age_text(view.now_ms - zone.last_touch_ms), view.stale)


def zone_line(zone: Zone, look: ZoneLook, view: View, columns: Sequence[Column], selected: bool) -> Line:
    """One zone."""

    def cell(column: Column) -> Span:
        match column.id:
            case "kind":
                return zone_mark(zone, _price(look, view)), zone_token(zone)
            case "band":
                band = numbers.band_text(zone.low, zone.high, view.rules(zone.symbol), column.width, " - ")
                return band, zone_token(zone)
            case "frame":
                return frame_name(zone.timeframe), "muted"
            case "grade":
                return f"{zone.grade or '-'} {zone.score:.0f}", "text"
            case "life":
                passed = zone.is_passed_by(_price(look, view))
                return life_word(zone, passed=passed), "attention" if passed else _LIFE_TOKENS.get(zone.state, "text")
            case "held":
                return f"{zone.bounces}/{zone.touches}", "text"
            case "away":
                return _away(zone, look, view), "focus" if zone.contains(_price(look, view)) else "text"
            case _:
                return numbers.age_text(view.now_ms - zone.last_touch_ms), "muted"

    line = row_line(columns, cell, selected=selected, cursor=view.cursor)
    return tuple((text, "dim") for text, _ in line) if view.stale else line


def life_word(zone: Zone, *, passed: bool = False) -> str:
    """How far the zone has come; one that changed sides not long ago, or that price is beyond, is told as such."""
    if passed:
        return word("zone.life.passed")
    return word("zone.life.flipped" if zone.flipped else f"zone.life.{zone.state.value}")


def _away(zone: Zone, look: ZoneLook, view: View) -> str:
    """`+1.24%` above the price, `-0.30%` below it, or inside."""
    price = _price(look, view)
    if zone.contains(price):
        return word("zones.inside")
    gap = zone.gap_pct(price)
    return numbers.signed_percent_text(gap if zone.low > price else -gap)


def empty_lines(look: ZoneLook, view: View, width: int) -> list[Line]:
    """Why there is no zone to show."""
    row = view.by_symbol.get(look.symbol)
    if row is None:
        text = word("browser.no_symbol")
    elif look.frame is not None and frames_of(look, view):
        text = word("browser.none_in_frame", symbol=look.symbol, frame=frame_name(look.frame))
    elif not row.ready:
        text = word("zones.warming_up", symbol=look.symbol, state=heard(row.state_text) or word("market.warming_up"))
    else:
        text = word("zones.none", symbol=look.symbol)
    return [(), *paragraph(text, width, "muted", lead="   ")]


def title(look: ZoneLook) -> str:
    """Symbol and timeframe."""
    frame = frame_name(look.frame) if look.frame is not None else word("browser.all_frames")
    return f"{word('panel.zones')}  {look.symbol}  {frame}"


def subtitle(look: ZoneLook, view: View) -> str:
    """How many zones, in which order, and when they were built."""
    reading = view.snapshot.readings.get(look.symbol)
    if reading is None:
        return ""
    count = word("browser.count", n=len(zones_of(look, view)))
    order = word(f"browser.sorted.{look.sort}")
    built = word("zones.built", time=numbers.time_text(reading.time_ms, view.zone, seconds=False))
    return f" {SEPARATOR} ".join((count, order, built))


def why_lines(zone: Zone | None, view: View, width: int) -> list[Line]:
    """The score with each of its parts as a bar, then why in words."""
    reading = view.snapshot.readings.get(zone.symbol) if zone is not None else None
    if zone is None or reading is None:
        return paragraph(word("browser.nothing_marked"), width, "muted")
    rules = view.rules(zone.symbol)
    band = numbers.band_text(zone.low, zone.high, rules, 30, " - ")
    kind = word("zone.name.F") if zone.flipped else word(f"zone.name.{zone.kind.value[:1]}")
    grade = word("browser.grade" if zone.grade else "browser.no_grade", grade=zone.grade, score=f"{zone.score:.0f}")
    lines: list[Line] = [
        ((f" {kind} {band} ", zone_token(zone)), (f"  {frame_name(zone.timeframe)}", "text")),
        ((f" {grade}", "bold"), (f" {SEPARATOR} {life_word(zone)}", "muted")),
    ]
    if zone.parts is not None:
        for name, part, most, points in zip(PARTS, zone.parts, MOST_POINTS, zone.parts.points, strict=True):
            full = round(part * _BAR)
            token = "down" if most < 0 else "up"
            lines.append(
                (
                    (f" {fit(word(f'browser.part.{name}'), _LABEL)}", "text"),
                    (f"{points:>5.0f} ", token if full else "dim"),
                    (fit(word("browser.of", most=f"{most:.0f}"), 8), "dim"),
                    ("  " + BAR_FULL * full, token),
                    (BAR_EMPTY * (_BAR - full), "dim"),
                )
            )
    lines.append(())
    if zone.is_passed_by(_price(ZoneLook(zone.symbol), view)):
        lines += [*paragraph(word(f"browser.passed.{zone.kind.value}"), width, "attention"), ()]
    for reason in zone_reasons(zone, reading):
        texts = wrap(told(reason), width - 4)
        lines += [((f" {SEPARATOR if at == 0 else ' '} {text}", "muted"),) for at, text in enumerate(texts)]
    return [*lines, (), *_life_facts(zone, view, width)]


def told(reason: str) -> str:
    """A reason in the user's language, without the points that the bars show already."""
    text = re.sub(r" \([-+\d]+( of [-\d]+)?\)$", "", reason)
    if text.startswith(ALSO):
        return word("browser.also_here", what=", ".join(heard(part) for part in text[len(ALSO) :].split(", ")))
    return heard(text)


def _life_facts(zone: Zone, view: View, width: int) -> list[Line]:
    """When it came to be, and what else is known of its life."""
    born = numbers.long_age_text(view.now_ms - zone.created_ms)
    facts = [fact(word("browser.born"), word("detail.ago", age=born))]
    if zone.flipped_ms is not None:
        changed = numbers.long_age_text(view.now_ms - zone.flipped_ms)
        facts.append(fact(word("browser.flipped"), word("detail.ago", age=changed)))
    if zone.purity is not None:
        share = word("browser.purity_text", share=f"{zone.purity * 100:.0f}")
        facts += fact_lines(word("browser.purity"), share, width)
    return facts


@dataclass(frozen=True, slots=True)
class Visit:
    """One touch with what came of it; `outcome` None while that is open, or where nothing came of it."""

    touch: ZoneEvent
    outcome: ZoneEvent | None
    also: tuple[ZoneEvent, ...] = ()


def visits_of(events: Sequence[ZoneEvent]) -> list[Visit]:
    """Touches with their outcomes, newest first; what happened between two touches belongs to the earlier one."""
    visits: list[Visit] = []
    after: list[ZoneEvent] = []
    for event in sorted(events, key=lambda item: (item.time_ms, item.kind is not ZoneEventKind.TOUCH), reverse=True):
        if event.kind is not ZoneEventKind.TOUCH:
            after.append(event)
            continue
        came = [item for item in reversed(after) if item.zone_id == event.zone_id]
        after = [item for item in after if item.zone_id != event.zone_id]
        ended = next((item for item in came if item.kind in (ZoneEventKind.BOUNCE, ZoneEventKind.BREAK)), None)
        visits.append(Visit(event, ended, tuple(item for item in came if item is not ended)))
    return visits


def story_lines(
    events: Sequence[ZoneEvent] | None, trouble: str, view: View, width: int, touches: int = 0
) -> list[Line]:
    """How often touches turned price, then each touch with what came of it, newest first.

    `touches`: how often price came to the zone in all; of those before futtui saw it there is no record.
    """
    if events is None:
        return paragraph(trouble or word("browser.loading"), width, "attention" if trouble else "muted")
    visits = visits_of(events)
    if not visits:
        return paragraph(word("browser.no_touches"), width, "muted")
    turned = sum(_ended(visit, ZoneEventKind.BOUNCE) for visit in visits)
    broke = sum(_ended(visit, ZoneEventKind.BREAK) for visit in visits)
    lines = paragraph(
        word("browser.record", all=max(touches, len(visits)), n=len(visits), turned=turned, broke=broke), width, "bold"
    )
    for visit in visits:
        lines += _visit(visit, view, width)
    return lines


def _ended(visit: Visit, kind: ZoneEventKind) -> bool:
    return visit.outcome is not None and visit.outcome.kind is kind


def _visit(visit: Visit, view: View, width: int) -> list[Line]:
    touch, outcome = visit.touch, visit.outcome
    when = numbers.day_time_text(touch.time_ms, view.zone)
    side = DOWNWARD if touch.side > 0 else UPWARD
    if width >= 56:
        side = f"{side} {word('browser.from_above' if touch.side > 0 else 'browser.from_below')}"
    if outcome is None:
        result, token = word("browser.undecided"), "muted"
    else:
        size = f"{outcome.size_atr:.1f}" if outcome.size_atr is not None else word("value.none")
        result = word(f"browser.ended.{outcome.kind.value}", size=size)
        token = "up" if outcome.kind is ZoneEventKind.BOUNCE else "down"
    spans: list[Span] = [(f" {when}  ", "dim"), (f"{side}  ", "text"), (result, token)]
    more = ", ".join(word(f"browser.also.{item.kind.value}") for item in visit.also)
    if more and sum(len(text) for text, _ in spans) + len(more) + 2 <= width:
        spans.append((f", {more}", "muted"))
    return [fit_line(tuple(spans), width)]
