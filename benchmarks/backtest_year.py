"""A whole backtest as a user starts it: all systems on many symbols, from reading the files to the last figure.

Nothing is taken from the cache. "ms a close" is all processor time, that of reading the files and of the warm-up too,
divided by the closes that were analysed. A second run of one day tells the beginning from what every further close
costs, so that a month says what a year would take. Memory is that of all processes together, shared pages counted once
where the system tells.

Without `--history` on made-up candles of 15m, the same on every machine; with it on a folder of candle files.
"""

from __future__ import annotations

import argparse
import gzip
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import psutil

from futtui.domain.timeframe import DAY_MS, Timeframe
from futtui.exchange.archive_csv import KLINE_HEADER

NAME = "backtest-year"
DESCRIPTION = "all systems, 20 symbols x a year of 15m closes in two worker processes: seconds, memory, ms a close"
TAKES_ARGUMENTS = True

SYMBOLS, DAYS = 20, 365
WARM_UP_DAYS = 500
LOOK_EVERY_S = 0.5
BASE_MS = Timeframe.M15.ms


def run(arguments: Sequence[str] = ()) -> tuple[list[tuple[str, ...]], dict[str, float]]:
    """Table rows (header first) and figures."""
    wanted = _options(arguments)
    start = datetime.fromisoformat(wanted.start).replace(tzinfo=UTC)
    with tempfile.TemporaryDirectory(prefix="futtui-year-") as name:
        folder = Path(name)
        history = Path(wanted.history) if wanted.history else folder / "candles"
        if not wanted.history:
            _make_market(history / Timeframe.M15.code, int(wanted.symbols), start, wanted.days)
        names = _symbols(history, wanted.symbols)
        figures = _measured(folder, history, names, start, wanted.days, wanted.workers)
        if wanted.days > 1:
            short = _measured(folder, history, names, start, 1, wanted.workers)
            figures |= _split(figures, short, len(names))
    table: list[tuple[str, ...]] = [
        ("what", "measured"),
        ("symbols x days", f"{len(names)} x {wanted.days}"),
        ("closes analysed", f"{figures['closes']:,.0f}"),
        ("seconds on the clock", f"{figures['wall_s']:.1f}"),
        ("seconds of processor, all processes", f"{figures['cpu_s']:.1f}"),
        ("ms of processor a close", f"{figures['ms_a_close']:.3f}"),
        ("most memory, MB", f"{figures['peak_mb']:.0f}"),
    ]
    if wanted.days > 1:
        title = f"{SYMBOLS} symbols x {DAYS} days at this rate, seconds of processor"
        table += [
            ("of these before the second day, s a symbol", f"{figures['begin_s_a_symbol']:.2f}"),
            ("ms of processor a further close", f"{figures['ms_a_further_close']:.3f}"),
            (title, f"{figures['year_cpu_s']:,.0f}"),
        ]
    return table, figures


