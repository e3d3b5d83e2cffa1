"""Keeps stops and targets of an open position as they should be. New stop first, old one away only after it stands."""

from __future__ import annotations

from decimal import Decimal

from futtui.desk import words
from futtui.desk.orders import WorkingOrder
from futtui.desk.outbox import Outbox
from futtui.desk.positions import Position
from futtui.domain.effects import Severity
from futtui.domain.orders import OrderPurpose, OrderStatus, OrderType, is_against_rules
from futtui.domain.position import ExitReason
from futtui.domain.symbols import ZERO, to_decimal
from futtui.risk.settings import RiskSettings
from futtui.risk.targets import rescaled, shares_for, slice_quantity, targets_from_entry
from futtui.risk.trailing import break_even_price, trailed_stop

MOST_LOST_STOPS = 3
_STOOD_MS = 600_000
_MOVE_RETRY_MS = 60_000
MOST_TARGET_ORDERS = 4
_TARGET_RETRY_MS = 30_000
_PASSED_PAUSE_MS = 2_000
_RULES_WAIT_MS = 2_000
_AT_ONCE_MS = 1
"""A time that is over whatever clock the next news carries."""
TARGET_REASONS = (ExitReason.TARGET_1, ExitReason.TARGET_2, ExitReason.TARGET_3)


