"""The database as the engine uses it: queued writes, reads on their own connections."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from futtui.domain.candle import Candle
from futtui.domain.effects import PositionState
from futtui.domain.errors import StorageError
from futtui.domain.gaps import Gap, GapState
from futtui.domain.health import DatabaseHealth
from futtui.domain.position import Trade, TradingMode
from futtui.domain.signal import Signal, SignalStatus
from futtui.domain.timeframe import Timeframe
from futtui.domain.universe import UniverseMemory
from futtui.domain.zone import Zone, ZoneEvent
from futtui.storage import tables
from futtui.storage.database import open_database
from futtui.storage.deep_history import DeepHistory
from futtui.storage.gap_rows import GapBatch, select_gaps
from futtui.storage.results import CLOSED_POSITIONS, Chosen, StoredResults, open_positions_of, read_results, trades_of
from futtui.storage.rows import (
    SELECT_CANDLES,
    Record,
    candle_rows,
    candles_of,
    position_of,
    signal_of,
)
from futtui.storage.screen_answers import ScreenAnswers
from futtui.storage.universe_rows import StandingsBatch, select_memory
from futtui.storage.writer import CandleBatch, Writer
from futtui.storage.zone_rows import SELECT_EVENTS, SELECT_ZONES, ZoneBatch, ZonePurge, event_of, zone_of

END_OF_TIME_MS = 1 << 62
"""After every candle."""


class Storage:
    """One database file. Open it with `Storage(path)`; raises StorageError when the file cannot be used.

    `code_hash`: fingerprint of the program that decides now, kept with each signal that it makes.
    """

    def __init__(self, path: Path, code_hash: str = "") -> None:
        self.path = path
        self._engine = open_database(path)
        self.writer = Writer(self._engine, code_hash)

    @property
    def trouble(self) -> str:
        """Why nothing can be written now, in words; empty while all is well."""
        return self.writer.trouble

    def health(self) -> DatabaseHealth:
        """How far the writing is behind, and what could not be kept."""
        writer = self.writer
        return DatabaseHealth(
            waiting=writer.waiting,
            lag_ms=writer.behind_s * 1000.0,
            dropped=writer.dropped_candles + writer.dropped_records + writer.refused,
            trouble=writer.trouble,
        )

    def submit(self, record: Record) -> None:
        """Queue a record; it is on disk after the next flush or within moments."""
        self.writer.put(record)

    def submit_candles(self, symbol: str, timeframe: Timeframe, candles: Sequence[Candle]) -> None:
        """Queue closed candles; one that is there already is brought up to date in place."""
        if candles:
            self.writer.put(CandleBatch(candle_rows(symbol, timeframe, candles)))

    def submit_zones(self, updated_ms: int, zones: Sequence[Zone] = (), events: Sequence[ZoneEvent] = ()) -> None:
        """Queue zones as they are at `updated_ms` and what happened at zones; an event that is known is left alone."""
        if zones or events:
            self.writer.put(ZoneBatch(updated_ms, tuple(zones), tuple(events)))

    def forget_zones(self, before_ms: int) -> None:
        """Queue the removal of events of bars that opened before `before_ms` and of zones not written since."""
        self.writer.put(ZonePurge(before_ms))

    async def newest_zone_event_ms(self, symbol: str) -> int | None:
        """Open time of the newest bar with a stored event at a symbol's zones; None without any."""
        return await asyncio.to_thread(self._newest_zone_event_ms, symbol)

    def _newest_zone_event_ms(self, symbol: str) -> int | None:
        query = "SELECT MAX(time_ms) FROM zone_events WHERE symbol = ?"
        with self._engine.connect() as connection:
            newest: int | None = connection.exec_driver_sql(query, (symbol,)).scalar_one()
        return newest

    def submit_gaps(self, gaps: Sequence[Gap]) -> None:
        """Queue holes in the row of candles; one that is known is brought up to date in place."""
        if gaps:
            self.writer.put(GapBatch(tuple(gaps)))

    def submit_universe(self, memory: UniverseMemory) -> None:
        """Queue what the choice of symbols has to remember; it takes the place of what was remembered before."""
        self.writer.put(StandingsBatch(memory))

    def universe(self) -> UniverseMemory | None:
        """What the last look at all symbols left behind; None before the first."""
        with self._engine.connect() as connection:
            return select_memory(connection)

    def order_mark(self) -> int:
        """The number that marks the orders of this data folder; 0 = none yet."""
        with self._engine.connect() as connection:
            mark: int = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
        return mark

    def keep_order_mark(self, mark: int) -> None:
        """Keep it, at once. Raises StorageError when the file cannot be written."""
        try:
            with self._engine.begin() as connection:
                connection.exec_driver_sql(f"PRAGMA user_version = {mark:d}")
        except SQLAlchemyError as error:
            raise StorageError(f"The database refuses to write: {getattr(error, 'orig', None) or error}.") from error

    def flush(self) -> bool:
        """Wait until everything queued so far is on disk; False if that took too long."""
        return self.writer.flush()

    def gaps(self, states: Iterable[GapState] = GapState) -> list[Gap]:
        """Holes in the row of candles that are in one of `states`, by symbol, timeframe and time."""
        with self._engine.connect() as connection:
            return select_gaps(connection, states)

    def open_times(self, symbol: str, timeframe: Timeframe, start_ms: int, end_ms: int) -> np.ndarray:
        """Open times of everything stored with start_ms <= open time < end_ms, in order; archive included."""
        return self.deep_history.load_open_times(symbol, timeframe, start_ms, end_ms)

    @property
    def answers(self) -> ScreenAnswers:
        """What the screen asks beside the snapshots."""
        return ScreenAnswers(self._engine)

    @property
    def deep_history(self) -> DeepHistory:
        """Everything that is stored, the archive included."""
        return DeepHistory(self._engine)

    def zones(self, symbol: str) -> list[Zone]:
        """All zones of a symbol that were ever stored, as last written, lowest first."""
        with self._engine.connect() as connection:
            return [zone_of(row) for row in connection.exec_driver_sql(SELECT_ZONES, (symbol,))]

    def zone_events(self, symbol: str, start_ms: int, end_ms: int) -> list[ZoneEvent]:
        """What happened at a symbol's zones in bars with start_ms <= open time < end_ms, oldest first."""
        with self._engine.connect() as connection:
            rows = connection.exec_driver_sql(SELECT_EVENTS, (symbol, start_ms, end_ms))
            return [event_of(row) for row in rows]

    def candles(self, symbol: str, timeframe: Timeframe, limit: int, before_ms: int = END_OF_TIME_MS) -> list[Candle]:
        """The newest `limit` stored candles that opened before `before_ms`, oldest first; without the archive."""
        with self._engine.connect() as connection:
            wanted = (symbol, timeframe.code, before_ms, limit)
            rows = connection.exec_driver_sql(SELECT_CANDLES, wanted).fetchall()
        return candles_of(rows)

    async def load_candles(self, symbol: str, timeframe: Timeframe, limit: int) -> list[Candle]:
        """As `candles`, without holding up the caller's loop."""
        return await asyncio.to_thread(self.candles, symbol, timeframe, limit)

    def open_signals(self) -> list[Signal]:
        """Signals that were waiting or active when last written, oldest first."""
        table = tables.signals
        open_states = [status.value for status in SignalStatus if status.is_open]
        query = select(table.c.record).where(table.c.status.in_(open_states)).order_by(table.c.time_ms)
        with self._engine.connect() as connection:
            return [signal_of(text) for (text,) in connection.execute(query)]

    def open_positions(self) -> list[PositionState]:
        """Positions that were not closed when last written, oldest first."""
        with self._engine.connect() as connection:
            return open_positions_of(connection)

    def ended_positions(self, mode: TradingMode, since_ms: int) -> list[PositionState]:
        """Positions of an account that were closed or came to nothing since then."""
        table = tables.positions
        query = select(table.c.state).where(table.c.status.in_(CLOSED_POSITIONS), table.c.mode == mode.value)
        with self._engine.connect() as connection:
            return [position_of(text) for (text,) in connection.execute(query.where(table.c.updated_ms >= since_ms))]

    def position_states(self, position_ids: Iterable[str]) -> dict[str, PositionState]:
        """Last written states of these positions, open or not; those never written are missing."""
        table = tables.positions
        query = select(table.c.position_id, table.c.state).where(table.c.position_id.in_(list(position_ids)))
        with self._engine.connect() as connection:
            return {key: position_of(text) for key, text in connection.execute(query)}

    def trades(self, limit: int) -> list[Trade]:
        """The newest `limit` closed trades with their legs, oldest first."""
        newest = select(tables.trades).order_by(tables.trades.c.closed_ms.desc()).limit(limit)
        with self._engine.connect() as connection:
            return trades_of(connection, newest)[::-1]

    def results(self, chosen: Chosen) -> StoredResults:
        """What became of the signals that are on disk."""
        return read_results(self._engine, chosen)

    def blocked_symbols(self) -> dict[str, tuple[int, str]]:
        """Blocked symbols with the end of the block (0 = until unblocked) and its reason."""
        table = tables.symbol_state
        query = select(table.c.symbol, table.c.blocked_until_ms, table.c.reason)
        with self._engine.connect() as connection:
            rows = connection.execute(query.where(table.c.blocked_until_ms.is_not(None)))
            return {symbol: (until_ms, reason) for symbol, until_ms, reason in rows}

    def counts(self) -> dict[str, int]:
        """Rows per table."""
        with self._engine.connect() as connection:
            return {
                table.name: connection.exec_driver_sql(f"SELECT count(*) FROM {table.name}").scalar_one()
                for table in tables.METADATA.sorted_tables
            }

    async def close(self) -> None:
        """Write what is queued, fold the write-ahead log into the file, close it."""
        await asyncio.to_thread(self.close_now)

    def close_now(self) -> None:
        """As `close`, for callers without a loop."""
        self.writer.close()
        try:
            with self._engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            self._engine.dispose()
