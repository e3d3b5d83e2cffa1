"""A world without a future: candles that grow bar by bar, in memory and in their file, a year away from the real ones.

What decides honestly decides there as it did in the whole data. What looks at tomorrow in the data finds none; what
knows tomorrow from elsewhere finds it under other dates; what reads files while it decides is seen doing it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from futtui.analysis.settings import AnalysisSettings
from futtui.backtest.data import BASE, SymbolData, load_symbol
from futtui.backtest.shards import Answers, SymbolRun
from futtui.domain.reading import AnalysisResult, SymbolReading
from futtui.domain.signal import RawSignal
from futtui.domain.timeframe import ANALYSIS_TIMEFRAMES, DAY_MS, Timeframe
from futtui.live.past_candles import PastCandles
from futtui.live.settings import HistorySettings
from futtui.storage.candle_arrays import CandleArrays, combined, merged
from futtui.strategies.plugin import forget_plugins

SHIFT_MS = 364 * DAY_MS
"""Whole weeks, so that days of the week and hours stay what they were."""
HEADER = "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume,x"
CODE_FILES = (".py", ".pyc", ".so", ".pyd", ".dll", ".dylib")
WAYS_OUT = {
    "socket.connect": "a connection",
    "sqlite3.connect": "a database",
    "subprocess.Popen": "another program",
    "os.system": "another program",
    "os.posix_spawn": "another program",
    "gc.get_objects": "the memory of this program",
    "gc.get_referrers": "the memory of this program",
    "gc.get_referents": "the memory of this program",
}
"""What the interpreter reports besides opened files, and what it is in plain words."""
DISTANT_MS = 1 << 36
"""Integers above this are moments in milliseconds."""


class _Watch:
    """Notes what is opened while somebody decides. One a process: an audit hook cannot be taken back."""

    def __init__(self) -> None:
        self.deciding = False
        self.installed = False
        self.opened: list[str] = []

    def see(self, event: str, arguments: tuple[Any, ...]) -> None:
        """The interpreter's own report of something that is about to happen."""
        if not self.deciding:
            return
        if event == "open" and isinstance(arguments[0], str | bytes):
            name = arguments[0].decode(errors="replace") if isinstance(arguments[0], bytes) else arguments[0]
            if not name.endswith(CODE_FILES):
                self.opened.append(name)
        elif event in WAYS_OUT:
            self.opened.append(WAYS_OUT[event])


_watch = _Watch()


@contextmanager
def watched() -> Iterator[list[str]]:
    """Names of the files that are opened inside, code left out, and what else is looked into."""
    if not _watch.installed:
        _watch.installed = True
        sys.addaudithook(_watch.see)
    _watch.opened = []
    _watch.deciding = True
    try:
        yield _watch.opened
    finally:
        _watch.deciding = False


class CutWorld:
    """One symbol's candles up to a moment that moves on; nothing later exists in it."""

    def __init__(self, whole: SymbolData, folder: Path, warm_up: HistorySettings, start_ms: int) -> None:
        self._base = whole.past.series[BASE]
        self._at_ms = start_ms
        self._file = folder / BASE.code / f"{whole.symbol}-{BASE.code}.csv"
        self._file.parent.mkdir(parents=True, exist_ok=True)
        known = self._base.between(_first_ms(whole.past, warm_up, start_ms), start_ms)
        self._file.write_text("\n".join([HEADER, *_rows(known)]) + "\n", encoding="utf-8")
        loaded = load_symbol(folder, whole.symbol, start_ms)
        self._series: dict[Timeframe, CandleArrays] = dict(loaded.past.series)
        rules = whole.rules
        if rules.onboard_time_ms:
            rules = replace(rules, onboard_time_ms=rules.onboard_time_ms + SHIFT_MS)
        self.data = replace(loaded, past=PastCandles(whole.symbol, str(folder), self._series), fine=(), rules=rules)

    def grow(self, until_ms: int) -> None:
        """Let the bars come that close up to `until_ms`, in the real world's time."""
        fresh = self._base.between(self._at_ms, until_ms)
        self._at_ms = until_ms
        if not len(fresh):
            return
        with self._file.open("a", encoding="utf-8") as out:
            out.write("\n".join(_rows(fresh)) + "\n")
        moved = CandleArrays(fresh.open_time_ms + SHIFT_MS, fresh.figures)
        self._series[BASE] = merged(self._series[BASE], moved)
        for frame in ANALYSIS_TIMEFRAMES:
            end_ms = until_ms + SHIFT_MS
            if frame is not BASE and end_ms % frame.ms == 0:
                parts = self._series[BASE].between(end_ms - frame.ms, end_ms)
                self._series[frame] = merged(self._series[frame], combined(parts, BASE.ms, frame.ms))


