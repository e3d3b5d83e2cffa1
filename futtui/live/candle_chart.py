"""A chart as a picture: candles, zones with letter and grade, VWAPs, volume, and the plan of a trade."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from math import ceil, log10
from pathlib import Path
from typing import TYPE_CHECKING, Any

from futtui.domain.candle import Candle
from futtui.domain.reading import SymbolReading
from futtui.domain.signal import Levels
from futtui.domain.timeframe import Timeframe
from futtui.domain.zone import Zone, ZoneKind
from futtui.indicators.vwap import DailyVwap
from futtui.live.past_candles import moment_text, price_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

UP, DOWN, LATER = "#1a8f5a", "#c2413a", "#9aa0a6"
SUPPORT, RESISTANCE, PLAN = "#2c7fb8", "#d9730d", "#1f3b73"
ROOM = 0.06
"""Empty space above and below the candles, as a share of their range."""
LABEL_BARS = 0.17
"""Space to the right for names of zones, as a share of the candles shown."""
LABEL_HEIGHT = 0.024
"""Least distance of two names, as a share of the height."""


@dataclass(frozen=True, slots=True)
class ChartData:
    """What is drawn: the newest `bars` of `seen`, the zones of `reading`, and `later` candles in grey.

    `levels`: entry, stop and targets of a plan; `width` and `height` in pixels.
    """

    reading: SymbolReading
    frame: Timeframe
    seen: Sequence[Candle]
    bars: int
    later: Sequence[Candle] = ()
    levels: Levels | None = None
    width: int = 1600
    height: int = 900

    @property
    def shown(self) -> Sequence[Candle]:
        """The candles that were known."""
        return self.seen[-self.bars :]


def write_chart(path: Path, data: ChartData) -> None:
    """Write a PNG or SVG, as the name's ending says. Raises OSError when the file cannot be written."""
    draw_chart(data).savefig(path)


def chart_png(data: ChartData) -> bytes:
    """The picture as the bytes of a PNG file."""
    file = BytesIO()
    draw_chart(data).savefig(file, format="png")
    return file.getvalue()


