"""Closes of the last week per symbol: the memory behind correlation and BTC moves."""

from __future__ import annotations

import math
from array import array

from futtui.domain.timeframe import Timeframe

BAR_MS = Timeframe.M15.ms
WINDOW_BARS = 7 * 96
MINIMUM_PAIRS = 96


class CloseBook:
    """15-minute closes of every symbol in fixed rings, addressed by close time.

    Feeding the same close twice, or closes of several symbols in any order, gives the same answers.
    """

    __slots__ = ("_rings",)

    def __init__(self) -> None:
        self._rings: dict[str, tuple[array[int], array[float]]] = {}

    def add(self, symbol: str, close_time_ms: int, close: float) -> None:
        """Remember one close; values that are not prices are left out."""
        if not 0.0 < close < math.inf or close_time_ms % BAR_MS:
            return
        ring = self._rings.get(symbol)
        if ring is None:
            size = WINDOW_BARS + 1
            ring = self._rings[symbol] = (array("q", [-1]) * size, array("d", [0.0]) * size)
        slot = (close_time_ms // BAR_MS) % (WINDOW_BARS + 1)
        ring[0][slot] = close_time_ms
        ring[1][slot] = close

    def close_at(self, symbol: str, close_time_ms: int) -> float | None:
        """The close at exactly that time; None where it is not known."""
        ring = self._rings.get(symbol)
        if ring is None:
            return None
        slot = (close_time_ms // BAR_MS) % (WINDOW_BARS + 1)
        return ring[1][slot] if ring[0][slot] == close_time_ms else None

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
        answer: dict[int, float] = {}
        later = self.close_at(symbol, end_ms)
        for step in range(WINDOW_BARS):
            earlier = self.close_at(symbol, end_ms - (step + 1) * BAR_MS)
            if later is not None and earlier is not None:
                answer[end_ms - step * BAR_MS] = math.log(later / earlier)
            later = earlier
        return answer

    def correlation(self, symbol: str, other: str, time_ms: int) -> float | None:
        """Pearson correlation of the 15m returns of two symbols; None below a day of common bars or without moves."""
        end_ms = time_ms - time_ms % BAR_MS
        theirs = self.returns(other, end_ms)
        pairs = [(value, theirs[when]) for when, value in self.returns(symbol, end_ms).items() if when in theirs]
        return pearson(pairs) if len(pairs) >= MINIMUM_PAIRS else None


def pearson(pairs: list[tuple[float, float]]) -> float | None:
    """Correlation of the pairs in -1..1; None when one side does not vary."""
    count = len(pairs)
    mean_x = math.fsum(x for x, _ in pairs) / count
    mean_y = math.fsum(y for _, y in pairs) / count
    cross = math.fsum((x - mean_x) * (y - mean_y) for x, y in pairs)
    spread_x = math.fsum((x - mean_x) ** 2 for x, _ in pairs)
    spread_y = math.fsum((y - mean_y) ** 2 for _, y in pairs)
    if spread_x <= 0.0 or spread_y <= 0.0:
        return None
    return max(-1.0, min(1.0, cross / math.sqrt(spread_x * spread_y)))
