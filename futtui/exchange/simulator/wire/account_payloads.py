"""REST bodies of orders, conditional orders, positions and balances, from the core's records.

Bodies of placing, changing and cancelling carry no avgPrice and no cumQuote (gone since 2026-06-30); queries do.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from futtui.exchange.simulator.core.records import (
    AlgoRecord,
    AmendmentRecord,
    BalanceRecord,
    Bracket,
    IncomeRecord,
    OrderRecord,
    PositionRecord,
    SymbolSettings,
    TradeRecord,
)
from futtui.exchange.simulator.wire.user_events import decimal_text


def order_answer(order: OrderRecord, *, acknowledge_only: bool = False) -> dict[str, Any]:
    """The answer to placing, changing or cancelling; `acknowledge_only` shows the order as it came in."""
    executed = "0" if acknowledge_only else decimal_text(order.executed_quantity)
    return {
        "orderId": order.order_id,
        "symbol": order.symbol,
        "status": "NEW" if acknowledge_only else order.status,
        "clientOrderId": order.client_order_id,
        "price": decimal_text(order.price),
        "origQty": decimal_text(order.quantity),
        "executedQty": executed,
        "cumQty": executed,
        "timeInForce": order.time_in_force,
        "type": order.order_type,
        "reduceOnly": order.reduce_only,
        "closePosition": order.close_position,
        "side": order.side,
        "positionSide": order.position_side,
        "stopPrice": decimal_text(order.stop_price),
        "workingType": order.working_type,
        "priceProtect": order.price_protect,
        "origType": order.orig_type,
        "priceMatch": order.price_match,
        "selfTradePreventionMode": order.self_trade_prevention,
        "goodTillDate": order.good_till_date_ms,
        "updateTime": order.update_time_ms,
    }


def order_query(order: OrderRecord) -> dict[str, Any]:
    """An order in the answer to a query: with average price, quote sum and creation time."""
    body = order_answer(order)
    del body["cumQty"]
    body["avgPrice"] = decimal_text(order.average_price)
    body["cumQuote"] = decimal_text(order.cumulative_quote)
    body["time"] = order.time_ms
    return body


def order_history_row(order: OrderRecord) -> dict[str, Any]:
    """An order in the answer of allOrders."""
    return {**order_query(order), "pair": order.symbol, "cumBase": decimal_text(order.executed_quantity)}


def algo_answer(algo: AlgoRecord) -> dict[str, Any]:
    """The answer to placing a conditional order."""
    return {
        "algoId": algo.algo_id,
        "clientAlgoId": algo.client_algo_id,
        "algoType": algo.algo_type,
        "orderType": algo.order_type,
        "symbol": algo.symbol,
        "side": algo.side,
        "positionSide": algo.position_side,
        "timeInForce": algo.time_in_force,
        "quantity": decimal_text(algo.quantity),
        "algoStatus": algo.status,
        "triggerPrice": decimal_text(algo.trigger_price),
        "price": decimal_text(algo.price),
        "icebergQuantity": None,
        "selfTradePreventionMode": algo.self_trade_prevention,
        "workingType": algo.working_type,
        "priceMatch": algo.price_match,
        "closePosition": algo.close_position,
        "priceProtect": algo.price_protect,
        "reduceOnly": algo.reduce_only,
        "activatePrice": "" if algo.activate_price is None else decimal_text(algo.activate_price),
        "callbackRate": "" if algo.callback_rate is None else decimal_text(algo.callback_rate),
        "createTime": algo.create_time_ms,
        "updateTime": algo.update_time_ms,
        "triggerTime": algo.trigger_time_ms,
        "goodTillDate": algo.good_till_date_ms,
    }


def algo_query(algo: AlgoRecord) -> dict[str, Any]:
    """A conditional order in the answer to a query: with the engine order that it became."""
    return {
        **algo_answer(algo),
        "actualOrderId": "" if algo.actual_order_id is None else str(algo.actual_order_id),
        "actualPrice": decimal_text(algo.actual_price),
        "actualType": algo.actual_type,
        "actualQty": decimal_text(algo.actual_quantity),
        "tpOrderType": "",
    }


def algo_list_row(algo: AlgoRecord) -> dict[str, Any]:
    """A conditional order in a list; its own take-profit and stop-loss fields are always empty here."""
    empty = dict.fromkeys(("tpTriggerPrice", "tpPrice", "slTriggerPrice", "slPrice"), "")
    return {**algo_query(algo), **empty}


def trade_row(trade: TradeRecord, margin_asset: str = "USDT") -> dict[str, Any]:
    """A row of userTrades."""
    return {
        "buyer": trade.buyer,
        "commission": decimal_text(trade.fee),
        "commissionAsset": trade.fee_asset,
        "id": trade.trade_id,
        "maker": trade.maker,
        "orderId": trade.order_id,
        "price": decimal_text(trade.price),
        "qty": decimal_text(trade.quantity),
        "quoteQty": decimal_text(trade.quote_quantity),
        "baseQty": decimal_text(trade.quantity),
        "marginAsset": margin_asset,
        "realizedPnl": decimal_text(trade.realized_pnl),
        "side": trade.side,
        "positionSide": trade.position_side,
        "symbol": trade.symbol,
        "pair": trade.symbol,
        "time": trade.time_ms,
    }


def amendment_row(record: AmendmentRecord) -> dict[str, Any]:
    """A row of orderAmendment."""
    return {
        "amendmentId": record.amendment_id,
        "symbol": record.symbol,
        "pair": record.symbol,
        "orderId": record.order_id,
        "clientOrderId": record.client_order_id,
        "time": record.time_ms,
        "amendment": {
            "price": {"before": decimal_text(record.price_before), "after": decimal_text(record.price_after)},
            "origQty": {"before": decimal_text(record.quantity_before), "after": decimal_text(record.quantity_after)},
            "count": record.count,
            "modifyId": record.modify_id,
        },
    }


def income_row(income: IncomeRecord) -> dict[str, Any]:
    """A row of income."""
    return {
        "symbol": income.symbol,
        "incomeType": income.income_type,
        "income": decimal_text(income.income),
        "asset": income.asset,
        "info": income.info,
        "time": income.time_ms,
        "tranId": income.transaction_id,
        "tradeId": "" if income.trade_id is None else str(income.trade_id),
    }


def totals(balance: BalanceRecord) -> dict[str, Any]:
    """The sums at the top of v2 and v3 account."""
    return {
        "totalInitialMargin": decimal_text(balance.initial_margin),
        "totalMaintMargin": decimal_text(balance.maintenance_margin),
        "totalWalletBalance": decimal_text(balance.wallet_balance),
        "totalUnrealizedProfit": decimal_text(balance.unrealized_pnl),
        "totalMarginBalance": decimal_text(balance.margin_balance),
        "totalPositionInitialMargin": decimal_text(balance.position_initial_margin),
        "totalOpenOrderInitialMargin": decimal_text(balance.open_order_initial_margin),
        "totalCrossWalletBalance": decimal_text(balance.cross_wallet_balance),
        "totalCrossUnPnl": decimal_text(balance.cross_unrealized_pnl),
        "availableBalance": decimal_text(balance.available_balance),
        "maxWithdrawAmount": decimal_text(balance.max_withdraw_amount),
    }


def asset_row(balance: BalanceRecord) -> dict[str, Any]:
    """An entry of `assets` in account."""
    return {
        "asset": balance.asset,
        "walletBalance": decimal_text(balance.wallet_balance),
        "unrealizedProfit": decimal_text(balance.unrealized_pnl),
        "marginBalance": decimal_text(balance.margin_balance),
        "maintMargin": decimal_text(balance.maintenance_margin),
        "initialMargin": decimal_text(balance.initial_margin),
        "positionInitialMargin": decimal_text(balance.position_initial_margin),
        "openOrderInitialMargin": decimal_text(balance.open_order_initial_margin),
        "crossWalletBalance": decimal_text(balance.cross_wallet_balance),
        "crossUnPnl": decimal_text(balance.cross_unrealized_pnl),
        "availableBalance": decimal_text(balance.available_balance),
        "maxWithdrawAmount": decimal_text(balance.max_withdraw_amount),
        "updateTime": balance.update_time_ms,
    }


def balance_row(balance: BalanceRecord) -> dict[str, Any]:
    """A row of v2 and v3 balance."""
    return {
        "accountAlias": "demo",
        "asset": balance.asset,
        "balance": decimal_text(balance.wallet_balance),
        "crossWalletBalance": decimal_text(balance.cross_wallet_balance),
        "crossUnPnl": decimal_text(balance.cross_unrealized_pnl),
        "availableBalance": decimal_text(balance.available_balance),
        "maxWithdrawAmount": decimal_text(balance.max_withdraw_amount),
        "marginAvailable": True,
        "updateTime": balance.update_time_ms,
    }


def account_position_v3(position: PositionRecord) -> dict[str, Any]:
    """An entry of `positions` in v3 account."""
    return {
        "symbol": position.symbol,
        "positionSide": position.position_side,
        "positionAmt": decimal_text(position.quantity),
        "unrealizedProfit": decimal_text(position.unrealized_pnl),
        "isolatedMargin": decimal_text(position.isolated_margin),
        "notional": decimal_text(position.notional),
        "isolatedWallet": decimal_text(position.isolated_wallet),
        "initialMargin": decimal_text(position.initial_margin),
        "maintMargin": decimal_text(position.maintenance_margin),
        "updateTime": position.update_time_ms,
    }


def account_position_v2(position: PositionRecord) -> dict[str, Any]:
    """An entry of `positions` in v2 account."""
    return {
        **account_position_v3(position),
        "positionInitialMargin": decimal_text(position.position_initial_margin),
        "openOrderInitialMargin": decimal_text(position.open_order_initial_margin),
        "leverage": str(position.leverage),
        "isolated": position.isolated,
        "entryPrice": decimal_text(position.entry_price),
        "breakEvenPrice": decimal_text(position.break_even_price),
        "maxNotional": decimal_text(position.max_notional),
        "bidNotional": decimal_text(position.bid_notional),
        "askNotional": decimal_text(position.ask_notional),
    }


def position_risk_v3(position: PositionRecord) -> dict[str, Any]:
    """A row of v3 positionRisk."""
    return {
        "symbol": position.symbol,
        "positionSide": position.position_side,
        "positionAmt": decimal_text(position.quantity),
        "entryPrice": decimal_text(position.entry_price),
        "breakEvenPrice": decimal_text(position.break_even_price),
        "markPrice": decimal_text(position.mark_price),
        "unRealizedProfit": decimal_text(position.unrealized_pnl),
        "liquidationPrice": decimal_text(position.liquidation_price),
        "isolatedMargin": decimal_text(position.isolated_margin),
        "notional": decimal_text(position.notional),
        "marginAsset": "USDT",
        "isolatedWallet": decimal_text(position.isolated_wallet),
        "initialMargin": decimal_text(position.initial_margin),
        "maintMargin": decimal_text(position.maintenance_margin),
        "positionInitialMargin": decimal_text(position.position_initial_margin),
        "openOrderInitialMargin": decimal_text(position.open_order_initial_margin),
        "adl": 1 if position.quantity else 0,
        "bidNotional": decimal_text(position.bid_notional),
        "askNotional": decimal_text(position.ask_notional),
        "updateTime": position.update_time_ms,
    }


def position_risk_v2(position: PositionRecord) -> dict[str, Any]:
    """A row of v2 positionRisk."""
    return {
        "symbol": position.symbol,
        "positionAmt": decimal_text(position.quantity),
        "entryPrice": decimal_text(position.entry_price),
        "breakEvenPrice": decimal_text(position.break_even_price),
        "markPrice": decimal_text(position.mark_price),
        "unRealizedProfit": decimal_text(position.unrealized_pnl),
        "liquidationPrice": decimal_text(position.liquidation_price),
        "leverage": str(position.leverage),
        "maxNotionalValue": decimal_text(position.max_notional),
        "marginType": "isolated" if position.isolated else "cross",
        "isolatedMargin": decimal_text(position.isolated_margin),
        "isAutoAddMargin": "false",
        "positionSide": position.position_side,
        "notional": decimal_text(position.notional),
        "isolatedWallet": decimal_text(position.isolated_wallet),
        "updateTime": position.update_time_ms,
    }


def symbol_config_row(settings: SymbolSettings) -> dict[str, Any]:
    """A row of symbolConfig."""
    return {
        "symbol": settings.symbol,
        "marginType": settings.margin_type,
        "isAutoAddMargin": False,
        "leverage": settings.leverage,
        "maxNotionalValue": decimal_text(settings.max_notional),
    }


def bracket_row(symbol: str, brackets: Iterable[Bracket]) -> dict[str, Any]:
    """An entry of leverageBracket; its numbers are JSON numbers, unlike everywhere else."""
    rows = [
        {
            "bracket": bracket.number,
            "initialLeverage": bracket.initial_leverage,
            "notionalCap": int(bracket.cap),
            "notionalFloor": int(bracket.floor),
            "maintMarginRatio": float(bracket.maintenance_ratio),
            "cum": float(bracket.cum),
        }
        for bracket in brackets
    ]
    return {"symbol": symbol, "notionalCoef": 1.0, "brackets": rows}
