"""User data events: what the private stream tells about orders, fills, balances and settings."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from futtui.exchange.simulator.core.records import (
    AccountConfigEvent,
    AccountEvent,
    AlgoEvent,
    AlgoRecord,
    CoreEvent,
    OrderEvent,
    PositionRecord,
)


def decimal_text(value: Decimal) -> str:
    """The number as the exchange writes it: never in exponent form, zero as "0"."""
    return f"{value:f}" if value else "0"


def user_events(event: CoreEvent, now_ms: int) -> list[dict[str, Any]]:
    """The wire events of one core event, in the order of the exchange: a fill is announced by TRADE_LITE first."""
    if isinstance(event, OrderEvent):
        update = _order_update(event, now_ms)
        if event.trade is not None and event.execution_type == "TRADE":
            return [_trade_lite(event, now_ms), update]
        return [update]
    if isinstance(event, AlgoEvent):
        return [_algo_update(event, now_ms)]
    if isinstance(event, AccountEvent):
        return [_account_update(event, now_ms)]
    return [_config_update(event, now_ms)]


def listen_key_expired(key: str, now_ms: int) -> dict[str, Any]:
    """The last word of a private stream whose key is gone; the connection stays open."""
    return {"e": "listenKeyExpired", "E": now_ms, "listenKey": key}


def force_order_event(event: OrderEvent, now_ms: int) -> dict[str, Any]:
    """The public forceOrder event of a liquidation."""
    order, trade = event.order, event.trade
    body = {
        "s": order.symbol,
        "S": order.side,
        "o": order.order_type,
        "f": order.time_in_force,
        "q": decimal_text(order.quantity),
        "p": decimal_text(order.price),
        "ap": decimal_text(order.average_price),
        "X": order.status,
        "l": decimal_text(trade.quantity) if trade else "0",
        "z": decimal_text(order.executed_quantity),
        "T": event.time_ms,
    }
    return {"e": "forceOrder", "E": now_ms, "o": body, "ps": order.symbol, "st": 1}


def _order_update(event: OrderEvent, now_ms: int) -> dict[str, Any]:
    order, trade = event.order, event.trade
    body: dict[str, Any] = {
        "s": order.symbol,
        "c": order.client_order_id,
        "S": order.side,
        "o": order.order_type,
        "f": order.time_in_force,
        "q": decimal_text(order.quantity),
        "p": decimal_text(order.price),
        "ap": decimal_text(order.average_price),
        "sp": decimal_text(order.stop_price),
        "x": event.execution_type,
        "X": order.status,
        "i": order.order_id,
        "l": decimal_text(trade.quantity) if trade else "0",
        "z": decimal_text(order.executed_quantity),
        "L": decimal_text(trade.price) if trade else "0",
        "n": decimal_text(trade.fee) if trade else "0",
        "N": trade.fee_asset if trade else "USDT",
        "T": event.time_ms,
        "t": trade.trade_id if trade else 0,
        "b": decimal_text(event.bid_notional),
        "a": decimal_text(event.ask_notional),
        "m": bool(trade and trade.maker),
        "R": order.reduce_only,
        "wt": order.working_type,
        "ot": order.orig_type,
        "ps": order.position_side,
        "cp": order.close_position,
        "rp": decimal_text(trade.realized_pnl) if trade else "0",
        "pP": order.price_protect,
        "si": 0,
        "ss": 0,
        "V": order.self_trade_prevention,
        "pm": order.price_match,
        "gtd": order.good_till_date_ms,
        "er": str(order.expiry_reason),
    }
    if order.modify_id is not None:
        body["M"] = order.modify_id
    return {"e": "ORDER_TRADE_UPDATE", "T": event.time_ms, "E": now_ms, "o": body}


def _trade_lite(event: OrderEvent, now_ms: int) -> dict[str, Any]:
    order, trade = event.order, event.trade
    assert trade is not None
    return {
        "e": "TRADE_LITE",
        "E": now_ms,
        "T": event.time_ms,
        "s": order.symbol,
        "q": decimal_text(order.quantity),
        "p": decimal_text(order.price),
        "m": trade.maker,
        "c": order.client_order_id,
        "S": order.side,
        "L": decimal_text(trade.price),
        "l": decimal_text(trade.quantity),
        "t": trade.trade_id,
        "i": order.order_id,
    }


def _algo_update(event: AlgoEvent, now_ms: int) -> dict[str, Any]:
    algo = event.algo
    body: dict[str, Any] = {
        "caid": algo.client_algo_id,
        "aid": algo.algo_id,
        "at": algo.algo_type,
        "o": algo.order_type,
        "s": algo.symbol,
        "S": algo.side,
        "ps": algo.position_side,
        "f": algo.time_in_force,
        "q": decimal_text(algo.quantity),
        "X": algo.status,
        "ai": "" if algo.actual_order_id is None else str(algo.actual_order_id),
    }
    body.update(_engine_order(algo))
    body.update(
        {
            "tp": decimal_text(algo.trigger_price),
            "p": decimal_text(algo.price),
            "V": algo.self_trade_prevention,
            "wt": algo.working_type,
            "pm": algo.price_match,
            "cp": algo.close_position,
            "pP": algo.price_protect,
            "R": algo.reduce_only,
            "tt": algo.trigger_time_ms,
            "gtd": algo.good_till_date_ms,
            "ia": algo.activated,
        }
    )
    if algo.reject_reason:
        body["rm"] = algo.reject_reason
    return {"e": "ALGO_UPDATE", "T": event.time_ms, "E": now_ms, "o": body}


def _engine_order(algo: AlgoRecord) -> dict[str, Any]:
    """Average price, quantity and type of the order that the trigger made; absent while TRIGGERING, as recorded."""
    if algo.status == "TRIGGERING":
        return {}
    return {
        "ap": decimal_text(algo.actual_price),
        "aq": decimal_text(algo.actual_quantity),
        "act": algo.actual_type or "0",
    }


def _account_update(event: AccountEvent, now_ms: int) -> dict[str, Any]:
    body: dict[str, Any] = {
        "m": event.reason,
        "B": [
            {
                "a": change.asset,
                "wb": decimal_text(change.wallet_balance),
                "cw": decimal_text(change.cross_wallet_balance),
                "bc": decimal_text(change.change),
            }
            for change in event.balances
        ],
        "P": [_position(record) for record in event.positions],
    }
    if event.funding_symbol:
        body["S"] = event.funding_symbol
    return {"e": "ACCOUNT_UPDATE", "T": event.time_ms, "E": now_ms, "a": body}


def _position(record: PositionRecord) -> dict[str, Any]:
    return {
        "s": record.symbol,
        "pa": decimal_text(record.quantity),
        "ep": decimal_text(record.entry_price),
        "bep": decimal_text(record.break_even_price),
        "cr": decimal_text(record.realized_pnl),
        "up": decimal_text(record.unrealized_pnl),
        "mt": "isolated" if record.isolated else "cross",
        "iw": decimal_text(record.isolated_wallet),
        "ps": record.position_side,
    }


def _config_update(event: AccountConfigEvent, now_ms: int) -> dict[str, Any]:
    body = {"s": event.symbol, "l": event.leverage}
    return {"e": "ACCOUNT_CONFIG_UPDATE", "E": now_ms, "T": event.time_ms, "ac": body}
