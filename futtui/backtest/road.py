"""The way of all prices through a period, in the order of time: each quarter hour along its finest bars.

When price was where inside a bar nobody knows: whatever happens in it has one time, just after its open. So no time
hangs on how many prices were walked through, be it on the same symbol or on another one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from heapq import merge
from typing import Protocol

from futtui.backtest.data import BASE, SymbolData
from futtui.backtest.walk import calm_way, waypoints
from futtui.domain.candle import Candle
from futtui.domain.packing import quickly_made
from futtui.domain.timeframe import MINUTE_MS

NOBODY: frozenset[str] = frozenset()


class Watchers(Protocol):
    """Who looks at prices. Asked anew at every step; `only`: of these positions, and of signals that become them."""

    def levels_on(self, symbol: str, only: Set[str] | None = None) -> list[float] | None:
        """Prices at which something is to happen on a symbol, None when no price of it can change anything."""
        ...

    def side_on(self, symbol: str, only: Set[str] | None = None) -> int:
        """The side held on a symbol: +1 long, -1 short, 0 nothing."""
        ...

    def parties_on(self, symbol: str, low: float, high: float) -> list[frozenset[str]]:
        """Who has a way of its own through a bar: position ids, those of one way together."""
        ...


@quickly_made
@dataclass(frozen=True, slots=True)
class Step:
    """A price of a symbol at a moment; with an empty symbol only time has come to a full minute.

    `only`: the positions that the price is for, and signals that would become them; None = everybody. `silent`:
    symbols in the middle of a bar that was walked through already, whose next price is not known yet.
    """

    time_ms: int
    symbol: str = ""
    price: float = 0.0
    only: frozenset[str] | None = None
    silent: frozenset[str] = NOBODY


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

    The way of a trade is what it would be if the account held nothing else: where a bar holds more than one way,
    price goes through it once for each. `pass_by` takes a whole passage at once, if nothing can happen on it; where
    it says no, the steps follow singly.
    """

    def __init__(
        self,
        data: Mapping[str, SymbolData],
        watchers: Watchers,
        optimistic: bool = False,
        pass_by: Callable[[Passage], bool] = lambda _: False,
    ) -> None:
        self._data = data
        self._watchers = watchers
        self._optimistic = optimistic
        self._pass_by = pass_by
        self._last: dict[str, float] = {}
        self.quarters_by_path: Counter[str] = Counter()

    def quarter(self, here: Sequence[tuple[str, Candle]], open_ms: int) -> Iterator[Step]:
        """The steps of one quarter hour of these symbols.

        Where no price can change anything only the close is told, at the end: time never goes back.
        """
        quiet: list[tuple[str, Candle]] = []
        paths: list[Iterator[tuple[int, str, Candle]]] = []
        lengths_ms: dict[str, int] = {}
        for symbol, bar in here:
            if not self._may_change(symbol, bar):
                quiet.append((symbol, bar))
                continue
            frame, bars = self._data[symbol].path(bar)
            self.quarters_by_path[frame.code] += 1
            lengths_ms[symbol] = frame.ms
            paths.append(iter([(each.open_time_ms, symbol, each) for each in bars]))
        minute = open_ms
        for bar_ms, symbol, fine in merge(*paths, key=lambda each: (each[0], each[1])):
            while minute + MINUTE_MS <= bar_ms:
                minute += MINUTE_MS
                within = {name for name, length_ms in lengths_ms.items() if (minute - open_ms) % length_ms}
                yield Step(minute, silent=frozenset(within))
            yield from self._walk(symbol, fine)
        for symbol, bar in quiet:
            time_ms, close = open_ms + BASE.ms - 1, bar.close
            if not self._passes(Passage(symbol, [(time_ms, close)], close, close)):
                yield self._step(symbol, time_ms, close)

    def _may_change(self, symbol: str, quarter: Candle) -> bool:
        """Whether a price of this quarter hour can change anything: something is held, or a level lies on its way.

        The way begins where price was before, so that a level which a gap jumps over counts, too.
        """
        if self._watchers.side_on(symbol):
            return True
        levels = self._watchers.levels_on(symbol)
        if levels is None or symbol not in self._last:
            return levels is not None
        before = self._last[symbol]
        low, high = min(before, quarter.low), max(before, quarter.high)
        return any(low <= level <= high for level in levels)

    def _walk(self, symbol: str, bar: Candle) -> Iterator[Step]:
        """Through one bar: once, or once for each way through it, each from where price was before."""
        time_ms = bar.open_time_ms + 1
        if self._walked_calmly(symbol, bar, time_ms, 0):
            return
        before = self._last.get(symbol, bar.open)
        parties = self._watchers.parties_on(symbol, min(before, bar.low), max(before, bar.high))
        if len(parties) < 2:
            yield from self._way(symbol, bar, time_ms, None)
            return
        for place, party in enumerate(parties):
            if place:
                yield self._step(symbol, time_ms, before, NOBODY)
            yield from self._way(symbol, bar, time_ms, party)

    def _way(self, symbol: str, bar: Candle, time_ms: int, only: frozenset[str] | None) -> Iterator[Step]:
        """Through one bar as `only` see it."""
        watchers = self._watchers
        steps = waypoints(
            bar,
            lambda: watchers.levels_on(symbol, only) or [],
            lambda: watchers.side_on(symbol, only),
            self._optimistic,
        )
        for place, price in enumerate(steps):
            yield self._step(symbol, time_ms, self._tradable(symbol, bar, price), only)
            if place == 0 and only is None and self._walked_calmly(symbol, bar, time_ms, 1):
                return  # the brokers have looked at the open

    def _walked_calmly(self, symbol: str, bar: Candle, time_ms: int, done: int) -> bool:
        """Whether what is left of a bar after its first steps could be passed at once: no level lies on its way."""
        before = self._last.get(symbol)
        if before is None:
            return False
        low, high = min(before, bar.low), max(before, bar.high)
        if any(low <= level <= high for level in self._watchers.levels_on(symbol) or ()):
            return False
        way = calm_way(bar, self._watchers.side_on(symbol), self._optimistic)[done:]
        return self._passes(Passage(symbol, [(time_ms, price) for price in way], bar.low, bar.high))

    def _passes(self, passage: Passage) -> bool:
        if not self._pass_by(passage):
            return False
        self._last[passage.symbol] = passage.steps[-1][1]
        return True

    def _tradable(self, symbol: str, bar: Candle, price: float) -> float:
        """The price at which a level is passed: where it lies between two ticks, the one behind it."""
        if price in (bar.open, bar.high, bar.low, bar.close):
            return price
        rules = self._data[symbol].rules
        falling = price < self._last.get(symbol, bar.open)
        return float(rules.round_price_down(price) if falling else rules.round_price_up(price))

    def _step(self, symbol: str, time_ms: int, price: float, only: frozenset[str] | None = None) -> Step:
        self._last[symbol] = price
        return Step(time_ms, symbol, price, only)
