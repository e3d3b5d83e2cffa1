"""A zone while it lives: borders that move a little, touches, flips and the score they add up to."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from futtui.domain.timeframe import DAY_MS, Timeframe
from futtui.domain.zone import Zone, ZoneKind
from futtui.zones.episodes import TouchTracker
from futtui.zones.flips import FlipTracker
from futtui.zones.score import ScoreParts, freshness_part, noise_part, reaction_part, touch_part
from futtui.zones.settings import ZoneFrameSettings, ZoneSettings

Bar = tuple[int, float, float, float, float]
"""Open time in ms, low, high, close, ATR."""


def overlap_share(first_low: float, first_high: float, second_low: float, second_high: float) -> float:
    """Common part of two bands as a share of the narrower one, 0-1."""
    common = min(first_high, second_high) - max(first_low, second_low)
    narrower = min(first_high - first_low, second_high - second_low)
    return max(0.0, common / narrower) if narrower > 0 else 0.0


class LiveZone:
    """One zone of one timeframe. Its id stays the same for life, also when borders move or its kind changes."""

    __slots__ = (
        "_frame",
        "_settings",
        "bars",
        "closes_inside",
        "created_ms",
        "flipped",
        "flips",
        "high",
        "kind",
        "low",
        "touch",
        "zone_id",
    )

    def __init__(
        self, zone_id: str, kind: ZoneKind, borders: tuple[float, float], created_ms: int,
        settings: ZoneSettings, frame: ZoneFrameSettings,
    ) -> None:  # fmt: skip
        self.zone_id = zone_id
        self.kind = kind
        self.low, self.high = borders
        self.created_ms = created_ms
        self.flipped = False
        self.touch = TouchTracker(settings, frame.reaction_bars)
        self.flips = FlipTracker(settings)
        self.bars = 0
        self.closes_inside = 0
        self._settings = settings
        self._frame = frame

    def replay(self, bars: Iterable[Bar]) -> None:
        """Live through past bars, oldest first: only what was known when the zone was made."""
        for bar in bars:
            self.update(bar)

    def update(self, bar: Bar) -> None:
        """Take the next closed bar."""
        time_ms, low, high, close, atr = bar
        self.bars += 1
        touch = self.touch
        quiet = touch.episode is None and self.flips.pending_bars is None
        if quiet and ((touch.side > 0 and low > self.high) or (touch.side < 0 and high < self.low)):
            return
        if self.low <= close <= self.high:
            self.closes_inside += 1
        touch.update(time_ms, low, high, close, atr, self.low, self.high)
        if self.flips.update(self.kind, (low, high, close), atr, (self.low, self.high)):
            self.kind = self.kind.opposite
            self.flipped = True

    def move_borders(self, low: float, high: float) -> None:
        """Move part of the way to newly measured borders."""
        weight = self._settings.border_weight
        self.low += weight * (low - self.low)
        self.high += weight * (high - self.high)

    def idle_days(self, now_ms: int) -> float:
        """Days since the last touch, or since the zone was made if that is later."""
        return (now_ms - max(self.touch.last_touch_ms, self.created_ms)) / DAY_MS

    def score(self, now_ms: int, confluence: float) -> float:
        """Score 0-100 at `now_ms`; a zone that changed kind keeps a part of it only."""
        total = self.parts(now_ms, confluence).total
        return total * self._settings.flip_score_factor if self.flipped else total

    def parts(self, now_ms: int, confluence: float) -> ScoreParts:
        """The parts of the score."""
        touch = self.touch
        last_ms = touch.last_touch_ms or self.created_ms
        return ScoreParts(
            touches=touch_part(touch.bounces),
            reactions=reaction_part(touch.reactions, touch.bounces, touch.touches),
            freshness=freshness_part(now_ms - last_ms, self._frame.freshness_days),
            confluence=min(1.0, confluence),
            noise=noise_part(self.closes_inside, self.bars, touch.touches, touch.bounces),
        )

    def record(self, symbol: str, timeframe: Timeframe, score: float) -> Zone:
        """The zone as an immutable record."""
        return Zone(
            zone_id=self.zone_id,
            symbol=symbol,
            timeframe=timeframe,
            kind=self.kind,
            low=self.low,
            high=self.high,
            score=score,
            touches=self.touch.touches,
            bounces=self.touch.bounces,
            created_ms=self.created_ms,
            last_touch_ms=self.touch.last_touch_ms or self.created_ms,
            flipped=self.flipped,
        )


def history(bars: deque[Bar], since_ms: int) -> list[Bar]:
    """The bars that opened at or after `since_ms`, oldest first."""
    return [bar for bar in bars if bar[0] >= since_ms]
