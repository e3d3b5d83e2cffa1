"""FS-35: the exchange's name is not found, or somebody else answers in its place: told in words, asked in no hurry."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from futtui.domain.position import TradingMode
from futtui.exchange.binance import transport
from futtui.exchange.ports import Endpoints
from futtui.exchange.simulator.wire.fault_rules import load_fault_script
from futtui.live import engine as engine_module
from futtui.live.engine import Engine
from futtui.live.symbol_state import Phase
from tests.live.engine_world import Wired, exchange, lines, server_config, until
from tests.test_doctor import encrypted_server

SCENARIOS = Path(__file__).resolve().parents[1] / "scenarios"
NOWHERE = Endpoints("https://no-such-exchange.invalid", "wss://no-such-exchange.invalid", "an exchange")


@asynccontextmanager
async def started(folder: Path, where: Endpoints) -> AsyncIterator[Engine]:
    """An engine at work that can not reach its exchange."""

    async def endpoints() -> Endpoints:
        return where

    engine = Wired(folder / "a.db", endpoints, mode=TradingMode.SIGNALS, lockstep=False).build()
    running = asyncio.create_task(engine.run())
    try:
        yield engine
    finally:
        engine.ask_to_stop()
        await running
        await engine.stop()


async def test_fs35_name_that_is_not_found_is_told_once_and_asked_for_in_no_hurry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def not_found(host: Any, *_: Any, **__: Any) -> Any:
        asked.append(str(host))
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", not_found)
    async with started(tmp_path, NOWHERE) as engine:
        await until(lambda: bool(lines(engine, "Try number 1")))
        first = len(asked)
        await asyncio.sleep(3.0)
        assert 1 <= first <= 4
        assert len(asked) <= 3 * first, "each further try waits longer"
        (told,) = lines(engine, "Try number")
        assert "its name was not found" in told.text
        assert engine.snapshot().phase == "connecting"
        assert "Next try" in engine.snapshot().phase_text


async def test_fs35_certificate_of_somebody_else_is_told_once_and_nothing_is_trusted(tmp_path: Path) -> None:
    async with (
        encrypted_server(tmp_path, "Kaspersky Lab ZAO") as (endpoints, _),
        started(tmp_path, endpoints) as engine,
    ):
        await until(lambda: bool(lines(engine, "Try number 1")))
        (told,) = lines(engine, "Try number")
        assert "certificate" in told.text
        assert engine.states == {}
        assert engine.snapshot().phase == "connecting"


async def test_fs35_proxy_in_the_exchanges_place_is_told_once_and_asked_in_no_hurry_until_it_lets_us_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "_FIRST_PAUSE_SECONDS", 0.001)
    monkeypatch.setattr(engine_module, "OPEN_PAUSE_S", (0.3, 0.6, 1.2, 2.4))
    async with exchange(server_config(speed=1.0)) as world:
        venue = world.server.venue
        venue.load_faults(load_fault_script(SCENARIOS / "fs35_proxy_page.yaml"))
        async with started(tmp_path, world.endpoints) as engine:
            await until(lambda: engine.feed.attempt >= 3)
            (told,) = lines(engine, "Try number")
            assert "a proxy, a firewall or maintenance is in the way" in told.text
            assert "Proxy Authentication Required" in told.text
            assert "<" not in told.text
            assert engine.states == {}
            assert world.struck() <= 2 * engine.feed.attempt + 2, "no busy loop"
            venue.faults.clear()
            await until(
                lambda: bool(engine.states) and all(s.phase is Phase.READY for s in engine.states.values()), 30.0
            )
            assert engine.feed.error == ""
