"""What the user does with one position by hand: closing it or a part, and moving its stop within its first risk."""

from __future__ import annotations

from decimal import Decimal

from futtui.desk import words
from futtui.desk.life import PositionLife
from futtui.desk.outbox import Outbox
from futtui.desk.positions import Position
from futtui.desk.state import DeskState
from futtui.domain.effects import Severity
from futtui.domain.events import ClosePosition, MoveStop
from futtui.domain.orders import OrderPurpose
from futtui.domain.part_close import ALL_PCT, PartOfPosition, PartRefusal, part_of
from futtui.domain.position import ExitReason, PositionStatus
from futtui.domain.symbols import to_decimal

GONE = "This position is not open any more"
"""The answer to a command about a position that was closed meanwhile."""


class HandDesk:
    """Carries out commands about one position; everything that is refused is told with its reason."""

    def __init__(self, state: DeskState, out: Outbox, life: PositionLife) -> None:
        self._state = state
        self._out = out
        self._life = life

    def on_close(self, event: ClosePosition) -> None:
        """Close at market, all or a part."""
        position = self._state.open.get(event.position_id)
        if position is None:
            self._out.say(event.time_ms, "trade", GONE, Severity.NOTICE)
        elif event.percent >= ALL_PCT:
            self._life.request_exit(position, ExitReason.MANUAL, event.time_ms, "by your command")
        else:
            self._close_part(position, event)

    def _close_part(self, position: Position, event: ClosePosition) -> None:
        symbol = position.plan.symbol
        part = part_of(position.ledger.open, event.percent, to_decimal(position.last_price), position.rules)
        reason = _part_refusal(position, part)
        if reason is None:
            self._life.close_part(position, part.quantity, event.time_ms)
            return
        self._out.say(event.time_ms, "trade", f"{symbol}: no part is closed, {reason}", Severity.WARNING, symbol)

    def on_move_stop(self, event: MoveStop) -> None:
        """Want the stop at another price: nearer to the price, or back towards the first stop."""
        position = self._state.open.get(event.position_id)
        if position is None:
            self._out.say(event.time_ms, "trade", GONE, Severity.NOTICE)
            return
        symbol, rules = position.plan.symbol, position.rules
        price = rules.round_stop(float(event.price), position.plan.side)
        reason = self._stop_refusal(position, price)
        if reason is not None:
            text = f"{symbol}: the stop stays where it is, {reason}"
            self._out.say(event.time_ms, "trade", text, Severity.WARNING, symbol)
            return
        text = f"{symbol}: the stop goes to {words.price(rules, price)} by your command"
        self._out.say(event.time_ms, "trade", text, Severity.NOTICE, symbol)
        self._life.move_stop(position, price, event.time_ms)

    def _stop_refusal(self, position: Position, price: Decimal) -> str | None:
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


def _part_refusal(position: Position, part: PartOfPosition) -> str | None:
    """Why no part may be closed now. Everything that would let two orders sell the same coins waits its turn."""
    rules = position.rules
    if position.exit_reason is not None:
        return "all of it is being closed already"
    if position.status is not PositionStatus.PROTECTED or not position.entry_order.is_spent:
        return "it is not protected by a stop at this moment; only all of it can be closed"
    if any(not order.is_spent for order in position.of(OrderPurpose.PART)):
        return "another part is being closed at this moment"
    if any(order.is_under_way for order in position.of(OrderPurpose.TARGET)):
        return "an order of a target is under way at this moment; try again in a moment"
    if part.refusal is PartRefusal.NO_SHARE:
        return "the share has to be above 0 %"
    if part.refusal is PartRefusal.TOO_SMALL:
        return f"that would be less than the exchange's smallest quantity of {words.amount(rules.min_quantity)}"
    if part.refusal is PartRefusal.REST_TOO_SMALL:
        left = f"{words.amount(part.rest)}, worth {part.rest_value:,.2f} USDT"
        return f"what is left ({left}) would be below the exchange's minimum; close all of it instead"
    return None
