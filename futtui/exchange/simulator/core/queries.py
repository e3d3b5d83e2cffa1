"""Answers to questions about an account: filtered, ordered by time, limited, as the endpoints give them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from futtui.exchange.simulator.core.account import Account
from futtui.exchange.simulator.core.records import AlgoRecord, IncomeRecord, OrderRecord, TradeRecord
from futtui.exchange.simulator.core.refusals import refusal

Record = TypeVar("Record")


def order_record(account: Account, symbol: str, order_id: int | None, client_order_id: str | None) -> OrderRecord:
    """An order in any state; the newest one if a client id was used more than once. Refused with -2013."""
    if order_id is None and client_order_id is None:
        raise refusal(-1102, "orderId")
    if order_id is not None:
        record = account.order_history.get(order_id)
        if record is not None and record.symbol == symbol:
            return record
        raise refusal(-2013)
    for record in reversed(account.order_history.values()):
        if record.client_order_id == client_order_id and record.symbol == symbol:
            return record
    raise refusal(-2013)


def open_orders(account: Account, symbol: str | None) -> list[OrderRecord]:
    """Resting orders, oldest first."""
    live = [order for name, orders in account.orders.items() if symbol in (None, name) for order in orders.values()]
    return [order.snapshot() for order in sorted(live, key=lambda o: o.order_id)]


def all_orders(
    account: Account,
    symbol: str | None,
    order_id: int | None,
    start_ms: int | None,
    end_ms: int | None,
    limit: int,
) -> list[OrderRecord]:
    """Orders in any state by id, from `order_id` on, else the newest ones created in the window."""
    records = [r for r in account.order_history.values() if symbol in (None, r.symbol)]
    records.sort(key=lambda r: r.order_id)
    if order_id is not None:
        return [r for r in records if r.order_id >= order_id][:limit]
    return _window(records, [r.time_ms for r in records], start_ms, end_ms, limit)


def algo_record(account: Account, algo_id: int | None, client_algo_id: str | None) -> AlgoRecord:
    """A conditional order in any state. Refused with -2013."""
    if algo_id is None and client_algo_id is None:
        raise refusal(-1102, "algoId")
    if algo_id is not None:
        if algo_id in account.algo_history:
            return account.algo_history[algo_id]
        raise refusal(-2013)
    for record in reversed(account.algo_history.values()):
        if record.client_algo_id == client_algo_id:
            return record
    raise refusal(-2013)


def open_algos(account: Account, symbol: str | None) -> list[AlgoRecord]:
    """Waiting conditional orders, oldest first."""
    return [algo.snapshot() for algo in account.algos.values() if symbol in (None, algo.symbol)]


def all_algos(
    account: Account,
    symbol: str | None,
    algo_id: int | None,
    start_ms: int | None,
    end_ms: int | None,
    limit: int,
) -> list[AlgoRecord]:
    """Conditional orders in any state by id, from `algo_id` on, else the newest ones created in the window."""
    records = [r for r in account.algo_history.values() if symbol in (None, r.symbol)]
    records.sort(key=lambda r: r.algo_id)
    if algo_id is not None:
        return [r for r in records if r.algo_id >= algo_id][:limit]
    return _window(records, [r.create_time_ms for r in records], start_ms, end_ms, limit)


def trades(
    account: Account,
    symbol: str | None,
    order_id: int | None,
    from_id: int | None,
    start_ms: int | None,
    end_ms: int | None,
    limit: int,
) -> list[TradeRecord]:
    """Executions, oldest first: from trade `from_id` on, else the newest ones in the window."""
    records = [t for t in account.trades if symbol in (None, t.symbol) and order_id in (None, t.order_id)]
    if from_id is not None:
        return [t for t in records if t.trade_id >= from_id][:limit]
    return _window(records, [t.time_ms for t in records], start_ms, end_ms, limit)


def income(
    account: Account,
    symbol: str | None,
    income_type: str | None,
    start_ms: int | None,
    end_ms: int | None,
    limit: int,
) -> list[IncomeRecord]:
    """Wallet entries, oldest first: the first ones from `start_ms` on, else the newest ones."""
    records = [i for i in account.income if symbol in (None, i.symbol) and income_type in (None, i.income_type)]
    return _window(records, [i.time_ms for i in records], start_ms, end_ms, limit)


def _window(
    records: Sequence[Record], times: Iterable[int], start_ms: int | None, end_ms: int | None, limit: int
) -> list[Record]:
    chosen = [
        record
        for record, time_ms in zip(records, times, strict=True)
        if (start_ms is None or time_ms >= start_ms) and (end_ms is None or time_ms <= end_ms)
    ]
    return chosen[:limit] if start_ms is not None else chosen[-limit:]
