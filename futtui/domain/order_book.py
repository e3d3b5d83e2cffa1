"""What the order book and the open interest of a symbol say at one moment; None = not available."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BookSide:
    """One side of a book in ascending prices with their quantities.

    `known_to` is the price up to which, away from the best one, no level is missing: 0 for bids or infinity for asks
    when the whole side is known.
    """

    prices: Sequence[float]
    quantities: Sequence[float]
    known_to: float


@dataclass(frozen=True, slots=True)
class DepthBand:
    """What rests within `distance_pct` of the middle price, in quote currency.

    `imbalance` is -1 (only sellers) to +1 (only buyers). A side is None where the book is not known that far.
    """

    distance_pct: float
    bid_quote: float | None
    ask_quote: float | None
    imbalance: float | None


@dataclass(frozen=True, slots=True)
class BookReading:
    """A sample of one symbol's order book, taken at `time_ms`.

    `valid` False: there is no book to trust, `reason` says why, and every measure is None. `age_ms`: how old the
    newest difference was. `imbalance` is that of the band that scoring uses; `imbalance_ema` its smoothed value;
    `bid_share` and `ask_share` are the shares of the latest `samples` that leaned clearly to buyers or to sellers
    (None until there are enough of them).
    """

    symbol: str
    time_ms: int
    valid: bool
    reason: str = ""
    age_ms: int = 0
    middle: float | None = None
    spread_bp: float | None = None
    bands: tuple[DepthBand, ...] = ()
    imbalance: float | None = None
    imbalance_ema: float | None = None
    bid_share: float | None = None
    ask_share: float | None = None
    samples: int = 0


@dataclass(frozen=True, slots=True)
class InterestReading:
    """Open interest of one symbol at `time_ms`, in contracts, and its change in percent over 15 minutes and 1 hour."""

    symbol: str
    time_ms: int
    valid: bool
    reason: str = ""
    contracts: float | None = None
    change_15m_pct: float | None = None
    change_1h_pct: float | None = None
