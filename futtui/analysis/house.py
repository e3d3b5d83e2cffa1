"""Answers requests for the analyzers of many symbols: the same code inside a worker process and in process."""

from __future__ import annotations

from collections.abc import Sequence

from futtui.analysis.analyzer import SymbolAnalyzer
from futtui.analysis.settings import AnalysisSettings
from futtui.analysis.wire import CloseRow, HistoryRows, candle_of
from futtui.domain.errors import InvalidInputError
from futtui.domain.reading import AnalysisResult, SymbolReading
from futtui.domain.timeframe import Timeframe
from futtui.domain.zone import ZoneEvent
from futtui.strategies.manager import Deadline, Stopwatch


class AnalyzerHouse:
    """The analyzers of the symbols that were loaded. One that fails is dropped: its memory can no longer be trusted."""

    def __init__(
        self, settings: AnalysisSettings, stopwatch: Stopwatch | None = None, deadline: Deadline | None = None
    ) -> None:
        self._settings = settings
        self._stopwatch = stopwatch
        self._deadline = deadline
        self._analyzers: dict[str, SymbolAnalyzer] = {}

    def load(
        self, symbol: str, tick_size: float | None, history: HistoryRows, listed_ms: int | None = None
    ) -> SymbolReading:
        """A fresh analyzer's reading after its history; raises what SymbolAnalyzer.load raises."""
        self._analyzers.pop(symbol, None)
        analyzer = SymbolAnalyzer(symbol, self._settings, tick_size, self._stopwatch, listed_ms, self._deadline)
        reading = analyzer.load({Timeframe(code): [candle_of(row) for row in rows] for code, rows in history.items()})
        self._analyzers[symbol] = analyzer
        return reading

    def on_closes(self, symbol: str, closes: Sequence[CloseRow]) -> AnalysisResult:
        """The symbol's answer to closed candles; raises InvalidInputError when it was not loaded."""
        analyzer = self._analyzers.pop(symbol, None)
        if analyzer is None:
            raise InvalidInputError(f"{symbol} is not loaded. Load its history first.")
        result = analyzer.on_closes([(Timeframe(code), candle_of(row)) for code, row in closes])
        self._analyzers[symbol] = analyzer
        return result

    def drop(self, symbol: str) -> None:
        """Let the symbol's analyzer go."""
        self._analyzers.pop(symbol, None)

    def take_zone_events(self, symbol: str, since_ms: int) -> tuple[ZoneEvent, ...]:
        """What the symbol's history told of its zones in bars that opened at `since_ms` or later, oldest first, once.

        Raises InvalidInputError when it was not loaded.
        """
        if symbol not in self._analyzers:
            raise InvalidInputError(f"{symbol} is not loaded. Load its history first.")
        return tuple(event for event in self._analyzers[symbol].take_zone_events() if event.time_ms >= since_ms)
