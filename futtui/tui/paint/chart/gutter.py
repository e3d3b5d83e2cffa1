"""The gutter right of the chart: names of levels, the last price, and prices of a round grid where there is room."""

from __future__ import annotations

from collections.abc import Sequence
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
    """Labels by row. Where two want the same row the lower rank stays; the other moves one row or goes."""
    digits = price_digits(data)
    placed: dict[int, Label] = {}
    beyond = {True: 0, False: 0}
    for level in sorted(levels, key=lambda item: item.rank):
        text = numbers.price_text(level.price, decimals=digits)
        if scale.holds(level.price):
            row = scale.row(level.price)
            free = next((at for at in (row, row - 1, row + 1) if at not in placed and 0 <= at < scale.rows), None)
            if free is not None:
                placed[free] = Label(f"{text} {level.name}", level.ink)
        elif level.line and beyond[level.price > scale.high] < 3:
            above = level.price > scale.high
            row = beyond[above] if above else scale.rows - 1 - beyond[above]
            if row not in placed and 0 <= row < scale.rows:
                placed[row] = Label(f"{'↑' if above else '↓'} {level.name} {text}", level.ink)
                beyond[above] += 1
    _grid(placed, scale, digits)
    return placed


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
