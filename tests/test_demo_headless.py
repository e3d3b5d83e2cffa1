"""`futtui demo --headless` as a user runs it: its JSON, a replay of own files, and Ctrl+C at any moment."""

from __future__ import annotations

import csv
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from futtui.cli.demo_command import DEMO_HISTORY, demo_history
from futtui.config.settings import load

COUNTS = {
    "candles", "analyses", "duplicate_candles", "signals", "signals_by_strategy", "signals_refused", "orders",
    "cancels", "fills", "trades", "gaps", "gap_candles_filled", "reconnects", "log_lines",
}  # fmt: skip
RUN = {"source", "synthetic", "mode", "symbols", "start_ms", "end_ms", "complete"}
ACCOUNT = {
    "equity", "wallet_balance", "start_equity", "wins", "losses", "break_evens", "net_r", "open_positions",
}  # fmt: skip
SIGNAL = {
    "signal_id", "time_ms", "status", "reason", "symbol", "strategy", "side", "trigger", "score", "entry", "stop",
    "targets", "summary",
}  # fmt: skip
SHORT_HISTORY = "market:\n  history: {bars_15m: 300, bars_1h: 250, bars_4h: 210, bars_1d: 60}\n"
QUARTER_MS, DAY_MS = 900_000, 86_400_000
MARK = "FUTTUI_TEST_RUN"


def command(folder: Path, *arguments: str) -> list[str]:
    config = folder / "short.yaml"
    config.write_text(SHORT_HISTORY, encoding="utf-8")
    fixed = ("demo", "--headless", "--config", str(config), "--home", str(folder / "home"))
    return [sys.executable, "-m", "futtui", *fixed, *arguments]


