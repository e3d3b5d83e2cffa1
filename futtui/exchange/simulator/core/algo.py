"""The algo service: conditional orders wait here and become engine orders when their trigger is reached.

Life: NEW, then TRIGGERING, TRIGGERED (with the engine order's id) and FINISHED when that order is over; or CANCELED by
the owner, REJECTED when the engine refuses, EXPIRED when the position it was to close is gone.
"""

from __future__ import annotations

from decimal import Decimal

from futtui.exchange.simulator.core import filters
from futtui.exchange.simulator.core.account import Account
from futtui.exchange.simulator.core.execution import end_algo
from futtui.exchange.simulator.core.market import Market
from futtui.exchange.simulator.core.orders import LiveAlgo, sign_of
from futtui.exchange.simulator.core.placement import activate_order, automatic_client_id, matched_price, place_order
from futtui.exchange.simulator.core.records import CONDITIONAL_TYPES, ZERO, AlgoRequest, OrderRequest
from futtui.exchange.simulator.core.refusals import ExchangeRefusal, refusal
from futtui.exchange.simulator.core.reporting import report_algo
from futtui.exchange.simulator.core.state import CoreState

TRIGGER_PROTECT = Decimal("0.05")
ALGO_TIMES_IN_FORCE = filters.TIMES_IN_FORCE | {"GTE_GTC"}
MIN_CALLBACK_RATE, MAX_CALLBACK_RATE = Decimal("0.1"), Decimal(20)
MARKET_TYPES = frozenset({"STOP_MARKET", "TAKE_PROFIT_MARKET"})


def place_algo(state: CoreState, account: Account, request: AlgoRequest) -> LiveAlgo:
    """Take a conditional order in; raises the exchange's refusal. Margin is looked at only when it triggers."""
    market = state.market(request.symbol)
    _check_form(state, request)
    if not market.price or not market.is_open:
        raise refusal(-4140)
    _check_amounts(market, request)
    _check_account(account, request)
    algo_id = state.new_algo_id()
    client_id = request.client_algo_id or automatic_client_id(state.seed, algo_id)
    algo = LiveAlgo(account, algo_id, client_id, request, state.now_ms)
    _check_not_due(market, algo)
    market.algos[algo_id] = account.algos[algo_id] = algo
    market.watch_everything()
    report_algo(state, algo)
    return algo


def cancel_algo(state: CoreState, algo: LiveAlgo) -> None:
    """The owner takes a waiting conditional order back."""
    end_algo(state, state.market(algo.symbol), algo, "CANCELED")


def run_triggers(state: CoreState, market: Market) -> None:
    """Trigger every conditional order whose condition holds at the market's prices now, oldest first."""
    for algo in sorted(market.algos.values(), key=lambda a: a.algo_id):
        if algo.algo_id in market.algos and is_due(state, market, algo):
            trigger(state, market, algo)


def is_due(state: CoreState, market: Market, algo: LiveAlgo) -> bool:
    """Whether the condition holds now; moves a trailing stop along."""
    price = working_price(market, algo)
    due = _trail(state, algo, price) if algo.request.order_type == "TRAILING_STOP_MARKET" else is_reached(algo, price)
    if due and algo.request.price_protect:
        return abs(market.mark_price - market.last) <= market.mark_price * TRIGGER_PROTECT
    return due


def triggers_upward(algo: LiveAlgo) -> bool:
    """Whether a fixed trigger waits above the price (buy stops and sell take-profits) or below it."""
    return (algo.sign > 0) == algo.request.order_type.startswith("STOP")


def is_reached(algo: LiveAlgo, price: Decimal) -> bool:
    """Whether a price is at a fixed trigger, or beyond it."""
    return price >= algo.trigger_price if triggers_upward(algo) else price <= algo.trigger_price


def working_price(market: Market, algo: LiveAlgo) -> Decimal:
    """The price that the trigger looks at."""
    return market.mark_price if algo.request.working_type == "MARK_PRICE" else market.last


def trigger(state: CoreState, market: Market, algo: LiveAlgo) -> None:
    """Turn a conditional order into an engine order, with all steps told in the exchange's order."""
    account = algo.account
    algo.status, algo.trigger_time_ms = "TRIGGERING", state.now_ms
    market.algos.pop(algo.algo_id, None)
    account.algos.pop(algo.algo_id, None)
    market.watch_everything()
    report_algo(state, algo)
    request = _engine_request(state, market, algo)
    if request is None:
        end_algo(state, market, algo, "EXPIRED", "Position is closed")
        return
    try:
        order = place_order(state, account, request, algo=algo)
    except ExchangeRefusal as refused:
        reason = "Reduce Only reject" if refused.code == -2022 else refused.message
        end_algo(state, market, algo, "REJECTED", reason)
        return
    algo.status = "TRIGGERED"
    report_algo(state, algo)
    if order is not None:
        activate_order(state, market, order)


