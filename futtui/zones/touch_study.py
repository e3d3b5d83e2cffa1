"""Did zones hold? The outcome of every touch of a shown zone, beside random levels measured by the same code.

A zone is watched from the close at which it was shown, with the borders and the grade it had then: nothing that became
known later counts. Each touch gets one twin: a level of the same width, the same distance away (both in ATR), set up at
a moment and on a side drawn by chance.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush

from futtui.domain.timeframe import DAY_MS, Timeframe
from futtui.domain.zone import Zone, ZoneEventKind
from futtui.zones.episodes import Bar, Episode, Outcome, TouchTracker
from futtui.zones.live_zone import Band
from futtui.zones.settings import ZoneSettings

TWIN_WAIT_BARS = 400
"""A twin is set up at one of so many bars after the touch that it belongs to."""

Chance = Callable[[], float]
"""Gives the next number from 0 to 1."""


@dataclass(frozen=True, slots=True)
class Touch:
    """One decided touch: where, when it began, the grade known before it, and how it ended; `is_random` for a twin."""

    symbol: str
    timeframe: Timeframe
    grade: str
    time_ms: int
    outcome: Outcome
    is_random: bool = False


@dataclass(slots=True)
class _Open:
    """A touch whose outcome is not known yet."""

    grade: str
    time_ms: int


class _Watched:
    """A band that is waited at, and the touch that is under way."""

    __slots__ = ("borders", "gap_atr", "grade", "idle_bars", "is_random", "open", "tracker")

    def __init__(self, borders: Band, grade: str, gap_atr: float, side: int, tracker: TouchTracker) -> None:
        self.borders = borders
        self.grade = grade
        self.gap_atr = gap_atr
        """How far price was away when the waiting began."""
        self.is_random = False
        self.idle_bars = 0
        self.open: _Open | None = None
        self.tracker = tracker
        tracker.side = side

    def take(self, bar: Bar) -> tuple[list[tuple[_Open, Outcome]], bool]:
        """Touches that this closed bar decides, oldest first, and whether one began."""
        before = self.tracker.episode
        self.tracker.update(bar, *self.borders)
        decided, began = [], False
        for kind, _, _ in self.tracker.news:
            if kind is ZoneEventKind.TOUCH:
                if self.open is not None:
                    decided.append((self.open, Outcome.NONE))
                self.open, began = _Open(self.grade, bar[0]), True
            elif self.open is not None and kind in (ZoneEventKind.BOUNCE, ZoneEventKind.BREAK):
                decided.append((self.open, Outcome.BOUNCE if kind is ZoneEventKind.BOUNCE else Outcome.BREAK))
                self.open = None
        if self.open is not None and _ended_without(self.tracker.episode):
            decided.append((self.open, Outcome.NONE))
            self.open = None
        self.idle_bars = 0 if self.tracker.episode or before else self.idle_bars + 1
        return decided, began


def _ended_without(episode: Episode | None) -> bool:
    return episode is None or episode.outcome is Outcome.NONE


class TouchStudy:
    """Follows the shown zones of one symbol on one timeframe, bar by bar, and their random twins."""

    def __init__(self, symbol: str, timeframe: Timeframe, settings: ZoneSettings, chance: Chance) -> None:
        self.symbol = symbol
        self.timeframe = timeframe
        self.touches: list[Touch] = []
        """Decided touches of zones and twins, in order of their ends."""
        self._settings = settings
        self._frame = settings.frame(timeframe)
        self._longest_wait_bars = int(self._frame.expiry_days * DAY_MS / timeframe.ms)
        self._chance = chance
        self._zones: dict[str, _Watched] = {}
        self._twins: list[_Watched] = []
        self._planned: list[tuple[int, int, float, float, str]] = []
        self._bars = self._made = 0

    def on_close(self, bar: Bar, shown: Sequence[Zone]) -> None:
        """Take a closed bar, and the zones that are shown from its close on (first counting for the next bar)."""
        self._bars += 1
        if bar[4] <= 0:
            return
        for watched in (*self._zones.values(), *self._twins):
            self._follow(watched, bar)
        self._twins = [twin for twin in self._twins if self._is_wanted(twin)]
        self._show(bar, shown)
        while self._planned and self._planned[0][0] <= self._bars:
            _, _, gap_atr, width_atr, grade = heappop(self._planned)
            self._add_twin(bar, gap_atr, width_atr, grade)

    def break_off(self) -> None:
        """Forget what is being waited for: candles are missing, and nobody knows what happened in them."""
        self._zones.clear()
        self._twins.clear()

    def _follow(self, watched: _Watched, bar: Bar) -> None:
        decided, began = watched.take(bar)
        for touch, outcome in decided:
            self.touches.append(
                Touch(self.symbol, self.timeframe, touch.grade, touch.time_ms, outcome, watched.is_random)
            )
        if began and not watched.is_random:
            low, high = watched.borders
            self._made += 1
            due = self._bars + 1 + int(self._chance() * TWIN_WAIT_BARS)
            plan = (due, self._made, watched.gap_atr, (high - low) / bar[4], watched.grade)
            heappush(self._planned, plan)
        if watched.tracker.episode is not None:
            watched.gap_atr = 0.0
        elif watched.gap_atr == 0.0:
            watched.gap_atr = _gap(bar[3], watched.borders) / bar[4]

    def _is_wanted(self, twin: _Watched) -> bool:
        """A twin gives one touch, and is given up when none comes for as long as a zone would live."""
        is_done = twin.open is None and twin.tracker.touches > 0
        return not is_done and twin.idle_bars < self._longest_wait_bars

    def _show(self, bar: Bar, shown: Sequence[Zone]) -> None:
        """Borders and grades as shown now; zones that are shown no longer stay only until their touch is decided."""
        now = {}
        for zone in shown:
            borders = (zone.low, zone.high)
            watched = self._zones.pop(zone.zone_id, None)
            if watched is None:
                side = _side(bar[3], borders)
                if side == 0:
                    continue  # price is in it: which side it came from is not known
                watched = self._watch(borders, zone.grade, _gap(bar[3], borders) / bar[4], side)
            watched.borders, watched.grade = borders, zone.grade
            now[zone.zone_id] = watched
        now.update((name, watched) for name, watched in self._zones.items() if watched.open is not None)
        self._zones = now

    def _add_twin(self, bar: Bar, gap_atr: float, width_atr: float, grade: str) -> None:
        """A level that far below or above the close."""
        side = 1 if self._chance() < 0.5 else -1
        near = bar[3] - side * gap_atr * bar[4]
        far = near - side * width_atr * bar[4]
        if min(near, far) <= 0:
            return
        twin = self._watch((min(near, far), max(near, far)), grade, gap_atr, side)
        twin.is_random = True
        self._twins.append(twin)

    def _watch(self, borders: Band, grade: str, gap_atr: float, side: int) -> _Watched:
        tracker = TouchTracker(self._settings, self._frame.reaction_bars)
        return _Watched(borders, grade, gap_atr, side, tracker)


def _side(price: float, borders: Band) -> int:
    """+1 where price is above, -1 below, 0 within."""
    return 1 if price > borders[1] else -1 if price < borders[0] else 0


def _gap(price: float, borders: Band) -> float:
    """How far price is from the nearer edge; 0 within."""
    return max(0.0, price - borders[1], borders[0] - price)
