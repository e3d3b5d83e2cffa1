"""A symbol that falls silent on a healthy feed: nobody trades it, or its stream is dead? The exchange is asked."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from futtui.domain.effects import Severity
from futtui.domain.errors import ExchangeError
from futtui.domain.timeframe import Timeframe
from futtui.exchange.ports import Lane
from futtui.live.clock import steady_ms
from futtui.live.symbol_state import Phase, SymbolState
from futtui.live.universe_watch import stream_of

if TYPE_CHECKING:
    from futtui.live.engine import Engine

log = logging.getLogger(__name__)

ASK_AGAIN_MS = 60_000.0
MINUTES = 99
"""Newest minutes that are looked at, at most: a request of weight 1."""


class SilentSymbols:
    """Asks about silent symbols, each at most once a minute of real time."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._next_ms: dict[str, float] = {}
        self._told: dict[str, str] = {}
        self._told_ms: dict[str, int] = {}

    def look(self) -> None:
        """Ask about every symbol that is silent while others are not; when all are, the connection is at fault."""
        engine, now_ms = self._engine, steady_ms()
        if not engine.feed.is_fresh:
            return
        for state in engine.states.values():
            if state.fresh or state.phase is Phase.DISABLED:
                self._next_ms.pop(state.symbol, None)
                if state.tracker.time_ms > self._told_ms.get(state.symbol, 0):
                    self._told.pop(state.symbol, None)
            elif now_ms >= self._next_ms.get(state.symbol, 0.0):
                self._next_ms[state.symbol] = now_ms + ASK_AGAIN_MS
                engine.ask_about(state)

    async def ask(self, state: SymbolState) -> None:
        """Whether anybody traded since the last news: then the stream is renewed, else the silence is in order."""
        engine, minute = self._engine, Timeframe.M1
        if engine.connection is None:
            return
        now_ms = engine.clock.now_ms()
        first_ms = max(minute.open_ms(state.tracker.time_ms) + minute.ms, minute.open_ms(now_ms) - MINUTES * minute.ms)
        try:
            bars = await engine.connection.market.klines(
                state.symbol, minute, start_ms=first_ms, limit=MINUTES, lane=Lane.CLOSED_CANDLES
            )
        except ExchangeError as error:
            log.info("The exchange could not be asked about the silent %s: %s", state.symbol, error)
            return
        if state.fresh or engine.connection is None:
            return
        if any(bar.volume > 0.0 for bar in bars):
            text = "its stream is silent although it is traded; the stream is asked for anew"
            self._tell(state, text, Severity.WARNING)
            await engine.connection.streams.revive([stream_of(state.symbol)])
        elif bars:
            state.seen_at_ms = steady_ms()
            self._tell(state, "nobody trades it at present; its silence is in order", Severity.INFO)

    def _tell(self, state: SymbolState, text: str, severity: Severity) -> None:
        """Say it to people, once until the stream brings something."""
        if self._told.get(state.symbol) != text:
            self._told[state.symbol], self._told_ms[state.symbol] = text, state.tracker.time_ms
            self._engine.say("feed", text, severity, state.symbol)
