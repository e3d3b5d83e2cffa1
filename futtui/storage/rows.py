"""Turns domain records into rows and back. Pure functions; statements are bound to the tables of `tables.py`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any

import msgspec
from sqlalchemy import Connection, RowMapping, Table, bindparam, delete
from sqlalchemy.dialects.sqlite import Insert, insert

from futtui.domain.candle import Candle
from futtui.domain.effects import (
    PositionState,
    RecordNoSignal,
    RecordPosition,
    RecordSignal,
    RecordSymbolState,
    RecordTrade,
)
from futtui.domain.position import ExitReason, Leg, Trade, TradingMode
from futtui.domain.side import Side
from futtui.domain.signal import Signal, System
from futtui.domain.timeframe import DAY_MS, Timeframe
from futtui.storage import tables

Record = RecordSignal | RecordNoSignal | RecordPosition | RecordTrade | RecordSymbolState
CandleRow = tuple[Any, ...]

NO_SIGNAL_DAYS = 30
"""Counts of why there was no signal are kept for so many days."""
MONEY_COLUMNS = ("quantity", "entry_price", "initial_stop", "fees", "funding", "pnl")
TEXT_AND_TIME_COLUMNS = ("position_id", "signal_id", "symbol", "strategy", "opened_ms", "closed_ms")
FIGURE_COLUMNS = ("result_r", "result_pct", "mfe_r", "mae_r", "score")

CANDLE_COLUMNS = tuple(column.name for column in tables.candles.columns)
_UPDATED = ", ".join(f"{name} = excluded.{name}" for name in CANDLE_COLUMNS[3:])
UPSERT_CANDLES = (
    f"INSERT INTO candles ({', '.join(CANDLE_COLUMNS)}) VALUES ({', '.join('?' * len(CANDLE_COLUMNS))}) "
    f"ON CONFLICT (symbol, timeframe, open_time_ms) DO UPDATE SET {_UPDATED}"
)
SELECT_CANDLES = (
    f"SELECT {', '.join(CANDLE_COLUMNS[2:])} FROM candles WHERE symbol = ? AND timeframe = ? "
    "AND open_time_ms < ? ORDER BY open_time_ms DESC LIMIT ?"
)
_INSERT_STEP = insert(tables.signal_events).on_conflict_do_nothing()
_INSERT_LEG = insert(tables.legs)
_FORGET_LEGS = delete(tables.legs).where(tables.legs.c.position_id == bindparam("of_position"))
_FORGET_NO_SIGNALS = delete(tables.no_signals).where(tables.no_signals.c.day_ms < bindparam("before_ms"))


def candle_rows(symbol: str, timeframe: Timeframe, candles: Iterable[Candle]) -> list[CandleRow]:
    """Rows for UPSERT_CANDLES."""
    code = timeframe.code
    return [
        (
            symbol,
            code,
            bar.open_time_ms,
            bar.open,
            bar.high,
            bar.low,
            bar.close,
            bar.volume,
            bar.quote_volume,
            bar.trade_count,
            bar.taker_buy_volume,
            bar.taker_buy_quote_volume,
        )
        for bar in candles
    ]


def candles_of(rows: Sequence[Sequence[Any]]) -> list[Candle]:
    """Candles, oldest first, from SELECT_CANDLES rows (newest first)."""
    return [Candle(*row) for row in reversed(rows)]


def write_record(connection: Connection, record: Record, code_hash: str = "") -> None:
    """Insert or update one record inside the caller's transaction."""
    if isinstance(record, RecordSignal):
        _write_signal(connection, record, code_hash)
    elif isinstance(record, RecordNoSignal):
        _count_no_signal(connection, record)
    elif isinstance(record, RecordPosition):
        _upsert(connection, tables.positions, _position_row(record.position), ("position_id",))
    elif isinstance(record, RecordTrade):
        _write_trade(connection, record)
    else:
        row = {
            "symbol": record.symbol,
            "blocked_until_ms": record.blocked_until_ms,
            "reason": record.reason,
            "updated_ms": record.time_ms,
        }
        _upsert(connection, tables.symbol_state, row, ("symbol",))


def _upsert(
    connection: Connection, table: Table, row: dict[str, Any], key: tuple[str, ...], kept: tuple[str, ...] = ()
) -> None:
    """Insert the row, or bring the one with this key up to date; columns in `kept` stay as they were first written."""
    connection.execute(_upsert_statement(table, tuple(row), key, kept), row)


@lru_cache(maxsize=16)
def _upsert_statement(table: Table, names: tuple[str, ...], key: tuple[str, ...], kept: tuple[str, ...]) -> Insert:
    """Made once: each holds a copy of the table's columns in a circle that only the garbage collector finds."""
    statement = insert(table)
    changed = {name: statement.excluded[name] for name in names if name not in key and name not in kept}
    return statement.on_conflict_do_update(index_elements=list(key), set_=changed)