def _split(whole: dict[str, float], short: dict[str, float], symbols: int) -> dict[str, float]:
    """What the beginning costs (files, warm-up, one day) and what every close after it, and both for a year."""
    begin_s = short["cpu_s"] / symbols
    further_ms = (whole["cpu_s"] - short["cpu_s"]) * 1000.0 / (whole["closes"] - short["closes"])
    year_s = SYMBOLS * (begin_s + (DAYS - 1) * (DAY_MS // BASE_MS) * further_ms / 1000.0)
    return {
        "begin_s_a_symbol": round(begin_s, 3),
        "ms_a_further_close": round(further_ms, 4),
        "year_cpu_s": round(year_s, 1),
    }


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks backtest-year", description=DESCRIPTION)
    parser.add_argument("--history", default="", help="folder of candle files; without it candles are made up")
    parser.add_argument("--symbols", default=str(SYMBOLS), help="how many symbols, or which ones: AUSDT,BUSDT")
    parser.add_argument("--days", type=int, default=DAYS, help="how many days are decided on")
    parser.add_argument("--start", default="2023-06-01", help="first of these days")
    parser.add_argument("--workers", type=int, default=2, help="worker processes for the analyses")
    return parser.parse_args(list(arguments))


def _symbols(history: Path, wanted: str) -> list[str]:
    """The symbols that are asked for: by name, or the first so many of the folder."""
    if not wanted.isdigit():
        return wanted.split(",")
    folder = history / Timeframe.M15.code
    names = sorted(path.name.split(".")[0] for path in (folder if folder.is_dir() else history).glob("*.csv*"))
    return names[: int(wanted)]


def _measured(
    folder: Path, history: Path, names: Sequence[str], start: datetime, days: int, workers: int
) -> dict[str, float]:
    """Run the command, and look at it and its workers twice a second."""
    file, until = folder / "out.json", start + timedelta(days=days)
    command = [sys.executable, "-m", "futtui", "backtest", "--no-cache", "--history", str(history)]
    command += ["--symbols", ",".join(names), "--from", f"{start:%Y-%m-%d}", "--to", f"{until:%Y-%m-%d}"]
    command += ["--workers", str(workers), "--json", str(file), "--home", str(folder / "home")]
    begun = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    used_s: dict[int, float] = {}
    most_bytes = 0
    while process.poll() is None:
        most_bytes = max(most_bytes, _look(process.pid, used_s))
        time.sleep(LOOK_EVERY_S)
    wall_s = time.perf_counter() - begun
    if process.returncode:
        raise SystemExit(f"The backtest failed with exit code {process.returncode}.")
    closes = json.loads(file.read_text(encoding="utf-8"))["run"]["analyses"]
    cpu_s = sum(used_s.values())
    return {
        "closes": closes,
        "wall_s": round(wall_s, 2),
        "cpu_s": round(cpu_s, 2),
        "ms_a_close": round(cpu_s * 1000.0 / closes, 4),
        "peak_mb": round(most_bytes / 1e6, 1),
    }


def _look(leader: int, used_s: dict[int, float]) -> int:
    """Memory of the process and its workers now; notes the processor time of each."""
    total = 0
    try:
        family = [psutil.Process(leader), *psutil.Process(leader).children(recursive=True)]
    except psutil.Error:
        return 0
    for each in family:
        try:
            times = each.cpu_times()
            memory = each.memory_full_info()
        except psutil.Error:
            continue
        used_s[each.pid] = times.user + times.system
        total += getattr(memory, "pss", memory.rss)
    return total


def _make_market(folder: Path, count: int, start: datetime, days: int) -> None:
    """Candle files of made-up symbols: walks whose swings and volume change with the hours, on a grid of prices."""
    folder.mkdir(parents=True)
    first_ms = int(start.timestamp() * 1000) - WARM_UP_DAYS * DAY_MS
    bars = (WARM_UP_DAYS + days) * DAY_MS // BASE_MS
    for number in range(count):
        draws = np.random.default_rng(number)
        sigma = 0.003 * (1.0 + 0.6 * np.sin(np.arange(bars) / (300.0 + 20.0 * number)))
        drift = np.repeat(draws.normal(0.0, 0.15, bars // 200 + 1), 200)[:bars]
        closes = np.exp(np.cumsum((draws.normal(0.0, 1.0, bars) + drift) * sigma) * 0.5)
        opens = np.concatenate([[1.0], closes[:-1]])
        highs = np.maximum(opens, closes) * (1.0 + draws.exponential(0.4, bars) * sigma)
        lows = np.minimum(opens, closes) / (1.0 + draws.exponential(0.4, bars) * sigma)
        volumes = np.round(1e6 * np.exp(draws.normal(0.0, 0.5, bars)) * (1.0 + 200.0 * np.abs(closes / opens - 1.0)))
        takers = np.round(
            volumes * np.clip(0.5 + 20.0 * (closes / opens - 1.0) + draws.normal(0, 0.05, bars), 0.0, 1.0)
        )
        prices = np.round(np.array([opens, highs, lows, closes]) * 100.0, 4).T.tolist()
        with gzip.open(folder / f"M{number:02d}USDT.csv.gz", "wt", compresslevel=1) as out:
            out.write(KLINE_HEADER + "\n")
            for place, (row, volume, taker) in enumerate(zip(prices, volumes.tolist(), takers.tolist(), strict=True)):
                at = first_ms + place * BASE_MS
                out.write(f"{at},{row[0]},{row[1]},{row[2]},{row[3]},{volume},{at + BASE_MS - 1},,,{taker},,0\n")
