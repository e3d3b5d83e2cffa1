"""Prices and candles of the market streams: to the brokers, to the desk, and closed ones to the analyzers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from futtui.domain.candle import Candle
from futtui.domain.timeframe import DAY_MS, MINUTE_MS, Timeframe
from futtui.exchange.ports import KlineMessage, MarkPriceMessage
from futtui.live.clock import steady_ms
from futtui.live.sequencer import BASE, Close, Hole
from futtui.live.symbol_state import Phase, SymbolState

if TYPE_CHECKING:
    from futtui.live.engine import Engine

LONGEST_JUMP_MS = 2 * DAY_MS
"""Between two messages of the market, even for a PC that slept; the watchdog asks for the time after a sleep."""


class MarketNews:
    """Takes each message once, in the order of its stream."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def on_mark(self, message: MarkPriceMessage) -> None:
        """A mark price and what funding will cost."""
        engine = self._engine
        if self._is_from_the_future(message.event_time_ms):
            return
        engine.blind.saw(message.event_time_ms)
        state = engine.states.get(message.symbol)
        if state is not None:
            state.on_mark(message, engine.parts.announce_funding)
            engine.parts.set_mark(message.symbol, message.mark_price)

    def on_kline(self, message: KlineMessage) -> None:
        """The running or the closed quarter hour of a symbol."""
        engine = self._engine
        state = engine.states.get(message.symbol)
        if state is None or message.timeframe is not Timeframe.M15 or self._is_from_the_future(message.event_time_ms):
            return
        engine.blind.saw(message.event_time_ms)
        engine.feed.on_payload(engine.clock.lateness_ms(message.event_time_ms))
        state.seen_at_ms = steady_ms()
        if message.forming is not None:
            engine.provisional.saw(message.symbol, message.forming)
        self._tell_price(state, message)
        if message.closed is not None and self._can_have_closed(message.closed):
            self.accept(state, message.closed)

    def _tell_price(self, state: SymbolState, message: KlineMessage) -> None:
        engine, bar = self._engine, message.closed or message.forming
        if bar is None:
            return
        if message.forming is not None:
            state.forming = message.forming
        old = engine.blind.is_old(message.event_time_ms, state.tracker.time_ms, engine.clock.now_ms())
        update = state.tracker.on_bar(bar.open_time_ms, bar.high, bar.low, bar.close, message.event_time_ms)
        if update is not None:
            engine.alerts.on_price(update, state.rules)
        if update is not None and state.phase is not Phase.NEW and state.phase is not Phase.LOADING:
            for broker in engine.runner.brokers.values():
                broker.on_price(update)
            engine.runner.submit(replace(update, late=True) if old else update)

    def accept(self, state: SymbolState, candle: Candle) -> None:
        """A closed quarter hour of a symbol, from whichever source, in whichever order."""
        engine = self._engine
        if state.phase is not Phase.READY:
            if state.phase is not Phase.DISABLED:
                state.buffered.append(candle)
            return
        outcome = state.sequencer.accept(candle)
        if isinstance(outcome, Close):
            engine.rounds.add(outcome)
        elif isinstance(outcome, Hole):
            state.buffered.append(candle)
            state.phase = Phase.FILLING
            engine.repair(state, outcome)
        else:
            engine.counts["duplicates"] += 1

    def _is_from_the_future(self, event_time_ms: int) -> bool:
        """Whether a message carries a time that cannot be; else the clock has taken note of it.

        Believing it would put our clock ahead, and the exchange refuses what is signed with a time to come.
        """
        clock = self._engine.clock
        if event_time_ms - clock.now_ms() <= LONGEST_JUMP_MS and clock.hear(event_time_ms):
            return False
        self._engine.counts["impossible_messages"] += 1
        return True

    def _can_have_closed(self, candle: Candle) -> bool:
        """Whether such a quarter hour can be over; one that cannot would look like a hole up to its time."""
        clock = self._engine.clock
        ahead_ms = BASE.end_ms(candle.open_time_ms) - clock.now_ms()
        if candle.open_time_ms % BASE.ms == 0 and ahead_ms <= MINUTE_MS * max(1.0, clock.speed):
            return True
        self._engine.counts["impossible_messages"] += 1
        return False
