"""Faults of the machine and of what stands beside the exchange, over the wire: FS-37, 40, 41, 42, 44, 45, 49 and 51."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from futtui.analysis import analyzer
from futtui.config.settings import load
from futtui.config.watch import ConfigWatch
from futtui.domain.effects import Severity
from futtui.domain.errors import StorageError
from futtui.domain.kill import KillLevel
from futtui.domain.position import TradingMode
from futtui.domain.side import Side
from futtui.domain.snapshot import DeskSnapshot
from futtui.domain.timeframe import HOUR_MS, MINUTE_MS
from futtui.exchange.simulator.wire.config import DEMO_KEY
from futtui.exchange.simulator.wire.fault_rules import load_fault_script
from futtui.live import self_watch
from futtui.live.engine import Engine
from futtui.live.engine_thread import EngineThread
from futtui.live.kill_file import read_latch
from futtui.live.lockstep import run_lockstep
from futtui.live.snapshots import starting_snapshot
from futtui.storage.database import open_database
from futtui.telegram.service import TelegramService
from futtui.telegram.source import EngineSource
from tests.analysis import faulty
from tests.live.engine_world import START_MS, WatchedAnalyzers, exchange, lines, server_config, until, wired
from tests.live.live_world import QUARTER_MS, SYMBOL, covered, live_engine, states, with_position
from tests.telegram.bot_api_server import TOKEN, BotApiServer
from tests.telegram.conftest import settings_for

SCENARIOS = Path(__file__).resolve().parents[1] / "scenarios"


def config(start_ms: int = START_MS):  # type: ignore[no-untyped-def]
    return server_config(seed=3, symbols=(SYMBOL,), start_ms=start_ms)


async def test_fs37_screen_that_looks_at_nothing_for_ten_minutes_holds_nothing_up_and_then_sees_the_newest(
    tmp_path: Path,
) -> None:
    script = {(SYMBOL, START_MS + number * QUARTER_MS): Side.LONG for number in range(1, 400)}
    settings = replace(config(), speed=200.0, step_ms=15_000)
    async with exchange(settings) as world:
        plan = wired(
            tmp_path / "a.db", world, mode=TradingMode.PAPER, symbols=(SYMBOL,), lockstep=False, speed=200.0,
            analyzers=WatchedAnalyzers(script),
        )  # fmt: skip
        engines: list[Engine] = []

        def build() -> Engine:
            engines.append(plan.build())
            return engines[0]

        thread = EngineThread(build, starting_snapshot(plan.plan().settings))
        thread.start()
        try:
            await until(lambda: thread.snapshot().phase == "running", 120)
            blocked_ms = world.now_ms
            # From here on the screen is stuck: nobody reads a snapshot. The desk is asked behind its back.
            await until(lambda: world.now_ms > blocked_ms + 10 * MINUTE_MS and bool(states(engines[0])), 120)
            told_ms = world.now_ms
            await until(lambda: thread.snapshot().time_ms >= told_ms, 120)

            def newest_desk() -> DeskSnapshot | None:
                return thread.snapshot().desk

            await until(lambda: (desk := newest_desk()) is not None and desk.version >= 2, 120)
            desk = newest_desk()
            assert desk is not None
            assert [view.symbol for view in desk.positions] in ([SYMBOL], [])
        finally:
            await asyncio.to_thread(thread.stop)


async def test_fs40_database_of_a_newer_version_is_refused_before_anything_is_asked(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    open_database(path).dispose()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    before = path.read_bytes()
    async with exchange(config()) as world:
        world.fault("{action: respond, status: 503, kind: B, path: '/fapi/*'}")
        with pytest.raises(StorageError, match="newer futtui"):
            await live_engine(world, path)
        assert world.struck() == 0, "not a single request"
        assert path.read_bytes() == before


async def test_fs41_strategy_that_raises_is_set_aside_and_trading_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(analyzer, "build_strategies", analyzer.build_strategies)
    monkeypatch.setattr(faulty, "SLOW_FROM_MS", START_MS * 2)
    faulty.install()
    async with exchange(config()) as world:
        engine = await live_engine(world, tmp_path / "a.db", 4)
        await run_lockstep(engine, 62)
        assert lines(engine, "set aside")
        assert states(engine) == ["PROTECTED"]
        assert covered(world)
        await engine.stop()


async def test_fs42_configuration_edited_while_running_changes_nothing_and_is_told(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    write(file, "desk: {risk: {sizing: {risk_per_trade_pct: 0.5}}}\n")
    settings = load(file).settings
    async with exchange(config()) as world:
        analyzers = WatchedAnalyzers({(SYMBOL, START_MS + QUARTER_MS): Side.LONG})
        made = wired(
            tmp_path / "a.db", world, mode=TradingMode.LIVE, symbols=(SYMBOL,), fresh=False, analyzers=analyzers,
            desk=settings.desk, look_at_config=ConfigWatch(file, settings).look,
        )  # fmt: skip
        engine = made.build()
        await engine.open()
        await run_lockstep(engine, 2)
        write(file, "desk: {risk: {sizing: {risk_per_trade_pct: a lot}}}\n")
        engine.self_watch.look(now=True)
        (wrong,) = lines(engine, "cannot be used")
        assert wrong.severity is Severity.ERROR
        assert "risk_per_trade_pct" in wrong.text
        assert "the settings of the start stay" in wrong.text
        write(file, "desk: {risk: {sizing: {risk_per_trade_pct: 1.0}}}\n")
        engine.self_watch.look(now=True)
        (good,) = lines(engine, "From the next start on")
        assert "desk.risk.sizing.risk_per_trade_pct 0.5 → 1.0" in good.text
        engine.self_watch.look(now=True)
        assert len(lines(engine, "config.yaml")) == 2, "each edit is told once"
        await run_lockstep(engine, 18)
        assert states(engine) == ["PROTECTED"]
        (plan,) = (each.plan for each in engine.runner.desk._state.open.values())
        risk_pct = abs(plan.entry - plan.stop) * world.quantity(SYMBOL) / 100
        assert Decimal("0.2") < risk_pct < Decimal("0.55"), "still sized by the settings of the start"
        await engine.stop()


def write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


# --- Telegram -------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def with_phone(
    engine: Engine, folder: Path, **changes: object
) -> AsyncIterator[tuple[BotApiServer, TelegramService]]:
    """A bot that listens to the engine, and its server."""
    server = BotApiServer()
    await server.start()
    bot = TelegramService(
        settings_for(server, **changes), TOKEN, folder / "phone.db", ZoneInfo("Europe/Kyiv"), pace=0.02
    )
    engine.runner.watchers.append(bot.on_effect)
    engine.parts.log_book.watchers.append(bot.on_line)
    bot.start(EngineSource(engine))
    try:
        yield server, bot
    finally:
        await asyncio.to_thread(bot.stop)
        await server.stop()


async def test_fs44_telegram_that_is_down_holds_no_order_up_and_is_told_in_the_end(tmp_path: Path) -> None:
    async with exchange(config()) as world:
        engine = await live_engine(world, tmp_path / "a.db", 1)
        async with with_phone(engine, tmp_path, outbox_limit=50) as (server, _):
            server.down = True
            for number in range(200):
                engine.say("risk", f"warning number {number}", Severity.ERROR)
            await run_lockstep(engine, 20)
            assert states(engine) == ["PROTECTED"]
            assert covered(world)
            assert server.sent == []
            await until(lambda: bool(lines(engine, "cannot be reached")))
            server.down, server.flood_once_s = False, 1
            await until(lambda: any(SYMBOL in each.text for each in server.sent), 30)
            assert len(server.sent) <= 51, "what waited was bounded"
        await engine.stop()


async def test_fs45_panic_pressed_twice_and_replayed_throws_the_kill_switch_once(tmp_path: Path) -> None:
    async with exchange(config()) as world:
        engine = await with_position(world, tmp_path / "a.db")
        async with with_phone(engine, tmp_path) as (server, _):
            question = await server.answer_to("/panic")
            yes = question.button("Yes")
            update = server.press(question, yes)
            server.push({**update, "again": True})
            server.press(question, yes)
            await until(lambda: engine.runner.desk.kill_level == KillLevel.FLATTEN)
            await until(lambda: "answered already" in question.text, 30)
            await run_lockstep(engine, 5)
            assert world.quantity(SYMBOL) == 0
            assert world.resting(SYMBOL) == []
            assert len(lines(engine, "Kill switch, level 3")) == 1
            exits = [each for each in world.server.venue.core.trades(DEMO_KEY, SYMBOL) if each.side == "SELL"]
            assert sum((each.quantity for each in exits), Decimal(0)) == world.bought(SYMBOL)
            latch = read_latch(tmp_path)
            assert latch is not None
            assert latch.level == KillLevel.FLATTEN
        await engine.stop()


# --- the account and the machine --------------------------------------------------------------------------------------


def report_in(folder: Path) -> tuple[str, list[str]]:
    (report,) = folder.glob("memory-*.txt")
    return report.name, report.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("mode", [TradingMode.LIVE, pytest.param(TradingMode.PAPER, marks=pytest.mark.slow)])
async def test_fs49_funding_that_comes_more_often_is_booked_when_it_comes(mode: TradingMode, tmp_path: Path) -> None:
    start_ms = START_MS + 3 * HOUR_MS
    async with exchange(config(start_ms)) as world:
        engine = await live_engine(world, tmp_path / "a.db", 13, mode=mode)
        world.server.venue.load_faults(load_fault_script(SCENARIOS / "fs49_funding_interval.yaml"))
        await run_lockstep(engine, 55)
        assert states(engine) == ["PROTECTED"]
        (position,) = engine.runner.desk._state.open.values()
        assert position.ledger.funding == 0
        await run_lockstep(engine, 10)
        rate = Decimal(str(round(world.source.funding_rate(SYMBOL, START_MS + 4 * HOUR_MS), 8)))
        mark = -position.ledger.funding / rate / position.ledger.open
        assert abs(mark / position.ledger.average_entry - 1) < Decimal("0.1"), "quantity x mark price x rate, once"
        if mode is TradingMode.LIVE:
            booked = world.server.venue.core.income(DEMO_KEY, SYMBOL, "FUNDING_FEE")
            assert [each.income for each in booked] == [position.ledger.funding]
        await engine.stop()


async def test_fs51_memory_that_grows_too_large_is_told_once_and_what_holds_it_is_written_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(self_watch, "MEMORY_MB", 1.0)
    async with exchange(config()) as world:
        engine = await with_position(world, tmp_path / "a.db")
        engine.self_watch.look(now=True)
        await engine.do_inner_work()
        (told,) = lines(engine, "MB of memory")
        assert told.severity is Severity.WARNING
        name, rows = report_in(tmp_path)
        assert told.text.endswith(f"{name}.")
        assert len(rows) > 20
        sizes = [float(row.split()[0]) for row in rows[1:]]
        assert sizes == sorted(sizes, reverse=True)
        engine.self_watch.look(now=True)
        assert len(lines(engine, "MB of memory")) == 1, "told once until it fell"
        assert covered(world)
        assert states(engine) == ["PROTECTED"]
        await engine.stop()
