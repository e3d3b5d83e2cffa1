"""What every strategy is given, must answer and must be able to remember."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from futtui.domain.candle import Candle
from futtui.domain.divergence import NO_DIVERGENCES, FrameDivergences
from futtui.domain.packing import quickly_made
from futtui.domain.reading import NO_PROFILES, FrameReading, ProfileReading, ProfileReadings, StrategyVerdict
from futtui.domain.side import Side
from futtui.domain.signal import RawSignal, System
from futtui.domain.timeframe import DAY_MS, Timeframe
from futtui.domain.vwap import NO_VWAPS, VwapReadings
from futtui.domain.zone import Zone
from futtui.indicators.asked import (
    AdxValues,
    BandValues,
    ChannelValues,
    IndicatorKey,
    IndicatorKind,
    Values,
    values_after,
)
from futtui.strategies.structure import Dip, OrientedBar, dips_of, orient

Proposal = RawSignal | StrategyVerdict
"""A signal, or the plain-language reason why there is none."""


class CandleSource(Protocol):
    """Gives the newest closed candles of a timeframe, oldest first; fewer than asked where history is short."""

    def __call__(self, timeframe: Timeframe, count: int) -> Sequence[Candle]: ...


class OrientedSource(Protocol):
    """Gives the newest candles that are closed by `time_ms` as a trade of direction `sign` sees them, oldest first.

    None when it cannot: it holds later ones, or nothing.
    """

    def __call__(self, timeframe: Timeframe, count: int, sign: int, time_ms: int) -> Sequence[OrientedBar] | None: ...


class IndicatorSource(Protocol):
    """Gives the values of an indicator at the close of the candle that opened at `last_open_ms`.

    None when another candle is its newest: it may have gone on, and its values must not be taken for those of then.
    """

    def __call__(self, timeframe: Timeframe, key: IndicatorKey, last_open_ms: int) -> Values | None: ...


class VwapSource(Protocol):
    """Has all VWAPs of a symbol at its last close."""

    @property
    def readings(self) -> VwapReadings: ...


EVERY_CANDLE = 100_000


@quickly_made
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
    vwap_source: VwapSource | None = None
    profiles: ProfileReadings = NO_PROFILES
    divergence: FrameDivergences = NO_DIVERGENCES
    indicator_source: IndicatorSource | None = None
    listed_ms: int | None = None
    oriented_source: OrientedSource | None = None

    @property
    def age_days(self) -> float | None:
        """Days since the symbol is traded; None when nobody knows."""
        return None if self.listed_ms is None else max(0.0, (self.time_ms - self.listed_ms) / DAY_MS)

    @property
    def vwaps(self) -> VwapReadings:
        """All VWAPs at the last close; worked out for those who ask."""
        return NO_VWAPS if self.vwap_source is None else self.vwap_source.readings

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

    def has_candles(self, timeframe: Timeframe, count: int) -> bool:
        """Whether `candles` would give that many."""
        return len(self.candles(timeframe, count)) >= count

    def oriented(self, timeframe: Timeframe, count: int, sign: int) -> Sequence[OrientedBar]:
        """The same candles as a trade of direction `sign` sees them; with a source each is turned once for all."""
        if self.oriented_source is not None:
            turned = self.oriented_source(timeframe, count, sign, self.time_ms)
            if turned is not None:
                return turned
        return [orient(bar, sign) for bar in self.candles(timeframe, count)]

    def candles_hash(self, timeframe: Timeframe, count: int, more: object = None) -> str:
        """`candles_hash` of the newest `count` candles; each is written out once for all."""
        return candles_hash(self.candles(timeframe, count), more)

    def dips(self, timeframe: Timeframe, most_outside: int, sign: int) -> Sequence[Dip]:
        """The dips that the newest candle may have ended for a trade of direction `sign`; worked out once for all."""
        bars = self.candles(timeframe, most_outside + 2)
        return dips_of(bars, most_outside, sign) if bars else ()

    def indicator(self, timeframe: Timeframe, key: IndicatorKey) -> Values:
        """The values of any indicator at the timeframe's last close, worked out once a close for all who ask.

        All None before its warm-up, and for a timeframe that is not up to date. Raises InvalidInputError for impossible
        parameters.
        """
        frame = self.frame(timeframe)
        if frame is None:
            return values_after(key, ())
        known = None
        if self.indicator_source is not None:
            known = self.indicator_source(timeframe, key, frame.close_time_ms - timeframe.ms)
        return values_after(key, self.candles(timeframe, EVERY_CANDLE)) if known is None else known

    def ema(self, timeframe: Timeframe, length: int) -> float | None:
        """Exponential moving average of any length."""
        return self.indicator(timeframe, IndicatorKey(IndicatorKind.EMA, (length,)))[0]

    def ema_slope(self, timeframe: Timeframe, length: int, lag: int = 10) -> float | None:
        """Change a bar of that average over the last `lag` bars, in price."""
        return self.indicator(timeframe, IndicatorKey(IndicatorKind.EMA_SLOPE, (length, lag)))[0]

    def atr(self, timeframe: Timeframe, length: int = 14) -> float | None:
        """Average true range."""
        return self.indicator(timeframe, IndicatorKey(IndicatorKind.ATR, (length,)))[0]

    def rsi(self, timeframe: Timeframe, length: int = 14) -> float | None:
        """Relative strength, 0-100."""
        return self.indicator(timeframe, IndicatorKey(IndicatorKind.RSI, (length,)))[0]

    def efficiency(self, timeframe: Timeframe, length: int = 10) -> float | None:
        """Kaufman's efficiency ratio, 0-1."""
        return self.indicator(timeframe, IndicatorKey(IndicatorKind.EFFICIENCY, (length,)))[0]

    def flow(self, timeframe: Timeframe, bars: int = 3) -> float | None:
        """Taker buy minus taker sell volume of the last `bars` bars as a share of all volume, -1 to +1."""
        return self.indicator(timeframe, IndicatorKey(IndicatorKind.FLOW, (bars,)))[0]

    def adx(self, timeframe: Timeframe, length: int = 14) -> AdxValues:
        """Strength of direction and its two sides, 0-100."""
        return AdxValues(*self.indicator(timeframe, IndicatorKey(IndicatorKind.ADX, (length,))))

    def donchian(self, timeframe: Timeframe, length: int = 20) -> ChannelValues:
        """Highest high and lowest low of the `length` bars before the newest one."""
        return ChannelValues(*self.indicator(timeframe, IndicatorKey(IndicatorKind.DONCHIAN, (length,))))

    def bollinger(self, timeframe: Timeframe, length: int = 20, deviations: float = 2.0) -> BandValues:
        """Bands, their relative width and its rank among the 90 widths before."""
        return BandValues(*self.indicator(timeframe, IndicatorKey(IndicatorKind.BOLLINGER, (length, deviations))))