def _first_ms(past: PastCandles, warm_up: HistorySettings, start_ms: int) -> int:
    """Where the day begins from which every timeframe has the bars that are loaded at `start_ms`, holes or not."""
    first_ms = start_ms
    for frame in ANALYSIS_TIMEFRAMES:
        times = past.series[frame].open_time_ms
        until = int(np.searchsorted(times, start_ms - frame.ms, side="right"))
        if until:
            first_ms = min(first_ms, int(times[max(0, until - warm_up.bars(frame))]))
    return first_ms // DAY_MS * DAY_MS


def cut_answers(
    whole: SymbolData, folder: Path, analysis: AnalysisSettings, warm_up: HistorySettings, start_ms: int, end_ms: int
) -> tuple[Answers, list[str]]:
    """The answers of a symbol in (start_ms, end_ms] when nothing later exists, and what was opened meanwhile.

    Times in the answers are those of the cut world, `SHIFT_MS` later.
    """
    world = CutWorld(whole, folder, warm_up, start_ms)
    with watched() as opened:
        forget_plugins()  # what it read or noted while the whole data lay there has to be read again, and is seen
        run = SymbolRun(world.data, analysis, warm_up, start_ms + SHIFT_MS)
    seen, answers = list(opened), []
    for time_ms in range(start_ms + BASE.ms, end_ms + 1, BASE.ms):
        world.grow(time_ms)
        with watched() as opened:
            answers += run.advance(time_ms + SHIFT_MS)
        seen += opened
    return answers, seen


def differences(real: Answers, cut: Answers) -> list[tuple[int, str]]:
    """(close, who) wherever the answers are not the same to the last bit; who = a strategy or `measures`."""
    found: list[tuple[int, str]] = []
    there = {time_ms - SHIFT_MS: result for time_ms, result in cut}
    here = dict(real)
    for time_ms in sorted(here.keys() | there.keys()):
        one, other = here.get(time_ms), there.get(time_ms)
        if one is None or other is None:
            found.append((time_ms, "measures"))
            continue
        found += [(time_ms, who) for who in _unlike(one, other)]
    return found


def _unlike(real: AnalysisResult, cut: AnalysisResult) -> list[str]:
    names = []
    if _bare(_measures(real.reading), 0) != _bare(_measures(cut.reading), SHIFT_MS):
        names.append("measures")
    strategies = dict.fromkeys(each.strategy for each in (*real.signals, *cut.signals))
    for name in strategies:
        one = [_bare(_decision(each), 0) for each in real.signals if each.strategy == name]
        if one != [_bare(_decision(each), SHIFT_MS) for each in cut.signals if each.strategy == name]:
            names.append(name)
    return names


def _measures(reading: SymbolReading) -> tuple[Any, ...]:
    return (
        reading.time_ms, reading.price, tuple(reading.frames.values()), reading.zones, reading.daily_vwap,
        reading.anchored_vwap, reading.profile, reading.change_24h_pct, reading.ready, reading.profiles,
    )  # fmt: skip


def _decision(raw: RawSignal) -> tuple[Any, ...]:
    return (
        raw.system, raw.timeframe, raw.side, raw.trigger, raw.time_ms, raw.valid_until_ms, raw.levels.entry,
        raw.levels.stop, raw.levels.targets, raw.atr, raw.base_score, raw.regime, raw.parts, raw.volume_ratio, raw.flow,
        raw.time_stop_bars, raw.standing, raw.limits,
    )  # fmt: skip


def _bare(value: Any, shift_ms: int) -> Any:
    """The figures of a record, moments brought back to real time; words and names are left out."""
    if isinstance(value, float) or value is None or isinstance(value, Enum | bool):
        return value
    if isinstance(value, int):
        return value - shift_ms if value > DISTANT_MS else value
    if isinstance(value, str):
        return None
    if isinstance(value, tuple | list):
        return tuple(_bare(each, shift_ms) for each in value)
    if is_dataclass(value):
        return tuple(_bare(getattr(value, name), shift_ms) for name in _names(value.__class__))
    return value


@cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(each.name for each in fields(kind))


def _rows(bars: CandleArrays) -> Iterator[str]:
    columns = bars.figures
    for place, open_ms in enumerate(bars.open_time_ms.tolist()):
        cells = ["" if np.isnan(columns[row, place]) else repr(float(columns[row, place])) for row in range(9)]
        if cells[6]:
            cells[6] = str(int(columns[6, place]))
        start = open_ms + SHIFT_MS
        yield ",".join([str(start), *cells[:5], str(start + BASE.ms - 1), *cells[5:], "0"])
