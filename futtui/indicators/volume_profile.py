"""Volume by price over explicit windows: point of control and value area.

Bins are 0.1 % of price wide and lie on one fixed logarithmic grid, so they never move with the window. A bar's volume
is spread evenly over its range. Amounts are kept as whole billionths, so that adding and removing bars in any order
gives exactly the profile built from nothing.
"""

from __future__ import annotations

from collections import deque
from math import exp, floor, log

from futtui.domain.candle import Candle
from futtui.domain.reading import ProfileReading
from futtui.domain.timeframe import DAY_MS

BIN_PCT = 0.1
VALUE_AREA_SHARE = 0.7
_PARTS = 1_000_000_000
MOST_EDGES = 2_000

Shares = tuple[int, tuple[int, ...]]
"""First bin of a bar and the amounts of its bins, in billionths."""


class VolumeProfile:
    """A profile that bars are added to and removed from; the caller decides the window."""

    __slots__ = ("_amounts", "_edges", "_first", "_step", "_total", "value_area_share")

    def __init__(self, bin_pct: float = BIN_PCT, value_area_share: float = VALUE_AREA_SHARE) -> None:
        self.value_area_share = value_area_share
        self._step = log(1.0 + bin_pct / 100.0)
        self._first = 0
        self._amounts: list[int] = []
        """Amounts of the bins from the first one on, in billionths; the outer ones may be empty."""
        self._edges: dict[int, float] = {}
        """Upper edges of bins that bars fell on lately: the same ones again and again."""
        self._total = 0

    def spread(self, candle: Candle) -> Shares:
        """How the bar's volume falls on the bins; hand it to `add`, and to `remove` when the bar leaves the window."""
        low_bin = floor(log(candle.low) / self._step)
        high_bin = floor(log(candle.high) / self._step)
        whole = round(candle.volume * _PARTS)
        if low_bin == high_bin:
            return low_bin, (whole,)
        scale = whole / (candle.high - candle.low)
        amounts, edges = [], self._edges
        if len(edges) > MOST_EDGES:
            edges.clear()
        bottom = candle.low
        for number in range(low_bin, high_bin):
            top = edges.get(number) or edges.setdefault(number, exp((number + 1) * self._step))
            amounts.append(int((top - bottom) * scale))
            bottom = top
        # The last bin takes the remainder: nothing is lost to rounding.
        return low_bin, (*amounts, whole - sum(amounts))

    def add(self, shares: Shares) -> None:
        """Put a bar into the profile."""
        first, parts = shares
        amounts, start = self._amounts, self._place_for(first, len(parts))
        for place, part in enumerate(parts, start):
            amounts[place] += part
        self._total += sum(parts)

    def remove(self, shares: Shares) -> None:
        """Take a bar that was added before out of the profile."""
        first, parts = shares
        amounts, start = self._amounts, self._place_for(first, len(parts))  # empty bins may have been let go
        for place, part in enumerate(parts, start):
            amounts[place] -= part
        self._total -= sum(parts)

    def _place_for(self, first: int, count: int) -> int:
        """Where `count` bins from `first` on lie in the amounts, which grow to hold them."""
        amounts = self._amounts
        if not amounts:
            self._first = first
        elif first < self._first:
            amounts[:0] = [0] * (self._first - first)
            self._first = first
        place = first - self._first
        if place + count > len(amounts):
            amounts.extend([0] * (place + count - len(amounts)))
        return place

    def merge(self, other: VolumeProfile) -> None:
        """Put all bars of another profile with the same bins into this one."""
        if other._amounts:
            self.add((other._first, tuple(other._amounts)))

    @property
    def bins(self) -> dict[float, float]:
        """Volume by lower edge of the bin, in rising order of price."""
        self._trim()
        filled = ((number, amount) for number, amount in enumerate(self._amounts, self._first) if amount)
        return {exp(number * self._step): amount / _PARTS for number, amount in filled}

    def _trim(self) -> None:
        """Let go of empty outer bins."""
        amounts = self._amounts
        while amounts and not amounts[-1]:
            amounts.pop()
        if amounts and not amounts[0]:
            empty = next(place for place, amount in enumerate(amounts) if amount)
            del amounts[:empty]
            self._first += empty

    def reading(self, window: str) -> ProfileReading | None:
        """Point of control (middle of the fullest bin) and contiguous value area; None without any volume."""
        if self._total <= 0:
            return None
        self._trim()
        fullest = self._amounts.index(max(self._amounts))
        low, high = self._value_area(fullest)
        return ProfileReading(
            poc=exp((self._first + fullest + 0.5) * self._step),
            value_area_low=exp((self._first + low) * self._step),
            value_area_high=exp((self._first + high + 1) * self._step),
            window=window,
        )

    def _value_area(self, fullest: int) -> tuple[int, int]:
        """Places of its lowest and highest bin: from the fullest outward, two bins at a time, the larger pair first."""
        amounts, last = self._amounts, len(self._amounts) - 1
        padded = [0, 0, *amounts, 0, 0]
        wanted = self.value_area_share * self._total
        low = high = fullest
        held = amounts[fullest]
        below = padded[low + 1] + padded[low] if low > 0 else -1
        above = padded[high + 3] + padded[high + 4] if high < last else -1
        while held < wanted and (low > 0 or high < last):
            up, down = above >= below, below >= above
            if up:
                high = high + 2 if high + 2 < last else last
                held += above
                above = padded[high + 3] + padded[high + 4] if high < last else -1
            if down:
                low = low - 2 if low > 2 else 0
                held += below
                below = padded[low + 1] + padded[low] if low > 0 else -1
        return low, high


