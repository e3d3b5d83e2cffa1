"""Candles of the symbols of a run as whoever works on them needs them, told one by one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from futtui.backtest.data import SymbolData, check_period, load_symbol
from futtui.backtest.store import symbol_hash
from futtui.live.settings import HistorySettings

if TYPE_CHECKING:
    from futtui.backtest.settings import BacktestRequest

Told = Callable[[int, int], None]
"""Is told (symbols read, symbols in all)."""


def unheard(_done: int, _of: int) -> None:
    """Progress that nobody wants to hear of."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of a history a run reads. `hashed`: with fingerprints, for whoever keeps results."""

    history: Path
    start_ms: int
    end_ms: int
    warm_up: HistorySettings
    hashed: bool

    @classmethod
    def of(cls, request: BacktestRequest, *, hashed: bool) -> Wanted:
        """What a run asks for."""
        return cls(request.history, request.start_ms, request.end_ms, request.warm_up, hashed)


@dataclass(frozen=True, slots=True)
class Loaded:
    """A symbol as a run needs it, and fingerprints of everything that is known of it, empty where nobody wants them.

    `analysis_hash`: of what the analyses read; `whole_hash`: of the finer bars of the period, too.
    """

    data: SymbolData
    analysis_hash: str = ""
    whole_hash: str = ""


def load(wanted: Wanted, symbol: str) -> Loaded:
    """Read a symbol; raises InvalidInputError for missing or bad files, and an empty period."""
    return prepared(wanted, load_symbol(wanted.history, symbol, wanted.start_ms, wanted.end_ms))


def prepared(wanted: Wanted, data: SymbolData) -> Loaded:
    """What is loaded already, as a run needs it; raises InvalidInputError for an empty period."""
    check_period(data, wanted.start_ms, wanted.end_ms)
    part = data.during(wanted.start_ms, wanted.end_ms, wanted.warm_up)
    if not wanted.hashed:
        return Loaded(part)
    known = SymbolData(data.symbol, data.past, part.fine, data.rules)
    return Loaded(part, symbol_hash(known, fine=False), symbol_hash(known, fine=True))
