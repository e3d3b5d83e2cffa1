"""The worker process: answers requests on stdin until the app closes the pipe or dies."""

from __future__ import annotations

import os
import signal
import sys
import time
from typing import TYPE_CHECKING, Any

from futtui.analysis.collector import calm_collector
from futtui.analysis.wire import read_message, write_message

if TYPE_CHECKING:
    from futtui.analysis.house import AnalyzerHouse
    from futtui.analysis.settings import AnalysisSettings

NICENESS = 10
"""The app's own loop goes first when processor time is short."""


def main() -> None:
    """Serve until stdin ends.

    First message in: settings, and whether strategies have a time budget. First message out: None, or why it cannot
    work.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # a stray print must not break the protocol
    try:
        try:
            settings, timed = read_message(requests)
            house = house_of(settings, timed)
            calm_collector()
        except (EOFError, OSError):
            return
        except Exception as fault:
            write_message(answers, f"{type(fault).__name__}: {fault}")
            return
        write_message(answers, None)
        while True:
            request_id, kind, arguments = read_message(requests)
            write_message(answers, (request_id, *_answer(house, kind, arguments)))
    except (EOFError, OSError):
        return


def house_of(settings: AnalysisSettings, timed: bool) -> AnalyzerHouse:
    """The analyzers of this process; `timed`: strategies have a time budget and a deadline."""
    from futtui.analysis.deadline import StrategyDeadline
    from futtui.analysis.house import AnalyzerHouse

    return AnalyzerHouse(settings, steady_ms, StrategyDeadline()) if timed else AnalyzerHouse(settings)


def steady_ms() -> float:
    """Milliseconds of a clock that only goes forward."""
    return time.perf_counter() * 1000.0


def _answer(house: Any, kind: str, arguments: tuple[Any, ...]) -> tuple[bool, Any]:
    """(True, result), or (False, what went wrong in words)."""
    try:
        return True, getattr(house, kind)(*arguments)
    except Exception as fault:  # the app must learn of any failure; this worker serves other symbols too
        return False, f"{type(fault).__name__}: {fault}"
