"""Before futtui closes: no entry leaves any more, and what is held on the real account gets its stop or is closed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from futtui.domain.effects import Severity
from futtui.domain.events import ProgramEnds
from futtui.domain.position import PositionStatus, TradingMode
from futtui.domain.snapshot import EngineSnapshot
from futtui.live.clock import steady_ms

if TYPE_CHECKING:
    from futtui.live.engine import Engine
    from futtui.live.exchange_broker import ExchangeDeskBroker

log = logging.getLogger(__name__)

STOPS_S = 4.0
"""So long stops and answers that are under way are waited for."""
EXITS_S = 3.0
"""And so long, after that, the closing orders of what still has no stop."""
BEAT_S = 0.05
NO_ENTRIES = "futtui is being closed"


async def leave_safely(engine: Engine) -> tuple[str, ...]:
    """Return when everything held is covered by a stop or closed, or time is over; sentences about what is not."""
    desk, broker = engine.runner.desk, engine.live_broker
    if broker is not None:
        broker.refuse_entries(NO_ENTRIES)
        await _wait(engine, broker, STOPS_S, lambda: not desk.uncovered_symbols and not broker.is_asking)
        if desk.uncovered_symbols:
            try:
                engine.runner.submit(ProgramEnds(engine.clock.now_ms()))
            except Exception:  # one position may have stumbled: the closing orders of the others are waited for
                log.exception("The desk could not close everything that has no stop")
            await _wait(engine, broker, EXITS_S, lambda: not desk.uncovered_symbols)
    left = tuple(
        f"{symbol}: futtui closed without knowing of a stop that covers all that may be held. Look at the exchange now."
        for symbol in desk.uncovered_symbols
    )
    for sentence in left:
        engine.say("risk", sentence, Severity.ERROR)
    return left


def waits_for(snapshot: EngineSnapshot) -> str:
    """A sentence about what `leave_safely` will have to wait for, as the newest picture shows it; empty for nothing."""
    held = snapshot.desk.positions if snapshot.desk is not None else ()
    symbols = dict.fromkeys(
        item.symbol for item in held if item.mode is TradingMode.LIVE and item.status != PositionStatus.PROTECTED.value
    )
    return (
        f"Waiting a few seconds for a stop or the end of: {', '.join(symbols)}. Do not end futtui." if symbols else ""
    )


async def _wait(engine: Engine, broker: ExchangeDeskBroker, seconds: float, done: Callable[[], bool]) -> None:
    """Let the desk see time pass and orders be looked up until `done`, at most `seconds`."""
    until_ms = steady_ms() + seconds * 1000.0
    while not done() and steady_ms() < until_ms:
        try:
            broker.look_at_overdue()
            engine.tick(engine.clock.now_ms())
        except Exception:
            log.exception("A look around before the end failed; the next one follows")
        await asyncio.sleep(BEAT_S)
