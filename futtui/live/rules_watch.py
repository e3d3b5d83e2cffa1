"""Asks for the trading rules now and then: steps and ticks change, symbols are taken off the exchange and come back."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING

from futtui.domain.effects import Severity
from futtui.domain.errors import ExchangeError
from futtui.domain.events import TradingStopped
from futtui.domain.symbols import SymbolRules
from futtui.domain.timeframe import HOUR_MS
from futtui.live.symbol_state import Phase, SymbolState

if TYPE_CHECKING:
    from futtui.live.engine import Engine
    from futtui.live.universe_watch import UniverseWatch

log = logging.getLogger(__name__)

PAUSE_S = 900.0
SOONEST_MS = 10_000
ROUNDS_A_CHOICE = 4
"""Which symbols are worth watching is judged once an hour."""


class RulesWatch:
    """Keeps the rules of the watched symbols up to date, and switches off what is not traded any more."""

    def __init__(self, engine: Engine, universe: UniverseWatch | None = None, pause_s: float = PAUSE_S) -> None:
        self._engine = engine
        self._universe = universe
        self._pause_s = pause_s
        self._rounds = 0
        self._asked_ms = 0

    async def run(self) -> None:
        """Ask until cancelled."""
        while True:
            await asyncio.sleep(self._pause_s)
            self._rounds += 1
            await self.try_look()

    def ask_soon(self) -> None:
        """Ask at once: an order did not fit the rules that we know. Not more often than every few seconds."""
        now_ms = self._engine.clock.now_ms()
        if now_ms - self._asked_ms >= SOONEST_MS:
            self._asked_ms = now_ms
            self._engine.renew_rules()

    async def try_look(self) -> None:
        """Ask; when that fails the known rules stay."""
        try:
            await self.look()
        except ExchangeError as error:
            log.warning("The trading rules could not be asked; the known ones stay: %s", error)
        except Exception:
            log.exception("New trading rules could not be taken over; the known ones stay")

    async def look(self) -> None:
        """Ask once, and when an hour is over which symbols are worth watching. Raises ExchangeError."""
        connection = self._engine.connection
        if connection is None:
            return
        rules = await connection.market.exchange_info()
        self.take(rules)
        if self._universe is not None and self._rounds >= ROUNDS_A_CHOICE:
            self._rounds = 0
            await self._universe.look(rules)

    def take(self, rules: Mapping[str, SymbolRules]) -> None:
        """Compare with what is known. An answer without any of our symbols is not believed."""
        states = self._engine.states
        if not rules.keys() & states.keys():
            log.warning("The exchange's list holds none of the watched symbols; the known rules stay")
            return
        for state in list(states.values()):
            found = rules.get(state.symbol)
            if found is None:
                self._switch_off(state)
                continue
            if found != state.rules:
                state.take_rules(found)
                self._engine.tell_rules(found)
                self._say(state, "the exchange changed its trading rules", Severity.INFO)
                if found.ends_ms is not None:
                    hours = (found.ends_ms - self._engine.clock.now_ms()) / HOUR_MS
                    text = f"the exchange ends this contract in {hours:.1f} hours; no new trades on it"
                    self._say(state, text, Severity.WARNING)
            if state.phase is Phase.DISABLED:
                self._engine.tell_rules(found)
                state.failures = 0
                state.try_now(Phase.NEW, "")
                self._say(state, "it is traded again on the exchange; its history is loaded", Severity.NOTICE)

    def _switch_off(self, state: SymbolState) -> None:
        if state.phase is not Phase.DISABLED:
            state.phase, state.reason, state.next_try_ms = Phase.DISABLED, "", 0.0
            state.buffered.clear()
            self._engine.runner.submit(TradingStopped(self._engine.clock.now_ms(), state.symbol))
            self._say(state, "it is not traded on the exchange now; no new trades on it", Severity.WARNING)

    def _say(self, state: SymbolState, text: str, severity: Severity) -> None:
        self._engine.say("data", text, severity, state.symbol)
