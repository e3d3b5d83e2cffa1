"""Requests that fail: the engine starts all the same, a little later, repairs its candles, and says what is wrong."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from futtui.domain.effects import Severity
from futtui.domain.position import TradingMode
from futtui.domain.timeframe import HOUR_MS, MINUTE_MS, Timeframe
from futtui.exchange.binance import errors, transport
from futtui.exchange.binance.budget import gate
from futtui.exchange.simulator.wire import limits
from futtui.live import engine as engine_module
from futtui.live import gaps, symbol_state, warmup, watchdog
from futtui.live.engine import Engine
from tests.live.engine_world import START_MS, SYMBOLS, Exchange, exchange, lines, server_config, until, watched, wired

KINDS = {
    "too many requests": ("respond, status: 429, count: 1", "too many requests"),
    "banned": ("respond, status: 418, ban_s: 0.4, count: 1", "banned this address"),
    "unknown error": ("respond, status: 503, kind: A, count: 4", "could not answer"),
    "unavailable": ("respond, status: 503, kind: B, count: 4", "overloaded"),
    "internal error": ("respond, status: 503, kind: C, count: 4", "overloaded"),
    "overloaded": ("respond, status: 503, kind: D, count: 4", "overloaded"),
    "bad gateway": ("respond, status: 502, count: 4", "could not answer"),
    "firewall page": ("respond, status: 403, count: 1", "firewall refused"),
    "cut off": ("drop, count: 8", "broke off"),
    "no answer": ("stall, hold_s: 5, count: 4", "did not answer in time"),
}
"""Rule and the words that tell of it. A question is asked four times before it counts as failed (twice as often when
the connection is cut, because the library below repeats once); refusals are not repeated."""
COUNTER = "{id: counter, action: delay, path: '*', every: 1000000}"


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same behaviour in less time."""
    monkeypatch.setattr(limits.RequestLimits, "retry_after_s", lambda self: 1)
    monkeypatch.setattr(errors, "FIREWALL_PAUSE_MS", 400)
    for name in ("AFTER_BAN_MS", "MOST_JITTER_MS", "SLOWED_MS"):
        monkeypatch.setattr(gate, name, 0)
    monkeypatch.setattr(engine_module, "OPEN_PAUSE_S", (0.05, 0.1, 0.2))
    monkeypatch.setattr(transport, "_FIRST_PAUSE_SECONDS", 0.01)
    for module in (gaps, symbol_state, warmup):
        monkeypatch.setattr(module, "RETRY_MS", (60.0, 200.0), raising=False)
    monkeypatch.setattr(watchdog, "BEAT_S", 0.02)
    monkeypatch.setattr(watchdog, "CLOSE_GRACE_S", 0.3)
    made = transport.Transport.__init__

    def impatient(self: transport.Transport, *args: Any, **more: Any) -> None:
        made(self, *args, **{**more, "total_seconds": 0.3})

    monkeypatch.setattr(transport.Transport, "__init__", impatient)


@asynccontextmanager
async def running(world: Exchange, folder: Path, speed: float, mode: TradingMode) -> AsyncIterator[Engine]:
    engine = wired(folder / "a.db", world, lockstep=False, speed=speed, mode=mode).build()
    work = asyncio.create_task(engine.run())
    try:
        yield engine
    finally:
        await engine.stop()
        await work
    assert not lines(engine, "An inner task failed")


def requests_seen(world: Exchange) -> int:
    reports = world.server.venue.faults.reports()
    return next(int(str(report["seen"])) for report in reports if report["id"] == "counter")


@pytest.mark.parametrize("kind", KINDS)
async def test_engine_start_with_failing_requests_says_so_and_gets_there(kind: str, tmp_path: Path) -> None:
    action, words = KINDS[kind]
    async with exchange(server_config(speed=60.0)) as world:
        world.fault(COUNTER, f"{{action: {action}, path: '/fapi/v1/exchangeInfo'}}")
        async with running(world, tmp_path, 60.0, TradingMode.SIGNALS) as engine:
            await until(lambda: engine.snapshot().symbols_ready == len(SYMBOLS))
            await until(lambda: engine.snapshot().phase == "running")
            told = [line for line in lines(engine, words) if line.severity is Severity.WARNING]
            assert told
            assert all("Traceback" not in line.text and "<html" not in line.text for line in told)
            assert engine.snapshot().feed.text in ("fresh", "connecting")
            assert requests_seen(world) < 60


