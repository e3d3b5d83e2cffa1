"""New LIMIT and MARKET orders: checked like the exchange checks, then taken, rested, expired or refused."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from itertools import islice

from futtui.exchange.simulator.core import filters
from futtui.exchange.simulator.core.account import Account
from futtui.exchange.simulator.core.execution import (
    EXPIRED_REDUCE_ONLY,
    end_order,
    execute,
    reducible,
    settle_followers,
)
from futtui.exchange.simulator.core.liquidity import Level
from futtui.exchange.simulator.core.margin import require_margin
from futtui.exchange.simulator.core.market import Market
from futtui.exchange.simulator.core.orders import LiveAlgo, LiveOrder, sign_of
from futtui.exchange.simulator.core.records import CONDITIONAL_TYPES, ZERO, OrderRequest
from futtui.exchange.simulator.core.refusals import refusal
from futtui.exchange.simulator.core.reporting import report_order
from futtui.exchange.simulator.core.state import CoreState

EXPIRED_IOC_REST = 2
EXPIRED_MARKET_REST = 9


def place_order(
    state: CoreState, account: Account, request: OrderRequest, *, algo: LiveAlgo | None = None, dry_run: bool = False
) -> LiveOrder | None:
    """Check and carry out a new order; raises the exchange's refusal. `dry_run` only checks and returns None.

    `algo` is the conditional order that triggered: the engine order then carries its client id.
    """
    market = state.market(request.symbol)
    if algo is None:
        request = _checked(state, account, market, request)
    _check_engine(state, account, market, request)
    if dry_run:
        return None
    order_id = state.new_order_id()
    client_id = request.client_order_id or automatic_client_id(state.seed, order_id)
    order = LiveOrder(account, order_id, client_id, request, state.now_ms)
    if algo is not None:
        order.algo = algo
        order.orig_type = algo.request.order_type
        order.stop_price = algo.trigger_price
        order.close_position = algo.request.close_position
        order.working_type = algo.request.working_type
        order.price_protect = algo.request.price_protect
        algo.order = order
    rest_in_book(market, order)
    if algo is None:
        activate_order(state, market, order)
    return order


def activate_order(state: CoreState, market: Market, order: LiveOrder) -> None:
    """Announce the order as NEW and let it take what its type and price allow; what is left rests or expires."""
    if order.good_till_date_ms:
        state.due_at(order.good_till_date_ms)
    report_order(state, order, "NEW")
    market.watch_everything()
    take(state, market, order)
    if order.remaining and order.order_id in market.orders:
        if order.request.order_type == "MARKET":
            end_order(state, market, order, "EXPIRED", EXPIRED_MARKET_REST)
        elif order.time_in_force == "IOC":
            end_order(state, market, order, "EXPIRED", EXPIRED_IOC_REST)


def rest_in_book(market: Market, order: LiveOrder) -> None:
    """Put an order into the market's and the account's open orders."""
    market.orders[order.order_id] = order
    order.account.add_order(order)


def take(state: CoreState, market: Market, order: LiveOrder) -> None:
    """Execute the order against the book as far as its limit allows; a reduce-only order stops at a flat position."""
    filled = False
    for price, quantity in _reachable(state, market, order):
        if order.reduce_only:
            left = reducible(order)
            if not left:
                break
            quantity = min(quantity, left)
        quantity = min(quantity, order.remaining)
        execute(state, market, order, price, quantity, maker=False)
        filled = True
        if not order.remaining:
            break
    if not filled:
        return
    if order.remaining and order.reduce_only and not reducible(order):
        end_order(state, market, order, "EXPIRED", EXPIRED_REDUCE_ONLY)
    settle_followers(state, market, order)


def automatic_client_id(seed: int, number: int) -> str:
    """A client id for an order that came without one: 22 letters and digits, a pure function of seed and number."""
    alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    value = (number * 0x9E3779B97F4A7C15F39CC0605CEDC835 + seed) % 62**22
    letters = []
    for _ in range(22):
        value, digit = divmod(value, 62)
        letters.append(alphabet[digit])
    return "".join(letters)


def _checked(state: CoreState, account: Account, market: Market, request: OrderRequest) -> OrderRequest:
    _check_form(request)
    filters.check_good_till_date(request.time_in_force, request.good_till_date_ms, state.now_ms)
    if not market.price or not market.is_open:
        raise refusal(-4140)
    if request.order_type == "LIMIT":
        request = replace(request, price=_limit_price(state, market, request))
    _check_filters(state, account, market, request)
    return request


def _check_engine(state: CoreState, account: Account, market: Market, request: OrderRequest) -> None:
    """What the matching engine looks at; the only checks for an order that a trigger sends."""
    sign = sign_of(request.side)
    if request.reduce_only:
        if account.position(request.symbol).sign != -sign:
            raise refusal(-2022)
    else:
        price = request.price or _best_opposite(state, market, sign)
        require_margin(state, account, market, sign, request.quantity or ZERO, price)
    if request.time_in_force == "GTX" and _crosses(state, market, request):
        raise refusal(-5022)
    if request.time_in_force == "FOK" and not _fills_at_once(state, account, market, request):
        raise refusal(-5021)


def _check_form(request: OrderRequest) -> None:
    filters.check_side(request.side, request.position_side)
    if request.order_type in CONDITIONAL_TYPES:
        raise refusal(-4120)
    if request.order_type not in ("LIMIT", "MARKET"):
        raise refusal(-1116)
    if request.close_position:
        raise refusal(-4136, request.order_type, "true")
    filters.check_client_id(request.client_order_id)
    filters.check_self_trade_mode(request.self_trade_prevention)
    if request.order_type == "MARKET":
        if request.price is not None:
            raise refusal(-1106, "price")
        if request.time_in_force is not None:
            raise refusal(-1106, "timeInForce")
        if request.price_match != "NONE":
            raise refusal(-5038)
        return
    if request.time_in_force is None:
        raise refusal(-1102, "timeInForce")
    if request.time_in_force not in filters.TIMES_IN_FORCE:
        raise refusal(-1115)


def _limit_price(state: CoreState, market: Market, request: OrderRequest) -> Decimal:
    if request.price_match == "NONE":
        return filters.check_price(market.rules, request.price)
    if request.price is not None:
        raise refusal(-1106, "price")
    return matched_price(state, market, sign_of(request.side), request.price_match)


def matched_price(state: CoreState, market: Market, sign: int, price_match: str) -> Decimal:
    """The price that `priceMatch` asks for: the best price of a side of the book, or its 5th, 10th or 20th level."""
    if price_match not in filters.PRICE_MATCHES:
        raise refusal(-5037)
    kind, _, depth = price_match.partition("_")
    taker_sign = sign if kind == "OPPONENT" else -sign
    level = next(islice(state.liquidity.levels(market, taker_sign), int(depth or 1) - 1, None), None)
    if level is None:
        raise refusal(-5041)
    return level[0]


def _check_filters(state: CoreState, account: Account, market: Market, request: OrderRequest) -> None:
    rules = market.rules
    quantity = filters.check_quantity(rules, request.quantity, market=request.order_type == "MARKET")
    if request.price is None:
        filters.check_market_band(market, request.side, _best_opposite(state, market, sign_of(request.side)))
    else:
        filters.check_price_band(market, request.side, request.price)
        filters.check_open_count(account, request.symbol)
    if not request.reduce_only:
        filters.check_notional(rules, quantity * (request.price or market.mark_price))
    filters.check_open_client_id(account, request.client_order_id)


def _best_opposite(state: CoreState, market: Market, sign: int) -> Decimal:
    bid, ask = state.liquidity.quotes(market)
    return ask if sign > 0 else bid


def _crosses(state: CoreState, market: Market, request: OrderRequest) -> bool:
    sign = sign_of(request.side)
    return sign * (request.price or ZERO) >= sign * _best_opposite(state, market, sign)


def _fills_at_once(state: CoreState, account: Account, market: Market, request: OrderRequest) -> bool:
    probe = LiveOrder(account, 0, "", request, state.now_ms)
    missing = min(probe.quantity, reducible(probe)) if request.reduce_only else probe.quantity
    for _, quantity in _reachable(state, market, probe):
        missing -= quantity
        if missing <= 0:
            return True
    return False


def _reachable(state: CoreState, market: Market, order: LiveOrder) -> Iterable[Level]:
    """Book levels that the order may take: within its limit, market orders within the take bound of the symbol."""
    sign = order.sign
    if order.request.order_type == "MARKET":
        limit = market.mark_price * (1 + sign * market.spec.market_take_bound)
    else:
        limit = order.price
    for price, quantity in state.liquidity.levels(market, sign):
        if sign * price > sign * limit:
            return
        yield price, quantity
