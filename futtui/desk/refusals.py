"""Refused signals in the log: the first of a kind at once, the rest of them together in one line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from futtui.desk import words
from futtui.domain.effects import Say
from futtui.domain.signal import FilterCheck, RawSignal, Signal, SignalStatus
from futtui.domain.timeframe import MINUTE_MS


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a signal may not trade: a short kind for counting, and the reason in plain words."""

    kind: str
    reason: str


ENTRY_GATE = "price, size and limits at the entry"
NOW_GATES = frozenset(
    {
        "trading not paused",
        "not blocked",
        "contract still traded",
        "market data is fresh",
        "no order in doubt",
        "spread and volatility in bounds",
        "account as futtui knows it",
        "trading rules known",
        "no other position in the way",
    }
)
"""What is asked of a trade on a symbol at the moment, whatever the signal says."""

Gate = tuple[str, Refusal | None]
"""What is asked of a signal, in words, and what stands against it there; None = it passes."""


def judged(gates: Iterable[Gate]) -> tuple[Refusal | None, tuple[FilterCheck, ...]]:
    """The first refusal (None if there is none), and every gate that was asked until then."""
    checks: list[FilterCheck] = []
    for name, refusal in gates:
        if refusal is not None:
            checks.append(FilterCheck(name, False, refusal.reason))
            return refusal, tuple(checks)
        checks.append(_passed(name))
    return None, tuple(checks)


def is_refused_entry(signal: Signal) -> bool:
    """Whether a signal that was good enough was not entered, because of the account, the symbol or the price.

    What is too weak, or came too late, is no entry; nor is one that was sent and that the exchange refused.
    """
    if signal.status is not SignalStatus.REFUSED or signal.position_id or not signal.checks:
        return False
    if signal.needed_score is not None and signal.score < signal.needed_score:
        return False
    last = signal.checks[-1]
    return not last.passed and (last.name in NOW_GATES or last.name.startswith(ENTRY_GATE))


@lru_cache(maxsize=256)
def _passed(name: str) -> FilterCheck:
    """A gate that nothing stands against; one for all signals: there are a dozen at every close."""
    return FilterCheck(name, True)


class RefusalLog:
    """Merges repeats of refusals within a window of exchange time."""

    def __init__(self, merge_minutes: int) -> None:
        self._minutes = merge_minutes
        self._window_end_ms = 0
        self._told: dict[str, None] = {}
        self._more: Counter[str] = Counter()

    def add(self, raw: RawSignal, refusal: Refusal, time_ms: int) -> list[Say]:
        """Lines to say now for one refusal: a summary that is due, and the refusal if it is the first of its kind."""
        lines = self.due(time_ms)
        if refusal.kind in self._told:
            self._more[refusal.kind] += 1
            return lines
        if not self._told:
            self._window_end_ms = time_ms + self._minutes * MINUTE_MS
        self._told[refusal.kind] = None
        return [*lines, Say(time_ms, "filter", words.refused(raw, refusal.reason), symbol=raw.symbol)]

    def due(self, time_ms: int) -> list[Say]:
        """The summary of the window that is over; empty while it runs or when there is nothing to tell."""
        if not self._told or time_ms < self._window_end_ms:
            return []
        more, self._more = self._more, Counter()
        self._told = {}
        return [Say(time_ms, "filter", words.refusals_merged(self._minutes, more))] if more else []
