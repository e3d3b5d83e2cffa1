"""Hands closed candles to the analyzers and their answers to the desk, in an order that does not depend on luck."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from futtui.domain.candle import Candle
from futtui.domain.errors import ExchangeError, FuttuiError
from futtui.domain.events import AnalysisDone, CandleClosed
from futtui.domain.reading import AnalysisResult
from futtui.domain.timeframe import Timeframe
from futtui.exchange.ports import Lane
from futtui.live.blind import BlindWatch
from futtui.live.clock import steady_ms
from futtui.live.desk_runner import DeskRunner
from futtui.live.gap_ledger import GapLedger
from futtui.live.loader import HistoryLoader
from futtui.live.round_times import RoundTimes
from futtui.live.sequencer import BASE, Close
from futtui.live.strategy_watch import StrategyWatch
from futtui.live.symbol_state import Phase, SymbolState
from futtui.live.zone_book import ZoneBook

log = logging.getLogger(__name__)

LEADER = "BTCUSDT"


class Analyzers(Protocol):
    """The worker pool, as far as a round needs it."""

    async def on_closes(self, symbol: str, closes: Sequence[tuple[Timeframe, Candle]]) -> AnalysisResult: ...


class AnalysisRounds:
    """Collects closes; each round analyses all that wait, in parallel, then tells the desk by time and symbol."""

    def __init__(
        self,
        analyzers: Analyzers,
        loader: HistoryLoader,
        runner: DeskRunner,
        states: Mapping[str, SymbolState],
        now_ms: Callable[[], int],
        counts: Counter[str],
        zone_book: ZoneBook,
        ledger: GapLedger,
        blind: BlindWatch,
        strategies: StrategyWatch,
    ) -> None:
        self._analyzers = analyzers
        self._loader = loader
        self._runner = runner
        self._states = states
        self._now_ms = now_ms
        self._counts = counts
        self._zone_book = zone_book
        self._ledger = ledger
        self._blind = blind
        self._strategies = strategies
        self.on_close: Callable[[Close], None] = lambda close: None
        """Told every close before it waits for its round."""
        self.before_telling: Callable[[Sequence[str]], Awaitable[None]] | None = None
        """Given the symbols with new signals before the desk judges them, to bring what is asked for these alone."""
        self.times = RoundTimes()
        self.after_telling: Callable[[], Awaitable[None]] | None = None
        """Awaited after each close that the desk was told, where the next one is to see what came of it."""
        self._waiting: list[Close] = []
        self._wake = asyncio.Event()

    def add(self, close: Close) -> None:
        """Queue a close for the next round; its candles are stored, the longer ones too."""
        self.on_close(close)
        for frame, bar in close.bars:
            self._loader.keep(close.symbol, frame, [bar])
        self._waiting.append(close)
        self._wake.set()

    @property
    def waiting(self) -> int:
        """How many closes wait for the next round."""
        return len(self._waiting)

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits."""
        return not self._waiting

    async def run(self) -> None:
        """Work off rounds as they come, until cancelled."""
        while True:
            await self._wake.wait()
            try:
                await self.run_once()
            except Exception:
                log.exception("A round of analyses failed; the next one follows")

    async def run_once(self) -> None:
        """One round: everything that waits now."""
        self._wake.clear()
        batch, self._waiting = self._waiting, []
        by_symbol: dict[str, list[Close]] = {}
        for close in batch:
            if close.symbol in self._states:  # else it is not watched any more
                by_symbol.setdefault(close.symbol, []).append(close)
        begun_ms = steady_ms()
        answers = await asyncio.gather(*(self._analyse(closes) for closes in by_symbol.values()))
        self.times.took(steady_ms() - begun_ms, len(batch))
        done = [pair for answer in answers for pair in answer]
        proposing = sorted({close.symbol for close, result in done if _has_candidate(close, result, self._now_ms())})
        if proposing and self.before_telling is not None:
            await self.before_telling(proposing)
        for close, result in sorted(done, key=_turn):
            try:
                self._tell(close, result)
            except Exception:
                log.exception("A close of %s could not be handed to the desk; the others follow", close.symbol)
            if self.after_telling is not None:
                await self.after_telling()
        self._strategies.look(result for _, result in done)

    async def _analyse(self, closes: Sequence[Close]) -> list[tuple[Close, AnalysisResult]]:
        done = []
        for close in closes:
            try:
                bars = [*await self._missing_seniors(close), *close.bars]
                result = await self._analyzers.on_closes(close.symbol, bars)
            except Exception as error:
                if not isinstance(error, FuttuiError):
                    log.exception("The analysis of %s failed inside futtui", close.symbol)
                state = self._states.get(close.symbol)
                if state is not None:
                    self.set_aside(state, str(error))
                break
            self._counts["analyses"] += 1
            done.append((close, result))
        return done

    def set_aside(self, state: SymbolState, why: str) -> None:
        """The analyzer of a symbol is lost: its history is loaded anew at the next look around."""
        if state.phase is not Phase.DISABLED:
            log.error("%s could not be analysed: %s", state.symbol, why)
            state.try_now(Phase.NEW, f"its analysis failed and is started anew: {why}")

    async def _missing_seniors(self, close: Close) -> list[tuple[Timeframe, Candle]]:
        """Longer bars that could not be put together from quarter hours come from the exchange.

        Raises ExchangeError when it does not have one: an analyzer that goes on without it would never be ready again.
        """
        found: list[tuple[Timeframe, Candle]] = []
        for frame in close.incomplete:
            open_ms = close.time_ms - frame.ms
            bars = await self._loader.fetch(close.symbol, frame, open_ms, open_ms, Lane.CLOSED_CANDLES)
            if not bars:
                raise ExchangeError(f"its {frame.code} candle is not in the exchange's history yet")
            found += [(frame, bar) for bar in bars]
        return found

    def _tell(self, close: Close, result: AnalysisResult) -> None:
        state = self._states.get(close.symbol)
        if state is None:
            return
        late = self._now_ms() - close.time_ms > BASE.ms
        if late:
            self._blind.missed(len(close.bars), len(result.signals))
        result = self._judged(result)
        state.reading, state.verdicts = result.reading, result.verdicts
        self._zone_book.keep(result.reading, result.zone_events)
        for frame, bar in close.bars:
            self._counts["candles"] += 1
            self._runner.submit(CandleClosed(close.symbol, frame, bar, late))
        self._runner.submit(AnalysisDone(close.time_ms, result, late))

    def _judged(self, result: AnalysisResult) -> AnalysisResult:
        """A symbol of which candles are missing is not ready, whatever its analyzer says."""
        reason = self._ledger.not_ready_reason(result.reading.symbol)
        if not reason:
            return result
        return replace(result, reading=replace(result.reading, ready=False, ready_reason=reason))


def _has_candidate(close: Close, result: AnalysisResult, now_ms: int) -> bool:
    """Whether a signal was made that will be judged now: neither old nor a level that only stands there."""
    return now_ms - close.time_ms <= BASE.ms and any(not raw.standing for raw in result.signals)


def _turn(answer: tuple[Close, AnalysisResult]) -> tuple[int, bool, str]:
    """By time; at one time BTC first, because the others are judged against it, then by name."""
    close = answer[0]
    return (close.time_ms, close.symbol != LEADER, close.symbol)
