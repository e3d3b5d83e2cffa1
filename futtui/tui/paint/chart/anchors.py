"""VWAPs from moments that many traders look at, as lines along the candles of a chart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from futtui.domain.candle import Candle
from futtui.domain.vwap import BUSIEST, SWING_HIGH, SWING_LOW, VwapReading
from futtui.tui.words import word

_NAMES = {SWING_HIGH: "high", SWING_LOW: "low", BUSIEST: "busy"}
"""The moments that the analysis names, beside the opens of day and week, which have lines of their own."""


@dataclass(frozen=True, slots=True)
class AnchoredLine:
    """One VWAP: its name in the gutter, its value at the last close, and its course along the candles.

    The course is made of the chart's own candles; with longer ones it is a little coarser than `value`.
    """

    name: str
    value: float
    course: tuple[float | None, ...]


class AnchoredLines:
    """Keeps the courses of the newest candles and anchors, because working them out on each beat is not free."""

    def __init__(self) -> None:
        self._key: tuple[object, ...] = ()
        self._lines: tuple[AnchoredLine, ...] = ()

    def of(self, candles: Sequence[Candle], anchored: Sequence[VwapReading]) -> tuple[AnchoredLine, ...]:
        """The lines of all anchors that are known by name and lie within the candles."""
        key = (id(candles), len(candles), tuple(anchored))
        if key != self._key:
            self._key = key
            known = [each for each in anchored if each.name in _NAMES and candles]
            self._lines = tuple(
                AnchoredLine(
                    word(f"chart.level.anchor.{_NAMES[each.name]}"), each.value, course(candles, each.anchor_ms)
                )
                for each in known
                if candles[0].open_time_ms <= each.anchor_ms
            )
        return self._lines


def course(candles: Sequence[Candle], anchor_ms: int) -> tuple[float | None, ...]:
    """The volume-weighted average of typical prices from the candle that holds `anchor_ms`; None before it."""
    values: list[float | None] = []
    paid = traded = 0.0
    for place, candle in enumerate(candles):
        following = candles[place + 1].open_time_ms if place + 1 < len(candles) else None
        if candle.open_time_ms < anchor_ms and (following is not None and following <= anchor_ms):
            values.append(None)
            continue
        paid += candle.typical * candle.volume
        traded += candle.volume
        values.append(paid / traded if traded > 0 else None)
    return tuple(values)
