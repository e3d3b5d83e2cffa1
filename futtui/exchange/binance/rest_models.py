"""Typed shapes of REST answers, and their translation into domain records."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec

from futtui.domain.candle import Candle
from futtui.domain.symbols import SymbolRules
from futtui.domain.universe import Listing
from futtui.exchange.binance.budget import ORDERS_10_S, ORDERS_MINUTE, WEIGHT, PoolRule
from futtui.exchange.binance.wire import Amount, Price

ENDLESS_MS = 4_133_404_800_000
"""Delivery time that the exchange gives to a perpetual without an end."""

Unknown = float | None
"""Taker volumes are null where a replayed archive does not know them; the exchange itself always does."""

KlineRow = tuple[int, float, float, float, float, float, int, float, int, Unknown, Unknown, Any]


class ServerTime(msgspec.Struct):
    """Answer of /time."""

    serverTime: int  # noqa: N815 - the wire's spelling


class SymbolEntry(msgspec.Struct):
    """What futtui reads of one symbol in exchangeInfo."""

    symbol: str
    contractType: str = ""  # noqa: N815
    status: str = ""
    baseAsset: str = ""  # noqa: N815
    quoteAsset: str = ""  # noqa: N815
    onboardDate: int = 0  # noqa: N815
    deliveryDate: int = 0  # noqa: N815
    filters: list[dict[str, Any]] = []


class RateLimit(msgspec.Struct):
    """One published limit in exchangeInfo: `limit` units in `intervalNum` intervals."""

    rateLimitType: str = ""  # noqa: N815
    interval: str = ""
    intervalNum: int = 1  # noqa: N815
    limit: int = 0


class ExchangeInfo(msgspec.Struct):
    """Answer of /exchangeInfo."""

    symbols: list[SymbolEntry]
    rateLimits: list[RateLimit] = []  # noqa: N815


class Ticker(msgspec.Struct):
    """What futtui reads of a 24 hour ticker."""

    symbol: str
    quoteVolume: float = 0.0  # noqa: N815


class BookTicker(msgspec.Struct):
    """What futtui reads of a best bid and ask."""

    symbol: str
    bidPrice: float = 0.0  # noqa: N815
    askPrice: float = 0.0  # noqa: N815


class PremiumIndex(msgspec.Struct):
    """Answer of /premiumIndex."""

    symbol: str
    markPrice: float  # noqa: N815
    time: int
    indexPrice: str = ""  # noqa: N815
    lastFundingRate: str = ""  # noqa: N815
    nextFundingTime: int = 0  # noqa: N815


class DepthAnswer(msgspec.Struct):
    """Answer of /depth."""

    lastUpdateId: int  # noqa: N815
    bids: list[tuple[Price, Amount]]
    asks: list[tuple[Price, Amount]]
    E: int = 0


class InterestRow(msgspec.Struct):
    """One row of /openInterestHist: contracts that were open at `timestamp`."""

    sumOpenInterest: Amount  # noqa: N815
    timestamp: int


class ListenKeyAnswer(msgspec.Struct):
    """Answer of POST and PUT /listenKey."""

    listenKey: str = ""  # noqa: N815


@dataclass(frozen=True, slots=True)
class DepthSnapshot:
    """A book as REST gives it: (price, quantity) levels, best first; `limit`: how many were asked for, 0 = unknown."""

    symbol: str
    last_update_id: int
    event_time_ms: int
    bids: list[tuple[float, float]]
    asks: list[tuple[float, float]]
    limit: int = 0


_POOLS = {
    ("REQUEST_WEIGHT", "MINUTE", 1): WEIGHT,
    ("ORDERS", "SECOND", 10): ORDERS_10_S,
    ("ORDERS", "MINUTE", 1): ORDERS_MINUTE,
}


def pool_rules(limits: list[RateLimit]) -> list[PoolRule]:
    """The published limits that the request budget knows; others (raw requests on other markets) are left out."""
    rules = []
    for entry in limits:
        known = _POOLS.get((entry.rateLimitType, entry.interval, entry.intervalNum))
        if known is not None:
            rules.append(PoolRule(known.name, known.span_ms, entry.limit))
    return rules


def candle_from_row(row: KlineRow) -> Candle:
    """The candle of one kline row; raises InvalidInputError if its figures contradict each other."""
    return Candle(
        open_time_ms=row[0],
        open=row[1],
        high=row[2],
        low=row[3],
        close=row[4],
        volume=row[5],
        quote_volume=row[7],
        trade_count=row[8],
        taker_buy_volume=row[9],
        taker_buy_quote_volume=row[10],
    ).check()


def is_tradable(entry: SymbolEntry) -> bool:
    """Whether futtui trades it: a perpetual against USDT that is open for trading."""
    return entry.contractType == "PERPETUAL" and entry.quoteAsset == "USDT" and entry.status == "TRADING"


def listing_from_entry(entry: SymbolEntry, ticker: Ticker | None, book: BookTicker | None) -> Listing:
    """The symbol as the choice of symbols sees it."""
    return Listing(
        symbol=entry.symbol,
        base_asset=entry.baseAsset,
        quote_asset=entry.quoteAsset,
        contract=entry.contractType,
        status=entry.status,
        listed_ms=entry.onboardDate or None,
        ends_ms=end_of(entry),
        quote_volume=None if ticker is None else ticker.quoteVolume,
        spread_pct=None if book is None else spread_pct(book.bidPrice, book.askPrice),
    )


def end_of(entry: SymbolEntry) -> int | None:
    """When the exchange will settle the contract; None while no end is announced."""
    return entry.deliveryDate if 0 < entry.deliveryDate < ENDLESS_MS else None


def spread_pct(bid: float, ask: float) -> float | None:
    """Distance of bid and ask in percent of their middle; None for a book with an empty side."""
    return 200.0 * (ask - bid) / (ask + bid) if 0.0 < bid <= ask else None


def rules_from_entry(entry: SymbolEntry) -> SymbolRules:
    """The trading rules of a symbol; raises KeyError or ArithmeticError when a needed filter is absent or broken."""
    filters = {str(item.get("filterType")): item for item in entry.filters}
    price, lot = filters["PRICE_FILTER"], filters["LOT_SIZE"]
    percent = filters.get("PERCENT_PRICE", {})
    return SymbolRules(
        symbol=entry.symbol,
        base_asset=entry.baseAsset,
        tick_size=Decimal(price["tickSize"]),
        step_size=Decimal(lot["stepSize"]),
        min_quantity=Decimal(lot["minQty"]),
        max_quantity=Decimal(lot["maxQty"]),
        market_max_quantity=Decimal(filters.get("MARKET_LOT_SIZE", lot)["maxQty"]),
        min_notional=Decimal(filters["MIN_NOTIONAL"]["notional"]),
        min_price=Decimal(price["minPrice"]),
        max_price=Decimal(price["maxPrice"]),
        multiplier_up=Decimal(percent.get("multiplierUp", "1.05")),
        multiplier_down=Decimal(percent.get("multiplierDown", "0.95")),
        onboard_time_ms=entry.onboardDate,
        ends_ms=end_of(entry),
    )
