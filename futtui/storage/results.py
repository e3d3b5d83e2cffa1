"""What became of stored signals: closed trades, open positions, and how many signals there were."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, Select, Table, func, or_, select

from futtui.domain.effects import PositionState
from futtui.domain.performance import SignalCounts
from futtui.domain.position import Leg, Trade
from futtui.domain.signal import SignalStatus, Trigger
from futtui.domain.timeframe import Timeframe
from futtui.storage import tables
from futtui.storage.rows import leg_of, position_of, trade_of

CLOSED_POSITIONS = ("CLOSED", "FAILED")


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which results are wanted: from `since_ms` on; of these symbols and makers, none named = of all.

    A maker is a strategy, or a system with all its strategies, as in DUAL.
    """

    since_ms: int = 0
    symbols: Collection[str] = ()
    makers: Collection[str] = ()

    def narrowed(self, query: Select[Any], table: Table) -> Select[Any]:
        """The query on a table of signals or trades with the wanted symbols and makers only."""
        if self.symbols:
            query = query.where(table.c.symbol.in_(list(self.symbols)))
        if self.makers:
            query = query.where(or_(table.c.strategy.in_(list(self.makers)), table.c.system.in_(list(self.makers))))
        return query

    def wants(self, state: PositionState) -> bool:
        """Whether an open position is among them; it counts whenever it was opened."""
        return (not self.symbols or state.symbol in self.symbols) and (
            not self.makers or state.strategy in self.makers or state.system in self.makers
        )


@dataclass(frozen=True, slots=True)
class StoredResults:
    """`trades` oldest first, `prices` the newest stored closes of the symbols that are held."""

    trades: list[Trade]
    held: list[PositionState]
    prices: dict[str, float]
    signals: list[SignalCounts]


def read_results(engine: Engine, chosen: Chosen) -> StoredResults:
    """Everything of one moment: what is written meanwhile is in all of it or in nothing."""
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN")  # the driver itself would read each query at another moment
        trades = trades_of(connection, _wanted_trades(chosen))
        held = [state for state in open_positions_of(connection) if chosen.wants(state)]
        prices = _newest_closes(connection, {state.symbol for state in held})
        return StoredResults(trades, held, prices, _signal_counts(connection, chosen))


def newest_ms(engine: Engine) -> int:
    """When the newest signal or trade was written, in the time of the market; 0 without any."""
    with engine.connect() as connection:
        signal = connection.execute(select(func.max(tables.signals.c.updated_ms))).scalar_one()
        trade = connection.execute(select(func.max(tables.trades.c.closed_ms))).scalar_one()
    return max(signal or 0, trade or 0)


def makers_in(engine: Engine) -> set[str]:
    """Names of all strategies that ever made a signal here."""
    with engine.connect() as connection:
        return set(connection.execute(select(tables.signals.c.strategy).distinct()).scalars())


def trades_of(connection: Connection, wanted: Select[Any]) -> list[Trade]:
    """The closed trades of a query on the table of trades, with their legs, in its order."""
    rows = connection.execute(wanted).mappings().all()
    legs: dict[str, list[Leg]] = {row["position_id"]: [] for row in rows}
    ids = wanted.with_only_columns(tables.trades.c.position_id)
    chosen = select(tables.legs).where(tables.legs.c.position_id.in_(ids)).order_by(tables.legs.c.leg_index)
    for leg in connection.execute(chosen).mappings():
        legs[leg["position_id"]].append(leg_of(leg))
    return [trade_of(row, legs[row["position_id"]]) for row in rows]


def open_positions_of(connection: Connection) -> list[PositionState]:
    """Positions that were not closed when last written, oldest first."""
    table = tables.positions
    query = select(table.c.state).where(table.c.status.not_in(CLOSED_POSITIONS)).order_by(table.c.opened_ms)
    return [position_of(text) for (text,) in connection.execute(query)]


def _wanted_trades(chosen: Chosen) -> Select[Any]:
    table = tables.trades
    query = select(table).where(table.c.closed_ms >= chosen.since_ms)
    return chosen.narrowed(query, table).order_by(table.c.closed_ms, table.c.position_id)


def _newest_closes(connection: Connection, symbols: Collection[str]) -> dict[str, float]:
    table = tables.candles
    prices = {}
    for symbol in symbols:
        query = select(table.c.close).where(table.c.symbol == symbol, table.c.timeframe == Timeframe.M15.code)
        close = connection.execute(query.order_by(table.c.open_time_ms.desc()).limit(1)).scalar_one_or_none()
        if close is not None:
            prices[symbol] = close
    return prices


def _signal_counts(connection: Connection, chosen: Chosen) -> list[SignalCounts]:
    table = tables.signals
    query = select(table.c.strategy, table.c.status, func.count()).where(table.c.time_ms >= chosen.since_ms)
    query = query.where(table.c.trigger != Trigger.BY_HAND.value)
    query = chosen.narrowed(query, table).group_by(table.c.strategy, table.c.status)
    counts: dict[str, list[tuple[SignalStatus, int]]] = defaultdict(list)
    for strategy, status, count in connection.execute(query):
        counts[strategy].append((SignalStatus(status), count))
    order: Sequence[SignalStatus] = list(SignalStatus)
    return [
        SignalCounts(strategy, tuple(sorted(found, key=lambda item: order.index(item[0]))))
        for strategy, found in sorted(counts.items())
    ]
