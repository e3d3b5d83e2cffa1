"""Market data over REST, with the weights and field sets of the documentation."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from futtui.exchange.simulator.ports import SymbolSpec
from futtui.exchange.simulator.wire import market_payloads as payloads
from futtui.exchange.simulator.wire.errors import WireError
from futtui.exchange.simulator.wire.intervals import INTERVALS, Interval
from futtui.exchange.simulator.wire.limits import ORDERS_PER_10_S, ORDERS_PER_MINUTE, WEIGHT_PER_MINUTE
from futtui.exchange.simulator.wire.market_state import SymbolMarket
from futtui.exchange.simulator.wire.rest import Call, RouteTable, with_or_without_symbol
from futtui.exchange.simulator.wire.user_events import decimal_text
from futtui.exchange.simulator.wire.venue import Venue

DEPTH_WEIGHTS = {5: 2, 10: 2, 20: 2, 50: 2, 100: 5, 500: 10, 1000: 20}
MAX_KLINES = 1500
TRADE_WINDOW_MS = 3_600_000
OPEN_INTEREST_DAYS = 0.35


class MarketRoutes:
    """Handlers of all keyless paths."""

    def __init__(self, venue: Venue) -> None:
        self._venue = venue

    def register(self, table: RouteTable) -> None:
        """Put all paths into the table."""
        add = table.add
        add("GET", "/fapi/v1/ping", lambda _: {})
        add("GET", "/fapi/v1/time", lambda _: {"serverTime": self._venue.clock.server_time_ms})
        add("GET", "/fapi/v1/exchangeInfo", self.exchange_info)
        add("GET", "/fapi/v1/depth", self.depth, lambda call: DEPTH_WEIGHTS.get(call.whole("limit") or 500, 2))
        add("GET", "/fapi/v1/trades", self.trades, 5)
        add("GET", "/fapi/v1/aggTrades", self.aggregate_trades, 20)
        for path in ("klines", "continuousKlines", "markPriceKlines", "indexPriceKlines", "premiumIndexKlines"):
            add("GET", f"/fapi/v1/{path}", self.klines, _kline_weight)
        add("GET", "/fapi/v1/premiumIndex", self.premium_index, with_or_without_symbol(1, 10))
        add("GET", "/fapi/v1/fundingRate", self.funding_rates, 0, pool="funding")
        add("GET", "/fapi/v1/fundingInfo", self.funding_info, 0, pool="funding")
        add("GET", "/fapi/v1/ticker/24hr", self.day_tickers, with_or_without_symbol(1, 40))
        for version in ("v1", "v2"):
            add("GET", f"/fapi/{version}/ticker/price", self.prices, with_or_without_symbol(1, 2))
        add("GET", "/fapi/v1/ticker/bookTicker", self.book_tickers, with_or_without_symbol(2, 5))
        add("GET", "/fapi/v1/openInterest", self.open_interest)
        add("GET", "/futures/data/openInterestHist", self.open_interest_history, 0, pool="data")
        for name in ("globalLongShortAccountRatio", "topLongShortAccountRatio", "topLongShortPositionRatio"):
            add("GET", f"/futures/data/{name}", self.no_rows, 0, pool="data")
        add("GET", "/futures/data/takerlongshortRatio", self.no_rows, 0, pool="data")
        for path in ("/sapi/v1/capital/config/getall", "/sapi/v1/margin/allPairs"):
            add("GET", path, lambda _: [], 0)
        add("GET", "/sapi/v1/system/status", lambda _: {"status": 0, "msg": "normal"}, 0)
        add("GET", "/api/v3/ping", lambda _: {})
        add("GET", "/api/v3/time", lambda _: {"serverTime": self._venue.clock.server_time_ms})

    def exchange_info(self, call: Call) -> dict[str, Any]:
        """Everything about every symbol; a symbol parameter is ignored, as on the exchange."""
        weights = {
            "rateLimitType": "REQUEST_WEIGHT",
            "interval": "MINUTE",
            "intervalNum": 1,
            "limit": WEIGHT_PER_MINUTE,
        }
        by_minute = {"rateLimitType": "ORDERS", "interval": "MINUTE", "intervalNum": 1, "limit": ORDERS_PER_MINUTE}
        by_10_s = {"rateLimitType": "ORDERS", "interval": "SECOND", "intervalNum": 10, "limit": ORDERS_PER_10_S}
        return {
            "timezone": "UTC",
            "serverTime": self._venue.clock.server_time_ms,
            "futuresType": "U_MARGINED",
            "rateLimits": [weights, by_minute, by_10_s],
            "exchangeFilters": [],
            "assets": [{"asset": "USDT", "marginAvailable": True, "autoAssetExchange": "-10000"}],
            "symbols": [symbol_info(*entry) for entry in self._venue.directory.entries()],
        }

    def depth(self, call: Call) -> dict[str, Any]:
        """A snapshot of the book that fits the depth stream."""
        market = self._market(call)
        limit = call.whole("limit") or 500
        if limit > 1000:
            raise WireError(-1130, name="limit")
        if limit not in DEPTH_WEIGHTS:
            raise WireError(-4021)
        self._venue.publisher.fresh_book(market)
        bids, asks = market.book.top(limit)
        time_ms = call.now_ms
        return {"lastUpdateId": market.book.snapshot_id(), "E": time_ms, "T": time_ms, "bids": bids, "asks": asks}

    def klines(self, call: Call) -> list[list[Any]]:
        """Candles, oldest first; the last one may still be open."""
        market = self._market(call, "symbol" if call.optional("symbol") else "pair")
        code = call.text("interval")
        if code not in INTERVALS:
            raise WireError(-1120)
        limit = call.limit(500, MAX_KLINES)
        start_ms, end_ms = call.whole("startTime"), call.whole("endTime")
        interval, now_ms = INTERVALS[code], self._venue.clock.now_ms
        last_ms = now_ms if end_ms is None else min(now_ms, end_ms)
        first_ms = _first_open(interval, start_ms, last_ms, limit)
        open_now_ms = interval.open_ms(now_ms)
        whole = self._venue.market.history(
            market.symbol, code, first_ms, min(open_now_ms, interval.end_ms(last_ms)), limit
        )
        rows = [payloads.kline_row(market, code, candle) for candle in whole if candle.open_time_ms <= last_ms]
        if first_ms <= open_now_ms <= last_ms and len(rows) < limit:
            rows.append(payloads.forming_row(market, self._venue.market.forming(market, code, now_ms)))
        if call.path.rpartition("/")[2] in ("markPriceKlines", "indexPriceKlines", "premiumIndexKlines"):
            rows = [_without_volume(row) for row in rows]
        return rows

    def trades(self, call: Call) -> list[dict[str, Any]]:
        """The newest trades."""
        return [payloads.trade_row(row) for row in self._newest_trades(call, call.limit(500, 1000))]

    def aggregate_trades(self, call: Call) -> list[dict[str, Any]]:
        """Aggregated trades: the newest, those of a time range, or those from an id on."""
        limit, from_id = call.limit(500, 1000), call.whole("fromId")
        start_ms, end_ms = call.whole("startTime"), call.whole("endTime")
        if from_id is not None:
            start_ms = from_id // 2 * 100
        if start_ms is None:
            return self._newest_trades(call, limit)
        last_ms = min(end_ms or start_ms + TRADE_WINDOW_MS, start_ms + TRADE_WINDOW_MS, call.now_ms)
        rows = self._trades_between(self._market(call), start_ms - 1, last_ms)
        return [row for row in rows if from_id is None or row["a"] >= from_id][:limit]

    def premium_index(self, call: Call) -> Any:
        """Mark price and funding of one symbol or of all."""
        return self._one_or_all(call, lambda market: self._premium(market, call.now_ms))

    def funding_rates(self, call: Call) -> list[dict[str, Any]]:
        """Past funding, oldest first."""
        symbols = [self._market(call).symbol] if call.optional("symbol") else list(self._venue.market.symbols)
        limit, period = call.limit(100, 1000), payloads.FUNDING_PERIOD_MS
        last_ms = min(call.whole("endTime") or call.now_ms, call.now_ms)
        start_ms = call.whole("startTime")
        newest_ms = last_ms // period * period
        count = max(1, limit // len(symbols))
        first_ms = newest_ms - (count - 1) * period if start_ms is None else -(-start_ms // period) * period
        times = range(first_ms, newest_ms + 1, period)[:count]
        return [self._funding_row(symbol, time_ms) for time_ms in times for symbol in symbols][:limit]

    def funding_info(self, call: Call) -> list[dict[str, Any]]:
        """Funding interval and caps of every symbol."""
        return [
            {
                "symbol": symbol,
                "adjustedFundingRateCap": "0.00300",
                "adjustedFundingRateFloor": "-0.00300",
                "fundingIntervalHours": 8,
                "disclaimer": False,
                "updateTime": None,
            }
            for symbol in self._venue.market.symbols
        ]

    def day_tickers(self, call: Call) -> Any:
        """24 hour figures of one symbol or of all."""
        state = self._venue.market
        return self._one_or_all(
            call, lambda market: payloads.ticker_row(market, state.day(market.symbol, call.now_ms), call.now_ms)
        )

    def prices(self, call: Call) -> Any:
        """Last prices."""
        return self._one_or_all(
            call,
            lambda market: {
                "symbol": market.symbol,
                "price": market.price_format % market.last_price,
                "time": call.now_ms,
            },
        )

    def book_tickers(self, call: Call) -> Any:
        """Best bids and asks."""
        return self._one_or_all(call, lambda market: self._book_ticker(market, call.now_ms))

    def open_interest(self, call: Call) -> dict[str, Any]:
        """Open interest: this market has no other holders, so a share of the day's volume stands for it."""
        market = self._market(call)
        day = self._venue.market.day(market.symbol, call.now_ms)
        amount = market.quantity_format % (day.volume * OPEN_INTEREST_DAYS)
        return {"openInterest": amount, "symbol": market.symbol, "time": call.now_ms}

    def open_interest_history(self, call: Call) -> list[dict[str, Any]]:
        """No history of open interest exists here."""
        self._market(call)
        return []

    def no_rows(self, call: Call) -> list[dict[str, Any]]:
        """Statistics of other traders: this exchange has none."""
        return []

    # -- parts ------------------------------------------------------------------------------------------------------

    def _market(self, call: Call, name: str = "symbol") -> SymbolMarket:
        market = self._venue.market.symbols.get(call.text(name).upper())
        if market is None:
            raise WireError(-1121)
        return market

    def _one_or_all(self, call: Call, make: Any) -> Any:
        if call.optional("symbol"):
            return make(self._market(call))
        return [make(market) for market in self._venue.market.symbols.values()]

    def _newest_trades(self, call: Call, limit: int) -> list[dict[str, Any]]:
        market = self._market(call)
        window_ms = min(TRADE_WINDOW_MS, limit * payloads.TRADE_GRID_MS)
        return self._trades_between(market, call.now_ms - window_ms, call.now_ms)[-limit:]

    def _trades_between(self, market: SymbolMarket, after_ms: int, until_ms: int) -> list[dict[str, Any]]:
        bid, ask = self._venue.publisher.best_texts(market)
        spread = Decimal(ask) - Decimal(bid)
        rows: list[dict[str, Any]] = []
        for tick in self._venue.source.ticks(after_ms, until_ms):
            if tick.symbol == market.symbol:
                price = market.price_format % tick.price
                lower = market.price_format % (tick.price - float(spread))
                rows.extend(payloads.aggregate_trades(market, tick, lower, price))
        return rows

    def _premium(self, market: SymbolMarket, now_ms: int) -> dict[str, Any]:
        mark = self._venue.publisher.mark_text(market.symbol)
        return {
            "symbol": market.symbol,
            "markPrice": mark,
            "indexPrice": mark,
            "estimatedSettlePrice": mark,
            "lastFundingRate": self._venue.publisher.funding_text(market.symbol, now_ms),
            "interestRate": "0.00010000",
            "nextFundingTime": self._venue.publisher.next_funding_ms(market.symbol, now_ms),
            "time": now_ms,
        }

    def _funding_row(self, symbol: str, time_ms: int) -> dict[str, Any]:
        candle = self._venue.market.closed(symbol, "15m", time_ms - 900_000)
        return {
            "symbol": symbol,
            "fundingTime": time_ms,
            "fundingRate": f"{self._venue.source.funding_rate(symbol, time_ms):.8f}",
            "markPrice": f"{candle.close:.8f}" if candle else "",
            "rateType": "Regular",
        }

    def _book_ticker(self, market: SymbolMarket, now_ms: int) -> dict[str, Any]:
        bid, ask = self._venue.publisher.best(market)
        return {
            "symbol": market.symbol,
            "bidPrice": bid[0],
            "bidQty": bid[1],
            "askPrice": ask[0],
            "askQty": ask[1],
            "time": now_ms,
            "lastUpdateId": market.book.last_update_id,
        }


