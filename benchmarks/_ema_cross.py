"""EMA cross with an ATR stop and exits at 1R and 2R: the plain strategy that event engines are compared with.

It runs on the parts that a backtest runs on: the streaming indicators, the walk through a bar (what hurts comes first,
a gap fills at the open) and the statistics. A signal at a close is filled at the next open; the stop lies two ATR from
the fill; half is closed at 1R, the rest at 2R.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from futtui.backtest.walk import waypoints
from futtui.indicators.averages import Ema
from futtui.indicators.wilder import Atr

FAST, SLOW, ATR, STOP_ATR, FEE = 20, 50, 14, 2.0, 0.0005


class PlainBar(NamedTuple):
    """What the parts need of a candle, cheap to make half a million times."""

    open: float
    high: float
    low: float
    close: float


class PlainTrade(NamedTuple):
    """A closed trade: bars of entry and exit, direction, prices of entry and of both halves, net result in R."""

    entered: int
    left: int
    sign: int
    entry: float
    first: float
    second: float
    result_r: float


class Held:
    """The open trade: halves still held, and the levels at which something happens."""

    __slots__ = ("entered", "entry", "exits", "risk", "sign", "stop", "targets")

    def __init__(self, sign: int, entry: float, risk: float, entered: int) -> None:
        self.sign, self.entry, self.risk, self.entered = sign, entry, risk, entered
        self.stop = entry - sign * risk
        self.targets = [entry + sign * risk, entry + sign * 2 * risk]
        self.exits: list[float] = []

    def can_be_touched(self, bar: PlainBar) -> bool:
        """Whether any price of the bar is at a level."""
        if self.sign > 0:
            return bar.low <= self.stop or bar.high >= self.targets[0]
        return bar.high >= self.stop or bar.low <= self.targets[0]

    def at(self, price: float) -> bool:
        """Take a price in; True when nothing is left."""
        if self.sign * (price - self.stop) <= 0:
            self.exits += [price] * len(self.targets)
            self.targets = []
        while self.targets and self.sign * (price - self.targets[0]) >= 0:
            self.exits.append(price)
            del self.targets[0]
        return not self.targets

    def levels(self) -> list[float]:
        """Prices at which something happens."""
        return [self.stop, *self.targets] if self.targets else []

    def side(self) -> int:
        """The side held, 0 when nothing is left."""
        return self.sign if self.targets else 0


def ema_cross(bars: Iterable[PlainBar]) -> Iterator[PlainTrade]:
    """All trades of the strategy that are closed at the end, in order."""
    fast, slow, atr = Ema(FAST), Ema(SLOW), Atr(ATR)
    held: Held | None = None
    signal, side = 0, 0
    for number, bar in enumerate(bars):
        if signal and held is None:
            held = Held(signal, bar.open, STOP_ATR * (atr.value or 0.0), number)
        signal = 0
        if held is not None and held.can_be_touched(bar):
            for price in waypoints(bar, held.levels, held.side, False):
                if held.at(price):
                    yield closed(held, number)
                    held = None
                    break
        fast.update(bar.close)
        slow.update(bar.close)
        atr.update(bar)
        if slow.value is None or fast.value is None:
            continue
        now = 1 if fast.value > slow.value else -1
        if now != side:
            signal = now if side and atr.value else 0
            side = now


def closed(held: Held, left: int) -> PlainTrade:
    """The trade with fees of every fill."""
    first, second = held.exits
    gain = held.sign * ((first + second) / 2 - held.entry)
    fees = FEE * (held.entry + (first + second) / 2)
    return PlainTrade(held.entered, left, held.sign, held.entry, first, second, (gain - fees) / held.risk)
