"""What the bot needs of the engine, and the engine as it gives it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Protocol

from futtui.domain.candle import Candle
from futtui.domain.effects import Severity
from futtui.domain.events import Command
from futtui.domain.position import Trade
from futtui.domain.snapshot import EngineSnapshot
from futtui.domain.timeframe import Timeframe
from futtui.live.engine import Engine
from futtui.live.stored_candles import stored_candles
from futtui.storage.store import Storage
from futtui.telegram.alerts import OWN_TOPIC


class PhoneSource(Protocol):
    """Snapshots to read, commands to send, history to look up; all may be called from the bot's thread."""

    def snapshot(self) -> EngineSnapshot:
        """The newest snapshot."""
        ...

    def send(self, command: Command) -> Future[str]:
        """A receipt: one plain sentence, or FuttuiError with one."""
        ...

    def exchange_time_ms(self) -> int:
        """The exchange's time now."""
        ...

    def candles(self, symbol: str, timeframe: Timeframe, limit: int) -> Sequence[Candle]:
        """The newest stored candles, oldest first. Reads the database."""
        ...

    def trades(self, limit: int) -> Sequence[Trade]:
        """The newest closed trades, oldest first. Reads the database."""
        ...

    def say(self, text: str) -> None:
        """A line about Telegram for the log."""
        ...


class EngineSource:
    """An engine that runs on a loop of another thread. Make it on that loop."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._loop = asyncio.get_running_loop()

    def snapshot(self) -> EngineSnapshot:
        """The newest snapshot."""
        return self._engine.snapshot()

    def send(self, command: Command) -> Future[str]:
        """Hand a command to the engine's loop."""
        return asyncio.run_coroutine_threadsafe(self._engine.command(command), self._loop)

    def exchange_time_ms(self) -> int:
        """The exchange's time as estimated now."""
        return self._engine.clock.now_ms()

    def candles(self, symbol: str, timeframe: Timeframe, limit: int) -> Sequence[Candle]:
        """From the database."""
        return stored_candles(self._engine.parts.store, symbol, timeframe, limit)

    def trades(self, limit: int) -> Sequence[Trade]:
        """From the database."""
        store = self._engine.parts.store
        return store.trades(limit) if isinstance(store, Storage) else ()

    def say(self, text: str) -> None:
        """Put a line into the engine's log, on its own thread."""
        self._loop.call_soon_threadsafe(lambda: self._engine.say(OWN_TOPIC, text, Severity.NOTICE))
