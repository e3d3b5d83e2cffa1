"""Margin arithmetic: what positions and orders lock, what is left, and where liquidation would come.

Sources: reference sheet section 11; initial margin of a symbol in one-way mode is the larger of
|position + open buys| and |position - open sells|, over the leverage.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from futtui.domain.packing import quickly_made
from futtui.exchange.simulator.core.account import Account, Position, Settings, money
from futtui.exchange.simulator.core.market import Market
from futtui.exchange.simulator.core.records import QUOTE_ASSET, ZERO, BalanceRecord, PositionRecord
from futtui.exchange.simulator.core.refusals import refusal
from futtui.exchange.simulator.core.state import CoreState


@quickly_made
@dataclass(frozen=True, slots=True)
class SymbolMargin:
    """What one symbol locks; all amounts in USDT, `present` signed."""

    present: Decimal
    bid_notional: Decimal
    ask_notional: Decimal
    position_margin: Decimal
    total: Decimal

    @property
    def order_margin(self) -> Decimal:
        """The part that open orders lock."""
        return self.total - self.position_margin


def open_notionals(account: Account, symbol: str) -> tuple[Decimal, Decimal]:
    """Value of the account's resting buys and sells on a symbol, reduce-only orders left out."""
    bids = asks = ZERO
    for order in account.orders_on(symbol).values():
        if order.reduce_only:
            continue
        value = order.remaining * order.price
        if order.sign > 0:
            bids += value
        else:
            asks += value
    return bids, asks


def symbol_margin(
    account: Account, market: Market, settings: Settings, more_bids: Decimal = ZERO, more_asks: Decimal = ZERO
) -> SymbolMargin:
    """What the account's position and orders on a symbol lock, with more orders added in thought."""
    position = account.positions.get(market.symbol)
    present = position.quantity * market.mark_price if position else ZERO
    bids, asks = open_notionals(account, market.symbol)
    bids, asks = bids + more_bids, asks + more_asks
    exposure = max(abs(present + bids), abs(present - asks))
    leverage = settings.leverage
    return SymbolMargin(present, bids, asks, money(abs(present) / leverage), money(exposure / leverage))


def balance(state: CoreState, account: Account) -> BalanceRecord:
    """The account's wallet and margins now."""
    cross_wallet = account.cross_wallet
    cross_profit = isolated_profit = maintenance = position_margin = order_margin = locked = ZERO
    for symbol in _touched(account):
        market, settings = state.markets[symbol], state.settings(account, symbol)
        margin = symbol_margin(account, market, settings)
        position = account.position(symbol)
        profit = position.unrealized(market.mark_price)
        if settings.isolated:
            isolated_profit += profit
            locked += margin.order_margin
        else:
            cross_profit += profit
            locked += margin.total
        if position.quantity:
            maintenance += market.table.maintenance(margin.present)
        position_margin += margin.position_margin
        order_margin += margin.order_margin
    available = max(ZERO, cross_wallet + cross_profit - locked)
    return BalanceRecord(
        asset=QUOTE_ASSET,
        wallet_balance=account.wallet,
        cross_wallet_balance=cross_wallet,
        unrealized_pnl=cross_profit + isolated_profit,
        cross_unrealized_pnl=cross_profit,
        margin_balance=account.wallet + cross_profit + isolated_profit,
        maintenance_margin=money(maintenance),
        initial_margin=position_margin + order_margin,
        position_initial_margin=position_margin,
        open_order_initial_margin=order_margin,
        available_balance=available,
        max_withdraw_amount=max(ZERO, min(available, cross_wallet)),
        update_time_ms=account.update_time_ms,
    )


def require_margin(
    state: CoreState, account: Account, market: Market, sign: int, quantity: Decimal, price: Decimal
) -> None:
    """Nothing if a new order fits; else refusal -2027 (position cap) or -2019 (margin).

    An order that only makes the position smaller locks nothing more and always fits.
    """
    settings = state.settings(account, market.symbol)
    value = quantity * price
    before = symbol_margin(account, market, settings)
    after = symbol_margin(account, market, settings, value if sign > 0 else ZERO, value if sign < 0 else ZERO)
    needed = after.total - before.total
    if needed <= 0:
        return
    if after.total * settings.leverage > market.table.max_notional(settings.leverage):
        raise refusal(-2027)
    open_loss = max(ZERO, sign * (price - market.mark_price)) * quantity
    if needed + open_loss > balance(state, account).available_balance:
        raise refusal(-2019)


