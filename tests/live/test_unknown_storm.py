"""For an hour three of ten order requests are carried out without an answer: nothing is doubled, nothing uncovered."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from futtui.exchange.simulator.wire.config import DEMO_KEY
from futtui.live.assembly import build_engine
from futtui.live.lockstep import run_lockstep
from tests.live.engine_world import exchange, server_config
from tests.live.killed_engine import SYMBOLS, plan
from tests.live.live_world import covered

STORM = "{action: accept_then_timeout, method: POST, path: '*/*rder', probability: 0.3, hold_s: 0.02}"


@pytest.mark.slow
async def test_unknown_storm_of_an_hour_doubles_no_order_and_uncovers_no_position(tmp_path: Path) -> None:
    async with exchange(server_config(seed=9, symbols=SYMBOLS)) as world:
        engine = build_engine(plan(tmp_path / "a.db", world.endpoints.rest, world.endpoints.stream))
        await engine.open()
        world.fault(STORM)
        naked = 0
        for _ in range(75):
            await run_lockstep(engine, 1)
            naked += sum(not covered(world, symbol) for symbol in SYMBOLS)
        assert world.struck() >= 5
        assert naked == 0
        core = world.server.venue.core
        carried_out = Counter(
            order.client_order_id for symbol in SYMBOLS for order in core.all_orders(DEMO_KEY, symbol, limit=1000)
        )
        assert carried_out
        assert max(carried_out.values()) == 1
        held = {view.symbol: Decimal(0) for view in engine.runner.desk.snapshot().positions}
        for view in engine.runner.desk.snapshot().positions:
            held[view.symbol] += Decimal(str(view.quantity)) * view.side.sign
        assert all(world.quantity(symbol) == held.get(symbol, Decimal(0)) for symbol in SYMBOLS)
        assert engine.runner.counts["orders"] >= 15
        await engine.stop()
