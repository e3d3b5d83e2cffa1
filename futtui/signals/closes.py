"""Closes of the last week per symbol: the memory behind correlation and BTC moves."""

from __future__ import annotations

import math
from array import array

import numpy as np
import numpy.typing as npt

from futtui.domain.timeframe import Timeframe

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

BAR_MS = Timeframe.M15.ms
WINDOW_BARS = 7 * 96
MINIMUM_PAIRS = 96
_SLOTS = WINDOW_BARS + 1


class _Ring:
    """One symbol's closes of the last week and the log return that each ended, by slot; unknown returns are NaN."""

    __slots__ = ("_spread", "closes", "moves", "times")

    def __init__(self) -> None:
        self._spread: tuple[int, Flags, Floats, float] | None = None
        self.times = array("q", [-1]) * _SLOTS
        self.closes = array("d", [0.0]) * _SLOTS
        self.moves = array("d", [math.nan]) * _SLOTS

    def put(self, time_ms: int, close: float) -> None:
        """Keep a close in its slot, and bring the two returns that rest on the slot up to date."""
        slot = (time_ms // BAR_MS) % _SLOTS
        if self.times[slot] == time_ms and self.closes[slot] == close:
            return
        self._spread = None
        self.times[slot], self.closes[slot] = time_ms, close
        self._renew(slot)
        self._renew((slot + 1) % _SLOTS)

    def _renew(self, slot: int) -> None:
        known = self.times[slot] - self.times[slot - 1] == BAR_MS
        self.moves[slot] = math.log(self.closes[slot] / self.closes[slot - 1]) if known else math.nan

    def week(self, end_ms: int) -> Flags:
        """Which returns are known and ended in the week up to `end_ms`, by slot."""
        times, moves = np.frombuffer(self.times, np.int64), np.frombuffer(self.moves, np.float64)
        return (times > end_ms - WINDOW_BARS * BAR_MS) & (times <= end_ms) & ~np.isnan(moves)

    def spread(self, end_ms: int, which: Flags) -> tuple[Floats, float]:
        """How far the marked returns lie from their mean, and the sum of the squares; kept for the next who asks."""
        known = self._spread
        if known is None or known[0] != end_ms or not np.array_equal(known[1], which):
            apart = _apart(np.frombuffer(self.moves, np.float64)[which])
            known = self._spread = (end_ms, which, apart, _squares(apart))
        return known[2], known[3]


class CloseBook:
    """15-minute closes of every symbol in fixed rings, addressed by close time.

    Feeding the same close twice, or closes of several symbols in any order, gives the same answers.
    """

    __slots__ = ("_rings",)

    def __init__(self) -> None:
        self._rings: dict[str, _Ring] = {}

    def add(self, symbol: str, close_time_ms: int, close: float) -> None:
        """Remember one close; values that are not prices are left out."""
        if not 0.0 < close < math.inf or close_time_ms % BAR_MS:
            return
        ring = self._rings.get(symbol)
        if ring is None:
            ring = self._rings[symbol] = _Ring()
        ring.put(close_time_ms, close)

    def close_at(self, symbol: str, close_time_ms: int) -> float | None:
        """The close at exactly that time; None where it is not known."""
        ring = self._rings.get(symbol)
        if ring is None:
            return None
        slot = (close_time_ms // BAR_MS) % _SLOTS
        return ring.closes[slot] if ring.times[slot] == close_time_ms else None

    def newest_time(self, symbol: str, not_after_ms: int, *, within_bars: int = 1) -> int | None:
        """Newest known close time of the symbol at or before a moment, at most `within_bars` bars older."""
        time_ms = not_after_ms - not_after_ms % BAR_MS
        for _ in range(within_bars + 1):
            if self.close_at(symbol, time_ms) is not None:
                return time_ms
            time_ms -= BAR_MS
        return None

    def returns(self, symbol: str, end_ms: int) -> dict[int, float]:
        """Log returns by close time over the week that ends at `end_ms`; only where both closes are known."""
        ring = self._rings.get(symbol)
        if ring is None:
            return {}
        known = np.flatnonzero(ring.week(end_ms)).tolist()
        return {ring.times[slot]: ring.moves[slot] for slot in known}

    def correlation(self, symbol: str, other: str, time_ms: int) -> float | None:
        """Pearson correlation of the 15m returns of two symbols; None below a day of common bars or without moves."""
        mine, theirs = self._rings.get(symbol), self._rings.get(other)
        if mine is None or theirs is None:
            return None
        end_ms = time_ms - time_ms % BAR_MS
        common = mine.week(end_ms) & theirs.week(end_ms)  # one slot is one moment of the week in every ring
        if np.count_nonzero(common) < MINIMUM_PAIRS:
            return None
        return pearson(*mine.spread(end_ms, common), *theirs.spread(end_ms, common))


def pearson(first: Floats, first_spread: float, second: Floats, second_spread: float) -> float | None:
    """Correlation in -1..1 of pairs, given how far each lies from its mean; None when one side does not vary.

    Every sum is rounded once, so the order of the pairs does not matter.
    """
    if first_spread <= 0.0 or second_spread <= 0.0:
        return None
    cross = math.fsum((first * second).tolist())
    return max(-1.0, min(1.0, cross / math.sqrt(first_spread * second_spread)))


def _apart(values: Floats) -> Floats:
    return values - math.fsum(values.tolist()) / len(values)


def _squares(apart: Floats) -> float:
    # `float_power` gives what `math.pow` gives, which the plain product now and then misses by the last bit.
    return math.fsum(np.float_power(apart, 2.0).tolist())