class BaseStrategy(ABC):
    """One idea of when to trade, for one symbol.

    `evaluate` is called once per close of `timeframe`, in order. Between calls a strategy may remember things, but only
    for a bounded number of bars: `memory_bars` closes in a row rebuild its memory whatever came before.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    system: ClassVar[System] = System.CORE
    timeframe: ClassVar[Timeframe] = Timeframe.M15
    settings_type: ClassVar[type | None] = None
    """Of a user's own strategy: the frozen dataclass of its settings, given to it after the symbol; None = none."""

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

    def may_propose(self, context: StrategyContext) -> bool:
        """Whether `evaluate` may give a signal at this close. Asked before it, and only where nobody reads reasons.

        No: it surely gives none, and what is to be remembered of this close has been taken in just as `evaluate` does;
        it is not asked any more. Yes: nothing was touched. A quick no at most closes makes backtests quick.
        """
        return True

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

    def only_side(self, signals: Mapping[Side, RawSignal]) -> Proposal | None:
        """The signal when one side has one, None without any; two refuse each other: being asked first wins nothing."""
        if len(signals) > 1:
            return self.refuse("long and short setups contradict each other at this close")
        return next(iter(signals.values()), None)

    def unavailable(self, reason: str, *, set_aside: bool = False) -> StrategyVerdict:
        """No answer at all: it could not be asked, or its answer is worth nothing."""
        return StrategyVerdict(self.name, False, reason, available=False, set_aside=set_aside)


class MemorylessStrategy(BaseStrategy):
    """A strategy that decides on what the context shows alone."""

    @property
    def memory_bars(self) -> int:
        """It remembers nothing."""
        return 0

    def reset(self) -> None:
        """It remembers nothing."""

    def state(self) -> dict[str, Any]:
        """It remembers nothing."""
        return {}

    def restore(self, state: Mapping[str, Any]) -> None:
        """It remembers nothing."""


def parameters_hash(settings: object) -> str:
    """A short fingerprint of parameters."""
    return hashlib.blake2b(repr(settings).encode(), digest_size=8).hexdigest()


def inputs_hash(settings: object, candles: Sequence[Candle], more: object = None) -> str:
    """Short fingerprints of the parameters and of the candles behind a decision, as `parameters.candles`.

    `more`: what else of the candles was looked at. Nothing that comes of averages belongs in it: these never forget
    wholly where they began, so the same signal would have another fingerprint after another start.
    """
    return f"{parameters_hash(settings)}.{candles_hash(candles, more)}"


def candles_hash(candles: Sequence[Candle], more: object = None) -> str:
    """A short fingerprint of candles, and of more about them."""
    return rows_hash(map(written, candles), more)


def rows_hash(rows: Iterable[bytes], more: object = None) -> str:
    """`candles_hash` of candles that are `written` already."""
    text = b"".join(rows) + (b"" if more is None else repr(more).encode())
    return hashlib.blake2b(text, digest_size=8).hexdigest()


def written(bar: Candle) -> bytes:
    """A candle as it goes into a fingerprint."""
    return repr((bar.open_time_ms, bar.open, bar.high, bar.low, bar.close, bar.volume)).encode()
