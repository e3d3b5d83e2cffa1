"""Drives the engine step by step: the exchange's time moves on only when everything about the last step is digested."""

from __future__ import annotations

from futtui.domain.timeframe import MINUTE_MS
from futtui.live.engine import Engine


async def run_lockstep(engine: Engine, minutes: int) -> bool:
    """Work through `minutes` of exchange time; returns False when the market's data ended before.

    The engine must be open and built for lockstep. The outcome depends on the market alone, not on the machine.
    """
    assert engine.connection is not None
    assert engine.connection.control is not None
    control = engine.connection.control
    start_ms = int((await control.state())["now_ms"])
    end_ms = start_ms + minutes * MINUTE_MS
    now_ms, ended = start_ms, False
    engine.clock.observe(now_ms)
    while now_ms < end_ms and not ended:
        step = await control.advance()
        now_ms, ended = step.now_ms, step.ended
        engine.clock.observe(now_ms)
        await _digest(engine, step.number, step.connections)
        if now_ms % MINUTE_MS == 0:
            engine.tick(now_ms)
            await _settle(engine)
    return now_ms >= end_ms


async def _digest(engine: Engine, number: int, connections: int) -> None:
    """Wait for the barrier on every connection, then handle what came before it and all that follows from it."""
    assert engine.held is not None
    await engine.held.wait_for(number, connections)
    engine.held.release()
    await _settle(engine)


async def _settle(engine: Engine) -> None:
    """Until nothing is left to do at this moment: analyses, order requests, and the news that orders cause."""
    assert engine.held is not None
    assert engine.connection is not None
    assert engine.connection.control is not None
    while True:
        while engine.has_inner_work:
            await engine.do_inner_work()
        if engine.live_broker is None or engine.live_broker.is_idle:
            return
        await engine.live_broker.drain()
        step = await engine.connection.control.barrier()
        await engine.held.wait_for(step.number, step.connections)
        engine.held.release()
