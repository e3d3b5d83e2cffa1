"""Drives the engine step by step: the exchange's time moves on only when everything about the last step is digested."""

from __future__ import annotations

import asyncio

from futtui.domain.effects import Severity
from futtui.domain.timeframe import MINUTE_MS
from futtui.live.control import Step
from futtui.live.engine import Engine
from futtui.live.watchdog import Watchdog

RECONNECT_S = 30.0
RECONNECT_POLL_S = 0.02
ACCOUNT_LOOK_MS = 5 * MINUTE_MS


async def run_lockstep(engine: Engine, minutes: int | None) -> bool:
    """Work through `minutes` of exchange time (None: to the end of the data); False when the data ended before.

    The engine must be open and built for lockstep. The outcome depends on the market alone, not on the machine.
    """
    assert engine.connection is not None
    assert engine.connection.control is not None
    control = engine.connection.control
    watchdog = Watchdog(engine)
    start_ms = int((await control.state())["now_ms"])
    end_ms = None if minutes is None else start_ms + minutes * MINUTE_MS
    now_ms, ended = start_ms, False
    connections = (await control.barrier()).connections
    engine.clock.observe(now_ms)
    engine.rounds.after_telling = lambda: _settle_orders(engine)
    while not ended and (end_ms is None or now_ms < end_ms):
        step = await control.advance()
        now_ms, ended = step.now_ms, step.ended
        engine.clock.observe(now_ms)
        await _digest(engine, step, connections)
        if now_ms % MINUTE_MS == 0:
            engine.tick(now_ms)
            engine.kill_watch.look(now_ms)
            engine.self_watch.look()
            if engine.live_broker is not None:
                engine.live_broker.look_at_overdue()
                await _look_at_account(engine, now_ms)
            watchdog.check_candles(now_ms - MINUTE_MS, retry_now=True)
            await _settle(engine)
            await engine.keeper.step(now_ms)
            await _settle(engine)
        connections = max(connections, step.connections)
    return end_ms is None or now_ms >= end_ms


async def _digest(engine: Engine, step: Step, connections: int) -> None:
    """Wait for the barrier on every connection, then handle what came before it and all that follows from it."""
    assert engine.held is not None
    if step.connections < connections:
        step = await _reconnected(engine, connections)
    await engine.held.wait_for(step.number, step.connections)
    engine.held.release()
    await _settle(engine)


async def _look_at_account(engine: Engine, now_ms: int) -> None:
    """Now and then, and every minute while account and books do not agree."""
    watch = engine.account_watch
    if watch is not None and (not watch.is_settled or now_ms % ACCOUNT_LOOK_MS == 0):
        await _settle(engine)
        await watch.try_look()


async def _reconnected(engine: Engine, connections: int) -> Step:
    """Hold the exchange's time until broken connections are back, so that the outcome does not depend on luck."""
    assert engine.connection is not None
    assert engine.connection.control is not None
    deadline = asyncio.get_running_loop().time() + RECONNECT_S
    while True:
        await asyncio.sleep(RECONNECT_POLL_S)
        step = await engine.connection.control.barrier()
        if step.connections >= connections:
            return step
        if asyncio.get_running_loop().time() > deadline:
            text = f"A stream did not come back within {RECONNECT_S:g} s; the run goes on with what there is."
            engine.say("feed", text, Severity.WARNING)
            return step


async def _settle(engine: Engine) -> None:
    """Until nothing is left to do at this moment: order requests, the news that orders cause, and analyses."""
    while engine.has_inner_work or not _is_idle(engine):
        await _settle_orders(engine)
        if engine.has_inner_work:
            await engine.do_inner_work()


async def _settle_orders(engine: Engine) -> None:
    """Until every order is answered and its news is handled: the next close is judged with what came of this one."""
    assert engine.held is not None
    assert engine.connection is not None
    assert engine.connection.control is not None
    while not _is_idle(engine):
        assert engine.live_broker is not None
        await engine.live_broker.drain()
        step = await engine.connection.control.barrier()
        await engine.held.wait_for(step.number, step.connections)
        engine.held.release()


def _is_idle(engine: Engine) -> bool:
    return engine.live_broker is None or engine.live_broker.is_idle
