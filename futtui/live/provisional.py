"""Closes a quarter hour by our own clock when its final message is late; the exchange then confirms or corrects it.

A provisional candle is the bar as the stream showed it last. It is for people only: nothing is analysed, stored or
decided with it, because a decision on trades that were still missing cannot be taken back. What it brings is that the
exchange is asked for the true candle a second after the close, and a record of how far the stream was off.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from futtui.domain.candle import Candle, FormingCandle
from futtui.domain.effects import Severity
from futtui.live.second_look import differences
from futtui.live.sequencer import BASE, Close, Hole
from futtui.live.symbol_state import Phase, SymbolState

if TYPE_CHECKING:
    from futtui.live.engine import Engine

log = logging.getLogger(__name__)

GRACE_MS = 300
"""How long after the close the final message may come, on the exchange's clock."""
ASK_AFTER_MS = 1_000
"""How long after the close the exchange is asked for a candle that has not come by stream."""
LOOK_S = 0.2
"""Pause between two looks while a provisional candle waits for the exchange's word, in real seconds."""
LONGEST_PAUSE_S = 1.0
CLOSED, CONFIRMED, PROVISIONAL_CORRECTED = "provisional", "provisional_confirmed", "provisional_corrected"
PRICES = ("open", "high", "low", "close")


@dataclass(slots=True)
class Provisional:
    """A bar closed by our own clock; `seen` is None when the stream showed nothing of it."""

    open_ms: int
    seen: Candle | None
    asked: bool = False


class ProvisionalCloses:
    """Knows the running bar of every symbol, and which bars ended without the exchange's final message."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._running: dict[str, FormingCandle] = {}
        self._ended: dict[str, FormingCandle] = {}
        self._waiting: dict[str, Provisional] = {}

    def saw(self, symbol: str, bar: FormingCandle) -> None:
        """Take note of a running bar; an older look at it than the newest is ignored."""
        known = self._running.get(symbol)
        if known is not None:
            if bar.event_time_ms < known.event_time_ms:
                return
            if bar.open_time_ms > known.open_time_ms:
                self._ended[symbol] = known
        self._running[symbol] = bar

    def candle(self, symbol: str) -> Candle | None:
        """The provisional candle of a symbol that waits for the exchange's word; None while there is none."""
        waiting = self._waiting.get(symbol)
        return None if waiting is None else waiting.seen

    async def run(self) -> None:
        """Look right after every close, and often while something waits, until cancelled."""
        while True:
            await asyncio.sleep(self._pause_s())
            try:
                self.look(self._engine.clock.now_ms())
            except Exception:
                log.exception("A look for late candles failed; the next one follows")

    def look(self, now_ms: int) -> None:
        """Close what is late by our own clock; ask the exchange for what is very late."""
        speed = max(1.0, self._engine.clock.speed)
        ended_ms = BASE.last_closed_open_ms(now_ms - int(GRACE_MS * speed))
        late_ms = now_ms - BASE.end_ms(ended_ms)
        for symbol in self._running.keys() - self._engine.states.keys():
            self.forget(symbol)
        for state in self._engine.states.values():
            last_ms = state.sequencer.last_open_ms
            waiting = self._waiting.get(state.symbol)
            if waiting is not None and last_ms is not None and last_ms >= waiting.open_ms:
                self._end(state)  # its history was loaded anew meanwhile
                waiting = None
            if waiting is not None and state.phase is not Phase.READY:
                waiting.asked = True  # by the watchdog, or because a later candle came first
            if state.phase is not Phase.READY or last_ms is None or last_ms + BASE.ms != ended_ms:
                continue  # several bars missing: we were away, which is the watchdog's matter
            if waiting is None:
                self._close(state, ended_ms)
            elif not waiting.asked and late_ms >= ASK_AFTER_MS * speed:
                waiting.asked = True
                state.phase = Phase.FILLING
                self._engine.repair(state, Hole(state.symbol, ended_ms, ended_ms))

    def settle(self, close: Close) -> None:
        """The exchange's own candle is here: it confirms or corrects the provisional one of the same bar."""
        waiting = self._waiting.get(close.symbol)
        true = close.bars[-1][1]
        if waiting is None or true.open_time_ms < waiting.open_ms:
            return
        state = self._engine.states.get(close.symbol)
        if state is not None:
            self._end(state)
        if waiting.seen is not None and true.open_time_ms == waiting.open_ms:
            self._judge(close.symbol, waiting.seen, true)

    def forget(self, symbol: str) -> None:
        """A symbol is not watched any more."""
        for kept in (self._running, self._ended, self._waiting):
            kept.pop(symbol, None)

    def _close(self, state: SymbolState, open_ms: int) -> None:
        seen = next((bar for bar in self._looks(state.symbol) if bar.open_time_ms == open_ms), None)
        candle = None if seen is None else Candle(open_ms, seen.open, seen.high, seen.low, seen.close, seen.volume)
        self._waiting[state.symbol] = Provisional(open_ms, candle)
        if candle is not None:
            state.unconfirmed_ms = open_ms
            self._engine.counts[CLOSED] += 1

    def _looks(self, symbol: str) -> list[FormingCandle]:
        return [kept[symbol] for kept in (self._running, self._ended) if symbol in kept]

    def _end(self, state: SymbolState) -> None:
        self._waiting.pop(state.symbol, None)
        state.unconfirmed_ms = None

    def _judge(self, symbol: str, seen: Candle, true: Candle) -> None:
        """Count and write down what the exchange said; people are told when a price was another."""
        wrong = differences(seen, true)
        self._engine.counts[PROVISIONAL_CORRECTED if wrong else CONFIRMED] += 1
        if not wrong:
            log.info("%s 15m %d: the provisional candle is confirmed", symbol, true.open_time_ms)
            return
        log.warning("%s 15m %d: the provisional candle is corrected: %s", symbol, true.open_time_ms, ", ".join(wrong))
        prices = [words for words in wrong if words.startswith(PRICES)]
        if prices:
            text = f"the final candle came late and differs from what the stream showed last ({', '.join(prices)})"
            self._engine.say("data", text, Severity.NOTICE, symbol)

    def _pause_s(self) -> float:
        """Real seconds to the next look."""
        if any(not waiting.asked for waiting in self._waiting.values()):
            return LOOK_S
        clock = self._engine.clock
        speed, now_ms = max(1.0, clock.speed), clock.now_ms()
        grace_ms = int(GRACE_MS * speed)
        due_ms = BASE.end_ms(BASE.open_ms(now_ms - grace_ms)) + grace_ms
        return min(LONGEST_PAUSE_S, max(0.01, (due_ms - now_ms) / speed / 1000.0))
