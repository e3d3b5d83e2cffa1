"""What a frame of the candle chart costs, beside textual-plotext in the same run.

210x46 cells, 200 candles, six zones, two VWAPs, volume profile, volume. "Whole frame" is the painter; "to the screen"
adds turning each row into a strip. "A beat" is the usual case: another last price, only rows that differ become strips.
textual-plotext draws its candles, six filled bands and a VWAP line, without profile and volume, and its text is parsed
back as it does on the screen; it comes with the extra `bench`, the app does not use it. CPU time, the median of many
frames.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from statistics import median
from time import process_time

from futtui.domain.candle import Candle
from futtui.domain.timeframe import Timeframe
from futtui.domain.zone import Zone, ZoneKind
from futtui.tui.paint.chart.data import ChartData, Level, Look
from futtui.tui.paint.chart.frame import paint_chart
from futtui.tui.theme import NIGHT, Palette
from futtui.tui.widgets.line_widget import make_strip

NAME = "chart"
DESCRIPTION = "candle chart: a frame at 210x46 with 200 candles, zones, VWAP, profile, volume, beside textual-plotext"

WIDTH, HEIGHT = 210, 46
CANDLES = 200
FRAMES = 60
PLOTEXT_FRAMES = 5
GOAL_MS = 5.0
INSTALL = 'not installed: pip install -e ".[bench]"'
FRAME = Timeframe.M15
BEGIN_MS = 1_767_225_600_000


def run() -> tuple[list[tuple[str, ...]], dict[str, float]]:
    """Table rows (header first) and figures: milliseconds of CPU a frame."""
    data, palette = _data(), Palette(NIGHT)
    look = Look(layers=frozenset({"zones", "vwap", "profile", "volume"}))
    before = paint_chart(data, look, WIDTH, HEIGHT)
    moved = [_moved(data, 1.0 + (number % 7) * 1e-5) for number in range(7)]
    number = 0

    def whole() -> None:
        paint_chart(data, look, WIDTH, HEIGHT)

    def to_the_screen() -> None:
        for line in paint_chart(data, look, WIDTH, HEIGHT).lines:
            make_strip(line, WIDTH, palette, selected=False, plain=False)

    def beat() -> None:
        nonlocal before, number
        number += 1
        frame = paint_chart(moved[number % 7], look, WIDTH, HEIGHT, before.scale)
        for line, old in zip(frame.lines, before.lines, strict=True):
            if line != old:
                make_strip(line, WIDTH, palette, selected=False, plain=False)
        before = frame

    figures: dict[str, float] = {}
    rows: list[tuple[str, ...]] = [("chart 210x46, 200 candles", "ms of CPU a frame", "goal")]
    for title, name, work in (
        ("whole frame", "frame_ms", whole),
        ("whole frame, to the screen", "frame_to_screen_ms", to_the_screen),
        ("a beat: painted anew, rows that differ to the screen", "beat_ms", beat),
    ):
        figures[name] = round(_median_ms(work, FRAMES), 2)
        rows.append((title, f"{figures[name]:.2f}", f"{GOAL_MS:.0f} ms"))
    peer = _plotext(data)
    if peer is None:
        rows.append(("textual-plotext", INSTALL, ""))
    else:
        figures["textual_plotext_ms"] = round(_median_ms(peer, PLOTEXT_FRAMES), 2)
        figures["times_faster"] = round(figures["textual_plotext_ms"] / figures["frame_to_screen_ms"], 1)
        rows.append(("textual-plotext, candles, zones, VWAP", f"{figures['textual_plotext_ms']:.2f}", ""))
    return rows, figures


def _median_ms(work: Callable[[], None], times: int) -> float:
    work()
    found = []
    for _ in range(times):
        begun = process_time()
        work()
        found.append((process_time() - begun) * 1e3)
    return median(found)


def _data() -> ChartData:
    chance = random.Random(5)
    price = 100.0
    candles = []
    for number in range(CANDLES):
        close = price * (1 + chance.gauss(0, 0.002))
        high = max(price, close) * (1 + abs(chance.gauss(0, 0.001)))
        low = min(price, close) * (1 - abs(chance.gauss(0, 0.001)))
        volume = abs(chance.gauss(1000, 400)) + 10
        candles.append(Candle(BEGIN_MS + number * FRAME.ms, price, high, low, close, volume))
        price = close
    low, high = min(c.low for c in candles), max(c.high for c in candles)
    step = (high - low) / 7
    zones = tuple(_zone(low + step * (number + 0.5), step * 0.4, 50 + number * 8) for number in range(6))
    return ChartData(
        "ABCUSDT",
        FRAME,
        UTC,
        candles,
        [candle.typical * 0.999 for candle in candles],
        [candle.typical * 0.996 for candle in candles],
        is_forming=True,
        price=price,
        zones=zones,
        levels=(
            Level(low + step, "Stop", "down", 1),
            Level(low + 3 * step, "Entry", "strong", 2),
            Level(high, "TP1", "up", 3),
        ),
        now_ms=BEGIN_MS + CANDLES * FRAME.ms - 60_000,
    )


def _zone(low: float, width: float, score: float) -> Zone:
    kind = ZoneKind.SUPPORT if score < 74 else ZoneKind.RESISTANCE
    return Zone(f"z{low:.4f}", "ABCUSDT", Timeframe.H1, kind, low, low + width, score, 5, 3, BEGIN_MS, BEGIN_MS)


def _moved(data: ChartData, times: float) -> ChartData:
    """The same chart with another last price."""
    last = data.candles[-1]
    close = min(last.high, last.close * times)
    return replace(data, candles=(*data.candles[:-1], replace(last, close=close)), price=close)


def _plotext(data: ChartData) -> Callable[[], None] | None:
    """One frame as textual-plotext draws it; None where it is not installed."""
    try:
        import plotext
        import textual_plotext  # noqa: F401
    except ImportError:
        return None
    from rich.text import Text

    moments = [datetime.fromtimestamp(candle.open_time_ms / 1000, UTC) for candle in data.candles]
    plotext.date_form("d/m/Y H:M")
    dates = plotext.datetimes_to_string(moments)
    prices = {
        "Open": [candle.open for candle in data.candles],
        "Close": [candle.close for candle in data.candles],
        "High": [candle.high for candle in data.candles],
        "Low": [candle.low for candle in data.candles],
    }

    def draw() -> None:
        plotext.clear_figure()
        plotext.date_form("d/m/Y H:M")
        plotext.plotsize(WIDTH, HEIGHT)
        for zone in data.zones:
            edges = [zone.low, zone.low, zone.high, zone.high]
            plotext.plot([dates[0], dates[-1], dates[-1], dates[0]], edges, fillx=False, marker="hd")
        plotext.candlestick(dates, prices)
        plotext.plot(dates, list(data.daily_vwap))
        Text.from_ansi(plotext.build())

    return draw
