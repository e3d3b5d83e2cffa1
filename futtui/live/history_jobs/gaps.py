"""Lists the candles that are not stored, and why, as far as the files that were fetched tell."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from futtui.domain.timeframe import Timeframe
from futtui.live.missing_bars import missing_opens, runs_of
from futtui.storage.deep_history import DeepHistory, Series, covered
from futtui.storage.file_manifest import FileRecord, FileStatus

PEERS = 12
_FIRST_PEERS = ("BTCUSDT", "ETHUSDT")


class HoleKind(IntEnum):
    """Why candles are not there."""

    OURS = 0
    NOT_PUBLISHED = 1
    BEFORE_LISTING = 2
    NO_BARS = 3
    EXCHANGE_WIDE = 4
    ONLY_HERE = 5

    @property
    def words(self) -> str:
        """For people."""
        return _WORDS[self]


_WORDS = {
    HoleKind.OURS: "never fetched",
    HoleKind.NOT_PUBLISHED: "the archive has no file for it",
    HoleKind.BEFORE_LISTING: "before the symbol was listed",
    HoleKind.NO_BARS: "the exchange has none (not known whether for other symbols too)",
    HoleKind.EXCHANGE_WIDE: "the exchange has none for any symbol stored here (exchange-wide)",
    HoleKind.ONLY_HERE: "the exchange has none, but others traded (no trades, or this symbol was halted)",
}


@dataclass(frozen=True, slots=True)
class Hole:
    """Candles in a row that are not stored for the same reason; both open times are included."""

    symbol: str
    timeframe: Timeframe
    first_open_ms: int
    last_open_ms: int
    kind: HoleKind

    @property
    def candles(self) -> int:
        """How many."""
        return self.timeframe.bars_between(self.first_open_ms, self.last_open_ms)


def find_holes(
    deep: DeepHistory,
    series: Series,
    others: list[Series],
    start_ms: int | None = None,
    end_ms: int | None = None,
) -> list[Hole]:
    """Holes of one series, oldest first. Without bounds: from the first to the last time that is known of it.

    `others`: what else is stored; where published files of other symbols lack the same bars, it was the exchange.
    """
    symbol, timeframe = series.symbol, series.timeframe
    files = deep.files(symbol, timeframe)
    spans = [(file.start_ms, file.end_ms) for file in files if file.end_ms > file.start_ms]
    times = deep.load_open_times(symbol, timeframe, 0, 1 << 62)
    if len(times):
        spans.append((int(times[0]), int(times[-1]) + 1))
    if not spans:
        return []
    first_ms = min(start for start, _ in spans) if start_ms is None else start_ms
    after_ms = max(end for _, end in spans) if end_ms is None else end_ms
    missing = missing_opens(times, timeframe, first_ms, after_ms)
    kinds = _kinds(missing, times, files)
    unknown = np.flatnonzero(kinds == HoleKind.NO_BARS)
    if len(unknown):
        kinds[unknown] = _compared_with_others(deep, series, others, missing[unknown])
    return _in_a_row(series, missing, kinds)


def _kinds(missing: np.ndarray, times: np.ndarray, files: list[FileRecord]) -> np.ndarray:
    kinds = np.full(len(missing), HoleKind.OURS, np.int64)
    kinds[covered(missing, [file for file in files if file.status is FileStatus.ABSENT])] = HoleKind.NOT_PUBLISHED
    kinds[covered(missing, [file for file in files if file.published])] = HoleKind.NO_BARS
    if len(times):
        kinds[(missing < times[0]) & (kinds != HoleKind.OURS)] = HoleKind.BEFORE_LISTING
    return kinds


def _compared_with_others(deep: DeepHistory, series: Series, others: list[Series], missing: np.ndarray) -> np.ndarray:
    """The same bars of other symbols, where published files speak for them."""
    start_ms, end_ms = int(missing[0]), int(missing[-1]) + 1
    known, traded = np.zeros(len(missing), np.bool_), np.zeros(len(missing), np.bool_)
    peers = [peer for peer in others if peer.timeframe is series.timeframe and peer.symbol != series.symbol]
    peers = [peer for peer in peers if peer.start_ms < end_ms and start_ms < peer.end_ms]
    peers.sort(key=lambda peer: (peer.symbol not in _FIRST_PEERS, peer.symbol))
    for peer in peers[:PEERS]:
        files = [file for file in deep.files(peer.symbol, peer.timeframe) if file.published]
        times = deep.load_open_times(peer.symbol, peer.timeframe, start_ms, end_ms)
        known |= covered(missing, files)
        traded |= np.isin(missing, times)
    return np.where(traded, HoleKind.ONLY_HERE, np.where(known, HoleKind.EXCHANGE_WIDE, HoleKind.NO_BARS))


def _in_a_row(series: Series, missing: np.ndarray, kinds: np.ndarray) -> list[Hole]:
    return [
        Hole(series.symbol, series.timeframe, int(missing[first]), int(missing[last]), HoleKind(int(kinds[first])))
        for first, last in runs_of(missing, series.timeframe, kinds)
    ]
