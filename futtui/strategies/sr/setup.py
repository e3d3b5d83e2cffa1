"""A setup at a zone, or how far it has come. Prices are oriented: shorts see every sign flipped."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from futtui.domain.candle import Candle
from futtui.domain.reading import FrameReading
from futtui.domain.timeframe import Timeframe
from futtui.domain.zone import Zone


@dataclass(frozen=True, slots=True)
class SrSetup:
    """A setup that the newest close completed.

    `edge` is the edge that was broken or swept, `guard` the price that proves the idea wrong. `quality` is 0-1.
    `started_ms` is the open time of the first bar that belongs to it.
    """

    zone: Zone
    sign: int
    edge: float
    guard: float
    started_ms: int
    quality: float
    quality_words: str
    grade_a: bool = False


class Progress(NamedTuple):
    """How far a zone has come towards a setup; of several zones the farthest one is told to the user."""

    steps: int
    words: str


NOTHING = Progress(0, "")


class View(NamedTuple):
    """One entry timeframe at the close that is decided on."""

    timeframe: Timeframe
    reading: FrameReading
    atr: float
    bars: tuple[Candle, ...]

    @property
    def close(self) -> float:
        """The newest close."""
        return self.bars[-1].close


def strength_of(zone: Zone) -> float:
    """The strength of a zone, or its score where that is not known."""
    return zone.score if zone.strength is None else zone.strength


def zones_for(timeframe: Timeframe, zones: Iterable[Zone], strength_min: float) -> list[Zone]:
    """Strong enough zones of the entry timeframe and of higher ones, the strongest first."""
    fitting = [zone for zone in zones if zone.timeframe.ms >= timeframe.ms and strength_of(zone) >= strength_min]
    return sorted(fitting, key=lambda zone: (-strength_of(zone), zone.zone_id))


def say_zone(zone: Zone) -> str:
    """`4h zone` and its grade, for sentences."""
    return f"{zone.timeframe.code} zone (strength {strength_of(zone):.0f})"
