"""A trader's real account as tests see it: an engine in live mode, a user who trades by hand, a process that dies."""

from __future__ import annotations

import asyncio
import contextlib
from decimal import Decimal
from pathlib import Path

from futtui.domain.effects import RecordTrade
from futtui.domain.position import Trade, TradingMode
from futtui.domain.side import Side
from futtui.exchange.simulator.core.records import OrderRequest
from futtui.exchange.simulator.wire.config import DEMO_KEY
from futtui.live.engine import Engine
from futtui.live.lockstep import run_lockstep
from tests.live.engine_world import QUARTER_MS, START_MS, Exchange, WatchedAnalyzers, wired

SYMBOL = "ETHUSDT"
SIGNAL_MS = START_MS + QUARTER_MS


async def live_engine(
    world: Exchange,
    database: Path,
    *signals: int,
    mode: TradingMode = TradingMode.LIVE,
    side: Side = Side.LONG,
    marks_orders: bool = False,
) -> Engine:
    """An engine that keeps its files; a made-up signal at the close of each of the `signals`-th quarter hours."""
    script = {(SYMBOL, START_MS + number * QUARTER_MS): side for number in signals} or {("", 0): side}
    plan = wired(database, world, mode=mode, symbols=(SYMBOL,), fresh=False, analyzers=WatchedAnalyzers(script))
    plan.marks_orders = marks_orders
    engine = plan.build()
    engine.runner.records = []
    await engine.open()
    return engine


async def with_position(world: Exchange, database: Path, *signals: int, marks_orders: bool = False) -> Engine:
    """An engine that entered at the first quarter hour and holds its position."""
    engine = await live_engine(world, database, *(signals or (1,)), marks_orders=marks_orders)
    await run_lockstep(engine, 20)
    assert states(engine) == ["PROTECTED"]
    return engine


def by_hand(world: Exchange, quantity: Decimal, *, client_id: str = "web_1", symbol: str = SYMBOL) -> None:
    """The user trades at market in the exchange's own app; below zero = sells."""
    venue = world.server.venue
    side = "BUY" if quantity > 0 else "SELL"
    request = OrderRequest(
        symbol=symbol, side=side, order_type="MARKET", quantity=abs(quantity), client_order_id=client_id
    )
    venue.core.place_order(DEMO_KEY, request)
    venue.tell_users()


async def die(engine: Engine) -> None:
    """The process is gone: nothing is written or closed that a dead process would not write or close."""
    for task in list(engine._tasks):
        task.cancel()
    store = engine.parts.store
    writer = getattr(store, "writer")  # noqa: B009 - the port does not show it
    writer._queue.queue.clear()
    with contextlib.suppress(Exception):
        await engine._disconnect()
    await asyncio.gather(*engine._tasks, return_exceptions=True)
    await store.close()
    await engine.parts.analyzers.stop()


def states(engine: Engine) -> list[str]:
    return [position.status for position in engine.runner.desk.snapshot().positions]


def trades(engine: Engine) -> list[Trade]:
    """Closed trades in their newest versions."""
    records = engine.runner.records or []
    return list({item.trade.position_id: item.trade for item in records if isinstance(item, RecordTrade)}.values())


def covered(world: Exchange, symbol: str = SYMBOL) -> bool:
    """Whether a stop on the exchange covers all that is held."""
    return max(world.stops(symbol), default=Decimal(0)) >= abs(world.quantity(symbol))
