"""Values worked out from the candles of a timeframe, kept for all who ask again before its next candle."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import NamedTuple, TypeVar, cast

from futtui.domain.timeframe import Timeframe

MOST_KEPT = 128
Kept = TypeVar("Kept")


class CacheKey(NamedTuple):
    """All that a value depends on: symbol, timeframe, open time of its newest candle, and what was asked for.

    The open time and never a place in a window: a window of fixed length looks the same after each new candle.
    """

    symbol: str
    timeframe: Timeframe
    last_open_ms: int
    asked: Hashable


class IndicatorCache:
    """Works a value out once for all who ask at the same close; forgets what was not asked for longest.

    Only for pure functions of the candles that the key names: then a kept value equals a fresh one.
    """

    __slots__ = ("_most_kept", "_values", "hits", "misses")

    def __init__(self, most_kept: int = MOST_KEPT) -> None:
        self._most_kept = most_kept
        self._values: OrderedDict[CacheKey, object] = OrderedDict()
        self.hits = 0
        self.misses = 0

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: CacheKey, work_out: Callable[[], Kept]) -> Kept:
        """The kept value, else what `work_out` gives, which is kept. One key must always have one kind of value."""
        values = self._values
        if key in values:
            self.hits += 1
            values.move_to_end(key)
            return cast(Kept, values[key])
        self.misses += 1
        found = work_out()
        values[key] = found
        if len(values) > self._most_kept:
            values.popitem(last=False)
        return found
