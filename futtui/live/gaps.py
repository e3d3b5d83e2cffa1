"""Fills holes in the row of closed candles from the exchange's history; what the exchange lacks is never invented."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from futtui.domain.candle import Candle
from futtui.domain.effects import Say, Severity
from futtui.domain.errors import ExchangeError
from futtui.live.clock import steady_ms
from futtui.live.loader import HistoryLoader
from futtui.live.sequencer import BASE, Close, Hole
from futtui.live.symbol_state import Phase, SymbolState

log = logging.getLogger(__name__)

RETRY_MS = (2_000.0, 5_000.0, 15_000.0, 60_000.0)


class GapFiller:
    """Repairs one symbol at a time; while it works, new candles of that symbol wait in `buffered`."""

    def __init__(
        self,
        loader: HistoryLoader,
        add_close: Callable[[Close], None],
        say: Callable[[Say], None],
        reload: Callable[[SymbolState], Awaitable[None]],
    ) -> None:
        self._loader = loader
        self._add_close = add_close
        self._say = say
        self._reload = reload
        self.holes = 0
        self.bars_filled = 0

    async def fill(self, state: SymbolState, hole: Hole) -> None:
        """Fetch the missing bars, feed them in order, then what was buffered meanwhile.

        If the exchange has no such bars but later ones, the symbol is loaded anew from behind the hole. If it has
        nothing newer yet, or cannot be asked now, the symbol stays in FILLING and is tried again later.
        """
        if state.failures == 0:
            self.holes += 1
        state.phase, state.reason = Phase.FILLING, ""
        try:
            bars = await self._loader.fetch(state.symbol, BASE, hole.first_open_ms, hole.last_open_ms)
        except ExchangeError as error:
            if state.phase is Phase.FILLING:
                self._wait(state, hole, f"candles are missing and the exchange cannot be asked now: {error}")
            return
        if state.phase is not Phase.FILLING:  # its history is being loaded anew meanwhile
            return
        missing = BASE.bars_between(hole.first_open_ms, hole.last_open_ms) - len(bars)
        newest_ms = max((bar.open_time_ms for bar in [*state.buffered, *bars]), default=hole.first_open_ms - BASE.ms)
        if missing > 0 and newest_ms >= hole.first_open_ms + len(bars) * BASE.ms:
            state.failures = 0
            text = f"the exchange itself has no {missing} of its 15-minute candles; history is loaded anew"
            self._say(Say(hole.last_open_ms + BASE.ms, "data", text, Severity.WARNING, state.symbol))
            await self._reload(state)
            return
        if bars:
            state.failures = 0
            self.bars_filled += len(bars)
            text = f"{len(bars)} missing 15-minute candle{'s' if len(bars) != 1 else ''} filled from history"
            self._say(Say(hole.last_open_ms + BASE.ms, "data", text, Severity.INFO, state.symbol))
        self.feed(state, bars)
        if missing > 0:
            self._wait(state, hole, "the exchange has no newer candles yet")
            return
        state.phase = Phase.READY
        self.release(state)

    def _wait(self, state: SymbolState, hole: Hole, reason: str) -> None:
        """Try again later, with growing pauses; the first time it is said."""
        state.next_try_ms = steady_ms() + RETRY_MS[min(state.failures, len(RETRY_MS) - 1)]
        if state.failures == 0:
            self._say(Say(hole.last_open_ms + BASE.ms, "data", reason, Severity.WARNING, state.symbol))
        state.failures += 1
        state.reason = reason

    def feed(self, state: SymbolState, candles: list[Candle]) -> None:
        """Give candles to the sequencer; those that follow on become closes."""
        for candle in candles:
            outcome = state.sequencer.accept(candle)
            if isinstance(outcome, Close):
                self._add_close(outcome)

    def release(self, state: SymbolState) -> None:
        """Hand over what was buffered; a hole inside the buffer is left to the next check."""
        buffered, state.buffered = state.buffered, []
        self._loader.keep(state.symbol, BASE, buffered)
        self.feed(state, sorted(buffered, key=lambda bar: bar.open_time_ms))
