"""A plain strategy on one year of 1m bars: our event engine beside others that go from bar to bar.

The others live in environments of their own, so that nothing of theirs gets into ours. Name the Python of each in
an environment variable; one that is not there is left out, with the commands that install it:

    python -m venv peers/NAME; peers/NAME/bin/pip install PACKAGE; export FUTTUI_PEER_NAME=peers/NAME/bin/python

NAME and PACKAGE: backtesting backtesting, nautilus nautilus_trader, jesse jesse, freqtrade freqtrade (the variable in
capitals). Neither jesse's database nor an exchange is needed: candles go to them as arrays, and freqtrade gets the
description of its one market from the script.

All play the same strategy, each in its own way of filling: with jesse and backtesting.py at the close or next open,
with freqtrade the half at 1R leaves at the open after it. So trade lists differ a little; ours is held to an
independent reference by a test.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from time import process_time

import numpy as np

from benchmarks._ema_cross import PlainBar, ema_cross
from futtui.measurement.statistics import break_even_win_rate, drawdown, profit_factor, wilson

NAME = "backtest-peers"
DESCRIPTION = "EMA cross, ATR stop, 1R and 2R on a year of 1m bars: our event engine beside backtesting.py and others"

BARS = 525_600
RUNS = 3
SCRIPTS = Path(__file__).parent / "_peer_engines"
PEERS = {
    "backtesting": ("backtesting.py", "backtesting", BARS),
    "nautilus": ("nautilus_trader", "nautilus_trader", BARS // 4),
    "jesse": ("jesse", "jesse", BARS // 10),
    "freqtrade": ("freqtrade", "freqtrade", BARS // 10),
}
"""Name to (title, package, how many bars it is given: the slow ones get a part of the year)."""


def run() -> tuple[list[tuple[str, ...]], dict[str, float]]:
    """Table rows (header first) and figures: bars a second of CPU time, and ours in multiples of the fastest other."""
    candles = made_candles(BARS)
    rows: list[tuple[str, ...]] = [("engine", "bars", "CPU s", "bars a second", "trades")]
    seconds, results = min((_ours(candles) for _ in range(RUNS)), key=lambda each: each[0])
    rows.append(("futtui", f"{BARS:,}", f"{seconds:.2f}", f"{BARS / seconds:,.0f}", f"{len(results):,}"))
    figures = {"futtui_bars_per_s": round(BARS / seconds), "trades": float(len(results))}
    others = []
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "candles.npy"
        np.save(file, candles)
        for name, (title, package, count) in PEERS.items():
            python = os.environ.get(variable(name), "")
            if not python:
                rows.append((title, "-", "-", f"not there: {how_to_install(name, package)}", "-"))
                continue
            took, trades = _other(python, name, file, count)
            others.append(count / took)
            rows.append((title, f"{count:,}", f"{took:.2f}", f"{count / took:,.0f}", f"{trades:,}"))
            figures[f"{name}_bars_per_s"] = round(count / took)
    if others:
        figures["times_the_fastest_other"] = round(BARS / seconds / max(others), 2)
    _tell(results)
    return rows, figures


def variable(name: str) -> str:
    """The environment variable with the Python of an engine."""
    return f"FUTTUI_PEER_{name.upper()}"


def how_to_install(name: str, package: str) -> str:
    """The commands that put an engine into an environment of its own."""
    folder = f"peers/{name}"
    return f"python -m venv {folder}; {folder}/bin/pip install {package}; {variable(name)}={folder}/bin/python"


def made_candles(count: int, seed: int = 11) -> np.ndarray:
    """Rows of open, high, low, close: a random walk whose swings change with the hours, on a grid of 0.01."""
    draws = np.random.default_rng(seed)
    sigma = 0.0006 * (1.0 + 0.6 * np.sin(np.arange(count) / 720.0))
    closes = 30_000.0 * np.exp(np.cumsum(draws.normal(0.0, 1.0, count) * sigma))
    opens = np.concatenate([[30_000.0], closes[:-1]]) * (1.0 + draws.normal(0.0, 0.00005, count))
    highs = np.maximum(opens, closes) * (1.0 + draws.uniform(0.0, 0.0005, count))
    lows = np.minimum(opens, closes) * (1.0 - draws.uniform(0.0, 0.0005, count))
    return np.round(np.column_stack([opens, highs, lows, closes]), 2)


def _ours(candles: np.ndarray) -> tuple[float, list[float]]:
    begun = process_time()
    results = [trade.result_r for trade in ema_cross(map(PlainBar._make, candles.tolist()))]
    return process_time() - begun, results


def _other(python: str, name: str, file: Path, count: int) -> tuple[float, int]:
    """CPU seconds and trades of another engine; its script prints both as the last line."""
    script = SCRIPTS / f"{name}_engine.py"
    done = subprocess.run([python, str(script), str(file), str(count)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{name} failed:\n{done.stderr[-2_000:]}")
    seconds, trades = done.stdout.strip().splitlines()[-1].split()
    return float(seconds), int(trades)


def _tell(results: list[float]) -> None:
    """The figures of our run on standard error: a fast engine that is wrong is no use."""
    rate = wilson(sum(value > 0 for value in results), len(results))
    print(
        f"futtui: win rate {rate.value or 0:.1%}, break-even {break_even_win_rate(results) or 0:.1%}, "
        f"profit factor {profit_factor(results) or 0:.2f}, drawdown {drawdown(results):.0f} R",
        file=sys.stderr,
    )
