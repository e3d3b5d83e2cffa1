"""A signal taken by hand in Live: on the exchange it is an entry like any other, also after the process died."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from futtui.domain.errors import FuttuiError
from futtui.domain.events import ChangeMode, DismissSignal, LookAgain, TakeSignal
from futtui.domain.position import TradingMode
from futtui.domain.signal import Signal, SignalStatus
from futtui.live.engine import Engine
from futtui.live.engine_access import EngineAccess
from futtui.live.lockstep import run_lockstep
from tests.live.engine_world import Exchange, exchange, server_config
from tests.live.live_world import SYMBOL, covered, die, live_engine


def signals(engine: Engine) -> list[Signal]:
    return [item for item in engine.runner.desk.snapshot().signals if item.status is SignalStatus.ACTIVE]


def states(engine: Engine) -> dict[TradingMode, str]:
    return {item.mode: item.status for item in engine.runner.desk.snapshot().positions}


async def drain(engine: Engine, command: object) -> str:
    answer = await engine.command(command)  # type: ignore[arg-type]
    if engine.live_broker is not None:
        await engine.live_broker.drain()
    return answer


async def followed(world: Exchange, database: Path) -> tuple[Engine, Signal]:
    """An engine with an account, in signals-only mode, that follows a signal of this moment."""
    engine = await live_engine(world, database, 1)
    await drain(engine, ChangeMode(world.now_ms, TradingMode.SIGNALS))
    await run_lockstep(engine, 15)
    (found,) = signals(engine)
    assert states(engine) == {TradingMode.SIGNALS: "PROTECTED"}
    return engine, found


async def test_signal_taken_in_live_is_protected_on_the_exchange_and_survives_the_death_of_the_process(
    tmp_path: Path,
) -> None:
    async with exchange(server_config()) as world:
        engine, found = await followed(world, tmp_path / "a.db")
        take = TakeSignal(world.now_ms, SYMBOL, found.signal_id)
        assert "signals only" in await drain(engine, take)
        await drain(engine, ChangeMode(world.now_ms, TradingMode.LIVE))
        access = EngineAccess(engine)
        told = await asyncio.wrap_future(access.look_at_taking(found.signal_id))
        assert (told.mode, told.refusal) == (TradingMode.LIVE, "")
        assert "taken by your command" in await drain(engine, take)
        await run_lockstep(engine, 1)
        assert states(engine) == {TradingMode.SIGNALS: "PROTECTED", TradingMode.LIVE: "PROTECTED"}
        assert float(abs(world.quantity(SYMBOL))) == pytest.approx(told.quantity)
        assert covered(world)
        assert "taken already" in await drain(engine, take)
        await drain(engine, DismissSignal(world.now_ms, SYMBOL, found.signal_id))
        asked = [item for item in engine.runner.sent.view() if isinstance(item.command, TakeSignal | DismissSignal)]
        assert [item.refused for item in asked] == [True, False, True, False]
        with pytest.raises(FuttuiError, match="not known"):
            await asyncio.wrap_future(access.look_at_taking("nothing"))
        assert engine.parts.store.flush()
        await die(engine)

        again = await live_engine(world, tmp_path / "a.db")
        await run_lockstep(again, 2)
        assert states(again) == {TradingMode.SIGNALS: "PROTECTED", TradingMode.LIVE: "PROTECTED"}
        assert covered(world)
        kept = {item.signal_id: item for item in signals(again)}
        assert kept[found.signal_id].is_set_aside
        assert [item.raw.is_by_hand for item in kept.values()].count(True) == 1
        assert "taken already" in await drain(again, take)
        await again.stop()


async def test_looking_again_asks_the_exchange_about_all_and_not_twice_in_a_row(tmp_path: Path) -> None:
    async with exchange(server_config()) as world:
        engine, _ = await followed(world, tmp_path / "a.db")
        world.fault("{action: respond, status: 503, kind: B, path: '*/exchangeInfo', count: 1}")
        told = await drain(engine, LookAgain(world.now_ms))
        assert told == "Time, candles, trading rules, orders and account are compared with the exchange."
        await run_lockstep(engine, 1)
        assert world.struck() == 1
        with pytest.raises(FuttuiError, match="a moment ago"):
            await drain(engine, LookAgain(world.now_ms))
        assert [item.refused for item in engine.runner.sent.view() if isinstance(item.command, LookAgain)] == [
            False, True,
        ]  # fmt: skip
        await engine.stop()
