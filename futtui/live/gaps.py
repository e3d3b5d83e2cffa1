"""Fills holes in the row of closed candles from the exchange's history; what the exchange lacks is never invented."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Awaitable, Callable

from futtui.domain.candle import Candle
from futtui.domain.effects import Say, Severity
from futtui.domain.errors import ExchangeError
from futtui.domain.gaps import GapClass
from futtui.exchange.ports import Lane
from futtui.live.gap_ledger import GapLedger
from futtui.live.loader import HistoryLoader
from futtui.live.second_look import CORRECTED, difference_words, differing
from futtui.live.sequencer import BASE, Close, Hole
from futtui.live.symbol_state import Phase, SymbolState

log = logging.getLogger(__name__)


class GapFiller:
    """Repairs one symbol at a time; while it works, new candles of that symbol wait in `buffered`."""

    def __init__(
        self,
        loader: HistoryLoader,
        add_close: Callable[[Close], None],
        say: Callable[[Say], None],
        reload: Callable[[SymbolState], Awaitable[None]],
        counts: Counter[str],
        ledger: GapLedger,
    ) -> None:
        self._loader = loader
        self._add_close = add_close
        self._say = say
        self._reload = reload
        self._counts = counts
        self._ledger = ledger

    @property
    def holes(self) -> int:
        """Holes that were found so far."""
        return self._counts["gaps"]

    @property
    def bars_filled(self) -> int:
        """Candles that were fetched to fill them."""
        return self._counts["gap_candles"]

    async def fill(self, state: SymbolState, hole: Hole) -> None:
        """Repair one hole; whatever happens, the symbol is ready afterwards or is tried again later."""
        try:
            await self._fill(state, hole)
        except Exception as error:
            log.exception("Filling a hole of %s failed inside futtui", state.symbol)
            state.try_later(Phase.NEW, f"a mistake in futtui ({type(error).__name__}); its history is loaded anew")

    async def _fill(self, state: SymbolState, hole: Hole) -> None:
        """Fetch the missing bars, feed them in order, then what was buffered meanwhile.

        If the exchange has no such bars but later ones, the symbol is loaded anew from behind the hole. If it has
        nothing newer yet, or cannot be asked now, the symbol stays in FILLING and is tried again later.
        """
        if state.failures == 0:
            self._counts["gaps"] += 1
        first_ms, last_ms, now_ms = hole.first_open_ms, hole.last_open_ms, hole.last_open_ms + BASE.ms
        self._ledger.found(state.symbol, BASE, first_ms, last_ms, now_ms, "did not come by stream")
        state.phase, state.reason = Phase.FILLING, ""
        try:
            fetched = await self._loader.fetch(state.symbol, BASE, first_ms, last_ms, _lane(hole))
        except ExchangeError as error:
            if state.phase is Phase.FILLING:
                self._wait(state, hole, f"candles are missing and the exchange cannot be asked now: {error}")
            return
        if state.phase is not Phase.FILLING:  # its history is being loaded anew meanwhile
            return
        self._compare(state, fetched, now_ms)
        bars = _with_late_arrivals(fetched, state.buffered, hole)
        self._ledger.came(state.symbol, BASE, [bar.open_time_ms for bar in bars], now_ms)
        missing = BASE.bars_between(hole.first_open_ms, hole.last_open_ms) - len(bars)
        newest_ms = max((bar.open_time_ms for bar in [*state.buffered, *bars]), default=hole.first_open_ms - BASE.ms)
        if missing > 0 and newest_ms >= hole.first_open_ms + len(bars) * BASE.ms:
            state.failures = 0
            self._ledger.not_there(state.symbol, BASE, first_ms, last_ms, now_ms, GapClass.NO_TRADES)
            text = f"the exchange itself has no {missing} of its 15-minute candles; history is loaded anew"
            self._say(Say(hole.last_open_ms + BASE.ms, "data", text, Severity.WARNING, state.symbol))
            await self._reload(state)
            return
        if bars:
            state.failures = 0
        if fetched:
            self._counts["gap_candles"] += len(fetched)
            text = f"{len(fetched)} missing 15-minute candle{'s' if len(fetched) != 1 else ''} filled from history"
            self._say(Say(hole.last_open_ms + BASE.ms, "data", text, Severity.INFO, state.symbol))
        self.feed(state, bars)
        if missing > 0:
            self._wait(state, hole, "the exchange has no newer candles yet")
            return
        state.phase = Phase.READY
        self.release(state)

    def _compare(self, state: SymbolState, fetched: list[Candle], now_ms: int) -> None:
        """Candles that came by stream and from history: history is right, and a difference is counted and told."""
        wrong = differing(state.buffered, fetched)
        if wrong:
            self._counts[CORRECTED] += len(wrong)
            text = difference_words(wrong)
            self._say(Say(now_ms, "data", text, Severity.WARNING, state.symbol))
            true = {bar.open_time_ms for bar, _ in wrong}
            state.buffered = [bar for bar in state.buffered if bar.open_time_ms not in true]

    def _wait(self, state: SymbolState, hole: Hole, reason: str) -> None:
        """Try again later, with growing pauses; the first time it is said."""
        if state.failures == 0:
            self._say(Say(hole.last_open_ms + BASE.ms, "data", reason, Severity.WARNING, state.symbol))
        state.try_later(Phase.FILLING, reason)

    def feed(self, state: SymbolState, candles: list[Candle]) -> None:
        """Give candles to the sequencer; those that follow on become closes."""
        for candle in candles:
            outcome = state.sequencer.accept(candle)
            if isinstance(outcome, Close):
                self._add_close(outcome)

    def release(self, state: SymbolState) -> None:
        """Hand over what was buffered; a hole inside the buffer is left to the next check."""
        buffered, state.buffered = state.buffered, []
        self.feed(state, sorted(buffered, key=lambda bar: bar.open_time_ms))


def _with_late_arrivals(fetched: list[Candle], buffered: list[Candle], hole: Hole) -> list[Candle]:
    """The fetched bars, and those of the hole that the stream brought while the exchange was asked."""
    known = {bar.open_time_ms: bar for bar in buffered if hole.first_open_ms <= bar.open_time_ms <= hole.last_open_ms}
    known |= {bar.open_time_ms: bar for bar in fetched}
    return [known[open_ms] for open_ms in sorted(known)]


def _lane(hole: Hole) -> Lane:
    """A single missing candle has just closed; several show that we were away."""
    return Lane.CLOSED_CANDLES if hole.first_open_ms == hole.last_open_ms else Lane.CATCH_UP
