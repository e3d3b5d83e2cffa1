"""How a position reacts to news: fills, order updates, prices, time and commands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from futtui.desk import words
from futtui.desk.ledger import with_fee_in_quote
from futtui.desk.orders import WorkingOrder
from futtui.desk.outbox import Outbox
from futtui.desk.positions import Position
from futtui.desk.protection import Protection
from futtui.desk.transitions import Move
from futtui.domain.effects import Severity
from futtui.domain.orders import Fill, OrderPurpose, OrderStatus, OrderType, OrderUpdate, is_nothing_left
from futtui.domain.position import ExitReason, PositionStatus
from futtui.risk.leverage import leverage_for
from futtui.risk.settings import RiskSettings
from futtui.risk.time_stops import life_deadline_ms, progress_deadline_ms, time_stop_reason

MOST_EXIT_ATTEMPTS = 5
_LATE_EXIT_PAUSE_MS, _LEFTOVER_PAUSE_MS = 10_000, 60_000
_NAKED_EVENTS, _TELL_EVERY = 3, 30
_OPEN = (PositionStatus.NAKED, PositionStatus.PROTECTED)

TrailInputs = Callable[[Position], tuple[float | None, float | None]]
"""ATR of the position's timeframe and the structure behind its best price, as far as they are known."""


