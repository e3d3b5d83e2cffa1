"""A walk-forward as lines: what was learned in each fold beside what came next, which alone counts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from futtui.domain.backtests import RunResult, WalkFold, WalkResult
from futtui.domain.performance import TradeStatistics
from futtui.tui.glyphs import ARROW
from futtui.tui.paint import numbers, performance
from futtui.tui.paint.table import LEAD, Column, choose_columns, row_line
from futtui.tui.paint.text import Line, Span, fit, line_width
from futtui.tui.words import word

CONFIGURED = "as configured"
"""What the walk-forward calls the numbers that nothing was changed in."""
_PARTS = ("learned", "seen")
_FIGURES = (("n", 4), ("won", 13), ("factor", 5), ("net", 7))
COLUMNS = (
    Column("fold_from", 8),
    Column("fold_learned", 17, rank=2),
    Column("fold_chosen", 14, grow=12, rank=1),
    *(Column(f"{part}_{name}", width, ">") for part in _PARTS for name, width in _FIGURES),
)


def columns_for(width: int, walk: WalkResult) -> tuple[Column, ...]:
    """The columns that fit; what was chosen only where there was a choice."""
    wanted = [column for column in COLUMNS if column.id != "fold_chosen" or walk.candidates > 1]
    return choose_columns(wanted, width)


def parts_line(columns: Sequence[Column]) -> Line:
    """Above the headings: which figures are of the learned parts, and which of what came next."""
    text, left = "", LEAD
    for column in columns:
        part, _, name = column.id.partition("_")
        if name == _FIGURES[0][0]:
            text = f"{text:<{left}}{word(f'backtest.walk.{part}')}"
        left += column.width + 1
    return ((text, "title"),)


def fold_line(fold: WalkFold | None, walk: WalkResult, columns: Sequence[Column], cursor: str, selected: bool) -> Line:
    """One fold, or (None) all parts that were never learned from together."""

    def cell(column: Column) -> Span:
        if column.id == "fold_from":
            return (_day(fold.see_from_ms), "text") if fold is not None else (word("backtest.walk.all"), "bold")
        if column.id == "fold_learned":
            return (f"{_day(fold.learn_from_ms)} {_day(fold.learn_to_ms)}" if fold is not None else ""), "muted"
        if column.id == "fold_chosen":
            return (chosen_name(fold.chosen) if fold is not None else ""), "text"
        part, _, name = column.id.partition("_")
        if part == "learned":
            return (_figure(fold.learned, name), "muted") if fold is not None else ("", "muted")
        return _figure(fold.seen if fold is not None else walk.total, name), "text" if fold is not None else "bold"

    return row_line(columns, cell, selected=selected, cursor=cursor)


def _day(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%y-%m-%d")


def _figure(figures: TradeStatistics, name: str) -> str:
    match name:
        case "n":
            return str(figures.trades)
        case "won":
            return performance.rate_text(figures.win_rate)
        case "factor":
            factor = figures.profit_factor.value
            return word("value.none") if factor is None else f"{factor:.2f}"
        case _:
            return f"{numbers.signed_text(figures.net_r, 1)}R" if figures.trades else word("value.none")


def chosen_name(name: str) -> str:
    """What was chosen in a fold."""
    return word("backtest.systems.configured") if name == CONFIGURED else name


def verdict_line(result: RunResult, width: int) -> Line:
    """Whether what was learned held where it was never learned from."""
    walk = result.walk
    if walk is None:
        return ()
    percents = {"needed": f"{walk.needed:.0%}", "left": f"{walk.ratio:.0%}" if walk.ratio is not None else ""}
    identity = "nothing" if walk.ratio is None else "holds" if walk.holds else "fails"
    token = "up" if walk.holds else "attention"
    line: Line = ((fit(f" {word(f'backtest.walk.{identity}', **percents)}", width).rstrip(), token),)
    more = f"   {ARROW} {performance.verdict_word(walk.total)}"
    return (*line, (more, "muted")) if line_width(line) + len(more) <= width else line


def head_text(folds: int) -> str:
    """What kind of run it is, in the list of kept ones; empty for a plain one."""
    return word("backtest.walk.short", n=folds) if folds else ""
