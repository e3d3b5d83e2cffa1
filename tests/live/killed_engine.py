"""A live engine in a process of its own, to be killed. Arguments: database, REST and stream address, end in ms.

Says what it holds after the take-over, as one JSON line, then trades until the exchange's time is the end, closes
everything and says what it holds then.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from futtui.desk.settings import DeskSettings
from futtui.domain.events import ClosePosition, SetPaused
from futtui.domain.position import TradingMode
from futtui.domain.timeframe import MINUTE_MS
from futtui.exchange.ports import Credentials, Endpoints
from futtui.live.assembly import EnginePlan, build_engine
from futtui.live.engine import Engine
from futtui.live.lockstep import run_lockstep
from futtui.live.settings import EngineSettings, HistorySettings, MarketSettings
from futtui.risk.settings import CapSettings, EntrySettings, RiskSettings
from tests.live.quick_analyzers import QuickAnalyzers

SYMBOLS = ("BTCUSDT", "ETHUSDT", "DOGEUSDT")
HISTORY = HistorySettings(bars_15m=200, bars_1h=100, bars_4h=60, bars_1d=20)


def desk_settings() -> DeskSettings:
    """Limits that do not get in the way of trading all day."""
    caps = CapSettings(
        max_positions=50, max_same_direction=50, max_open_risk_pct=50.0, day_loss_limit_pct=50.0, loss_streak=90
    )
    risk = RiskSettings(caps=caps, entry=EntrySettings(max_cost_r=0.0, min_stop_atr=0.5, min_reward_r=0.3))
    return replace(DeskSettings(), risk=risk)


def plan(database: Path, rest: str, stream: str) -> EnginePlan:
    market = MarketSettings(symbols=SYMBOLS, min_quote_volume=0.0, history=HISTORY)
    settings = EngineSettings(market=market, mode=TradingMode.LIVE, lockstep=True, live_allowed=True)

    async def where() -> Endpoints:
        return Endpoints(rest, stream, "killed", synthetic=True)

    keys = Credentials("demo-key", "demo-secret")
    return EnginePlan(settings, desk_settings(), QuickAnalyzers(), database, where, keys, False, virtual_clock=True)  # type: ignore[arg-type]


async def trade(database: Path, rest: str, stream: str, end_ms: int) -> None:
    engine = build_engine(plan(database, rest, stream))
    await engine.open()
    tell("open", engine)
    left = (end_ms - engine.clock.now_ms()) // MINUTE_MS
    if left > 0:
        await run_lockstep(engine, left)
    await engine.command(SetPaused(engine.clock.now_ms(), True))
    for view in engine.runner.desk.snapshot().positions:
        await engine.command(ClosePosition(engine.clock.now_ms(), view.position_id))
    await run_lockstep(engine, 12)
    tell("end", engine)
    await engine.stop()


def tell(word: str, engine: Engine) -> None:
    views = engine.runner.desk.snapshot().positions
    held = {view.symbol: str(view.quantity * view.side.sign) for view in views if view.mode is TradingMode.LIVE}
    states = sorted(view.status for view in views)
    text = json.dumps({"word": word, "held": held, "states": states}) + "\n"
    os.write(1, text.encode())


def fork(output: Any, arguments: tuple[str, str, str, int]) -> None:
    """The same in a process that was forked with everything imported; speaks to the file descriptor `output`."""
    os.dup2(output.detach(), 1)
    database, rest, stream, end_ms = arguments
    asyncio.run(trade(Path(database), rest, stream, end_ms))


if __name__ == "__main__":
    asyncio.run(trade(Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])))
