"""What time alone does: funding (every eight hours, at 00, 08, 16 UTC, or more often) and the end of dated orders."""

from __future__ import annotations

from futtui.domain.symbols import to_decimal
from futtui.exchange.simulator.core.account import Account, Position, money
from futtui.exchange.simulator.core.execution import end_order
from futtui.exchange.simulator.core.margin import open_positions
from futtui.exchange.simulator.core.orders import LiveOrder
from futtui.exchange.simulator.core.reporting import book_income, report_account
from futtui.exchange.simulator.core.state import FUNDING_INTERVAL_MS, CoreState


def advance(state: CoreState, now_ms: int) -> None:
    """Do everything that falls due up to `now_ms`, in order of time; time never goes back."""
    while state.next_funding_ms <= now_ms:
        moment = state.next_funding_ms
        expire_orders(state, moment)
        state.now_ms = max(state.now_ms, moment)
        pay_funding(state, moment)
        shortest_ms = min([FUNDING_INTERVAL_MS, *state.funding_intervals_ms.values()])
        state.next_funding_ms = (moment // shortest_ms + 1) * shortest_ms
    expire_orders(state, now_ms)
    state.now_ms = max(state.now_ms, now_ms)
    dated = [order.good_till_date_ms for order in _dated_orders(state)]
    state.due_ms = min([state.next_funding_ms, *dated])


def expire_orders(state: CoreState, until_ms: int) -> None:
    """End every good-till-date order whose date has come, the earliest first."""
    due = [order for order in _dated_orders(state) if order.good_till_date_ms <= until_ms]
    for order in sorted(due, key=lambda o: (o.good_till_date_ms, o.order_id)):
        state.now_ms = max(state.now_ms, order.good_till_date_ms)
        end_order(state, state.markets[order.symbol], order, "EXPIRED")


def pay_funding(state: CoreState, funding_time_ms: int) -> None:
    """Book funding on every open position: -quantity x mark price x rate, so longs pay a positive rate."""
    for account in state.accounts.values():
        for position in open_positions(account):
            if funding_time_ms % state.funding_interval_ms(position.symbol):
                continue
            _pay_one(state, account, position, funding_time_ms)


def _pay_one(state: CoreState, account: Account, position: Position, funding_time_ms: int) -> None:
    symbol = position.symbol
    rate = to_decimal(state.funding_rate(symbol, funding_time_ms))
    state.markets[symbol].settle(funding_time_ms)
    amount = money(-position.quantity * state.markets[symbol].mark_price * rate)
    if not amount:
        return
    book_income(state, account, symbol, "FUNDING_FEE", amount)
    position.cycle_result += amount
    isolated = state.settings(account, symbol).isolated
    if isolated:
        position.isolated_wallet += amount
    report_account(state, account, "FUNDING_FEE", (symbol,) if isolated else (), change=amount, funding_symbol=symbol)
    state.watch_account(account)


def _dated_orders(state: CoreState) -> list[LiveOrder]:
    return [o for market in state.markets.values() for o in market.orders.values() if o.good_till_date_ms]
