"""Candles for tests: real ones, and made ones with prices that mirror exactly."""

from __future__ import annotations

import csv
import gzip
import random
from functools import cache
from itertools import islice

from futtui.domain.candle import Candle
from futtui.domain.timeframe import DAY_MS, Timeframe
from tests.shared_data import shared_path

START_MS = 19_700 * DAY_MS
GRID = 1.0 / 64.0
"""Made prices are multiples of this: sums and mirror images of them are exact in binary."""


@cache
def real_candles(symbol: str = "BTCUSDT", first: int = 60_000, count: int = 3_000) -> tuple[Candle, ...]:
    """Real 15-minute candles; skips the test where the shared folder is absent."""
    path = shared_path(f"market-data/futures/klines/15m/{symbol}.csv.gz")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = islice(csv.DictReader(lines), first, first + count)
        columns = ("open", "high", "low", "close", "volume")
        return tuple(Candle(int(row["open_time"]), *(float(row[name]) for name in columns)) for row in rows)


def made_candles(
    count: int,
    *,
    seed: int = 1,
    start: float = 1024.0,
    drift: float = 0.0,
    noise: float = 1.0,
    timeframe: Timeframe = Timeframe.M15,
    start_ms: int = START_MS,
) -> list[Candle]:
    """A seeded random walk on the exact grid, with volumes and taker volumes."""
    dice = random.Random(seed)
    close = start
    candles = []
    for number in range(count):
        opened = close
        close = max(8.0, snap(opened + drift + dice.gauss(0.0, noise)))
        high = max(opened, close) + snap(abs(dice.gauss(0.0, noise / 2)))
        low = min(opened, close) - snap(abs(dice.gauss(0.0, noise / 2)))
        volume = float(dice.randint(1, 1000))
        taken = float(dice.randint(0, int(volume)))
        open_ms = start_ms + number * timeframe.ms
        candles.append(Candle(open_ms, opened, high, max(low, GRID), close, volume, taker_buy_volume=taken))
    return candles


def snap(value: float) -> float:
    """The nearest price on the exact grid."""
    return round(value / GRID) * GRID


def mirrored(candles: list[Candle], around: float = 2048.0) -> list[Candle]:
    """The same market upside down: every price p becomes `around` - p."""
    return [
        Candle(
            bar.open_time_ms,
            around - bar.open,
            around - bar.low,
            around - bar.high,
            around - bar.close,
            bar.volume,
            taker_buy_volume=None if bar.taker_buy_volume is None else bar.volume - bar.taker_buy_volume,
        )
        for bar in candles
    ]


def grouped(candles: list[Candle] | tuple[Candle, ...], timeframe: Timeframe) -> list[Candle]:
    """Whole bars of a longer timeframe."""
    parts: dict[int, list[Candle]] = {}
    for bar in candles:
        parts.setdefault(timeframe.open_ms(bar.open_time_ms), []).append(bar)
    return [
        Candle(
            open_ms,
            bars[0].open,
            max(bar.high for bar in bars),
            min(bar.low for bar in bars),
            bars[-1].close,
            sum(bar.volume for bar in bars),
        )
        for open_ms, bars in parts.items()
    ]
