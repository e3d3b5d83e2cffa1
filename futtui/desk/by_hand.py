"""What the user does with one position by hand: closing it, and moving its stop within its first risk."""

from __future__ import annotations

from decimal import Decimal

from futtui.desk import words
from futtui.desk.life import PositionLife
from futtui.desk.outbox import Outbox
from futtui.desk.positions import Position
from futtui.desk.state import DeskState
from futtui.domain.effects import Severity
from futtui.domain.events import ClosePosition, MoveStop
from futtui.domain.position import ExitReason, PositionStatus

_GONE = "This position is not open any more"


class HandDesk:
    """Carries out commands about one position; everything that is refused is told with its reason."""

    def __init__(self, state: DeskState, out: Outbox, life: PositionLife) -> None:
        self._state = state
        self._out = out
        self._life = life

    def on_close(self, event: ClosePosition) -> None:
        """Close at market."""
        position = self._state.open.get(event.position_id)
        if position is None:
            self._out.say(event.time_ms, "trade", _GONE, Severity.NOTICE)
            return
        self._life.request_exit(position, ExitReason.MANUAL, event.time_ms, "by your command")

    def on_move_stop(self, event: MoveStop) -> None:
        """Want the stop at another price: nearer to the price, or back towards the first stop."""
        position = self._state.open.get(event.position_id)
        if position is None:
            self._out.say(event.time_ms, "trade", _GONE, Severity.NOTICE)
            return
        symbol, rules = position.plan.symbol, position.rules
        price = rules.round_stop(float(event.price), position.plan.side)
        reason = self._refusal(position, price)
        if reason is not None:
            text = f"{symbol}: the stop stays where it is, {reason}"
            self._out.say(event.time_ms, "trade", text, Severity.WARNING, symbol)
            return
        text = f"{symbol}: the stop goes to {words.price(rules, price)} by your command"
        self._out.say(event.time_ms, "trade", text, Severity.NOTICE, symbol)
        self._life.move_stop(position, price, event.time_ms)

    def _refusal(self, position: Position, price: Decimal) -> str | None:
        """Why a stop may not go to this price. The risk that was taken at the entry is never made larger."""
        sign = position.plan.side.sign
        if position.status is not PositionStatus.PROTECTED or position.exit_reason is not None:
            return "the position is not protected by a stop at this moment"
        if price == position.goal_price:
            return "it is there already"
        if sign * (price - position.plan.stop) < 0:
            return "it may not go beyond the first stop"
        if position.has_passed(price):
            return "the price is beyond it already"
        if self._state.kill_level and sign * (price - position.goal_price) < 0:
            return "while the kill switch is on it may only come nearer to the price"
        return None
