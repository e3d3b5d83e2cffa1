"""What the candles of a run lack: symbols that end or begin inside it, histories too short for the analyses, BTC."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from futtui.backtest.data import SymbolData, holes_in
from futtui.backtest.settings import BacktestRequest
from futtui.domain.timeframe import ANALYSIS_TIMEFRAMES, Timeframe
from futtui.exchange.simulator.market.chance import Integers
from futtui.language.counting import counted
from futtui.live.analysis_rounds import LEADER

NAMES_SHOWN = 12


@dataclass(frozen=True, slots=True)
class ShortHistory:
    """A timeframe that starts with fewer candles in a row than are wanted; `torn`: because of a hole before them."""

    symbol: str
    timeframe: str
    candles: int
    wanted: int
    torn: bool


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a run had of its symbols. `begin`, `end`: those whose candles begin or end inside the period."""

    symbols: tuple[str, ...] = ()
    begin: tuple[str, ...] = ()
    end: tuple[str, ...] = ()
    short: tuple[ShortHistory, ...] = ()
    holes: tuple[tuple[str, tuple[tuple[int, int], ...]], ...] = ()
    """(symbol, (from, until) in ms of each hole in its quarter hours of the period)."""


def coverage_of(data: Mapping[str, SymbolData], request: BacktestRequest) -> Coverage:
    """What the candles of a run lack."""
    start_ms, end_ms = request.start_ms, request.end_ms
    spans = {name: each.past.span_ms for name, each in data.items()}
    holes = {name: tuple(holes_in(each, start_ms, end_ms)) for name, each in data.items()}
    return Coverage(
        tuple(data),
        tuple(name for name, (first_ms, _) in spans.items() if first_ms > start_ms),
        tuple(name for name, (_, last_ms) in spans.items() if last_ms < end_ms),
        tuple(short for each in data.values() for short in _short(each, request)),
        tuple((name, each) for name, each in holes.items() if each),
    )


def coverage_lines(found: Coverage) -> Iterator[str]:
    """Sentences for whoever reads the figures of the run; the first one is never left out."""
    begun = f", those of {len(found.begin)} begin in it" if found.begin else ""
    named = f" ({_names(found.end)})" if found.end else ""
    yield (
        f"Survivorship: the candles of {len(found.end)} of {counted(len(found.symbols), 'symbol')} end inside the "
        f"period{named}{begun}. Coins that were delisted and have no file here are not known to the run, which "
        "flatters whoever buys falls."
    )
    if found.short:
        yield _short_line(found.short)
    if found.symbols and LEADER not in found.symbols:
        yield f"{LEADER} is not among the symbols: its moves are unknown, and the BTC filter has no say in any signal."


def coverage_json(found: Coverage) -> dict[str, Any]:
    """The same as one JSON object."""
    short: dict[str, dict[str, Any]] = {}
    for each in found.short:
        frames = short.setdefault(each.symbol, {})
        frames[each.timeframe] = {"candles": each.candles, "wanted": each.wanted, "after_hole": each.torn}
    return {
        "begin_inside": list(found.begin),
        "end_inside": list(found.end),
        "delisted_known": False,
        "short_history": short,
        "holes": {name: [list(each) for each in holes] for name, holes in found.holes},
        "btc": LEADER in found.symbols,
    }


def _short(data: SymbolData, request: BacktestRequest) -> Iterator[ShortHistory]:
    for frame in reversed(ANALYSIS_TIMEFRAMES):
        wanted = request.warm_up.bars(frame)
        count, torn = _in_a_row(data.past.series[frame].open_time_ms, frame, request.start_ms, wanted)
        if count < wanted:
            yield ShortHistory(data.symbol, frame.code, count, wanted, torn)


def _in_a_row(times: Integers, frame: Timeframe, start_ms: int, most: int) -> tuple[int, bool]:
    """How many candles without a hole, up to `most`, are closed at a moment, and whether a hole is before them."""
    until = int(np.searchsorted(times, start_ms - frame.ms, side="right"))
    kept = times[max(0, until - most) : until]
    if not len(kept) or int(kept[-1]) + frame.ms != start_ms - start_ms % frame.ms:
        return 0, bool(len(kept))
    tears = np.flatnonzero(np.diff(kept) != frame.ms)
    return len(kept) - (int(tears[-1]) + 1 if len(tears) else 0), bool(len(tears))


def _short_line(short: Sequence[ShortHistory]) -> str:
    wanted = {each.timeframe: f"{each.timeframe} {each.wanted:,}" for each in short}
    texts: dict[str, list[str]] = {}
    for each in short:
        torn = " after a hole" if each.torn else ""
        texts.setdefault(each.symbol, []).append(f"{each.timeframe} {each.candles:,}{torn}")
    named = _names([f"{symbol} {', '.join(frames)}" for symbol, frames in texts.items()], "; ")
    return (
        f"Candles in a row at the start, where the analyses want more ({', '.join(wanted.values())}): {named}. With a "
        "longer history before --from the same days can give other trades."
    )


def _names(names: Sequence[str], between: str = ", ") -> str:
    more = f"{between}and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
    return f"{between.join(names[:NAMES_SHOWN])}{more}"
