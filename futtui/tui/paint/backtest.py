"""Backtests as lines: how far a run is, the kept runs, one run's trades, two runs beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo

from futtui.domain.backtests import RunHead, RunProgress, RunResult, RunState, TestedTrade
from futtui.domain.performance import AccountPerformance, Performance
from futtui.domain.position import TradeClass
from futtui.domain.settings_sheet import Setting
from futtui.tui.glyphs import ARROW, PROGRESS_EMPTY, PROGRESS_FULL, SEPARATOR
from futtui.tui.paint import numbers, performance, walk
from futtui.tui.paint.curve import Points, curve_lines
from futtui.tui.paint.details import paragraph
from futtui.tui.paint.names import setup_name, side_span
from futtui.tui.paint.settings import NAME_WIDTH, VALUE_WIDTH, SettingsState, bounds_of, name_of, value_of
from futtui.tui.paint.table import Column, choose_columns, row_line
from futtui.tui.paint.text import Line, Span, fit, wrap
from futtui.tui.paint.view import View
from futtui.tui.words import has_word, word

RUN_COLUMNS = (
    Column("run_made", 12),
    Column("run_symbols", 10, grow=14, rank=4),
    Column("run_period", 17, rank=1),
    Column("run_systems", 15, grow=10, rank=2),
    Column("run_trades", 7, ">"),
    Column("won", 5, ">", rank=5),
    Column("run_factor", 6, ">", rank=6),
    Column("net_r", 8, ">"),
    Column("verdict", 14, rank=3),
)
TRADE_COLUMNS = (
    Column("symbol", 9, grow=5),
    Column("run_opened", 11),
    Column("side", 7),
    Column("setup", 14, grow=3, rank=2),
    Column("score", 5, ">", rank=5),
    Column("pnl_r", 7, ">"),
    Column("run_result", 8, ">", rank=1),
    Column("run_held", 7, ">", rank=4),
    Column("run_exit", 10, grow=4, rank=3),
)
TRADE_ORDERS = ("time", "worst", "best")
_CLASS_TOKENS = {TradeClass.WIN: "up", TradeClass.LOSS: "down", TradeClass.BREAK_EVEN: "muted"}


def progress_lines(progress: RunProgress | None, width: int) -> list[Line]:
    """Two lines: what is going on with a bar, then rate and time left, or what happened."""
    if progress is None:
        return [((f" {fit(word('backtest.idle'), width - 1)}", "muted"),), ()]
    if progress.is_under_way:
        return _running_lines(progress, width)
    if progress.state is RunState.DONE:
        text = word("backtest.done", seconds=clock_text(progress.seconds))
        return [((f" {text}", "up"),), _notes_line(progress.notes, width)]
    if progress.state is RunState.CANCELLED:
        return [((f" {fit(word('backtest.cancelled'), width - 1)}", "attention"),), ()]
    lines = wrap(f"! {word('backtest.failed')} {progress.text}", width - 2, 2)
    return [*(((f" {line}", "attention"),) for line in lines), ()][:2]


def _running_lines(progress: RunProgress, width: int) -> list[Line]:
    name = word(f"backtest.step.{progress.text}") if has_word(f"backtest.step.{progress.text}") else progress.text
    if progress.symbols and has_word(f"backtest.step.{progress.text}_of"):
        name = word(f"backtest.step.{progress.text}_of", done=progress.symbols_done, all=progress.symbols)
    left = word("backtest.left", time=clock_text(progress.seconds_left)) if progress.seconds_left is not None else ""
    is_paused = progress.state is RunState.PAUSED
    if is_paused:
        name = word("backtest.paused")
    room = max(8, min(44, width - len(name) - len(left) - 12))
    full = min(room, int(progress.share * room))
    first: Line = (
        (f" {name}  ", "attention" if is_paused else "bold"),
        (PROGRESS_FULL * full, "muted" if is_paused else "focus"),
        (PROGRESS_EMPTY * (room - full), "dim"),
        (f" {progress.share * 100:3.0f}%", "bold"),
        (f"   {left}", "text"),
    )
    parts = [word("backtest.so_far", time=clock_text(progress.seconds))]
    if is_paused:
        parts.append(word("backtest.paused_what"))
    elif progress.days_per_s is not None:
        parts.insert(0, word("backtest.rate", days=f"{progress.days_per_s:.1f}", all=f"{progress.days:.0f}"))
    note = f"   ! {progress.notes[0]}" if progress.notes else ""
    return [first, ((f" {f' {SEPARATOR} '.join(parts)}", "muted"), (note, "attention"))]


def _notes_line(notes: Sequence[str], width: int) -> Line:
    return ((fit(f" ! {notes[0]}", width), "attention"),) if notes else ()


def clock_text(seconds: float) -> str:
    """`0:42`, `12:05`, `1:02:33`."""
    minutes, rest = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def day_text(time_ms: int) -> str:
    """`2024-03-01`: periods are days in UTC."""
    return datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%Y-%m-%d")


def period_text(head: RunHead) -> str:
    """`24-03-01 24-03-21`."""
    return f"{day_text(head.start_ms)[2:]} {day_text(head.end_ms)[2:]}"


def systems_text(systems: str) -> str:
    """What was tested: names, all, or as configured."""
    if not systems or systems == "all":
        return word("backtest.systems.all" if systems else "backtest.systems.configured")
    return ", ".join(setup_name(name) for name in systems.split(","))


def symbols_text(symbols: Sequence[str], room: int = 24) -> str:
    """The first symbols, and how many more."""
    names = [numbers.base_asset(symbol) for symbol in symbols]
    text = " ".join(names)
    if len(text) <= room:
        return text
    count = max(1, next((at for at in range(len(names), 0, -1) if len(" ".join(names[:at])) <= room - 4), 1))
    return f"{' '.join(names[:count])} +{len(names) - count}"


def field_line(state: SettingsState, item: Setting, width: int, cursor: str, selected: bool) -> Line:
    """A value of the form: name, whether it is changed, the value with as much room as there is, what it may be."""
    name_width = min(NAME_WIDTH, max(16, width * 2 // 5))
    bounds = bounds_of(item)
    room = max(VALUE_WIDTH, min(72, width - name_width - 8 - (24 if bounds else 0)))
    changed = item.path in state.edits
    token = "attention" if changed else "text" if item.value == item.default else "bold"
    return (
        (f" {cursor if selected else ' '} ", "marker"),
        (fit(name_of(item), name_width), "bold" if selected else "text"),
        (" * " if changed else "   ", "attention"),
        (fit(value_of(item, state.value(item)), room), token),
        (f" {bounds}" if width - name_width - room - 7 >= len(bounds) else "", "dim"),
    )


def run_line(head: RunHead, marks: str, zone: tzinfo, columns: Sequence[Column], cursor: str, selected: bool) -> Line:
    """One kept run; `marks` is the sign of one that is marked for comparing."""

    def cell(column: Column) -> Span:
        match column.id:
            case "run_made":
                made = datetime.fromtimestamp(head.made_ms / 1000, zone).strftime("%d.%m %H:%M")
                return f"{marks}{made}", "attention" if marks else "text"
            case "run_symbols":
                return symbols_text(head.symbols, column.width), "text"
            case "run_period":
                return period_text(head), "muted"
            case "run_systems":
                kind = walk.head_text(head.folds)
                return (f"{kind}, {systems_text(head.systems)}" if kind else systems_text(head.systems)), "text"
            case "run_trades":
                return str(head.trades), "text"
            case "won":
                return performance.percent(head.win_rate), "text"
            case "run_factor":
                return (word("value.none") if head.profit_factor is None else f"{head.profit_factor:.2f}"), "text"
            case "net_r":
                return f"{numbers.signed_text(head.net_r, 1)}R", "bold"
            case _:
                return verdict_text(head.verdict), "muted"

    return row_line(columns, cell, selected=selected, cursor=cursor)


def verdict_text(verdict: str) -> str:
    """A verdict in everyday words."""
    identity = f"verdict.{verdict.replace(' ', '_')}"
    return word(identity) if has_word(identity) else verdict.lower()


def no_runs_lines(width: int, trouble: str = "") -> list[Line]:
    """Why there are no runs, and what to do."""
    return [(), *paragraph(trouble or word("backtest.no_runs"), width, "attention" if trouble else "muted", lead="   ")]


def ordered(trades: Sequence[TestedTrade], order: str) -> tuple[TestedTrade, ...]:
    """The trades by time, or the worst or the best first."""
    if order == "time":
        return tuple(trades)
    sign = -1.0 if order == "best" else 1.0
    return tuple(sorted(trades, key=lambda item: sign * item.trade.result_r))


def trade_line(item: TestedTrade, zone: tzinfo, columns: Sequence[Column], cursor: str, selected: bool) -> Line:
    """One trade of a run."""
    trade = item.trade

    def cell(column: Column) -> Span:
        match column.id:
            case "symbol":
                fits = len(trade.symbol) <= column.width
                return trade.symbol if fits else numbers.base_asset(trade.symbol), "text"
            case "run_opened":
                return datetime.fromtimestamp(trade.opened_ms / 1000, zone).strftime("%d.%m %H:%M"), "muted"
            case "side":
                return side_span(trade.side)
            case "setup":
                return setup_name(trade.strategy), "text"
            case "score":
                return numbers.score_text(trade.score), "muted"
            case "pnl_r":
                return f"{numbers.signed_text(trade.result_r, 2)}R", _CLASS_TOKENS[trade.result_class]
            case "run_result":
                return numbers.signed_percent_text(trade.result_pct), _CLASS_TOKENS[trade.result_class]
            case "run_held":
                return numbers.age_text(trade.closed_ms - trade.opened_ms), "muted"
            case _:
                return (word(f"exit.{trade.legs[-1].reason.value}") if trade.legs else ""), "muted"

    return row_line(columns, cell, selected=selected, cursor=cursor)


def figure_rows(result: RunResult) -> list[Performance]:
    """The total and the strategies that were traded."""
    return performance.lines_of(result.traded) if result.traded is not None else []


def head_lines(result: RunResult, width: int) -> list[Line]:
    """What was tested in two lines: symbols, period, systems; money and time."""
    head = result.head
    kind = f"{walk.head_text(head.folds)}, " if head.folds else ""
    first = f" {symbols_text(head.symbols, 40)}   {day_text(head.start_ms)} {ARROW} {day_text(head.end_ms)}"
    parts = [
        word("backtest.money", start=numbers.money_text(result.start_equity), end=numbers.money_text(result.equity)),
        word("backtest.took", time=clock_text(result.seconds)),
    ]
    if result.open_positions:
        parts.insert(1, word("backtest.still_open", n=result.open_positions))
    lines: list[Line] = [((first, "bold"), (f"   {kind}{systems_text(head.systems)}", "text"))]
    if result.walk is not None:
        return [*lines, walk.verdict_line(result, width)]
    lines.append(((fit(f" {f' {SEPARATOR} '.join(parts)}", width), "muted"),))
    return lines


def informed_line(account: AccountPerformance | None, width: int) -> Line:
    """What became of the signals that were not traded, in one line."""
    if account is None:
        return ()
    figures = account.total.figures
    text = word("backtest.informed", n=figures.trades, net=numbers.signed_text(figures.net_r, 1))
    return ((fit(f" {text}", width), "dim"),)


def equity_lines(result: RunResult | None, width: int, height: int, zone: tzinfo) -> list[Line]:
    """The running result, and below it how far it was from its highest point."""
    points = result.traded.total.running_r if result is not None and result.traded is not None else ()
    fall_rows = 4 if height >= 10 else 0
    lines = curve_lines(points, width, height - fall_rows, zone, "R")
    if fall_rows and len(points) > 1:
        lines += [
            ((f" {word('backtest.fall')}", "muted"),),
            *curve_lines(falls(points), width, fall_rows, zone, "R")[:3],
        ]
    return lines


def falls(points: Points) -> list[tuple[int, float]]:
    """How far each point lies below the highest one before it (zero at the start); never above zero."""
    highest, found = 0.0, []
    for time_ms, value in points:
        highest = max(highest, value)
        found.append((time_ms, value - highest))
    return found


def compare_lines(first: RunResult, second: RunResult, zone: tzinfo, width: int) -> list[Line]:
    """Figures of two runs beside each other, then the settings in which they differ."""
    label = 18
    room = max(12, (width - label - 4) // 2)

    def row(name: str, one: str, other: str, token: str = "text") -> Line:
        return ((f" {fit(name, label)} ", "muted"), (fit(one, room), token), (" ", "text"), (fit(other, room), token))

    sides = [_figures_of(one, zone, room) for one in (first, second)]
    lines = [row(name, one, other, "bold" if at == 0 else "text")
             for at, ((name, one), (_, other)) in enumerate(zip(*sides, strict=True))]  # fmt: skip
    chosen = [dict(one.chosen) for one in (first, second)]
    differing = [path for path in sorted({**chosen[0], **chosen[1]}) if chosen[0].get(path) != chosen[1].get(path)]
    lines += [(), ((f" {word('backtest.differ' if differing else 'backtest.same_settings')}", "title"),)]
    default = word("backtest.default")
    for path in differing:
        lines.append(((f" {setting_name(path)}", "text"),))
        lines.append(row("", chosen[0].get(path, default), chosen[1].get(path, default)))
    return [*lines, (), *paragraph(word("backtest.compare_warning"), width, "dim")]


def _figures_of(result: RunResult, zone: tzinfo, room: int) -> list[tuple[str, str]]:
    head = result.head
    rows = [
        (word("column.run_made"), datetime.fromtimestamp(head.made_ms / 1000, zone).strftime("%d.%m %H:%M")),
        (word("column.run_symbols"), symbols_text(head.symbols, room)),
        (word("column.run_period"), period_text(head)),
        (word("column.run_systems"), systems_text(head.systems)),
    ]
    figures = result.traded.total.figures if result.traded is not None else None
    none = word("value.none")
    rows += [
        (word("column.run_trades"), str(head.trades)),
        (word("column.won"), performance.rate_text(figures.win_rate) if figures else none),
        (word("column.needs"), performance.percent(figures.break_even_win_rate) if figures else none),
        (word("column.each"), performance.r_text(figures.expectancy_r) if figures else none),
        (word("column.factor"), performance.factor_text(figures.profit_factor) if figures else none),
        (word("column.net_r"), f"{numbers.signed_text(head.net_r, 1)}R"),
        (word("column.fall"), f"{-figures.max_drawdown_r:.1f}R" if figures else none),
        (word("column.verdict"), verdict_text(head.verdict)),
    ]
    return rows


def values_lines(result: RunResult, width: int) -> list[Line]:
    """Every value of the run that differs from its default, and what was told about the candles."""
    lines: list[Line] = []
    for path, text in result.chosen:
        lines.append(((f" {setting_name(path)}", "muted"),))
        lines += paragraph(text, width, "text", lead="   ")
    if not result.chosen:
        lines += paragraph(word("backtest.all_default"), width, "muted")
    for note in result.notes:
        lines += [(), *paragraph(f"! {note}", width, "attention")]
    return lines


def setting_name(path: str) -> str:
    """A value of the form in everyday words, else its path in the file."""
    identity = f"settings.name.{path}"
    return word(identity) if has_word(identity) else path


def columns_for(columns: Sequence[Column], width: int) -> tuple[Column, ...]:
    """The columns that fit."""
    return choose_columns(columns, width)


def result_empty_lines(view: View, width: int, trouble: str) -> list[Line]:
    """While the result is read, or why it cannot be."""
    text = trouble or word("backtest.reading")
    return [(), *paragraph(text, width, "attention" if trouble else "muted", lead="   ")]
