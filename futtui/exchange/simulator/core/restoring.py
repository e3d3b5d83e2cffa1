"""Puts an account back to where it was before a restart, silently."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from futtui.exchange.simulator.core.account import Account
from futtui.exchange.simulator.core.orders import LiveAlgo, LiveOrder
from futtui.exchange.simulator.core.placement import rest_in_book
from futtui.exchange.simulator.core.records import AlgoRequest, OrderRequest
from futtui.exchange.simulator.core.state import CoreState


def restore(
    state: CoreState,
    account: Account,
    positions: Sequence[tuple[str, Decimal, Decimal]],
    orders: Sequence[OrderRequest],
    algos: Sequence[AlgoRequest],
) -> None:
    """Set positions (symbol, signed quantity, entry price) and rest orders without checks, matching or events."""
    for symbol, quantity, entry_price in positions:
        market = state.market(symbol)
        position = account.kept_position(symbol)
        position.quantity, position.cost = quantity, abs(quantity) * entry_price
        position.update_time_ms = state.now_ms
        if quantity:
            market.holders[account.api_key] = account
        market.watch_everything()
    for request in orders:
        market = state.market(request.symbol)
        order = LiveOrder(account, state.new_order_id(), request.client_order_id or "", request, state.now_ms)
        rest_in_book(market, order)
        account.remember_order(order.snapshot())
        market.watch_everything()
    for asked in algos:
        market = state.market(asked.symbol)
        algo = LiveAlgo(account, state.new_algo_id(), asked.client_algo_id or "", asked, state.now_ms)
        market.algos[algo.algo_id] = account.algos[algo.algo_id] = algo
        account.remember_algo(algo.snapshot())
        market.watch_everything()
