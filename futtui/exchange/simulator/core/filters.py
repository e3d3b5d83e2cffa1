"""The filters of exchangeInfo and the form of a request: each failing check raises the exchange's refusal."""

from __future__ import annotations

import re
from decimal import Decimal

from futtui.domain.symbols import SymbolRules
from futtui.exchange.simulator.core.account import Account
from futtui.exchange.simulator.core.market import Market
from futtui.exchange.simulator.core.orders import sign_of
from futtui.exchange.simulator.core.refusals import refusal

CLIENT_ID = re.compile(r"^[.A-Z:/a-z0-9_-]{1,36}$")
TIMES_IN_FORCE = frozenset({"GTC", "IOC", "FOK", "GTX", "GTD"})
SELF_TRADE_MODES = frozenset({"NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH"})
PRICE_MATCHES = frozenset({"OPPONENT", "OPPONENT_5", "OPPONENT_10", "OPPONENT_20"}) | frozenset(
    {"QUEUE", "QUEUE_5", "QUEUE_10", "QUEUE_20"}
)
MAX_OPEN_ORDERS = 200
MAX_OPEN_ALGOS = 200
GOOD_TILL_DATE_LEAD_MS = 600_000
GOOD_TILL_DATE_LIMIT_MS = 253_402_300_799_000


def check_side(side: str, position_side: str) -> None:
    """BUY or SELL in one-way mode (-1117, -4060, -4061)."""
    if side not in ("BUY", "SELL"):
        raise refusal(-1117)
    if position_side in ("LONG", "SHORT"):
        raise refusal(-4061)
    if position_side != "BOTH":
        raise refusal(-4060)


def check_client_id(client_id: str | None) -> None:
    """The form of a client order id (-4015)."""
    if client_id is not None and not CLIENT_ID.match(client_id):
        raise refusal(-4015)


def check_self_trade_mode(mode: str) -> None:
    """A known self-trade prevention mode (-5039)."""
    if mode not in SELF_TRADE_MODES:
        raise refusal(-5039)


def check_good_till_date(time_in_force: str | None, good_till_date_ms: int, now_ms: int) -> None:
    """GTD needs a date more than ten minutes ahead (-5040), others must not carry one (-1106)."""
    if time_in_force == "GTD":
        if not now_ms + GOOD_TILL_DATE_LEAD_MS < good_till_date_ms < GOOD_TILL_DATE_LIMIT_MS:
            raise refusal(-5040)
    elif good_till_date_ms:
        raise refusal(-1106, "goodTillDate")


def check_price(rules: SymbolRules, price: Decimal | None, name: str = "price") -> Decimal:
    """PRICE_FILTER and precision: the price, or -1102, -4001, -4002, -4013, -1111, -4014."""
    if price is None:
        raise refusal(-1102, name)
    if not price.is_finite() or price <= 0:
        raise refusal(-4001)
    if price > rules.max_price:
        raise refusal(-4002)
    if price < rules.min_price:
        raise refusal(-4013)
    if not rules.is_on_tick(price):
        raise refusal(-1111 if _decimals(price) > _decimals(rules.tick_size) else -4014)
    return price


def check_trigger_price(rules: SymbolRules, price: Decimal | None, name: str = "triggerPrice") -> Decimal:
    """The same for trigger prices: -1102, -4006, -4007, -1111, -4014."""
    if price is None:
        raise refusal(-1102, name)
    if not price.is_finite() or price <= 0:
        raise refusal(-4006)
    if price > rules.max_price:
        raise refusal(-4007)
    if not rules.is_on_tick(price):
        raise refusal(-1111 if _decimals(price) > _decimals(rules.tick_size) else -4014)
    return price


def check_quantity(rules: SymbolRules, quantity: Decimal | None, *, market: bool) -> Decimal:
    """LOT_SIZE or MARKET_LOT_SIZE and precision: the quantity, or -1102, -4003, -4004, -4005, -1111, -4023."""
    if quantity is None:
        raise refusal(-1102, "quantity")
    if not quantity.is_finite() or quantity <= 0:
        raise refusal(-4003)
    is_on_step = rules.is_on_step(quantity)
    if not is_on_step and _decimals(quantity) > _decimals(rules.step_size):
        raise refusal(-1111)
    if quantity < rules.min_quantity:
        raise refusal(-4004)
    if quantity > (min(rules.max_quantity, rules.market_max_quantity) if market else rules.max_quantity):
        raise refusal(-4005)
    if not is_on_step:
        raise refusal(-4023)
    return quantity


def check_notional(rules: SymbolRules, value: Decimal, code: int = -4164) -> None:
    """MIN_NOTIONAL (-4164; -5029 when an order is modified)."""
    if value < rules.min_notional:
        raise refusal(code, f"{rules.min_notional.normalize():f}")


def check_price_band(market: Market, side: str, price: Decimal) -> None:
    """PERCENT_PRICE for a limit price: buys not far above the mark price (-4016), sells not far below (-4024)."""
    rules, mark = market.rules, market.mark_price
    if sign_of(side) > 0:
        highest = rules.round_price_down(mark * rules.multiplier_up)
        if price > highest:
            raise refusal(-4016, f"{highest:f}")
    else:
        lowest = rules.round_price_up(mark * rules.multiplier_down)
        if price < lowest:
            raise refusal(-4024, f"{lowest:f}")


def check_market_band(market: Market, side: str, best: Decimal) -> None:
    """PERCENT_PRICE for a market order: the counterparty's best price must be near the mark price (-4131)."""
    rules, mark = market.rules, market.mark_price
    outside = best > mark * rules.multiplier_up if sign_of(side) > 0 else best < mark * rules.multiplier_down
    if outside:
        raise refusal(-4131)


def check_open_client_id(account: Account, client_id: str | None) -> None:
    """Client ids are unique among the account's open orders (-4116)."""
    if client_id is None:
        return
    for orders in account.orders.values():
        if any(order.client_order_id == client_id for order in orders.values()):
            raise refusal(-4116)


def check_open_count(account: Account, symbol: str) -> None:
    """MAX_NUM_ORDERS (-2025)."""
    if len(account.orders_on(symbol)) >= MAX_OPEN_ORDERS:
        raise refusal(-2025)


def _decimals(value: Decimal) -> int:
    return max(0, -int(value.normalize().as_tuple().exponent))
