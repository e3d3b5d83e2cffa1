"""What an owner sets for a symbol: leverage, margin type, isolated margin; and modes that this exchange keeps fixed."""

from __future__ import annotations

from decimal import Decimal

from futtui.exchange.simulator.core.account import Account
from futtui.exchange.simulator.core.margin import balance, symbol_margin
from futtui.exchange.simulator.core.records import QUOTE_ASSET, ZERO, AccountConfigEvent, MarginChange
from futtui.exchange.simulator.core.refusals import refusal
from futtui.exchange.simulator.core.reporting import report_account
from futtui.exchange.simulator.core.state import CoreState

ADD_MARGIN, REDUCE_MARGIN = 1, 2


def set_leverage(state: CoreState, account: Account, symbol: str, leverage: int) -> None:
    """Choose the leverage of a symbol; refused with -4028, -4161, -2027 or -2028."""
    market, settings = state.market(symbol), state.settings(account, symbol)
    if not 1 <= leverage <= market.table.max_leverage:
        raise refusal(-4028, leverage)
    position = account.position(symbol)
    if settings.isolated and position.quantity and leverage < settings.leverage:
        raise refusal(-4161)
    margin = symbol_margin(account, market, settings)
    exposure = max(abs(margin.present + margin.bid_notional), abs(margin.present - margin.ask_notional))
    if exposure > market.table.max_notional(leverage):
        raise refusal(-2027)
    if exposure / leverage - margin.total > balance(state, account).available_balance:
        raise refusal(-2028)
    _set(state, account, symbol, leverage)


def lower_leverage(state: CoreState, account: Account, symbol: str) -> None:
    """Bring a chosen leverage down to what the symbol's table offers now."""
    _set(state, account, symbol, min(state.settings(account, symbol).leverage, state.market(symbol).table.max_leverage))


def _set(state: CoreState, account: Account, symbol: str, leverage: int) -> None:
    settings = state.settings(account, symbol)
    if leverage != settings.leverage:
        settings.leverage = leverage
        event = AccountConfigEvent(api_key=account.api_key, time_ms=state.now_ms, symbol=symbol, leverage=leverage)
        state.events.append(event)


def set_margin_type(state: CoreState, account: Account, symbol: str, margin_type: str) -> None:
    """Choose CROSSED or ISOLATED; refused with -4046 (unchanged), -4047 (orders) or -4048 (position)."""
    state.market(symbol)
    settings = state.settings(account, symbol)
    if margin_type not in ("CROSSED", "ISOLATED"):
        raise refusal(-1130, "marginType")
    isolated = margin_type == "ISOLATED"
    if isolated == settings.isolated:
        raise refusal(-4046)
    if account.orders_on(symbol) or any(algo.symbol == symbol for algo in account.algos.values()):
        raise refusal(-4047)
    if account.position(symbol).quantity:
        raise refusal(-4048)
    settings.isolated = isolated
    report_account(state, account, "MARGIN_TYPE_CHANGE", (symbol,))


def change_position_margin(state: CoreState, account: Account, symbol: str, amount: Decimal, change_type: int) -> None:
    """Add (1) or take out (2) margin of an isolated position; refused with -4049, -4050, -4051, -4054, -4055."""
    market, settings = state.market(symbol), state.settings(account, symbol)
    if not amount.is_finite() or amount <= 0:
        raise refusal(-4055)
    if change_type not in (ADD_MARGIN, REDUCE_MARGIN):
        raise refusal(-1130, "type")
    if not settings.isolated:
        raise refusal(-4049)
    position = account.position(symbol)
    if not position.quantity:
        raise refusal(-4054)
    if change_type == ADD_MARGIN:
        if amount > balance(state, account).available_balance:
            raise refusal(-4050)
        position.isolated_wallet += amount
    else:
        loss = min(ZERO, position.unrealized(market.mark_price))
        needed = symbol_margin(account, market, settings).position_margin
        if amount > position.isolated_wallet + loss - needed:
            raise refusal(-4051)
        position.isolated_wallet -= amount
    account.margin_changes.append(
        MarginChange(symbol=symbol, amount=amount, asset=QUOTE_ASSET, change_type=change_type, time_ms=state.now_ms)
    )
    state.watch_account(account)
    report_account(state, account, "MARGIN_TRANSFER", (symbol,))


def set_position_mode(account: Account, dual: bool) -> None:
    """Always refused: -4059 for one-way (unchanged), for hedge mode -4067, -4068 or -4531."""
    if not dual:
        raise refusal(-4059)
    if account.algos or any(account.orders.values()):
        raise refusal(-4067)
    if any(position.quantity for position in account.positions.values()):
        raise refusal(-4068)
    raise refusal(-4531)


def set_multi_assets_mode(multi_assets: bool) -> None:
    """Always refused: -4171 for single-asset (unchanged), -4169 for multi-assets."""
    raise refusal(-4169 if multi_assets else -4171)
