"""The way of all prices through a period, in the order of time: each quarter hour along its finest bars."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import merge

from futtui.backtest.data import BASE, SymbolData
from futtui.backtest.walk import calm_way, waypoints
from futtui.domain.candle import Candle
from futtui.domain.packing import quickly_made
from futtui.domain.timeframe import MINUTE_MS


@quickly_made
@dataclass(frozen=True, slots=True)
class Step:
    """A price of a symbol at a moment; with an empty symbol only time has come to a full minute."""

    time_ms: int
    symbol: str = ""
    price: float = 0.0


@quickly_made
@dataclass(frozen=True, slots=True)
class Passage:
    """Prices of a symbol in a row, each with its moment, that reach no level on their way from where price was."""

    symbol: str
    steps: list[tuple[int, float]]
    low: float
    high: float


class BarRoad:
    """Walks symbols through their bars. Whoever takes a step acts on it before asking for the next one.

    `levels`: prices at which something is to happen on a symbol, None when no price of it can change anything.
    `held`: the side held on a symbol (+1 long, -1 short, 0 nothing). Both are asked anew at every step.
    `pass_by` takes a whole passage at once, if nothing can happen on it; where it says no, the steps follow singly.
    """

    def __init__(
        self,
        data: Mapping[str, SymbolData],
        levels: Callable[[str], list[float] | None],
        held: Callable[[str], int],
        optimistic: bool = False,
        pass_by: Callable[[Passage], bool] = lambda _: False,
    ) -> None:
        self._data = data
        self._levels = levels
        self._held = held
        self._optimistic = optimistic
        self._pass_by = pass_by
        self._last: dict[str, float] = {}
        self._now_ms = 0
        self.quarters_by_path: Counter[str] = Counter()

    def quarter(self, here: Sequence[tuple[str, Candle]], open_ms: int) -> Iterator[Step]:
        """The steps of one quarter hour of these symbols.

        Where no price can change anything only the close is told, at the end: time never goes back. Each step has a
        moment of its own.
        """
        quiet: list[tuple[str, Candle]] = []
        paths: list[Iterator[tuple[int, str, Candle, int]]] = []
        for symbol, bar in here:
            if not self._may_change(symbol, bar):
                quiet.append((symbol, bar))
                continue
            frame, bars = self._data[symbol].path(bar)
            self.quarters_by_path[frame.code] += 1
            paths.append(iter([(each.open_time_ms, symbol, each, frame.ms) for each in bars]))
        minute = self._now_ms = open_ms
        for bar_ms, symbol, fine, length_ms in merge(*paths, key=lambda each: (each[0], each[1])):
            while minute + MINUTE_MS <= bar_ms:
                minute = self._now_ms = minute + MINUTE_MS
                yield Step(minute)
            yield from self._walk(symbol, fine, length_ms)
        for place, (symbol, bar) in enumerate(quiet):
            time_ms, close = open_ms + BASE.ms - len(quiet) + place, bar.close
            if not self._passes(Passage(symbol, [(time_ms, close)], close, close)):
                yield self._step(symbol, time_ms, close)

    def _may_change(self, symbol: str, quarter: Candle) -> bool:
        """Whether a price of this quarter hour can change anything: something is held, or a level lies on its way.

        The way begins where price was before, so that a level which a gap jumps over counts, too.
        """
        levels = self._levels(symbol)
        if levels is None:
            return False
        if self._held(symbol) or symbol not in self._last:
            return True
        before = self._last[symbol]
        low, high = min(before, quarter.low), max(before, quarter.high)
        return any(low <= level <= high for level in levels)

    def _walk(self, symbol: str, bar: Candle, length_ms: int) -> Iterator[Step]:
        """Through one bar, a millisecond after the last step: symbols that share a minute share its moments."""
        last_ms = bar.open_time_ms + length_ms - 1
        if self._walked_calmly(symbol, bar, last_ms, 0):
            return
        steps = waypoints(bar, lambda: self._levels(symbol) or [], lambda: self._held(symbol), self._optimistic)
        for place, price in enumerate(steps):
            price = self._tradable(symbol, bar, price)
            yield self._step(symbol, min(max(self._now_ms, bar.open_time_ms) + 1, last_ms), price)
            if place == 0 and self._walked_calmly(symbol, bar, last_ms, 1):  # the brokers have looked at the open
                return

    def _walked_calmly(self, symbol: str, bar: Candle, last_ms: int, done: int) -> bool:
        """Whether what is left of a bar after its first steps could be passed at once: no level lies on its way."""
        before = self._last.get(symbol)
        if before is None:
            return False
        low, high = min(before, bar.low), max(before, bar.high)
        if any(low <= level <= high for level in self._levels(symbol) or ()):
            return False
        at_ms = max(self._now_ms, bar.open_time_ms)
        way = calm_way(bar, self._held(symbol), self._optimistic)[done:]
        steps = [(min(at_ms + place, last_ms), price) for place, price in enumerate(way, 1)]
        return self._passes(Passage(symbol, steps, bar.low, bar.high))

    def _passes(self, passage: Passage) -> bool:
        if not self._pass_by(passage):
            return False
        self._now_ms, self._last[passage.symbol] = passage.steps[-1]
        return True

    def _tradable(self, symbol: str, bar: Candle, price: float) -> float:
        """The price at which a level is passed: where it lies between two ticks, the one behind it."""
        if price in (bar.open, bar.high, bar.low, bar.close):
            return price
        rules = self._data[symbol].rules
        falling = price < self._last.get(symbol, bar.open)
        return float(rules.round_price_down(price) if falling else rules.round_price_up(price))

    def _step(self, symbol: str, time_ms: int, price: float) -> Step:
        self._last[symbol] = price
        self._now_ms = time_ms
        return Step(time_ms, symbol, price)
