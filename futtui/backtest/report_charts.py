"""Charts of a report as inline SVG, made of numbers and escaped words only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import floor, log10

WIDTH, HEIGHT = 760, 220
LEFT, RIGHT, TOP, BOTTOM = 56, 12, 12, 26
MOST_POINTS = 1_500


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar with its label; `low` and `high` are the ends of an interval, `count` is told when pointed at."""

    label: str
    value: float
    low: float | None = None
    high: float | None = None
    count: int | None = None


def line_chart(points: Sequence[tuple[float, float]], unit: str, kind: str, labels: Sequence[str] = ()) -> str:
    """A line through (place, value) points from its left to its right end; an area down to zero for falls."""
    if not points:
        return '<p class="none">No trades.</p>'
    kept = thinned(points)
    low, high = _span([value for _, value in kept])
    first, last = kept[0][0], kept[-1][0]

    def across(place: float) -> float:
        return LEFT + (place - first) / ((last - first) or 1.0) * (WIDTH - LEFT - RIGHT)

    def down(value: float) -> float:
        return TOP + (high - value) / (high - low) * (HEIGHT - TOP - BOTTOM)

    path = " ".join(f"{across(place):.1f},{down(value):.1f}" for place, value in kept)
    zero = down(min(max(0.0, low), high))
    area = f"{across(first):.1f},{zero:.1f} {path} {across(last):.1f},{zero:.1f}"
    marks = "".join(
        f'<text x="{LEFT + place * (WIDTH - LEFT - RIGHT):.0f}" y="{HEIGHT - 8}" class="mark">{escape(text)}</text>'
        for place, text in zip(_places(len(labels)), labels, strict=True)
    )
    return _svg(
        f'{_grid(low, high, unit)}<polygon points="{area}" class="area {kind}"/>'
        f'<polyline points="{path}" class="line {kind}"/>{marks}'
    )


def bar_chart(bars: Sequence[Bar], unit: str, middle: float | None = None, whole: bool = False) -> str:
    """Upright bars with their intervals; `middle`: a dashed line; `whole`: the axis goes from 0 to 100 %."""
    if not bars:
        return '<p class="none">No trades.</p>'
    values = [each for bar in bars for each in (bar.value, bar.low, bar.high) if each is not None]
    low, high = (0.0, 1.0) if whole else _span([*values, 0.0])
    room = (WIDTH - LEFT - RIGHT) / len(bars)

    def down(value: float) -> float:
        return TOP + (high - min(max(value, low), high)) / (high - low) * (HEIGHT - TOP - BOTTOM)

    drawn = []
    for number, bar in enumerate(bars):
        at = LEFT + number * room
        top, foot = sorted((down(bar.value), down(0.0)))
        sign = "up" if bar.value >= 0 else "down"
        told = f"{bar.label}: {_figure(bar.value, unit)}" + ("" if bar.count is None else f" (n {bar.count})")
        drawn.append(
            f'<g><title>{escape(told)}</title><rect x="{at + room * 0.15:.1f}" y="{top:.1f}" '
            f'width="{room * 0.7:.1f}" height="{max(0.5, foot - top):.1f}" class="bar {sign}"/>'
            f"{_whisker(bar, at + room / 2, down)}{_label(bar.label, at + room / 2, room, number, len(bars))}</g>"
        )
    line = ""
    if middle is not None:
        y = down(middle)
        line = f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" class="middle"/>'
    return _svg(_grid(low, high, unit) + "".join(drawn) + line)


def waterfall(steps: Sequence[tuple[str, float]], unit: str) -> str:
    """From the first value through changes to the sum; the last step is the sum itself."""
    levels, at = [], 0.0
    for number, (name, value) in enumerate(steps):
        start = 0.0 if number in (0, len(steps) - 1) else at
        at = value if number in (0, len(steps) - 1) else at + value
        levels.append((name, value, start, at))
    low, high = _span([each for *_, start, end in levels for each in (start, end)] + [0.0])
    room = (WIDTH - LEFT - RIGHT) / len(levels)

    def down(value: float) -> float:
        return TOP + (high - value) / (high - low) * (HEIGHT - TOP - BOTTOM)

    drawn = []
    for number, (name, value, start, end) in enumerate(levels):
        x, middle = LEFT + number * room, LEFT + (number + 0.5) * room
        top, foot = sorted((down(start), down(end)))
        kind = "whole" if number in (0, len(levels) - 1) else "up" if value >= 0 else "down"
        drawn.append(
            f'<rect x="{x + room * 0.2:.1f}" y="{top:.1f}" width="{room * 0.6:.1f}" '
            f'height="{max(0.5, foot - top):.1f}" class="bar {kind}"/>'
            f'<text x="{middle:.1f}" y="{max(TOP + 9, top - 3):.1f}" class="mark mid">{_figure(value, unit)}</text>'
            f'<text x="{middle:.1f}" y="{HEIGHT - 8}" class="mark mid">{escape(name)}</text>'
        )
    return _svg(_grid(low, high, unit) + "".join(drawn))


def thinned(points: Sequence[tuple[float, float]], most: int = MOST_POINTS) -> list[tuple[float, float]]:
    """At most about `most` points: of each stretch its lowest and highest, so that no peak is lost; ends are kept."""
    if len(points) <= most:
        return list(points)
    size = -(-len(points) // (most // 2))
    kept = [points[0]]
    for first in range(1, len(points) - 1, size):
        part = points[first : min(first + size, len(points) - 1)]
        extremes = (min(part, key=lambda each: each[1]), max(part, key=lambda each: each[1]))
        kept += sorted(set(extremes))
    return [*kept, points[-1]]


def _svg(inside: str) -> str:
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img">{inside}</svg>'


def _grid(low: float, high: float, unit: str) -> str:
    parts, step = [], _step(high - low)
    value = floor(low / step) * step
    while value <= high + step / 1e6:
        if value >= low - step / 1e6:
            y = TOP + (high - value) / (high - low) * (HEIGHT - TOP - BOTTOM)
            parts.append(
                f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" class="grid"/>'
                f'<text x="{LEFT - 6}" y="{y + 4:.1f}" class="mark end">{_figure(value, unit, step)}</text>'
            )
        value += step
    return "".join(parts)


def _step(span: float) -> float:
    raw = span / 4.0
    size = 10.0 ** floor(log10(raw))
    return next(size * each for each in (1.0, 2.0, 5.0, 10.0) if size * each >= raw)


def _span(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    room = (high - low) * 0.06 or max(abs(high), 1.0) * 0.1
    return low - room, high + room


def _figure(value: float, unit: str, step: float = 0.01) -> str:
    if unit == "%":
        return f"{value * 100:.0f} %"
    digits = 0 if step >= 1 else 1 if step >= 0.1 else 2
    text = f"{value:+.{digits}f}"
    return f"{0:.{digits}f}" if float(text) == 0 else text


def _whisker(bar: Bar, x: float, down: object) -> str:
    if bar.low is None or bar.high is None or not callable(down):
        return ""
    top, foot = down(bar.high), down(bar.low)
    return f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top:.1f}" y2="{foot:.1f}" class="whisker"/>'


def _label(text: str, x: float, room: float, number: int, count: int) -> str:
    every = max(1, round(28 / room)) if count > 12 else 1
    if number % every:
        return ""
    shown = text if len(text) * 6.2 <= room * every else text[: max(3, int(room * every / 6.2))]
    return f'<text x="{x:.1f}" y="{HEIGHT - 8}" class="mark mid">{escape(shown)}</text>'


def _places(count: int) -> list[float]:
    return [(number + 0.5) / count for number in range(count)]
