"""REST endpoints as data: path, true request weight by parameter, time-out.

Source: weights of the USD-M futures API (2400 a minute and address; the weight follows the LIMIT parameter, not the
rows that come back). Some endpoints count in pools of their own. Re-verify here when the exchange announces a change.
"""

from __future__ import annotations

from dataclasses import dataclass

from futtui.exchange.binance.budget.pools import DATA, FUNDING, WEIGHT, PoolRule

MAX_KLINES = 1500
CHEAP_KLINES = 499
"""The largest page of the tier with the least weight a candle."""
DEPTH_LIMITS = (5, 10, 20, 50, 100, 500, 1000)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One REST call: HTTP method, path, its total time-out in seconds, and the pool in which it counts."""

    method: str
    path: str
    total_seconds: float = 15.0
    needs_key: bool = False
    pool: PoolRule = WEIGHT


SERVER_TIME = Endpoint("GET", "/fapi/v1/time")
EXCHANGE_INFO = Endpoint("GET", "/fapi/v1/exchangeInfo", total_seconds=60.0)
KLINES = Endpoint("GET", "/fapi/v1/klines")
DEPTH = Endpoint("GET", "/fapi/v1/depth")
PREMIUM_INDEX = Endpoint("GET", "/fapi/v1/premiumIndex")
TICKER_24H = Endpoint("GET", "/fapi/v1/ticker/24hr")
BOOK_TICKER = Endpoint("GET", "/fapi/v1/ticker/bookTicker")
FUNDING_RATE = Endpoint("GET", "/fapi/v1/fundingRate", pool=FUNDING)
FUNDING_INFO = Endpoint("GET", "/fapi/v1/fundingInfo", pool=FUNDING)
OPEN_INTEREST_HISTORY = Endpoint("GET", "/futures/data/openInterestHist", pool=DATA)
CREATE_LISTEN_KEY = Endpoint("POST", "/fapi/v1/listenKey", needs_key=True)
KEEP_LISTEN_KEY = Endpoint("PUT", "/fapi/v1/listenKey", needs_key=True)

ACCOUNT_QUERY_WEIGHT = 5
INCOME_WEIGHT = 30
ALL_ORDERS_WEIGHT = 5
USER_TRADES_WEIGHT = 5


def klines_weight(limit: int) -> int:
    """Weight of a candle request: below 100 rows 1, below 500 2, up to 1000 5, above 10."""
    if limit < 100:
        return 1
    if limit < 500:
        return 2
    return 5 if limit <= 1000 else 10


def kline_pages(count: int) -> tuple[int, ...]:
    """Sizes of the requests that fetch `count` candles in a row for the least weight, and nearly the fewest of those.

    Below 500 rows a candle costs least (499 for 2; 1000 for 5, 1500 for 10), so long stretches come in pages of 499.
    """
    pages: list[int] = []
    while count > 0:
        pages.append(_best_page(count))
        count -= pages[-1]
    return tuple(pages)


def _best_page(count: int) -> int:
    """The first page for `count` candles: the largest cheap one, except where one dearer page ends it as cheaply."""
    if count <= CHEAP_KLINES:
        return count
    if count <= MAX_KLINES and klines_weight(count) <= _cheap_weight(count):
        return count
    return CHEAP_KLINES


def _cheap_weight(count: int) -> int:
    """Weight of `count` candles in pages below 500."""
    whole, rest = divmod(count, CHEAP_KLINES)
    return whole * klines_weight(CHEAP_KLINES) + (klines_weight(rest) if rest else 0)


def depth_weight(limit: int) -> int:
    """Weight of a book snapshot: up to 50 levels 2, 100 5, 500 10, 1000 20."""
    if limit <= 50:
        return 2
    if limit <= 100:
        return 5
    return 10 if limit <= 500 else 20


def premium_index_weight(symbol: str | None) -> int:
    """1 for one symbol, 10 for all."""
    return 1 if symbol else 10


def ticker_24h_weight(symbol: str | None) -> int:
    """1 for one symbol, 40 for all."""
    return 1 if symbol else 40


def book_ticker_weight(symbol: str | None) -> int:
    """2 for one symbol, 5 for all."""
    return 2 if symbol else 5


def open_orders_weight(symbol: str | None) -> int:
    """1 for one symbol, 40 for all; the same for normal and conditional orders."""
    return 1 if symbol else 40
