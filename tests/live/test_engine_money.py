"""Money and protection of the whole engine, minute by minute against the account of the exchange."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from futtui.desk.settings import DeskSettings
from futtui.domain.events import SetPaused
from futtui.domain.position import ExitReason, TradingMode
from futtui.exchange.simulator.wire.config import ServerConfig
from futtui.live.lockstep import run_lockstep
from futtui.storage.store import Storage
from tests.desk.world import wide_settings
from tests.live.engine_world import START_MS, exchange, wired
from tests.live.money_audit import ZERO, Audit, BusyAnalyzers, faults_of

SYMBOLS = ("BTCUSDT", "ETHUSDT", "BNBUSDT", "DOGEUSDT")
MINUTES = 600  # over the funding at 08:00


def small_risk() -> DeskSettings:
    """Limits out of the way, and so little risk a trade that a row of losses does not end the run."""
    settings = wide_settings()
    sizing = replace(settings.risk.sizing, risk_per_trade_pct=0.2)
    return replace(settings, risk=replace(settings.risk, sizing=sizing))


@pytest.mark.parametrize("mode", [TradingMode.LIVE, TradingMode.PAPER], ids=["live", "paper"])
async def test_engine_money_every_minute_the_account_is_what_the_desk_believes(
    mode: TradingMode, tmp_path: Path
) -> None:
    config = ServerConfig(symbols=SYMBOLS, seed=3, start_ms=START_MS, history_days=61, speed="max")
    async with exchange(config) as world:
        plan = wired(tmp_path / "a.db", world, mode=mode, symbols=SYMBOLS, analyzers=BusyAnalyzers(), desk=small_risk())
        engine = plan.build()
        await engine.open()
        audit = Audit(engine, world, mode)
        await audit.run(MINUTES)
        audit.check_incomes()
        await engine.stop()
    assert audit.found == []
    trades = audit.trades
    reasons = {leg.reason for trade in trades for leg in trade.legs}
    assert len(trades) >= 20
    assert {ExitReason.STOP, ExitReason.TARGET_1, ExitReason.BREAK_EVEN, ExitReason.TARGET_2} <= reasons
    assert [fault for trade in trades for fault in faults_of(trade)] == []
    assert any(trade.funding for trade in trades)
    store = Storage(tmp_path / "a.db")
    assert {trade.position_id: trade for trade in store.trades(1000)} == {item.position_id: item for item in trades}
    store.close_now()


FAULTS = (
    "{action: accept_then_timeout, hold_s: 0.02, method: POST, path: '*/*rder', every: 11, for_s: 12000}",
    "{action: respond, status: 503, kind: A, method: DELETE, path: '*/algoOrder', every: 5, for_s: 12000}",
    "{action: respond, status: 503, kind: B, method: POST, path: '*/*rder', every: 13, for_s: 12000}",
    "{action: drop, route: private, every: 9, for_s: 12000}",
    "{action: disconnect, route: private, event: ORDER_TRADE_UPDATE, every: 13, for_s: 12000}",
    "{action: delay, route: private, delay_ms: 15000, every: 7, for_s: 12000}",
    "{action: duplicate, route: private, every: 3, for_s: 12000}",
    "{action: reorder, route: private, every: 5, for_s: 12000}",
)


async def test_engine_money_is_whole_after_hours_of_all_faults_at_once(tmp_path: Path) -> None:
    config = ServerConfig(symbols=SYMBOLS, seed=5, start_ms=START_MS, history_days=61, speed="max")
    async with exchange(config) as world:
        plan = wired(
            tmp_path / "a.db",
            world,
            mode=TradingMode.LIVE,
            symbols=SYMBOLS,
            analyzers=BusyAnalyzers(),
            desk=small_risk(),
        )
        engine = plan.build()
        await engine.open()
        audit = Audit(engine, world, TradingMode.LIVE)
        world.fault(*FAULTS)
        for _ in range(200):
            await run_lockstep(engine, 1)
            for symbol in SYMBOLS:
                held = abs(world.quantity(symbol))
                assert sum(world.stops(symbol), ZERO) >= held, f"{symbol} holds {held} without a stop for all of it"
        engine.runner.submit(SetPaused(engine.clock.now_ms(), paused=True))
        await run_lockstep(engine, 40)
        assert world.struck() >= 40
        audit.look()
        audit.check_incomes()
        await engine.stop()
    assert audit.found == []
    assert len(audit.trades) >= 5
    assert [fault for trade in audit.trades for fault in faults_of(trade)] == []
