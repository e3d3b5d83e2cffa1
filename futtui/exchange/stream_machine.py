"""The life of one stream as a table: which news leads from which state to which; and a watch that keeps its time.

Pure bookkeeping; times are milliseconds of whatever clock the caller uses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

LATE_AFTER_CADENCES = 1.5
STALE_AFTER_CADENCES = 3.0


class StreamState(StrEnum):
    """Where a stream stands. Only LIVE and LATE may be traded on."""

    CONNECTING = "CONNECTING"
    SUBSCRIBED = "SUBSCRIBED"
    LIVE = "LIVE"
    LATE = "LATE"
    STALE = "STALE"
    RESYNC = "RESYNC"
    DEAD = "DEAD"

    @property
    def trusted(self) -> bool:
        """Whether entries may rely on the stream."""
        return self in (StreamState.LIVE, StreamState.LATE)


class StreamEvent(StrEnum):
    """What can happen to a stream."""

    ACCEPTED = "the exchange accepted the subscription"
    PAYLOAD = "data came"
    OVERDUE = "nothing for one and a half times the usual"
    SILENT = "nothing for three times the usual, or no first data in time"
    CHECKING = "another socket or REST is being asked"
    QUIET = "REST has nothing newer either"
    BEHIND = "REST knows more than the stream told"
    CUT = "the connection ended"


_S, _E = StreamState, StreamEvent
TRANSITIONS: Mapping[StreamState, Mapping[StreamEvent, StreamState]] = {
    _S.CONNECTING: {_E.ACCEPTED: _S.SUBSCRIBED, _E.PAYLOAD: _S.LIVE, _E.SILENT: _S.STALE},
    _S.SUBSCRIBED: {_E.PAYLOAD: _S.LIVE, _E.SILENT: _S.STALE, _E.CUT: _S.CONNECTING},
    _S.LIVE: {_E.OVERDUE: _S.LATE, _E.SILENT: _S.STALE, _E.CUT: _S.CONNECTING},
    _S.LATE: {_E.PAYLOAD: _S.LIVE, _E.SILENT: _S.STALE, _E.CUT: _S.CONNECTING},
    _S.STALE: {_E.PAYLOAD: _S.LIVE, _E.CHECKING: _S.RESYNC, _E.CUT: _S.CONNECTING},
    _S.RESYNC: {_E.PAYLOAD: _S.LIVE, _E.QUIET: _S.LIVE, _E.BEHIND: _S.DEAD, _E.SILENT: _S.STALE, _E.CUT: _S.CONNECTING},
    _S.DEAD: {_E.PAYLOAD: _S.LIVE, _E.CHECKING: _S.RESYNC, _E.CUT: _S.CONNECTING},
}
"""Every change there is. What is not listed changes nothing."""


def next_state(state: StreamState, event: StreamEvent) -> StreamState:
    """The state after `event`; the same one where the table has no line for it."""
    return TRANSITIONS[state].get(event, state)


@dataclass(slots=True)
class StreamWatch:
    """One stream in time. `cadence_ms` is the longest pause between payloads that is normal for it."""

    cadence_ms: float
    state: StreamState = StreamState.CONNECTING
    seen_ms: float = 0.0
    """When the newest payload came, 0 = never."""
    trusted_ms: float = 0.0
    """Since when silence counts: newest payload, acceptance, or REST having nothing newer; 0 = not yet."""

    def on(self, event: StreamEvent, now_ms: float) -> StreamState:
        """Take note of an event; the state after it."""
        self.state = next_state(self.state, event)
        if event is StreamEvent.PAYLOAD:
            self.seen_ms = max(self.seen_ms, now_ms)
        if event in (StreamEvent.PAYLOAD, StreamEvent.ACCEPTED, StreamEvent.QUIET):
            self.trusted_ms = max(self.trusted_ms, now_ms)
        return self.state

    def look(self, seen_ms: float, now_ms: float) -> StreamState:
        """The state at `now_ms` when the newest payload came at `seen_ms`."""
        if seen_ms > self.seen_ms:
            self.on(StreamEvent.PAYLOAD, seen_ms)
        if not self.trusted_ms:
            return self.state
        silence_ms = now_ms - self.trusted_ms
        if silence_ms >= STALE_AFTER_CADENCES * self.cadence_ms:
            if self.state is not StreamState.RESYNC:
                self.on(StreamEvent.SILENT, now_ms)
        elif silence_ms >= LATE_AFTER_CADENCES * self.cadence_ms:
            self.on(StreamEvent.OVERDUE, now_ms)
        return self.state

    def age_ms(self, now_ms: float) -> float:
        """Time since the newest payload; 0 before the first."""
        return now_ms - self.seen_ms if self.seen_ms else 0.0