def draw_chart(data: ChartData) -> Figure:
    """The chart as a figure of matplotlib."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(data.width / 100, data.height / 100), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    prices, volumes = figure.subplots(2, 1, sharex=True, height_ratios=[5, 1])
    shown = [*data.shown, *data.later]
    low, high = _range(data)
    prices.set_xlim(-1, len(shown) * (1 + LABEL_BARS))
    prices.set_ylim(low, high)
    _draw_zones(prices, data, low, high)
    _draw_candles(prices, shown, len(data.shown))
    _draw_lines(prices, data)
    _draw_plan(prices, data)
    _draw_volume(volumes, shown, len(data.shown))
    _name_times(volumes, shown)
    regimes = "   ".join(
        f"{frame.timeframe.code} {frame.regime.regime.value.lower().replace('_', ' ')}"
        for frame in sorted(data.reading.frames.values(), key=lambda each: each.timeframe.ms)
    )
    title = f"{data.reading.symbol} {data.frame.code}, {moment_text(data.reading.time_ms)}"
    prices.set_title(f"{title}: {price_text(data.reading.price)}\nregime: {regimes}", loc="left", fontsize=11)
    prices.legend(loc="upper left", fontsize=8, framealpha=0.9, edgecolor="none")
    decimals = max(0, ceil(-log10(high - low)) + 1)
    prices.yaxis.set_major_formatter(lambda value, _: f"{value:,.{decimals}f}")
    for axes in (prices, volumes):
        axes.grid(color="#e6e6e6", linewidth=0.5)
        axes.set_axisbelow(True)
    return figure


def _range(data: ChartData) -> tuple[float, float]:
    """Prices of the lower and upper edge: all candles, and the whole plan."""
    shown = [*data.shown, *data.later]
    plan = _plan_prices(data.levels)
    low = min([bar.low for bar in shown] + plan)
    high = max([bar.high for bar in shown] + plan)
    room = (high - low or high * 0.01) * ROOM
    return low - room, high + room


def _draw_zones(axes: Any, data: ChartData, low: float, high: float) -> None:
    """Each zone from its making to the right edge, stronger ones fuller; names at the right, none over another."""
    inside = [zone for zone in data.reading.zones if zone.high >= low and zone.low <= high]
    right = len(data.shown) + len(data.later)
    edge = right * (1 + LABEL_BARS)
    for zone in inside:
        start = min(right - 1, max(-1.0, (zone.created_ms - data.shown[0].open_time_ms) / data.frame.ms - 0.5))
        colour = _colour(zone)
        alpha = 0.10 + 0.25 * zone.score / 100.0
        axes.fill_between([start, edge], zone.low, zone.high, color=colour, alpha=alpha, linewidth=0, zorder=1)
        dashes = "--" if zone.flipped else "-"
        axes.hlines([zone.low, zone.high], start, edge, colors=colour, linewidth=0.6, linestyles=dashes, zorder=1)
    for zone, place in zip(inside, spread([zone.middle for zone in inside], (high - low) * LABEL_HEIGHT), strict=True):
        text = f" {label(zone)}"
        axes.annotate(
            text, (right + 1, min(max(place, low), high)), fontsize=7.5, va="center", color=_colour(zone), zorder=5
        )


def label(zone: Zone) -> str:
    """`S A 1h 82`, with `flipped` where it changed sides: kind, grade, timeframe, score."""
    letter = "S" if zone.kind is ZoneKind.SUPPORT else "R"
    return f"{letter} {zone.grade or '-'} {zone.timeframe.code} {zone.score:.0f}{' flipped' if zone.flipped else ''}"


def spread(places: Sequence[float], gap: float) -> list[float]:
    """Rising places moved apart as little as needed so that neighbours are `gap` from each other."""
    groups: list[tuple[float, int]] = []
    for place in places:
        centre, count = place, 1
        while groups and centre - groups[-1][0] < gap * (count + groups[-1][1]) / 2.0:
            other, others = groups.pop()
            centre = (centre * count + other * others) / (count + others)
            count += others
        groups.append((centre, count))
    return [centre + gap * (place - (count - 1) / 2.0) for centre, count in groups for place in range(count)]


def _colour(zone: Zone) -> str:
    return SUPPORT if zone.kind is ZoneKind.SUPPORT else RESISTANCE


def _draw_candles(axes: Any, bars: Sequence[Candle], known: int) -> None:
    colours = _colours(bars, known)
    axes.vlines(range(len(bars)), [bar.low for bar in bars], [bar.high for bar in bars], colors=colours, linewidth=0.8)
    least = max(bar.high for bar in bars) * 1e-6
    bottoms = [min(bar.open, bar.close) for bar in bars]
    heights = [max(abs(bar.open - bar.close), least) for bar in bars]
    axes.bar(range(len(bars)), heights, 0.7, bottoms, color=colours, linewidth=0, zorder=3)


def _draw_lines(axes: Any, data: ChartData) -> None:
    places, values = [], []
    vwap = DailyVwap()
    first = len(data.seen) - len(data.shown)
    if data.frame is not Timeframe.D1:
        for place, bar in enumerate(data.seen):
            vwap.update(bar)
            if place >= first:
                places.append(place - first)
                values.append(float("nan") if vwap.value is None else vwap.value)
        axes.plot(places, values, color="#6a3d9a", linewidth=1.1, label="VWAP of the day", zorder=4)
    if data.reading.anchored_vwap is not None:
        axes.axhline(data.reading.anchored_vwap, color="#b15aa8", linewidth=0.9, ls=":", label="VWAP of the week")
    axes.axhline(data.reading.price, color="#333333", linewidth=0.8, ls=(0, (4, 3)), label="price")
    if data.later:
        axes.axvline(len(data.shown) - 0.5, color="#333333", linewidth=0.8, label="this moment; grey = later")


def _plan_prices(levels: Levels | None) -> list[float]:
    return [] if levels is None else [levels.entry, levels.stop, *levels.targets]


def _draw_plan(axes: Any, data: ChartData) -> None:
    """Entry, stop and targets over the newest third of the chart, each with its name and price."""
    levels = data.levels
    if levels is None:
        return
    right = (len(data.shown) + len(data.later)) * (1 + LABEL_BARS)
    start = len(data.shown) * 2 / 3
    names = ["entry", "stop", *(f"target {number}" for number in range(1, len(levels.targets) + 1))]
    colours = [PLAN, DOWN, *(UP,) * len(levels.targets)]
    for name, price, colour in zip(names, _plan_prices(levels), colours, strict=True):
        axes.hlines(price, start, right, colors=colour, linewidth=1.6, linestyles="--", zorder=6)
        text = f"{name} {price_text(price)}"
        axes.annotate(
            text, (right, price), fontsize=8.5, ha="right", va="bottom", color=colour, weight="bold", zorder=7
        )


def _draw_volume(axes: Any, bars: Sequence[Candle], known: int) -> None:
    axes.bar(range(len(bars)), [bar.volume for bar in bars], 0.7, color=_colours(bars, known), linewidth=0)
    axes.set_ylabel("volume", fontsize=8)
    axes.tick_params(axis="y", labelsize=7)


def _colours(bars: Sequence[Candle], known: int) -> list[str]:
    return [
        LATER if place >= known else UP if bar.close >= bar.open else DOWN for place, bar in enumerate(bars)
    ]  # fmt: skip


def _name_times(axes: Any, bars: Sequence[Candle]) -> None:
    step = max(1, len(bars) // 10)
    places = list(range(0, len(bars), step))
    moments = [datetime.fromtimestamp(bars[place].open_time_ms / 1000, UTC) for place in places]
    axes.set_xticks(places, [f"{moment:%d %b}\n{moment:%H:%M}" for moment in moments], fontsize=8)
