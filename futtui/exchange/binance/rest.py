"""Market data over REST: the exchange's time, symbols, candles, book snapshots, listen keys."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from itertools import pairwise
from typing import Any

import aiohttp

from futtui.domain.candle import Candle
from futtui.domain.errors import InvalidInputError
from futtui.domain.health import ClockHealth
from futtui.domain.symbols import SymbolRules
from futtui.domain.timeframe import Timeframe
from futtui.domain.universe import Listing
from futtui.exchange.binance import weights
from futtui.exchange.binance.budget import BanAlert, BanFile, RequestBudget
from futtui.exchange.binance.clock import ClockMs, ClockOffset, SystemClock, TimeSample
from futtui.exchange.binance.errors import BadAnswer
from futtui.exchange.binance.rest_models import (
    BookTicker,
    DepthAnswer,
    DepthSnapshot,
    ExchangeInfo,
    InterestRow,
    KlineRow,
    ListenKeyAnswer,
    PremiumIndex,
    ServerTime,
    SymbolEntry,
    Ticker,
    candle_from_row,
    is_tradable,
    listing_from_entry,
    pool_rules,
    rules_from_entry,
)
from futtui.exchange.binance.transport import Transport
from futtui.exchange.ports import Credentials, Endpoints, Lane, MarkPriceMessage

CLOCK_SAMPLES = 5
OFFSET_KEEP_MS = 10 * 60_000
"""A measured offset is used this long: no two clocks run at one pace."""
DRIFT_MS = 100
"""How far two clocks may part while an offset is kept (170 parts in a million)."""

logger = logging.getLogger(__name__)


class BinanceRest:
    """Implements MarketDataPort for any host that speaks the USD-M futures API.

    `ask_time` True asks the exchange for its time before each candle request instead of trusting the measured
    offset: for hosts whose clock does not run at our speed (the embedded exchange). `on_ban` is told when a ban starts
    and ends, `ban_file` remembers it; both belong to the budget that is made where none is given. All methods raise
    the typed errors of `futtui.exchange.binance.errors`, each within its deadline once the budget has let it through.
    """

    def __init__(
        self,
        endpoints: Endpoints,
        credentials: Credentials | None = None,
        *,
        session: aiohttp.ClientSession | None = None,
        clock: ClockMs | None = None,
        budget: RequestBudget | None = None,
        ask_time: bool = False,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        total_seconds: float | None = None,
        on_ban: Callable[[BanAlert], None] | None = None,
        ban_file: BanFile | None = None,
    ) -> None:
        self._clock = clock or SystemClock()
        self._ask_time = ask_time
        self.offset = ClockOffset()
        self._seen_ms = 0
        self._entries: list[SymbolEntry] = []
        self.budget = budget or RequestBudget(
            self.exchange_now_ms, exchange_time=not ask_time, sleep=sleep, on_alert=on_ban, ban_file=ban_file
        )
        self._transport = Transport(
            endpoints.rest,
            self.budget,
            api_key=credentials.api_key if credentials else None,
            session=session,
            sleep=sleep,
            total_seconds=total_seconds,
        )

    @property
    def used_weight(self) -> int:
        """Request weight used in the exchange's current minute."""
        return self.budget.used

    # Time

    def exchange_now_ms(self) -> int:
        """Our best guess of the exchange's time: own clock plus the measured offset (0 before it is measured)."""
        return self._clock() + self.offset.ms

    async def server_time_ms(self, lane: Lane = Lane.PROTECT) -> int:
        """The exchange's time as it answers now. Orders depend on it, so it is asked without waiting.

        An answer that contradicts the measured offset (the PC slept and its clock stood still) replaces it.
        """
        sample = await self._time_sample(lane)
        self.offset.check(sample)
        return sample.server_ms

    async def _time_sample(self, lane: Lane) -> TimeSample:
        sent_ms = self._clock()
        answer: ServerTime = await self._transport.ask(weights.SERVER_TIME, 1, None, ServerTime, lane=lane)
        self._seen_ms = max(self._seen_ms, answer.serverTime)
        return TimeSample(sent_ms, self._clock(), answer.serverTime)

    async def clock_offset_ms(self, lane: Lane = Lane.PROTECT) -> int:
        """Exchange time minus our time, from five measurements; later calls of `exchange_now_ms` use it."""
        self.offset.take([await self._time_sample(lane) for _ in range(CLOCK_SAMPLES)])
        return self.offset.ms

    async def measured_clock(self) -> ClockHealth:
        """The PC's clock as a new row of measurements shows it; in no hurry."""
        await self.clock_offset_ms(Lane.CATCH_UP)
        return self.clock_view()

    def clock_view(self) -> ClockHealth:
        """What is known of the PC's clock, as it shows the time now."""
        if not self.offset.is_known:
            return ClockHealth()
        corrected_ms = self._clock.corrected_ms() if isinstance(self._clock, SystemClock) else 0
        return ClockHealth(
            offset_ms=self.offset.ms - corrected_ms,
            uncertainty_ms=self.offset.uncertainty_ms,
            age_ms=float(max(0, self._clock() - self.offset.measured_ms)),
            drift_ms_per_hour=self.offset.drift_ms_per_hour,
        )

    async def _certain_now_ms(self, lane: Lane) -> int:
        """A moment that the exchange has certainly reached."""
        if self._ask_time:
            return await self.server_time_ms(lane)
        if not self.offset.is_known or self._clock() - self.offset.measured_ms > OFFSET_KEEP_MS:
            await self.clock_offset_ms()
        self._seen_ms = max(self._seen_ms, self.exchange_now_ms() - self.offset.uncertainty_ms - DRIFT_MS)
        return self._seen_ms

    # Symbols

    async def exchange_info(self) -> dict[str, SymbolRules]:
        """Rules of every perpetual against USDT that is open for trading, by symbol.

        The limits that the answer publishes are taken over by the request budget.
        """
        answer: ExchangeInfo = await self._transport.ask(
            weights.EXCHANGE_INFO, 1, None, ExchangeInfo, lane=Lane.CATCH_UP
        )
        self.budget.learn_limits(pool_rules(answer.rateLimits))
        self._entries = answer.symbols
        rules: dict[str, SymbolRules] = {}
        for entry in filter(is_tradable, answer.symbols):
            try:
                rules[entry.symbol] = rules_from_entry(entry)
            except (KeyError, TypeError, ArithmeticError, InvalidInputError) as error:
                logger.warning("Left out %s: its trading rules are incomplete (%r).", entry.symbol, error)
        return rules

    async def listings(self) -> list[Listing]:
        """Every symbol as the exchange lists it, with turnover and spread where the exchange tells them.

        States and contracts are those of the last `exchange_info`, which is asked for where there was none.
        """
        if not self._entries:
            await self.exchange_info()
        tickers: list[Ticker] = await self._transport.ask(
            weights.TICKER_24H, weights.ticker_24h_weight(None), None, list[Ticker], lane=Lane.CATCH_UP
        )
        books: list[BookTicker] = await self._transport.ask(
            weights.BOOK_TICKER, weights.book_ticker_weight(None), None, list[BookTicker], lane=Lane.CATCH_UP
        )
        by_symbol = {ticker.symbol: ticker for ticker in tickers}
        best = {book.symbol: book for book in books}
        return [
            listing_from_entry(entry, by_symbol.get(entry.symbol), best.get(entry.symbol)) for entry in self._entries
        ]

    # Candles

    async def klines(
        self,
        symbol: str,
        timeframe: Timeframe,
        *,
        start_ms: int | None = None,
        end_ms: int | None = None,
        limit: int = 500,
        lane: Lane = Lane.HISTORY,
    ) -> list[Candle]:
        """CLOSED candles, oldest first, whose open time lies in [start_ms, end_ms].

        With `start_ms` the first `limit` of them, else the newest `limit`. The bar that the exchange has not finished
        is never among them. Many are fetched in the pages that weigh least.
        """
        if limit <= 0:
            return []
        last_open_ms = timeframe.last_closed_open_ms(await self._closed_border_ms(timeframe, end_ms, lane))
        if end_ms is not None:
            last_open_ms = min(last_open_ms, timeframe.open_ms(end_ms))
        if start_ms is None:
            next_open_ms = max(0, last_open_ms - (limit - 1) * timeframe.ms)
        else:
            next_open_ms = timeframe.open_ms(start_ms + timeframe.ms - 1)
        candles: list[Candle] = []
        while next_open_ms <= last_open_ms and len(candles) < limit:
            wanted = weights.kline_pages(min(limit - len(candles), timeframe.bars_between(next_open_ms, last_open_ms)))[
                0
            ]
            page = await self._kline_page(symbol, timeframe, next_open_ms, last_open_ms, wanted, lane)
            candles.extend(page)
            if len(page) < wanted:
                break
            next_open_ms = timeframe.end_ms(page[-1].open_time_ms)
        return candles

    async def _closed_border_ms(self, timeframe: Timeframe, end_ms: int | None, lane: Lane) -> int:
        """A moment the exchange has passed and that decides which bars are closed; asks for it only where needed."""
        if end_ms is not None and timeframe.end_ms(timeframe.open_ms(end_ms)) <= self._seen_ms:
            return self._seen_ms
        return await self._certain_now_ms(lane)

    async def _kline_page(
        self, symbol: str, timeframe: Timeframe, first_open_ms: int, last_open_ms: int, count: int, lane: Lane
    ) -> list[Candle]:
        params: dict[str, str | int] = {
            "symbol": symbol,
            "interval": timeframe.code,
            "startTime": first_open_ms,
            "endTime": last_open_ms,
            "limit": count,
        }
        rows: list[KlineRow] = await self._transport.ask(
            weights.KLINES, weights.klines_weight(count), params, list[KlineRow], lane=lane
        )
        try:
            candles = [candle_from_row(row) for row in rows]
        except InvalidInputError as error:
            raise BadAnswer(f"The exchange sent an impossible candle of {symbol} {timeframe.code}. {error}") from error
        opens = [candle.open_time_ms for candle in candles]
        in_order = all(earlier < later for earlier, later in pairwise(opens))
        if not in_order or (opens and not first_open_ms <= opens[0] <= opens[-1] <= last_open_ms):
            raise BadAnswer(
                f"The exchange sent candles of {symbol} {timeframe.code} that are out of order or not the ones asked "
                "for. futtui does not use them and asks again later."
            )
        return candles

    # Prices and books

    async def depth(self, symbol: str, limit: int = 1000, *, lane: Lane = Lane.CATCH_UP) -> DepthSnapshot:
        """The book of `symbol`; `limit` is one of 5, 10, 20, 50, 100, 500, 1000 (else InvalidInputError)."""
        if limit not in weights.DEPTH_LIMITS:
            raise InvalidInputError(f"A book snapshot cannot have {limit} levels. Use one of {weights.DEPTH_LIMITS}.")
        answer: DepthAnswer = await self._transport.ask(
            weights.DEPTH, weights.depth_weight(limit), {"symbol": symbol, "limit": limit}, DepthAnswer, lane=lane
        )
        return DepthSnapshot(symbol, answer.lastUpdateId, answer.E, answer.bids, answer.asks, limit)

    async def open_interest(self, symbol: str, count: int, *, lane: Lane = Lane.STATISTICS) -> list[tuple[int, float]]:
        """(time in ms, open contracts) of the newest `count` periods of 5 minutes, oldest first; holes are possible."""
        rows: list[InterestRow] = await self._transport.ask(
            weights.OPEN_INTEREST_HISTORY,
            1,
            {"symbol": symbol, "period": "5m", "limit": count},
            list[InterestRow],
            lane=lane,
        )
        return sorted((row.timestamp, row.sumOpenInterest) for row in rows)

    async def premium_index(self, symbol: str | None = None, *, lane: Lane = Lane.CATCH_UP) -> list[MarkPriceMessage]:
        """Mark price and funding of one symbol, or of all."""
        params: dict[str, str | int] = {"symbol": symbol} if symbol else {}
        answer_type: Any = PremiumIndex if symbol else list[PremiumIndex]
        answer = await self._transport.ask(
            weights.PREMIUM_INDEX, weights.premium_index_weight(symbol), params, answer_type, lane=lane
        )
        entries: list[PremiumIndex] = [answer] if symbol else answer
        return [
            MarkPriceMessage(
                symbol=entry.symbol,
                event_time_ms=entry.time,
                mark_price=entry.markPrice,
                index_price=float(entry.indexPrice) if entry.indexPrice else None,
                funding_rate=float(entry.lastFundingRate) if entry.lastFundingRate else None,
                next_funding_ms=entry.nextFundingTime,
            )
            for entry in entries
        ]

    # Listen key of the account stream

    async def create_listen_key(self) -> str:
        """The key of the account stream; an active one is returned again and lives 60 minutes more."""
        answer: ListenKeyAnswer = await self._transport.ask(
            weights.CREATE_LISTEN_KEY, 1, None, ListenKeyAnswer, lane=Lane.PROTECT
        )
        if not answer.listenKey:
            raise BadAnswer("The exchange gave no key for the account stream. futtui asks again later.")
        return answer.listenKey

    async def keep_listen_key(self) -> None:
        """Prolongs the key by 60 minutes; raises Refused with code -1125 when it is gone."""
        await self._transport.ask(weights.KEEP_LISTEN_KEY, 1, lane=Lane.PROTECT)

    async def close(self) -> None:
        """Closes the connections; who waits for the budget is told so."""
        self.budget.close()
        await self._transport.close()
