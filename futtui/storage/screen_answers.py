"""Answers to what the screen asks of the database beside the snapshots. Read-only; call it beside the loop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, Select, func, or_, select

from futtui.domain.past_signals import PastSignal, SimilarSignals, tally_of
from futtui.domain.position import TradingMode, class_of
from futtui.domain.signal import RawSignal, SignalStatus, Trigger
from futtui.domain.silence import ENTRY_ORDER, RefusalCount, SilenceCount, WhyNoSignals
from futtui.domain.timeframe import DAY_MS, Timeframe
from futtui.domain.zone import ZoneEvent
from futtui.storage import tables
from futtui.storage.rows import signal_of
from futtui.storage.zone_rows import event_of

REFUSALS_READ = 5_000
"""Refused candidates whose gates are counted; the newest ones."""
NEARLY_READ = 12
SIMILAR_READ = 2_000
SIMILAR_SHOWN = 40
ZONE_EVENTS_READ = 120


class _Check(msgspec.Struct):
    name: str
    passed: bool
    reason: str = ""


class _Checks(msgspec.Struct):
    """The part of a stored signal that tells who refused it; reading the whole costs ten times as much."""

    checks: list[_Check] = []


class ScreenAnswers:
    """Reads one database for the screen."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def why_no_signals(self, symbol: str, since_ms: int) -> WhyNoSignals:
        """What stood against signals of a symbol ("" = all) since a moment; whole UTC days count for silences."""
        with self._engine.connect() as connection:
            silences = _silences(connection, symbol, since_ms)
            states = _states(connection, symbol, since_ms)
            return WhyNoSignals(
                symbol,
                since_ms,
                looks=sum(each.count for each in silences),
                candidates=sum(states.values()),
                refused=states.get(SignalStatus.REFUSED.value, 0),
                expired=states.get(SignalStatus.EXPIRED.value, 0),
                refusals=_refusals(connection, symbol, since_ms),
                silences=silences,
                nearly=tuple(
                    signal_of(row.record)
                    for row in connection.execute(
                        _refused(symbol, since_ms, tables.signals.c.record)
                        .order_by(tables.signals.c.score.desc(), tables.signals.c.signal_id)
                        .limit(NEARLY_READ)
                    )
                ),
            )

    def similar_signals(self, signal_id: str, raw: RawSignal) -> SimilarSignals:
        """What became of earlier accepted signals of the same system, strategy and side."""
        signals, trades = tables.signals.c, tables.trades.c
        query = (
            select(
                signals.signal_id, signals.time_ms, signals.symbol, signals.timeframe, signals.score, signals.status,
                trades.mode, trades.result_r,
            )
            .select_from(tables.signals.outerjoin(tables.trades, trades.signal_id == signals.signal_id))
            .where(signals.system == raw.system.value, signals.strategy == raw.strategy)
            .where(signals.side == raw.side.value, signals.time_ms < raw.time_ms, signals.signal_id != signal_id)
            .where(or_(signals.symbol == raw.symbol, signals.timeframe == raw.timeframe.code))
            .where(signals.status != SignalStatus.REFUSED.value)
            .where(signals.trigger != Trigger.BY_HAND.value)  # the signal that was taken is among them itself
            .order_by(signals.time_ms.desc(), signals.signal_id)
            .limit(SIMILAR_READ)
        )  # fmt: skip
        with self._engine.connect() as connection:
            found = tuple(_past_signal(row) for row in connection.execute(query))
        return SimilarSignals(
            signal_id,
            tally_of(tuple(item for item in found if item.symbol == raw.symbol)),
            tally_of(tuple(item for item in found if item.timeframe is raw.timeframe)),
            found[:SIMILAR_SHOWN],
        )

    def zone_story(self, symbol: str, zone_ids: Sequence[str]) -> tuple[ZoneEvent, ...]:
        """What happened at these zones of a symbol, newest first."""
        events = tables.zone_events
        query = (
            select(*events.c)
            .where(events.c.symbol == symbol, events.c.zone_id.in_(list(zone_ids)))
            .order_by(events.c.time_ms.desc(), events.c.event_id)
            .limit(ZONE_EVENTS_READ)
        )
        with self._engine.connect() as connection:
            return tuple(event_of(tuple(row)) for row in connection.execute(query))


def _past_signal(row: Any) -> PastSignal:
    result = row.result_r
    return PastSignal(
        row.signal_id,
        row.time_ms,
        row.symbol,
        Timeframe.from_code(row.timeframe),
        row.score,
        SignalStatus(row.status),
        None if row.mode is None else TradingMode(row.mode),
        result,
        None if result is None else class_of(result),
    )


def _silences(connection: Connection, symbol: str, since_ms: int) -> tuple[SilenceCount, ...]:
    table = tables.no_signals
    total = func.sum(table.c["count"])
    # SQLite takes the other columns from the row that holds the maximum: symbol and reason are those of the newest.
    query = select(table.c.strategy, total, func.max(table.c.updated_ms), table.c.symbol, table.c.reason)
    query = query.where(table.c.day_ms >= since_ms // DAY_MS * DAY_MS)
    if symbol:
        query = query.where(table.c.symbol == symbol)
    query = query.group_by(table.c.strategy, table.c.kind).order_by(total.desc(), table.c.strategy, table.c.kind)
    return tuple(SilenceCount(*row) for row in connection.execute(query))


def _states(connection: Connection, symbol: str, since_ms: int) -> dict[str, int]:
    table = tables.signals
    query = select(table.c.status, func.count()).where(table.c.time_ms >= since_ms)
    if symbol:
        query = query.where(table.c.symbol == symbol)
    found = connection.execute(query.group_by(table.c.status)).all()
    return {row[0]: row[1] for row in found}


def _refused(symbol: str, since_ms: int, *columns: Any) -> Select[Any]:
    table = tables.signals
    query = select(*columns).where(table.c.status == SignalStatus.REFUSED.value, table.c.time_ms >= since_ms)
    return query.where(table.c.symbol == symbol) if symbol else query


def _refusals(connection: Connection, symbol: str, since_ms: int) -> tuple[RefusalCount, ...]:
    """Refused candidates by the gate that refused them."""
    table = tables.signals
    query = _refused(symbol, since_ms, table.c.record, table.c.symbol, table.c.time_ms, table.c.status_reason)
    newest = query.order_by(table.c.time_ms.desc(), table.c.signal_id).limit(REFUSALS_READ)
    counts: dict[str, int] = {}
    last: dict[str, tuple[int, str, str]] = {}
    decoder = msgspec.json.Decoder(_Checks)
    for record, name, time_ms, reason in connection.execute(newest):
        gate = _gate_of(decoder.decode(record).checks)
        counts[gate] = counts.get(gate, 0) + 1
        last.setdefault(gate, (time_ms, name, reason))
    often = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(RefusalCount(gate, count, *last[gate]) for gate, count in often)


def _gate_of(checks: Sequence[_Check]) -> str:
    """The gate that refused; empty where it was not recorded."""
    refused = next((check.name for check in checks if not check.passed), "")
    return refused or (ENTRY_ORDER if checks else "")
