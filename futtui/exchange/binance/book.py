"""A local order book that is either exactly right or says that it is not."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable

from futtui.exchange.binance.messages import DepthMessage
from futtui.exchange.binance.rest_models import DepthSnapshot

Level = tuple[float, float]
_LARGEST_BUFFER = 2000


class _Ladder:
    """One side: quantity by price, and the prices in ascending order.

    The same price text always parses to the same float, so a float is an exact key here.
    """

    __slots__ = ("prices", "quantities")

    def __init__(self) -> None:
        self.quantities: dict[float, float] = {}
        self.prices: list[float] = []

    def load(self, levels: Iterable[Level]) -> None:
        self.quantities = {price: quantity for price, quantity in levels if quantity > 0.0}
        self.prices = sorted(self.quantities)

    def apply(self, levels: list[Level]) -> None:
        quantities, prices = self.quantities, self.prices
        for price, quantity in levels:
            if quantity > 0.0:
                if price not in quantities:
                    insort(prices, price)
                quantities[price] = quantity
            elif quantities.pop(price, None) is not None:
                del prices[bisect_left(prices, price)]


class LocalBook:
    """The book of one symbol from a REST snapshot and the difference stream (the futures variant of the rule).

    Differences are buffered until the snapshot is there; those with u < lastUpdateId are dropped; the first applied
    one must satisfy U <= lastUpdateId <= u, each next one pu == previous u. Anything else makes the book invalid: it
    then answers None to every question until a new snapshot fits. Quantities are absolute, 0 removes a level.
    Source: "How to manage a local order book correctly" of the futures API.
    """

    def __init__(self, symbol: str) -> None:
        self.symbol = symbol
        self.valid = False
        self.reason = "no snapshot yet"
        self.update_id = 0
        self.event_time_ms = 0
        self.breaks = 0
        self._bids = _Ladder()
        self._asks = _Ladder()
        self._buffer: list[DepthMessage] = []
        self._bridge_id: int | None = None

    @property
    def needs_snapshot(self) -> bool:
        """Whether only a new snapshot can make the book valid."""
        return not self.valid and self._bridge_id is None

    def apply(self, message: DepthMessage) -> bool:
        """Takes a difference in; returns whether the book is valid after it."""
        if self.valid:
            if message.previous_final_update_id == self.update_id:
                return self._take(message)
            if message.final_update_id <= self.update_id:
                return True
            self.invalidate("updates are missing in between")
        if self._bridge_id is not None:
            return self._bridge(message)
        if len(self._buffer) >= _LARGEST_BUFFER:
            del self._buffer[: _LARGEST_BUFFER // 2]
        self._buffer.append(message)
        return False

    def load_snapshot(self, snapshot: DepthSnapshot) -> bool:
        """Starts from a snapshot and the buffered differences.

        Returns whether the book is valid now; if not, either the bridging difference has not come yet, or the snapshot
        is too old for the buffer (`needs_snapshot` tells).
        """
        self.valid = False
        self.reason = "waiting for the update that follows the snapshot"
        self._bids.load(snapshot.bids)
        self._asks.load(snapshot.asks)
        self._bridge_id = snapshot.last_update_id
        waiting, self._buffer = self._buffer, []
        for position, message in enumerate(waiting):
            self.apply(message)
            if self.needs_snapshot:
                self._buffer.extend(waiting[position + 1 :])
                break
        return self.valid

    def invalidate(self, reason: str) -> None:
        """Marks the book wrong (a break, a reconnect) and starts to buffer for the next snapshot."""
        if self.valid:
            self.breaks += 1
        self.valid = False
        self.reason = reason
        self._bridge_id = None
        self._buffer.clear()

    def best_bid(self) -> Level | None:
        """Highest bid as (price, quantity); None while invalid or empty."""
        if not self.valid or not self._bids.prices:
            return None
        price = self._bids.prices[-1]
        return price, self._bids.quantities[price]

    def best_ask(self) -> Level | None:
        """Lowest ask as (price, quantity); None while invalid or empty."""
        if not self.valid or not self._asks.prices:
            return None
        price = self._asks.prices[0]
        return price, self._asks.quantities[price]

    def top(self, count: int) -> tuple[list[Level], list[Level]] | None:
        """Up to `count` bids and asks, best first; None while invalid."""
        if not self.valid:
            return None
        bids = [(price, self._bids.quantities[price]) for price in reversed(self._bids.prices[-count:])]
        asks = [(price, self._asks.quantities[price]) for price in self._asks.prices[:count]]
        return bids, asks

    def spread(self) -> float | None:
        """Lowest ask minus highest bid, in price units."""
        bid, ask = self.best_bid(), self.best_ask()
        return ask[0] - bid[0] if bid and ask else None

    def microprice(self) -> float | None:
        """Middle of the best prices weighted by the quantity on the OTHER side: where the next trade leans."""
        bid, ask = self.best_bid(), self.best_ask()
        if not bid or not ask:
            return None
        return (bid[0] * ask[1] + ask[0] * bid[1]) / (bid[1] + ask[1])

    def imbalance(self, levels: int = 20) -> float | None:
        """(bid - ask quantity) / (bid + ask quantity) over the best levels: -1 only sellers, +1 only buyers."""
        both = self.top(levels)
        if both is None:
            return None
        bids = sum(quantity for _, quantity in both[0])
        asks = sum(quantity for _, quantity in both[1])
        return (bids - asks) / (bids + asks) if bids + asks > 0 else None

    def _bridge(self, message: DepthMessage) -> bool:
        assert self._bridge_id is not None
        if message.final_update_id < self._bridge_id:
            return False
        if message.first_update_id > self._bridge_id and message.previous_final_update_id != self._bridge_id:
            self.invalidate("the snapshot is older than the stream")
            self._buffer.append(message)
            return False
        self._bridge_id = None
        self.valid = True
        self.reason = ""
        return self._take(message)

    def _take(self, message: DepthMessage) -> bool:
        self._bids.apply(message.bids)
        self._asks.apply(message.asks)
        self.update_id = message.final_update_id
        self.event_time_ms = message.event_time_ms
        bids, asks = self._bids.prices, self._asks.prices
        if bids and asks and bids[-1] >= asks[0]:
            self.invalidate("the book is crossed")
        return self.valid
