"""Compares candles that came by stream with the exchange's history; where they differ, the history is right."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from math import isclose
from typing import TYPE_CHECKING

from futtui.domain.candle import Candle
from futtui.domain.effects import Severity
from futtui.domain.errors import ExchangeError
from futtui.exchange.ports import Lane
from futtui.live.loader import HistoryLoader
from futtui.live.sequencer import BASE, SENIORS
from futtui.live.symbol_state import Phase, SymbolState

if TYPE_CHECKING:
    from futtui.live.engine import Engine

log = logging.getLogger(__name__)

BARS = 8
"""Candles compared at a time: two hours of quarter hours, looked at every hour; a request of weight 1."""
FIGURES = ("open", "high", "low", "close", "volume", "quote_volume", "taker_buy_volume")
TOLERANCE = 1e-6
CORRECTED = "candles_corrected"


def differences(ours: Candle, theirs: Candle) -> list[str]:
    """Figures in which two records of one candle differ, as in `close 100.0, not 101.0`; unknown ones are no matter."""
    found = []
    for name in FIGURES:
        mine, true = getattr(ours, name), getattr(theirs, name)
        if mine is not None and true is not None and not isclose(mine, true, rel_tol=TOLERANCE, abs_tol=1e-12):
            found.append(f"{name} {true:g}, not {mine:g}")
    return found


def differing(ours: Iterable[Candle], theirs: Iterable[Candle]) -> list[tuple[Candle, list[str]]]:
    """Candles of `theirs` that differ from ours of the same open time, with the figures in which they do."""
    known = {bar.open_time_ms: bar for bar in ours}
    pairs = ((bar, known.get(bar.open_time_ms)) for bar in theirs)
    compared = ((bar, differences(mine, bar)) for bar, mine in pairs if mine is not None)
    return [(bar, words) for bar, words in compared if words]


def difference_words(wrong: Sequence[tuple[Candle, list[str]]]) -> str:
    """What differed, for people; `wrong` as `differing` gives it, not empty."""
    count = f"{len(wrong)} closed candle{'s' if len(wrong) != 1 else ''}"
    example = ", ".join(wrong[0][1])
    return f"{count} differed from the exchange's history ({example}); the history's figures are used"


class SecondLook:
    """Takes the exchange's word for closed candles and counts how often it was another than the stream's."""

    def __init__(self, engine: Engine, loader: HistoryLoader) -> None:
        self._engine = engine
        self._loader = loader

    async def look(self, state: SymbolState) -> None:
        """Compare the newest closed candles of a symbol; where one differed, history is loaded anew."""
        last_ms = state.sequencer.last_open_ms
        if last_ms is None:
            return
        engine = self._engine
        ours = await engine.parts.store.load_candles(state.symbol, BASE, BARS)
        ours = [bar for bar in ours if bar.open_time_ms <= last_ms]
        if not ours:
            return
        try:
            first_ms = max(ours[0].open_time_ms, last_ms - (BARS - 1) * BASE.ms)
            theirs = await self._loader.fetch(state.symbol, BASE, first_ms, last_ms, Lane.STATISTICS)
            wrong = differing(ours, theirs)
            if wrong:
                await self._correct_seniors(state.symbol, [bar for bar, _ in wrong])
        except ExchangeError as error:
            log.info("The candles of %s could not be compared: %s", state.symbol, error)
            return
        if not wrong:
            return
        self.count(state, wrong)
        if state.phase is Phase.READY:
            engine.reload(state)

    async def _correct_seniors(self, symbol: str, bars: Sequence[Candle]) -> None:
        """Longer candles that were put together from a wrong quarter hour come from the exchange."""
        end_ms = self._engine.clock.now_ms()
        for frame in SENIORS:
            for open_ms in sorted({frame.open_ms(bar.open_time_ms) for bar in bars}):
                if open_ms + frame.ms <= end_ms:
                    await self._loader.fetch(symbol, frame, open_ms, open_ms, Lane.STATISTICS)

    def count(self, state: SymbolState, wrong: Sequence[tuple[Candle, list[str]]]) -> None:
        """Count and tell candles that the stream told otherwise."""
        self._engine.counts[CORRECTED] += len(wrong)
        for bar, words in wrong:
            log.warning("%s 15m %d: history says %s", state.symbol, bar.open_time_ms, ", ".join(words))
        self._engine.say("data", difference_words(wrong), Severity.WARNING, state.symbol)
