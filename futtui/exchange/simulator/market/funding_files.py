"""Recorded funding rates from a folder of files, one or many for a symbol.

Two forms are read: funding_time,funding_rate and the archive's calc_time,funding_interval_hours,last_funding_rate.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from futtui.domain.timeframe import MINUTE_MS
from futtui.exchange.archive_csv import RowsOfFile
from futtui.exchange.archive_files import archive_files, content
from futtui.exchange.simulator.market.chance import Floats, Integers

USUAL_RATE = 0.0001
"""0.01 % for 8 hours: the exchange's interest part, paid when premium is near zero."""

_NEAR_MS = 5 * MINUTE_MS
"""Real funding times lie some milliseconds, at times seconds, after the full hour."""


def funding_folder(history: Path) -> Path | None:
    """The folder `funding` in or up to two folders above the candles; None where there is none."""
    places = (history / "funding", history.parent / "funding", history.parent.parent / "funding")
    return next((place for place in places if place.is_dir()), None)


class FundingHistory:
    """Rates by symbol and time."""

    def __init__(self, events: dict[str, tuple[Integers, Floats]]) -> None:
        """`events`: funding times in ms, ascending, and rates as fractions, by symbol."""
        self._events = events

    @classmethod
    def of_folder(cls, folder: Path | None, symbols: Sequence[str]) -> FundingHistory:
        """The rates of those of `symbols` that have a file in `folder`; None = no rates are known."""
        if folder is None:
            return cls({})
        events: dict[str, tuple[Integers, Floats]] = {}
        for symbol, files in archive_files(folder).items():
            if symbol not in symbols:
                continue
            pieces = []
            for file in files:
                text = content(file.path)
                columns = text.partition(b"\n")[0].count(b",") + 1
                pieces.append(RowsOfFile(file.path, text, columns).parse()[:, [0, columns - 1]])
            rows = np.concatenate(pieces)
            times, first = np.unique(rows[:, 0].astype(np.int64), return_index=True)
            events[symbol] = (times, rows[first, 1])
        return cls(events)

    def rate(self, symbol: str, funding_time_ms: int) -> float:
        """The rate recorded at that time, else the usual one."""
        known = self._events.get(symbol)
        if known is None:
            return USUAL_RATE
        times, rates = known
        index = int(np.searchsorted(times, funding_time_ms - MINUTE_MS))
        if index < len(times) and times[index] <= funding_time_ms + _NEAR_MS and np.isfinite(rates[index]):
            return float(rates[index])
        return USUAL_RATE
