"""What the screen is told about margin and liquidation is what the accounts tell, and when they were asked."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from futtui.domain.errors import ExchangeError
from futtui.domain.position import TradingMode
from futtui.domain.snapshot import AccountMargins, HeldMargin
from futtui.exchange.binance.trading_models import OpenPosition
from futtui.exchange.simulator.wire.config import DEMO_KEY
from futtui.live.account_watch import AccountWatch
from futtui.live.lockstep import run_lockstep
from tests.desk.world import START_MS
from tests.desk.world import SYMBOL as HELD
from tests.live.engine_world import exchange, server_config
from tests.live.live_world import SYMBOL, live_engine, states, with_position
from tests.live.test_leaving import Running

LIVE, PAPER = TradingMode.LIVE, TradingMode.PAPER


async def test_live_position_is_told_as_the_exchange_holds_it_and_the_look_is_dated(tmp_path: Path) -> None:
    async with exchange(server_config(seed=3, symbols=(SYMBOL,))) as world:
        engine = await with_position(world, tmp_path / "a.db")
        engine.publish()
        (truth,) = world.server.venue.core.positions(DEMO_KEY, SYMBOL)
        told = engine.snapshot().margins
        (held,) = told.held
        assert (held.mode, held.symbol, held.isolated, held.leverage) == (LIVE, SYMBOL, True, truth.leverage)
        assert held.liquidation_price == float(truth.liquidation_price) > 0
        assert told.checked_ms is not None
        opened_ms = engine.runner.desk.snapshot().positions[0].opened_ms
        assert opened_ms <= told.checked_ms <= world.now_ms
        assert told.agrees
        engine.publish()
        assert engine.snapshot().margins is told
        await engine.stop()
        again = await live_engine(world, tmp_path / "a.db", mode=TradingMode.SIGNALS)
        assert [item.leverage for item in again.snapshot().margins.held] == [truth.leverage], "also after a restart"
        await again.stop()


async def test_paper_position_is_told_by_the_rules_of_the_paper_account_and_never_as_checked(tmp_path: Path) -> None:
    async with exchange(server_config(seed=3, symbols=(SYMBOL,))) as world:
        engine = await live_engine(world, tmp_path / "a.db", 1, mode=PAPER)
        engine.publish()
        assert engine.snapshot().margins == AccountMargins()
        await run_lockstep(engine, 20)
        assert states(engine) == ["PROTECTED"]
        engine.publish()
        told = engine.snapshot().margins
        assert told.checked_ms is None
        assert [(item.mode, item.symbol, item.isolated) for item in told.held] == [(PAPER, SYMBOL, False)]
        await engine.stop()


@pytest.mark.parametrize(("price", "told"), [("80", 80.0), ("0", None)])
async def test_what_the_exchange_does_not_tell_is_none(
    price: str, told: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Running()
    answers = [OpenPosition(HELD, Decimal(1), Decimal(100), Decimal(100), Decimal(0), Decimal(price), isolated=True)]

    async def positions() -> list[OpenPosition]:
        if not answers:
            raise ExchangeError("no connection")
        return answers

    monkeypatch.setattr(engine.venue, "positions", positions)
    watch = AccountWatch(engine, engine.venue, engine.live_broker)  # type: ignore[arg-type]
    assert (watch.margins, watch.checked_ms) == ((), None)
    await watch.look(whole=False)
    assert (watch.margins, watch.checked_ms) == ((HeldMargin(LIVE, HELD, True, None, told),), START_MS)
    await engine.live_broker.setups.prepare(HELD, 4)
    await watch.look(whole=False)
    assert watch.margins[0].leverage == 4
    answers.clear()
    engine.clock.now_ms = lambda: START_MS + 10_000
    await watch.try_look()
    assert watch.checked_ms == START_MS  # a look that failed checks nothing
    await engine.live_broker.close()