def liquidation_price(state: CoreState, account: Account, position: Position) -> Decimal:
    """Mark price at which the position would be liquidated, all other prices unchanged; 0 = never.

    LP = (WB - maintenance of others + profit of others + cum - quantity x entry) / (|quantity| x ratio - quantity).
    """
    if not position.quantity:
        return ZERO
    market = state.markets[position.symbol]
    if state.settings(account, position.symbol).isolated:
        wallet = position.isolated_wallet
    else:
        wallet = account.cross_wallet + _other_cross(state, account, position.symbol)
    bracket = market.table.at(position.quantity * market.mark_price)
    size = abs(position.quantity)
    numerator = wallet + bracket.cum - position.sign * position.cost
    price = numerator / (size * bracket.maintenance_ratio - position.quantity)
    return max(ZERO, market.rules.round_price(price))


def cross_totals(state: CoreState, account: Account) -> tuple[Decimal, Decimal]:
    """(margin balance, maintenance) of the account's cross positions together."""
    margin_balance, maintenance = account.cross_wallet, ZERO
    for position in open_positions(account):
        if not state.settings(account, position.symbol).isolated:
            profit, needed = _needs(position, state.markets[position.symbol])
            margin_balance += profit
            maintenance += needed
    return margin_balance, maintenance


def _needs(position: Position, market: Market) -> tuple[Decimal, Decimal]:
    """(open profit, maintenance) of a position; kept, as a move of one symbol changes those of no other one."""
    mark, quantity, cost, table = market.mark_price, position.quantity, position.cost, market.table
    known = position.needs
    if (
        known is None or known[0] is not mark or known[1] is not quantity
        or known[2] is not cost or known[3] is not table
    ):  # fmt: skip
        profit, needed = position.unrealized(mark), table.maintenance(quantity * mark)
        known = position.needs = (mark, quantity, cost, table, profit, needed)
    return known[4], known[5]


def open_positions(account: Account) -> list[Position]:
    """The account's positions that are not flat, in the order in which the symbols were first traded."""
    return [position for position in account.positions.values() if position.quantity]


def position_record(state: CoreState, account: Account, symbol: str) -> PositionRecord:
    """The account's position on a symbol with all its derived figures."""
    market, settings = state.market(symbol), state.settings(account, symbol)
    position = account.position(symbol)
    margin = symbol_margin(account, market, settings)
    unrealized = position.unrealized(market.mark_price)
    return PositionRecord(
        symbol=symbol,
        position_side="BOTH",
        quantity=position.quantity,
        entry_price=position.entry_price,
        break_even_price=position.break_even_price,
        mark_price=market.mark_price,
        unrealized_pnl=unrealized,
        realized_pnl=position.realized,
        liquidation_price=liquidation_price(state, account, position),
        leverage=settings.leverage,
        max_notional=market.table.max_notional(settings.leverage),
        isolated=settings.isolated,
        isolated_wallet=position.isolated_wallet,
        isolated_margin=position.isolated_wallet + unrealized if settings.isolated else ZERO,
        notional=money(margin.present),
        initial_margin=margin.total,
        position_initial_margin=margin.position_margin,
        open_order_initial_margin=margin.order_margin,
        maintenance_margin=money(market.table.maintenance(margin.present)) if position.quantity else ZERO,
        bid_notional=margin.bid_notional,
        ask_notional=margin.ask_notional,
        update_time_ms=position.update_time_ms,
    )


def _other_cross(state: CoreState, account: Account, symbol: str) -> Decimal:
    result = ZERO
    for position in open_positions(account):
        if position.symbol != symbol and not state.settings(account, position.symbol).isolated:
            market = state.markets[position.symbol]
            result += position.unrealized(market.mark_price)
            result -= market.table.maintenance(position.quantity * market.mark_price)
    return result


def _touched(account: Account) -> list[str]:
    symbols = [position.symbol for position in open_positions(account)]
    return symbols + [symbol for symbol, orders in account.orders.items() if orders and symbol not in symbols]
