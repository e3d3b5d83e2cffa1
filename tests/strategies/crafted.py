"""Hand-made markets: a tape of candles around price 100 whose ATR is 1, and the readings that go with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from futtui.domain.candle import Candle
from futtui.domain.reading import FrameReading, StrategyVerdict
from futtui.domain.regime import Bias, Regime, RegimeReading
from futtui.domain.signal import RawSignal
from futtui.domain.timeframe import Timeframe
from futtui.domain.zone import Zone, ZoneKind
from futtui.strategies.base import BaseStrategy, Proposal, StrategyContext

STEP_MS = Timeframe.M15.ms
START_MS = 1_700_006_400_000 - 1_700_006_400_000 % Timeframe.D1.ms


@dataclass
class Tape:
    """Candles in a row. Quiet bars have a range of 0.6 and a volume of 100."""

    bars: list[Candle] = field(default_factory=list)

    def bar(self, open_: float, high: float, low: float, close: float, volume: float = 100.0) -> Tape:
        time_ms = START_MS + len(self.bars) * STEP_MS
        self.bars.append(Candle(time_ms, open_, high, low, close, volume).check())
        return self

    def quiet(self, count: int, price: float = 100.0) -> Tape:
        for _ in range(count):
            self.bar(price, price + 0.3, price - 0.3, price)
        return self

    def mirrored(self, total: float = 200.0) -> Tape:
        """The same market upside down: every price p becomes total - p."""
        return Tape([mirror_candle(bar, total) for bar in self.bars])


@dataclass
class Surroundings:
    """What the rest of the analysis says while the tape runs; every field may be overridden by a test."""

    atr: float | None = 1.0
    adx: float | None = 30.0
    rsi: float | None = 55.0
    regime: Regime = Regime.TREND_UP
    bias: Bias = Bias.BULLISH
    long_average: float | None = 90.0
    with_1h: bool = True
    with_4h: bool = True
    zones: tuple[Zone, ...] = ()
    tick_size: float | None = 0.01

    def mirrored(self, total: float = 200.0) -> Surroundings:
        biases = {Bias.BULLISH: Bias.BEARISH, Bias.BEARISH: Bias.BULLISH}
        return replace(
            self,
            rsi=None if self.rsi is None else 100.0 - self.rsi,
            regime=self.regime.mirrored,
            bias=biases.get(self.bias, self.bias),
            long_average=None if self.long_average is None else total - self.long_average,
            zones=tuple(mirror_zone(zone, total) for zone in self.zones),
        )

    def context(self, bars: Sequence[Candle]) -> StrategyContext:
        """The context at the close of the last of `bars`."""
        last = bars[-1]
        time_ms = last.open_time_ms + STEP_MS
        own = FrameReading(Timeframe.M15, time_ms, last.close, atr=self.atr, adx=self.adx, rsi=self.rsi)
        frames = {Timeframe.M15: own}
        for timeframe, wanted in ((Timeframe.H1, self.with_1h), (Timeframe.H4, self.with_4h)):
            if wanted:
                close_ms = timeframe.open_ms(time_ms)
                regime = RegimeReading(self.regime, 0.8, self.bias)
                frames[timeframe] = FrameReading(
                    timeframe, close_ms, last.close, atr=4.0, ema_200=self.long_average, regime=regime
                )
        newest = tuple(bars)
        return StrategyContext(
            "TESTUSDT",
            time_ms,
            frames,
            lambda timeframe, count: newest[-count:] if timeframe is Timeframe.M15 else (),
            zones=self.zones,
            tick_size=self.tick_size,
        )


def mirror_candle(bar: Candle, total: float) -> Candle:
    return replace(bar, open=total - bar.open, high=total - bar.low, low=total - bar.high, close=total - bar.close)


def mirror_zone(zone: Zone, total: float) -> Zone:
    return replace(zone, low=total - zone.high, high=total - zone.low, kind=zone.kind.opposite)


def zone(kind: ZoneKind, low: float, high: float, score: float = 75.0) -> Zone:
    return Zone(f"{kind.value}-{low}", "TESTUSDT", Timeframe.H1, kind, low, high, score, 3, 2, START_MS, START_MS)


def run(strategy: BaseStrategy, tape: Tape, around: Surroundings | None = None) -> list[Proposal]:
    """The strategy's answer to every close of the tape."""
    around = around or Surroundings()
    return [strategy.evaluate(around.context(tape.bars[: end + 1])) for end in range(len(tape.bars))]


def signals(answers: Sequence[Proposal]) -> list[RawSignal]:
    return [answer for answer in answers if isinstance(answer, RawSignal)]


def reasons(answers: Sequence[Proposal]) -> list[str]:
    return [answer.reason for answer in answers if isinstance(answer, StrategyVerdict)]


def part(signal: RawSignal, name: str):
    return next(each for each in signal.parts if each.name == name)
