"""Made-up candles in files, in every shape that a user may have them."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import numpy as np

from futtui.domain.timeframe import DAY_MS, Timeframe

HEADER = (
    "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume,ignore"
)


def candle_rows(
    start_ms: int,
    days: float,
    *,
    frame: Timeframe = Timeframe.M15,
    seed: int = 1,
    price: float = 100.0,
    decimals: int = 3,
    taker: bool = False,
) -> list[str]:
    """A random walk; every row whole, taker volume only where it is asked for."""
    draws, step = np.random.default_rng(seed), frame.ms
    count = int(days * DAY_MS // step)
    closes = price * np.exp(np.cumsum(draws.normal(0, 0.004, count)))
    opens = np.concatenate([[price], closes[:-1]])
    highs = np.maximum(opens, closes) * (1 + draws.uniform(0, 0.003, count))
    lows = np.minimum(opens, closes) * (1 - draws.uniform(0, 0.003, count))
    volumes = draws.integers(1_000, 9_000, count)
    rows = []
    for place in range(count):
        open_ms = start_ms + place * step
        figures = ",".join(f"{each[place]:.{decimals}f}" for each in (opens, highs, lows, closes))
        flow = f",{volumes[place] * 100},50,{volumes[place] // 2},{volumes[place] * 50},0" if taker else ",,,,,0"
        rows.append(f"{open_ms},{figures},{volumes[place]},{open_ms + step - 1}{flow}")
    return rows


def write_candles(path: Path, start_ms: int, days: float, *, header: bool = True, **shape) -> Path:
    """A file of such candles; packed as its name says."""
    return write_rows(path, candle_rows(start_ms, days, **shape), header=header)


def write_rows(path: Path, rows: list[str], *, header: bool = True) -> Path:
    """A file of ready rows; packed as its name says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "\n".join(([HEADER] if header else []) + rows) + "\n"
    if path.name.endswith(".gz"):
        path.write_bytes(gzip.compress(text.encode()))
    elif path.name.endswith(".zip"):
        with zipfile.ZipFile(path, "w") as out:
            out.writestr(f"{path.stem}.csv", text)
    else:
        path.write_text(text, encoding="utf-8")
    return path
