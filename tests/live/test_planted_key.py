"""A planted key appears nowhere: not in logs, journal, books, database, errors or on the screen's lines."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import pytest

from futtui.domain.errors import FuttuiError
from futtui.domain.events import ChangeMode
from futtui.domain.kill import KillLevel, KillSwitch
from futtui.domain.position import TradingMode
from futtui.domain.side import Side
from futtui.exchange.ports import Credentials
from futtui.exchange.simulator.wire.config import ServerConfig
from futtui.live.assembly import build_engine
from futtui.live.lockstep import run_lockstep
from futtui.live.logs import LogLevel, LogSettings, start_logs
from tests.live.engine_world import WatchedAnalyzers, exchange, lines, server_config, until, wired
from tests.live.live_world import QUARTER_MS, START_MS, SYMBOL, live_engine
from tests.live.test_machine_scenarios import with_phone
from tests.telegram.bot_api_server import TOKEN

KEY = "PlantedKeyA1b2C3d4E5f6G7h8I9j0PlantedKeyA1b2C3d4E5f6G7h8I9j0XyZq"
SECRET = "PlantedSecretZ9y8X7w6V5u4T3s2R1q0PlantedSecretZ9y8X7w6V5u4T3s2R"
FAULTS = (
    "{action: respond, status: 503, kind: A, method: POST, path: '*/algoOrder', count: 1}",
    "{action: reject, code: -1022, message: Signature for this request is not valid., path: '*/openOrders', count: 1}",
    "{action: respond, status: 502, path: '*/positionRisk', count: 1}",
    "{action: expire_listen_key, after_s: 300}",
    "{action: drop, path: '*/balance', count: 1}",
)


@pytest.fixture
def quiet_root() -> None:
    """Loggers as they were, after the test too."""
    logging.getLogger("futtui").propagate = True


@pytest.mark.usefixtures("quiet_root")
async def test_planted_key_appears_nowhere(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    config: ServerConfig = replace(server_config(seed=3, symbols=(SYMBOL,)), api_key=KEY, api_secret=SECRET)
    settings = LogSettings(level=LogLevel.DEBUG, exchange_level=LogLevel.DEBUG)
    logs = start_logs(settings, tmp_path / "logs", (KEY, SECRET))
    logging.getLogger("futtui").propagate = True
    caplog.set_level(logging.DEBUG, "futtui")
    try:
        async with exchange(config) as world:
            analyzers = WatchedAnalyzers({(SYMBOL, START_MS + QUARTER_MS): Side.LONG})
            plan = wired(
                tmp_path / "a.db", world, mode=TradingMode.SIGNALS, symbols=(SYMBOL,), fresh=False, analyzers=analyzers
            ).plan()
            engine = build_engine(replace(plan, credentials=Credentials(KEY, SECRET)))
            await engine.open()
            await engine.command(ChangeMode(world.now_ms, TradingMode.LIVE))
            world.fault(*FAULTS)
            await run_lockstep(engine, 25)
            assert world.struck() >= 3
            await engine.command(KillSwitch(world.now_ms, KillLevel.LOCK))
            with pytest.raises(FuttuiError) as refused:
                await engine.command(ChangeMode(world.now_ms, TradingMode.LIVE))
            shown = " ".join(line.text for line in engine.parts.log_book.lines())
            shown += repr(engine.snapshot()) + str(refused.value) + repr(plan) + repr(engine.account)
            await engine.stop()
    finally:
        logs.close()
    assert "ccount" in shown, "something was looked at"
    texts = {"screen": shown, "log records": caplog.text}
    for secret in (KEY, SECRET):
        assert [name for name, text in texts.items() if secret in text] == []
    check_files(tmp_path)


@pytest.mark.usefixtures("quiet_root")
async def test_token_of_the_phone_appears_nowhere(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    settings = LogSettings(level=LogLevel.DEBUG, exchange_level=LogLevel.DEBUG)
    logs = start_logs(settings, tmp_path / "logs", (TOKEN,))
    logging.getLogger("futtui").propagate = True
    caplog.set_level(logging.DEBUG)
    try:
        async with exchange(server_config(seed=3, symbols=(SYMBOL,))) as world:
            engine = await live_engine(world, tmp_path / "a.db", 1)
            async with with_phone(engine, tmp_path) as (server, _):
                server.down = True
                await run_lockstep(engine, 17)
                await until(lambda: bool(lines(engine, "cannot be reached")))
                server.down = False
                await until(lambda: bool(server.sent), 30)
            async with with_phone(engine, tmp_path) as (server, _):
                server.token_known = False
                await until(lambda: bool(lines(engine, "oken")), 30)
            shown = " ".join(line.text for line in engine.parts.log_book.lines()) + repr(engine.snapshot())
            await engine.stop()
    finally:
        logs.close()
    secret = TOKEN.partition(":")[2]
    assert len(secret) > 10
    assert "cannot be reached" in shown
    ours = [record for record in caplog.records if record.name.startswith("futtui")]
    assert secret not in shown + " ".join(record.getMessage() for record in ours)
    check_files(tmp_path, secret)


def check_files(folder: Path, *secrets: str) -> None:
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {"a.db", "a-live-book.jsonl", "futtui.log"} <= {path.name for path in files}
    for secret in secrets or (KEY, SECRET):
        assert [path.name for path in files if secret.encode() in path.read_bytes()] == []