def _engine_request(state: CoreState, market: Market, algo: LiveAlgo) -> OrderRequest | None:
    asked = algo.request
    quantity, reduce_only = asked.quantity, bool(asked.reduce_only)
    if asked.close_position:
        position = algo.account.position(algo.symbol)
        if position.sign != -algo.sign:
            return None
        quantity, reduce_only = abs(position.quantity), True
    limit = asked.order_type in ("STOP", "TAKE_PROFIT")
    price = None
    if limit:
        price = asked.price
        if asked.price_match != "NONE":
            price = matched_price(state, market, algo.sign, asked.price_match)
    return OrderRequest(
        symbol=algo.symbol,
        side=asked.side,
        order_type="LIMIT" if limit else "MARKET",
        quantity=quantity,
        price=price,
        time_in_force="GTC" if algo.time_in_force == "GTE_GTC" else algo.time_in_force,
        reduce_only=reduce_only,
        client_order_id=algo.client_algo_id,
        good_till_date_ms=asked.good_till_date_ms if limit else 0,
        price_match=asked.price_match,
        self_trade_prevention=asked.self_trade_prevention,
    )


def _check_form(state: CoreState, request: AlgoRequest) -> None:
    filters.check_side(request.side, request.position_side)
    if request.algo_type != "CONDITIONAL":
        raise refusal(-1130, "algoType")
    if request.order_type not in CONDITIONAL_TYPES:
        raise refusal(-1116)
    if request.working_type not in ("CONTRACT_PRICE", "MARK_PRICE"):
        raise refusal(-1130, "workingType")
    if request.time_in_force is not None and request.time_in_force not in ALGO_TIMES_IN_FORCE:
        raise refusal(-1115)
    filters.check_client_id(request.client_algo_id)
    filters.check_self_trade_mode(request.self_trade_prevention)
    filters.check_good_till_date(request.time_in_force, request.good_till_date_ms, state.now_ms)
    if request.close_position:
        _check_close_position(request)


def _check_close_position(request: AlgoRequest) -> None:
    if request.order_type not in MARKET_TYPES:
        raise refusal(-4136, request.order_type, "true")
    if request.quantity:
        raise refusal(-4137)
    if request.reduce_only is not None:
        raise refusal(-1106, "reduceOnly")


def _check_amounts(market: Market, request: AlgoRequest) -> None:
    rules = market.rules
    limit = request.order_type in ("STOP", "TAKE_PROFIT")
    price = None
    if request.price_match != "NONE":
        if not limit:
            raise refusal(-5038)
        if request.price_match not in filters.PRICE_MATCHES:
            raise refusal(-5037)
        if request.price is not None:
            raise refusal(-1106, "price")
    elif limit:
        price = filters.check_price(rules, request.price)
    elif request.price:
        raise refusal(-1106, "price")
    if request.order_type == "TRAILING_STOP_MARKET":
        _check_trailing(market, request)
        reference = request.activate_price or market.last
    else:
        reference = filters.check_trigger_price(rules, request.trigger_price)
    if request.close_position:
        return
    quantity = filters.check_quantity(rules, request.quantity, market=not limit)
    if not request.reduce_only:
        filters.check_notional(rules, quantity * (price or reference))


def _check_trailing(market: Market, request: AlgoRequest) -> None:
    if request.callback_rate is None:
        raise refusal(-1102, "callbackRate")
    if not MIN_CALLBACK_RATE <= request.callback_rate <= MAX_CALLBACK_RATE:
        raise refusal(-1130, "callbackRate")
    if request.trigger_price is not None:
        raise refusal(-1106, "triggerPrice")
    if request.activate_price is None:
        return
    if not request.activate_price.is_finite() or request.activate_price <= 0:
        raise refusal(-4135)
    filters.check_trigger_price(market.rules, request.activate_price, "activatePrice")
    price = market.mark_price if request.working_type == "MARK_PRICE" else market.last
    if sign_of(request.side) * (price - request.activate_price) <= 0:
        raise refusal(-2021)


def _check_account(account: Account, request: AlgoRequest) -> None:
    if len(account.algos) >= filters.MAX_OPEN_ALGOS:
        raise refusal(-4045)
    for other in account.algos.values():
        if request.client_algo_id is not None and other.client_algo_id == request.client_algo_id:
            raise refusal(-4116)
        if (
            request.close_position
            and other.request.close_position
            and (other.symbol, other.request.side, other.request.order_type)
            == (request.symbol, request.side, request.order_type)
        ):
            raise refusal(-4130)
    if request.time_in_force == "GTE_GTC" and account.position(request.symbol).sign != -sign_of(request.side):
        raise refusal(-4129)


def _check_not_due(market: Market, algo: LiveAlgo) -> None:
    if algo.request.order_type != "TRAILING_STOP_MARKET" and is_reached(algo, working_price(market, algo)):
        raise refusal(-2021)
    if algo.request.order_type == "TRAILING_STOP_MARKET" and algo.request.activate_price is None:
        algo.activated = True
        algo.extreme = working_price(market, algo)


def _trail(state: CoreState, algo: LiveAlgo, price: Decimal) -> bool:
    sign = algo.sign
    if not algo.activated:
        if sign * (price - (algo.request.activate_price or ZERO)) > 0:
            return False
        algo.activated = True
        algo.extreme = price
        report_algo(state, algo)
        return False
    extreme = algo.extreme or price
    if sign * (price - extreme) < 0:
        extreme = algo.extreme = price
    rate = (algo.request.callback_rate or ZERO) / 100
    return sign * price >= sign * extreme * (1 + sign * rate)
