"""The first seconds of a start, while the account is not open yet: no position is given up, no PANIC file forgotten."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from futtui.domain.kill import KillLevel
from futtui.domain.orders import OrderPurpose
from futtui.domain.position import TradingMode
from futtui.live import watchdog
from futtui.live.engine import Engine
from futtui.live.kill_file import ask_panic, panic_asked
from futtui.live.kill_watch import KillWatch
from futtui.live.real_account import RealAccount
from futtui.live.watchdog import Watchdog
from tests.desk.world import wide_settings
from tests.live.engine_world import Exchange, WatchedAnalyzers, exchange, lines, server_config, until, wired
from tests.live.live_world import SYMBOL, by_hand, states
from tests.live.small_engine import NOW_MS, SmallEngine
from tests.live.test_kill_switch import StrictAccount
from tests.live.test_takeover_scenarios import dies_at


def starting(world: Exchange, database: Path, mode: TradingMode) -> Engine:
    """An engine on the clock that has not begun yet and never sees a signal."""
    plan = wired(
        database, world, mode=mode, symbols=(SYMBOL,), fresh=False, lockstep=False,
        analyzers=WatchedAnalyzers({("", 0): None}), desk=wide_settings(naked_limit_ms=600_000),
    )  # fmt: skip
    return plan.build()


@pytest.mark.parametrize(("held", "awaited", "told"), [(True, True, False), (True, False, True), (False, True, True)])
def test_desk_is_told_no_time_while_the_account_of_what_is_held_is_being_opened(
    held: bool, awaited: bool, told: bool
) -> None:
    engine = SmallEngine("BTCUSDT")
    engine.runner.desk.live_symbols = ("BTCUSDT",) if held else ()
    engine.real_account = SimpleNamespace(is_awaited=awaited)
    Watchdog(engine).look(NOW_MS)  # type: ignore[arg-type]
    assert bool(engine.ticks) == told


async def test_position_whose_stop_waits_on_the_exchange_outlives_a_slow_opening_of_the_account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watchdog, "BEAT_S", 0.02)
    beats, gate, real_open = [0], asyncio.Event(), RealAccount._open
    real_look = Watchdog.look

    def counted_look(self: Watchdog, now_ms: int) -> None:
        real_look(self, now_ms + 600_000 * beats[0])  # from beat to beat as long as a position may be without its stop
        beats[0] += 1

    async def slow_open(self: RealAccount) -> None:
        await gate.wait()
        monkeypatch.setattr(Watchdog, "look", real_look)
        await real_open(self)

    async with exchange(server_config(seed=3, symbols=(SYMBOL,))) as world:
        await dies_at(world, tmp_path / "a.db", OrderPurpose.STOP, sent=True)
        engine = starting(world, tmp_path / "a.db", TradingMode.SIGNALS)
        monkeypatch.setattr(Watchdog, "look", counted_look)
        monkeypatch.setattr(RealAccount, "_open", slow_open)
        work = asyncio.create_task(engine.run())
        await until(lambda: beats[0] > 5)
        assert states(engine) == ["NAKED"]
        gate.set()
        await until(lambda: states(engine) == ["PROTECTED"])
        assert world.stops(SYMBOL) == [world.quantity(SYMBOL)]
        assert not lines(engine, "not confirmed in time")
        await engine.stop()
        await work


async def test_panic_file_from_before_the_start_closes_the_account_as_soon_as_there_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watchdog, "BEAT_S", 0.02)
    async with exchange(server_config(seed=3, symbols=(SYMBOL,))) as world:
        by_hand(world, Decimal(1))
        ask_panic(tmp_path)
        world.fault("{action: respond, status: 503, kind: B, path: '*/exchangeInfo', count: 1}")
        engine = starting(world, tmp_path / "a.db", TradingMode.LIVE)
        work = asyncio.create_task(engine.run())
        await until(lambda: engine.runner.desk.kill_level == KillLevel.LOCK)
        await until(lambda: bool(lines(engine, "Flat: nothing is held")) and not panic_asked(tmp_path))
        assert world.quantity(SYMBOL) == 0
        await engine.stop()
        await work


class NoAccountYet:
    """The engine as the kill switch sees it before the account is open."""

    def __init__(self) -> None:
        self.account: Any = None
        self.live_broker = None
        self.real_account = SimpleNamespace(is_awaited=True)
        self.clock = SimpleNamespace(now_ms=lambda: NOW_MS)
        self.desk = SimpleNamespace(kill_level=0)
        self.runner = SimpleNamespace(on_latch=None, desk=self.desk, submit=self._submit)
        self.work: list[asyncio.Task[None]] = []
        self.said: list[str] = []

    def _submit(self, event: Any) -> None:
        self.desk.kill_level = event.level

    def beside(self, work: Any, _name: str) -> None:
        self.work.append(asyncio.ensure_future(work))

    def say(self, _topic: str, text: str, *_: object) -> None:
        self.said.append(text)

    def open(self, held: StrictAccount) -> None:
        held.known_rules = {}  # type: ignore[attr-defined]
        self.account = SimpleNamespace(trading=held)


@pytest.fixture
def unopened(tmp_path: Path) -> tuple[NoAccountYet, KillWatch]:
    engine = NoAccountYet()
    ask_panic(tmp_path)
    watch = KillWatch(engine, tmp_path / "a.db", keeps=True)  # type: ignore[arg-type]
    watch.look(NOW_MS)
    assert engine.desk.kill_level == KillLevel.LOCK
    return engine, watch


async def test_panic_file_stays_until_the_awaited_account_was_closed_out(
    unopened: tuple[NoAccountYet, KillWatch], tmp_path: Path
) -> None:
    engine, watch = unopened
    watch.look(NOW_MS)
    assert panic_asked(tmp_path)
    held = StrictAccount({SYMBOL: "1"})
    engine.open(held)
    watch.look(NOW_MS)
    watch.look(NOW_MS)
    assert panic_asked(tmp_path), "it is taken away only when all is closed"
    await asyncio.gather(*engine.work)
    assert len(engine.work) == 1
    assert not any(held.held.values())
    assert not panic_asked(tmp_path)


async def test_account_that_was_lost_while_it_was_closed_out_is_closed_out_when_it_is_back(
    unopened: tuple[NoAccountYet, KillWatch], tmp_path: Path
) -> None:
    engine, watch = unopened
    engine.open(StrictAccount({}))
    watch.look(NOW_MS)
    engine.account = None
    await asyncio.gather(*engine.work)
    watch.look(NOW_MS)
    assert panic_asked(tmp_path)
    again = StrictAccount({SYMBOL: "-2"})
    engine.open(again)
    watch.look(NOW_MS)
    await asyncio.gather(*engine.work)
    assert not any(again.held.values())
    assert not panic_asked(tmp_path)


@pytest.mark.parametrize("rearmed", [True, False])
async def test_panic_file_is_taken_away_when_no_account_can_be_had_or_trading_was_rearmed(
    rearmed: bool, unopened: tuple[NoAccountYet, KillWatch], tmp_path: Path
) -> None:
    engine, watch = unopened
    if rearmed:
        engine.desk.kill_level = 0
    else:
        engine.real_account.is_awaited = False
    watch.look(NOW_MS)
    assert not panic_asked(tmp_path)
    engine.open(StrictAccount({SYMBOL: "1"}))
    watch.look(NOW_MS)
    assert engine.work == []
