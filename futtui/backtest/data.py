"""Candles and funding of a backtest: quarter hours decide, the finest bars that are there carry the exits."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from futtui.domain.candle import Candle
from futtui.domain.errors import InvalidInputError
from futtui.domain.symbols import SymbolRules
from futtui.domain.timeframe import Timeframe
from futtui.exchange.archive_files import archive_files, chosen_files, holds_files, named_file
from futtui.exchange.binance.archive.reading import read_candles
from futtui.exchange.simulator.market.funding_files import FundingHistory, funding_folder
from futtui.exchange.simulator.market.steps import rules_of_prices, sample_of
from futtui.live.past_candles import (
    PastCandles,
    arrays_of,
    candles_of,
    completed,
    moment_text,
    price_text,
    read_parts,
)
from futtui.live.settings import HistorySettings
from futtui.storage.candle_arrays import CandleArrays, combined, merged

BASE = Timeframe.M15
FINE = (Timeframe.M1, Timeframe.M5)
"""Bars finer than a quarter hour, finest first."""
DRAWN_BARS = 140
"""Most bars of the chart of a trade: so many beside its period does a run keep."""
MOST_APART = 0.05
"""Finer bars whose extremes lie farther from those of their quarter hour are not of the same market: in years of real
records they were never a hundredth apart."""


@dataclass(frozen=True, slots=True)
class SymbolData:
    """Everything known of one symbol. `fine` holds the finer series that exist, finest first."""

    symbol: str
    past: PastCandles
    fine: tuple[tuple[Timeframe, CandleArrays], ...]
    rules: SymbolRules

    def during(self, start_ms: int, end_ms: int, warm_up: HistorySettings) -> SymbolData:
        """What a run over a period needs of it, in memory of its own: of the finer bars those of the period.

        Of the others also those that warm the analyses up, and as many beside the period as a chart of a trade shows.
        """
        series = {
            # One more, for the bar that is open at the start.
            frame: _copied(_around(each, start_ms, end_ms, max(warm_up.bars(frame) + 1, DRAWN_BARS), DRAWN_BARS))
            for frame, each in self.past.series.items()
        }
        fine = tuple((frame, _copied(each.between(start_ms, end_ms))) for frame, each in self.fine)
        return replace(self, past=replace(self.past, series=series), fine=fine)

    def without_candles(self) -> SymbolData:
        """Only what it is called and its rules: as it travels to where its candles are already."""
        return replace(self, past=replace(self.past, series={}), fine=())

    def quarters(self, start_ms: int, end_ms: int) -> list[Candle]:
        """The quarter hours that open in [start_ms, end_ms)."""
        return candles_of(self.past.series[BASE].between(start_ms, end_ms))

    def path(self, quarter: Candle) -> tuple[Timeframe, list[Candle]]:
        """The bars that a quarter hour is walked through: the finest series that has all of them, else itself."""
        open_ms = quarter.open_time_ms
        for frame, arrays in self.fine:
            first = int(arrays.open_time_ms.searchsorted(open_ms))
            if first == len(arrays) or arrays.open_time_ms[first] >= open_ms + BASE.ms:
                continue
            bars = arrays.between(open_ms, open_ms + BASE.ms)
            if len(bars) == BASE.ms // frame.ms:
                return frame, candles_of(bars)
        return BASE, [quarter]


def folder_of(history: Path, timeframe: Timeframe) -> Path | None:
    """The folder with files of `timeframe`: below `history`, or beside it when `history` is itself one of them."""
    for place in (history / timeframe.code, history.parent / timeframe.code):
        if holds_files(place):
            return place
    return None


def decision_folder(history: Path, symbol: str | None = None) -> Path:
    """Where the quarter hours come from: `15m` below `history`, else finer candles there, else `history` itself.

    With a symbol: the first of them that has a file of it.
    """
    below = [folder for frame in (BASE, *reversed(FINE)) if (folder := history / frame.code).is_dir()]
    for folder in below if symbol is not None else ():
        if any(file.symbol == symbol for path in folder.iterdir() if (file := named_file(path)) is not None):
            return folder
    return below[0] if below else history


def symbols_in(history: Path) -> tuple[str, ...]:
    """Every symbol that quarter hours can be had of; raises InvalidInputError when there is none."""
    below = [folder for frame in (BASE, *FINE) if holds_files(folder := history / frame.code)]
    return tuple(sorted({symbol for folder in below or [history] for symbol in archive_files(folder)}))


def load_symbol(history: Path, symbol: str, start_ms: int, end_ms: int | None = None) -> SymbolData:
    """All candles of a symbol, and its rules as the bars before `start_ms`, where decisions begin, show them.

    With `end_ms` only the finer candles of the period: the rest of them is never walked through.

    Raises InvalidInputError with file or folder when there are no candles or they are bad.
    """
    folder = decision_folder(history, symbol)
    parts = read_parts(folder, symbol)
    past = completed(folder, symbol, parts)
    fine = []
    for frame in FINE:
        place = folder_of(history, frame)
        arrays = _fine_series(place, symbol, frame, start_ms, end_ms) if place is not None else None
        if arrays is not None:
            fine.append((frame, _fitting(symbol, frame, arrays, past.series[BASE])))
    return SymbolData(symbol, past, tuple(fine), _rules(symbol, parts[min(parts, key=lambda one: one.ms)], start_ms))


def _rules(symbol: str, bars: CandleArrays, start_ms: int) -> SymbolRules:
    """The rules that the bars show as they are in the files, as a replay of the same files has them."""
    figures = bars.figures[:, sample_of(bars.open_time_ms, start_ms)]
    return rules_of_prices(symbol, figures[0:4].T, figures[4], int(bars.open_time_ms[0]))


def _copied(arrays: CandleArrays) -> CandleArrays:
    """The same in memory of its own, so that what it was cut from can go."""
    return CandleArrays(arrays.open_time_ms.copy(), arrays.figures.copy())


def _fine_series(folder: Path, symbol: str, frame: Timeframe, start_ms: int, end_ms: int | None) -> CandleArrays | None:
    """The bars of a finer timeframe, those of the period alone where it has an end; None where there are none."""
    if symbol not in archive_files(folder):
        return None
    wanted = None if end_ms is None else (start_ms, end_ms)
    whole = CandleArrays.empty()
    for file in chosen_files(folder, [symbol])[symbol]:
        read = read_candles(file.path, None, wanted=wanted)
        if read.timeframe is frame:
            whole = merged(whole, arrays_of(read))
    if not len(whole):
        return None
    return whole if wanted is None else _copied(whole.between(*wanted))


def _fitting(symbol: str, frame: Timeframe, fine: CandleArrays, quarters: CandleArrays) -> CandleArrays:
    """The finer bars without those of quarter hours that they contradict: no trade may leave at such a price.

    Raises InvalidInputError where most do: then they are of another market, or of another unit of the coin.
    """
    built = combined(fine, frame.ms, BASE.ms)
    times, here, there = np.intersect1d(
        built.open_time_ms, quarters.open_time_ms, assume_unique=True, return_indices=True
    )
    high, low = built.high[here] / quarters.high[there], built.low[here] / quarters.low[there]
    apart = np.maximum(np.abs(np.log(high)), np.abs(np.log(low))) > MOST_APART
    if apart.sum() * 2 > len(apart):
        first = int(np.argmax(apart))
        raise InvalidInputError(
            f"The {frame.code} candles of {symbol} do not fit its 15m candles: the highest price of "
            f"{moment_text(int(times[first]))} is {price_text(built.high[here][first])} in them, and "
            f"{price_text(quarters.high[there][first])}. Take those of the other market away."
        )
    if not apart.any():
        return fine
    return fine.chosen(~np.isin(fine.open_time_ms - fine.open_time_ms % BASE.ms, times[apart]))


def funding_of(history: Path, symbols: Sequence[str]) -> FundingHistory:
    """Recorded funding rates from a folder `funding` near the candles; without one the usual rate is charged."""
    return FundingHistory.of_folder(funding_folder(history), symbols)


def holes_in(data: SymbolData, start_ms: int, end_ms: int) -> list[tuple[int, int]]:
    """Where quarter hours of the period are missing, as (from, until); a late start and an early end are holes too."""
    times = data.past.series[BASE].between(start_ms, end_ms).open_time_ms
    edges = np.concatenate([[start_ms - BASE.ms], times, [end_ms]])
    places = np.flatnonzero(np.diff(edges) > BASE.ms)
    return [(int(edges[place]) + BASE.ms, int(edges[place + 1])) for place in places]


def check_period(data: SymbolData, start_ms: int, end_ms: int) -> None:
    """Raises InvalidInputError when a symbol has no quarter hour in the period, saying what it has."""
    times = data.past.series[BASE].open_time_ms
    if np.searchsorted(times, start_ms) >= np.searchsorted(times, end_ms):
        first_ms, last_ms = data.past.span_ms
        hole = ", with a hole there" if first_ms < start_ms and end_ms < last_ms else ""
        raise InvalidInputError(
            f"{data.symbol} has no candles from {moment_text(start_ms)} to {moment_text(end_ms)}. Its data goes from "
            f"{moment_text(first_ms)} to {moment_text(last_ms)}{hole}. Choose other days, or other --symbols."
        )


def data_hash(
    data: Mapping[str, SymbolData], start_ms: int, end_ms: int, warm_up: HistorySettings, rates: Mapping[str, bytes]
) -> str:
    """Fingerprint of all that a run reads, whatever file it is in: equal for equal data.

    That is the candles of the period and those before it that are loaded to warm up, the finer ones of the period, the
    price and quantity steps, and the recorded funding (`rates`).
    """
    digest = hashlib.blake2b(digest_size=8)
    for symbol in sorted(data):
        one = data[symbol]
        known = [(f, _warmed(each, start_ms, end_ms - f.ms, warm_up.bars(f))) for f, each in one.past.series.items()]
        finer = [(frame, each.between(start_ms, end_ms)) for frame, each in one.fine]
        for frame, part in (*known, *finer):
            digest.update(f"{symbol} {frame.code} {len(part)}".encode())
            digest.update(np.ascontiguousarray(part.open_time_ms).tobytes())
            digest.update(np.ascontiguousarray(part.figures).tobytes())
        digest.update(f"{one.rules!r} {len(rates[symbol])}".encode() + rates[symbol])
    return digest.hexdigest()


def _warmed(series: CandleArrays, start_ms: int, last_ms: int, bars: int) -> CandleArrays:
    """The candles that open from `start_ms` to `last_ms`, and so many before them."""
    return _around(series, start_ms, last_ms + 1, bars, 0)


def _around(series: CandleArrays, start_ms: int, end_ms: int, before: int, after: int) -> CandleArrays:
    """The candles that open in [start_ms, end_ms), and so many before and after them."""
    first, end = (int(place) for place in np.searchsorted(series.open_time_ms, (start_ms, end_ms)))
    kept = slice(max(0, first - before), end + after)
    return CandleArrays(series.open_time_ms[kept], series.figures[:, kept])
