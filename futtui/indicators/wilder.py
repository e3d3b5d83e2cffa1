"""Wilder's indicators: average true range, directional movement, relative strength.

Formulas and seeds: J. Welles Wilder, "New Concepts in Technical Trading Systems" (1978), with the same seeding as
TA-Lib, so that both give the same figures from the first bar on.
"""

from __future__ import annotations

from futtui.domain.candle import Candle
from futtui.indicators.warmup import converged_after


def true_range(candle: Candle, previous_close: float) -> float:
    """The larger of the bar's own range and its distance from the close before."""
    return max(candle.high, previous_close) - min(candle.low, previous_close)


class Atr:
    """Average true range (price units), Wilder smoothing; 0.0 in a market that does not move at all.

    `value` is None for the first `warm_up_bars` - 1 bars (four lengths by default).
    """

    __slots__ = ("_count", "_mean", "_previous_close", "length", "value", "warm_up_bars")

    def __init__(self, length: int = 14, warm_up_bars: int | None = None) -> None:
        self.length = length
        self.warm_up_bars = converged_after(length, first=length + 1, asked=warm_up_bars)
        self.value: float | None = None
        self._count = 0
        self._mean = 0.0
        self._previous_close = 0.0

    def update(self, candle: Candle) -> None:
        """Take the next closed candle."""
        self._count += 1
        if self._count > 1:
            self._smooth(true_range(candle, self._previous_close))
        self._previous_close = candle.close
        if self._count >= self.warm_up_bars:
            self.value = self._mean

    def _smooth(self, value: float) -> None:
        known = self._count - 1
        if known > self.length:
            self._mean += (value - self._mean) / self.length
        else:
            self._mean += value
            if known == self.length:
                self._mean /= self.length


class Adx:
    """Strength of direction 0-100 (`value`) and its two sides (`plus_di`, `minus_di`).

    All three are None before `warm_up_bars` and while the market has not moved at all.
    """

    __slots__ = (
        "_adx",
        "_count",
        "_dx_sum",
        "_minus",
        "_plus",
        "_previous",
        "_range",
        "length",
        "minus_di",
        "plus_di",
        "value",
        "warm_up_bars",
    )

    def __init__(self, length: int = 14, warm_up_bars: int | None = None) -> None:
        self.length = length
        self.warm_up_bars = converged_after(length, first=2 * length, asked=warm_up_bars)
        self.value: float | None = None
        self.plus_di: float | None = None
        self.minus_di: float | None = None
        self._count = 0
        self._previous: Candle | None = None
        self._plus = self._minus = self._range = 0.0
        self._dx_sum = self._adx = 0.0

    def update(self, candle: Candle) -> None:
        """Take the next closed candle."""
        previous, self._previous = self._previous, candle
        self._count += 1
        if previous is None:
            return
        rise = candle.high - previous.high
        fall = previous.low - candle.low
        moves = self._count - 1
        if moves >= self.length:
            self._plus -= self._plus / self.length
            self._minus -= self._minus / self.length
            self._range -= self._range / self.length
        self._plus += rise if rise > fall and rise > 0 else 0.0
        self._minus += fall if fall > rise and fall > 0 else 0.0
        self._range += true_range(candle, previous.close)
        if moves >= self.length:
            self._average(moves)

    def _average(self, moves: int) -> None:
        if self._range <= 0:
            self.value = self.plus_di = self.minus_di = None
            return
        both = self._plus + self._minus
        # Without any directional movement the last strength stays, as in TA-Lib.
        index = 100.0 * abs(self._plus - self._minus) / both if both > 0 else None
        seeded = 2 * self.length - 1
        if moves <= seeded:
            self._dx_sum += index or 0.0
            self._adx = self._dx_sum / self.length
        elif index is not None:
            self._adx += (index - self._adx) / self.length
        if self._count >= self.warm_up_bars:
            self.value = self._adx
            self.plus_di = 100.0 * self._plus / self._range
            self.minus_di = 100.0 * self._minus / self._range


class Rsi:
    """Relative strength index 0-100 of closes; None before `warm_up_bars` and in a market that does not move."""

    __slots__ = ("_count", "_gain", "_loss", "_previous", "length", "value", "warm_up_bars")

    def __init__(self, length: int = 14, warm_up_bars: int | None = None) -> None:
        self.length = length
        self.warm_up_bars = converged_after(length, first=length + 1, asked=warm_up_bars)
        self.value: float | None = None
        self._count = 0
        self._previous = 0.0
        self._gain = self._loss = 0.0

    def update(self, close: float) -> None:
        """Take the next close in order."""
        change = close - self._previous
        self._previous = close
        self._count += 1
        if self._count == 1:
            return
        moves = self._count - 1
        gain = change if change > 0 else 0.0
        loss = -change if change < 0 else 0.0
        if moves > self.length:
            self._gain += (gain - self._gain) / self.length
            self._loss += (loss - self._loss) / self.length
        else:
            self._gain += gain / self.length
            self._loss += loss / self.length
        if self._count >= self.warm_up_bars:
            total = self._gain + self._loss
            self.value = 100.0 * self._gain / total if total > 0 else None
