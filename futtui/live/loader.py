"""Loads the history of a symbol: what the database has, and from the exchange only what is missing."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Protocol

from futtui.domain.candle import Candle
from futtui.domain.timeframe import ANALYSIS_TIMEFRAMES, Timeframe
from futtui.exchange.ports import Lane, MarketDataPort
from futtui.live.sequencer import newest_run
from futtui.live.settings import HistorySettings

log = logging.getLogger(__name__)

MAX_PAGE = 1500


class CandleStore(Protocol):
    """The part of the database that the loader needs."""

    async def load_candles(self, symbol: str, timeframe: Timeframe, limit: int) -> list[Candle]: ...

    def submit_candles(self, symbol: str, timeframe: Timeframe, candles: Sequence[Candle]) -> None: ...


class HistoryLoader:
    """Brings the closed bars of one symbol up to the exchange's present."""

    def __init__(self, market: MarketDataPort, store: CandleStore, settings: HistorySettings) -> None:
        self._market = market
        self._store = store
        self._settings = settings
        self.bars_asked = 0

    async def load(self, symbol: str, now_ms: int) -> dict[Timeframe, list[Candle]]:
        """Unbroken closed bars of every analysis timeframe, oldest first, up to the last close before `now_ms`."""
        return {frame: await self._load_frame(symbol, frame, now_ms) for frame in ANALYSIS_TIMEFRAMES}

    async def _load_frame(self, symbol: str, timeframe: Timeframe, now_ms: int) -> list[Candle]:
        wanted = self._settings.bars(timeframe)
        last_open_ms = timeframe.last_closed_open_ms(now_ms)
        first_open_ms = last_open_ms - (wanted - 1) * timeframe.ms
        stored = [
            bar for bar in await self._store.load_candles(symbol, timeframe, wanted) if bar.open_time_ms <= last_open_ms
        ]
        stored = newest_run(stored, timeframe)
        covers_start = bool(stored) and stored[0].open_time_ms <= first_open_ms
        start_ms = stored[-1].open_time_ms + timeframe.ms if covers_start else first_open_ms
        if start_ms > last_open_ms:
            return stored[-wanted:]
        fetched = await self.fetch(symbol, timeframe, start_ms, last_open_ms)
        return newest_run([*(stored if covers_start else []), *fetched], timeframe)[-wanted:]

    def keep(self, symbol: str, timeframe: Timeframe, candles: Sequence[Candle]) -> None:
        """Store candles that came another way."""
        if candles:
            self._store.submit_candles(symbol, timeframe, candles)

    async def fetch(
        self,
        symbol: str,
        timeframe: Timeframe,
        first_open_ms: int,
        last_open_ms: int,
        lane: Lane = Lane.HISTORY,
    ) -> list[Candle]:
        """Closed bars from first to last open time (both included) as far as the exchange has them; stored too.

        `lane` says how urgent they are while the request budget is short.
        """
        bars: list[Candle] = []
        start_ms = first_open_ms
        while start_ms <= last_open_ms:
            count = min(timeframe.bars_between(start_ms, last_open_ms), MAX_PAGE)
            page = await self._market.klines(
                symbol, timeframe, start_ms=start_ms, end_ms=last_open_ms + timeframe.ms - 1, limit=count, lane=lane
            )
            self.bars_asked += count
            page = [bar for bar in page if start_ms <= bar.open_time_ms <= last_open_ms]
            if not page:
                break
            bars.extend(page)
            start_ms = page[-1].open_time_ms + timeframe.ms
        if bars:
            self._store.submit_candles(symbol, timeframe, bars)
        return bars
