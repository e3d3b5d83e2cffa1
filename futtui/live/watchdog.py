"""Looks around once a second: late candles, stale feeds, second tries, sleep of the PC; tells the desk the time."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from futtui.domain.effects import Severity
from futtui.domain.errors import ExchangeError, FuttuiError
from futtui.domain.events import Command, FeedState, LookAgain
from futtui.domain.snapshot import Sleep
from futtui.domain.timeframe import MINUTE_MS
from futtui.live.clock import steady_ms, wall_ms
from futtui.live.desk_journal import RecordedDesk
from futtui.live.sequencer import BASE, Hole
from futtui.live.symbol_state import Phase, SymbolState

if TYPE_CHECKING:
    from futtui.live.engine import Engine

log = logging.getLogger(__name__)

BEAT_S = 1.0
CLOSE_GRACE_S = 4.0
LOOKS_APART_MS = 15_000.0
"""So much must lie between two looks that the user asks for: each costs requests."""
PAUSE_LIMIT_MS = 20_000.0
"""A beat that took this much longer than it should, by either clock, means that the PC slept or its clock was set."""


class Watchdog:
    """Sees to it that nothing waits for a message that will never come."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._last_minute = 0
        self._told_trouble = ""
        self._is_journal_told = False
        self._started = False
        self._looked_ms: float | None = None

    def start(self) -> None:
        """Run beside the engine from now on, once; in lockstep its steps do what is done here."""
        if not self._started and not self._engine.settings.lockstep:
            self._started = True
            self._engine.spawn(self.run(), "watchdog")

    async def run(self) -> None:
        """Look around until cancelled."""
        while True:
            steady, wall, before_ms = steady_ms(), wall_ms(), self._engine.clock.now_ms()
            await asyncio.sleep(BEAT_S)
            try:
                await self._after_beat(steady_ms() - steady, wall_ms() - wall, before_ms)
            except Exception:
                log.exception("A look around failed; the next one follows")

    def obey(self, command: Command) -> str | None:
        """Carry out a command to compare everything with the exchange; None for any other. May raise FuttuiError."""
        if not isinstance(command, LookAgain):
            return None
        engine, now_ms = self._engine, steady_ms()
        if engine.connection is None or not engine.states:
            raise FuttuiError("The engine is still starting. Try again in a moment.")
        if self._looked_ms is not None and now_ms - self._looked_ms < LOOKS_APART_MS:
            raise FuttuiError("That was asked for a moment ago and is being done.")
        self._looked_ms = now_ms
        self.check_candles(self._closed_for_sure_ms(engine.clock.now_ms()), retry_now=True)
        engine.beside(self._resync_clock(), "time now")
        engine.renew_rules()
        if engine.live_broker is None or engine.account_watch is None:
            return "Time, candles and trading rules are compared with the exchange."
        engine.live_broker.look_at_all()
        engine.beside(engine.account_watch.try_look(), "account now")
        return "Time, candles, trading rules, orders and account are compared with the exchange."

    async def _after_beat(self, steady_passed_ms: float, wall_passed_ms: float, before_ms: int) -> None:
        """A beat is over. During sleep the steady clock of Windows runs on, that of Linux stands still."""
        late_ms = max(steady_passed_ms, wall_passed_ms) - BEAT_S * 1000.0
        if late_ms > PAUSE_LIMIT_MS:
            self._engine.pictures.slept = Sleep(before_ms, int(late_ms))
        if late_ms > PAUSE_LIMIT_MS or wall_passed_ms < -PAUSE_LIMIT_MS:
            jump_ms = late_ms if late_ms > PAUSE_LIMIT_MS else wall_passed_ms
            text = f"The PC slept or its clock jumped by {jump_ms / 1000:.0f} s. Time and candles are being checked."
            self._engine.say("engine", text, Severity.WARNING)
            await self._resync_clock()
        self.look(self._engine.clock.now_ms())

    def look(self, now_ms: int) -> None:
        """One round of checks at exchange time `now_ms`."""
        engine = self._engine
        if self._may_tell_time():
            self._tell_time(now_ms)
        for state in engine.feed.newly_changed(engine.states.values()):
            reason = "" if state.fresh else "no data from the exchange"
            engine.runner.submit(FeedState(now_ms, state.symbol, state.fresh, reason))
        engine.silent.look()
        self.check_candles(self._closed_for_sure_ms(now_ms))
        if engine.live_broker is not None:
            engine.live_broker.look_at_overdue()
        engine.kill_watch.look(now_ms)
        engine.self_watch.look()
        self._tell_trouble(engine.parts.store.trouble)
        self._tell_journal()

    def _closed_for_sure_ms(self, now_ms: int) -> int:
        """What closed before this should have come by now."""
        return now_ms - int(CLOSE_GRACE_S * 1000 * max(1.0, self._engine.clock.speed))

    def _may_tell_time(self) -> bool:
        """Whether the desk can act on time: it has prices, or an account for what is held on the exchange.

        While that account is being opened no stop can be confirmed: a position must not be closed for that.
        """
        engine = self._engine
        if engine.runner.desk.live_symbols:
            return not engine.real_account.is_awaited
        return bool(engine.states)

    def _tell_time(self, now_ms: int) -> None:
        engine = self._engine
        if now_ms // MINUTE_MS != self._last_minute:
            self._last_minute = now_ms // MINUTE_MS
            engine.tick(now_ms)
        elif engine.runner.desk.is_in_motion:
            engine.tick(now_ms)

    def _tell_trouble(self, trouble: str) -> None:
        """Say once that the database refuses to write, and once that it works again."""
        if bool(trouble) != bool(self._told_trouble):
            text = f"The database refuses to write: {trouble}. Check free space." if trouble else "It is written again."
            self._engine.say("database", text, Severity.ERROR if trouble else Severity.NOTICE)
        self._told_trouble = trouble

    def _tell_journal(self) -> None:
        """Say once that what is decided is not written down any more."""
        desk = self._engine.runner.desk
        trouble = desk.journal_trouble if isinstance(desk, RecordedDesk) else ""
        if not trouble or self._is_journal_told:
            return
        self._is_journal_told = True
        text = (
            f"The journal of this run broke off: {trouble}. Trading goes on; what is decided from now on is not "
            "recorded for `futtui replay`. Check free space, then start futtui again."
        )
        self._engine.say("engine", text, Severity.ERROR)

    def check_candles(self, due_ms: int, *, retry_now: bool = False) -> None:
        """Repair every symbol that lacks a candle closed by `due_ms`; `retry_now` does not wait for second tries."""
        lost = self._engine.parts.analyzers.lost_symbols()
        fresh_losses = 0
        for state in self._engine.states.values():
            if retry_now and state.next_try_ms:
                state.next_try_ms = steady_ms()
            if state.phase is Phase.READY and state.symbol in lost:
                fresh_losses += 1
                self._engine.rounds.set_aside(state, "the process that analysed it ended")
            self._check(state, due_ms)
        if fresh_losses:
            text = f"An analysis process ended by itself and was started again. Symbols that load anew: {fresh_losses}."
            self._engine.say("engine", text, Severity.WARNING)

    def _check(self, state: SymbolState, now_ms: int) -> None:
        engine = self._engine
        last = state.sequencer.last_open_ms
        if state.phase is Phase.READY and last is not None:
            due = BASE.last_closed_open_ms(now_ms)
            if due > last:
                state.phase = Phase.FILLING
                engine.repair(state, Hole(state.symbol, last + BASE.ms, due))
        elif state.next_try_ms and steady_ms() >= state.next_try_ms:
            state.next_try_ms = 0.0
            if state.phase is Phase.FILLING and last is not None:
                due = BASE.last_closed_open_ms(now_ms)
                engine.repair(state, Hole(state.symbol, last + BASE.ms, due))
            elif state.phase is Phase.NEW:
                engine.reload(state)

    async def _resync_clock(self) -> None:
        connection = self._engine.connection
        if connection is None:
            return
        try:
            await self._engine.clock.resync(connection.market.server_time_ms)
            await self._engine.clock_watch.measure()
        except ExchangeError as error:  # after a sleep the network is often not back yet; streams bring the time too
            log.warning("The exchange's time could not be asked after a pause: %s", error)
