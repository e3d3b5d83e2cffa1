"""A local order book that is either exactly right or says that it is not."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator
from itertools import islice
from math import inf

from futtui.domain.order_book import BookSide
from futtui.exchange.binance.messages import DepthMessage
from futtui.exchange.binance.rest_models import DepthSnapshot

Level = tuple[float, float]
_LARGEST_BUFFER = 2000
_SPARE_PLACES = 2000
_MOST_PLACES = 50_000
"""Levels far away that nobody takes out again could pile up for ever; a new snapshot starts small."""
_HIGHEST, _LOWEST = -1, 0


class _Ladder:
    """One side: quantity by price, and the prices in ascending order.

    The same price text always parses to the same float, so a float is an exact key here. A level that is taken out
    keeps its place with quantity 0, because most of them come back: so most events touch the dictionary only. Places
    without quantity are cleared away at the best price at once, elsewhere when they have become many.
    """

    __slots__ = ("_best", "_room", "prices", "quantities")

    def __init__(self, best: int) -> None:
        self.quantities: dict[float, float] = {}
        self.prices: list[float] = []
        self._best = best
        self._room = _SPARE_PLACES

    def load(self, levels: Iterable[Level]) -> None:
        self.quantities = {price: quantity for price, quantity in levels if quantity > 0.0}
        self.prices = sorted(self.quantities)
        self._room = 2 * len(self.prices) + _SPARE_PLACES

    def apply(self, levels: list[Level]) -> None:
        quantities, prices = self.quantities, self.prices
        known = len(quantities)
        quantities.update(levels)
        added = len(quantities) - known
        if added:
            for price in islice(reversed(quantities), added):  # the new keys of a dictionary are its last
                insort(prices, price)
            if len(prices) > self._room:
                self.load(list(quantities.items()))
                return
        if prices and not quantities[prices[self._best]]:
            self._trim()

    def _trim(self) -> None:
        """Clear away empty places at the best price, so that the best place holds a quantity."""
        quantities, prices = self.quantities, self.prices
        if self._best:
            while prices and not quantities[prices[-1]]:
                del quantities[prices.pop()]
            return
        count = next((at for at, price in enumerate(prices) if quantities[price]), len(prices))
        for price in prices[:count]:
            del quantities[price]
        del prices[:count]

    def best_first(self) -> Iterator[Level]:
        """Levels with a quantity, best price first."""
        for price in reversed(self.prices) if self._best else self.prices:
            quantity = self.quantities[price]
            if quantity:
                yield price, quantity

    def near(self, low: float, high: float) -> tuple[list[float], list[float]]:
        """Ascending prices from `low` to `high`, both included, and their quantities (0 at empty places)."""
        prices = self.prices[bisect_left(self.prices, low) : bisect_right(self.prices, high)]
        return prices, [self.quantities[price] for price in prices]


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
        self._bids = _Ladder(_HIGHEST)
        self._asks = _Ladder(_LOWEST)
        self._buffer: list[DepthMessage] = []
        self._bridge_id: int | None = None
        self._known_bids_to = 0.0
        self._known_asks_to = inf

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
        # A side shorter than what was asked for is there as a whole; of a longer one nobody knows what lies beyond.
        self._known_bids_to = snapshot.bids[-1][0] if len(snapshot.bids) >= snapshot.limit > 0 else 0.0
        self._known_asks_to = snapshot.asks[-1][0] if len(snapshot.asks) >= snapshot.limit > 0 else inf
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
        return list(islice(self._bids.best_first(), count)), list(islice(self._asks.best_first(), count))

    def sides(self, distance_pct: float) -> tuple[BookSide, BookSide] | None:
        """Bids and asks within `distance_pct` of the middle, as the measures want them; None while invalid or empty."""
        bid, ask = self.best_bid(), self.best_ask()
        if bid is None or ask is None:
            return None
        middle = (bid[0] + ask[0]) / 2.0
        reach = middle * distance_pct / 100.0 * (1.0 + 1e-9)
        bids = self._bids.near(middle - reach, bid[0])
        asks = self._asks.near(ask[0], middle + reach)
        return BookSide(*bids, self._known_bids_to), BookSide(*asks, self._known_asks_to)

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
        bids, asks = self._bids, self._asks
        if message.bids:
            bids.apply(message.bids)
        if message.asks:
            asks.apply(message.asks)
        self.update_id = message.final_update_id
        self.event_time_ms = message.event_time_ms
        if bids.prices and asks.prices and bids.prices[-1] >= asks.prices[0]:
            self.invalidate("the book is crossed")
        elif len(bids.prices) > _MOST_PLACES or len(asks.prices) > _MOST_PLACES:
            self.invalidate("the book has grown beyond all measure")
        return self.valid
