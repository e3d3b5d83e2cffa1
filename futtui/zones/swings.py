"""Fractal swings, known only when the bars after them have confirmed them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from futtui.domain.candle import Candle

LONGEST_PLATEAU = 64
"""A run of equal extremes longer than this is a flat market, not a swing."""


@dataclass(frozen=True, slots=True)
class Swing:
    """A confirmed turning point: `time_ms` opens its (last) bar, `confirmed_ms` opens the bar that confirmed it.

    `prominence` is the smaller of the moves into and out of it that were seen by then, in price; `volume` is that of
    its bar.
    """

    time_ms: int
    confirmed_ms: int
    price: float
    is_high: bool
    volume: float = 0.0
    prominence: float = 0.0


class FractalSwings:
    """Finds bars more extreme than `bars` neighbours on each side.

    A plateau of equal extremes counts as one swing. Nothing is reported before the last of its right neighbours has
    closed, so a swing may be used from the moment it is returned.
    """

    __slots__ = ("_highs", "_kept", "_lows", "_times", "_volumes", "bars")

    def __init__(self, bars: int) -> None:
        self.bars = bars
        self._kept = 2 * bars + LONGEST_PLATEAU
        self._times: list[int] = []
        self._highs: list[float] = []
        self._lows: list[float] = []
        self._volumes: list[float] = []

    def update(self, candle: Candle) -> list[Swing]:
        """The swings that this closed candle confirms: none, a high, a low, or one of each."""
        times, highs, lows, bars = self._times, self._highs, self._lows, self.bars
        times.append(candle.open_time_ms)
        highs.append(candle.high)
        lows.append(-candle.low)
        self._volumes.append(candle.volume)
        found: list[Swing] = []
        place = len(times) - 1 - bars
        if place >= bars:
            if highs[place] > highs[place + 1] and _is_peak(highs, place, bars):
                found.append(self._swing(place, candle.open_time_ms, True))
            if lows[place] > lows[place + 1] and _is_peak(lows, place, bars):
                found.append(self._swing(place, candle.open_time_ms, False))
        if len(times) > 2 * self._kept:
            for column in (times, highs, lows, self._volumes):
                del column[: self._kept]
        return found

    def _swing(self, place: int, confirmed_ms: int, is_high: bool) -> Swing:
        values, other = (self._highs, self._lows) if is_high else (self._lows, self._highs)
        top = values[place]
        # The other column holds negated prices of the opposite side, so its highest value is the farthest point.
        into = top + max(other[max(0, place - self.bars) : place])
        out = top + max(other[place + 1 :])
        price = top if is_high else -top
        return Swing(self._times[place], confirmed_ms, price, is_high, self._volumes[place], min(into, out))


def _is_peak(values: Sequence[float], place: int, bars: int) -> bool:
    """Whether the plateau that ends at `place` tops `bars` values on each side."""
    top = values[place]
    if max(values[place + 1 :]) >= top:
        return False
    start = place
    while start > 0 and values[start - 1] == top and place - start < LONGEST_PLATEAU:
        start -= 1
    return start >= bars and max(values[start - bars : start]) < top
