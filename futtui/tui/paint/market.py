"""The market panel: summary of regimes, and one line per symbol."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from futtui.domain.reading import SymbolReading
from futtui.domain.regime import Regime
from futtui.domain.snapshot import MarketRow
from futtui.domain.timeframe import Timeframe
from futtui.tui.glyphs import BLOCKED, DOWN, PIN, PROGRESS_EMPTY, PROGRESS_FULL, SEPARATOR, UP
from futtui.tui.heard import heard
from futtui.tui.paint import numbers
from futtui.tui.paint.names import regime_span, zone_letter, zone_token
from futtui.tui.paint.table import LEAD, Column, choose_columns, row_line
from futtui.tui.paint.text import Line, Span, fit, fit_line, line_width, wrap
from futtui.tui.paint.view import View
from futtui.tui.words import word

COLUMNS = (
    Column("symbol", 9, grow=5),
    Column("price", 10, ">", grow=1),
    Column("change", 7, ">", 2),
    Column("m15", 6, rank=1),
    Column("h1", 6, rank=2),
    Column("h4", 6, rank=4),
    Column("zone", 15, grow=4),
    Column("gap", 5, ">"),
    Column("vwap", 7, ">", 5),
    Column("atr", 6, ">", 6),
    Column("volume", 6, ">", 7),
    Column("flow", 7, ">", 8),
)
SORTS = ("gap", "symbol", "price", "change", "m15", "h1")
_SUMMARY_ORDER = ("TREND_UP", "TREND_DOWN", "EXPANSION", "RANGE", "CHOP", "SQUEEZE", "UNKNOWN")
"""What moves comes first: where the room ends, the calm ones are left out."""


def columns_for(width: int) -> tuple[Column, ...]:
    """The columns that fit."""
    return choose_columns(COLUMNS, width)


def row_version(row: MarketRow, view: View) -> tuple[object, ...]:
    """Changes whenever the line of this row would look different."""
    reading = view.snapshot.readings.get(row.symbol)
    return (row.version, row.blocked_until_ms, view.stale, reading.time_ms if reading else 0)


def market_line(row: MarketRow, view: View, columns: Sequence[Column], selected: bool, *, pinned: bool = False) -> Line:
    """One symbol; blocked, warming-up and old ones say so instead of showing a zone."""
    note = _note(row, view)
    dimmed = view.stale or not row.fresh

    def cell(column: Column) -> Span:
        text, token = _cell(row, view, column)
        return (text, "dim") if dimmed else (text, token)

    line = row_line(columns, cell, selected=selected, cursor=view.cursor, sign=PIN if pinned else "")
    if note is None:
        return line
    kept = _width_before(columns, "price" if row.blocked_until_ms is not None else "m15")
    room = sum(column.width + 1 for column in columns) + LEAD - 1 - kept
    head = fit_line(line, kept)
    return (*head, (fit(note[0], max(0, room)), note[1]))


def _width_before(columns: Sequence[Column], after: str) -> int:
    """Cells up to the end of column `after` (of the price if that one is hidden), with the gap behind it."""
    names = [column.id for column in columns]
    last = names.index(after) - 1 if after in names and after != "price" else names.index("price")
    return LEAD + sum(column.width + 1 for column in columns[: last + 1])


def _note(row: MarketRow, view: View) -> Span | None:
    if row.blocked_until_ms is not None:
        reason = word("market.blocked_reason")
        if view.snapshot.desk and row.symbol in view.snapshot.desk.blocked:
            reason = heard(view.snapshot.desk.blocked[row.symbol][1]) or reason
        if row.blocked_until_ms == 0:
            return f"{BLOCKED} {word('market.blocked', reason=reason)}", "attention"
        until = numbers.until_text(row.blocked_until_ms, view.now_ms, view.zone)
        return f"{BLOCKED} {word('market.blocked_until', reason=reason, time=until)}", "attention"
    if not row.fresh and row.ready:
        return word("market.old", age=numbers.long_age_text(row.age_ms)), "dim"
    if not row.ready:
        return heard(row.state_text) or word("market.warming_up"), "dim"
    return None


def _cell(row: MarketRow, view: View, column: Column) -> Span:
    reading = view.snapshot.readings.get(row.symbol)
    match column.id:
        case "symbol":
            name = row.symbol if len(row.symbol) <= column.width else numbers.base_asset(row.symbol)
            return name, "text"
        case "price":
            return numbers.price_text(row.price, row.rules), _price_token(row)
        case "change":
            change = row.change_24h_pct
            if change is None:
                return word("value.none"), "dim"
            sign = numbers.direction_sign(change)
            return f"{sign} {numbers.signed_text(change)}", numbers.direction_token(change)
        case "m15":
            return regime_span(row.regime_m15)
        case "h1":
            return regime_span(row.regime_h1)
        case "h4":
            return _frame_regime(reading, Timeframe.H4)
        case "zone":
            return _zone_cell(row, column.width)
        case "gap":
            near = row.gap_pct is not None and row.gap_pct <= 0.25
            return numbers.percent_text(row.gap_pct), "focus" if near else "text"
        case _:
            return _extra_cell(column.id, row, reading)


def _price_token(row: MarketRow) -> str:
    if row.previous_price <= 0 or row.price == row.previous_price:
        return "text"
    return "up" if row.price > row.previous_price else "down"


def _frame_regime(reading: SymbolReading | None, timeframe: Timeframe) -> Span:
    frame = reading.frames.get(timeframe) if reading else None
    return regime_span(frame.regime.regime.value if frame else Regime.UNKNOWN.value)


def _zone_cell(row: MarketRow, width: int) -> Span:
    zone = row.nearest_zone
    if zone is None:
        return word("market.no_zone"), "dim"
    band = numbers.band_text(zone.low, zone.high, row.rules, width - 2)
    return f"{zone_letter(zone)} {band}", zone_token(zone)


def _extra_cell(column_id: str, row: MarketRow, reading: SymbolReading | None) -> Span:
    frame = reading.frames.get(Timeframe.M15) if reading else None
    value: float | None = None
    if column_id == "vwap" and reading and reading.daily_vwap:
        value = (row.price / reading.daily_vwap - 1.0) * 100.0
        return numbers.signed_percent_text(value), numbers.direction_token(value)
    if column_id == "atr" and frame and frame.atr is not None and row.price > 0:
        return numbers.percent_text(frame.atr / row.price * 100.0, 2), "text"
    if column_id == "volume" and frame and frame.volume_ratio is not None:
        return f"{frame.volume_ratio:.1f}x", "attention" if frame.volume_ratio >= 2.0 else "text"
    if column_id == "flow" and frame and frame.flow is not None:
        return numbers.signed_text(frame.flow), numbers.direction_token(frame.flow)
    return word("value.none"), "dim"


def sort_rows(rows: Sequence[MarketRow], by: str, reverse: bool, pinned: Collection[str] = ()) -> list[MarketRow]:
    """Rows in the asked order; unknown values last whatever the direction; symbols break ties; pinned ones on top."""
    order = sorted(rows, key=lambda row: row.symbol)

    def value(row: MarketRow) -> float | str | None:
        match by:
            case "symbol":
                return row.symbol
            case "price":
                return row.price
            case "change":
                return None if row.change_24h_pct is None else -row.change_24h_pct
            case "m15":
                return row.regime_m15
            case "h1":
                return row.regime_h1
            case _:
                return row.gap_pct

    known: list[MarketRow] = []
    rest: list[MarketRow] = []
    for row in order:
        sorts_last = value(row) is None or (by == "gap" and row.blocked_until_ms is not None)
        (rest if sorts_last else known).append(row)
    found = sorted(known, key=value, reverse=reverse) + rest  # type: ignore[arg-type]
    return sorted(found, key=lambda row: row.symbol not in pinned) if pinned else found


def sort_sign(by: str, reverse: bool) -> str:
    """The arrow of an order: up = smallest first, down = largest first. Changes start with the largest."""
    return DOWN if (by == "change") != reverse else UP


def summary_line(view: View, width: int) -> Line:
    """BTC's regimes, then how many symbols are in which state on M15, as far as there is room."""
    snapshot = view.snapshot
    ready = [row for row in snapshot.market if row.ready]
    counts = Counter(row.regime_m15 for row in ready)
    line: list[Span] = [(" ", "text")]
    bitcoin = next((row for row in ready if row.symbol.startswith("BTC")), None)
    if bitcoin is not None:
        m15, m15_token = regime_span(bitcoin.regime_m15)
        h1, h1_token = regime_span(bitcoin.regime_h1)
        line += [
            (word("market.btc"), "bold"), (" ", "text"), (m15, m15_token), (word("market.on_m15"), "text"),
            (h1, h1_token), (word("market.on_h1"), "text"),
        ]  # fmt: skip
    if not ready and snapshot.symbols_ready == snapshot.symbols_total:
        return ((f" {word('market.none_ready')}", "attention"),)
    between = f" {SEPARATOR} " if len(line) > 1 else ""
    for regime in _SUMMARY_ORDER:
        if not counts[regime]:
            continue
        text, token = regime_span(regime)
        piece = ((between, "dim"), (f"{counts[regime]} {text}", token))
        if line_width((*line, *piece)) > width:
            break
        line += piece
        between = "  "
    waiting = snapshot.symbols_total - snapshot.symbols_ready
    if waiting > 0:
        text = word("market.loading_some", ready=snapshot.symbols_ready, total=snapshot.symbols_total)
        piece = ((f" {SEPARATOR} " if len(line) > 1 else "", "dim"), (text, "attention"))
        if line_width((*line, *piece)) <= width:
            line += piece
    return tuple(line)


