"""Taker flow: who crosses the spread, buyers or sellers."""

from __future__ import annotations

from collections import deque
from math import fsum

from futtui.domain.candle import Candle


class FlowWindow:
    """Taker buy minus taker sell volume over the last `bars` bars, as a share of all volume: -1 to +1.

    None while the window is not full, while the taker volume of any bar in it is unknown, and without any trades.
    """

    __slots__ = ("_deltas", "_volumes", "bars", "value", "warm_up_bars")

    def __init__(self, bars: int = 3) -> None:
        self.bars = bars
        self.warm_up_bars = bars
        self.value: float | None = None
        self._deltas: deque[float | None] = deque(maxlen=bars)
        self._volumes: deque[float] = deque(maxlen=bars)

    def update(self, candle: Candle) -> None:
        """Take the next closed candle."""
        self._deltas.append(candle.delta)
        self._volumes.append(candle.volume)
        self.value = self._flow() if len(self._deltas) == self.bars else None

    def _flow(self) -> float | None:
        known = [delta for delta in self._deltas if delta is not None]
        total = fsum(self._volumes)
        if len(known) < self.bars or total <= 0:
            return None
        return max(-1.0, min(1.0, fsum(known) / total))


class CumulativeDelta:
    """Running sum of taker buy minus taker sell volume since the last bar without taker data.

    Only differences of this value mean something: its level depends on where the sum began (`since_ms`, open time
    of the first bar in it). None on a bar whose taker volume is unknown; the sum then starts again.
    """

    __slots__ = ("since_ms", "value", "warm_up_bars")

    def __init__(self) -> None:
        self.warm_up_bars = 1
        self.value: float | None = None
        self.since_ms: int | None = None

    def update(self, candle: Candle) -> None:
        """Take the next closed candle."""
        delta = candle.delta
        if delta is None:
            self.value = self.since_ms = None
        elif self.value is None:
            self.value, self.since_ms = delta, candle.open_time_ms
        else:
            self.value += delta
