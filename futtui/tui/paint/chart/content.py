"""What a view says about a symbol's chart: plan levels, armed levels, alerts, fills, zones, and the lines below it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from futtui.domain.regime import Regime
from futtui.domain.side import Side
from futtui.domain.signal import Signal, SignalStatus
from futtui.domain.snapshot import PositionView
from futtui.domain.symbols import SymbolRules
from futtui.domain.timeframe import Timeframe
from futtui.domain.vwap import VwapReading
from futtui.domain.zone import Zone
from futtui.tui.glyphs import BLOCKED, DOWN, ELLIPSIS, UP
from futtui.tui.paint import numbers
from futtui.tui.paint.chart.data import FillMark, Level
from futtui.tui.paint.names import frame_name, regime_span, setup_name, side_span, zone_letter, zone_token
from futtui.tui.paint.text import Line, Span, dimmed, fit_line, join, line_width, spread
from futtui.tui.paint.view import View
from futtui.tui.words import word

ZONES_NAMED = 6
MORE_WIDTH = 2
"""Cells of the sign that there is more."""
ROOMY = 100
"""Cells from which on the plan is told in full."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What the chart was opened for: a symbol, and the signal or position whose plan is drawn."""

    symbol: str
    signal_id: str = ""
    position_id: str = ""


def position_of(view: View, subject: Subject) -> PositionView | None:
    """The position that the chart is about: the chosen one; without a chosen signal any open one of the symbol."""
    desk = view.snapshot.desk
    found = [item for item in (desk.positions if desk else ()) if item.symbol == subject.symbol]
    if subject.position_id:
        return next((item for item in found if item.position_id == subject.position_id), None)
    return found[0] if found and not subject.signal_id else None


def signal_of(view: View, subject: Subject) -> Signal | None:
    """The signal that the chart is about: the chosen one, else the newest open one of the symbol."""
    desk = view.snapshot.desk
    found = [item for item in (desk.signals if desk else ()) if item.raw.symbol == subject.symbol]
    if subject.signal_id:
        return next((item for item in found if item.signal_id == subject.signal_id), None)
    opened = [item for item in found if item.status is SignalStatus.ACTIVE and not item.is_set_aside]
    return max(opened, key=lambda item: item.raw.time_ms, default=None)


def levels_of(view: View, subject: Subject) -> tuple[Level, ...]:
    """Entry, stop and targets of the plan, then levels that wait for price, then alerts."""
    position, signal = position_of(view, subject), signal_of(view, subject)
    levels: list[Level] = []
    if position is not None:
        levels += _plan(position.entry_price, position.stop, position.targets, position.targets_hit)
    elif signal is not None:
        plan = signal.raw.levels
        levels += _plan(plan.entry, plan.stop, plan.targets, 0)
    levels += _armed(view, subject, signal if position is None else None)
    levels += [Level(price, word("chart.level.alert"), "attention", 30) for price in view.alerts(subject.symbol)]
    return tuple(levels)


def _plan(entry: float, stop: float, targets: Sequence[float], hit: int) -> list[Level]:
    levels = [
        Level(stop, word("chart.level.stop"), "down", 1),
        Level(entry, word("chart.level.entry"), "strong", 2),
    ]
    levels += [
        Level(price, word("chart.level.target", n=number), "up", 2 + number)
        for number, price in enumerate(targets, start=1)
        if number > hit
    ]
    return levels


def _armed(view: View, subject: Subject, drawn: Signal | None) -> list[Level]:
    desk = view.snapshot.desk
    if desk is None:
        return []
    armed = [item for item in desk.signals if item.status is SignalStatus.WAITING and not item.is_set_aside]
    waiting = [item for item in armed if item is not drawn]
    names = {Side.LONG: word("chart.level.armed_long"), Side.SHORT: word("chart.level.armed_short")}
    return [
        Level(item.raw.levels.entry, names[item.raw.side], "focus", 20)
        for item in (*waiting, *desk.standing)
        if item.raw.symbol == subject.symbol
    ]


def fills_of(view: View, symbol: str) -> tuple[FillMark, ...]:
    """Entries of open positions, entries and exits of closed ones."""
    desk = view.snapshot.desk
    if desk is None:
        return ()
    marks = [
        FillMark(item.opened_ms, item.entry_price, *_entry_sign(item.side))
        for item in desk.positions
        if item.symbol == symbol
    ]
    for trade in desk.trades:
        if trade.symbol != symbol:
            continue
        marks.append(FillMark(trade.opened_ms, float(trade.entry_price), *_entry_sign(trade.side)))
        marks += [FillMark(leg.time_ms, float(leg.price), BLOCKED, "strong") for leg in trade.legs]
    return tuple(marks)


def _entry_sign(side: Side) -> Span:
    return (UP, "strong") if side is Side.LONG else (DOWN, "strong")


def zones_of(view: View, symbol: str) -> tuple[Zone, ...]:
    """The zones that the analyzer sees around the symbol's price."""
    reading = view.snapshot.readings.get(symbol)
    return reading.zones if reading is not None else ()


def anchored_of(view: View, symbol: str) -> tuple[VwapReading, ...]:
    """The VWAPs that the analyzer anchors at named moments."""
    reading = view.snapshot.readings.get(symbol)
    return reading.vwaps.anchored if reading is not None else ()


def plan_line(view: View, subject: Subject, width: int) -> Line:
    """The plan in one line; without colour while the data is old."""
    line = _plan_line(view, subject, width)
    return dimmed(line) if view.stale else line


