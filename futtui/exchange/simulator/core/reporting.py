"""Turns changes into events, and keeps the newest state of each order in the account's history."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from futtui.exchange.simulator.core.account import Account
from futtui.exchange.simulator.core.margin import open_notionals, position_record
from futtui.exchange.simulator.core.orders import LiveAlgo, LiveOrder
from futtui.exchange.simulator.core.records import (
    QUOTE_ASSET,
    ZERO,
    AccountEvent,
    AlgoEvent,
    BalanceChange,
    IncomeRecord,
    OrderEvent,
    TradeRecord,
)
from futtui.exchange.simulator.core.state import CoreState


def report_order(state: CoreState, order: LiveOrder, execution_type: str, trade: TradeRecord | None = None) -> None:
    """Tell that something happened to an order."""
    order.update_time_ms = state.now_ms
    record = order.snapshot()
    account = order.account
    account.remember_order(record)
    bids, asks = open_notionals(account, order.symbol)
    state.events.append(
        OrderEvent(
            api_key=account.api_key,
            time_ms=state.now_ms,
            execution_type=execution_type,
            order=record,
            trade=trade,
            bid_notional=bids,
            ask_notional=asks,
        )
    )


def report_algo(state: CoreState, algo: LiveAlgo) -> None:
    """Tell the new state of a conditional order."""
    algo.update_time_ms = state.now_ms
    record = algo.snapshot()
    algo.account.remember_algo(record)
    state.events.append(AlgoEvent(api_key=algo.account.api_key, time_ms=state.now_ms, algo=record))


def report_account(
    state: CoreState,
    account: Account,
    reason: str,
    symbols: Sequence[str],
    change: Decimal = ZERO,
    funding_symbol: str = "",
) -> None:
    """Tell the wallet, and the positions on `symbols`; only fundings where nobody listens to anything else."""
    account.update_time_ms = state.now_ms
    if not (state.tells_accounts or funding_symbol):
        return
    wallet = BalanceChange(
        asset=QUOTE_ASSET,
        wallet_balance=account.wallet,
        cross_wallet_balance=account.cross_wallet,
        change=change,
    )
    state.events.append(
        AccountEvent(
            api_key=account.api_key,
            time_ms=state.now_ms,
            reason=reason,
            balances=(wallet,),
            positions=tuple(position_record(state, account, symbol) for symbol in symbols),
            funding_symbol=funding_symbol,
        )
    )


def book_income(
    state: CoreState, account: Account, symbol: str, income_type: str, amount: Decimal, trade_id: int | None = None
) -> None:
    """Change the wallet and write the entry; nothing for an amount of zero."""
    if not amount:
        return
    account.wallet += amount
    account.income.append(
        IncomeRecord(
            symbol=symbol,
            income_type=income_type,
            income=amount,
            asset=QUOTE_ASSET,
            info=str(trade_id) if trade_id is not None else income_type,
            time_ms=state.now_ms,
            transaction_id=state.new_transaction_id(),
            trade_id=trade_id,
        )
    )
