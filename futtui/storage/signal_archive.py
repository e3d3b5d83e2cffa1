"""Stored signals for reading: one with everything that explains it, or a list of the newest."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from sqlalchemy import Engine, func, select

from futtui.domain.position import Trade
from futtui.domain.signal import Signal
from futtui.domain.timeframe import DAY_MS
from futtui.storage import tables
from futtui.storage.rows import leg_of, signal_of, trade_of

NEAR_SHOWN = 5
IDS_SEARCHED = 20_000


@dataclass(frozen=True, slots=True)
class SignalStep:
    """A state that the signal came to."""

    time_ms: int
    status: str
    reason: str


@dataclass(frozen=True, slots=True)
class StoredSignal:
    """A signal with its life, its trade if it became one that is closed, and the program that made it."""

    signal: Signal
    steps: tuple[SignalStep, ...]
    code_hash: str
    trade: Trade | None


class SignalArchive:
    """Reads signals of one database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def get(self, signal_id: str) -> StoredSignal | None:
        """The signal of this id, or of the only id that begins with it (four signs at least); None if there is none."""
        table = tables.signals
        with self._engine.connect() as connection:
            begins = table.c.signal_id.startswith(signal_id, autoescape=True)
            wanted = begins if len(signal_id) >= 4 else table.c.signal_id == signal_id
            rows = connection.execute(select(table.c.record, table.c.code_hash).where(wanted).limit(2)).all()
            if len(rows) != 1:
                return None
            signal = signal_of(rows[0].record)
            events = tables.signal_events
            steps = connection.execute(
                select(events.c.time_ms, events.c.status, events.c.reason)
                .where(events.c.signal_id == signal.signal_id)
                .order_by(events.c.event_id)
            )
            found = tuple(SignalStep(*row) for row in steps)
            return StoredSignal(signal, found, rows[0].code_hash, _trade(connection, signal.signal_id))

    def near_ids(self, signal_id: str) -> list[str]:
        """Ids that look like the given one, the most alike first; those that begin like it count as alike."""
        table = tables.signals
        query = select(table.c.signal_id).order_by(table.c.time_ms.desc()).limit(IDS_SEARCHED)
        with self._engine.connect() as connection:
            ids = [row.signal_id for row in connection.execute(query)]
        begin = [each for each in ids if signal_id and each.startswith(signal_id[:4])]
        alike = get_close_matches(signal_id, ids, NEAR_SHOWN, 0.5)
        return list(dict.fromkeys([*alike, *begin]))[:NEAR_SHOWN]

    def newest(self, limit: int, symbol: str = "") -> list[Signal]:
        """The newest signals, newest first; of one symbol if it is given."""
        table = tables.signals
        query = select(table.c.record).order_by(table.c.time_ms.desc(), table.c.signal_id).limit(limit)
        if symbol:
            query = query.where(table.c.symbol == symbol)
        with self._engine.connect() as connection:
            return [signal_of(row.record) for row in connection.execute(query)]


@dataclass(frozen=True, slots=True)
class Silence:
    """How often a strategy said no to a symbol for one kind of reason, and one of these reasons in full."""

    strategy: str
    reason: str
    count: int


def silences(engine: Engine, day_ms: int, symbol: str = "") -> list[Silence]:
    """Why strategies proposed nothing on a UTC day, most frequent first; of one symbol if it is given."""
    table = tables.no_signals
    total = func.sum(table.c["count"])
    query = select(table.c.strategy, func.max(table.c.reason), total).where(table.c.day_ms == day_ms)
    if symbol:
        query = query.where(table.c.symbol == symbol)
    query = query.group_by(table.c.strategy, table.c.kind).order_by(total.desc(), table.c.strategy, table.c.kind)
    with engine.connect() as connection:
        return [Silence(*row) for row in connection.execute(query)]


def newest_moment_ms(engine: Engine) -> int | None:
    """When the database last heard of a signal or of the lack of one, epoch milliseconds UTC; None if never."""
    moments = (tables.signals.c.updated_ms, tables.no_signals.c.updated_ms)
    with engine.connect() as connection:
        found = [connection.execute(select(func.max(column))).scalar() for column in moments]
    return max((int(each) for each in found if each is not None), default=None)


def refused_candidates(engine: Engine, day_ms: int, symbol: str = "") -> list[Signal]:
    """Candidates of a UTC day that a filter refused, the best score first."""
    table = tables.signals
    query = select(table.c.record).where(
        table.c.status == "REFUSED", table.c.time_ms >= day_ms, table.c.time_ms < day_ms + DAY_MS
    )
    if symbol:
        query = query.where(table.c.symbol == symbol)
    with engine.connect() as connection:
        return [signal_of(row.record) for row in connection.execute(query.order_by(table.c.score.desc()))]


def _trade(connection: Any, signal_id: str) -> Trade | None:
    row = connection.execute(select(tables.trades).where(tables.trades.c.signal_id == signal_id)).mappings().first()
    if row is None:
        return None
    legs = select(tables.legs).where(tables.legs.c.position_id == row["position_id"]).order_by(tables.legs.c.leg_index)
    return trade_of(row, [leg_of(leg) for leg in connection.execute(legs).mappings()])
