"""Turns a stream of kline messages into closed candles: each exactly once, in order, on every timeframe.

Pure bookkeeping without I/O. The base is the 15-minute stream; longer bars are put together from it, so that a
longer bar can never be seen before its last quarter hour. A hole is reported, never bridged.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import fsum

from futtui.domain.candle import SUM_DECIMALS, Candle
from futtui.domain.timeframe import ANALYSIS_TIMEFRAMES, Timeframe

BASE = Timeframe.M15
SENIORS = tuple(frame for frame in ANALYSIS_TIMEFRAMES if frame is not BASE)


def merge_candles(parts: Sequence[Candle]) -> Candle:
    """One candle over consecutive `parts` (oldest first); a figure unknown in any part is unknown in the whole.

    Sums are those of the decimal figures, as the exchange gives them: not off by the last binary digit.
    """
    return Candle(
        open_time_ms=parts[0].open_time_ms,
        open=parts[0].open,
        high=max(part.high for part in parts),
        low=min(part.low for part in parts),
        close=parts[-1].close,
        volume=round(fsum(part.volume for part in parts), SUM_DECIMALS),
        quote_volume=_total([part.quote_volume for part in parts]),
        trade_count=_count([part.trade_count for part in parts]),
        taker_buy_volume=_total([part.taker_buy_volume for part in parts]),
        taker_buy_quote_volume=_total([part.taker_buy_quote_volume for part in parts]),
    )


def _total(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(fsum(known), SUM_DECIMALS) if len(known) == len(values) else None


def _count(values: Sequence[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None


@dataclass(frozen=True, slots=True)
class Close:
    """All bars of one symbol that end at one moment, seniors first; `incomplete` = longer bars that miss parts."""

    symbol: str
    time_ms: int
    bars: tuple[tuple[Timeframe, Candle], ...]
    incomplete: tuple[Timeframe, ...] = ()


@dataclass(frozen=True, slots=True)
class Hole:
    """Base bars from `first_open_ms` to `last_open_ms` (both included) were never seen."""

    symbol: str
    first_open_ms: int
    last_open_ms: int


@dataclass(slots=True)
class SymbolSequencer:
    """Order keeper of one symbol."""

    symbol: str
    last_open_ms: int | None = None
    duplicates: int = 0
    _parts: dict[Timeframe, list[Candle]] = field(default_factory=lambda: {frame: [] for frame in SENIORS})

    def start(self, history: Mapping[Timeframe, Sequence[Candle]]) -> None:
        """Take over loaded history: what it holds is processed, its unfinished longer bars go on growing."""
        base = history.get(BASE, ())
        self._parts = {frame: [] for frame in SENIORS}
        self.last_open_ms = base[-1].open_time_ms if base else None
        if self.last_open_ms is None:
            return
        now_ms = BASE.end_ms(self.last_open_ms)
        for frame in SENIORS:
            opened = frame.open_ms(now_ms)
            self._parts[frame] = [bar for bar in base if bar.open_time_ms >= opened]

    def accept(self, candle: Candle) -> Close | Hole | None:
        """The close that `candle` completes; a Hole if bars before it are missing; None for a repetition.

        After a Hole nothing has changed: feed the missing bars first, or call `skip_to` when they do not exist.
        """
        if self.last_open_ms is not None:
            expected = self.last_open_ms + BASE.ms
            if candle.open_time_ms < expected:
                self.duplicates += 1
                return None
            if candle.open_time_ms > expected:
                return Hole(self.symbol, expected, candle.open_time_ms - BASE.ms)
        self.last_open_ms = candle.open_time_ms
        return self._close(candle)

    def skip_to(self, open_time_ms: int) -> None:
        """Accept that no bars exist before `open_time_ms`: the exchange has none."""
        self.last_open_ms = open_time_ms - BASE.ms

    def _close(self, candle: Candle) -> Close:
        end_ms = BASE.end_ms(candle.open_time_ms)
        bars: list[tuple[Timeframe, Candle]] = []
        incomplete: list[Timeframe] = []
        for frame in SENIORS:
            parts = self._parts[frame]
            opened = frame.open_ms(candle.open_time_ms)
            if parts and parts[0].open_time_ms < opened:
                parts.clear()
            parts.append(candle)
            if end_ms % frame.ms == 0:
                if len(parts) == frame.ms // BASE.ms:
                    bars.append((frame, merge_candles(parts)))
                else:
                    incomplete.append(frame)
                parts.clear()
        bars.append((BASE, candle))
        return Close(self.symbol, end_ms, tuple(bars), tuple(incomplete))


def newest_run(candles: Iterable[Candle], timeframe: Timeframe) -> list[Candle]:
    """The unbroken end of `candles` (sorted, repetitions dropped): history before a hole decides nothing."""
    unique = {candle.open_time_ms: candle for candle in candles}
    ordered = [unique[key] for key in sorted(unique)]
    for index in range(len(ordered) - 1, 0, -1):
        if ordered[index].open_time_ms - ordered[index - 1].open_time_ms != timeframe.ms:
            return ordered[index:]
    return ordered
