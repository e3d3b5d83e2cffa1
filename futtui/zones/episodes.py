"""Touch episodes: how often price came to a zone, and what the zone did to it.

One visit is one touch, however many bars it lasts. The outcome is measured on the side price came from, from the edge
it met first, with the ATR of the bar of the touch.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import Enum

from futtui.domain.zone import ZoneEventKind
from futtui.zones.settings import ZoneSettings

KEPT_REACTIONS = 40

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

    def update(
        self, time_ms: int, low: float, high: float, close: float, atr: float, zone_low: float, zone_high: float
    ) -> None:
        """Take the next closed bar, given the zone's borders."""
        if self.news:
            self.news = []
        episode = self.episode
        if episode is not None and episode.left and self.is_reached(low, high, zone_low, zone_high):
            self._finish(episode)
            episode = None
        if episode is not None:
            if low < zone_low if episode.side > 0 else high > zone_high:
                self._look_for_sweep(episode, low, high, close)
            self._follow(episode, low if episode.side < 0 else high, close)
        elif self.is_reached(low, high, zone_low, zone_high):
            above = self.side > 0
            near, far = (zone_high, zone_low) if above else (zone_low, zone_high)
            self.episode = Episode(self.side, time_ms, atr, near, far)
            self.touches += 1
            self.last_touch_ms = time_ms
            self.news.append((ZoneEventKind.TOUCH, self.side, None))
            self._look_for_sweep(self.episode, low, high, close)
            # The extreme of the touching bar may be older than the touch; its close is not.
            self._follow(self.episode, close, close)
        self._remember_side(close, zone_low, zone_high)

    def _follow(self, episode: Episode, extreme: float, close: float) -> None:
        settings, side, atr = self._settings, episode.side, episode.atr
        episode.bars += 1
        away = side * (close - episode.near_edge) / atr
        beyond = side * (episode.far_edge - close) / atr
        if beyond > settings.break_atr and episode.outcome is None:
            episode.outcome = Outcome.BREAK
            self.breaks += 1
            self.news.append((ZoneEventKind.BREAK, side, beyond))
        elif beyond <= settings.break_atr:
            excursion = side * (extreme - episode.near_edge) / atr
            if excursion > episode.reaction_atr:
                self._measure(episode, excursion)
        if away >= settings.leave_atr:
            episode.left = True
        if beyond > settings.break_atr or (episode.left and episode.bars > self._window):
            self._finish(episode)
        elif episode.bars > self._window and episode.outcome is None:
            episode.outcome = Outcome.NONE

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
        if self.episode is not None and not self.episode.left:
            return
        if close > zone_high:
            self.side = 1
        elif close < zone_low:
            self.side = -1
