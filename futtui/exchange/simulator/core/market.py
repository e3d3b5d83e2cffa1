"""One symbol's prices inside the core, and the levels at which something has to happen."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from math import inf
from typing import TYPE_CHECKING

from futtui.domain.symbols import to_decimal
from futtui.exchange.simulator.core.brackets import BracketTable
from futtui.exchange.simulator.ports import MarketTick, SymbolSpec

if TYPE_CHECKING:
    from futtui.exchange.simulator.core.account import Account
    from futtui.exchange.simulator.core.orders import LiveAlgo, LiveOrder

AVERAGE_MS = 30_000
MARK_STEP = Decimal("0.00000001")


class Market:
    """Prices of one symbol, its resting orders, and a guard that makes uneventful ticks nearly free.

    The mark price is the median of the last price, the one before it and a 30-second average: one wild print never
    moves it, a lasting move does. (The real exchange takes the median of last price and two index prices.)
    """

    __slots__ = (
        "_last",
        "_last_source",
        "_mark",
        "_mark_source",
        "algos",
        "average",
        "holders",
        "is_open",
        "mark",
        "mark_high",
        "mark_is_told",
        "mark_low",
        "next_trade_id",
        "orders",
        "price",
        "price_high",
        "price_low",
        "rising",
        "rules",
        "spec",
        "symbol",
        "table",
        "taker_buy_volume",
        "time_ms",
        "volume",
    )

    def __init__(self, spec: SymbolSpec, table: BracketTable, start_ms: int) -> None:
        self.spec = spec
        self.rules = spec.rules
        self.symbol = spec.rules.symbol
        self.is_open = True
        self.table = table
        self.time_ms = start_ms
        self.price = 0.0
        self.average = 0.0
        self.mark = 0.0
        self.mark_is_told = False
        self.rising = True
        self.volume = 0.0
        self.taker_buy_volume: float | None = None
        self.orders: dict[int, LiveOrder] = {}
        self.algos: dict[int, LiveAlgo] = {}
        self.holders: dict[str, Account] = {}
        self.next_trade_id = 1
        self.price_low = self.mark_low = -inf
        self.price_high = self.mark_high = inf
        self._last = self._mark = Decimal(0)
        self._last_source = self._mark_source = 0.0

    @property
    def is_watched(self) -> bool:
        """Whether anyone has an order or a position here."""
        return bool(self.orders or self.algos or self.holders)

    @property
    def last(self) -> Decimal:
        """Last price on the tick grid; 0 before the first tick."""
        if self._last_source != self.price:
            self._last_source = self.price
            self._last = self.rules.round_price(self.price)
        return self._last

    @property
    def mark_price(self) -> Decimal:
        """Mark price with eight decimals; 0 before the first tick."""
        if self._mark_source != self.mark:
            self._mark_source = self.mark
            self._mark = to_decimal(self.mark).quantize(MARK_STEP)
        return self._mark

    def move(self, tick: MarketTick) -> bool:
        """Take over the tick's price; True when a watched level may have been reached."""
        self.volume = tick.volume
        self.taker_buy_volume = tick.taker_buy_volume
        return self._move(tick.time_ms, tick.price)

    def pass_by(self, steps: Iterable[tuple[int, float]]) -> int:
        """Take over prices (time, price) without trades that reach nothing; the time of the last one."""
        self.volume, self.taker_buy_volume = 0.0, None
        for time_ms, price in steps:
            self._move(time_ms, price)
        return self.time_ms

    def _move(self, time_ms: int, price: float) -> bool:
        previous = self.price
        elapsed_ms = time_ms - self.time_ms
        self.time_ms = time_ms
        self.price = price
        self.mark_is_told = False
        if not previous:
            self.average = self.mark = price
            return self.is_watched
        if price > previous:
            self.rising = True
            low, high = previous, price
        else:
            if price < previous:
                self.rising = False
            low, high = price, previous
        mark = self.average
        if elapsed_ms > 0:
            mark += (price - mark) * elapsed_ms / (elapsed_ms + AVERAGE_MS)
            self.average = mark
        if mark < low:
            mark = low
        elif mark > high:
            mark = high
        self.mark = mark
        return price <= self.price_low or price >= self.price_high or mark <= self.mark_low or mark >= self.mark_high

    def stays_calm(self, low: float, high: float) -> bool:
        """Whether no watched level is reached while price, from where it is, stays from `low` to `high`."""
        price = self.price
        if not price:
            return False
        if price < low:
            low = price
        elif price > high:
            high = price
        # The mark price never leaves the range of prices, whatever their order.
        return self.price_low < low and high < self.price_high and self.mark_low < low and high < self.mark_high

    def as_one_move(self, price: float, average: float, time_ms: int) -> bool:
        """Average and mark as if price had come here straight from where it was; True as for `move`."""
        elapsed_ms = self.time_ms - time_ms
        if not price:
            return False
        if elapsed_ms > 0:
            average += (self.price - average) * elapsed_ms / (elapsed_ms + AVERAGE_MS)
        self.average = average
        return self._mark_at(min(max(average, min(price, self.price)), max(price, self.price)))

    def settle(self, now_ms: int) -> None:
        """Once a price has stood for the time of the average, it is the average, and the mark price.

        One that was told from outside since is better known.
        """
        if now_ms - self.time_ms >= AVERAGE_MS and not self.mark_is_told:
            self.average = self.mark = self.price

    def set_mark(self, mark: float) -> bool:
        """Use a mark price known from outside; True when a watched level may have been reached."""
        self.mark_is_told = True
        return self._mark_at(mark)

    def _mark_at(self, mark: float) -> bool:
        self.mark = mark
        return mark <= self.mark_low or mark >= self.mark_high

    @property
    def watches_everything(self) -> bool:
        """Whether every price counts as a watched level."""
        return self.price_low == inf

    def watch_everything(self) -> None:
        """Look closely at the next tick: orders or positions changed."""
        self.price_low, self.price_high = inf, -inf
