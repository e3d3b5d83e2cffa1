"""Measures of an order book: spread, depth and imbalance within a distance, and how long the book has leaned.

Everything is a pure function of levels. Where the book is not known far enough a measure is None, never 0.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum
from operator import mul

from futtui.domain.order_book import BookReading, BookSide, DepthBand

DISTANCES_PCT = (0.1, 0.25, 0.5, 1.0)
MAIN_DISTANCE_PCT = 0.1
"""The band whose imbalance is followed over time. 1000 levels of BTCUSDT reached 0.2 to 0.4 % in recorded books."""
CLEAR_LEAN = 0.15
"""Imbalance from which a sample counts as leaning to one side."""
SAMPLES = 15
EMA_SAMPLES = 15


@dataclass(frozen=True, slots=True)
class BookMeasures:
    """Middle price, spread in basis points of it, and the bands.

    `microprice`: the best prices weighted by the quantity on the other side, where the next trade leans.
    """

    middle: float
    microprice: float
    spread_bp: float
    bands: tuple[DepthBand, ...]

    def imbalance(self, distance_pct: float) -> float | None:
        """Imbalance of the band at a distance; None if there is no such band or it is not known."""
        return next((band.imbalance for band in self.bands if band.distance_pct == distance_pct), None)


def measure_book(bids: BookSide, asks: BookSide, distances_pct: Sequence[float] = DISTANCES_PCT) -> BookMeasures | None:
    """Measures of a book; None if a side is empty or the sides overlap.

    The imbalance compares quantities, not money, so that it only changes its sign when the book is mirrored.
    """
    if not bids.prices or not asks.prices or bids.prices[-1] >= asks.prices[0]:
        return None
    best_bid, best_ask = bids.prices[-1], asks.prices[0]
    middle = (best_bid + best_ask) / 2.0
    bid_quantity, ask_quantity = bids.quantities[-1], asks.quantities[0]
    microprice = (best_bid * ask_quantity + best_ask * bid_quantity) / (bid_quantity + ask_quantity)
    spread_bp = (best_ask - best_bid) / middle * 10_000.0
    return BookMeasures(middle, microprice, spread_bp, tuple(_band(bids, asks, middle, pct) for pct in distances_pct))


def _band(bids: BookSide, asks: BookSide, middle: float, distance_pct: float) -> DepthBand:
    reach = middle * distance_pct / 100.0
    low, high = middle - reach, middle + reach
    bid = _sums(bids, bisect_left(bids.prices, low), len(bids.prices)) if bids.known_to <= low else None
    ask = _sums(asks, 0, bisect_right(asks.prices, high)) if asks.known_to >= high else None
    return DepthBand(
        distance_pct,
        None if bid is None else bid[1],
        None if ask is None else ask[1],
        None if bid is None or ask is None else imbalance_of(bid[0], ask[0]),
    )


def _sums(side: BookSide, first: int, end: int) -> tuple[float, float]:
    """Quantity and money of the levels from index `first` up to `end`."""
    quantities = side.quantities[first:end]
    return fsum(quantities), fsum(map(mul, side.prices[first:end], quantities))


def imbalance_of(bid: float, ask: float) -> float | None:
    """(bid - ask) / (bid + ask): +1 only buyers, -1 only sellers; None if there is nothing on either side."""
    whole = bid + ask
    return (bid - ask) / whole if whole > 0.0 else None


class LeanMemory:
    """How steadily a book leaned over its latest samples. A hole in the samples starts it anew."""

    def __init__(self, samples: int = SAMPLES, clear: float = CLEAR_LEAN) -> None:
        self._values: deque[float] = deque(maxlen=samples)
        self._clear = clear
        self.ema: float | None = None

    def __len__(self) -> int:
        return len(self._values)

    def add(self, imbalance: float | None) -> None:
        """Take a sample in; None (not available) forgets all earlier ones."""
        if imbalance is None:
            self._values.clear()
            self.ema = None
            return
        self._values.append(imbalance)
        weight = 2.0 / (EMA_SAMPLES + 1.0)
        self.ema = imbalance if self.ema is None else self.ema + weight * (imbalance - self.ema)

    def share(self, sign: int) -> float | None:
        """Share of the samples that leaned clearly to buyers (+1) or sellers (-1); None while there are too few."""
        values = self._values
        if len(values) < (values.maxlen or 0):
            return None
        return sum(value * sign >= self._clear for value in values) / len(values)


def reading_of(symbol: str, time_ms: int, age_ms: int, measures: BookMeasures, memory: LeanMemory) -> BookReading:
    """The record of a valid book at `time_ms`; `memory` must hold this sample already."""
    imbalance = measures.imbalance(MAIN_DISTANCE_PCT)
    return BookReading(
        symbol=symbol,
        time_ms=time_ms,
        valid=True,
        reason="" if imbalance is not None else "the book is not known far enough from its middle",
        age_ms=age_ms,
        middle=measures.middle,
        spread_bp=measures.spread_bp,
        bands=measures.bands,
        imbalance=imbalance,
        imbalance_ema=memory.ema,
        bid_share=memory.share(1),
        ask_share=memory.share(-1),
        samples=len(memory),
    )


def change_pct(earlier: float | None, later: float | None) -> float | None:
    """Change in percent of `earlier`; None if one of them is unknown or nothing was there."""
    if earlier is None or later is None or not earlier > 0.0:
        return None
    return (later / earlier - 1.0) * 100.0
