"""Asks for the trading rules now and then: steps and ticks change, symbols are taken off the exchange and come back."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from futtui.domain.effects import Severity
from futtui.domain.errors import ExchangeError
from futtui.domain.events import TradingStopped
from futtui.domain.symbols import LeverageTier, SymbolRules
from futtui.domain.timeframe import HOUR_MS
from futtui.exchange.ports import ContractMessage
from futtui.live.symbol_state import Phase, SymbolState

if TYPE_CHECKING:
    from futtui.live.engine import Engine
    from futtui.live.universe_watch import UniverseWatch

log = logging.getLogger(__name__)

Tiers = tuple[LeverageTier, ...]
PAUSE_S = 900.0
SOONEST_MS = 10_000
SECOND_LOOK_S = 5.0
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
        self._tiers: dict[str, Tiers] = {}
        self._missed: set[str] = set()

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
        await self.ask_tiers()
        self.take(rules)
        if self._universe is not None and self._rounds >= ROUNDS_A_CHOICE:
            self._rounds = 0
            await self._universe.look(rules)

    def take(self, rules: Mapping[str, SymbolRules]) -> None:
        """Compare with what is known. An answer without any of our symbols is not believed."""
        states = self._engine.states
        for symbol in self._engine.runner.desk.live_symbols:  # cared for before symbols are chosen
            if symbol in rules and symbol not in states:
                self._engine.tell_rules(rules[symbol])
        if not rules.keys() & states.keys():
            log.warning("The exchange's list holds none of the watched symbols; the known rules stay")
            return
        for state in list(states.values()):
            found = rules.get(state.symbol)
            if found is None:
                if self._is_sure(state.symbol):
                    self._switch_off(state)
                continue
            self._missed.discard(state.symbol)
            found = replace(found, leverage_tiers=self._tiers.get(state.symbol, ()))
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

    def _is_sure(self, symbol: str) -> bool:
        """Whether a symbol that a list lacks is believed to be gone; where it is held, a second list has to lack it.

        Believing it closes the position, and one list may be cut or hold a rule that cannot be read.
        """
        engine = self._engine
        if symbol in self._missed or symbol not in engine.runner.desk.live_symbols:
            return True
        self._missed.add(symbol)
        engine.beside(self._look_again(), "trading rules once more")
        return False

    async def _look_again(self) -> None:
        await asyncio.sleep(0.0 if self._engine.settings.lockstep else SECOND_LOOK_S)
        await self.try_look()

    async def ask_tiers(self) -> None:
        """Ask the account for the leverage tables, where there is one; when that fails the known ones stay."""
        account = self._engine.account
        if account is None:
            return
        try:
            found = await account.trading.leverage_tiers()
        except ExchangeError as error:
            log.warning("The leverage tables could not be asked; the known ones stay: %s", error)
            return
        for symbol, tiers in found.items():
            self.take_tiers(symbol, tiers)

    def on_contract(self, message: ContractMessage) -> None:
        """News of a contract: its leverage table holds at once, all else is asked for."""
        state = self._engine.states.get(message.symbol)
        if message.tiers:
            self.take_tiers(message.symbol, message.tiers)
        if state is not None and (message.status != "TRADING" or message.ends_ms != state.rules.ends_ms):
            self.ask_soon()

    def take_tiers(self, symbol: str, tiers: Tiers) -> None:
        """A symbol's leverage table from now on; new positions are sized by it."""
        known = self._tiers.get(symbol)
        if not tiers or tiers == known:
            return
        self._tiers[symbol] = tiers
        state = self._engine.states.get(symbol)
        if state is None:
            return
        state.take_rules(replace(state.rules, leverage_tiers=tiers))
        if state.phase is not Phase.DISABLED:
            self._engine.tell_rules(state.rules)
        if known is not None:
            first = tiers[0]
            text = f"the exchange changed its leverage table: {first.max_leverage} times up to {first.up_to:,.0f} USDT"
            self._say(state, text, Severity.NOTICE)

    def _switch_off(self, state: SymbolState) -> None:
        if state.phase is not Phase.DISABLED:
            state.phase, state.reason, state.next_try_ms = Phase.DISABLED, "", 0.0
            state.buffered.clear()
            self._engine.runner.submit(TradingStopped(self._engine.clock.now_ms(), state.symbol))
            self._say(state, "it is not traded on the exchange now; no new trades on it", Severity.WARNING)

    def _say(self, state: SymbolState, text: str, severity: Severity) -> None:
        self._engine.say("data", text, severity, state.symbol)
