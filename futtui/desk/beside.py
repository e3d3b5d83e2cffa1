"""Open profit of what a real account holds beside our positions: it belongs to the equity, and its losses count."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal

from futtui.desk.state import DeskState
from futtui.domain.account import AccountSeen
from futtui.domain.position import TradingMode
from futtui.domain.symbols import ZERO, to_decimal

MONEY = "USDT"


def note_beside(state: DeskState, event: AccountSeen, quiet: Collection[str]) -> None:
    """Tell the real account what a look shows beside our positions.

    On symbols that are not `quiet` the look may be older than our books: there the last one counts on.
    """
    account = state.accounts[TradingMode.LIVE]
    ours = {position.plan.symbol for position in state.held(TradingMode.LIVE)}
    profits: dict[str, Decimal] = {}
    for symbol in sorted({item.symbol for item in event.held} | ours):
        if symbol in quiet or not account.is_looked_at:
            profit = _profit_beside(state, event, symbol)
        else:
            profit = account.beside.get(symbol, ZERO)
        if profit and symbol.split("_")[0].endswith(MONEY):  # contracts with a date carry it behind their name
            profits[symbol] = profit
    account.note_beside(profits, state.held(TradingMode.LIVE), event.asked_ms)


def _profit_beside(state: DeskState, event: AccountSeen, symbol: str) -> Decimal:
    """Open profit of all that is held of a symbol, less that of our positions at the same price; 0 if unknown."""
    held = state.live_on(symbol)
    amount, entry = event.amount(symbol), event.entry_price(symbol)
    if amount == sum((item.plan.side.sign * item.ledger.open for item in held), ZERO):
        return ZERO
    price = event.mark_price(symbol) or next((to_decimal(item.last_price) for item in held), None)
    if price is None or (amount and entry is None):
        return ZERO
    whole = amount * (price - entry) if entry is not None else ZERO
    return whole - sum((item.ledger.unrealized(price) for item in held), ZERO)
