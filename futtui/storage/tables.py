"""The tables. Times are epoch milliseconds UTC; money is text of a Decimal; unique keys are the business rules."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    text,
)

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

candles = Table(
    "candles",
    METADATA,
    Column("symbol", String(40), nullable=False),
    Column("timeframe", String(4), nullable=False),
    Column("open_time_ms", BigInteger, nullable=False),
    Column("open", Float, nullable=False),
    Column("high", Float, nullable=False),
    Column("low", Float, nullable=False),
    Column("close", Float, nullable=False),
    Column("volume", Float, nullable=False),
    Column("quote_volume", Float),
    Column("trade_count", Integer),
    Column("taker_buy_volume", Float),
    Column("taker_buy_quote_volume", Float),
    PrimaryKeyConstraint("symbol", "timeframe", "open_time_ms"),
    sqlite_with_rowid=False,
)
"""The key is the unique composite index; a table without row ids stores the rows in its order."""

signals = Table(
    "signals",
    METADATA,
    Column("signal_id", String(40), primary_key=True),
    Column("system", String(20), nullable=False),
    Column("strategy", String(60), nullable=False),
    Column("symbol", String(40), nullable=False),
    Column("side", String(5), nullable=False),
    Column("timeframe", String(4), nullable=False),
    Column("trigger", String(12), nullable=False),
    Column("status", String(12), nullable=False),
    Column("status_reason", Text, nullable=False),
    Column("score", Float, nullable=False),
    Column("completeness", Float, nullable=False),
    Column("time_ms", BigInteger, nullable=False),
    Column("valid_until_ms", BigInteger, nullable=False),
    Column("updated_ms", BigInteger, nullable=False),
    Column("entry", Float, nullable=False),
    Column("stop", Float, nullable=False),
    Column("targets", Text, nullable=False),
    Column("atr", Float, nullable=False),
    Column("regime", String(20), nullable=False),
    Column("summary", Text, nullable=False),
    Column("parts", Text, nullable=False),
    Column("inputs_hash", String(64), nullable=False),
    Column("position_id", String(60), nullable=False),
    Column("record", Text, nullable=False),
    Column("code_hash", String(64), nullable=False, server_default=""),
)
"""`code_hash`: fingerprint of the program that made the signal; what a later program adds does not change it."""
Index(
    "uq_signals_open_place",
    signals.c.system,
    signals.c.strategy,
    signals.c.symbol,
    signals.c.side,
    unique=True,
    sqlite_where=text("status IN ('WAITING', 'ACTIVE') AND \"trigger\" != 'BY_HAND'"),
)
Index("ix_signals_time_ms", signals.c.time_ms)

no_signals = Table(
    "no_signals",
    METADATA,
    Column("day_ms", BigInteger, nullable=False),
    Column("symbol", String(40), nullable=False),
    Column("strategy", String(60), nullable=False),
    Column("kind", String(300), nullable=False),
    Column("count", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("updated_ms", BigInteger, nullable=False),
    PrimaryKeyConstraint("day_ms", "symbol", "strategy", "kind"),
)
"""How often a strategy proposed nothing, by UTC day and kind of reason; `reason` is the newest one in full."""

signal_events = Table(
    "signal_events",
    METADATA,
    Column("event_id", Integer, primary_key=True, autoincrement=True),
    Column("signal_id", String(40), ForeignKey("signals.signal_id"), nullable=False),
    Column("time_ms", BigInteger, nullable=False),
    Column("status", String(12), nullable=False),
    Column("reason", Text, nullable=False),
)
Index("uq_signal_events_step", signal_events.c.signal_id, signal_events.c.status, signal_events.c.time_ms, unique=True)

positions = Table(
    "positions",
    METADATA,
    Column("position_id", String(60), primary_key=True),
    Column("signal_id", String(40), nullable=False),
    Column("symbol", String(40), nullable=False),
    Column("mode", String(8), nullable=False),
    Column("status", String(12), nullable=False),
    Column("opened_ms", BigInteger, nullable=False),
    Column("updated_ms", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
)
Index("ix_positions_status", positions.c.status)

trades = Table(
    "trades",
    METADATA,
    Column("position_id", String(60), primary_key=True),
    Column("signal_id", String(40), nullable=False),
    Column("symbol", String(40), nullable=False),
    Column("system", String(20), nullable=False),
    Column("strategy", String(60), nullable=False),
    Column("side", String(5), nullable=False),
    Column("mode", String(8), nullable=False),
    Column("quantity", Text, nullable=False),
    Column("entry_price", Text, nullable=False),
    Column("initial_stop", Text, nullable=False),
    Column("opened_ms", BigInteger, nullable=False),
    Column("closed_ms", BigInteger, nullable=False),
    Column("fees", Text, nullable=False),
    Column("funding", Text, nullable=False),
    Column("pnl", Text, nullable=False),
    Column("result_r", Float, nullable=False),
    Column("result_pct", Float, nullable=False),
    Column("mfe_r", Float, nullable=False),
    Column("mae_r", Float, nullable=False),
    Column("score", Float, nullable=False),
)
Index("ix_trades_closed_ms", trades.c.closed_ms)

legs = Table(
    "legs",
    METADATA,
    Column("position_id", String(60), ForeignKey("trades.position_id"), nullable=False),
    Column("leg_index", Integer, nullable=False),
    Column("quantity", Text, nullable=False),
    Column("price", Text, nullable=False),
    Column("reason", String(16), nullable=False),
    Column("time_ms", BigInteger, nullable=False),
    Column("fee", Text, nullable=False),
    PrimaryKeyConstraint("position_id", "leg_index"),
)

symbol_state = Table(
    "symbol_state",
    METADATA,
    Column("symbol", String(40), primary_key=True),
    Column("blocked_until_ms", BigInteger),
    Column("reason", Text, nullable=False),
    Column("updated_ms", BigInteger, nullable=False),
)
"""`blocked_until_ms` NULL = not blocked, 0 = until unblocked."""

candle_blocks = Table(
    "candle_blocks",
    METADATA,
    Column("symbol", String(40), nullable=False),
    Column("timeframe", String(4), nullable=False),
    Column("day_ms", BigInteger, nullable=False),
    Column("block", LargeBinary, nullable=False),
    PrimaryKeyConstraint("symbol", "timeframe", "day_ms"),
)
"""Deep history, a UTC day to a row (see day_blocks.py). Where `candles` has the same candle, that one counts."""

archive_files = Table(
    "archive_files",
    METADATA,
    Column("name", String(400), primary_key=True),
    Column("symbol", String(40), nullable=False),
    Column("timeframe", String(4), nullable=False),
    Column("status", String(12), nullable=False),
    Column("verified", Boolean, nullable=False),
    Column("start_ms", BigInteger, nullable=False),
    Column("end_ms", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("row_count", Integer, nullable=False),
    Column("first_open_ms", BigInteger),
    Column("last_open_ms", BigInteger),
    Column("noted_ms", BigInteger, nullable=False),
)
"""What was taken in from which file, and which files the archive does not have."""
Index("ix_archive_files_series", archive_files.c.symbol, archive_files.c.timeframe, archive_files.c.start_ms)

zones = Table(
    "zones",
    METADATA,
    Column("symbol", String(40), nullable=False),
    Column("zone_id", String(60), nullable=False),
    Column("timeframe", String(4), nullable=False),
    Column("kind", String(12), nullable=False),
    Column("state", String(12), nullable=False),
    Column("low", Float, nullable=False),
    Column("high", Float, nullable=False),
    Column("score", Float, nullable=False),
    Column("strength", Float),
    Column("purity", Float),
    Column("touches", Integer, nullable=False),
    Column("bounces", Integer, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("last_touch_ms", BigInteger, nullable=False),
    Column("flipped_ms", BigInteger),
    Column("parts", Text, nullable=False),
    Column("merged", Text, nullable=False),
    Column("updated_ms", BigInteger, nullable=False),
    PrimaryKeyConstraint("symbol", "zone_id"),
)
"""Zones as last shown; the symbol is part of the key because ids name the coin only (BTCUSDT and BTCUSDC)."""

zone_events = Table(
    "zone_events",
    METADATA,
    Column("symbol", String(40), nullable=False),
    Column("event_id", String(90), nullable=False),
    Column("zone_id", String(60), nullable=False),
    Column("timeframe", String(4), nullable=False),
    Column("kind", String(12), nullable=False),
    Column("zone_kind", String(12), nullable=False),
    Column("time_ms", BigInteger, nullable=False),
    Column("price", Float, nullable=False),
    Column("low", Float, nullable=False),
    Column("high", Float, nullable=False),
    Column("side", Integer, nullable=False),
    Column("size_atr", Float),
    PrimaryKeyConstraint("symbol", "event_id"),
)
"""An event is written once: one that is there already, from an earlier run over the same candles, stays as it is."""
Index("ix_zone_events_zone", zone_events.c.symbol, zone_events.c.zone_id, zone_events.c.time_ms)

candle_gaps = Table(
    "candle_gaps",
    METADATA,
    Column("symbol", String(40), nullable=False),
    Column("timeframe", String(4), nullable=False),
    Column("first_open_ms", BigInteger, nullable=False),
    Column("last_open_ms", BigInteger, nullable=False),
    Column("gap_class", String(16), nullable=False),
    Column("state", String(12), nullable=False),
    Column("first_seen_ms", BigInteger, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("next_try_ms", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("closed_ms", BigInteger, nullable=False),
    PrimaryKeyConstraint("symbol", "timeframe", "first_open_ms"),
)
"""The gap ledger: a row for each hole in the stored candles. `closed_ms` 0 = open."""
Index("ix_candle_gaps_state", candle_gaps.c.state, candle_gaps.c.closed_ms)

universe_standings = Table(
    "universe_standings",
    METADATA,
    Column("place", Integer, primary_key=True),
    Column("symbol", String(40), nullable=False),
    Column("inside", Integer, nullable=False),
    Column("looks", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("time_ms", BigInteger, nullable=False),
    Column("limits", String(40), nullable=False),
)
"""The newest look at all symbols, the most traded first; each look takes the place of the one before."""
