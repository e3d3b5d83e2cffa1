"""What a price move does: resting orders fill, triggers fire, liquidation is checked, new watch levels are set."""

from __future__ import annotations

from decimal import Decimal
from math import inf

from futtui.exchange.simulator.core.algo import is_reached, run_triggers, triggers_upward, working_price
from futtui.exchange.simulator.core.execution import (
    EXPIRED_REDUCE_ONLY,
    end_order,
    execute,
    reducible,
    settle_followers,
)
from futtui.exchange.simulator.core.liquidation import check_liquidations, draw_bands
from futtui.exchange.simulator.core.market import Market
from futtui.exchange.simulator.core.orders import LiveAlgo, LiveOrder
from futtui.exchange.simulator.core.state import CoreState


def react(state: CoreState, market: Market) -> None:
    """Bring orders and positions of a symbol up to its newest price, then set the levels to look out for."""
    if market.orders:
        fill_resting(state, market)
    if market.algos:
        run_triggers(state, market)
    if market.holders:
        check_liquidations(state, market)
    set_watch_levels(state, market)


def look_ahead(state: CoreState, market: Market) -> None:
    """Set the levels to look out for at once, where a tick at this price would find nothing due.

    After a change every price counts until the next tick: until then none could be passed by.
    """
    last = market.last
    is_due = any(order.sign * (order.price - last) > 0 for order in market.orders.values())
    is_due = is_due or any(_may_be_due(market, algo) for algo in market.algos.values())
    if not is_due and draw_bands(state, market):
        set_watch_levels(state, market)


def _may_be_due(market: Market, algo: LiveAlgo) -> bool:
    return _looks_at_each_tick(algo) or is_reached(algo, working_price(market, algo))


def fill_resting(state: CoreState, market: Market) -> None:
    """Fill orders that the last price traded through, best price first, then the oldest.

    A print AT the limit fills nothing: our order is taken to be the last in the queue of its price.
    """
    last = market.last
    through = [order for order in market.orders.values() if order.sign * (order.price - last) > 0]
    for order in sorted(through, key=_priority):
        if order.order_id in market.orders:
            _fill_one(state, market, order)


def _priority(order: LiveOrder) -> tuple[Decimal, int]:
    return (-order.sign * order.price, order.sequence)


def _fill_one(state: CoreState, market: Market, order: LiveOrder) -> None:
    quantity = order.remaining
    if order.reduce_only:
        quantity = min(quantity, reducible(order))
    if quantity:
        execute(state, market, order, order.price, quantity, maker=True)
    if order.remaining:
        end_order(state, market, order, "EXPIRED", EXPIRED_REDUCE_ONLY)
    settle_followers(state, market, order)


def set_watch_levels(state: CoreState, market: Market) -> None:
    """The nearest prices at which something must happen; between them a tick is done after four comparisons."""
    low = mark_low = -inf
    high = mark_high = inf
    for order in market.orders.values():
        if order.sign > 0:
            low = max(low, float(order.price))
        else:
            high = min(high, float(order.price))
    for algo in market.algos.values():
        if _looks_at_each_tick(algo):
            low, high = inf, -inf
            break
        level = float(algo.trigger_price)
        on_mark = algo.request.working_type == "MARK_PRICE"
        if triggers_upward(algo):
            if on_mark:
                mark_high = min(mark_high, level)
            else:
                high = min(high, level)
        elif on_mark:
            mark_low = max(mark_low, level)
        else:
            low = max(low, level)
    market.price_low, market.price_high = low, high
    market.mark_low, market.mark_high = mark_low, mark_high
    for account in market.holders.values():
        width = float(account.watch_widths.get(market.symbol, 0))
        market.mark_low = max(market.mark_low, market.mark - width)
        market.mark_high = min(market.mark_high, market.mark + width)


def _looks_at_each_tick(algo: LiveAlgo) -> bool:
    return algo.request.order_type == "TRAILING_STOP_MARKET" or algo.request.price_protect
