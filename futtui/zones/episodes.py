"""Touch episodes: how often price came to a zone, and what the zone did to it.

One visit is one touch, however many bars it lasts. The outcome is measured on the side price came from, from the edge
it met first, with the ATR of the bar of the touch.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

from futtui.domain.zone import ZoneEventKind
from futtui.zones.settings import ZoneSettings

KEPT_REACTIONS = 40

Bar = tuple[int, float, float, float, float]
"""Open time in ms, low, high, close, ATR."""
NextReach = Callable[[int, int], int]
"""From a place among bars and the side price is on (+1 above): the place of the next bar that reaches the zone."""
News = tuple[ZoneEventKind, int, float | None]
"""What happened, the side price came from (+1 from above), its size in ATR."""


class Outcome(Enum):
    """How a touch ended."""

    BOUNCE = "BOUNCE"
    BREAK = "BREAK"
    NONE = "NONE"


@dataclass(slots=True)
class Episode:
    """One touch: the side it came from (+1 from above), its start, its size so far (in ATR from the near edge)."""

    side: int
    start_ms: int
    atr: float
    near_edge: float
    far_edge: float
    bars: int = 0
    reaction_atr: float = 0.0
    outcome: Outcome | None = None
    left: bool = False


class TouchTracker:
    """Counts the episodes of one zone, bar by bar.

    A bounce needs an excursion of `bounce_atr` back to the side of approach within the window and before any close
    `break_atr` beyond the far edge; a visit is over when a close lies `leave_atr` away or `break_atr` beyond.
    """

    __slots__ = (
        "_settings",
        "_window",
        "bounces",
        "breaks",
        "episode",
        "last_touch_ms",
        "news",
        "reactions",
        "side",
        "touches",
    )

    def __init__(self, settings: ZoneSettings, window_bars: int) -> None:
        self._settings = settings
        self._window = window_bars
        self.side = 0
        self.touches = self.bounces = self.breaks = 0
        self.last_touch_ms = 0
        self.reactions: deque[float] = deque(maxlen=KEPT_REACTIONS)
        self.episode: Episode | None = None
        self.news: list[News] = []
        """What the last bar did, oldest first."""

    def is_reached(self, low: float, high: float, zone_low: float, zone_high: float) -> bool:
        """Whether a bar of this range comes to the zone from the side price was on (a leap over it counts)."""
        return (self.side > 0 and low <= zone_high) or (self.side < 0 and high >= zone_low)

    def update(self, bar: Bar, zone_low: float, zone_high: float) -> None:
        """Take the next closed bar, given the zone's borders."""
        if self.news:
            self.news = []
        self.follow((bar,), zone_low, zone_high)

    def follow(
        self, bars: Sequence[Bar], zone_low: float, zone_high: float, next_reach: NextReach | None = None
    ) -> list[tuple[int, int]]:
        """Take closed bars, oldest first; returns the places (first, after the last) where price was at the zone.

        `next_reach` may tell where the next bar is that reaches the zone from a side, so that nobody looks at those
        before it: they change nothing.
        """
        place, end, near = 0, len(bars), []
        while place < end:
            start = place
            if self.episode is None:
                if self.side and next_reach is not None:
                    start = place = next_reach(place, self.side)
                    if place >= end:
                        break
                bar = bars[place]
                if self.is_reached(bar[1], bar[2], zone_low, zone_high):
                    self._begin(bar, zone_low, zone_high)
                else:
                    place += 1
                    if not self.side:
                        near.append((start, place))
                    self._remember_side(bar[3], zone_low, zone_high)
                    continue
            place = self._visit(bars, place, zone_low, zone_high)
            near.append((start, place))
        return near

    def _begin(self, bar: Bar, zone_low: float, zone_high: float) -> None:
        near, far = (zone_high, zone_low) if self.side > 0 else (zone_low, zone_high)
        self.episode = Episode(self.side, bar[0], bar[4], near, far)
        self.touches += 1
        self.last_touch_ms = bar[0]
        self.news.append((ZoneEventKind.TOUCH, self.side, None))

    def _visit(self, bars: Sequence[Bar], place: int, zone_low: float, zone_high: float) -> int:
        """Follow the episode from `place` to its end or that of the bars; returns the place after the last bar used."""
        episode = self.episode
        assert episode is not None
        side, near, far, atr = episode.side, episode.near_edge, episode.far_edge, episode.atr
        break_atr, leave_atr = self._settings.break_atr, self._settings.leave_atr
        for at in range(place, len(bars)):
            _, low, high, close, _ = bars[at]
            if episode.left and self.is_reached(low, high, zone_low, zone_high):
                self._finish(episode)
                return at
            # The extreme of the touching bar may be older than the touch; its close is not.
            extreme = close if episode.bars == 0 else high if side > 0 else low
            if episode.bars == 0 or (low < zone_low if side > 0 else high > zone_high):
                self._look_for_sweep(episode, low, high, close)
            episode.bars += 1
            beyond = side * (far - close) / atr
            if beyond > break_atr:
                if episode.outcome is None:
                    episode.outcome = Outcome.BREAK
                    self.breaks += 1
                    self.news.append((ZoneEventKind.BREAK, side, beyond))
                self._finish(episode)
                self._remember_side(close, zone_low, zone_high)
                return at + 1
            excursion = side * (extreme - near) / atr
            if excursion > episode.reaction_atr:
                self._measure(episode, excursion)
            if side * (close - near) / atr >= leave_atr:
                episode.left = True
            if episode.bars > self._window and self._is_over(episode):
                self._remember_side(close, zone_low, zone_high)
                return at + 1
            if episode.left:
                self._remember_side(close, zone_low, zone_high)
        return len(bars)

    def _is_over(self, episode: Episode) -> bool:
        """After the window: whether price has left, which ends the episode; without a bounce it has no outcome."""
        if episode.outcome is None:
            episode.outcome = Outcome.NONE
        if episode.left:
            self.episode = None
        return episode.left

    def _measure(self, episode: Episode, excursion_atr: float) -> None:
        if episode.outcome not in (None, Outcome.BOUNCE) or episode.bars > self._window:
            return
        episode.reaction_atr = excursion_atr
        if episode.reaction_atr < self._settings.bounce_atr:
            return
        if episode.outcome is None:
            episode.outcome = Outcome.BOUNCE
            self.bounces += 1
            self.reactions.append(episode.reaction_atr)
            self.news.append((ZoneEventKind.BOUNCE, episode.side, episode.reaction_atr))
        self.reactions[-1] = episode.reaction_atr

    def _look_for_sweep(self, episode: Episode, low: float, high: float, close: float) -> None:
        """A wick through the zone whose close is back at it or before it."""
        side = episode.side
        depth = side * (episode.far_edge - (low if side > 0 else high)) / episode.atr
        if depth >= self._settings.sweep_atr and side * (close - episode.far_edge) >= 0:
            self.news.append((ZoneEventKind.SWEEP, side, depth))

    def _finish(self, episode: Episode) -> None:
        if episode.outcome is None:
            episode.outcome = Outcome.NONE
        self.episode = None

    def _remember_side(self, close: float, zone_low: float, zone_high: float) -> None:
        if close > zone_high:
            self.side = 1
        elif close < zone_low:
            self.side = -1