class RollingVolumeProfile:
    """Profile of the bars that opened within `window_ms` (24 hours by default) before the newest close."""

    def __init__(self, window_ms: int = DAY_MS, window: str = "24h", bin_pct: float = BIN_PCT) -> None:
        self.window = window
        self.window_ms = window_ms
        self._profile = VolumeProfile(bin_pct)
        self._bars: deque[tuple[int, Shares]] = deque()
        self._full = False

    def update(self, candle: Candle) -> Shares:
        """Take the next closed candle; returns its shares, for another profile with the same bins."""
        profile, bars = self._profile, self._bars
        shares = profile.spread(candle)
        profile.add(shares)
        bars.append((candle.open_time_ms, shares))
        while bars[0][0] <= candle.open_time_ms - self.window_ms:
            profile.remove(bars.popleft()[1])
            self._full = True
        return shares

    @property
    def reading(self) -> ProfileReading | None:
        """The profile; None until a whole window was seen."""
        return self._profile.reading(self.window) if self._full else None


class PreviousDayVolumeProfile:
    """Profile of the last complete UTC day, fixed from midnight to midnight.

    None until a day was seen from its first bar on.
    """

    def __init__(self, window: str = "previous UTC day", bin_pct: float = BIN_PCT) -> None:
        self.window = window
        self._bin_pct = bin_pct
        self._day = -1
        self._today: VolumeProfile | None = None
        self.finished: VolumeProfile | None = None
        """The profile behind `reading`, for those who put days together."""
        self.reading: ProfileReading | None = None

    def update(self, candle: Candle, shares: Shares | None = None) -> None:
        """Take the next closed candle, with its shares where they are known from a profile with the same bins."""
        day = candle.open_time_ms // DAY_MS
        if day != self._day:
            follows = self._today is not None and day == self._day + 1
            self.finished = self._today if follows else None
            self.reading = self.finished.reading(self.window) if self.finished else None
            whole_day = self._day >= 0 or candle.open_time_ms % DAY_MS == 0
            self._today = VolumeProfile(self._bin_pct) if whole_day else None
            self._day = day
        if self._today is not None:
            self._today.add(self._today.spread(candle) if shares is None else shares)
