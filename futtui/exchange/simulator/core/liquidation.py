"""Liquidation: when what is left no longer covers the maintenance margin, the exchange closes the position.

An account is looked at only when the mark price of one of its positions left a band in which it is surely safe. The
band is a fifth of the free margin, shared by the positions; when free margin has changed by a quarter, all bands of
the account are drawn anew. So no combination of unseen moves can use up the margin (each is at most two bands).
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from futtui.exchange.simulator.core.account import MONEY_STEP, Account, Position, money
from futtui.exchange.simulator.core.execution import EXPIRED_LIQUIDATED, end_order, execute, settle_followers
from futtui.exchange.simulator.core.margin import cross_totals, open_positions
from futtui.exchange.simulator.core.market import Market
from futtui.exchange.simulator.core.orders import LiveOrder
from futtui.exchange.simulator.core.placement import rest_in_book
from futtui.exchange.simulator.core.records import ZERO, OrderRequest
from futtui.exchange.simulator.core.reporting import book_income, report_account
from futtui.exchange.simulator.core.state import CoreState

BAND_SHARE = Decimal("0.2")


def check_liquidations(state: CoreState, market: Market) -> None:
    """Liquidate who must be liquidated at the market's mark price; note for others how far they are safe."""
    for account in list(market.holders.values()):
        position = account.position(market.symbol)
        if not position.quantity or _draw_band(state, market, account, position):
            continue
        if state.settings(account, market.symbol).isolated:
            liquidate(state, account, position, position.isolated_wallet)
        else:
            _liquidate_cross(state, account)


def draw_bands(state: CoreState, market: Market) -> bool:
    """Note how far everybody is safe; False as soon as somebody must be liquidated, which is left to the next tick."""
    held = ((account, account.position(market.symbol)) for account in market.holders.values())
    return all(_draw_band(state, market, account, position) for account, position in held if position.quantity)


def _draw_band(state: CoreState, market: Market, account: Account, position: Position) -> bool:
    """Note how far the account is safe with this position; False, and nothing is noted, where it must be liquidated."""
    if state.settings(account, market.symbol).isolated:
        mark = market.mark_price
        left = position.isolated_wallet + position.unrealized(mark)
        excess = left - market.table.maintenance(position.quantity * mark)
        share = excess * BAND_SHARE
    else:
        margin_balance, maintenance = cross_totals(state, account)
        excess = margin_balance - maintenance
        share = _share_of_cross(state, account, excess)
    if excess <= 0:
        return False
    account.watch_widths[market.symbol] = share / abs(position.quantity)
    return True


def _share_of_cross(state: CoreState, account: Account, excess: Decimal) -> Decimal:
    """What of the free margin one of the account's positions may lose unseen; nothing where there is none."""
    if excess <= 0:
        return ZERO
    reference = account.watched_excess
    if reference is None or not reference * 3 / 4 <= excess <= reference * 3 / 2:
        state.watch_account(account)
        account.watched_excess = reference = excess
    return min(excess, reference) * BAND_SHARE / len(open_positions(account))


def _liquidate_cross(state: CoreState, account: Account) -> None:
    """Drop all resting orders, then close cross positions, the one that loses most first, until margin suffices."""
    for symbol in list(account.orders):
        if not state.settings(account, symbol).isolated:
            _drop_orders(state, account, symbol)
    while True:
        margin_balance, maintenance = cross_totals(state, account)
        positions = [p for p in open_positions(account) if not state.settings(account, p.symbol).isolated]
        if margin_balance > maintenance or not positions:
            return
        worst = min(positions, key=lambda p: p.unrealized(state.markets[p.symbol].mark_price))
        liquidate(state, account, worst, account.cross_wallet)


def liquidate(state: CoreState, account: Account, position: Position, margin: Decimal) -> None:
    """Close a whole position at the best price of the book, with the liquidation fee.

    The customer loses at most `margin` (the isolated or the cross wallet): the fee shrinks to what is left, and what
    is missing beyond that is paid in by the insurance fund (income INSURANCE_CLEAR).
    """
    market = state.markets[position.symbol]
    _drop_orders(state, account, position.symbol)
    sign, size = -position.sign, abs(position.quantity)
    bid, ask = state.liquidity.quotes(market)
    price = ask if sign > 0 else bid
    left = margin + money(position.sign * (price * size - position.cost))
    fee = (price * size * market.spec.liquidation_fee).quantize(MONEY_STEP, ROUND_HALF_UP)
    fee = min(fee, max(ZERO, left))
    order = _forced_order(state, account, position.symbol, sign, size, price)
    rest_in_book(market, order)
    execute(state, market, order, price, size, maker=False, fee=fee, execution_type="CALCULATED")
    if left < 0:
        book_income(state, account, position.symbol, "INSURANCE_CLEAR", -left)
        report_account(state, account, "INSURANCE_CLEAR", (), change=-left)
    settle_followers(state, market, order)


def _forced_order(
    state: CoreState, account: Account, symbol: str, sign: int, size: Decimal, price: Decimal
) -> LiveOrder:
    order_id = state.new_order_id()
    client_id = f"autoclose-{state.now_ms}{order_id % 1000:03d}"
    request = OrderRequest(
        symbol=symbol,
        side="BUY" if sign > 0 else "SELL",
        order_type="LIMIT",
        quantity=size,
        price=price,
        time_in_force="IOC",
        client_order_id=client_id,
    )
    return LiveOrder(account, order_id, client_id, request, state.now_ms)


def _drop_orders(state: CoreState, account: Account, symbol: str) -> None:
    for order in list(account.orders_on(symbol).values()):
        end_order(state, state.markets[symbol], order, "EXPIRED", EXPIRED_LIQUIDATED)
