"""The whole chart: from data, look and size to lines. Later layers win; the crosshair hides nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from futtui.tui.paint import numbers
from futtui.tui.paint.chart import layers
from futtui.tui.paint.chart.bars import Bar, bars_in_sight, draw_bars, draw_flow, draw_volume
from futtui.tui.paint.chart.canvas import Canvas
from futtui.tui.paint.chart.data import ChartData, Level, Look, place_of, span
from futtui.tui.paint.chart.gutter import Label, gutter_labels, gutter_line, gutter_width
from futtui.tui.paint.chart.scale import Scale, fit
from futtui.tui.paint.chart.texts import axis_text, header_line
from futtui.tui.paint.text import Line, fit_line, wrap
from futtui.tui.words import word

SMALLEST = (40, 10)
PANE_ROWS = 3
FLOW_FROM_ROWS = 22
"""The money-flow pane needs a chart of so many rows."""


@dataclass(frozen=True, slots=True)
class Frame:
    """The painted lines, and where things are: for mouse, crosshair and the next frame's scale."""

    lines: tuple[Line, ...]
    columns: int = 0
    scale: Scale | None = None
    bars: tuple[Bar, ...] = ()
    top: int = 1

    def bar_at(self, x: int) -> Bar | None:
        """The bar nearest to column `x`."""
        return min(self.bars, key=lambda bar: abs(bar.x - x), default=None)


def paint_chart(data: ChartData, look: Look, width: int, height: int, before: Scale | None = None) -> Frame:
    """All rows of the chart, each exactly `width` cells; `before` is the scale of the last frame."""
    if not data.candles:
        return Frame(_empty(data, width, height))
    if width < SMALLEST[0] or height < SMALLEST[1]:
        return Frame(_small(data, width, height))
    columns, scale, bars, panes = _measured(data, look, width, height, before)
    middle = max(0, look.per_candle - 2) // 2
    profile = layers.volume_profile(bars, scale) if "profile" in look.layers else None
    levels = _all_levels(data, look, bars, profile, scale)
    canvas = Canvas(columns, scale.rows)
    if "zones" in look.layers:
        layers.draw_zones(canvas, data.zones, scale)
    if profile is not None:
        layers.draw_profile(canvas, profile)
    for level in levels:
        if level.line:
            layers.draw_level(canvas, level.price, level.ink, scale)
    if "anchors" in look.layers:
        for anchored in data.anchored:
            layers.draw_vwap(canvas, bars, anchored.course, scale, layers.WEEK_SIGN, "muted")
    if "vwap" in look.layers:
        layers.draw_vwap(canvas, bars, data.weekly_vwap, scale, layers.WEEK_SIGN, "focus")
        layers.draw_vwap(canvas, bars, data.daily_vwap, scale, layers.VWAP_SIGN, "attention")
    draw_bars(canvas, bars, scale, look.per_candle)
    if "zones" in look.layers:
        layers.draw_letters(canvas, data.zones, scale)
    layers.draw_fills(canvas, data, bars, scale, middle)
    cross_row = _cross(canvas, data, look, bars, scale, middle)
    labels = gutter_labels(data, levels, scale)
    dim = bool(data.stale_text)
    rest = width - columns
    lines = [header_line(data, look, width)]
    for row in range(scale.rows):
        side = gutter_line(labels.get(row), rest, dim=dim, lifted=row == cross_row)
        lines.append((*canvas.line(row, dim=dim), *side))
    lines += _pane_lines(data, look, bars, panes, columns, rest, middle)
    lines.append(fit_line(((axis_text(data, bars, columns), "muted"),), width))
    return Frame(tuple(lines), columns, scale, tuple(bars))


def _measured(
    data: ChartData, look: Look, width: int, height: int, before: Scale | None
) -> tuple[int, Scale, list[Bar], tuple[str, ...]]:
    """Columns of the plot, its scale, its bars, and the panes below it."""
    panes = tuple(
        name
        for name in ("volume", "flow")
        if name in look.layers and (name == "volume" or (height >= FLOW_FROM_ROWS and _tells_flow(data)))
    )
    rows = height - 2 - PANE_ROWS * len(panes)
    first, end = span(data, look, width)
    rough = fit(data.candles[first:end], data.levels, rows)
    columns = width - gutter_width(data, rough.low, rough.high)
    bars = bars_in_sight(data, look, columns)
    if bars:
        first, end = bars[0].first, bars[-1].last + 1
    follows = look.end_ms is None
    scale = fit(data.candles[first:end], data.levels, rows, before, data.price if follows else 0.0)
    return columns, scale, bars, panes


