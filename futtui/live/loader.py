"""Loads the history of a symbol: what the database has, and from the exchange only what is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from futtui.domain.candle import Candle
from futtui.domain.timeframe import ANALYSIS_TIMEFRAMES, Timeframe
from futtui.exchange.binance.weights import kline_pages
from futtui.exchange.ports import Lane, MarketDataPort
from futtui.live.candle_ranges import Range, joined_ranges, missing_ranges, put_together
from futtui.live.sequencer import BASE, SENIORS, newest_run
from futtui.live.settings import HistorySettings


def _no_news() -> None:
    """Nobody wants to know that a page came."""


def _no_voids(symbol: str, timeframe: Timeframe) -> Iterable[Range]:
    """Nothing is known that the exchange does not have."""
    return ()


class CandleStore(Protocol):
    """The part of the database that the loader needs."""

    async def load_candles(self, symbol: str, timeframe: Timeframe, limit: int) -> list[Candle]: ...

    def submit_candles(self, symbol: str, timeframe: Timeframe, candles: Sequence[Candle]) -> None: ...


class HistoryLoader:
    """Brings the closed bars of one symbol up to the exchange's present.

    Quarter hours come from the database, and those that it lacks from the exchange. Longer bars that it lacks are put
    together from quarter hours where all of them are there; only what is older is asked for. So a restart costs one
    small request a symbol, and a page that came before something failed is never asked for again. `voids` tells the
    ranges that the exchange itself does not have; they are not asked for.
    """

    def __init__(
        self,
        market: MarketDataPort,
        store: CandleStore,
        settings: HistorySettings,
        voids: Callable[[str, Timeframe], Iterable[Range]] = _no_voids,
    ) -> None:
        self._market = market
        self._store = store
        self._settings = settings
        self.voids = voids
        self.bars_asked = 0

    async def load(
        self,
        symbol: str,
        now_ms: int,
        *,
        listed_ms: int = 0,
        lane: Lane = Lane.HISTORY,
        on_page: Callable[[], None] = _no_news,
    ) -> dict[Timeframe, list[Candle]]:
        """Unbroken closed bars of every analysis timeframe, oldest first, up to the last close before `now_ms`.

        `listed_ms`: since when the symbol is traded; nothing older is asked for. `on_page` is called after every
        answer of the exchange. Raises ExchangeError when it cannot be asked.
        """
        span = _Span(symbol, now_ms, listed_ms, lane, on_page)
        base = await self._complete(span, BASE, ())
        seniors = {frame: await self._complete(span, frame, base) for frame in SENIORS}
        history = {**seniors, BASE: base}
        return {
            frame: newest_run(history[frame], frame)[-self._settings.bars(frame) :] for frame in ANALYSIS_TIMEFRAMES
        }

    async def _complete(self, span: _Span, timeframe: Timeframe, base: Sequence[Candle]) -> list[Candle]:
        """All there is of one timeframe, ascending; holes that the exchange itself has stay holes."""
        last_ms = timeframe.last_closed_open_ms(span.now_ms)
        wanted = self._settings.bars(timeframe)
        first_ms = max(last_ms - (wanted - 1) * timeframe.ms, timeframe.open_ms(span.listed_ms))
        stored = await self._store.load_candles(span.symbol, timeframe, wanted)
        bars = {bar.open_time_ms: bar for bar in stored if first_ms <= bar.open_time_ms <= last_ms}
        voids = self.voids(span.symbol, timeframe)
        nowhere = {open_ms for first, last in voids for open_ms in range(first, last + 1, timeframe.ms)}
        missing = missing_ranges(sorted({*bars, *nowhere}), timeframe, first_ms, last_ms)
        if base and missing:
            made = put_together(base, timeframe, missing)
            self.keep(span.symbol, timeframe, made)
            bars |= {bar.open_time_ms: bar for bar in made}
            missing = missing_ranges(sorted({*bars, *nowhere}), timeframe, first_ms, last_ms)
        for first_missing_ms, last_missing_ms in joined_ranges(missing, timeframe):
            fetched = await self.fetch(
                span.symbol, timeframe, first_missing_ms, last_missing_ms, span.lane, on_page=span.on_page
            )
            bars |= {bar.open_time_ms: bar for bar in fetched}
        return [bars[open_ms] for open_ms in sorted(bars)]

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
        *,
        on_page: Callable[[], None] = _no_news,
    ) -> list[Candle]:
        """Closed bars from first to last open time (both included) as far as the exchange has them; stored too.

        They come in the pages that weigh least; each is stored when it is here. `lane` says how urgent they are while
        the request budget is short.
        """
        bars: list[Candle] = []
        start_ms = first_open_ms
        while start_ms <= last_open_ms:
            count = kline_pages(timeframe.bars_between(start_ms, last_open_ms))[0]
            page = await self._market.klines(
                symbol, timeframe, start_ms=start_ms, end_ms=last_open_ms + timeframe.ms - 1, limit=count, lane=lane
            )
            self.bars_asked += count
            on_page()
            page = [bar for bar in page if start_ms <= bar.open_time_ms <= last_open_ms]
            self.keep(symbol, timeframe, page)
            bars.extend(page)
            if len(page) < count:
                break
            start_ms = page[-1].open_time_ms + timeframe.ms
        return bars


@dataclass(frozen=True, slots=True)
class _Span:
    """What one loading is about."""

    symbol: str
    now_ms: int
    listed_ms: int
    lane: Lane
    on_page: Callable[[], None]