class PositionLife:
    """The rules of a position's life. Every public method ends by bringing the position to rest (`_advance`)."""

    def __init__(
        self,
        settings: RiskSettings,
        out: Outbox,
        trail_inputs: TrailInputs,
        risk_pct: Callable[[Position], float],
        spares_others: Callable[[Position], bool],
    ) -> None:
        self._settings = settings
        self._out = out
        self._trail_inputs = trail_inputs
        self._risk_pct = risk_pct
        self._spares_others = spares_others
        self._protection = Protection(settings, out)

    # --- news ---------------------------------------------------------------------------------------------------

    def start(self, position: Position, time_ms: int) -> None:
        """Send the entry."""
        intent = position.new_order(OrderPurpose.ENTRY, OrderType.MARKET, position.plan.quantity, time_ms)
        plan = position.plan
        leverage = leverage_for(plan.entry, plan.stop, position.rules, self._settings.sizing)
        self._out.place(position, replace(intent, leverage=leverage if isinstance(leverage, int) else 1))

    def on_fill(self, position: Position, order: WorkingOrder, fill: Fill) -> None:
        """An execution; impossible or repeated ones change nothing."""
        plausible = fill.quantity > 0 and fill.price > 0 and fill.side is order.side
        if not plausible or fill.symbol != position.plan.symbol or not position.ledger.is_new(fill.trade_id):
            return
        fill = with_fee_in_quote(fill, self._settings.entry.taker_fee_pct)
        order.take(fill.quantity)
        at = float(fill.price)
        position.last_price = at
        if order.purpose is OrderPurpose.ENTRY:
            self._on_entry_fill(position, fill, at)
        else:
            position.ledger.leave(fill, order.reason or ExitReason.DATA)
            position.observe_fill(order, at)
        if order.purpose is OrderPurpose.EXIT and order.is_spent:
            position.exit_attempts = 0
        if order.purpose is OrderPurpose.TARGET and order.filled >= order.quantity:
            self._on_target_complete(position, order, fill.time_ms)
        if order.purpose is OrderPurpose.PART and order.is_spent:
            self._on_part_closed(position, order, fill.time_ms)
        self._out.touch(position)
        self._advance(position, fill.time_ms)

    def on_outside_fill(self, position: Position, fill: Fill, reason: ExitReason) -> None:
        """A part that somebody else closed; a repeated execution changes nothing."""
        if not position.ledger.is_new(fill.trade_id):
            return
        at = float(fill.price)
        position.last_price = at
        position.ledger.leave(with_fee_in_quote(fill, self._settings.entry.taker_fee_pct), reason)
        position.observe(at, at)
        position.resize_due = True
        self._out.touch(position)
        self._advance(position, fill.time_ms)

    def on_update(self, position: Position, order: WorkingOrder, update: OrderUpdate) -> None:
        """News of one of its orders; what is already known or older changes nothing."""
        if not order.learn(update.status):
            return
        self._out.touch(position)
        symbol = position.plan.symbol
        if update.status is OrderStatus.UNKNOWN:
            text = f"{symbol}: no answer about order {order.client_id}; no new trades on {symbol} until it is known"
            self._out.say(update.time_ms, "risk", text, Severity.WARNING, symbol)
        elif order.is_final and order.status is not OrderStatus.FILLED:
            self._on_dead_order(position, order, update)
        self._advance(position, update.time_ms)

    def on_price(self, position: Position, last: float, low: float, high: float, time_ms: int) -> None:
        """A price range and the price now."""
        position.last_price = last
        if position.ledger.entry_quantity:
            position.observe(low, high)
        self._on_time(position, time_ms)

    def is_calm(self, position: Position, since_ms: int, until_ms: int) -> bool:
        """Whether prices between two moments move only its best and worst, as long as they fill nothing."""
        return since_ms >= position.opened_ms and self.rests(position, until_ms)

    def rests(self, position: Position, until_ms: int) -> bool:
        """Whether time alone changes nothing about it up to a moment."""
        at_rest = position.status is PositionStatus.PROTECTED and position.is_settled
        return at_rest and self._time_stop(position, until_ms) is None

    def on_clock(self, position: Position, time_ms: int) -> None:
        """Time passed."""
        self._on_time(position, time_ms)

    def on_close(self, position: Position, time_ms: int) -> None:
        """A 15-minute bar closed: move the trail."""
        if position.status in _OPEN and position.completed and max(position.completed) >= 2:
            self._protection.trail(position, *self._trail_inputs(position))
        self._on_time(position, time_ms)

    def request_exit(self, position: Position, reason: ExitReason, time_ms: int, why: str) -> None:
        """Close at market; the first reason stays. By hand, or without a stop, it is always tried again.

        Everything else is tried up to five times, the stop is there.
        """
        if not position.is_open:
            return
        if reason is ExitReason.MANUAL:
            position.exit_attempts, position.retry_ms = 0, 0
            if not self._spares_others(position):  # more than the account shows is refused, which is news, too
                for order in position.closing_orders + position.of(OrderPurpose.STOP):
                    order.give_up_denied()
        may_try = position.exit_attempts < MOST_EXIT_ATTEMPTS or not self.is_covered(position)
        if position.exit_reason is None and may_try:
            position.exit_reason = reason
            self._out.say(time_ms, "trade", words.closing(position, why), Severity.NOTICE, position.plan.symbol)
            self._out.touch(position)
        self._advance(position, time_ms)

    def close_uncovered(self, position: Position, time_ms: int, why: str) -> None:
        """Close at market, at once, what no stop covers; a closing order that failed does not wait for its next try."""
        if position.status in (PositionStatus.NAKED, PositionStatus.CLOSING) and not self.is_covered(position):
            position.retry_ms = 0
            self.request_exit(position, ExitReason.DATA, time_ms, why)

    def is_covered(self, position: Position) -> bool:
        """Whether a waiting stop covers all of the position, and none has begun to close it."""
        fired = any(order.fired for order in position.of(OrderPurpose.STOP))
        return position.covering_stop() is not None and not fired

    def close_part(self, position: Position, quantity: Decimal, time_ms: int) -> None:
        """Close `quantity` of it at market by command. Until that is done the stop covers what it covered before."""
        text = words.closing_part(position, quantity)
        self._out.say(time_ms, "trade", text, Severity.NOTICE, position.plan.symbol)
        intent = position.new_order(OrderPurpose.PART, OrderType.MARKET, quantity, time_ms, reason=ExitReason.MANUAL)
        self._out.place(position, intent)
        self._advance(position, time_ms)

    def tighten(self, position: Position, time_ms: int, why: str) -> None:
        """Move the stop to break-even where price is beyond it; say what was done, and why."""
        if position.status not in _OPEN or position.exit_reason is not None:
            return
        moved = self._protection.tighten(position)
        then = "the stop moves to break-even" if moved else "the stop stays where it is"
        symbol = position.plan.symbol
        self._out.say(time_ms, "trade", f"{symbol}: {why}; {then}", Severity.NOTICE, symbol)
        self._advance(position, time_ms)

    def move_stop(self, position: Position, price: Decimal, time_ms: int) -> None:
        """Want the stop at `price`, better or worse than now; the old one stays until the new one is confirmed."""
        self._protection.want(position, price)
        self._advance(position, time_ms)

    # --- parts of the news --------------------------------------------------------------------------------------

    def _on_entry_fill(self, position: Position, fill: Fill, at: float) -> None:
        ledger = position.ledger
        if not ledger.entry_quantity:
            position.opened_ms = fill.time_ms
            position.best_price = position.worst_price = at
            self._set_deadlines(position, fill.time_ms)
        ledger.enter(fill)
        if position.entry_order.is_spent and position.status is not PositionStatus.CLOSED:
            text = words.opened(position, self._risk_pct(position))
            self._out.say(fill.time_ms, "trade", text, Severity.NOTICE, position.plan.symbol)

    def _on_target_complete(self, position: Position, order: WorkingOrder, time_ms: int) -> None:
        if position.targets:
            self._protection.on_target_complete(position, order, time_ms, *self._trail_inputs(position))

    def _on_part_closed(self, position: Position, order: WorkingOrder, time_ms: int) -> None:
        self._protection.on_part_closed(position)
        if position.ledger.open > 0 and position.status in _OPEN:
            text = words.part_closed(position, order.filled)
            self._out.say(time_ms, "trade", text, Severity.NOTICE, position.plan.symbol)

    def _on_part_failed(self, position: Position, order: WorkingOrder, update: OrderUpdate) -> None:
        """A part was not closed, or not all of it; what is left is protected as before, and nothing is tried again."""
        if order.filled > 0:
            self._on_part_closed(position, order, update.time_ms)
            return
        symbol = position.plan.symbol
        reason = words.because(update.reason or update.status.value.lower())
        text = f"{symbol}: the part could not be closed ({reason}); the position stays as it is"
        self._out.say(update.time_ms, "trade", text, Severity.WARNING, symbol)

    def _set_deadlines(self, position: Position, opened_ms: int) -> None:
        plan = position.plan
        position.progress_deadline_ms = progress_deadline_ms(opened_ms, plan.timeframe, plan.time_stop_bars)
        position.life_deadline_ms = life_deadline_ms(opened_ms, self._settings.exits)

    def _on_dead_order(self, position: Position, order: WorkingOrder, update: OrderUpdate) -> None:
        """An order ended without being filled completely."""
        time_ms = update.time_ms
        if order.purpose is OrderPurpose.STOP and not order.cancel_sent and not order.fired:
            if position.status in _OPEN:
                instead = self._protection.on_stop_refused(position, order, update.reason, time_ms)
                if instead is not None:
                    self.request_exit(position, instead[0], time_ms, instead[1])
        elif order.purpose is OrderPurpose.ENTRY:
            position.entry_refusal = words.because(update.reason)
        elif order.purpose is OrderPurpose.EXIT:
            self._on_exit_failed(position, order, update)
        elif order.purpose is OrderPurpose.PART:
            self._on_part_failed(position, order, update)
        elif order.purpose is OrderPurpose.TARGET and position.status in _OPEN and not order.cancel_sent:
            self._protection.on_target_lost(position, order, update.reason, time_ms)

    def _on_exit_failed(self, position: Position, order: WorkingOrder, update: OrderUpdate) -> None:
        quick, most = position.exit_attempts < MOST_EXIT_ATTEMPTS, _LATE_EXIT_PAUSE_MS
        position.retry_ms = update.time_ms + (min(1_000 * 2**position.exit_attempts, most) if quick else most)
        if position.status is not PositionStatus.CLOSING or position.quantity_to_close <= 0:
            return
        symbol = position.plan.symbol
        if not quick and is_nothing_left(update.reason) and position.ledger.open <= 0:
            position.entry_order.given_up = True  # called filled, but no execution of it is known or left to close
            return
        position.exit_parts.learn(order.quantity, update.reason)
        if order.filled > 0:
            text = f"{symbol}: only a part could be closed, the rest follows"
            self._out.say(update.time_ms, "trade", text, Severity.WARNING, symbol)
            return
        text = words.exit_failed(position, order.quantity, words.because(update.reason or update.status.value.lower()))
        if self.is_covered(position):
            position.move(Move.EXIT_FAILED)
            position.exit_reason = None
            self._out.say(update.time_ms, "risk", f"{text}; the stop still protects it", Severity.ERROR, symbol)
        elif quick:
            self._out.say(update.time_ms, "risk", f"{text}; trying again", Severity.WARNING, symbol)
        elif position.exit_attempts % _TELL_EVERY == MOST_EXIT_ATTEMPTS:
            text = f"{text}; it has no stop. Close it by hand; futtui goes on trying every ten seconds"
            self._out.say(update.time_ms, "risk", text, Severity.ERROR, symbol)

    def _on_time(self, position: Position, time_ms: int) -> None:
        if position.status in _OPEN and position.exit_reason is None:
            self._check_deadlines(position, time_ms)
        if position.status is PositionStatus.NAKED:
            position.naked_events += 1
            waited = time_ms - position.naked_since_ms
            if waited >= self._settings.exits.naked_limit_ms and position.naked_events >= _NAKED_EVENTS:
                self.request_exit(position, ExitReason.DATA, time_ms, "its stop was not confirmed in time")
                return
        self._advance(position, time_ms)

    def _check_deadlines(self, position: Position, time_ms: int) -> None:
        if not position.ledger.entry_quantity or time_ms < position.retry_ms:
            return
        why = self._time_stop(position, time_ms)
        if why is not None:
            self.request_exit(position, ExitReason.TIME, time_ms, why)

    def _time_stop(self, position: Position, time_ms: int) -> str | None:
        """Why the position is closed by time at a moment; None where it may go on."""
        if time_ms < position.life_deadline_ms and (position.progressed or time_ms < position.progress_deadline_ms):
            return None
        why = time_stop_reason(
            time_ms,
            position.progress_deadline_ms,
            position.life_deadline_ms,
            position.in_r(position.best_price),
            self._settings.exits,
        )
        position.progressed = why is None and position.entry_order.is_spent
        return why

    # --- coming to rest -----------------------------------------------------------------------------------------

    def _advance(self, position: Position, time_ms: int) -> None:
        """Do what the facts demand; calling it again without new facts does nothing."""
        if position.is_settled:
            return
        if position.status is PositionStatus.ENTERING:
            self._advance_entering(position, time_ms)
        elif not position.is_open and position.ledger.open > 0:
            position.move(Move.LATE_FILL)
            position.exit_reason = position.exit_reason or ExitReason.DATA
            text = f"{position.plan.symbol}: a late execution arrived, closing it at market"
            self._out.say(time_ms, "risk", text, Severity.WARNING, position.plan.symbol)
        if position.status in _OPEN:
            self._advance_open(position, time_ms)
        if position.status is PositionStatus.CLOSING:
            self._advance_closing(position, time_ms)

    def _advance_entering(self, position: Position, time_ms: int) -> None:
        entry = position.entry_order
        if entry.filled > 0 or entry.status is OrderStatus.FILLED:
            position.move(Move.ENTRY_FILLED)
            position.naked_since_ms, position.naked_events = time_ms, 0
            self._out.touch(position)
        elif entry.is_final:
            position.move(Move.ENTRY_FAILED)
            self._out.finish(position)

    def _advance_open(self, position: Position, time_ms: int) -> None:
        if position.is_flat:
            position.move(Move.FLAT)
            self._out.cancel_rest(position, time_ms)
            self._out.finish(position)
            return
        fired = [order for order in position.of(OrderPurpose.STOP) if order.fired]
        if fired and position.exit_reason is None:
            position.exit_reason = fired[0].reason
        if position.exit_reason is None:
            self._protect(position, time_ms)
        if position.exit_reason is not None:
            position.move(Move.EXIT_STARTED)
            self._out.touch(position)

    def _protect(self, position: Position, time_ms: int) -> None:
        instead = self._protection.tend_stop(position, time_ms)
        wanted = position.quantity_to_protect
        covering = position.stop_over(wanted) if wanted > 0 else None
        covered = covering is not None
        if covered and position.status is PositionStatus.NAKED:
            position.move(Move.STOP_LIVE)
            self._out.touch(position)
        elif not covered and position.status is PositionStatus.PROTECTED:
            position.move(Move.STOP_LOST)
            position.naked_since_ms, position.naked_events = time_ms, 0
            self._out.touch(position)
        if instead is not None:
            self._out.say(time_ms, "trade", words.closing(position, instead[1]), Severity.NOTICE, position.plan.symbol)
            position.exit_reason = instead[0]
        elif not position.targets_placed and position.entry_order.is_spent and position.ledger.open > 0:
            self._protection.place_targets(position, time_ms)
        elif position.retarget_ms:
            self._protection.tend_targets(position, time_ms)
        elif covering is not None and position.targets_placed and self._protection.is_as_wanted(position, covering):
            position.settle()

    def _advance_closing(self, position: Position, time_ms: int) -> None:
        if position.was_never_opened:
            self._give_up(position, time_ms)
            return
        if position.is_flat:
            position.move(Move.FLAT)
            self._out.cancel_rest(position, time_ms)
            self._out.finish(position)
            return
        if position.quantity_to_close <= 0 or time_ms < position.retry_ms:
            return
        if any(not order.is_spent for order in position.closing_orders):
            return
        if any(order.fired and not order.is_spent for order in position.of(OrderPurpose.STOP)):
            return
        position.exit_attempts += 1
        quantity = position.exit_quantity
        if quantity > position.quantity_to_close:
            symbol = position.plan.symbol
            if self._spares_others(position) and self.is_covered(position):
                position.retry_ms, position.exit_reason = time_ms + _LEFTOVER_PAUSE_MS, None
                position.move(Move.EXIT_FAILED)
                self._protection.leave_to_stop(position, time_ms)
                self._advance_open(position, time_ms)
                return
            self._out.say(time_ms, "trade", words.leftover(position, quantity), Severity.NOTICE, symbol)
        intent = position.new_order(OrderPurpose.EXIT, OrderType.MARKET, quantity, time_ms, reason=position.exit_reason)
        self._out.place(position, intent)

    def _give_up(self, position: Position, time_ms: int) -> None:
        self._out.say(time_ms, "risk", words.never_opened(position), Severity.ERROR, position.plan.symbol)
        position.move(Move.ENTRY_FAILED)
        self._out.cancel_rest(position, time_ms)
        self._out.finish(position)
