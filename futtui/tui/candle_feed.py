"""The candles behind a chart: asks the engine for them, keeps what came, asks for older and newer ones when needed."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from dataclasses import replace

from futtui.domain.candle import Candle, FormingCandle
from futtui.domain.candle_series import CandleSeries
from futtui.domain.errors import FuttuiError
from futtui.domain.timeframe import DAY_MS, Timeframe
from futtui.tui.engine_port import EnginePort
from futtui.tui.paint.view import View
from futtui.tui.words import word

FIRST_CANDLES = 600
OLDER_CANDLES = 600
MOST_KEPT = 6_000
"""Older ones are not loaded any more: memory has a bound."""
RETRY_BEATS = 5
"""A close that is not in the database yet is asked for again after so many beats."""
BASE = Timeframe.M15


class CandleFeed:
    """One symbol and timeframe at a time. `look` is called on each beat and never waits.

    `on_answer` is called, from any thread, when candles came after `look` was done: they need not wait for a beat.
    """

    def __init__(self, engine: EnginePort, on_answer: Callable[[], object] = lambda: None) -> None:
        self._engine = engine
        self._on_answer = on_answer
        self.series = CandleSeries("", BASE)
        self.trouble = ""
        self._key = ("", BASE)
        self._newest: Future[CandleSeries] | None = None
        self._older: Future[CandleSeries] | None = None
        self._quarters: Future[CandleSeries] | None = None
        self._base: tuple[Candle, ...] = ()
        self._came = False
        self._wait = 0

    @property
    def is_loading(self) -> bool:
        """Whether the first candles have not come yet."""
        return not self._came and not self.trouble

    @property
    def is_loading_older(self) -> bool:
        """Whether older candles are on their way."""
        return self._older is not None

    @property
    def at_the_oldest(self) -> bool:
        """Whether there is nothing older to get."""
        return self._came and (self.series.is_oldest or len(self.series.candles) >= MOST_KEPT)

    def show(self, symbol: str, timeframe: Timeframe) -> None:
        """Begins anew with another symbol or timeframe."""
        if (symbol, timeframe) == self._key:
            return
        self._key = (symbol, timeframe)
        self.series = CandleSeries(symbol, timeframe)
        self.trouble, self._came, self._wait = "", False, 0
        self._newest = self._older = self._quarters = None
        self._base = ()

    def want_older(self) -> None:
        """Asks for candles before the first one, unless that is under way or useless."""
        if self._older is None and self.series.candles and not self.at_the_oldest:
            symbol, timeframe = self._key
            first_ms = self.series.candles[0].open_time_ms
            self._older = self._ask(symbol, timeframe, OLDER_CANDLES, first_ms)

    def look(self, view: View) -> None:
        """Takes what came and asks for what is missing."""
        self._take()
        self._wait -= 1
        if self._newest is None and self._wait <= 0 and self._is_behind(view):
            symbol, timeframe = self._key
            self._wait = RETRY_BEATS
            self._newest = self._ask(symbol, timeframe, self._missing(view))
            if timeframe is not BASE:
                self._quarters = self._engine.candles(symbol, BASE, DAY_MS // BASE.ms)
            self._take()

    def _ask(self, symbol: str, timeframe: Timeframe, limit: int, before_ms: int | None = None) -> Future[CandleSeries]:
        future = self._engine.candles(symbol, timeframe, limit, before_ms)
        if not future.done():
            future.add_done_callback(lambda _: self._on_answer())
        return future

    def _is_behind(self, view: View) -> bool:
        if not self._key[0]:
            return False
        candles = self.series.candles
        return not candles or view.now_ms >= self._due_ms()

    def _due_ms(self) -> int:
        """When the next close is due: of the candles, or of the quarter hours that the open one is made of."""
        timeframe = self._key[1]
        due_ms = self.series.candles[-1].open_time_ms + 2 * timeframe.ms
        if timeframe is not BASE and self._base:
            due_ms = min(due_ms, self._base[-1].open_time_ms + 2 * BASE.ms)
        return due_ms

    def _missing(self, view: View) -> int:
        candles, timeframe = self.series.candles, self._key[1]
        if not candles:
            return FIRST_CANDLES
        return max(3, min(FIRST_CANDLES, (view.now_ms - candles[-1].open_time_ms) // timeframe.ms + 2))

    def _take(self) -> None:
        newest, self._newest = _result(self._newest)
        older, self._older = _result(self._older)
        quarters, self._quarters = _result(self._quarters)
        if isinstance(newest, str):
            self.trouble = "" if self.series.candles else newest
        elif newest is not None:
            self.trouble, self._came = "", True
            self._join(newest)
        if isinstance(older, CandleSeries):
            self.series = joined(older, self.series)
            if not older.candles:
                self.series = replace(self.series, is_oldest=True)
        if isinstance(quarters, CandleSeries):
            self._base = quarters.candles

    def _join(self, newest: CandleSeries) -> None:
        held = self.series
        if (
            held.candles
            and newest.candles
            and newest.candles[0].open_time_ms > held.candles[-1].open_time_ms + (held.timeframe.ms)
        ):
            held = CandleSeries(held.symbol, held.timeframe)  # away for long: a hole in between would mislead
        self.series = joined(held, newest)

    def forming(self, view: View) -> Candle | None:
        """The candle that is still open, for display only: the quarter hour as seen, with those before it added."""
        symbol, timeframe = self._key
        seen = view.snapshot.forming.get(symbol)
        if seen is None:
            return None
        open_ms = timeframe.open_ms(seen.open_time_ms)
        candles = self.series.candles
        if candles and open_ms <= candles[-1].open_time_ms:
            return None
        if timeframe is BASE:
            return _as_candle(open_ms, [], seen)
        parts = [candle for candle in self._base if open_ms <= candle.open_time_ms < seen.open_time_ms]
        return _as_candle(open_ms, parts, seen)


def _as_candle(open_ms: int, parts: list[Candle], seen: FormingCandle) -> Candle:
    return Candle(
        open_ms,
        parts[0].open if parts else seen.open,
        max((seen.high, *(part.high for part in parts))),
        min((seen.low, *(part.low for part in parts))),
        seen.close,
        seen.volume + sum(part.volume for part in parts),
    )


def joined(first: CandleSeries, second: CandleSeries) -> CandleSeries:
    """Both in one row, each candle once; where both have a candle, `second` is believed."""
    if not first.candles:
        return second if second.candles else first
    if not second.candles:
        return first
    begin_ms = second.candles[0].open_time_ms
    kept = sum(candle.open_time_ms < begin_ms for candle in first.candles)
    drop = max(0, kept + len(second.candles) - MOST_KEPT) if kept > len(second.candles) else 0
    return CandleSeries(
        second.symbol,
        second.timeframe,
        first.candles[drop:kept] + second.candles,
        first.daily_vwap[drop:kept] + second.daily_vwap,
        first.weekly_vwap[drop:kept] + second.weekly_vwap,
        is_oldest=first.is_oldest,
    )


def _result(future: Future[CandleSeries] | None) -> tuple[CandleSeries | str | None, Future[CandleSeries] | None]:
    """What came (candles, or a sentence why not), and the future if it still runs."""
    if future is None or not future.done():
        return None, future
    try:
        return future.result(), None
    except FuttuiError as error:
        return str(error), None
    except (CancelledError, Exception):  # whatever it was is in the log; the chart says that nothing came
        return word("command.lost"), None
