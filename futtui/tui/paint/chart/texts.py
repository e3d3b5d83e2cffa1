"""Texts around the chart: the line of figures, the time axis, title and subtitle."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from futtui.domain.timeframe import DAY_MS, HOUR_MS, MINUTE_MS
from futtui.tui.glyphs import SEPARATOR
from futtui.tui.paint import numbers
from futtui.tui.paint.chart.bars import Bar
from futtui.tui.paint.chart.data import ChartData, Look, place_of, span
from futtui.tui.paint.chart.gutter import price_digits
from futtui.tui.paint.names import frame_name
from futtui.tui.paint.text import Line, Span, dimmed, fit_line
from futtui.tui.words import word

LABEL_COLUMNS = 12
_STEPS_MS = (
    *(MINUTE_MS * minutes for minutes in (15, 30)),
    *(HOUR_MS * hours for hours in (1, 2, 3, 4, 6, 12)),
    *(DAY_MS * days for days in (1, 2, 7, 14, 28, 56, 112, 364)),
)


def header_line(data: ChartData, look: Look, width: int) -> Line:
    """Open, high, low and close of the candle under the crosshair, else of the newest; the least needed goes first."""
    if not data.candles:
        return fit_line((), width)
    at = len(data.candles) - 1
    if look.cross_ms is not None:
        at = max(0, min(at, place_of(data, look.cross_ms)))
    candle = data.candles[at]
    digits = price_digits(data)
    zone = data.zone_info
    moment = datetime.fromtimestamp(candle.open_time_ms / 1000, zone)
    parts: list[list[Span]] = [[(moment.strftime("%d.%m %H:%M"), "text")]]
    figures = zip("OHLC", (candle.open, candle.high, candle.low, candle.close), strict=True)
    parts.append(
        [
            span_
            for letter, price in figures
            for span_ in ((f"{letter} ", "muted"), (f"{numbers.price_text(price, decimals=digits)}  ", "bold"))
        ]
    )
    change = (candle.close / candle.open - 1.0) * 100.0 if candle.open > 0 else None
    if sum(len(text) for part in parts for text, _ in part) + 3 > width:
        del parts[0]  # the prices are wanted more than the time, which stands on the axis
    sign = f"{numbers.direction_sign(change)} {numbers.signed_percent_text(change)}"
    parts.append([(sign, numbers.direction_token(change))])
    if data.stale_text:
        parts.insert(0, [(data.stale_text, "attention")])
    elif data.is_forming and at == len(data.candles) - 1:
        left_ms = max(0, data.timeframe.end_ms(candle.open_time_ms) - data.now_ms)
        parts.append([(word("chart.next", time=countdown(left_ms)), "muted")])
    parts.append([(word("chart.volume", amount=numbers.amount_text(candle.volume)), "muted")])
    for name, values in (("chart.vwap_at", data.daily_vwap), ("chart.week_at", data.weekly_vwap)):
        value = values[at] if at < len(values) and "vwap" in look.layers else None
        if value is not None:
            parts.append([(word(name, price=numbers.price_text(value, decimals=digits)), "muted")])
    if data.stale_text:
        parts[1:] = [list(dimmed(tuple(part))) for part in parts[1:]]
    return fit_line(_that_fit(parts, width), width)


def _that_fit(parts: Sequence[Sequence[Span]], width: int) -> Line:
    spans: list[Span] = [(" ", "text")]
    used = 1
    for part in parts:
        length = sum(len(text) for text, _ in part) + 2
        if used + length - 2 > width:
            break
        spans += [*part, ("  ", "text")]
        used += length
    return tuple(spans)


def countdown(left_ms: int) -> str:
    """`12:53`, or `3:12:53`."""
    minutes, seconds = divmod(left_ms // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes:02d}:{seconds:02d}"


def axis_text(data: ChartData, bars: Sequence[Bar], columns: int) -> str:
    """Round times of the user's zone under their candles; midnight shows the date."""
    text = [" "] * columns
    if not bars:
        return "".join(text)
    step = _step_ms(data, bars)
    free = 0
    before: int | None = None
    for bar in bars:
        open_ms = data.candles[bar.first].open_time_ms
        number = _local_ms(data, open_ms) // step
        is_new = before is not None and number != before
        before = number
        if not is_new:
            continue
        moment = datetime.fromtimestamp(open_ms / 1000, data.zone_info)
        label = moment.strftime("%d.%m" if step >= DAY_MS or (moment.hour, moment.minute) == (0, 0) else "%H:%M")
        if bar.x >= free and bar.x + len(label) <= columns:
            text[bar.x : bar.x + len(label)] = label
            free = bar.x + len(label) + 2
    return "".join(text)


def _step_ms(data: ChartData, bars: Sequence[Bar]) -> int:
    """The smallest round step whose labels keep apart."""
    width = max(1, bars[-1].x - bars[0].x)
    span_ms = data.candles[bars[-1].first].open_time_ms - data.candles[bars[0].first].open_time_ms
    least = span_ms / width * LABEL_COLUMNS
    return next((step for step in _STEPS_MS if step >= least and step > data.timeframe.ms), _STEPS_MS[-1])


def _local_ms(data: ChartData, time_ms: int) -> int:
    offset = datetime.fromtimestamp(time_ms / 1000, data.zone_info).utcoffset()
    return time_ms + (round(offset.total_seconds() * 1000) if offset else 0)


def title(data: ChartData) -> str:
    """Symbol and timeframe."""
    return f"{data.symbol}  {frame_name(data.timeframe)}"


def subtitle(data: ChartData, look: Look, columns: int, zone_name: str, note: str = "") -> str:
    """Candles in sight, zoom, time zone; a note such as that older candles are loading comes first."""
    first, end = span(data, look, columns)
    per = look.per_candle
    zoom = word("chart.columns" if per > 1 else "chart.one_column", n=per) if per > 0 else word("chart.shared", n=-per)
    parts = [note, word("chart.candles", n=end - first), zoom, word("chart.times", zone=zone_name)]
    return f" {SEPARATOR} ".join(part for part in parts if part)
