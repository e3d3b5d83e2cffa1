"""A setup at a zone, or how far it has come. Prices are oriented: shorts see every sign flipped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from futtui.domain.candle import Candle
from futtui.domain.reading import FrameReading
from futtui.domain.timeframe import Timeframe
from futtui.domain.zone import Zone
from futtui.strategies.base import StrategyContext
from futtui.strategies.structure import OrientedBar


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
    bars: Sequence[Candle]
    context: StrategyContext

    def oriented(self, sign: int) -> Sequence[OrientedBar]:
        """The same bars as longs (+1) or shorts (-1) see them."""
        return self.context.oriented(self.timeframe, len(self.bars), sign)

    @property
    def close(self) -> float:
        """The newest close."""
        return self.bars[-1].close


def strength_of(zone: Zone) -> float:
    """The strength of a zone, or its score where that is not known."""
    return zone.score if zone.strength is None else zone.strength


class Span(NamedTuple):
    """The oriented edges at which the bars of a view can have got anywhere: cheap to ask before a zone is walked."""

    low: float
    high: float
    margin: float = 0.0
    """What must lie between the edge and `high`."""


def say_zone(zone: Zone) -> str:
    """`4h zone` and its grade, for sentences."""
    return f"{zone.timeframe.code} zone (strength {strength_of(zone):.0f})"
