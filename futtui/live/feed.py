"""Health of the market feed: which connection is up, how old the newest payload is, which symbols are stale."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from futtui.domain.gaps import GapsView
from futtui.domain.snapshot import BudgetView, FeedView
from futtui.exchange.ports import StreamStateMessage
from futtui.live.clock import steady_ms
from futtui.live.symbol_state import SymbolState

STALE_AFTER_MS = 10_000.0
SYMBOL_STALE_AFTER_MS = 90_000.0
BROKEN = ("STALE", "RESYNC", "RECONNECTING")
"""States of a connection in which nothing can be expected of it."""


class FeedWatch:
    """Knows the newest sign of life of each connection and symbol. Ages are real milliseconds."""

    def __init__(self) -> None:
        self.reconnects = 0
        self.delay_ms = 0
        self.error = ""
        self.attempt = 0
        self._states: dict[str, StreamStateMessage] = {}
        self._seen_at_ms = 0.0

    def on_state(self, message: StreamStateMessage) -> bool:
        """Take note of a connection's state; True when a broken connection came back."""
        before = self._states.get(message.connection)
        self._states[message.connection] = message
        came_back = message.state == "LIVE" and before is not None and before.state in BROKEN
        self.reconnects += came_back
        if message.state == "CLOSED":
            del self._states[message.connection]
        return came_back

    def on_payload(self, delay_ms: int) -> None:
        """A payload arrived: remember when, and how much longer than the quickest it was under way."""
        self._seen_at_ms = steady_ms()
        self.delay_ms = delay_ms

    def connections(self) -> Iterator[tuple[str, str, str]]:
        """Name, state and reason of every connection, by name."""
        for name, message in sorted(self._states.items()):
            yield name, message.state, message.reason

    @property
    def age_ms(self) -> float:
        """Real milliseconds since the newest payload; 0 before the first."""
        return steady_ms() - self._seen_at_ms if self._seen_at_ms else 0.0

    @property
    def is_fresh(self) -> bool:
        """Whether data arrived lately."""
        return bool(self._seen_at_ms) and self.age_ms < STALE_AFTER_MS

    def newly_changed(self, states: Iterable[SymbolState]) -> list[SymbolState]:
        """Symbols whose freshness just changed (their `fresh` is updated)."""
        now = steady_ms()
        changed = []
        for state in states:
            if not state.seen_at_ms:
                continue
            fresh = self.is_fresh and now - state.seen_at_ms < SYMBOL_STALE_AFTER_MS
            if fresh != state.fresh:
                state.fresh = fresh
                changed.append(state)
        return changed

    def view(self, budget: BudgetView | None = None, gaps_filled: int = 0, gaps: GapsView | None = None) -> FeedView:
        """The feed as shown in the status bar."""
        broken = next((item for item in self._states.values() if item.state in BROKEN), None)
        connected = self.is_fresh and broken is None and not self.error
        return FeedView(
            connected=connected,
            text=self.error or self._text(broken),
            age_ms=int(self.age_ms),
            delay_ms=self.delay_ms,
            attempt=max(self.attempt, broken.attempt if broken else 0),
            reconnects=self.reconnects,
            gaps_filled=gaps_filled,
            used_weight=budget.used if budget else 0,
            weight_limit=budget.limit if budget else 2400,
            budget=budget,
            gaps=gaps or GapsView(),
        )

    def _text(self, broken: StreamStateMessage | None) -> str:
        if broken is not None:
            return f"{broken.state.lower()}: {broken.reason}"
        if not self._seen_at_ms:
            return "connecting"
        return "fresh" if self.is_fresh else f"no data for {self.age_ms / 1000:.0f} s"
