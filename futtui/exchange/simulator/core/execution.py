"""Executions: an order meets a price, the position and the wallet change, the followers of the position react."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from futtui.exchange.simulator.core.account import MONEY_STEP, Account
from futtui.exchange.simulator.core.market import Market
from futtui.exchange.simulator.core.orders import LiveAlgo, LiveOrder
from futtui.exchange.simulator.core.records import QUOTE_ASSET, ZERO, TradeRecord
from futtui.exchange.simulator.core.reporting import book_income, report_account, report_algo, report_order
from futtui.exchange.simulator.core.state import CoreState

EXPIRED_REDUCE_ONLY = 4
EXPIRED_LIQUIDATED = 5


def reducible(order: LiveOrder) -> Decimal:
    """How much of the position a reduce-only order can still close (0 = none of it)."""
    position = order.account.position(order.symbol)
    return abs(position.quantity) if position.sign == -order.sign else ZERO


def execute(
    state: CoreState,
    market: Market,
    order: LiveOrder,
    price: Decimal,
    quantity: Decimal,
    *,
    maker: bool,
    fee: Decimal | None = None,
    execution_type: str = "TRADE",
) -> TradeRecord:
    """Fill `quantity` of the order at `price`: position, wallet, trade, income, order event, account event.

    `fee` None = the symbol's maker or taker rate on the value, rounded to eight decimals.
    """
    account = order.account
    value = price * quantity
    if fee is None:
        rate = market.spec.maker_fee if maker else market.spec.taker_fee
        fee = (value * rate).quantize(MONEY_STEP, ROUND_HALF_UP)
    realized = _change_position(state, order, price, quantity, fee)
    order.executed += quantity
    order.quote += value
    order.status = "FILLED" if not order.remaining else "PARTIALLY_FILLED"
    trade = _trade(state, market, order, price, quantity, realized, fee, maker)
    account.trades.append(trade)
    book_income(state, account, order.symbol, "REALIZED_PNL", realized, trade.trade_id)
    book_income(state, account, order.symbol, "COMMISSION", -fee, trade.trade_id)
    if not order.remaining:
        forget_order(market, order)
    _hold(market, order)
    report_order(state, order, execution_type, trade)
    report_account(state, account, "ORDER", (order.symbol,))
    finish_algo_of(state, order)
    market.watch_everything()
    state.watch_account(account)
    return trade


def _change_position(state: CoreState, order: LiveOrder, price: Decimal, quantity: Decimal, fee: Decimal) -> Decimal:
    settings = state.settings(order.account, order.symbol)
    position = order.account.kept_position(order.symbol)
    sign_before = position.sign
    realized = position.fill(order.sign, price, quantity, settings.leverage if settings.isolated else None)
    if position.quantity:
        position.cycle_result += (realized if position.sign == sign_before else ZERO) - fee
    position.update_time_ms = state.now_ms
    return realized


def _trade(
    state: CoreState,
    market: Market,
    order: LiveOrder,
    price: Decimal,
    quantity: Decimal,
    realized: Decimal,
    fee: Decimal,
    maker: bool,
) -> TradeRecord:
    trade_id = market.next_trade_id
    market.next_trade_id += 1
    return TradeRecord(
        trade_id=trade_id,
        order_id=order.order_id,
        client_order_id=order.client_order_id,
        symbol=order.symbol,
        side=order.request.side,
        position_side="BOTH",
        price=price,
        quantity=quantity,
        quote_quantity=price * quantity,
        realized_pnl=realized,
        fee=fee,
        fee_asset=QUOTE_ASSET,
        maker=maker,
        time_ms=state.now_ms,
    )


def forget_order(market: Market, order: LiveOrder) -> None:
    """Take a finished order out of the book."""
    market.orders.pop(order.order_id, None)
    order.account.orders_on(order.symbol).pop(order.order_id, None)


def end_order(state: CoreState, market: Market, order: LiveOrder, status: str, expiry_reason: int = 0) -> None:
    """End an order without a fill: CANCELED by its owner or EXPIRED by the exchange."""
    order.status = status
    order.expiry_reason = expiry_reason
    forget_order(market, order)
    report_order(state, order, status)
    finish_algo_of(state, order)
    market.watch_everything()


def end_algo(state: CoreState, market: Market, algo: LiveAlgo, status: str, reason: str = "") -> None:
    """End a conditional order that did not trigger, or that the engine refused."""
    algo.status = status
    algo.reject_reason = reason
    market.algos.pop(algo.algo_id, None)
    algo.account.algos.pop(algo.algo_id, None)
    report_algo(state, algo)
    market.watch_everything()


def finish_algo_of(state: CoreState, order: LiveOrder) -> None:
    """A conditional order is FINISHED when the engine order it became is over, filled or not."""
    algo = order.algo
    if algo is not None and algo.status == "TRIGGERED" and order.status not in ("NEW", "PARTIALLY_FILLED"):
        algo.status = "FINISHED"
        report_algo(state, algo)


def settle_followers(state: CoreState, market: Market, order: LiveOrder) -> None:
    """After fills: orders that only made sense for the position that is gone leave.

    Resting reduce-only orders expire (reason 4) and orders that close the position expire, when the position is
    flat or has turned to the other side.
    """
    account = order.account
    position = account.position(market.symbol)
    for resting in list(account.orders_on(market.symbol).values()):
        if resting.reduce_only and position.sign != -resting.sign:
            end_order(state, market, resting, "EXPIRED", EXPIRED_REDUCE_ONLY)
    for algo in [each for each in market.algos.values() if each.account is account]:
        if algo.ends_with_position and position.sign != -algo.sign and algo is not order.algo:
            end_algo(state, market, algo, "EXPIRED", "Position is closed")
    _cover_shortfall(state, account, market.symbol)


def _cover_shortfall(state: CoreState, account: Account, symbol: str) -> None:
    """A customer without positions owes nothing: the insurance fund pays in what a gap took beyond the wallet."""
    if account.wallet < 0 and not any(position.quantity for position in account.positions.values()):
        missing = -account.wallet
        book_income(state, account, symbol, "INSURANCE_CLEAR", missing)
        report_account(state, account, "INSURANCE_CLEAR", (), change=missing)


def _hold(market: Market, order: LiveOrder) -> None:
    account = order.account
    if account.position(market.symbol).quantity:
        market.holders[account.api_key] = account
    else:
        market.holders.pop(account.api_key, None)