def symbol_info(spec: SymbolSpec, state: str = "TRADING", ends_ms: int | None = None) -> dict[str, Any]:
    """The entry of one symbol in exchangeInfo."""
    rules = spec.rules
    quantity_decimals = max(0, -int(rules.step_size.normalize().as_tuple().exponent))
    return {
        "symbol": rules.symbol,
        "pair": rules.symbol,
        "contractType": "PERPETUAL",
        "deliveryDate": ends_ms or payloads.DELIVERY_MS,
        "onboardDate": spec.onboard_time_ms,
        "status": state,
        "maintMarginPercent": "2.5000",
        "requiredMarginPercent": "5.0000",
        "baseAsset": rules.base_asset,
        "quoteAsset": "USDT",
        "marginAsset": "USDT",
        "pricePrecision": rules.price_decimals,
        "quantityPrecision": quantity_decimals,
        "baseAssetPrecision": 8,
        "quotePrecision": 8,
        "underlyingType": "COIN",
        "underlyingSubType": [],
        "triggerProtect": "0.0500",
        "liquidationFee": decimal_text(spec.liquidation_fee),
        "marketTakeBound": decimal_text(spec.market_take_bound),
        "maxMoveOrderLimit": 10000,
        "filters": _filters(spec),
        "orderTypes": [
            "LIMIT",
            "MARKET",
            "STOP",
            "STOP_MARKET",
            "TAKE_PROFIT",
            "TAKE_PROFIT_MARKET",
            "TRAILING_STOP_MARKET",
        ],
        "timeInForce": ["GTC", "IOC", "FOK", "GTX", "GTD"],
        "permissionSets": ["GRID", "COPY", "DCA", "PSB"],
    }