class Protection:
    """Places and moves stops and targets; decides nothing about closing except by the reason it returns."""

    def __init__(self, settings: RiskSettings, out: Outbox) -> None:
        self._settings = settings
        self._out = out

    # --- stops --------------------------------------------------------------------------------------------------

    def tend_stop(self, position: Position, time_ms: int) -> tuple[ExitReason, str] | None:
        """See to it that a confirmed stop covers the position at the wanted price.

        Returns why the position has to be closed at market instead; None while all is well or on its way.
        """
        wanted = position.quantity_to_protect
        if wanted <= 0:
            return None
        covering = position.stop_over(wanted)
        if covering is not None:
            self._adopt(position, covering, time_ms)
            if self.is_as_wanted(position, covering):
                return None
        if any(order.is_in_flight for order in position.of(OrderPurpose.STOP)):
            return None
        if covering is None and position.lost_stops > MOST_LOST_STOPS:
            return ExitReason.DATA, "the exchange did not keep a stop"
        if time_ms < position.rules_wait_ms:
            return None
        if position.has_passed(position.goal_price):
            return position.goal_kind, f"price is beyond {words.reason_word(position.goal_kind)}"
        if covering is not None and time_ms < position.stop_retry_ms:
            return None
        intent = position.new_order(
            OrderPurpose.STOP,
            OrderType.STOP_MARKET,
            position.stop_quantity,
            time_ms,
            trigger=position.goal_price,
            reason=position.goal_kind,
        )
        self._out.place(position, intent)
        return None

    def set_goal(self, position: Position, price: Decimal, kind: ExitReason) -> bool:
        """Want a better stop; False if `price` is not better than what is wanted already."""
        if position.plan.side.sign * (price - position.goal_price) <= 0:
            return False
        position.goal_price, position.goal_kind = price, kind
        self._out.touch(position)
        return True

    def want(self, position: Position, price: Decimal) -> None:
        """Want the stop exactly here, as the user said; beyond the entry it counts as a break-even."""
        beyond = position.plan.side.sign * (price - position.entry_price) >= 0
        position.goal_price = price
        position.goal_kind = ExitReason.BREAK_EVEN if beyond else ExitReason.STOP
        position.stop_retry_ms = 0
        self._out.touch(position)

    def on_stop_refused(
        self, position: Position, order: WorkingOrder, reason: str, time_ms: int
    ) -> tuple[ExitReason, str] | None:
        """React to a stop that the exchange refused or dropped; returns why to close at market, None to go on."""
        covering = position.covering_stop()
        if covering is not None and (order.cancel_sent or order.trigger != position.goal_price):
            return None
        if _is_passed(reason):
            return position.goal_kind, f"price is beyond {words.reason_word(position.goal_kind)}"
        if time_ms - order.sent_ms >= _STOOD_MS:
            position.lost_stops = 0  # the exchange does keep stops: somebody takes them away now and then
        position.lost_stops += 1
        symbol = position.plan.symbol
        if covering is None:
            if is_against_rules(reason) and not position.rules_wait_ms:
                position.rules_wait_ms = time_ms + _RULES_WAIT_MS
                text = f"{symbol}: the stop does not fit the exchange's rules, which are asked for anew"
                self._out.say(time_ms, "risk", text, Severity.WARNING, symbol)
                return None
            if order.status is OrderStatus.REJECTED:
                return ExitReason.DATA, f"the exchange refused the stop ({words.because(reason)})"
            text = f"{symbol}: the stop was removed from outside, placing it again"
            self._out.say(time_ms, "risk", text, Severity.WARNING, symbol)
            return None
        position.stop_retry_ms = time_ms + _MOVE_RETRY_MS
        if position.lost_stops > MOST_LOST_STOPS:
            position.goal_price, position.goal_kind = _terms(covering)
            position.resize_due = False
        text = f"{symbol}: the stop could not be moved ({words.because(reason)}), the old stop stays"
        self._out.say(time_ms, "risk", text, Severity.WARNING, symbol)
        return None

    def is_as_wanted(self, position: Position, order: WorkingOrder) -> bool:
        """Whether a confirmed stop lies where it is wanted, and is as large."""
        same_size = not position.resize_due or order.remaining == position.stop_quantity
        return order.trigger == position.goal_price and same_size

    def _adopt(self, position: Position, covering: WorkingOrder, time_ms: int) -> None:
        """Make a confirmed stop the stop of the position, and cancel every older one."""
        older = [order for order in position.of(OrderPurpose.STOP) if order.is_live and order is not covering]
        before, kind = position.stop, position.stop_kind
        position.stop, position.stop_kind = _terms(covering)
        if position.resize_due and covering.remaining == position.stop_quantity:
            position.resize_due = False
        if older or before != position.stop or kind is not position.stop_kind:
            self._out.touch(position)
            if older and before != position.stop:
                self._out.say(time_ms, "trade", words.stop_moved(position, before), symbol=position.plan.symbol)
        for order in older:
            order.cancel_sent = True
            self._out.cancel(position, order.client_id, True, time_ms)

    # --- targets ------------------------------------------------------------------------------------------------

    def place_targets(self, position: Position, time_ms: int) -> None:
        """Place the targets once the entry is complete, recomputed from the real entry, in slices that sum exactly."""
        plan, rules = position.plan, position.rules
        position.targets_placed = True
        shares = shares_for(len(plan.rewards), self._settings.exits.target_shares)
        risk_stop = position.entry_price - plan.side.sign * position.risk_per_unit
        position.targets = targets_from_entry(
            plan.side, position.entry_price, risk_stop, plan.rewards[: len(shares)], rules
        )
        position.slices = slice_quantity(position.ledger.open, shares, rules)
        for item in position.slices:
            self._place_target(position, item.target, item.quantity, time_ms)

    def on_target_lost(self, position: Position, order: WorkingOrder, reason: str, time_ms: int) -> None:
        """A target ended unfilled. Price is there: the rest is sold at market; else it is placed again later."""
        symbol, number = position.plan.symbol, order.leg_index
        tries = sum(item.leg_index == number and not item.cancel_sent for item in position.of(OrderPurpose.TARGET))
        text = (
            f"{symbol}: target {number} is not on the exchange ({words.because(reason or order.status.value.lower())})"
        )
        if tries >= MOST_TARGET_ORDERS:
            self._out.say(time_ms, "trade", f"{text}; the stop covers its part", Severity.WARNING, symbol)
        elif order.fired or _has_reached(position, number):
            self._place_target(position, number, order.remaining, time_ms, at_market=True)
        else:
            # Refused as passed: prices that are on their way will show it, or price was there for a moment only.
            pause_ms = _PASSED_PAUSE_MS if _is_passed(reason) else _TARGET_RETRY_MS
            position.retarget_ms = time_ms + pause_ms
            self._out.say(time_ms, "trade", f"{text}; it is placed again soon", Severity.WARNING, symbol)

    def tend_targets(self, position: Position, time_ms: int) -> None:
        """Place lost targets again when their pause is over, and all of them anew once a part was closed by hand."""
        if not position.retarget_ms or time_ms < position.retarget_ms or self._resizes_targets(position, time_ms):
            return
        position.retarget_ms = 0
        self._out.touch(position)
        for item in position.slices:
            orders = [order for order in position.of(OrderPurpose.TARGET) if order.leg_index == item.target]
            tries = sum(not order.cancel_sent for order in orders)
            done = item.target in position.completed or tries >= MOST_TARGET_ORDERS
            if done or any(not order.is_spent for order in orders):
                continue
            wanted = item.quantity - _sold_at(position, item.target)
            passed = _has_reached(position, item.target)
            if wanted > 0:
                self._place_target(position, item.target, wanted, time_ms, at_market=passed)

    def on_part_closed(self, position: Position) -> None:
        """A part was closed by hand: the stop shrinks with the position, and the targets share what is left."""
        if position.ledger.open > 0:
            position.resize_due = True
            position.retarget_ms = _AT_ONCE_MS
            self._out.touch(position)

    def leave_to_stop(self, position: Position, time_ms: int) -> None:
        """What is left is too little to be closed by itself: its stop shrinks to the smallest, its targets go."""
        position.resize_due, position.retarget_ms = True, 0
        for order in position.of(OrderPurpose.TARGET):
            if not (order.is_final or order.cancel_sent or order.fired):
                order.cancel_sent = True
                self._out.cancel(position, order.client_id, order.order_type.is_conditional, time_ms)
        self._out.touch(position)
        self._out.say(time_ms, "risk", words.rest_stays(position), Severity.WARNING, position.plan.symbol)

    def _resizes_targets(self, position: Position, time_ms: int) -> bool:
        """Whether targets of another size are still on their way out; nothing is sent twice, nothing sold twice.

        A target that is being filled comes first: what it sells is not there for the others.
        """
        orders = [order for order in position.of(OrderPurpose.TARGET) if not order.is_spent]
        if not _is_off_size(position):
            return any(order.cancel_sent for order in orders)
        if any(order.is_under_way or order.status is OrderStatus.FILLED for order in orders):
            return True
        sold = {item.target: _sold_at(position, item.target) for item in position.slices}
        position.slices = rescaled(position.slices, position.completed, sold, position.ledger.open, position.rules)
        wanted = {item.target: item.quantity - sold[item.target] for item in position.slices}
        for order in orders:
            if order.is_live and order.remaining != wanted.get(order.leg_index):
                order.cancel_sent = True
                self._out.cancel(position, order.client_id, order.order_type.is_conditional, time_ms)
        return any(order.cancel_sent for order in orders)

    def _place_target(
        self, position: Position, number: int, quantity: Decimal, time_ms: int, *, at_market: bool = False
    ) -> None:
        intent = position.new_order(
            OrderPurpose.TARGET,
            OrderType.MARKET if at_market else OrderType.TAKE_PROFIT_MARKET,
            position.rules.quantity_to_cover(quantity),
            time_ms,
            trigger=None if at_market else position.targets[number - 1],
            leg_index=number,
            reason=TARGET_REASONS[number - 1],
        )
        self._out.place(position, intent)

    def on_target_complete(
        self, position: Position, order: WorkingOrder, time_ms: int, atr: float | None, structure: float | None
    ) -> None:
        """After a target: break-even after the first, trail after the second; the stop shrinks with the position."""
        if order.leg_index in position.completed:
            return
        position.completed = (*position.completed, order.leg_index)
        position.resize_due = True
        then = "the position is closed"
        if position.ledger.open > 0:
            moved = self._break_even(position)
            then = "stop moves to break-even" if moved else "the stop stays"
            if order.leg_index >= 2:
                self.trail(position, atr, structure)
                then = "the rest is trailed"
        legs = position.ledger.legs
        at = legs[-1].price if legs else position.targets[order.leg_index - 1]
        sold = _sold_at(position, order.leg_index)
        text = words.target_hit(position, order.leg_index, sold, at, then)
        self._out.say(time_ms, "trade", text, Severity.NOTICE, position.plan.symbol)

    def _break_even(self, position: Position) -> bool:
        """Want the stop at break-even, unless fees eat so much that it would lie beyond the nearest target."""
        if position.ledger.entry_quantity <= 0:
            return False
        price = self._break_even_price(position)
        nearest = position.targets[min(position.completed) - 1]
        if position.plan.side.sign * (nearest - price) <= 0:
            return False
        return self.set_goal(position, price, ExitReason.BREAK_EVEN)

    def tighten(self, position: Position) -> bool:
        """Want the stop at break-even before any target; False where price is not beyond it or the stop is better."""
        if position.ledger.entry_quantity <= 0:
            return False
        price = self._break_even_price(position)
        return not position.has_passed(price) and self.set_goal(position, price, ExitReason.BREAK_EVEN)

    def _break_even_price(self, position: Position) -> Decimal:
        ledger, exits = position.ledger, self._settings.exits
        return break_even_price(
            position.plan.side,
            position.entry_price,
            ledger.entry_fees / ledger.entry_quantity,
            self._settings.entry.taker_fee_pct,
            position.risk_per_unit,
            exits.break_even_extra_r,
            position.rules,
        )

    def trail(self, position: Position, atr: float | None, structure: float | None) -> None:
        """Want the trailing stop for the best price so far; only ever in favour."""
        exits = self._settings.exits
        width = atr if atr is not None and atr > 0.0 else position.plan.atr
        wanted = trailed_stop(position.plan.side, position.best_price, width, structure, exits)
        if not wanted > 0.0:
            return
        price = position.rules.round_stop(wanted, position.plan.side)
        gain = position.plan.side.sign * (price - position.goal_price)
        if gain >= max(position.rules.tick_size, to_decimal(exits.trail_step_atr * width)):
            self.set_goal(position, price, ExitReason.TRAIL)


def _has_reached(position: Position, number: int) -> bool:
    """Whether the last price is at or beyond target `number`."""
    return position.plan.side.sign * (to_decimal(position.last_price) - position.targets[number - 1]) >= 0


def _sold_at(position: Position, number: int) -> Decimal:
    """What target `number` sold so far."""
    reason = TARGET_REASONS[number - 1]
    return sum((leg.quantity for leg in position.ledger.legs if leg.reason is reason), ZERO)


def _is_off_size(position: Position) -> bool:
    """Whether the targets that wait sell another quantity than is open."""
    waiting = sum(
        (
            item.quantity - _sold_at(position, item.target)
            for item in position.slices
            if item.target not in position.completed
        ),
        ZERO,
    )
    return 0 < waiting != position.ledger.open > 0


def _is_passed(reason: str) -> bool:
    """Whether the exchange refused a conditional order because price is beyond its trigger (its code -2021)."""
    return "-2021" in reason or "immediately" in reason.lower()


def _terms(stop: WorkingOrder) -> tuple[Decimal, ExitReason]:
    """Price and kind of a stop order."""
    assert stop.trigger is not None
    return stop.trigger, stop.reason or ExitReason.STOP
