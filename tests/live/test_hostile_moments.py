"""What an exchange, a user or a PC may do in the worst moment: between a decision and its order."""

from __future__ import annotations

import asyncio

import pytest

from futtui.domain.account import SymbolSetup
from futtui.domain.errors import ExchangeError
from futtui.domain.kill import KillLevel, KillSwitch
from futtui.live.account_watch import BLIND_LOOKS, AccountWatch
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


async def test_account_that_cannot_be_looked_at_is_told_once_and_again_when_it_can(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine = Running()
    is_away = True

    async def positions() -> list[object]:
        if is_away:
            raise ExchangeError("Invalid API-key (code -2015).")
        return []

    monkeypatch.setattr(engine.venue, "positions", positions)
    watch = AccountWatch(engine, engine.venue, engine.live_broker)  # type: ignore[arg-type]
    for _ in range(BLIND_LOOKS - 1):
        await watch.try_look()
    assert engine.said == []
    for _ in range(100):
        await watch.try_look()
    (told,) = engine.said
    assert "cannot be looked at" in told
    assert "-2015" in told
    is_away = False
    for _ in range(3):
        await watch.try_look()
    assert engine.said[1:] == ["The account can be looked at again."]
    await engine.live_broker.close()
