"""The embedded exchange as a process: ready quickly, gone with its parent, nothing left behind."""

from __future__ import annotations

import asyncio
import gc
import os
import pickle
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

import psutil
import pytest

from futtui.domain.errors import ExchangeError, InvalidInputError
from futtui.exchange.ports import Endpoints
from futtui.exchange.simulator.ports import MarketSource
from futtui.exchange.simulator.process import EmbeddedExchange, ServerConfig, settings_text
from futtui.exchange.simulator.wire.server import running_server
from tests.exchange.simulator.wire.client import Client
from tests.shared_data import shared_path

SMALL = ServerConfig(symbols=("BTCUSDT",), history_days=2, speed="max")
PARENT = """
import sys
from futtui.exchange.simulator.process import EmbeddedExchange, ServerConfig
if __name__ == "__main__":
    exchange = EmbeddedExchange(ServerConfig(symbols=("BTCUSDT",), history_days=2, speed="max"))
    exchange.start()
    exchange.wait_ready(60)
    print(exchange.pid, flush=True)
    sys.stdin.read()
"""


def wait_until_gone(pid: int, timeout_s: float = 10.0) -> bool:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.02)
    return False


def test_child_answers_with_its_label_and_is_gone_after_stop() -> None:
    exchange = EmbeddedExchange(SMALL)
    exchange.start()
    exchange.start()
    endpoints = exchange.wait_ready(60)
    assert endpoints.synthetic
    assert endpoints.label == "SYNTHETIC MARKET (seed 7)"
    with urllib.request.urlopen(endpoints.rest + "/fapi/v1/ping", timeout=5) as answer:
        assert answer.status == 200
    pid = exchange.pid
    assert pid is not None
    assert exchange.is_running
    exchange.stop()
    exchange.stop()
    assert not psutil.pid_exists(pid)


def test_child_that_cannot_start_says_why() -> None:
    exchange = EmbeddedExchange(ServerConfig(source="history", history_path="no-such-folder"))
    exchange.start()
    try:
        with pytest.raises(ExchangeError, match="no-such-folder"):
            exchange.wait_ready(60)
    finally:
        exchange.stop()


def test_child_that_is_killed_is_trouble_in_words_but_a_stopped_one_is_not() -> None:
    exchange = EmbeddedExchange(SMALL)
    exchange.start()
    try:
        exchange.wait_ready(60)
        assert exchange.trouble() == ""
        assert exchange.pid is not None
        psutil.Process(exchange.pid).kill()
        deadline = time.monotonic() + 10.0
        while not exchange.trouble() and time.monotonic() < deadline:
            time.sleep(0.02)
        assert "ended by itself" in exchange.trouble()
    finally:
        exchange.stop()
    assert exchange.trouble() == ""


def test_waiting_without_start_is_refused() -> None:
    with pytest.raises(ExchangeError, match="start"):
        EmbeddedExchange(SMALL).wait_ready(1)


def test_child_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(PARENT, encoding="utf-8")
    root = str(Path(__file__).resolve().parents[4])
    environment = {**os.environ, "PYTHONPATH": root}
    parent = subprocess.Popen(
        [sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    )
    with parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert psutil.pid_exists(child)
        parent.kill()
    assert wait_until_gone(child)


async def test_in_process_server_leaves_no_task_thread_or_socket(small_market: MarketSource) -> None:
    me = psutil.Process()
    gc.collect()
    tasks, threads = len(asyncio.all_tasks()), threading.active_count()
    listening = len([entry for entry in me.net_connections() if entry.status == psutil.CONN_LISTEN])
    async with running_server(ServerConfig(speed=60.0), small_market) as endpoints, Client(endpoints) as client:
        streams = [await client.stream(f"/market/ws/btcusdt@kline_1m/{number}") for number in range(3)]
        assert (await client.call("GET", "/fapi/v1/ping"))[0] == 200
        await streams[0].receive()
    await asyncio.sleep(0)
    gc.collect()
    assert len(asyncio.all_tasks()) == tasks
    assert threading.active_count() <= threads
    assert len([entry for entry in me.net_connections() if entry.status == psutil.CONN_LISTEN]) == listening


def test_config_travels_to_another_process_and_hides_its_secret() -> None:
    config = ServerConfig(symbols=("BTCUSDT",), speed="max", api_secret="very-secret")
    assert pickle.loads(pickle.dumps(config)) == config
    assert "very-secret" not in repr(config)


@pytest.mark.parametrize(
    "values", [{"source": "casino"}, {"source": "history"}, {"speed": "fast"}, {"step_ms": 7000}, {"step_ms": 0}]
)
def test_config_out_of_range_is_refused(values: dict[str, object]) -> None:
    with pytest.raises(InvalidInputError):
        ServerConfig(**values)  # type: ignore[arg-type]


def test_settings_text_names_every_address() -> None:
    text = "\n".join(settings_text(SMALL, Endpoints("http://h:1", "ws://h:1", "SYNTHETIC MARKET (seed 7)", True)))
    assert all(word in text for word in ("http://h:1", "ws://h:1", "SYNTHETIC", "demo-key", "Ctrl+C", "/sim/state"))


async def test_history_replay_serves_recorded_candles_and_stops_at_their_end() -> None:
    folder = shared_path("market-data/futures/klines/15m")
    day_ms = 1_709_251_200_000  # 2024-03-01
    config = ServerConfig(
        source="history",
        history_path=str(folder),
        symbols=("BTCUSDT", "ADAUSDT"),
        start_ms=day_ms,
        end_ms=day_ms + 3_600_000,
        history_days=2,
        speed="max",
        step_ms=60_000,
    )
    async with running_server(config) as endpoints, Client(endpoints) as client:
        assert endpoints.label.startswith("HISTORY REPLAY")
        assert not endpoints.synthetic
        _, rows = await client.call("GET", "/fapi/v1/klines", symbol="BTCUSDT", interval="15m", limit=3)
        assert rows[-1][0] == day_ms
        assert rows[0][9] is None  # the archive copy does not know the taker volume
        last = await client.advance(100)
        assert (last["ended"], last["now_ms"]) == (True, day_ms + 3_600_000)
        assert (await client.call("GET", "/sim/state"))[1]["ended"] is True
        _, rows = await client.call(
            "GET", "/fapi/v1/klines", symbol="BTCUSDT", interval="1h", startTime=day_ms, limit=2
        )
        assert (rows[0][0], [float(cell) for cell in rows[0][1:5]]) == (day_ms, [61203.3, 61842.2, 61199.4, 61575.3])


def test_held_exchange_begins_when_it_is_waited_for_and_ends_unbegun_too() -> None:
    unbegun = EmbeddedExchange(ServerConfig(symbols=("BTCUSDT",), history_days=2))
    unbegun.start(held=True)
    unbegun.stop()
    assert not unbegun.is_running
    exchange = EmbeddedExchange(ServerConfig(symbols=("BTCUSDT",), history_days=2))
    exchange.start(held=True)
    try:
        assert exchange.wait_ready(30).rest.startswith("http://127.0.0.1:")
    finally:
        exchange.stop()