def stale_lines(view: View, width: int) -> list[Line]:
    """What is wrong with the data and what futtui does about it; empty while data is fresh."""
    if not view.stale:
        return []
    age = numbers.long_age_text(view.stale_age_ms)
    if view.failed:
        failure = f"! {heard(view.snapshot.phase_text)} {word('stale.failed')}"
        return [((f" {part}", "down_bold"),) for part in wrap(failure, width - 2, 4)]
    if view.engine_silent:
        text = word("stale.engine", age=age)
    else:
        text = word("stale.feed", age=age, attempt=max(1, view.snapshot.feed.attempt))
    lines: list[Line] = [((f" {part}", "attention"),) for part in wrap(text, width - 2, 2)]
    lines += [((f" {part}", "text"),) for part in wrap(word("stale.note"), width - 2, 2)]
    return lines


def loading_lines(view: View, width: int) -> list[Line]:
    """What happens while there is no market yet: the phase in words and, where known, how far it is."""
    snapshot = view.snapshot
    failed = view.failed
    title = heard(snapshot.phase_text) or word("loading.starting")
    lines: list[Line] = [()]
    for part in wrap(f"! {title}" if failed else title, width - 6, 6):
        lines.append(((f"   {part}", "down_bold" if failed else "text"),))
    if failed:
        return [*lines, (), *(((f"   {part}", "muted"),) for part in wrap(word("loading.failed"), width - 6, 3))]
    total = snapshot.symbols_total
    if total > 0:
        share = min(1.0, snapshot.symbols_ready / total)
        cells = max(10, min(30, width - 30))
        full = round(cells * share)
        progress = word("loading.progress", ready=snapshot.symbols_ready, total=total, percent=round(share * 100))
        bar = (("   ", "text"), (PROGRESS_FULL * full, "focus"), (PROGRESS_EMPTY * (cells - full), "dim"))
        lines += [(), (*bar, (f"  {progress}", "muted"))]
    if snapshot.source_label:
        lines += [(), ((f"   {word('loading.source', source=heard(snapshot.source_label))}", "muted"),)]
    return lines


def subtitle(view: View, sort_by: str, reverse: bool) -> str:
    """Count, blocked ones and the order."""
    rows = view.snapshot.market
    blocked = sum(row.blocked_until_ms is not None for row in rows)
    parts = [word("market.count", n=len(rows))]
    if blocked:
        parts.append(word("market.blocked_count", n=blocked))
    return f" {SEPARATOR} ".join([*parts, sort_text(sort_by, reverse)]).strip()


def sort_text(sort_by: str, reverse: bool) -> str:
    """By which column the market is sorted."""
    sign = f" {sort_sign(sort_by, reverse)}" if reverse else ""
    return word("market.sorted", column=word(f"column.{sort_by}").strip().lower(), sign=sign)