async def test_engine_history_through_every_kind_of_failure_is_loaded_in_the_end(tmp_path: Path) -> None:
    async with exchange(server_config(speed=60.0)) as world:
        world.fault(
            COUNTER, *(f"{{action: {action}, symbol: BTCUSDT, path: '*/klines'}}" for action, _ in KINDS.values())
        )
        async with running(world, tmp_path, 60.0, TradingMode.SIGNALS) as engine:
            await until(lambda: engine.snapshot().phase == "running")
            await until(lambda: engine.snapshot().symbols_ready == 2)
            assert engine.snapshot().market[0].ready
            assert world.struck() == 35
            for _, words in KINDS.values():
                assert [line for line in lines(engine, words) if line.symbol in ("BTCUSDT", "ETHUSDT")], words
            assert requests_seen(world) < 100


@pytest.mark.parametrize("path", ["/fapi/v1/listenKey", "/fapi/v3/balance"])
async def test_engine_start_in_live_with_a_failing_account_gets_there_with_one_account(
    path: str, tmp_path: Path
) -> None:
    async with exchange(server_config(speed=60.0)) as world:
        world.fault(f"{{action: respond, status: 503, kind: B, path: '{path}', count: 2}}")
        async with running(world, tmp_path, 60.0, TradingMode.LIVE) as engine:
            await until(lambda: engine.snapshot().phase == "running")
            await until(lambda: len(world.server.venue.hub.connections) == 2)
            desk = engine.snapshot().desk
            assert desk is not None
            assert desk.account.wallet_balance == 10_000.0


async def test_engine_gap_filling_through_every_kind_of_failure_ends_whole(tmp_path: Path) -> None:
    speed = 3600.0
    async with (
        exchange(server_config(speed=speed)) as world,
        running(world, tmp_path, speed, TradingMode.SIGNALS) as engine,
    ):
        await until(lambda: engine.snapshot().phase == "running")
        world.fault(
            COUNTER,
            f"{{action: drop, event: klineClosed, symbol: BTCUSDT, for_s: {12 * 3600}}}",
            *(
                f"{{id: '{kind}', action: {action}, path: '/fapi/v1/klines', symbol: BTCUSDT}}"
                for kind, (action, _) in KINDS.items()
            ),
        )
        await until(lambda: sum(_strikes(world)) == 35, seconds=40.0)
        end_ms = Timeframe.M15.open_ms(world.now_ms)
        await until(lambda: watched(engine).opens("BTCUSDT", Timeframe.M15)[-1:] >= [end_ms - Timeframe.M15.ms])
        opens = watched(engine).opens("BTCUSDT", Timeframe.M15)
        assert opens == list(range(opens[0], opens[-1] + 1, Timeframe.M15.ms))
        assert opens[0] < START_MS + HOUR_MS
        assert lines(engine, "candles are missing and the exchange cannot be asked now")
        assert watched(engine).loads["ETHUSDT"] == 1
        others = watched(engine).opens("ETHUSDT", Timeframe.M15)
        assert others == list(range(others[0], others[-1] + 1, Timeframe.M15.ms))
        assert requests_seen(world) < 400


def _strikes(world: Exchange) -> list[int]:
    reports = world.server.venue.faults.reports()
    return [int(str(report["struck"])) for report in reports if report["id"] in KINDS]


async def test_engine_refused_for_good_asks_seldom_and_stays_alive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    async with exchange(server_config(speed=60.0)) as world:
        world.fault(COUNTER, "{action: respond, status: 502, path: '/fapi/*'}")
        async with running(world, tmp_path, 60.0, TradingMode.SIGNALS) as engine:
            await until(lambda: engine.snapshot().feed.attempt >= 1)
            await asyncio.sleep(0.5)
            assert requests_seen(world) <= 8
            assert engine.snapshot().phase == "connecting"
            assert "Next try" in engine.snapshot().phase_text
            assert not engine.snapshot().feed.connected


async def test_engine_banned_at_the_start_sends_nothing_until_the_ban_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with exchange(server_config(speed=60.0)) as world:
        monkeypatch.setattr(limits.RequestLimits, "retry_after_s", lambda self: 2)
        world.fault(COUNTER, "{action: respond, status: 418, ban_s: 2, path: '/fapi/*', count: 1}")
        async with running(world, tmp_path, 60.0, TradingMode.SIGNALS) as engine:
            await until(lambda: engine.snapshot().feed.attempt >= 5)
            assert requests_seen(world) == 1
            assert "banned" in engine.snapshot().feed.text
            await until(lambda: engine.snapshot().phase == "running")
            assert engine.clock.now_ms() > START_MS + MINUTE_MS
