"""What an owner does with resting orders: modify and cancel."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from futtui.exchange.simulator.core import filters
from futtui.exchange.simulator.core.account import Account
from futtui.exchange.simulator.core.execution import end_order, forget_order
from futtui.exchange.simulator.core.margin import require_margin
from futtui.exchange.simulator.core.market import Market
from futtui.exchange.simulator.core.orders import LiveAlgo, LiveOrder
from futtui.exchange.simulator.core.placement import matched_price, rest_in_book, take
from futtui.exchange.simulator.core.records import AmendmentRecord, ModifyRequest
from futtui.exchange.simulator.core.refusals import refusal
from futtui.exchange.simulator.core.reporting import report_order
from futtui.exchange.simulator.core.state import CoreState

MAX_AMENDMENTS = 10_000


def find_open_order(
    account: Account, symbol: str, order_id: int | None, client_order_id: str | None, code: int
) -> LiveOrder:
    """The open order with one of the ids (the order id wins), else refusal `code`; -1102 without any id."""
    if order_id is None and client_order_id is None:
        raise refusal(-1102, "orderId")
    orders = account.orders_on(symbol)
    if order_id is not None:
        if order_id in orders:
            return orders[order_id]
        raise refusal(code)
    for order in orders.values():
        if order.client_order_id == client_order_id:
            return order
    raise refusal(code)


def find_open_algo(account: Account, algo_id: int | None, client_algo_id: str | None) -> LiveAlgo:
    """The waiting conditional order with one of the ids, else -2011; -1102 without any id."""
    if algo_id is None and client_algo_id is None:
        raise refusal(-1102, "algoId")
    for algo in account.algos.values():
        if algo.algo_id == algo_id or (algo_id is None and algo.client_algo_id == client_algo_id):
            return algo
    raise refusal(-2011)


def cancel_order(state: CoreState, order: LiveOrder) -> None:
    """The owner takes a resting order back."""
    end_order(state, state.market(order.symbol), order, "CANCELED")


def modify_order(state: CoreState, account: Account, request: ModifyRequest) -> LiveOrder:
    """Give a resting LIMIT order a new price and quantity; it goes to the end of the queue of its price.

    An order whose new quantity is already executed, or a post-only order that would take, is canceled instead.
    """
    market = state.market(request.symbol)
    filters.check_side(request.side, "BOTH")
    order = find_open_order(account, request.symbol, request.order_id, request.client_order_id, -2013)
    if order.request.order_type != "LIMIT":
        raise refusal(-5025)
    if order.request.side != request.side:
        raise refusal(-1117)
    price, quantity = _checked(state, market, order, request)
    if quantity <= order.executed or (order.time_in_force == "GTX" and _would_take(state, market, order, price)):
        cancel_order(state, order)
        return order
    _amend(state, market, order, price, quantity, request.modify_id)
    take(state, market, order)
    return order


def _checked(state: CoreState, market: Market, order: LiveOrder, request: ModifyRequest) -> tuple[Decimal, Decimal]:
    rules = market.rules
    if request.price_match != "NONE":
        if request.price is not None:
            raise refusal(-1106, "price")
        price = matched_price(state, market, order.sign, request.price_match)
    else:
        price = filters.check_price(rules, request.price)
    quantity = filters.check_quantity(rules, request.quantity, market=False)
    if (price, quantity) == (order.price, order.quantity):
        raise refusal(-5027)
    if request.reduce_only is not None and request.reduce_only != order.reduce_only:
        raise refusal(-5047)
    if order.amendments >= MAX_AMENDMENTS:
        raise refusal(-5026)
    filters.check_price_band(market, request.side, price)
    if not order.reduce_only:
        filters.check_notional(rules, price * quantity, -5029)
        _require_margin(state, market, order, price, quantity)
    return price, quantity


def _require_margin(state: CoreState, market: Market, order: LiveOrder, price: Decimal, quantity: Decimal) -> None:
    """The changed order must fit where the old one was: look at the account without the old one."""
    remaining = quantity - order.executed
    if remaining <= 0:
        return
    orders = order.account.orders_on(order.symbol)
    kept = dict(orders)
    orders.pop(order.order_id)
    try:
        require_margin(state, order.account, market, order.sign, remaining, price)
    finally:
        orders.clear()
        orders.update(kept)


def _would_take(state: CoreState, market: Market, order: LiveOrder, price: Decimal) -> bool:
    bid, ask = state.liquidity.quotes(market)
    return order.sign * price >= order.sign * (ask if order.sign > 0 else bid)


def _amend(
    state: CoreState, market: Market, order: LiveOrder, price: Decimal, quantity: Decimal, modify_id: int | None
) -> None:
    order.amendments += 1
    amendment = AmendmentRecord(
        amendment_id=state.new_transaction_id(),
        order_id=order.order_id,
        client_order_id=order.client_order_id,
        symbol=order.symbol,
        time_ms=state.now_ms,
        price_before=order.price,
        price_after=price,
        quantity_before=order.quantity,
        quantity_after=quantity,
        count=order.amendments,
        modify_id=modify_id,
    )
    order.account.amendments.append(amendment)
    order.price, order.quantity, order.modify_id = price, quantity, modify_id
    order.request = replace(order.request, price_match="NONE")
    order.sequence = state.new_order_id()
    forget_order(market, order)
    rest_in_book(market, order)
    market.watch_everything()
    report_order(state, order, "AMENDMENT")
