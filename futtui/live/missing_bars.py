"""Finds which candles of a series are not there: the one detection of holes, for live data and for the archive."""

from __future__ import annotations

import numpy as np

from futtui.domain.timeframe import Timeframe


def missing_opens(present_ms: np.ndarray, timeframe: Timeframe, first_ms: int, after_ms: int) -> np.ndarray:
    """Open times (epoch ms, int64, in order) with first_ms <= open time < after_ms that are not in `present_ms`."""
    expected = np.arange(-(-first_ms // timeframe.ms) * timeframe.ms, after_ms, timeframe.ms, dtype=np.int64)
    return np.setdiff1d(expected, present_ms, assume_unique=True)


def runs_of(missing_ms: np.ndarray, timeframe: Timeframe, kinds: np.ndarray | None = None) -> list[tuple[int, int]]:
    """First and last position in `missing_ms` of each stretch that follows on and is of one kind, in order."""
    if not len(missing_ms):
        return []
    breaks = np.diff(missing_ms) != timeframe.ms
    if kinds is not None:
        breaks |= np.diff(kinds) != 0
    borders = np.flatnonzero(breaks) + 1
    firsts, lasts = np.r_[0, borders], np.r_[borders - 1, len(missing_ms) - 1]
    return [(int(first), int(last)) for first, last in zip(firsts, lasts, strict=True)]
