"""A zone while it lives: borders that move a little, touches, flips and the score they add up to."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from futtui.domain.timeframe import DAY_MS, Timeframe
from futtui.domain.zone import Zone, ZoneKind
from futtui.zones.episodes import TouchTracker
from futtui.zones.flips import FlipTracker
from futtui.zones.score import (
    ScoreParts,
    freshness_part,
    noise_part,
    reaction_part,
    round_number_part,
    touch_part,
    weighted,
)
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
        "_held",
        "_record",
        "_settings",
        "bars",
        "closes_inside",
        "created_ms",
        "flipped",
        "flips",
        "high",
        "kind",
        "low",
        "round_number",
        "touch",
        "zone_id",
    )

    def __init__(
        self,
        kind: ZoneKind,
        borders: tuple[float, float],
        created_ms: int,
        settings: ZoneSettings,
        frame: ZoneFrameSettings,
    ) -> None:
        self.zone_id = ""
        self.kind = kind
        self.low, self.high = borders
        self.created_ms = created_ms
        self.flipped = False
        self.touch = TouchTracker(settings, frame.reaction_bars)
        self.flips = FlipTracker(settings)
        self.bars = 0
        self.closes_inside = 0
        self.round_number = round_number_part(self.low, self.high)
        self._settings = settings
        self._frame = frame
        self._held: tuple[float, float] | None = None
        self._record: Zone | None = None

    def replay(self, bars: Iterable[Bar]) -> None:
        """Live through past bars, oldest first: only what was known when the zone was made.

        The kind at the end is the kind it begins with: breaks before its making are no flips of this zone.
        """
        for bar in bars:
            self.update(bar)
        self.flipped = False

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
        self._held = self._record = None

    def move_borders(self, low: float, high: float) -> None:
        """Move part of the way to newly measured borders."""
        weight = self._settings.border_weight
        self.low += weight * (low - self.low)
        self.high += weight * (high - self.high)
        self.round_number = round_number_part(self.low, self.high)
        self._record = None

    @property
    def last_touch_ms(self) -> int:
        """Open time of the bar of the last touch; before any touch, when the zone was made."""
        return self.touch.last_touch_ms or self.created_ms

    def idle_days(self, now_ms: int) -> float:
        """Days since the last touch, or since the zone was made if that is later."""
        return (now_ms - max(self.touch.last_touch_ms, self.created_ms)) / DAY_MS

    def parts(self, now_ms: int, confluence: float) -> ScoreParts:
        """The parts of the score at `now_ms`, to be shown."""
        touches, reactions = self._what_held()
        return ScoreParts(touches, reactions, self._freshness(now_ms), min(1.0, confluence), self._noise())

    def score(self, now_ms: int, confluence: float) -> float:
        """Score 0-100 at `now_ms` to one decimal; a zone that changed kind keeps a part of it only."""
        touches, reactions = self._held or self._what_held()
        total = weighted(touches, reactions, self._freshness(now_ms), min(1.0, confluence), self._noise())
        return round(total * self._settings.flip_score_factor if self.flipped else total, 1)

    def _what_held(self) -> tuple[float, float]:
        touch = self.touch
        self._held = (touch_part(touch.bounces), reaction_part(touch.reactions, touch.bounces, touch.touches))
        return self._held

    def _freshness(self, now_ms: int) -> float:
        return freshness_part(now_ms - self.last_touch_ms, self._frame.freshness_days)

    def _noise(self) -> float:
        return noise_part(self.closes_inside, self.bars, self.touch.touches, self.touch.bounces)

    def record(self, symbol: str, timeframe: Timeframe, score: float) -> Zone:
        """The zone as an immutable record."""
        known = self._record
        if known is None or known.score != score:
            known = self._record = Zone(
                self.zone_id,
                symbol,
                timeframe,
                self.kind,
                self.low,
                self.high,
                score,
                self.touch.touches,
                self.touch.bounces,
                self.created_ms,
                self.last_touch_ms,
                self.flipped,
            )
        return known


def history(bars: deque[Bar], since_ms: int) -> list[Bar]:
    """The bars that opened at or after `since_ms`, oldest first."""
    return [bar for bar in bars if bar[0] >= since_ms]
