"""Candles as columns of signs: box lines and half blocks by zoom, the volume pane and the money-flow pane."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from futtui.domain.candle import Candle
from futtui.tui.paint.chart.canvas import Canvas
from futtui.tui.paint.chart.data import ChartData, Look, span
from futtui.tui.paint.chart.scale import Scale

EIGHTHS = " ▁▂▃▄▅▆▇█"
_THIN = {0: " ", 1: "╷", 3: "╵", 4: "│", 2: "╻", 6: "╹", 8: "┃", 5: "╽", 7: "╿"}
"""Sign of a cell by 3 x its upper half + its lower half, where 0 is nothing, 1 a wick, 2 a body."""
_BLOCK = {0: " ", 1: "╷", 3: "╵", 4: "│", 2: "▄", 6: "▀", 8: "█", 5: "▄", 7: "▀"}
_BODY = {2: "▄", 5: "▄", 6: "▀", 7: "▀", 8: "█"}


@dataclass(frozen=True, slots=True)
class Bar:
    """One column (or more) of the chart: a candle, or several that share a column. `first`, `last`: their places."""

    x: int
    first: int
    last: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    delta: float | None

    @property
    def ink(self) -> str:
        """Colour of its direction."""
        return "up" if self.close >= self.open else "down"


def bars_in_sight(data: ChartData, look: Look, columns: int) -> list[Bar]:
    """The bars with their left columns; the newest one stands at the right edge."""
    first, end = span(data, look, columns)
    per = look.per_candle
    candles = data.candles
    if per > 0:
        left = columns - (end - first) * per
        return [
            Bar(left + (at - first) * per, at, at, c.open, c.high, c.low, c.close, c.volume, c.delta)
            for at, c in enumerate(candles[first:end], first)
        ]
    groups = _groups(data, first, end, -per)[-columns:]
    left = columns - len(groups)
    return [_merged(candles, low, high, left + number) for number, (low, high) in enumerate(groups)]


def _groups(data: ChartData, first: int, end: int, size: int) -> list[tuple[int, int]]:
    """Candles that share a column, by time: so they stay together while the chart moves."""
    length = data.timeframe.ms * size
    groups: list[tuple[int, int]] = []
    number = None
    for at in range(first, end):
        found = data.candles[at].open_time_ms // length
        if found == number:
            groups[-1] = (groups[-1][0], at)
        else:
            groups.append((at, at))
            number = found
    return groups


def _merged(candles: Sequence[Candle], first: int, last: int, x: int) -> Bar:
    part = candles[first : last + 1]
    deltas = [candle.delta for candle in part]
    known = [delta for delta in deltas if delta is not None]
    return Bar(
        x,
        first,
        last,
        part[0].open,
        max(candle.high for candle in part),
        min(candle.low for candle in part),
        part[-1].close,
        sum(candle.volume for candle in part),
        sum(known) if len(known) == len(deltas) else None,
    )


def draw_bars(canvas: Canvas, bars: Sequence[Bar], scale: Scale, per_candle: int) -> None:
    """Bodies and wicks; the ground stays as it is."""
    signs, inks = canvas.signs, canvas.inks
    wide = max(1, per_candle - 1) if per_candle > 1 else 1
    half, rows = scale.half, _THIN if per_candle <= 1 else _BLOCK
    for bar in bars:
        top, bottom = half(bar.high), half(bar.low)
        above, below = half(max(bar.open, bar.close)), half(min(bar.open, bar.close))
        ink, x = bar.ink, bar.x + (wide - 1) // 2
        for y in range(top // 2, bottom // 2 + 1):
            upper, lower = 2 * y, 2 * y + 1
            code = 0
            if top <= upper <= bottom:
                code = 6 if above <= upper <= below else 3
            if top <= lower <= bottom:
                code += 2 if above <= lower <= below else 1
            signs[y][x] = rows[code]
            inks[y][x] = ink
            if wide > 1 and code in _BODY:
                sign = _BODY[code]
                for side in range(bar.x, bar.x + wide):
                    signs[y][side] = sign
                    inks[y][side] = ink


def draw_volume(canvas: Canvas, bars: Sequence[Bar], per_candle: int) -> float:
    """Columns in eighths of a row; the largest volume in sight fills the pane. Gives that volume."""
    most = max((bar.volume for bar in bars), default=0.0)
    if most <= 0:
        return 0.0
    wide = max(1, per_candle - 1)
    for bar in bars:
        _column(canvas, bar.x, wide, bar.volume / most, f"{bar.ink}_soft")
    return most


def draw_flow(canvas: Canvas, bars: Sequence[Bar], per_candle: int) -> float | None:
    """The running sum of taker buys minus sells since the left edge, as a filled line; None where it is not known."""
    sums: list[float] = []
    total = 0.0
    known: list[Bar] = []
    for bar in bars:
        if bar.delta is None:
            continue
        total += bar.delta
        sums.append(total)
        known.append(bar)
    if not sums:
        return None
    low, high = min(0.0, *sums), max(0.0, *sums)
    if high <= low:
        return total
    wide = max(1, per_candle - 1)
    for bar, value in zip(known, sums, strict=True):
        _column(canvas, bar.x, wide, (value - low) / (high - low), "up_soft" if value >= 0 else "down_soft")
    return total


def _column(canvas: Canvas, x: int, wide: int, share: float, ink: str) -> None:
    eighths = max(1, round(share * canvas.height * 8))
    for y in range(canvas.height - 1, -1, -1):
        if eighths <= 0:
            return
        sign = EIGHTHS[min(8, eighths)]
        for at in range(x, x + wide):
            canvas.signs[y][at] = sign
            canvas.inks[y][at] = ink
        eighths -= 8
