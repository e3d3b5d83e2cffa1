"""All VWAPs of a symbol: day, week, the three sessions, and those anchored at moments that many traders look at."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from futtui.domain.candle import Candle
from futtui.domain.timeframe import DAY_MS, HOUR_MS, Timeframe
from futtui.domain.vwap import BUSIEST, SWING_HIGH, SWING_LOW, VwapReading, VwapReadings
from futtui.indicators.vwap import Vwap
from futtui.zones.reversals import ReversalSwings

WEEK_MS = 7 * DAY_MS
FIRST_MONDAY_MS = 4 * DAY_MS
"""Monday, 5 January 1970, 00:00 UTC."""
ASIA = ("Asia session", 0, 8 * HOUR_MS)
EUROPE = ("Europe session", 7 * HOUR_MS, 16 * HOUR_MS)
US = ("US session", 27 * HOUR_MS // 2, 20 * HOUR_MS)
"""Name, begin and end after 00:00 UTC: Asia 00:00-08:00, Europe 07:00-16:00, US 13:30-20:00."""
SWING_ATR = 5.0
"""Move back from an extreme, in ATR of 15m, that makes it a major swing."""
KEPT_BARS = 5 * DAY_MS // Timeframe.M15.ms
DAY_OPEN, WEEK_OPEN = "day open", "week open"

StartOf = Callable[[int], int | None]
"""The moment at which the period of a bar began; None outside of every period."""


def day_start(open_ms: int) -> int:
    """00:00 UTC of its day."""
    return open_ms - open_ms % DAY_MS


def week_start(open_ms: int) -> int:
    """Monday 00:00 UTC of its week."""
    return open_ms - (open_ms - FIRST_MONDAY_MS) % WEEK_MS


@dataclass(frozen=True, slots=True)
class SessionStart:
    """Tells when the session that runs between these times of day began; None while it is closed.

    A record and no closure: an analyzer's memory can be kept on disk.
    """

    begin_ms: int
    end_ms: int

    def __call__(self, open_ms: int) -> int | None:
        in_day = open_ms % DAY_MS
        return open_ms - in_day + self.begin_ms if self.begin_ms <= in_day < self.end_ms else None


class PeriodVwap:
    """VWAP since the period began; not available in a period whose first bar was not seen, nor between periods."""

    __slots__ = ("_start_ms", "_start_of", "_vwap", "name")

    def __init__(self, name: str, start_of: StartOf) -> None:
        self.name = name
        self._start_of = start_of
        self._start_ms: int | None = None
        self._vwap: Vwap | None = None

    def update(self, open_ms: int, price: float, volume: float) -> None:
        """Take the next closed 15m bar."""
        start_ms = self._start_of(open_ms)
        if start_ms != self._start_ms:
            self._start_ms = start_ms
            self._vwap = Vwap() if start_ms == open_ms else None
        if self._vwap is not None:
            self._vwap.add(price, volume)

    @property
    def value(self) -> float | None:
        """The VWAP alone."""
        return None if self._vwap is None else self._vwap.value

    @property
    def reading(self) -> VwapReading | None:
        """Value and deviation; None while not available."""
        if self._vwap is None or self._start_ms is None:
            return None
        return _reading(self.name, self._start_ms, self._vwap)


class SymbolVwaps:
    """Feed every closed 15m candle with the ATR at its close. A close costs O(1); records are made when asked for."""

    def __init__(self) -> None:
        self._day = PeriodVwap(DAY_OPEN, day_start)
        self._week = PeriodVwap(WEEK_OPEN, week_start)
        self._sessions = [PeriodVwap(name, SessionStart(begin, end)) for name, begin, end in (ASIA, EUROPE, US)]
        self._anchored: dict[str, tuple[int, Vwap]] = {}
        self._swings = ReversalSwings(SWING_ATR)
        self._bars: deque[Candle] = deque(maxlen=KEPT_BARS)
        self._busiest: deque[Candle] = deque()
        self._known: VwapReadings | None = None

    def update(self, candle: Candle, atr: float | None) -> None:
        """Take the next closed 15m candle; no swing is found without an ATR."""
        open_ms, price, volume = candle.open_time_ms, candle.typical, candle.volume
        self._known = None
        self._bars.append(candle)
        for period in (self._day, self._week, *self._sessions):
            period.update(open_ms, price, volume)
        for _, vwap in self._anchored.values():
            vwap.add(price, volume)
        self._follow_busiest(candle)
        swing = self._swings.update(candle, atr)
        if swing is not None:
            self._anchor(SWING_HIGH if swing.is_high else SWING_LOW, swing.time_ms)

    @property
    def week(self) -> float | None:
        """The VWAP of the UTC week; None shortly after its start and in a week that was not seen whole."""
        return self._week.value

    @property
    def readings(self) -> VwapReadings:
        """All VWAPs at the last close."""
        if self._known is None:
            self._known = self._read()
        return self._known

    def _follow_busiest(self, candle: Candle) -> None:
        """Of equally busy bars the older one; the queue holds only bars that may still become the busiest."""
        queue, bars = self._busiest, self._bars
        while queue and queue[-1].volume < candle.volume:
            queue.pop()
        queue.append(candle)
        while queue[0].open_time_ms < bars[0].open_time_ms:
            queue.popleft()
        if len(bars) == KEPT_BARS and queue[0].volume > 0:
            self._anchor(BUSIEST, queue[0].open_time_ms)

    def _anchor(self, name: str, time_ms: int) -> None:
        """Anchor a VWAP at a bar of the past; not available if that bar is no longer kept."""
        known = self._anchored.get(name)
        if known is not None and known[0] == time_ms:
            return
        self._anchored.pop(name, None)
        if time_ms < self._bars[0].open_time_ms:
            return
        vwap = Vwap()
        for bar in self._bars:
            if bar.open_time_ms >= time_ms:
                vwap.add(bar.typical, bar.volume)
        self._anchored[name] = time_ms, vwap

    def _read(self) -> VwapReadings:
        day, week = self._day.reading, self._week.reading
        high, low, busiest = (self._read_anchor(name) for name in (SWING_HIGH, SWING_LOW, BUSIEST))
        asia, europe, us = (each.reading for each in self._sessions)
        known = tuple(each for each in (high, low, day, week, busiest) if each is not None)
        return VwapReadings(day, week, asia, europe, us, known)

    def _read_anchor(self, name: str) -> VwapReading | None:
        place = self._anchored.get(name)
        return None if place is None else _reading(name, *place)


def vwap_since(name: str, anchor_ms: int, candles: Sequence[Candle]) -> VwapReading | None:
    """The VWAP of 15m candles from a moment on.

    None where there are too few of them, one is missing, or the first one is not the first at or after `anchor_ms`.
    """
    step_ms = Timeframe.M15.ms
    first_ms = -(-anchor_ms // step_ms) * step_ms
    if any(bar.open_time_ms != first_ms + place * step_ms for place, bar in enumerate(candles)):
        return None
    vwap = Vwap()
    for bar in candles:
        vwap.add(bar.typical, bar.volume)
    return _reading(name, anchor_ms, vwap)


def _reading(name: str, anchor_ms: int, vwap: Vwap) -> VwapReading | None:
    """The record of a VWAP; None while it is not available."""
    found = vwap.value_and_deviation
    return None if found is None else VwapReading(name, anchor_ms, *found, vwap.bars)