def run(folder: Path, *arguments: str) -> dict[str, Any]:
    """Run to the end and give back the JSON."""
    file = folder / "out.json"
    answer = subprocess.run(
        command(folder, "--json", str(file), *arguments),
        cwd=folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=90,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    assert answer.stderr == ""
    found = json.loads(file.read_text(encoding="utf-8"))
    assert found["fingerprint"] in answer.stdout
    return dict(found)


def check_shape(found: dict[str, Any]) -> None:
    named = {"schema", "run", "counts", "account", "fingerprint", "decisions", "wall_seconds", "signals", "trades"}
    assert found.keys() == named
    assert found["schema"] == 1
    assert found["run"].keys() == RUN
    assert found["counts"].keys() == COUNTS
    assert found["account"].keys() == ACCOUNT
    assert all(item.keys() == SIGNAL for item in found["signals"])
    assert found["wall_seconds"] > 0
    opened = {item["signal_id"] for item in found["signals"] if item["status"] in ("ACTIVE", "WAITING")}
    assert len(opened) == found["counts"]["signals"] == sum(found["counts"]["signals_by_strategy"].values())
    assert len(found["trades"]) == found["counts"]["trades"]
    wins = sum(found["account"][name] for name in ("wins", "losses", "break_evens"))
    assert wins == found["counts"]["trades"]


def whole(database: Path) -> bool:
    with closing(sqlite3.connect(database)) as connection:
        return bool(connection.execute("PRAGMA integrity_check").fetchone() == ("ok",))


def test_demo_headless_json_has_every_figure_of_a_run_over_the_wire(tmp_path: Path) -> None:
    found = run(tmp_path, "--minutes", "60", "--speed", "max", "--seed", "3", "--symbols", "BTCUSDT,ETHUSDT")
    check_shape(found)
    assert found["run"]["source"] == "SYNTHETIC MARKET (seed 3)"
    assert found["run"]["synthetic"] is True
    assert found["run"]["mode"] == "LIVE"
    assert found["run"]["complete"] is True
    assert found["run"]["end_ms"] - found["run"]["start_ms"] == 60 * 60_000
    assert found["counts"]["analyses"] == 2 * 4
    assert found["counts"]["candles"] == 2 * (4 + 1)
    assert found["counts"]["gaps"] == found["counts"]["reconnects"] == 0
    assert whole(tmp_path / "home" / "demo.db")


def write_candles(path: Path, first_ms: int, count: int) -> None:
    """A random walk in the archive's form; taker volume is left out, as in many copies."""
    chance, price = random.Random(5), 100.0
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        names = ["open_time", "open", "high", "low", "close", "volume", "close_time", "quote_volume", "count"]
        rows.writerow([*names, "taker_buy_volume", "taker_buy_quote_volume", "ignore"])
        for index in range(count):
            time_ms, opened = first_ms + index * QUARTER_MS, price
            price = max(50.0, price * (1 + chance.gauss(0, 0.003)))
            high, low = max(opened, price) * 1.001, min(opened, price) * 0.999
            prices = [f"{value:.2f}" for value in (opened, high, low, price)]
            rows.writerow([time_ms, *prices, chance.randint(100, 900), time_ms + QUARTER_MS - 1, "", "", "", "", 0])


def test_demo_headless_history_replays_own_files_and_ends_with_them(tmp_path: Path) -> None:
    folder = tmp_path / "candles"
    folder.mkdir()
    first_ms = 1_704_067_200_000
    write_candles(folder / "BTCUSDT.csv", first_ms, 61 * 96 + 16)
    arguments = ["--history", str(folder), "--symbols", "BTCUSDT", "--from", "2024-03-02", "--speed", "max"]
    found = run(tmp_path, *arguments, "--minutes", "2000", "--mode", "paper")
    check_shape(found)
    assert found["run"]["synthetic"] is False
    assert found["run"]["mode"] == "PAPER"
    assert found["run"]["complete"] is False
    assert found["run"]["start_ms"] == first_ms + 61 * DAY_MS
    assert found["run"]["end_ms"] == first_ms + 61 * DAY_MS + 16 * QUARTER_MS
    assert found["counts"]["analyses"] == 16
    assert found["counts"]["candles"] == 16 + 4 + 1


# --- Ctrl+C ---------------------------------------------------------------------------------------------------------


def marked_processes(mark: str) -> list[str]:
    """Command lines of living processes that carry `mark` in their environment (Linux)."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if f"{MARK}={mark}".encode() in (folder / "environ").read_bytes():
                found.append((folder / "cmdline").read_text().replace("\0", " "))
    return found


def wait_for(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return False


def has_candles(database: Path) -> bool:
    if not database.is_file():
        return False
    with suppress(sqlite3.Error), closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        return bool(connection.execute("SELECT count(*) FROM candles").fetchone()[0] > 0)
    return False


@pytest.mark.skipif(sys.platform == "win32", reason="a process cannot send itself Ctrl+C there without its console")
@pytest.mark.parametrize(("speed", "moment"), [("max", "at once"), ("max", "while it runs"), ("60", "while it runs")])
def test_demo_headless_interrupted_ends_soon_and_leaves_a_usable_database(
    speed: str, moment: str, tmp_path: Path
) -> None:
    mark = f"{tmp_path.name}-{os.getpid()}"
    database = tmp_path / "home" / "demo.db"
    process = subprocess.Popen(
        command(tmp_path, "--minutes", "100000", "--speed", speed, "--symbols", "BTCUSDT,ETHUSDT"),
        cwd=tmp_path,
        env={**os.environ, MARK: mark},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        if moment == "at once":
            assert wait_for(lambda: len(marked_processes(mark)) > 1 or not Path("/proc").is_dir(), 60)
        else:
            assert wait_for(lambda: has_candles(database), 60)
        os.killpg(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
    assert "Traceback" not in errors
    assert wait_for(lambda: marked_processes(mark) == [], 60), marked_processes(mark)
    assert not database.is_file() or whole(database)
    assert not database.with_name("demo.db-wal").exists()


def test_demo_history_is_short_but_what_the_user_set_of_it_wins(tmp_path: Path) -> None:
    assert demo_history(load(None, {})) == DEMO_HISTORY
    file = tmp_path / "config.yaml"
    file.write_text("market:\n  history: {bars_1d: 60, bars_15m: 3000}\n", encoding="utf-8")
    wanted = replace(DEMO_HISTORY, bars_1d=60, bars_15m=3000)
    assert demo_history(load(file, {})) == wanted
    assert demo_history(load(file, {"FUTTUI__MARKET__HISTORY__BARS_4H": "700"})) == replace(wanted, bars_4h=700)