def _filters(spec: SymbolSpec) -> list[dict[str, Any]]:
    rules, text = spec.rules, decimal_text
    lot = {"minQty": text(rules.min_quantity), "stepSize": text(rules.step_size)}
    market_max = text(min(rules.max_quantity, rules.market_max_quantity))
    return [
        {
            "minPrice": text(rules.min_price),
            "tickSize": text(rules.tick_size),
            "filterType": "PRICE_FILTER",
            "maxPrice": text(rules.max_price),
        },
        {**lot, "filterType": "LOT_SIZE", "maxQty": text(rules.max_quantity)},
        {**lot, "filterType": "MARKET_LOT_SIZE", "maxQty": market_max},
        {"filterType": "MAX_NUM_ORDERS", "limit": 200},
        {"notional": text(rules.min_notional), "filterType": "MIN_NOTIONAL"},
        {
            "multiplierDown": f"{rules.multiplier_down:.4f}",
            "multiplierDecimal": "4",
            "filterType": "PERCENT_PRICE",
            "multiplierUp": f"{rules.multiplier_up:.4f}",
        },
        {"filterType": "POSITION_RISK_CONTROL", "positionControlSide": "NONE"},
    ]


def _kline_weight(call: Call) -> int:
    limit = call.whole("limit") or 500
    return 1 if limit < 100 else 2 if limit < 500 else 5 if limit <= 1000 else 10


def _first_open(interval: Interval, start_ms: int | None, last_ms: int, limit: int) -> int:
    """Open time of the first bar asked for."""
    if start_ms is None:
        return interval.back_ms(interval.open_ms(last_ms), limit - 1)
    open_ms = interval.open_ms(start_ms)
    return open_ms if open_ms == start_ms else interval.end_ms(open_ms)


def _without_volume(row: list[Any]) -> list[Any]:
    """A candle of a price that does not trade (mark, index): zero volumes, as the exchange shows them."""
    return [*row[:5], "0", row[6], "0", row[8], "0", "0", "0"]