def _plan_line(view: View, subject: Subject, width: int) -> Line:
    position, signal = position_of(view, subject), signal_of(view, subject)
    rules = view.rules(subject.symbol)
    if position is not None:
        spans = [
            (" " if width < ROOMY else f" {word('chart.plan_position')}  ", "muted"),
            side_span(position.side),
            (f" {setup_name(position.strategy)}   ", "text"),
            (
                f"{numbers.signed_text(position.pnl)} ({numbers.signed_text(position.pnl_r, 1)}R)",
                numbers.direction_token(position.pnl),
            ),
        ]
        return _whole(spans, _prices(position.entry_price, position.stop, position.targets, rules, width), width)
    if signal is None:
        return fit_line(((f" {word('chart.no_plan')}", "dim"),), width)
    raw = signal.raw
    head = " " if width < ROOMY else f" {word('chart.plan_signal')}  "
    spans = [
        (head, "muted"),
        side_span(raw.side),
        (f" {numbers.score_text(signal.score)} {setup_name(raw.strategy)} {frame_name(raw.timeframe)}", "text"),
    ]
    plan = raw.levels
    reward, at = "", plan.main_target
    if at is not None and plan.risk > 0:
        reward = f"   {word('chart.reward', reward=f'{plan.reward_r(at):.1f}', n=at + 1)}"
    prices = _prices(plan.entry, plan.stop, plan.targets, rules, width)
    return _whole(spans, [*prices, [(reward, "text")]], width)


def _whole(head: Sequence[Span], pieces: Sequence[Sequence[Span]], width: int) -> Line:
    """The head and as many whole pieces as fit: half a price would be another price."""
    line = tuple(head)
    for at, piece in enumerate(pieces):
        rest = 0 if at == len(pieces) - 1 else MORE_WIDTH
        if line_width((*line, *piece)) + rest > width:
            line = (*line, (f" {ELLIPSIS}", "muted"))
            break
        line += tuple(piece)
    return fit_line(line, width)


def _prices(
    entry: float, stop: float, targets: Sequence[float], known: SymbolRules | None, width: int
) -> list[list[Span]]:
    away = f" ({numbers.signed_percent_text((stop / entry - 1.0) * 100.0, 1)})" if entry > 0 else ""
    pieces: list[list[Span]] = []
    if width >= ROOMY:
        pieces.append([(f"   {word('chart.level.entry')} ", "muted"), (numbers.price_text(entry, known), "text")])
    pieces.append([(f"  {word('chart.level.stop')} ", "muted"), (numbers.price_text(stop, known) + away, "down")])
    for at, price in enumerate(targets):
        pieces.append([("  TP " if at == 0 else " / ", "muted"), (numbers.price_text(price, known), "up")])
    return pieces


def zones_line(view: View, symbol: str, width: int) -> Line:
    """The nearest zones: letter, band, score."""
    row = view.by_symbol.get(symbol)
    zones = zones_of(view, symbol)
    if not zones or row is None:
        return fit_line(((f" {word('chart.no_zones')}", "dim"),), width)
    price = row.price
    nearest = sorted(zones, key=lambda zone: zone.gap_pct(price) if price > 0 else 0.0)[:ZONES_NAMED]
    spans: list[Span] = [(f" {word('chart.zones')}  ", "muted")]
    used = len(spans[0][0])
    for zone in nearest:
        text = f" {zone_letter(zone)} {numbers.band_text(zone.low, zone.high, row.rules, 24)} ({zone.score:.0f}) "
        if used + len(text) + 1 > width:
            break
        spans += [(text, "dim" if view.stale else zone_token(zone)), (" ", "text")]
        used += len(text) + 1
    return fit_line(tuple(spans), width)


def head_line(view: View, left: Line, symbol: str, width: int) -> Line:
    """`left`, then at the right edge what a chart begins with; what is needed least goes first where room is short."""
    parts = head_parts(view, symbol)
    while parts:
        right: Line = (*join(parts, (("   ", "text"),)), (" ", "text"))
        if line_width(left) + 2 + line_width(right) <= width:
            return spread(left, right, width)
        parts.pop()
    return fit_line(left, width)


def head_parts(view: View, symbol: str) -> list[Line]:
    """Price with its change, the regimes of both timeframes that decide, and the next funding."""
    row = view.by_symbol.get(symbol)
    if row is None:
        return []
    parts: list[Line] = []
    if row.price > 0:
        price: Line = ((numbers.price_text(row.price, row.rules), "bold"),)
        change = row.change_24h_pct
        sign = f"{numbers.direction_sign(change)} {numbers.signed_percent_text(change)}"
        parts.append((*price, (f"  {sign}", numbers.direction_token(change))) if change is not None else price)
    for frame, regime in ((Timeframe.M15, row.regime_m15), (Timeframe.H1, row.regime_h1)):
        if regime != Regime.UNKNOWN.value:
            parts.append(((f"{frame_name(frame)} ", "muted"), regime_span(regime)))
    left_ms = row.next_funding_ms - view.now_ms if row.next_funding_ms is not None else 0
    if row.funding_rate is not None and left_ms > 0:
        rate = numbers.signed_percent_text(row.funding_rate * 100.0, 4)
        parts.append(((word("chart.funding", rate=rate, time=numbers.left_text(left_ms)), "muted"),))
    return [dimmed(part) for part in parts] if view.stale or not row.fresh else parts