def _write_signal(connection: Connection, record: RecordSignal, code_hash: str) -> None:
    signal = record.signal
    raw = signal.raw
    row = {
        "signal_id": signal.signal_id,
        "system": raw.system.value,
        "strategy": raw.strategy,
        "symbol": raw.symbol,
        "side": raw.side.value,
        "timeframe": raw.timeframe.code,
        "trigger": raw.trigger.value,
        "status": signal.status.value,
        "status_reason": signal.status_reason,
        "score": signal.score,
        "completeness": signal.completeness,
        "time_ms": raw.time_ms,
        "valid_until_ms": raw.valid_until_ms,
        "updated_ms": signal.updated_ms,
        "entry": raw.levels.entry,
        "stop": raw.levels.stop,
        "targets": _json(raw.levels.targets),
        "atr": raw.atr,
        "regime": raw.regime.value,
        "summary": raw.summary,
        "parts": _json(signal.parts),
        "inputs_hash": raw.inputs_hash,
        "position_id": signal.position_id,
        "record": _json(signal),
        "code_hash": code_hash,
    }
    _upsert(connection, tables.signals, row, ("signal_id",), kept=("code_hash",))
    step = {
        "signal_id": signal.signal_id,
        "time_ms": record.time_ms,
        "status": signal.status.value,
        "reason": signal.status_reason,
    }
    connection.execute(_INSERT_STEP, step)


def _count_no_signal(connection: Connection, record: RecordNoSignal) -> None:
    connection.execute(_FORGET_NO_SIGNALS, {"before_ms": record.day_ms - NO_SIGNAL_DAYS * DAY_MS})
    row = {
        "day_ms": record.day_ms,
        "symbol": record.symbol,
        "strategy": record.strategy,
        "kind": record.kind,
        "count": 1,
        "reason": record.reason,
        "updated_ms": record.time_ms,
    }
    connection.execute(_count_statement(), row)


@lru_cache(maxsize=1)
def _count_statement() -> Insert:
    table = tables.no_signals
    statement = insert(table)
    newest = {name: statement.excluded[name] for name in ("reason", "updated_ms")}
    more = {"count": table.c["count"] + 1, **newest}
    return statement.on_conflict_do_update(index_elements=["day_ms", "symbol", "strategy", "kind"], set_=more)


def _position_row(state: PositionState) -> dict[str, Any]:
    return {
        "position_id": state.position_id,
        "signal_id": state.signal_id,
        "symbol": state.symbol,
        "mode": state.mode,
        "status": state.status,
        "opened_ms": state.opened_ms,
        "updated_ms": state.updated_ms,
        "state": _json(state),
    }


def _write_trade(connection: Connection, record: RecordTrade) -> None:
    trade = record.trade
    row = {
        "position_id": trade.position_id,
        "signal_id": trade.signal_id,
        "symbol": trade.symbol,
        "system": trade.system.value,
        "strategy": trade.strategy,
        "side": trade.side.value,
        "mode": trade.mode.value,
        "quantity": str(trade.quantity),
        "entry_price": str(trade.entry_price),
        "initial_stop": str(trade.initial_stop),
        "opened_ms": trade.opened_ms,
        "closed_ms": trade.closed_ms,
        "fees": str(trade.fees),
        "funding": str(trade.funding),
        "pnl": str(trade.pnl),
        "result_r": trade.result_r,
        "result_pct": trade.result_pct,
        "mfe_r": trade.mfe_r,
        "mae_r": trade.mae_r,
        "score": trade.score,
    }
    _upsert(connection, tables.trades, row, ("position_id",))
    connection.execute(_FORGET_LEGS, {"of_position": trade.position_id})
    for index, leg in enumerate(trade.legs):
        leg_row = {
            "position_id": trade.position_id,
            "leg_index": index,
            "quantity": str(leg.quantity),
            "price": str(leg.price),
            "reason": leg.reason.value,
            "time_ms": leg.time_ms,
            "fee": str(leg.fee),
        }
        connection.execute(_INSERT_LEG, leg_row)


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def signal_of(text: str) -> Signal:
    """The Signal stored in the `record` column."""
    return msgspec.json.decode(text, type=Signal)


def position_of(text: str) -> PositionState:
    """The PositionState stored in the `state` column."""
    return msgspec.json.decode(text, type=PositionState)


def leg_of(row: RowMapping) -> Leg:
    """A leg from its row."""
    quantity, price, fee = Decimal(row["quantity"]), Decimal(row["price"]), Decimal(row["fee"])
    return Leg(quantity, price, ExitReason(row["reason"]), row["time_ms"], fee)


def trade_of(row: RowMapping, legs: Sequence[Leg]) -> Trade:
    """A trade from its row and legs."""
    values: dict[str, Any] = {name: Decimal(row[name]) for name in MONEY_COLUMNS}
    values |= {name: row[name] for name in (*TEXT_AND_TIME_COLUMNS, *FIGURE_COLUMNS)}
    return Trade(
        system=System(row["system"]),
        side=Side(row["side"]),
        mode=TradingMode(row["mode"]),
        legs=tuple(legs),
        **values,
    )
