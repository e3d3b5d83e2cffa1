"""The book of trials: every run that could have been chosen, so that the best of many is judged as the best of many."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from os import SEEK_END
from pathlib import Path
from typing import Any

import numpy as np

from futtui.backtest.settings import BacktestRequest
from futtui.backtest.sharpe import daily_results, moments
from futtui.domain.position import Trade
from futtui.domain.timeframe import DAY_MS

FILE_NAME = "trials.jsonl"


@dataclass(frozen=True, slots=True)
class Trial:
    """One run. `daily`: (UTC day since 1970, sum of R) of every day with a trade, by the day it was opened."""

    kind: str
    recorded: str
    settings: str
    data: str
    symbols: tuple[str, ...]
    start_ms: int
    end_ms: int
    trades: int
    net_r: float
    sharpe: float | None
    daily: tuple[tuple[int, float], ...]

    def overlaps(self, start_ms: int, end_ms: int) -> bool:
        """Whether it saw any of the period."""
        return self.start_ms < end_ms and start_ms < self.end_ms


class TrialBook:
    """The trials in a file of the data folder, one JSON line each; lines are only ever added."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def add(self, trial: Trial) -> None:
        """Write a trial; raises OSError when the file cannot be written."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        line = json.dumps(asdict(trial), separators=(",", ":")) + "\n"
        with self.file.open("ab+") as book:
            if book.tell():
                book.seek(-1, SEEK_END)
                line = line if book.read(1) == b"\n" else "\n" + line  # a line that was cut stays a line of its own
            book.write(line.encode())

    def all(self) -> list[Trial]:
        """Every trial that can be read, oldest first."""
        if not self.file.is_file():
            return []
        found = []
        for line in self.file.read_text(encoding="utf-8", errors="replace").splitlines():
            trial = _read(line)
            if trial is not None:
                found.append(trial)
        return found


def trial_of(
    kind: str, recorded: str, request: BacktestRequest, trades: Sequence[Trade], settings: str = "", data: str = ""
) -> Trial:
    """The trial that a run was."""
    results, opened = [trade.result_r for trade in trades], [trade.opened_ms for trade in trades]
    days = daily_results(results, opened, request.start_ms, request.end_ms)
    found, first = moments(days), request.start_ms // DAY_MS
    traded = sorted({time_ms // DAY_MS - first for time_ms in opened})
    return Trial(
        kind=kind,
        recorded=recorded,
        settings=settings or settings_hash(request),
        data=data,
        symbols=tuple(sorted(request.symbols)),
        start_ms=request.start_ms,
        end_ms=request.end_ms,
        trades=len(trades),
        net_r=round(sum(results), 6),
        sharpe=None if found is None else found.sharpe,
        daily=tuple((first + place, round(float(days[place]), 6)) for place in traded if 0 <= place < len(days)),
    )


def settings_hash(request: BacktestRequest) -> str:
    """Short fingerprint of everything that was chosen but the symbols and the days: whatever else moves a result.

    Where the candles are and how many processes work on them moves none.
    """
    chosen = (
        request.analysis, request.desk, request.costs, request.optimistic, sorted(request.for_information),
        request.confidence, request.warm_up, request.start_equity,
    )  # fmt: skip
    return hashlib.sha256(repr(chosen).encode()).hexdigest()[:16]


def seen_before(trials: Iterable[Trial], symbols: Sequence[str], start_ms: int, end_ms: int) -> list[Trial]:
    """The different runs on any of these symbols in this period, each once (its newest repetition).

    Other settings make another run, and so do other symbols and other days: whoever keeps the best set of symbols has
    chosen just as much as whoever keeps the best number.
    """
    wanted, found = set(symbols), {}
    for trial in trials:
        if wanted & set(trial.symbols) and trial.overlaps(start_ms, end_ms):
            found[trial.settings, trial.symbols, trial.start_ms, trial.end_ms] = trial
    return list(found.values())


def trial_table(trials: Iterable[Trial], symbols: Sequence[str], start_ms: int, end_ms: int) -> np.ndarray | None:
    """Daily results of the trials on just these symbols and this period, a column each; None with fewer than two."""
    same = [
        trial for trial in trials
        if set(trial.symbols) == set(symbols) and (trial.start_ms, trial.end_ms) == (start_ms, end_ms)
    ]  # fmt: skip
    columns = {trial.settings: _days_of(trial) for trial in same}
    return np.column_stack(list(columns.values())) if len(columns) > 1 else None


def _days_of(trial: Trial) -> np.ndarray:
    first = trial.start_ms // DAY_MS
    days = np.zeros((trial.end_ms - 1) // DAY_MS - first + 1)
    for day, result in trial.daily:
        days[day - first] = result
    return days


def _read(line: str) -> Trial | None:
    """A line's trial; None for a line that another program, or a cut power line, left half."""
    try:
        row: dict[str, Any] = json.loads(line)
        row["symbols"] = tuple(row["symbols"])
        row["daily"] = tuple((int(day), float(result)) for day, result in row["daily"])
        return Trial(**row)
    except (ValueError, TypeError, KeyError):
        return None
