"""What Action Price remembers of the last closes, and the fast averages that it works out once a cross is there."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from futtui.domain.candle import Candle
from futtui.indicators.averages import Ema
from futtui.language.counting import counted

FAST_LENGTHS = (5, 9, 13, 21)
FAST_WINDOW = 300
"""Candles behind the fast averages. Always the same number: wherever history starts, EMA 21 comes out the same."""


class SlowRow(NamedTuple):
    """ATR and EMA 200 of one close, real prices; None = not available."""

    time_ms: int
    atr: float | None
    ema_200: float | None


class SlowTrail:
    """ATR and EMA 200 of the last `length` closes in a row; a close that was left out starts the row again."""

    def __init__(self, length: int, step_ms: int) -> None:
        self._length = length
        self._rows: deque[SlowRow] = deque(maxlen=length)
        self._step_ms = step_ms

    def add(self, row: SlowRow) -> None:
        """Take in the newest close."""
        if self._rows and row.time_ms - self._rows[-1].time_ms != self._step_ms:
            self._rows.clear()
        self._rows.append(row)

    @property
    def newest(self) -> SlowRow | None:
        """The newest known close; None without any."""
        return self._rows[-1] if self._rows else None

    @property
    def rows(self) -> tuple[SlowRow, ...]:
        """Known closes, oldest first."""
        return tuple(self._rows)

    @property
    def lack(self) -> str:
        """What is missing before a decision can be made, in words; empty when nothing is."""
        for row in reversed(self._rows):
            if row.ema_200 is None or row.atr is None:
                name = "EMA 200" if row.ema_200 is None else "ATR"
                return f"{name} is not available for each of the last {self._length} bars"
        if len(self._rows) < self._length:
            return f"EMA 200 is known for {counted(len(self._rows), 'bar')} in a row; {self._length} are needed"
        return ""

    def reset(self) -> None:
        """Forget everything."""
        self._rows.clear()

    def state(self) -> list[list[Any]]:
        """Plain JSON types."""
        return [list(row) for row in self._rows]

    def restore(self, state: Iterable[Sequence[Any]]) -> None:
        """Continue where `state()` was taken."""
        self._rows.clear()
        self._rows.extend(SlowRow(*row) for row in state)


def fast_averages(bars: Sequence[Candle], count: int) -> tuple[tuple[float, ...], ...] | None:
    """EMA 5, 9, 13 and 21 at each of the last `count` closes; None when there are fewer than FAST_WINDOW candles."""
    window = bars[-FAST_WINDOW:]
    if len(window) < FAST_WINDOW:
        return None
    rows: list[tuple[float, ...]] = []
    averages = [Ema(length) for length in FAST_LENGTHS]
    for place, bar in enumerate(window, count - FAST_WINDOW):
        for average in averages:
            average.update(bar.close)
        if place >= 0:
            rows.append(tuple([average.value for average in averages if average.value is not None]))
    return tuple(rows)
