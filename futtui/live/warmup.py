"""Brings symbols from nothing to READY: rules, choice of symbols, history, first reading."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from futtui.domain.candle import Candle
from futtui.domain.effects import Severity
from futtui.domain.errors import ExchangeError, FuttuiError
from futtui.domain.symbols import SymbolRules
from futtui.domain.timeframe import Timeframe
from futtui.live.clock import steady_ms
from futtui.live.loader import HistoryLoader
from futtui.live.sequencer import SENIORS
from futtui.live.symbol_state import Phase, SymbolState
from futtui.live.universe_watch import UniverseWatch

if TYPE_CHECKING:
    from futtui.live.engine import Engine

log = logging.getLogger(__name__)

TRIES_FOR_THE_NEWEST = 2


class Warmup:
    """Analysis of a symbol starts when that symbol is ready; nobody waits for the slowest."""

    def __init__(self, engine: Engine, loader: HistoryLoader) -> None:
        self._engine = engine
        self._loader = loader
        self.universe = UniverseWatch(engine)

    async def choose_symbols(self) -> None:
        """Fill the engine's table of symbols; raises ExchangeError when none of the wanted ones is traded."""
        engine = self._engine
        connection = engine.connection
        assert connection is not None
        rules = await connection.market.exchange_info()
        wanted = await self.universe.first()
        unknown = [symbol for symbol in wanted if symbol not in rules]
        if unknown:
            text = f"Not traded on this exchange and left out: {', '.join(unknown)}."
            engine.say("data", text, Severity.WARNING)
        chosen = [symbol for symbol in wanted if symbol in rules]
        if not chosen:
            raise ExchangeError(
                f"None of the wanted symbols is traded on {connection.endpoints.label}. "
                "Check the section market in config.yaml."
            )
        for symbol in chosen:
            self._add(rules[symbol])

    def _add(self, rules: SymbolRules) -> None:
        engine = self._engine
        known = engine.states.get(rules.symbol)
        if known is None:
            engine.states[rules.symbol] = SymbolState(rules.symbol, rules)
        else:
            known.take_rules(rules)
            known.phase, known.next_try_ms = Phase.NEW, 0.0
        engine.tell_rules(rules)

    async def load_all(self) -> None:
        """Load every symbol, a few at a time."""
        engine = self._engine
        started = steady_ms()
        gate = asyncio.Semaphore(1 if engine.settings.lockstep else engine.settings.load_parallel)
        engine.pictures.phase, engine.pictures.phase_text = "loading", "Loading history."

        async def one(state: SymbolState) -> None:
            async with gate:
                await self.load(state)
                done = sum(item.phase is Phase.READY for item in engine.states.values())
                engine.pictures.phase_text = f"Loading history: {done} of {len(engine.states)} symbols ready."

        await asyncio.gather(*(one(state) for state in engine.states.values()))
        ready = sum(state.phase is Phase.READY for state in engine.states.values())
        seconds = (steady_ms() - started) / 1000.0
        pace = "" if engine.settings.lockstep else f" in {seconds:.1f} s"
        engine.say("data", f"{ready} of {len(engine.states)} symbols are ready{pace}.")

    async def load(self, state: SymbolState) -> None:
        """History of one symbol into its analyzer; on failure the symbol is tried again later."""
        engine = self._engine
        told, state.phase, state.reason = state.reason, Phase.LOADING, ""
        try:
            now_ms = engine.clock.now_ms()
            history = await self._loader.load(state.symbol, now_ms)
            if state.failures < TRIES_FOR_THE_NEWEST:
                _refuse_behind(history, now_ms)
            tick_size, listed_ms = float(state.rules.tick_size), state.rules.onboard_time_ms or None
            reading = await engine.parts.analyzers.load(state.symbol, history, tick_size, listed_ms)
            await engine.zone_book.catch_up(reading)
        except Exception as error:
            if not isinstance(error, FuttuiError):
                log.exception("Loading %s failed inside futtui", state.symbol)
            state.try_later(Phase.NEW, f"history could not be loaded: {error}")
            if state.reason != told:
                engine.say("data", state.reason, Severity.WARNING, state.symbol)
            return
        state.failures, state.reading = 0, reading
        engine.runner.desk.warm_up(state.symbol, history[Timeframe.M15])
        state.sequencer.start(history)
        state.phase = Phase.READY
        state.seen_at_ms = state.seen_at_ms or steady_ms()
        buffered, state.buffered = state.buffered, []
        for candle in sorted(buffered, key=lambda bar: bar.open_time_ms):
            engine.market_news.accept(state, candle)


def _refuse_behind(history: Mapping[Timeframe, Sequence[Candle]], now_ms: int) -> None:
    """Raise ExchangeError when a longer bar that has just closed is not in the exchange's history yet."""
    for frame in SENIORS:
        if history[frame] and history[frame][-1].open_time_ms < frame.last_closed_open_ms(now_ms):
            raise ExchangeError(f"the newest {frame.code} candle is not in the exchange's history yet")
