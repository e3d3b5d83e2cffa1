"""A bot on the local Bot API server, with a hand-made engine behind it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import Future
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio

from futtui.domain.candle import Candle
from futtui.domain.position import Trade
from futtui.domain.timeframe import Timeframe
from futtui.telegram.service import TelegramService
from futtui.telegram.settings import TelegramSettings
from tests.telegram.bot_api_server import OWNER, TOKEN, BotApiServer
from tests.tui.fake_engine import NOW_MS, FakeEngine


class PhoneEngine(FakeEngine):
    """The fake engine with candles, trades and a log."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.stored: list[Trade] = []
        self.pending: Future[str] | None = None

    def candles(self, symbol: str, timeframe: Timeframe, limit: int) -> Sequence[Candle]:
        """A plain wave around the symbol's price."""
        row = next((row for row in self.current.market if row.symbol == symbol), None)
        if row is None:
            return ()
        end = timeframe.open_ms(NOW_MS)
        bars = []
        for number in range(limit):
            middle = row.price * (1.0 + 0.002 * ((number % 14) - 7) / 7)
            bars.append(
                Candle(
                    end - (limit - number) * timeframe.ms,
                    middle,
                    middle * 1.002,
                    middle * 0.998,
                    middle * (1.001 if number % 2 else 0.999),
                    100.0 + number % 9,
                )
            )
        return bars

    def trades(self, limit: int) -> Sequence[Trade]:
        """What was stored."""
        return self.stored[-limit:]

    def say(self, text: str) -> None:
        """Remember the line."""
        self.lines.append(text)


def settings_for(server: BotApiServer, **changes: Any) -> TelegramSettings:
    """Settings that point at the local server, with no waiting between messages."""
    base = {"enabled": True, "chat_id": OWNER, "base_url": server.url, "send_pause_s": 0.0, "summary_hour": -1}
    return TelegramSettings(**{**base, "charts": False, **changes})


@pytest_asyncio.fixture
async def server() -> AsyncIterator[BotApiServer]:
    """A running local Bot API server."""
    running = BotApiServer()
    await running.start()
    yield running
    await running.stop()


@pytest.fixture
def engine() -> PhoneEngine:
    """A hand-made engine."""
    return PhoneEngine()


@asynccontextmanager
async def running_bot(
    server: BotApiServer, engine: PhoneEngine, path: Path, **changes: Any
) -> AsyncIterator[TelegramService]:
    """A bot that polls the server; stopped at the end."""
    service = TelegramService(
        settings_for(server, **changes), TOKEN, path / "phone.db", ZoneInfo("Europe/Kyiv"), pace=0.02
    )
    service.start(engine)
    try:
        yield service
    finally:
        await asyncio.to_thread(service.stop)


async def until(holds: Callable[[], bool | Awaitable[bool]], timeout_s: float = 60.0) -> None:
    """Wait until something holds."""
    for _ in range(int(timeout_s / 0.01)):
        if holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not happen in time")


def nothing_waits(outbox: Path) -> bool:
    """Whether the bot has noted of every message that it arrived."""
    with closing(sqlite3.connect(outbox)) as connection:
        return connection.execute("SELECT COUNT(*) FROM messages WHERE state = 'waiting'").fetchone() == (0,)
