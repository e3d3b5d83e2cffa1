"""Markets for the analysis tests: real candles from the shared archive and small synthetic walks."""

from __future__ import annotations

import csv
import gzip
import math
import random
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache

from futtui.domain.candle import Candle
from futtui.domain.timeframe import ANALYSIS_TIMEFRAMES, Timeframe
from tests.shared_data import shared_path

History = dict[Timeframe, list[Candle]]
Moments = dict[int, list[tuple[Timeframe, Candle]]]
WARM_UP_BARS = {Timeframe.M15: 3000, Timeframe.H1: 1000, Timeframe.H4: 900, Timeframe.D1: 180}


def at(text: str) -> int:
    """Epoch milliseconds of an ISO date, UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


@cache
def real_quarters(symbol: str, first: str, last: str) -> tuple[Candle, ...]:
    """15m candles of the archive that opened from `first` (included) to `last` (excluded)."""
    path = shared_path(f"market-data/futures/klines/15m/{symbol}.csv.gz")
    begin, end = at(first), at(last)
    found = []
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = csv.reader(file)
        next(rows)
        for row in rows:
            if begin <= (time_ms := int(row[0])) < end:
                taker = float(row[9]) if row[9] else None
                found.append(Candle(time_ms, *map(float, row[1:6]), taker_buy_volume=taker))
    return tuple(found)


def walk(seed: int, bars: int, price: float = 100.0, step: float = 0.004, start: str = "2024-01-01") -> list[Candle]:
    """A made-up market: trends that change, volume that follows the moves."""
    dice = random.Random(seed)
    found, drift, begin = [], 0.0, at(start)
    for number in range(bars):
        if number % 60 == 0:
            drift = dice.choice((-0.35, 0.0, 0.35)) * step
        heat = math.exp(dice.gauss(0, 0.5))
        points = [price]
        for _ in range(4):
            points.append(points[-1] * (1 + dice.gauss(drift / 4, step * heat / 2)))
        volume = 100 * heat * math.exp(dice.gauss(0, 0.4))
        found.append(Candle(begin + number * Timeframe.M15.ms, points[0], max(points), min(points), points[-1], volume))
        price = points[-1]
    return found


def combine(quarters: Sequence[Candle], timeframe: Timeframe) -> list[Candle]:
    """Whole bars of a longer timeframe put together from 15m candles."""
    groups: dict[int, list[Candle]] = {}
    for bar in quarters:
        groups.setdefault(timeframe.open_ms(bar.open_time_ms), []).append(bar)
    whole = timeframe.ms // Timeframe.M15.ms
    return [
        Candle(
            open_ms,
            bars[0].open,
            max(bar.high for bar in bars),
            min(bar.low for bar in bars),
            bars[-1].close,
            sum(bar.volume for bar in bars),
        )
        for open_ms, bars in groups.items()
        if len(bars) == whole
    ]


def all_frames(quarters: Sequence[Candle]) -> History:
    """The candles of every analysis timeframe."""
    return {
        frame: list(quarters) if frame is Timeframe.M15 else combine(quarters, frame) for frame in ANALYSIS_TIMEFRAMES
    }


def split(frames: History, time_ms: int, bars: dict[Timeframe, int] | None = None) -> tuple[History, Moments]:
    """(history closed by `time_ms`, later closes by moment); `bars` limits the history of each timeframe."""
    past: History = {}
    moments: Moments = {}
    for frame, candles in frames.items():
        closed = [bar for bar in candles if frame.end_ms(bar.open_time_ms) <= time_ms]
        past[frame] = closed[-bars[frame] :] if bars else closed
        for bar in candles[len(closed) :]:
            moments.setdefault(frame.end_ms(bar.open_time_ms), []).append((frame, bar))
    return past, dict(sorted(moments.items()))
