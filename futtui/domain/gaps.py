"""Holes in the row of stored candles: why they are there, and what became of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from futtui.domain.timeframe import Timeframe

GapKey = tuple[str, Timeframe, int]


class GapClass(Enum):
    """Why candles are missing, as far as is known."""

    OURS = "ours"
    EXCHANGE_WIDE = "exchange_wide"
    NO_TRADES = "no_trades"
    LISTED_LATER = "listed_later"
    DELISTED = "delisted"

    @property
    def words(self) -> str:
        """For people."""
        return _WORDS[self]


_WORDS = {
    GapClass.OURS: "missed by futtui",
    GapClass.EXCHANGE_WIDE: "the exchange has none for most symbols",
    GapClass.NO_TRADES: "the exchange has none for this symbol",
    GapClass.LISTED_LATER: "the symbol was listed later",
    GapClass.DELISTED: "the symbol is not traded any more",
}


class GapState(Enum):
    """What became of a hole."""

    OPEN = "open"
    FILLED = "filled"
    ACCEPTED = "accepted"
    """The exchange said often enough that there is nothing; it is not asked again."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Candles in a row that are not stored; both open times are included. Times are epoch ms of the exchange.

    `tries`: how often the exchange answered that it has none. `failures`: how often it could not be asked since its
    last answer. `closed_ms` 0 = still open.
    """

    symbol: str
    timeframe: Timeframe
    first_open_ms: int
    last_open_ms: int
    gap_class: GapClass
    state: GapState
    first_seen_ms: int
    tries: int = 0
    failures: int = 0
    next_try_ms: int = 0
    reason: str = ""
    closed_ms: int = 0

    @property
    def key(self) -> GapKey:
        """What makes it one hole."""
        return (self.symbol, self.timeframe, self.first_open_ms)

    @property
    def candles(self) -> int:
        """How many are missing."""
        return self.timeframe.bars_between(self.first_open_ms, self.last_open_ms)


@dataclass(frozen=True, slots=True)
class GapsView:
    """The gap ledger in figures; `open_candles`: how many candles the open holes lack.

    `filled` and `filled_candles` count since the start; `accepted`: the exchange has no such candles. `by_class` counts
    open and accepted holes by why they are there. `corrected_candles` differed from the exchange's history.
    """

    open: int = 0
    open_candles: int = 0
    filled: int = 0
    filled_candles: int = 0
    accepted: int = 0
    by_class: Mapping[str, int] = field(default_factory=dict)
    corrected_candles: int = 0
