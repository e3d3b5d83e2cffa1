"""Tables: columns that leave one by one when the room gets small, and lines built from cells."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from futtui.tui.paint.text import Line, Span, fit
from futtui.tui.words import word

LEAD = 3
"""Cells before the first column: a blank, the row marker, a blank."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `rank` 0 always stays; the highest rank leaves first. `grow` takes what is left, up to `widest`."""

    id: str
    width: int
    align: str = "<"
    rank: int = 0
    grow: int = 0

    @property
    def head(self) -> str:
        """Its heading in everyday words."""
        return word(f"column.{self.id}")


def choose_columns(columns: Sequence[Column], width: int, lead: int = LEAD) -> tuple[Column, ...]:
    """The columns that fit `width`, low ranks first, in their given order; then the growing ones share the rest."""
    room = width - lead
    kept: set[str] = set()
    for column in sorted(columns, key=lambda item: item.rank):
        needed = column.width + (1 if kept else 0)
        if needed > room and column.rank > 0:
            break
        kept.add(column.id)
        room -= needed
    result = []
    for column in columns:
        if column.id not in kept:
            continue
        extra = min(column.grow, max(0, room)) if column.grow else 0
        room -= extra
        result.append(replace(column, width=column.width + extra) if extra else column)
    return tuple(result)


def head_line(columns: Sequence[Column], lead: int = LEAD, sorted_by: str = "", sign: str = "") -> Line:
    """The line of headings; the sorted column carries `sign`."""
    cells = []
    for column in columns:
        head = column.head
        is_sorted = column.id == sorted_by
        if is_sorted and len(head) < column.width:
            head = f"{sign}{head}" if column.align == ">" else f"{head}{sign}"
        cells.append((fit(head, column.width, column.align), "head_sorted" if is_sorted else "head"))
    return _with_gaps(cells, (" " * lead, "head"), "head")


def row_line(
    columns: Sequence[Column],
    cell: Callable[[Column], Span] | Mapping[str, Span],
    *,
    selected: bool,
    cursor: str,
    lead: int = LEAD,
    sign: str = "",
) -> Line:
    """One row: `cell` gives the (text, token) of a column; the marker stands in front of the selected row.

    `sign` stands between marker and first cell.
    """
    find: Callable[[Column], Span] = cell if callable(cell) else lambda column: cell[column.id]
    cells = []
    for column in columns:
        text, token = find(column)
        cells.append((fit(text, column.width, column.align), token))
    marker = fit(f" {cursor if selected else ' '}{sign}", lead)
    return _with_gaps(cells, (marker, "marker"), "text")


def column_at(columns: Sequence[Column], x: int, lead: int = LEAD) -> str:
    """Id of the column under cell `x`; empty before the first and after the last."""
    left = lead
    for column in columns:
        if left <= x < left + column.width + 1:
            return column.id
        left += column.width + 1
    return ""


def _with_gaps(cells: list[Span], lead: Span, gap_token: str) -> Line:
    line: list[Span] = [lead]
    for index, cell in enumerate(cells):
        if index:
            line.append((" ", gap_token))
        line.append(cell)
    return tuple(line)
