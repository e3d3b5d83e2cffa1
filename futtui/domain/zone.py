"""Support and resistance zones."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from futtui.domain.packing import travels
from futtui.domain.timeframe import Timeframe

GRADES = ((80.0, "A"), (70.0, "B"), (60.0, "C"), (50.0, "D"))
MOST_POINTS = (2200.0 / 94.0, 3200.0 / 94.0, 1600.0 / 94.0, 2400.0 / 94.0, -14.0)
"""What touches, reactions, freshness, confluence and noise add to a score at most."""
CLASSES = ((80.0, "key"), (60.0, "strong"), (40.0, "normal"))


class ZoneKind(Enum):
    """What a zone does to price."""

    SUPPORT = "SUPPORT"
    RESISTANCE = "RESISTANCE"

    # Members are single: the quick hash does.
    __hash__ = object.__hash__

    @property
    def opposite(self) -> ZoneKind:
        """The other kind."""
        return ZoneKind.RESISTANCE if self is ZoneKind.SUPPORT else ZoneKind.SUPPORT


class ZoneState(Enum):
    """How far a zone has come: seen, proven, one of the best, left alone for long, or gone."""

    CANDIDATE = "CANDIDATE"
    ACTIVE = "ACTIVE"
    KEY = "KEY"
    STALE = "STALE"
    EXPIRED = "EXPIRED"

    # Members are single: the quick hash does, and they are looked up at every close of every zone.
    __hash__ = object.__hash__


class ZoneEventKind(Enum):
    """What happened at a zone."""

    TOUCH = "TOUCH"
    BOUNCE = "BOUNCE"
    BREAK = "BREAK"
    SWEEP = "SWEEP"
    RETEST = "RETEST"
    FLIP = "FLIP"


class ZoneParts(NamedTuple):
    """Parts of a score, each 0-1: touches that held, reactions, freshness, confluence, and noise (a penalty)."""

    touches: float
    reactions: float
    freshness: float
    confluence: float
    noise: float

    @property
    def points(self) -> tuple[float, ...]:
        """What each part adds to the score: at most 23, 34, 17 and 26 points; noise takes up to 14 away."""
        return tuple(most * part for most, part in zip(MOST_POINTS, self, strict=True))


@travels
@dataclass(frozen=True, slots=True)
class ZoneEvent:
    """One thing that happened at a zone, in the bar that opened at `time_ms`; `event_id` names zone, kind and bar.

    `side` is +1 where price came from above. `size_atr` is a reaction, a break or a sweep in ATR, None where there is
    nothing to measure. Borders and `zone_kind` are those of the moment.
    """

    event_id: str
    zone_id: str
    symbol: str
    timeframe: Timeframe
    kind: ZoneEventKind
    zone_kind: ZoneKind
    time_ms: int
    price: float
    low: float
    high: float
    side: int
    size_atr: float | None = None


@travels
@dataclass(frozen=True, slots=True)
class Zone:
    """A price band where price turned before. `score` is 0-100; `flipped` means that it was broken and changed kind.

    `flipped` is true for a while after the change; `flipped_ms` is the close that confirmed the last one. `strength` is
    the score mixed with how often the zone really held. `purity` is the share of closes outside it. `merged` names the
    zones of lower timeframes that were absorbed.
    """

    zone_id: str
    symbol: str
    timeframe: Timeframe
    kind: ZoneKind
    low: float
    high: float
    score: float
    touches: int
    bounces: int
    created_ms: int
    last_touch_ms: int
    flipped: bool = False
    flipped_ms: int | None = None
    state: ZoneState = ZoneState.ACTIVE
    strength: float | None = None
    purity: float | None = None
    parts: ZoneParts | None = None
    merged: tuple[str, ...] = ()

    @property
    def grade(self) -> str:
        """A from a score of 80, B from 70, C from 60, D from 50; empty below."""
        return next((grade for least, grade in GRADES if self.score >= least), "")

    @property
    def strength_class(self) -> str:
        """Class of the score: key from 80, strong from 60, normal from 40, else weak."""
        return next((name for least, name in CLASSES if self.score >= least), "weak")

    @property
    def middle(self) -> float:
        """Centre of the band."""
        return (self.low + self.high) / 2.0

    def contains(self, price: float) -> bool:
        """Whether `price` lies inside the band."""
        return self.low <= price <= self.high

    def is_passed_by(self, price: float) -> bool:
        """Whether `price` lies beyond it: above a resistance, or below a support, that has not changed sides (yet)."""
        return price > self.high if self.kind is ZoneKind.RESISTANCE else price < self.low

    def gap_pct(self, price: float) -> float:
        """Distance from `price` to the nearer edge in percent of price; 0 inside."""
        if self.contains(price):
            return 0.0
        edge = self.low if price < self.low else self.high
        return abs(price - edge) / price * 100.0
