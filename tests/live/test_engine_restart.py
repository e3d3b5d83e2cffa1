"""A restart in paper takes over what was open, and goes on as if nothing had happened."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

import pytest

from futtui.domain.effects import RecordTrade
from futtui.domain.events import BlockSymbol
from futtui.domain.performance import AccountPerformance
from futtui.domain.position import ExitReason, Trade, TradingMode
from futtui.domain.side import Side
from futtui.domain.signal import SignalStatus
from futtui.domain.snapshot import DeskSnapshot
from futtui.domain.timeframe import DAY_MS, HOUR_MS
from futtui.live.engine import Engine
from futtui.live.lockstep import run_lockstep
from futtui.live.performance import stored_performance
from futtui.storage.database import open_for_reading
from tests.live.engine_world import (
    QUARTER_MS,
    START_MS,
    Armed,
    Exchange,
    WatchedAnalyzers,
    exchange,
    lines,
    server_config,
    wired,
)

SYMBOLS = ("BTCUSDT", "DOGEUSDT", "ETHUSDT")
MORNING_MS = START_MS + 7 * HOUR_MS
"""An hour before a funding."""
SCRIPT = {
    ("BTCUSDT", MORNING_MS + QUARTER_MS): Side.LONG,
    ("ETHUSDT", MORNING_MS + 2 * QUARTER_MS): Side.SHORT,
    ("DOGEUSDT", MORNING_MS + 3 * QUARTER_MS): Armed(Side.LONG, 1.0, 6 * HOUR_MS),
}
CUT_MINUTES, LAST_MINUTES = 80, 8 * 60


async def engine_on(
    world: Exchange, database: Path, *, fresh: bool, for_information: frozenset[str] = frozenset()
) -> Engine:
    plan = wired(
        database,
        world,
        mode=TradingMode.PAPER,
        symbols=SYMBOLS,
        fresh=fresh,
        for_information=for_information,
        analyzers=WatchedAnalyzers(
            {key: value for key, value in SCRIPT.items() if key[1] > world.now_ms} or {("", 0): Side.LONG}
        ),
    )
    engine = plan.build()
    engine.runner.records = []
    await engine.open()
    return engine


def trades(*engines: Engine) -> list[Trade]:
    records = [record for engine in engines for record in engine.runner.records or []]
    return [record.trade for record in records if isinstance(record, RecordTrade)]


def desk(engine: Engine) -> DeskSnapshot:
    return engine.runner.desk.snapshot()


def outline(view: DeskSnapshot) -> dict[str, object]:
    """What must be the same after a restart."""
    return {
        "positions": sorted(
            (item.position_id, item.status, item.quantity, item.entry_price, item.stop, item.targets, item.targets_hit)
            for item in view.positions
        ),
        "signals": sorted(
            (item.signal_id, item.status.value, item.tags) for item in view.signals if item.status.is_open
        ),
        "blocked": dict(view.blocked),
        "wallet": view.account.wallet_balance,
        "closed": view.account.closed_trades,
    }


async def uninterrupted(folder: Path, seed: int, told: frozenset[str]) -> tuple[Engine, DeskSnapshot]:
    async with exchange(server_config(seed=seed, symbols=SYMBOLS, start_ms=MORNING_MS)) as world:
        engine = await engine_on(world, folder / "whole.db", fresh=True, for_information=told)
        await run_lockstep(engine, CUT_MINUTES)
        await engine.command(BlockSymbol(world.now_ms, "BTCUSDT", 0))
        await run_lockstep(engine, LAST_MINUTES - CUT_MINUTES)
        await engine.stop()
        return engine, desk(engine)


def stored_accounts(database: Path) -> tuple[AccountPerformance, ...]:
    """What the database tells about the trades, open ones included."""
    engine = open_for_reading(database)
    try:
        return stored_performance(engine, MORNING_MS + DAY_MS, None).accounts
    finally:
        engine.dispose()


@pytest.mark.parametrize(
    ("seed", "cuts", "told", "mode"),
    [(1, 1, {"scripted"}, TradingMode.INFO), (4, 4, (), TradingMode.PAPER)],
    ids=["for information", "paper"],
)
async def test_engine_restart_ends_as_the_uninterrupted_run(
    seed: int, cuts: int, told: Iterable[str], mode: TradingMode, tmp_path: Path
) -> None:
    whole, whole_end = await uninterrupted(tmp_path, seed, frozenset(told))
    assert {trade.mode for trade in trades(whole)} == {mode}
    assert len(trades(whole)) >= 2
    assert any(trade.funding for trade in trades(whole))
    async with exchange(server_config(seed=seed, symbols=SYMBOLS, start_ms=MORNING_MS)) as world:
        database = tmp_path / "cut.db"
        engine = await engine_on(world, database, fresh=True, for_information=frozenset(told))
        parts = [engine]
        await run_lockstep(engine, CUT_MINUTES)
        await engine.command(BlockSymbol(world.now_ms, "BTCUSDT", 0))
        for _ in range(cuts):
            before = outline(desk(engine))
            await engine.stop()
            engine = await engine_on(world, database, fresh=False, for_information=frozenset(told))
            parts.append(engine)
            assert outline(desk(engine)) == before
            await run_lockstep(engine, (LAST_MINUTES - CUT_MINUTES) // cuts)
        await engine.stop()
    assert trades(*parts) == trades(whole)
    assert outline(desk(engine)) == outline(whole_end)
    kept, kept_whole = (stored_accounts(tmp_path / name) for name in ("cut.db", "whole.db"))
    assert [account.mode for account in kept] == [mode]
    assert kept == kept_whole


async def test_engine_restart_finds_positions_and_a_waiting_signal_and_says_so(tmp_path: Path) -> None:
    async with exchange(server_config(seed=1, symbols=SYMBOLS, start_ms=MORNING_MS)) as world:
        database = tmp_path / "cut.db"
        engine = await engine_on(world, database, fresh=True)
        await run_lockstep(engine, CUT_MINUTES)
        assert {item.symbol for item in desk(engine).positions} == {"BTCUSDT", "ETHUSDT"}
        assert [item.raw.symbol for item in desk(engine).signals if item.status is SignalStatus.WAITING] == ["DOGEUSDT"]
        await engine.stop()
        again = await engine_on(world, database, fresh=False)
        assert lines(again, "2 open positions taken over from the last run")
        assert [item.raw.symbol for item in desk(again).signals if item.status is SignalStatus.WAITING] == ["DOGEUSDT"]
        await again.stop()


async def test_engine_restart_after_the_stop_was_passed_closes_at_the_first_price(tmp_path: Path) -> None:
    async with exchange(server_config(seed=1, symbols=SYMBOLS, start_ms=MORNING_MS)) as world:
        database = tmp_path / "cut.db"
        engine = await engine_on(world, database, fresh=True)
        await run_lockstep(engine, CUT_MINUTES)
        stops = {item.symbol: (item.side.sign, item.stop) for item in desk(engine).positions}
        wallet = desk(engine).account.wallet_balance
        await engine.stop()
        for _ in range(3 * 24 * 60):
            prices = {name: world.server.venue.market.symbols[name].last_price for name in stops}
            passed = [name for name, (sign, stop) in stops.items() if sign * (prices[name] - stop) < 0]
            if passed:
                break
            world.server.venue.step()
        again = await engine_on(world, database, fresh=False)
        assert desk(again).account.wallet_balance == wallet
        await run_lockstep(again, 2)
        closed = {trade.symbol: trade for trade in trades(again)}
        assert set(passed) <= set(closed)
        for name in passed:
            assert closed[name].legs[-1].reason in (ExitReason.STOP, ExitReason.BREAK_EVEN, ExitReason.TRAIL)
            slip = abs(closed[name].legs[-1].price - Decimal(str(prices[name]))) / Decimal(str(prices[name]))
            assert slip < Decimal("0.01")
        booked = sum(float(trade.pnl) for trade in closed.values())
        assert desk(again).account.closed_trades == len(closed)
        open_fees = desk(again).account.wallet_balance - 10_000.0 - booked
        assert abs(open_fees) < 25.0
        await again.stop()
