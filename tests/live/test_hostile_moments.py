"""What an exchange, a user or a PC may do in the worst moment: between a decision and its order."""

from __future__ import annotations

import asyncio

import pytest

from futtui.domain.account import SymbolSetup
from futtui.domain.kill import KillLevel, KillSwitch
from tests.desk.world import START_MS
from tests.live.test_leaving import Running


async def until_idle(engine: Running) -> None:
    async with asyncio.timeout(10):
        while not engine.live_broker.is_idle:
            await asyncio.sleep(0)


@pytest.mark.parametrize("level", [KillLevel.CANCEL, KillLevel.FLATTEN])
async def test_entry_that_has_not_left_yet_never_leaves_after_the_kill_switch(
    level: KillLevel, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Running()
    asked, answered = asyncio.Event(), asyncio.Event()

    async def slow(symbol: str, leverage: int, known: SymbolSetup | None = None) -> SymbolSetup:
        asked.set()
        await answered.wait()
        return SymbolSetup(True, leverage)

    monkeypatch.setattr(engine.venue, "prepare", slow)
    engine.signal()
    await asked.wait()
    engine.runner.submit(KillSwitch(START_MS, level, "by you"))
    answered.set()
    await until_idle(engine)
    assert engine.venue.sent == []
    assert engine.venue.held == 0
    assert not engine.runner.desk.snapshot().positions
    (signal,) = engine.runner.desk.snapshot().signals
    assert "cancelled before it left" in signal.status_reason
    await engine.live_broker.close()
