"""What the exchange's list of symbols means for trades: no entries before an end, out before settlement, new steps."""

from __future__ import annotations

from futtui.desk.life import PositionLife
from futtui.desk.outbox import Outbox
from futtui.desk.positions import Position
from futtui.desk.refusals import Refusal
from futtui.desk.state import DeskState
from futtui.domain.effects import Severity
from futtui.domain.events import PricesEnded, RulesChanged, TradingStopped
from futtui.domain.market_parts import MarketParts
from futtui.domain.position import ExitReason
from futtui.domain.timeframe import HOUR_MS


def listing_refusal(state: DeskState, symbol: str) -> Refusal | None:
    """Why no trade may be opened on the symbol; None if the exchange's list does not stand against it."""
    if symbol in state.stopped:
        return Refusal("not traded", "the exchange takes no orders on it now")
    rules = state.rules.get(symbol)
    if rules is not None and rules.ends_ms is not None:
        return Refusal("ends", "the exchange has announced the end of this contract")
    return None


def on_rules(state: DeskState, life: PositionLife, event: RulesChanged) -> None:
    """Take new rules over; prices that are not on the new grid move to it, and what waited for rules goes on."""
    rules = event.rules
    state.rules[rules.symbol] = rules
    state.stopped.discard(rules.symbol)
    for position in state.on(rules.symbol):
        position.rules = rules
        position.goal_price = rules.round_stop(position.goal_price, position.plan.side)
        position.targets = tuple(rules.round_price(price) for price in position.targets)
        position.rules_wait_ms = 0
        position.exit_parts = MarketParts()
        life.on_clock(position, event.time_ms)
        leave_before_the_end(state, life, position, event.time_ms)


def on_stopped(state: DeskState, life: PositionLife, event: TradingStopped) -> None:
    """Nothing is opened on the symbol any more; what is open is closed as soon as the exchange lets us."""
    if event.symbol in state.stopped:
        return
    state.stopped.add(event.symbol)
    for position in state.on(event.symbol):
        leave_before_the_end(state, life, position, event.time_ms)


def on_prices_end(state: DeskState, out: Outbox, event: PricesEnded) -> None:
    """Let positions of the symbol hold no place in the limits any more, and be worth what they would be at their stops.

    The exchange settles what is held when it ends a contract, and gives the margin back; a position cannot stand in
    the way of others for months. The price of that is no price of the record, so nothing is booked: the last one would
    flatter whoever held a falling coin.
    """
    for position in state.on(event.symbol):
        if not position.stranded:
            position.stranded = True
            position.last_price = float(position.stop)
            text = f"{event.symbol}: its prices end here; it counts as lost to its stop and holds no place any more"
            out.touch(position)
            out.say(event.time_ms, "trade", text, Severity.WARNING, event.symbol)


def leave_before_the_end(state: DeskState, life: PositionLife, position: Position, time_ms: int) -> None:
    """Close a position whose contract ends soon or is not traded any more."""
    if position.exit_reason is not None:
        return
    if position.plan.symbol in state.stopped:
        life.request_exit(position, ExitReason.DATA, time_ms, "the exchange stopped trading this contract")
        return
    ends_ms = position.rules.ends_ms
    lead_ms = state.settings.risk.exits.hours_before_end * HOUR_MS
    if ends_ms is not None and time_ms >= ends_ms - lead_ms:
        life.request_exit(position, ExitReason.DATA, time_ms, "the exchange settles this contract soon")
