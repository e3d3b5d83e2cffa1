"""Money moved in and out of the account, over the wire: heard on the stream, or found in the exchange's books."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from futtui.exchange.simulator.wire.config import DEMO_KEY
from futtui.live.lockstep import run_lockstep
from tests.live.engine_world import exchange, lines, server_config
from tests.live.live_world import SYMBOL, states, with_position

MUTE = "{action: silent_private, after_s: 0}"


@pytest.mark.parametrize("heard", [True, False])
async def test_money_taken_out_is_no_loss_and_closes_nothing(heard: bool, tmp_path: Path) -> None:
    async with exchange(server_config(seed=3, symbols=(SYMBOL,))) as world:
        engine = await with_position(world, tmp_path / "a.db")
        before = engine.runner.desk.snapshot().account
        if not heard:
            world.fault(MUTE)
        venue = world.server.venue
        venue.core.transfer(DEMO_KEY, Decimal(-2_000))
        venue.tell_users()
        await run_lockstep(engine, 2 if heard else 8)
        view = engine.runner.desk.snapshot()
        assert (view.kill_level, view.paused, states(engine)) == (0, False, ["PROTECTED"])
        assert Decimal(str(view.account.wallet_balance)) == world.wallet()
        assert view.account.start_equity == before.start_equity - 2_000
        assert abs(view.account.today_pct) < 1.0
        assert len(lines(engine, "2,000.00 USDT taken out of the futures account")) == 1
        await engine.stop()


async def test_wallet_is_told_in_the_end_although_the_books_do_not_answer(tmp_path: Path) -> None:
    async with exchange(server_config(seed=3, symbols=(SYMBOL,))) as world:
        engine = await with_position(world, tmp_path / "a.db")
        world.fault(MUTE, "{action: respond, status: 503, kind: B, path: '*/income'}")
        venue = world.server.venue
        venue.core.transfer(DEMO_KEY, Decimal(-100))
        venue.tell_users()
        await run_lockstep(engine, 8)
        assert engine.runner.desk.snapshot().account.wallet_balance > float(world.wallet()), "first it is asked why"
        await run_lockstep(engine, 6)
        assert Decimal(str(engine.runner.desk.snapshot().account.wallet_balance)) == world.wallet()
        await engine.stop()
