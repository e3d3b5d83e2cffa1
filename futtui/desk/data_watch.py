"""Market data that stops coming: nothing new is entered on the symbol, and what is held on it is looked after."""

from __future__ import annotations

from futtui.desk.life import PositionLife
from futtui.desk.outbox import Outbox
from futtui.desk.positions import Position
from futtui.desk.state import DeskState
from futtui.domain.effects import Severity
from futtui.domain.events import FeedState
from futtui.domain.position import ExitReason
from futtui.domain.timeframe import MINUTE_MS


class DataWatch:
    """Remembers which symbols have gone silent, and gives each alarm once."""

    def __init__(self, state: DeskState, out: Outbox, life: PositionLife) -> None:
        self._state = state
        self._out = out
        self._life = life
        self._alarmed: dict[str, None] = {}

    def on_feed(self, event: FeedState) -> None:
        """A symbol's data stopped coming, or comes again."""
        if event.fresh:
            self._state.stale.pop(event.symbol, None)
            self._alarmed.pop(event.symbol, None)
        elif event.symbol not in self._state.stale:
            self._state.stale[event.symbol] = (event.time_ms, event.reason)

    def look(self, position: Position, time_ms: int) -> None:
        """A held symbol without market data: alarm, much later a safety exit."""
        symbol, exits = position.plan.symbol, self._state.settings.risk.exits
        stale = self._state.stale.get(symbol)
        if stale is None:
            return
        minutes = (time_ms - stale[0]) // MINUTE_MS
        if 0 < exits.data_exit_minutes <= minutes and position.exit_reason is None:
            self._life.request_exit(position, ExitReason.DATA, time_ms, f"no market data for {minutes} minutes")
        elif minutes >= exits.data_alarm_minutes and symbol not in self._alarmed:
            self._alarmed[symbol] = None
            text = f"{symbol}: no market data for {minutes} minutes, the stop on the exchange still protects it"
            self._out.say(time_ms, "risk", text, Severity.WARNING, symbol)
