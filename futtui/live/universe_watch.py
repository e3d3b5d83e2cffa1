"""Keeps the table of watched symbols what it should be: chosen at the start, looked at anew every hour."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING

from futtui.domain.effects import Severity
from futtui.domain.errors import ExchangeError, FuttuiError
from futtui.domain.signal import SignalStatus
from futtui.domain.symbols import SymbolRules
from futtui.domain.universe import Listing, Standing, UniverseMemory, choose_universe
from futtui.live.symbol_state import Phase, SymbolState

if TYPE_CHECKING:
    from futtui.live.engine import Engine

log = logging.getLogger(__name__)


def stream_of(symbol: str) -> str:
    """Name of the stream that brings a symbol's candles."""
    return f"{symbol.lower()}@kline_15m"


class UniverseWatch:
    """Chooses symbols and carries changes out: those that come in are loaded, those that leave are let go.

    Where the configuration names the symbols there is nothing to choose.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.standings: dict[str, Standing] = {}

    @property
    def chooses(self) -> bool:
        """Whether symbols are chosen by figures."""
        return not self._engine.settings.market.symbols

    async def first(self) -> list[str]:
        """The symbols to start with: the configured or the best ones, and all that have an open trade."""
        market = self._engine.settings.market
        held = sorted(self._held())
        if not self.chooses:
            if not self._engine.settings.lockstep:
                self._engine.spawn(self._try_figures(), "figures of symbols")
            return [*market.symbols, *(symbol for symbol in held if symbol not in market.symbols)]
        before = await self._remembered()
        found = await self._choose(before)
        if not any(standing.inside for standing in found.values()):
            before, found = None, await self._choose(None)
        self._take_over(found, before or {})
        return [symbol for symbol, standing in found.items() if standing.inside]

    async def look(self, rules: Mapping[str, SymbolRules]) -> None:
        """Judge every symbol again and carry out what changes. Raises ExchangeError when figures cannot be had."""
        if not self.chooses:
            await self._figures()
            return
        found = await self._choose(self.standings)
        watched = set(self._engine.states)
        if not watched & found.keys():
            log.warning("The exchange's figures hold none of the watched symbols; the choice of symbols stays")
            return
        self._take_over(found, self.standings)
        for symbol in sorted(watched):
            standing = found.get(symbol)
            is_in = standing is not None and standing.inside
            if not is_in and symbol not in self._held():  # asked each time: a trade may begin while others are let go
                await self._let_go(symbol, standing.reason if standing is not None else "not listed any more")
        for standing in found.values():
            if standing.inside and standing.symbol not in watched and standing.symbol in rules:
                await self._take_in(rules[standing.symbol], standing.reason)

    async def _try_figures(self) -> None:
        """Turnover and spread for people to see; nothing hangs on them, so the next look is soon enough."""
        try:
            await self._figures()
        except ExchangeError as error:
            log.info("Turnover and spread could not be asked: %s", error)

    async def _figures(self) -> list[Listing]:
        engine = self._engine
        assert engine.connection is not None
        listings = await engine.connection.market.listings()
        engine.pictures.listings = {item.symbol: item for item in listings}
        return listings

    async def _choose(self, before: Mapping[str, Standing] | None) -> dict[str, Standing]:
        engine = self._engine
        listings = await self._figures()
        limits = engine.settings.market.universe_limits()
        return choose_universe(listings, limits, engine.clock.now_ms(), before, self._held())

    async def _remembered(self) -> Mapping[str, Standing] | None:
        """The standings that an earlier run left behind; None when there is nothing to go on from."""
        engine = self._engine
        memory = await asyncio.to_thread(engine.parts.store.universe)
        if memory is None:
            return None
        return memory.recalled(engine.settings.market.universe_limits(), engine.clock.now_ms())

    def _take_over(self, found: dict[str, Standing], before: Mapping[str, Standing]) -> None:
        engine = self._engine
        self.standings = engine.pictures.standings = found
        self._log(found, before)
        limits = engine.settings.market.universe_limits()
        engine.parts.store.submit_universe(UniverseMemory(engine.clock.now_ms(), limits.name, found))

    def _held(self) -> set[str]:
        """Symbols that a trade needs: an open position of any account, or a signal that waits for its price."""
        picture = self._engine.runner.desk.snapshot()
        waiting = (SignalStatus.WAITING, SignalStatus.ACTIVE)
        signals = {signal.raw.symbol for signal in picture.signals if signal.status in waiting}
        return signals | {position.symbol for position in picture.positions}

    async def _take_in(self, rules: SymbolRules, reason: str) -> None:
        engine, symbol = self._engine, rules.symbol
        assert engine.connection is not None
        state = engine.states[symbol] = SymbolState(symbol, rules)
        engine.tell_rules(rules)
        await engine.connection.streams.subscribe([stream_of(symbol)])
        engine.reload(state)
        engine.say("data", f"is watched from now on: {reason}", Severity.NOTICE, symbol)

    async def _let_go(self, symbol: str, reason: str) -> None:
        engine = self._engine
        assert engine.connection is not None
        state = engine.states.pop(symbol)
        state.phase, state.next_try_ms = Phase.DISABLED, 0.0
        state.buffered.clear()
        engine.say("data", f"is not watched any more: {reason}", Severity.NOTICE, symbol)
        await engine.connection.streams.unsubscribe([stream_of(symbol)])
        try:
            await engine.parts.analyzers.drop(symbol)
        except FuttuiError as error:  # its worker ended: then there is nothing to drop
            log.info("The analyzer of %s could not be dropped: %s", symbol, error)

    def _log(self, found: Mapping[str, Standing], before: Mapping[str, Standing]) -> None:
        """Write down every symbol whose standing or reason to wait changed."""
        for symbol, standing in found.items():
            last = before.get(symbol)
            if last is None or (last.inside, last.looks) != (standing.inside, standing.looks):
                where = "in" if standing.inside else "out"
                log.info("Symbol %s is %s: %s", symbol, where, standing.reason)
