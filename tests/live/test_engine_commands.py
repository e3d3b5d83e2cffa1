"""The user's commands through the engine's thread: what they do, what they answer, what the picture shows then."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import Future
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

import pytest

from futtui.desk.settings import DeskSettings
from futtui.domain.errors import FuttuiError
from futtui.domain.events import (
    BlockSymbol,
    ChangeMode,
    ClosePosition,
    MoveStop,
    SetPaused,
    UnblockSymbol,
)
from futtui.domain.kill import KillLevel, KillSwitch
from futtui.domain.orders import OrderPurpose
from futtui.domain.position import TradingMode
from futtui.domain.position_story import StepKind
from futtui.domain.side import Side
from futtui.domain.signal import SignalStatus
from futtui.domain.snapshot import DeskSnapshot, PositionView
from futtui.live import watchdog
from futtui.live.engine_thread import EngineThread
from futtui.live.settings import EngineSettings
from futtui.live.snapshots import starting_snapshot
from futtui.risk.settings import ExitSettings, RiskSettings
from tests.live.engine_world import (
    QUARTER_MS,
    START_MS,
    SYMBOLS,
    Exchange,
    WatchedAnalyzers,
    exchange,
    server_config,
    until,
    wired,
)

T = TypeVar("T")
SPEED = 300.0
QUIET = {("", 0): Side.LONG}
"""A script without signals: those of the real strategies are held back."""
PATIENT = DeskSettings(risk=RiskSettings(exits=ExitSettings(naked_limit_ms=600_000)))
"""At this speed a round trip of 10 ms is 6 s of the exchange's time: confirming a stop may take that long."""


@asynccontextmanager
async def threaded(
    world: Exchange, folder: Path, mode: TradingMode = TradingMode.PAPER, **more: object
) -> AsyncIterator[EngineThread]:
    plan = wired(folder / "a.db", world, mode=mode, lockstep=False, speed=SPEED, **more)
    thread = EngineThread(plan.build, starting_snapshot(EngineSettings()))
    thread.start()
    try:
        await until(lambda: thread.snapshot().phase == "running")
        yield thread
    finally:
        await asyncio.to_thread(thread.stop)
        assert thread.failure is None


async def answer(future: Future[T]) -> T:
    return await asyncio.wait_for(asyncio.wrap_future(future), 10)


def desk(thread: EngineThread) -> DeskSnapshot:
    view = thread.snapshot().desk
    assert view is not None
    return view


async def test_engine_thread_command_before_the_start_is_refused_in_plain_words(tmp_path: Path) -> None:
    async with exchange(server_config()) as world:
        plan = wired(tmp_path / "a.db", world)
        thread = EngineThread(plan.build, starting_snapshot(EngineSettings()))
        assert thread.snapshot().phase == "starting"
        assert thread.exchange_time_ms() == thread.snapshot().time_ms
        with pytest.raises(FuttuiError, match="still starting"):
            thread.send(SetPaused(START_MS, True)).result(0)


async def test_engine_thread_block_unblock_and_pause_are_answered_and_shown(tmp_path: Path) -> None:
    async with exchange(server_config(speed=SPEED)) as world, threaded(world, tmp_path) as thread:
        now_ms = thread.exchange_time_ms()
        assert START_MS <= now_ms <= world.now_ms + 120_000
        text = await answer(thread.send(BlockSymbol(now_ms, "ETHUSDT", 0, "news ahead")))
        assert text == "ETHUSDT: no new trades, news ahead"
        assert desk(thread).blocked == {"ETHUSDT": (0, "news ahead")}
        row = next(item for item in thread.snapshot().market if item.symbol == "ETHUSDT")
        assert row.blocked_until_ms == 0
        assert "allowed again" in await answer(thread.send(UnblockSymbol(now_ms, "ETHUSDT")))
        assert desk(thread).blocked == {}
        assert "paused" in await answer(thread.send(SetPaused(now_ms, True)))
        assert desk(thread).paused
        assert await answer(thread.send(SetPaused(now_ms, True))) == "Done."
        await answer(thread.send(SetPaused(now_ms, False)))
        assert not desk(thread).paused


async def test_engine_thread_blocked_symbol_gets_no_trade_and_the_others_do(tmp_path: Path) -> None:
    script = {(symbol, START_MS + QUARTER_MS * count): Side.LONG for symbol in SYMBOLS for count in range(1, 9)}
    analyzers = WatchedAnalyzers(script)
    async with (
        exchange(server_config(speed=SPEED)) as world,
        threaded(world, tmp_path, analyzers=analyzers) as thread,
    ):
        await answer(thread.send(BlockSymbol(thread.exchange_time_ms(), "ETHUSDT")))
        await until(lambda: any(item.symbol == "BTCUSDT" for item in desk(thread).positions))
        await until(lambda: any(item.raw.symbol == "ETHUSDT" for item in desk(thread).signals))
        refused = [item for item in desk(thread).signals if item.raw.symbol == "ETHUSDT"]
        assert {item.status.value for item in refused} == {"REFUSED"}
        assert "blocked" in refused[0].status_reason
        report = await answer(thread.performance(None))
        while not report.accounts or not any(each.count(SignalStatus.REFUSED) for each in report.signals):
            await asyncio.sleep(0.05)  # records reach the disk within moments
            report = await answer(thread.performance(None))
        assert {account.mode for account in report.accounts} == {TradingMode.PAPER}
        assert report.since_ms == 0 < report.until_ms
        why = await answer(thread.why_no_signals("ETHUSDT", 0))
        while why.refused < len(refused):  # as above
            await asyncio.sleep(0.05)
            why = await answer(thread.why_no_signals("ETHUSDT", 0))
        assert why.refused >= len(refused)
        assert "not blocked" in [item.gate for item in why.refusals]
        assert {signal.raw.symbol for signal in why.nearly} == {"ETHUSDT"}
        similar = await answer(thread.similar_signals(refused[0]))
        assert similar.signal_id == refused[0].signal_id
        assert await answer(thread.zone_story("ETHUSDT", ("no such zone",))) == ()


