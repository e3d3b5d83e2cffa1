"""Strategies for tests of the instrument: an honest coin, and cheats that know tomorrow in different ways."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import numpy as np

from futtui.domain.regime import Regime
from futtui.domain.side import Side
from futtui.domain.signal import Levels, RawSignal, SignalPart, Trigger
from futtui.domain.timeframe import Timeframe
from futtui.strategies.base import MemorylessStrategy, Proposal, StrategyContext

STEP_MS = Timeframe.M15.ms
START_MS = 1_704_067_200_000  # 2024-01-01 00:00 UTC
SYMBOL = "MADEUSDT"


class Plugged(MemorylessStrategy):
    """Trades when `side_at` names a side; stop and targets in ATR."""

    name: ClassVar[str] = "atr_momentum"
    title: ClassVar[str] = "A test"
    every: ClassVar[int] = 4

    @property
    def enabled(self) -> bool:
        return True

    @property
    def required_bars(self) -> int:
        return 20

    @property
    def memory_bars(self) -> int:
        return 0

    def evaluate(self, context: StrategyContext) -> Proposal:
        frame = context.frame(Timeframe.M15)
        side = self.side_at(context)
        if frame is None or frame.atr is None or side is None:
            return self.refuse("not now")
        sign, risk, entry = side.sign, 2.0 * frame.atr, frame.close
        targets = tuple(entry + sign * risk * reward for reward in (1.0, 1.5, 2.0))
        return RawSignal(
            symbol=self.symbol, system=self.system, strategy=self.name, timeframe=Timeframe.M15, side=side,
            trigger=Trigger.IMMEDIATE, time_ms=context.time_ms, valid_until_ms=context.time_ms + STEP_MS,
            levels=Levels(side, entry, entry - sign * risk, targets), atr=frame.atr, base_score=6.0,
            regime=Regime.RANGE, parts=(SignalPart("setup", 6.0, "a test"),), summary="a test", time_stop_bars=20,
        )  # fmt: skip

    def side_at(self, context: StrategyContext) -> Side | None:
        raise NotImplementedError


class Coin(Plugged):
    """Heads long, tails short, by a fingerprint of seed and what was seen; knows nothing."""

    seed: ClassVar[int] = 1

    def side_at(self, context: StrategyContext) -> Side | None:
        bars = context.candles(Timeframe.M15, 2)
        text = f"{self.seed} {[bar.close for bar in bars]}"
        number = hashlib.blake2b(text.encode(), digest_size=4).digest()[0]
        if len(bars) < 2 or number % self.every:
            return None
        return Side.LONG if number % (2 * self.every) < self.every else Side.SHORT


class TableOfTomorrow(Plugged):
    """Looks the close of four hours later up in a table that it was given before."""

    closes: ClassVar[Mapping[int, float]] = {}

    def side_at(self, context: StrategyContext) -> Side | None:
        now, later = self.closes.get(context.time_ms), self.closes.get(context.time_ms + 16 * STEP_MS)
        if now is None or later is None or abs(later / now - 1.0) < 0.004:
            return None
        return Side.LONG if later > now else Side.SHORT


class FileOfTomorrow(Plugged):
    """Reads the candle file while it decides, and looks at its last line."""

    file: ClassVar[Path] = Path()

    def side_at(self, context: StrategyContext) -> Side | None:
        last = self.file.read_text().splitlines()[-1].split(",")
        return Side.LONG if float(last[4]) > context.candles(Timeframe.M15, 1)[0].close else Side.SHORT


def made_history(folder: Path, days: int, seed: int = 1, drift: float = 0.0) -> dict[int, float]:
    """A random walk as `15m/MADEUSDT.csv` from START_MS on; gives the closes by close time."""
    generator = np.random.default_rng(seed)
    count = days * 96
    closes = 100.0 * np.exp(np.cumsum(generator.normal(drift, 0.003, count)))
    opens = np.concatenate([[100.0], closes[:-1]])
    highs = np.maximum(opens, closes) * (1 + np.abs(generator.normal(0, 0.001, count)))
    lows = np.minimum(opens, closes) * (1 - np.abs(generator.normal(0, 0.001, count)))
    lines = ["open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote,x"]
    found = {}
    for place in range(count):
        open_ms = START_MS + place * STEP_MS
        prices = [f"{price[place]:.3f}" for price in (opens, highs, lows, closes)]
        volume = f"{generator.uniform(500, 1500):.1f}"
        lines.append(f"{open_ms},{','.join(prices)},{volume},{open_ms + STEP_MS - 1},,,,,0")
        found[open_ms + STEP_MS] = float(prices[3])
    place_15m = folder / "15m"
    place_15m.mkdir(parents=True)
    (place_15m / f"{SYMBOL}.csv").write_text("\n".join(lines) + "\n")
    return found
