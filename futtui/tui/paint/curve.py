"""A line through points of time and value, in half rows, with its axis: for results and the like."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import tzinfo

from futtui.tui.paint import numbers
from futtui.tui.paint.text import Line, Span
from futtui.tui.words import word

Points = Sequence[tuple[int, float]]
GUTTER = 9
ZERO = "┄"


def curve_lines(points: Points, width: int, height: int, zone: tzinfo, unit: str = "") -> list[Line]:
    """The line with values at the left and dates below, in `height` lines; a sentence where there are no two points.

    Time runs along the width, so that a pause is seen as one. Above zero the line is that of a gain, below of a loss.
    """
    columns, rows = width - GUTTER - 1, height - 1
    if len(points) < 2 or columns < 8 or rows < 2:
        return [((f" {word('curve.too_few')}", "muted"),)]
    values = sampled(points, columns)
    low, high = min(0.0, *values), max(0.0, *values)
    if high - low < 1e-9:
        high = low + 1.0
    halves = rows * 2
    levels = [round((value - low) / (high - low) * (halves - 1)) for value in values]
    zero = round((0.0 - low) / (high - low) * (halves - 1))
    lines = [_row(row, rows, levels, values, zero, _label(row, rows, low, high, zero, unit)) for row in range(rows)]
    return [*lines, _dates(points, columns, zone)]


def sampled(points: Points, columns: int) -> list[float]:
    """The value that was in force at the end of each column's share of the time."""
    first, last = points[0][0], points[-1][0]
    span = max(1, last - first)
    values: list[float] = []
    at, value = 0, points[0][1]
    for column in range(columns):
        end = first + span * (column + 1) / columns
        while at < len(points) and points[at][0] <= end:
            value = points[at][1]
            at += 1
        values.append(value)
    values[-1] = points[-1][1]
    return values


def _row(row: int, rows: int, levels: list[int], values: list[float], zero: int, label: str) -> Line:
    """One line of cells; each cell holds two half rows of the line and of the jump to the column before."""
    lower = (rows - 1 - row) * 2
    spans: list[Span] = [(f"{label:>{GUTTER - 1}} ", "dim")]
    cells: list[Span] = []
    for column, level in enumerate(levels):
        before = levels[column - 1] if column else level
        bottom, top = min(level, before), max(level, before)
        low_half, high_half = bottom <= lower <= top, bottom <= lower + 1 <= top
        token = "up" if values[column] > 0 else "down" if values[column] < 0 else "muted"
        if low_half and high_half:
            cells.append(("█", token))
        elif low_half or high_half:
            cells.append(("▄" if low_half else "▀", token))
        else:
            cells.append((ZERO, "dim") if lower <= zero <= lower + 1 else (" ", "text"))
    return tuple(spans + _joined(cells))


def _joined(cells: list[Span]) -> list[Span]:
    """Neighbours of one style as one span."""
    joined: list[Span] = []
    for text, token in cells:
        if joined and joined[-1][1] == token:
            joined[-1] = (joined[-1][0] + text, token)
        else:
            joined.append((text, token))
    return joined


def _label(row: int, rows: int, low: float, high: float, zero: int, unit: str) -> str:
    """The value at the left edge of the first, the last and the zero row."""
    if row == rows - 1 - zero // 2:
        return f"0{unit}"
    if row not in (0, rows - 1) or math.isclose(high if row == 0 else low, 0.0):
        return ""
    return f"{high if row == 0 else low:+.1f}{unit}"


def _dates(points: Points, columns: int, zone: tzinfo) -> Line:
    first, last = (numbers.date_text(points[at][0], zone) for at in (0, -1))
    gap = columns - len(first) - len(last)
    text = f"{first}{' ' * gap}{last}" if gap > 0 else last[:columns]
    return ((" " * GUTTER + text, "dim"),)
