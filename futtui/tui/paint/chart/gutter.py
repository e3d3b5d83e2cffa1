"""The gutter right of the chart: names of levels, the last price, and prices of a round grid where there is room."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from futtui.tui.paint import numbers
from futtui.tui.paint.chart.data import ChartData, Level
from futtui.tui.paint.chart.scale import Scale, nice_step
from futtui.tui.paint.text import Line, fit

NAME_WIDTH = 7
"""The longest name, and the arrow before one that lies beyond the chart."""
ROWS_PER_GRID = 4


@dataclass(frozen=True, slots=True)
class Label:
    """A text for a row of the gutter."""

    text: str
    ink: str


def price_digits(data: ChartData) -> int:
    """Digits after the point for prices of this chart."""
    reference = data.price or (data.candles[-1].close if data.candles else 0.0)
    return numbers.price_decimals(reference, data.rules)


def gutter_width(data: ChartData, low: float, high: float) -> int:
    """Cells that prices and names need, the leading blank included."""
    digits = price_digits(data)
    widest = max(len(numbers.price_text(price, decimals=digits)) for price in (low, high, data.price))
    return min(widest, 14) + 2 + NAME_WIDTH


def gutter_labels(data: ChartData, levels: Sequence[Level], scale: Scale) -> dict[int, Label]:
    """Labels by row, in the order of their prices. Where there is no room the higher rank goes."""
    digits = price_digits(data)
    inside = sorted((level for level in levels if scale.holds(level.price)), key=lambda item: item.rank)
    rows: dict[Level, int] = {}
    for level in (item for item in inside if item.line or item.rank <= 0):
        rows = _with(level, rows, scale, ()) or rows
    edges = _beyond(levels, scale, digits, rows.values())
    for level in (item for item in inside if item not in rows and not item.line):
        rows = _with(level, rows, scale, edges) or rows
    names = {
        row: Label(f"{numbers.price_text(level.price, decimals=digits)} {level.name}", level.ink)
        for level, row in rows.items()
    }
    placed = edges | names
    _grid(placed, scale, digits)
    return placed


def _beyond(levels: Sequence[Level], scale: Scale, digits: int, taken: Collection[int]) -> dict[int, Label]:
    """Lines above and below the chart, at its edges where these are free; at most three each."""
    placed: dict[int, Label] = {}
    beyond = {True: 0, False: 0}
    for level in sorted(levels, key=lambda item: item.rank):
        above = level.price > scale.high
        row = beyond[above] if above else scale.rows - 1 - beyond[above]
        if (
            scale.holds(level.price)
            or not level.line
            or beyond[above] == 3
            or row in taken
            or not 0 <= row < scale.rows
        ):
            continue
        text = numbers.price_text(level.price, decimals=digits)
        placed[row] = Label(f"{'↑' if above else '↓'} {level.name} {text}", level.ink)
        beyond[above] += 1
    return placed


def _with(level: Level, rows: Mapping[Level, int], scale: Scale, taken: Collection[int]) -> dict[Level, int] | None:
    """A row for one more name, at most one off its own, the highest price on top; None where it has no room.

    A drawn line may push names by a row, the first rank never; what has no line (VWAP, profile) pushes nobody.
    """
    first = min((level, *rows), key=lambda item: item.rank)

    def reach(item: Level) -> range:
        own = scale.row(item.price)
        if item is first or (item in rows and not level.line):
            return range(rows.get(item, own), rows.get(item, own) + 1)
        return range(max(0, own - 1), min(scale.rows, own + 2))

    ordered = sorted({level, *rows}, key=lambda item: (-item.price, item.rank))
    below, lowest = scale.rows, dict[Level, int]()
    for item in reversed(ordered):  # how far down each may stand, so that those below it still have a row
        below = max((row for row in reach(item) if row < below and row not in taken), default=-1)
        lowest[item] = below
    above, found = -1, dict[Level, int]()
    for item in ordered:
        free = [row for row in reach(item) if above < row <= lowest[item] and row not in taken]
        if not free:
            return None
        own = scale.row(item.price)
        found[item] = above = min(free, key=lambda row: abs(row - own))
    return found


def _grid(placed: dict[int, Label], scale: Scale, digits: int) -> None:
    """Round prices, only where no other label is near."""
    step = max(nice_step(scale.high - scale.low, scale.rows // ROWS_PER_GRID), 10.0**-digits)
    number = int(scale.low / step) + 1
    for _ in range(scale.rows):
        price = number * step
        if price >= scale.high:
            return
        row = scale.row(price)
        if not any(at in placed for at in (row - 1, row, row + 1)):
            placed[row] = Label(numbers.price_text(price, decimals=digits), "muted")
        number += 1


def gutter_line(label: Label | None, width: int, *, dim: bool, lifted: bool = False) -> Line:
    """One row of the gutter."""
    ground = "+" if lifted else ""
    if label is None:
        return ((" " * width, f"text/{ground}"),)
    ink = "dim" if dim else label.ink
    return ((fit(f" {label.text}", width), f"{ink}/{ground}"),)