@pytest.mark.parametrize("mode", [TradingMode.PAPER, TradingMode.LIVE])
async def test_engine_thread_close_position_closes_it_and_leaves_nothing_on_the_exchange(
    mode: TradingMode, tmp_path: Path
) -> None:
    analyzers = WatchedAnalyzers(QUIET)
    async with (
        exchange(server_config(speed=SPEED)) as world,
        threaded(world, tmp_path, mode, analyzers=analyzers, desk=PATIENT) as thread,
    ):
        next_ms = thread.exchange_time_ms() // QUARTER_MS * QUARTER_MS
        analyzers.script = {("BTCUSDT", next_ms + QUARTER_MS * count): Side.LONG for count in range(1, 9)}
        await until(lambda: [item.status for item in desk(thread).positions] == ["PROTECTED"])
        analyzers.script = QUIET
        position = desk(thread).positions[0]
        assert (world.quantity("BTCUSDT") > 0) == (mode is TradingMode.LIVE)
        nearer = Decimal(str(position.stop + 0.05 * (position.mark_price - position.stop)))
        moved = await answer(thread.send(MoveStop(thread.exchange_time_ms(), position.position_id, nearer)))
        assert moved.startswith("BTCUSDT: ")
        assert "stop" in moved
        wanted = pytest.approx(float(nearer), rel=1e-3)
        await until(lambda: any(price == wanted for price in _stops_so_far(thread)))
        await until(lambda: _holds_one_stop(desk(thread).positions[0], above=position.stop))
        text = await answer(thread.send(ClosePosition(thread.exchange_time_ms(), position.position_id)))
        assert "BTCUSDT" in text
        await until(lambda: desk(thread).account.closed_trades == 1)
        await until(lambda: world.quantity("BTCUSDT") == 0 and not world.resting("BTCUSDT"))
        assert desk(thread).trades[0].legs[-1].reason.value == "MANUAL"
        gone = await answer(thread.send(ClosePosition(thread.exchange_time_ms(), position.position_id)))
        assert "not open any more" in gone


def _stops_so_far(thread: EngineThread) -> list[float | None]:
    """Where the stop of the first position was moved to; its own rules may have moved it on since."""
    steps = desk(thread).positions[0].story.steps
    return [step.price for step in steps if step.kind is StepKind.STOP_MOVED]


def _holds_one_stop(position: PositionView, above: float) -> bool:
    """Whether one stop of the position is left at the exchange, where the desk says, beyond a price."""
    orders = position.story.orders
    stops = [each.price for each in orders if each.purpose is OrderPurpose.STOP and not each.status.is_final]
    return position.stop > above and stops == [position.stop]


async def test_engine_thread_live_not_allowed_is_refused_with_the_reason_and_changes_nothing(tmp_path: Path) -> None:
    async with (
        exchange(server_config(speed=SPEED)) as world,
        threaded(world, tmp_path, live_allowed=False) as thread,
    ):
        with pytest.raises(FuttuiError, match="Use Paper"):
            await answer(thread.send(ChangeMode(thread.exchange_time_ms(), TradingMode.LIVE)))
        assert desk(thread).mode is TradingMode.PAPER
        assert len(world.server.venue.hub.connections) == 1


async def test_engine_thread_live_twice_at_once_opens_one_account_and_failing_can_be_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watchdog, "BEAT_S", 0.05)
    async with exchange(server_config(speed=SPEED)) as world, threaded(world, tmp_path) as thread:
        world.fault("{action: respond, status: 503, kind: B, path: '*/balance', count: 1}")
        command = ChangeMode(thread.exchange_time_ms(), TradingMode.LIVE)
        with pytest.raises(FuttuiError, match="overloaded"):
            await answer(thread.send(command))
        assert desk(thread).mode is TradingMode.PAPER
        await until(lambda: len(world.server.venue.hub.connections) == 1)
        texts = await asyncio.gather(answer(thread.send(command)), answer(thread.send(command)))
        assert any("to live" in text.lower() for text in texts)
        assert desk(thread).mode is TradingMode.LIVE
        assert desk(thread).account.wallet_balance == 10_000.0
        assert len(world.server.venue.hub.connections) == 2
        await answer(thread.send(ChangeMode(thread.exchange_time_ms(), TradingMode.SIGNALS)))
        assert desk(thread).mode is TradingMode.SIGNALS


async def test_commands_that_the_desk_itself_refuses_are_marked_so_among_what_was_sent(tmp_path: Path) -> None:
    async with exchange(server_config(speed=SPEED)) as world, threaded(world, tmp_path) as thread:
        now_ms = thread.exchange_time_ms()
        gone = await answer(thread.send(ClosePosition(now_ms, "p-gone")))
        assert gone == "This position is not open any more"
        await answer(thread.send(SetPaused(now_ms, True)))
        await answer(thread.send(KillSwitch(now_ms, KillLevel.FLATTEN)))
        assert "stay paused" in await answer(thread.send(SetPaused(now_ms, False)))
        await until(lambda: len(thread.snapshot().sent) == 4 and bool(thread.snapshot().sent[-1].answered_ms))
        told = [(type(entry.command).__name__, entry.refused) for entry in thread.snapshot().sent]
        assert told == [("ClosePosition", True), ("SetPaused", False), ("KillSwitch", False), ("SetPaused", True)]
