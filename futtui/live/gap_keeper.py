"""Works the gap ledger off: looks for holes in what is stored, asks the exchange for them, tells who must know.

Holes at the newest candle are filled at once by `gaps.py`; everything older waits here for its turn in the catch-up
lane of the request budget.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Protocol

from futtui.domain.effects import Severity
from futtui.domain.errors import ExchangeError
from futtui.domain.gaps import Gap, GapClass, GapState
from futtui.domain.timeframe import ANALYSIS_TIMEFRAMES, HOUR_MS, Timeframe
from futtui.exchange.ports import Lane
from futtui.live.gap_ledger import GapLedger, Span
from futtui.live.loader import HistoryLoader
from futtui.live.second_look import SecondLook
from futtui.live.sequencer import BASE
from futtui.live.symbol_state import Phase, SymbolState

if TYPE_CHECKING:
    import numpy as np

    from futtui.live.engine import Engine

log = logging.getLogger(__name__)

BEAT_S = 5.0
SCAN_EVERY_MS = HOUR_MS
SCANS_A_STEP = 8
ASKED_A_STEP = 16
MOST_MISS_IT = 0.5
"""More than this share of the symbols that are known about lack a candle: it was the exchange."""


class GapStore(Protocol):
    """What the ledger needs of the database."""

    def flush(self) -> bool: ...

    def gaps(self, states: Iterable[GapState]) -> list[Gap]: ...

    def submit_gaps(self, gaps: Sequence[Gap]) -> None: ...

    def open_times(self, symbol: str, timeframe: Timeframe, start_ms: int, end_ms: int) -> np.ndarray: ...


class GapKeeper:
    """One step after the other; the ledger is the only thing that it remembers."""

    def __init__(self, engine: Engine, loader: HistoryLoader, store: GapStore) -> None:
        self._engine = engine
        self._loader = loader
        self._store = store
        self._ledger: GapLedger = engine.ledger
        self._second_look = SecondLook(engine, loader)
        self._scanned_ms: dict[str, int] = {}

    async def restore(self) -> None:
        """Take over what an earlier run knew."""
        self._ledger.restore(await asyncio.to_thread(self._store.gaps, (GapState.OPEN, GapState.ACCEPTED)))

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            await asyncio.sleep(BEAT_S)
            try:
                await self.step(self._engine.clock.now_ms())
            except Exception:
                log.exception("A step through the gap ledger failed; the next one follows")

    async def step(self, now_ms: int) -> None:
        """Look through a few symbols that were not looked through for an hour, then ask for what is due."""
        waiting = [state for state in self._engine.states.values() if self._is_unscanned(state, now_ms)]
        for state in waiting[:SCANS_A_STEP]:
            await self._scan(state, now_ms)
        await self._ask(now_ms)
        self._engine.blind.look(self._is_caught_up(now_ms))
        self._store.submit_gaps(self._ledger.take_changes())

    def _is_caught_up(self, now_ms: int) -> bool:
        """Whether every symbol that can be analysed has been, up to its newest closed candle."""
        due_ms = BASE.last_closed_open_ms(now_ms)
        states = [state for state in self._engine.states.values() if state.phase is not Phase.DISABLED]
        return self._engine.rounds.is_idle and all(
            state.phase is Phase.READY and (state.sequencer.last_open_ms or 0) >= due_ms for state in states
        )

    # --- finding --------------------------------------------------------------------------------------------------

    def _is_unscanned(self, state: SymbolState, now_ms: int) -> bool:
        return state.phase is Phase.READY and now_ms - self._scanned_ms.get(state.symbol, 0) >= SCAN_EVERY_MS

    async def _scan(self, state: SymbolState, now_ms: int) -> None:
        """Compare what is stored of a symbol with what should be, on every timeframe."""
        last_ms = state.sequencer.last_open_ms
        if last_ms is None:
            return
        end_ms = BASE.end_ms(last_ms)
        found = await asyncio.to_thread(self._missing, state.symbol, end_ms)
        if found is None or state.phase is not Phase.READY:
            return
        is_first = state.symbol not in self._scanned_ms
        self._scanned_ms[state.symbol] = now_ms
        if not is_first:  # before the first hour is over everything has just come from the exchange's history
            await self._second_look.look(state)
        for frame, (first_ms, spans) in found.items():
            self._ledger.leave_behind(state.symbol, frame, first_ms, now_ms)
            self._take_stock(state.symbol, frame, spans, now_ms)
            listed_ms = frame.open_ms(state.rules.onboard_time_ms)
            for first, last in spans:
                before = min(last, listed_ms - frame.ms)
                if first <= before:
                    self._ledger.found(state.symbol, frame, first, before, now_ms, "not in the database")
                    self._ledger.not_there(state.symbol, frame, first, before, now_ms, GapClass.LISTED_LATER)
                if last > before:
                    after = max(first, listed_ms)
                    self._ledger.found(state.symbol, frame, after, last, now_ms, "not in the database")

    def _missing(self, symbol: str, end_ms: int) -> dict[Timeframe, tuple[int, list[Span]]] | None:
        """Start of what is looked at, and stretches of missing candles, on each timeframe; runs in a thread.

        None while the database cannot be written, because then it does not tell what is missing.
        """
        from futtui.live.missing_bars import missing_opens, runs_of

        if not self._store.flush():
            return None
        found: dict[Timeframe, tuple[int, list[Span]]] = {}
        for frame in ANALYSIS_TIMEFRAMES:
            after_ms = frame.open_ms(end_ms)
            first_ms = after_ms - self._engine.settings.market.history.bars(frame) * frame.ms
            present = self._store.open_times(symbol, frame, first_ms, after_ms)
            missing = missing_opens(present, frame, first_ms, after_ms)
            found[frame] = (first_ms, [(int(missing[a]), int(missing[b])) for a, b in runs_of(missing, frame)])
        return found

    def _take_stock(self, symbol: str, frame: Timeframe, spans: list[Span], now_ms: int) -> None:
        """What the ledger misses and is stored now came another way."""
        for gap in [gap for gap in self._ledger.gaps() if gap.symbol == symbol and gap.timeframe is frame]:
            opens = set(range(gap.first_open_ms, gap.last_open_ms + 1, frame.ms))
            for first, last in spans:
                opens -= set(range(max(first, gap.first_open_ms), min(last, gap.last_open_ms) + 1, frame.ms))
            self._ledger.came(symbol, frame, opens, now_ms)

    # --- asking ---------------------------------------------------------------------------------------------------

    async def _ask(self, now_ms: int) -> None:
        """Ask for holes that are due, the oldest first; symbols whose candles came are loaded anew."""
        states = self._engine.states
        due = [gap for gap in self._ledger.due(now_ms) if gap.symbol in states]
        due = [gap for gap in due if states[gap.symbol].phase is Phase.READY]
        renewed: dict[str, int] = {}
        for gap in due[:ASKED_A_STEP]:
            state = states.get(gap.symbol)
            came = await self._ask_for(state, gap, now_ms) if state is not None else 0
            if came:
                renewed[gap.symbol] = renewed.get(gap.symbol, 0) + came
        for symbol, count in renewed.items():
            text = f"{count} older candle{'s' if count != 1 else ''} that were missing came in; history is loaded anew"
            self._engine.say("data", text, Severity.INFO, symbol)
            renewed_state = states.get(symbol)
            if renewed_state is not None and renewed_state.phase is Phase.READY:
                self._engine.reload(renewed_state)

    async def _ask_for(self, state: SymbolState, gap: Gap, now_ms: int) -> int:
        """Ask for one hole; how many of its candles came."""
        try:
            bars = await self._loader.fetch(
                gap.symbol, gap.timeframe, gap.first_open_ms, gap.last_open_ms, Lane.CATCH_UP
            )
        except ExchangeError as error:
            self._ledger.unreachable(gap, now_ms, str(error))
            return 0
        opens = {bar.open_time_ms for bar in bars}
        self._ledger.came(gap.symbol, gap.timeframe, opens, now_ms)
        if len(bars) < gap.candles:
            gap_class = await self.why(state, gap, opens)
            self._ledger.not_there(gap.symbol, gap.timeframe, gap.first_open_ms, gap.last_open_ms, now_ms, gap_class)
        return len(bars)

    async def why(self, state: SymbolState, gap: Gap, opens: set[int]) -> GapClass:
        """Why the exchange has no such candles, judged by the other symbols."""
        if state.phase is Phase.DISABLED:
            return GapClass.DELISTED
        if not opens and await asyncio.to_thread(self._is_first, gap):
            return GapClass.LISTED_LATER
        others = [symbol for symbol in self._engine.states if symbol != gap.symbol]
        absent = self._ledger.covering(gap.timeframe, gap.first_open_ms, gap.last_open_ms) - {gap.symbol}
        have = await asyncio.to_thread(self._that_have, others, gap)
        missing = len(absent - have)
        wide = missing > MOST_MISS_IT * (missing + len(have)) if missing + len(have) else False
        return GapClass.EXCHANGE_WIDE if wide else GapClass.NO_TRADES

    def _is_first(self, gap: Gap) -> bool:
        """Whether nothing is stored before the hole; runs in a thread."""
        return not len(self._store.open_times(gap.symbol, gap.timeframe, 0, gap.first_open_ms))

    def _that_have(self, symbols: Sequence[str], gap: Gap) -> set[str]:
        """Which symbols have a candle inside the hole; runs in a thread."""
        end_ms = gap.last_open_ms + 1
        return {
            symbol
            for symbol in symbols
            if len(self._store.open_times(symbol, gap.timeframe, gap.first_open_ms, end_ms))
        }
