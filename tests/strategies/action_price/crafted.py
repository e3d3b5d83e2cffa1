"""A hand-made body cross: flat candles around 100, the averages beside them, and a view built field by field."""

from __future__ import annotations

from dataclasses import dataclass, replace

from futtui.domain.candle import Candle
from futtui.domain.reading import FrameReading
from futtui.domain.regime import Bias, Regime, RegimeReading
from futtui.domain.timeframe import Timeframe
from futtui.strategies.action_price.cross import CrossView, OrientedAverages
from futtui.strategies.action_price.engine import ActionPrice
from futtui.strategies.base import Proposal, StrategyContext
from futtui.strategies.structure import OrientedBar
from tests.strategies.crafted import STEP_MS, Tape, mirror_candle

CALM = OrientedAverages(atr=1.0, ema_5=100.0, ema_9=100.0, ema_13=100.0, ema_21=100.0, ema_200=100.0)
INITIATOR = OrientedBar(99.8, 100.5, 99.7, 100.4)
CONFIRMATION = OrientedBar(100.4, 100.7, 100.2, 100.6)
FLAT = OrientedBar(100.0, 100.2, 99.8, 100.0)


def view(
    *,
    initiator: OrientedBar = INITIATOR,
    confirmation: OrientedBar = CONFIRMATION,
    now: OrientedAverages = CALM,
    before: tuple[OrientedBar, ...] = (FLAT,) * 14,
    averages_before: tuple[OrientedAverages, ...] = (CALM,) * 15,
    volume_ratio: float = 1.0,
    sign: int = 1,
) -> CrossView:
    """A cross whose surroundings a test may replace part by part."""
    return CrossView(sign, (*before, initiator, confirmation), (*averages_before, now), volume_ratio)


@dataclass(frozen=True)
class Around:
    """What the other timeframes say and where EMA 200 of the own one lies."""

    ema_200: float = 100.0
    atr: float | None = 1.0
    long_average: float | None = 90.0
    regime: Regime = Regime.TREND_UP

    def mirrored(self, total: float) -> Around:
        average = None if self.long_average is None else total - self.long_average
        return replace(self, ema_200=total - self.ema_200, long_average=average, regime=self.regime.mirrored)


def answers(strategy: ActionPrice, bars: list[Candle], around: Around | None = None) -> list[Proposal]:
    """The engine's answer to every close of `bars`."""
    around = around or Around()
    return [strategy.evaluate(context_of(bars[: end + 1], around)) for end in range(len(bars))]


def context_of(bars: list[Candle], around: Around) -> StrategyContext:
    last, time_ms = bars[-1], bars[-1].open_time_ms + STEP_MS
    own = FrameReading(Timeframe.M15, time_ms, last.close, atr=around.atr, ema_200=around.ema_200)
    frames = {Timeframe.M15: own}
    for timeframe in (Timeframe.H1, Timeframe.H4):
        reading = RegimeReading(around.regime, 0.8, Bias.NEUTRAL)
        frames[timeframe] = FrameReading(
            timeframe, timeframe.open_ms(time_ms), last.close, ema_200=around.long_average, regime=reading
        )
    return StrategyContext(
        "TESTUSDT", time_ms, frames, lambda frame, count: tuple(bars[-count:]) if frame is Timeframe.M15 else (),
        tick_size=0.01,
    )  # fmt: skip


def cross(*, volume: float = 250.0, close: float = 100.6, confirm: float = 100.7, calm_bars: int = 300) -> Tape:
    """A quiet market just below EMA 200 (100), a strong bar through it, and one that stays above."""
    tape = Tape()
    for _ in range(calm_bars):
        tape.bar(99.6, 99.8, 99.4, 99.6)
    tape.bar(99.6, max(close, 99.6) + 0.1, 99.3, close, volume)
    return tape.bar(close, max(close, confirm) + 0.1, min(close, confirm) - 0.1, confirm)


def upside_down(tape: Tape, total: float = 200.0) -> list[Candle]:
    """The tape with every price p turned to total - p."""
    return [mirror_candle(bar, total) for bar in tape.bars]
