"""Touch episodes: how often price came to a zone, and what the zone did to it.

One visit is one touch, however many bars it lasts. The outcome is measured on the side price came from, from the edge
it met first, with the ATR of the bar of the touch.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from futtui.domain.zone import ZoneEventKind
from futtui.zones.settings import ZoneSettings

KEPT_REACTIONS = 40

Bar = tuple[int, float, float, float, float]
"""Open time in ms, low, high, close, ATR."""
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
        "bounces",
        "breaks",
        "episode",
        "has_counted",
        "last_touch_ms",
        "news",
        "reactions",
        "settings",
        "side",
        "touches",
        "window_bars",
    )

    def __init__(self, settings: ZoneSettings, window_bars: int) -> None:
        self.settings = settings
        self.window_bars = window_bars
        self.side = 0
        self.touches = self.bounces = self.breaks = 0
        self.last_touch_ms = 0
        self.reactions: list[float] = []
        """Sizes of the newest bounces, at most 40 of them."""
        self.episode: Episode | None = None
        self.news: list[News] = []
        """What the last bar did, oldest first."""
        self.has_counted = False
        """Whether the last bar changed a count, or the size of the newest bounce."""

    def is_reached(self, low: float, high: float, zone_low: float, zone_high: float) -> bool:
        """Whether a bar of this range comes to the zone from the side price was on (a leap over it counts)."""
        return (self.side > 0 and low <= zone_high) or (self.side < 0 and high >= zone_low)

    def update(self, bar: Bar, zone_low: float, zone_high: float) -> None:
        """Take the next closed bar, given the zone's borders."""
        if self.news:
            self.news = []
        self.has_counted = False
        _, low, high, close, _ = bar
        episode = self.episode
        if episode is not None and episode.left and self.is_reached(low, high, zone_low, zone_high):
            self._finish(episode)
            episode = None
        if episode is None:
            if not self.is_reached(low, high, zone_low, zone_high):
                self._remember_side(close, zone_low, zone_high)
                return
            episode = self._begin(bar, zone_low, zone_high)
        self._visit(episode, bar, zone_low, zone_high)
        if self.episode is None or episode.left:
            self._remember_side(close, zone_low, zone_high)

    def _begin(self, bar: Bar, zone_low: float, zone_high: float) -> Episode:
        near, far = (zone_high, zone_low) if self.side > 0 else (zone_low, zone_high)
        episode = self.episode = Episode(self.side, bar[0], bar[4], near, far)
        self.touches += 1
        self.has_counted = True
        self.last_touch_ms = bar[0]
        self.news.append((ZoneEventKind.TOUCH, self.side, None))
        return episode

    def _visit(self, episode: Episode, bar: Bar, zone_low: float, zone_high: float) -> None:
        """Let the episode go on, or end, with this bar."""
        _, low, high, close, _ = bar
        near, far, atr, edge = episode.near_edge, episode.far_edge, episode.atr, zone_low
        if episode.side < 0:
            # Told upside down, so that price always comes from above.
            near, far, edge = -near, -far, -zone_high
            low, high, close = -high, -low, -close
        begins = episode.bars == 0
        if low < far and (begins or low < edge):
            self._look_for_sweep(episode, far - low, close - far)
        episode.bars += 1
        if close < far and self._has_broken(episode, (far - close) / atr):
            return
        # The extreme of the touching bar may be older than the touch; its close is not.
        extreme = close if begins else high
        if extreme > near and (extreme - near) / atr > episode.reaction_atr:
            self._measure(episode, (extreme - near) / atr)
        if close > near and (close - near) / atr >= self.settings.leave_atr:
            episode.left = True
        if episode.bars > self.window_bars:
            self._close_window(episode)

    def _has_broken(self, episode: Episode, beyond_atr: float) -> bool:
        """Whether a close so far beyond the far edge breaks the zone, which ends the episode."""
        if beyond_atr <= self.settings.break_atr:
            return False
        if episode.outcome is None:
            episode.outcome = Outcome.BREAK
            self.breaks += 1
            self.has_counted = True
            self.news.append((ZoneEventKind.BREAK, episode.side, beyond_atr))
        self._finish(episode)
        return True

    def _close_window(self, episode: Episode) -> None:
        """After the window: without a bounce there is no outcome any more; once price has left, the episode is over."""
        if episode.outcome is None:
            episode.outcome = Outcome.NONE
        if episode.left:
            self.episode = None

    def _measure(self, episode: Episode, excursion_atr: float) -> None:
        if episode.outcome not in (None, Outcome.BOUNCE) or episode.bars > self.window_bars:
            return
        episode.reaction_atr = excursion_atr
        if episode.reaction_atr < self.settings.bounce_atr:
            return
        if episode.outcome is None:
            episode.outcome = Outcome.BOUNCE
            self.bounces += 1
            self.reactions = [*self.reactions[1 - KEPT_REACTIONS :], episode.reaction_atr]
            self.news.append((ZoneEventKind.BOUNCE, episode.side, episode.reaction_atr))
        self.reactions[-1] = episode.reaction_atr
        self.has_counted = True

    def _look_for_sweep(self, episode: Episode, wick: float, back: float) -> None:
        """A `wick` this far through the zone whose close is back at it or before it."""
        depth_atr = wick / episode.atr
        if depth_atr >= self.settings.sweep_atr and back >= 0:
            self.news.append((ZoneEventKind.SWEEP, episode.side, depth_atr))

    def _finish(self, episode: Episode) -> None:
        if episode.outcome is None:
            episode.outcome = Outcome.NONE
        self.episode = None

    def _remember_side(self, close: float, zone_low: float, zone_high: float) -> None:
        if close > zone_high:
            self.side = 1
        elif close < zone_low:
            self.side = -1
