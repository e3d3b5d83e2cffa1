"""The day's self-check: what strategies looked at and why nothing came of it, told at the end of the UTC day."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from futtui.domain.effects import RecordNoSignal, Say, Severity
from futtui.domain.events import AnalysisDone
from futtui.domain.timeframe import DAY_MS
from futtui.language.counting import counted

KIND_LENGTH = 300
_FIGURES = re.compile(r"[-+]?\d[\d.,]*")


class DayCheck:
    """Counts of one UTC day, from the first close that was seen in it. Time comes with each call."""

    def __init__(self) -> None:
        self._start_over()

    def _start_over(self) -> None:
        self._day_ms = -1
        self._closes: set[tuple[str, int]] = set()
        self._alive: dict[str, bool] = {}
        self._candidates = 0
        self._refused: Counter[str] = Counter()

    def take(self, event: AnalysisDone) -> list[Say]:
        """Count a close; the line of the day before when this is the first of a new one."""
        lines = self.due(event.time_ms)
        if self._day_ms < 0:
            self._day_ms = event.time_ms // DAY_MS * DAY_MS
        self._closes.add((event.result.reading.symbol, event.time_ms))
        self._candidates += len(event.result.signals)
        for verdict in event.result.verdicts:
            self._alive[verdict.strategy] = self._alive.get(verdict.strategy, False) or verdict.available
        return lines

    def silences(self, event: AnalysisDone) -> Iterator[RecordNoSignal]:
        """A record for each strategy that was asked at this close and proposed nothing.

        The answers of hourly strategies are carried along until the next hour: they count once.
        """
        reading, day_ms = event.result.reading, event.time_ms // DAY_MS * DAY_MS
        symbol = reading.symbol
        for verdict in event.result.verdicts:
            if not verdict.proposed and verdict.time_ms in (0, reading.time_ms):
                kind = _FIGURES.sub("#", verdict.reason)[:KIND_LENGTH]
                yield RecordNoSignal(day_ms, symbol, verdict.strategy, kind, verdict.reason, event.time_ms)

    def refused(self, kind: str) -> None:
        """A candidate was refused."""
        self._refused[kind] += 1

    def due(self, time_ms: int) -> list[Say]:
        """The line of a day that is over; empty before, and when nothing was looked at."""
        if self._day_ms < 0 or time_ms < self._day_ms + DAY_MS:
            return []
        working = sum(self._alive.values())
        silent = sorted(name for name, alive in self._alive.items() if not alive)
        names = ", ".join(silent)
        often = sorted(self._refused.items(), key=lambda each: (-each[1], each[0]))
        why = ", ".join(f"{kind} {count}" for kind, count in often)
        text = (
            f"Self-check of the day: {counted(working, 'strategy', 'strategies')} at work, "
            f"{counted(len(self._closes), 'close')} analysed, {counted(self._candidates, 'candidate')}, "
            f"{sum(self._refused.values())} refused{f' ({why})' if why else ''}"
            f"{f'; without an answer all day: {names}' if silent else ''}"
        )
        severity = Severity.INFO if self._candidates else Severity.NOTICE
        self._start_over()
        return [Say(time_ms, "strategy", text, severity)]
