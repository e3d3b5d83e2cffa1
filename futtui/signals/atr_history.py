"""The usual ATR of a symbol and timeframe, learned from its readings."""

from __future__ import annotations

from collections import deque
from math import fsum

from futtui.domain.reading import FrameReading
from futtui.domain.timeframe import Timeframe

_BARS = 50
_MINIMUM = 20


class AtrHistory:
    """Average ATR over the last 50 bars of each symbol and timeframe; None before 20 bars."""

    __slots__ = ("_means", "_seen")

    def __init__(self) -> None:
        self._seen: dict[tuple[str, Timeframe], tuple[int, deque[float]]] = {}
        self._means: dict[tuple[str, Timeframe], float] = {}

    def add(self, symbol: str, frame: FrameReading) -> None:
        """Remember the ATR of a newly closed bar; a bar seen before changes nothing."""
        if frame.atr is None or not 0.0 < frame.atr < float("inf"):
            return
        key = (symbol, frame.timeframe)
        known = self._seen.get(key)
        if known is not None and frame.close_time_ms <= known[0]:
            return
        values = deque[float](maxlen=_BARS) if known is None else known[1]
        values.append(frame.atr)
        self._seen[key] = (frame.close_time_ms, values)
        self._means.pop(key, None)

    def average(self, symbol: str, timeframe: Timeframe) -> float | None:
        """Mean ATR of the bars seen; None while there are too few."""
        key = (symbol, timeframe)
        mean = self._means.get(key)
        if mean is None:
            entry = self._seen.get(key)
            if entry is None or len(entry[1]) < _MINIMUM:
                return None
            mean = self._means[key] = fsum(entry[1]) / len(entry[1])
        return mean