def _tells_flow(data: ChartData) -> bool:
    """Whether the newest closed candle knows who bought; a chart of the forming one alone has none."""
    closed = data.candles[: -1 if data.is_forming else None]
    return bool(closed) and closed[-1].delta is not None


def _all_levels(
    data: ChartData, look: Look, bars: Sequence[Bar], profile: layers.Profile | None, scale: Scale
) -> list[Level]:
    levels = list(data.levels)
    if data.price > 0:
        levels.append(Level(data.price, "◄", "last", 0, line=False))
    if look.cross_ms is not None:
        levels.append(Level(look.cross_price, word("chart.level.cross"), "strong", -1, line=False))
    at = bars[-1].last if bars else 0
    if "vwap" in look.layers:
        for values, name, ink in ((data.daily_vwap, "vwap", "attention"), (data.weekly_vwap, "week", "focus")):
            # The bar that is still forming has none yet: the newest one is shown.
            value = values[min(at, len(values) - 1)] if values else None
            if value is not None:
                levels.append(Level(value, word(f"chart.level.{name}"), ink, 40, line=False))
    if "anchors" in look.layers:
        levels += [Level(one.value, one.name, "muted", 45, line=False) for one in data.anchored]
    if profile is not None:
        levels.append(Level(scale.price(profile.poc_row), word("chart.level.poc"), "text", 50, line=False))
        for row, name in zip(profile.area, ("value_high", "value_low"), strict=True):
            levels.append(Level(scale.price(row), word(f"chart.level.{name}"), "muted", 60, line=False))
    return levels


def _cross(canvas: Canvas, data: ChartData, look: Look, bars: Sequence[Bar], scale: Scale, middle: int) -> int:
    """Brightens row and column of the crosshair; gives its row, -1 without one."""
    if look.cross_ms is None or not bars:
        return -1
    bar = cross_bar(data, look, bars)
    row = scale.row(look.cross_price)
    canvas.lift(bar.x + middle, row)
    return row


def cross_bar(data: ChartData, look: Look, bars: Sequence[Bar]) -> Bar:
    """The bar under the crosshair, or the nearest in sight."""
    place = place_of(data, look.cross_ms or 0)
    return next((bar for bar in bars if bar.first <= place <= bar.last), bars[-1] if place > bars[-1].last else bars[0])


def _pane_lines(
    data: ChartData, look: Look, bars: Sequence[Bar], panes: Sequence[str], columns: int, rest: int, middle: int
) -> list[Line]:
    lines: list[Line] = []
    dim = bool(data.stale_text)
    for name in panes:
        canvas = Canvas(columns, PANE_ROWS)
        if name == "volume":
            text = word("chart.pane.volume", amount=numbers.amount_text(draw_volume(canvas, bars, look.per_candle)))
        else:
            total = draw_flow(canvas, bars, look.per_candle)
            text = word("chart.pane.flow", amount=numbers.signed_text(0.0) if total is None else _signed(total))
        if look.cross_ms is not None and bars:
            canvas.lift(cross_bar(data, look, bars).x + middle, -1)
        for row in range(PANE_ROWS):
            label = Label(text, "muted") if row == 0 else None
            lines.append((*canvas.line(row, dim=dim), *gutter_line(label, rest, dim=dim)))
    return lines


def _signed(amount: float) -> str:
    return ("+" if amount > 0 else "") + numbers.amount_text(amount)


def _small(data: ChartData, width: int, height: int) -> tuple[Line, ...]:
    """A line of closes in half rows with the last price: all that fits."""
    candles = data.candles[-width:]
    scale = fit(candles, (), max(1, height - 1))
    canvas = Canvas(width, scale.rows)
    for x, candle in enumerate(candles, width - len(candles)):
        half = scale.half(candle.close)
        canvas.put(x, half // 2, "▄" if half % 2 else "▀", "up" if candle.close >= candle.open else "down")
    price = numbers.price_text(data.price or candles[-1].close, data.rules)
    head = fit_line(((f"{data.symbol} {price}", "dim" if data.stale_text else "bold"),), width)
    lines = [head, *(canvas.line(row, dim=bool(data.stale_text)) for row in range(scale.rows))]
    return tuple(lines[:height])


def _empty(data: ChartData, width: int, height: int) -> tuple[Line, ...]:
    texts = wrap(data.empty_text, max(1, width - 4)) if data.empty_text else []
    lines: list[Line] = [()] * max(0, (height - len(texts)) // 2)
    lines += [((f"  {text}", "muted"),) for text in texts]
    lines += [()] * height
    return tuple(fit_line(line, width) for line in lines[:height])
