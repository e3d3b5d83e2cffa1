"""What a chart is drawn from, and how the user looks at it. Immutable: a key makes a new look."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo

from futtui.domain.candle import Candle
from futtui.domain.symbols import SymbolRules
from futtui.domain.timeframe import Timeframe
from futtui.domain.zone import Zone
from futtui.tui.paint.chart.anchors import AnchoredLine

ZOOMS = (-8, -4, -2, 1, 2, 4, 6)
"""Columns a candle takes; a negative one is how many candles share a column."""
FIRST_ZOOM = 3
LAYERS = ("zones", "vwap", "anchors", "profile", "volume", "flow")
LEAST_SHOWN = 5
"""Panning stops when only so many candles are left in sight."""


@dataclass(frozen=True, slots=True)
class Level:
    """A price with a name in the gutter. `line`: drawn across the chart. `rank`: lower ones keep their place."""

    price: float
    name: str
    ink: str
    rank: int
    line: bool = True


@dataclass(frozen=True, slots=True)
class FillMark:
    """A fill: a sign at a time and a price."""

    time_ms: int
    price: float
    sign: str
    ink: str


@dataclass(frozen=True, slots=True)
class Look:
    """How the user looks: zoom, last candle in sight (None follows the newest), crosshair, layers that are on."""

    zoom: int = FIRST_ZOOM
    end_ms: int | None = None
    cross_ms: int | None = None
    cross_price: float = 0.0
    layers: frozenset[str] = frozenset(LAYERS)

    @property
    def per_candle(self) -> int:
        """Columns a candle takes; negative: candles that share a column."""
        return ZOOMS[self.zoom]

    def zoomed(self, step: int) -> Look:
        """One zoom nearer (+1) or farther (-1)."""
        return replace(self, zoom=max(0, min(len(ZOOMS) - 1, self.zoom + step)))

    def toggled(self, layer: str) -> Look:
        """With the layer on or off."""
        return replace(self, layers=self.layers ^ {layer})


@dataclass(frozen=True, slots=True)
class ChartData:
    """Everything that is drawn. The last of `candles` is still forming where `is_forming`.

    `price` is the last price (0 = unknown); the VWAPs run along the candles and may be shorter than them.
    """

    symbol: str
    timeframe: Timeframe
    zone_info: tzinfo
    candles: Sequence[Candle] = ()
    daily_vwap: Sequence[float | None] = ()
    weekly_vwap: Sequence[float | None] = ()
    is_forming: bool = False
    price: float = 0.0
    rules: SymbolRules | None = None
    zones: Sequence[Zone] = ()
    levels: Sequence[Level] = ()
    fills: Sequence[FillMark] = ()
    anchored: Sequence[AnchoredLine] = ()
    now_ms: int = 0
    stale_text: str = ""
    empty_text: str = ""


def slots(look: Look, columns: int) -> int:
    """Candles that have room in `columns` cells."""
    per = look.per_candle
    return max(1, columns // per if per > 0 else columns * -per)


def span(data: ChartData, look: Look, columns: int) -> tuple[int, int]:
    """First and one past the last candle in sight."""
    count = len(data.candles)
    end = count
    if look.end_ms is not None:
        end = bisect_right(data.candles, look.end_ms, key=_open_ms)
        end = max(min(LEAST_SHOWN, count), min(count, end))
    return max(0, end - slots(look, columns)), end


def panned(data: ChartData, look: Look, columns: int, step: int) -> Look:
    """The look `step` candles to the right (negative: left); back at the newest one it follows again."""
    count = len(data.candles)
    if not count:
        return look
    _, end = span(data, look, columns)
    target = max(min(LEAST_SHOWN, count), min(count, end + step))
    return replace(look, end_ms=None if target >= count else data.candles[target - 1].open_time_ms)


def place_of(data: ChartData, time_ms: int) -> int:
    """Index of the candle that opened at `time_ms`, or of the last one before it; -1 before the first."""
    return bisect_right(data.candles, time_ms, key=_open_ms) - 1


def _open_ms(candle: Candle) -> int:
    return candle.open_time_ms
