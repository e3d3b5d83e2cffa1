"""What every strategy is given, must answer and must be able to remember."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from futtui.domain.candle import Candle
from futtui.domain.reading import FrameReading, ProfileReading, StrategyVerdict
from futtui.domain.signal import RawSignal, System
from futtui.domain.timeframe import Timeframe
from futtui.domain.zone import Zone

Proposal = RawSignal | StrategyVerdict
"""A signal, or the plain-language reason why there is none."""


class CandleSource(Protocol):
    """Gives the newest closed candles of a timeframe, oldest first; fewer than asked where history is short."""

    def __call__(self, timeframe: Timeframe, count: int) -> Sequence[Candle]: ...


@dataclass(frozen=True, slots=True)
class StrategyContext:
    """All that a strategy may know of one symbol at `time_ms`, the close that it decides on.

    A timeframe whose reading or candles would reach past `time_ms` is cut here, whatever the source holds, so no
    strategy can look ahead. A missing frame or measure is None.
    """

    symbol: str
    time_ms: int
    frames: Mapping[Timeframe, FrameReading]
    candle_source: CandleSource
    zones: tuple[Zone, ...] = ()
    daily_vwap: float | None = None
    profile: ProfileReading | None = None
    tick_size: float | None = None

    def frame(self, timeframe: Timeframe) -> FrameReading | None:
        """The measures of a timeframe at its last close, or None when it has none that is closed by now."""
        reading = self.frames.get(timeframe)
        return None if reading is None or reading.close_time_ms > self.time_ms else reading

    def candles(self, timeframe: Timeframe, count: int) -> Sequence[Candle]:
        """The newest `count` candles closed by `time_ms`, oldest first; fewer where history is short."""
        bars = self.candle_source(timeframe, count)
        if not bars or timeframe.end_ms(bars[-1].open_time_ms) <= self.time_ms:
            return bars
        surplus = timeframe.bars_between(timeframe.last_closed_open_ms(self.time_ms), bars[-1].open_time_ms) - 1
        wider = self.candle_source(timeframe, count + surplus)
        return [bar for bar in wider if timeframe.end_ms(bar.open_time_ms) <= self.time_ms][-count:]


class BaseStrategy(ABC):
    """One idea of when to trade, for one symbol.

    `evaluate` is called once per close of `timeframe`, in order. Between calls a strategy may remember things, but only
    for a bounded number of bars: `memory_bars` closes in a row rebuild its memory whatever came before.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    system: ClassVar[System] = System.CORE
    timeframe: ClassVar[Timeframe] = Timeframe.M15

    def __init__(self, symbol: str) -> None:
        self.symbol = symbol

    @property
    @abstractmethod
    def enabled(self) -> bool:
        """Whether the user wants this strategy to run."""

    @property
    @abstractmethod
    def required_bars(self) -> int:
        """Candles of its own timeframe that it needs before it can decide."""

    @property
    @abstractmethod
    def memory_bars(self) -> int:
        """Closes after which nothing older can still influence it."""

    @abstractmethod
    def evaluate(self, context: StrategyContext) -> Proposal:
        """A signal for this close, or the reason why there is none."""

    @abstractmethod
    def reset(self) -> None:
        """Forget everything, as if new."""

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """What it remembers, as plain JSON types."""

    @abstractmethod
    def restore(self, state: Mapping[str, Any]) -> None:
        """Continue exactly where `state()` was taken."""

    def refuse(self, reason: str) -> StrategyVerdict:
        """The answer "no", with its reason."""
        return StrategyVerdict(self.name, False, reason)


def inputs_hash(settings: object, candles: Sequence[Candle]) -> str:
    """A short fingerprint of the parameters and candles behind a decision: same inputs, same text."""
    digest = hashlib.blake2b(repr(settings).encode(), digest_size=8)
    for bar in candles:
        row = (bar.open_time_ms, bar.open, bar.high, bar.low, bar.close, bar.volume)
        digest.update(repr(row).encode())
    return digest.hexdigest()
