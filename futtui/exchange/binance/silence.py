"""Knows when each kind of payload last came on one socket, and how the connection stands because of that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from futtui.exchange.binance.clock import ClockMs
from futtui.exchange.binance.routes import StreamSettings, expected_messages
from futtui.exchange.binance.socket_session import SocketSession
from futtui.exchange.stream_machine import LATE_AFTER_CADENCES, STALE_AFTER_CADENCES, StreamEvent


@dataclass(frozen=True, slots=True)
class Silence:
    """What is missing: OVERDUE or SILENT, and which data in words."""

    event: StreamEvent
    reason: str
    first: bool = False
    """Whether not even the first data came."""


class SilenceWatch:
    """Looks at a socket's counters; one watch a socket.

    `silence_ms` of the settings is the time after which a kind is stale, three times its usual pause; at half of it
    the kind is late.
    """

    def __init__(self, settings: StreamSettings, clock: ClockMs) -> None:
        self._settings = settings
        self._clock = clock
        self._asked_ms = clock()
        self._counted: dict[type, int] = {}
        self._changed_ms: dict[type, int] = {}

    def asked_again(self) -> None:
        """The subscription was made anew: the deadline for the first data starts again."""
        self._asked_ms = self._clock()

    def look(self, session: SocketSession, streams: Sequence[str]) -> Silence | None:
        """The worst silence there is now; None while data flow as they should."""
        now_ms = self._clock()
        first_ms = self._settings.first_payload_ms
        if first_ms is not None and streams and not session.proven.is_set() and now_ms - self._asked_ms > first_ms:
            return Silence(
                StreamEvent.SILENT, f"no data within {first_ms / 1000:g} s after the subscription", first=True
            )
        worst: Silence | None = None
        for kind in sorted(expected_messages(streams), key=lambda kind: kind.__name__):
            found = self._of_kind(kind, session.counts[kind], now_ms)
            if found is not None and (worst is None or found.event is StreamEvent.SILENT):
                worst = found
        return worst

    def _of_kind(self, kind: type, count: int, now_ms: int) -> Silence | None:
        limit_ms = self._settings.silence_ms.get(kind)
        if limit_ms is None:
            return None
        if count != self._counted.get(kind, 0):
            self._counted[kind] = count
            self._changed_ms[kind] = now_ms
            return None
        silent_ms = now_ms - self._changed_ms.get(kind, self._asked_ms)
        late_ms = limit_ms * LATE_AFTER_CADENCES / STALE_AFTER_CADENCES
        if silent_ms > limit_ms:
            return Silence(StreamEvent.SILENT, f"no {_plain_name(kind)} for {limit_ms / 1000:g} s")
        if silent_ms > late_ms:
            return Silence(StreamEvent.OVERDUE, f"no {_plain_name(kind)} for {late_ms / 1000:g} s")
        return None


def _plain_name(kind: type) -> str:
    words = kind.__name__.removesuffix("Message")
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in words).strip()
