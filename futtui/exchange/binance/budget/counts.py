"""What an answer's headers tell about the exchange's own counters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

MOST_DIGITS = 9
"""A longer number is no count of requests."""


@dataclass(frozen=True, slots=True)
class AnswerCounts:
    """The exchange's counts at the time of an answer; None = the answer did not say. `answered_ms` to the second."""

    weight: int | None = None
    orders_10_s: int | None = None
    orders_minute: int | None = None
    answered_ms: int | None = None


NO_COUNTS = AnswerCounts()


def counts_of(headers: Mapping[str, str]) -> AnswerCounts:
    """The counts in the headers of an answer (a mapping that ignores the case of names)."""
    return AnswerCounts(
        _whole(headers.get("X-MBX-USED-WEIGHT-1M")),
        _whole(headers.get("X-MBX-ORDER-COUNT-10S")),
        _whole(headers.get("X-MBX-ORDER-COUNT-1M")),
        _time_ms(headers.get("Date")),
    )


def _whole(text: str | None) -> int | None:
    return int(text) if text and len(text) <= MOST_DIGITS and text.isascii() and text.isdigit() else None


def _time_ms(text: str | None) -> int | None:
    try:
        return int(parsedate_to_datetime(text).timestamp()) * 1000 if text else None
    except (ValueError, OverflowError):
        return None
