"""Hand-made charts for the engines: a zone at 98-99 below price 100, an ATR of 1, and everything around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from futtui.domain.candle import Candle
from futtui.domain.reading import FrameReading
from futtui.domain.regime import Bias, Regime, RegimeReading
from futtui.domain.signal import RawSignal
from futtui.domain.timeframe import Timeframe
from futtui.domain.zone import Zone, ZoneKind
from futtui.strategies.base import Proposal, StrategyContext
from futtui.strategies.dual.engine import BaseSignalEngine, SignalEngineH1, SignalEngineM15
from futtui.strategies.dual.settings import ConfidenceSettings, DualLevels, HourLevels
from tests.strategies.crafted import START_MS, mirror_candle, mirror_zone

TOTAL = 200.0
FREE = DualLevels(round_trip_cost_pct=0.0, stop_max_pct=50.0)
FREE_HOURS = HourLevels(round_trip_cost_pct=0.0, stop_max_pct=50.0)
"""Costs and percent limits are shares of the price and cannot mirror; everything else must."""

Shape = tuple[float, float, float, float, float]


@dataclass(frozen=True)
class Chart:
    """Bars of one timeframe (open, high, low, close, volume), the zones at their end, and what else is known."""

    timeframe: Timeframe
    shapes: tuple[Shape, ...]
    zones: tuple[Zone, ...]
    flip_bar: int | None = None
    vwap: float | None = 98.5
    regime: Regime = Regime.TREND_UP
    average: float | None = 90.0
    atr: float | None = 1.0
    flow: float | None = 0.2
    is_mirrored: bool = False

    def mirrored(self) -> Chart:
        """The same market upside down."""
        return replace(
            self,
            zones=tuple(mirror_zone(zone, TOTAL) for zone in self.zones),
            vwap=None if self.vwap is None else TOTAL - self.vwap,
            regime=self.regime.mirrored,
            average=None if self.average is None else TOTAL - self.average,
            flow=None if self.flow is None else -self.flow,
            is_mirrored=not self.is_mirrored,
        )

    def then(self, *shapes: Shape) -> Chart:
        """The chart with more bars."""
        return replace(self, shapes=(*self.shapes, *shapes))

    def candles(self) -> list[Candle]:
        """Its candles."""
        step = self.timeframe.ms
        bars = [Candle(START_MS + number * step, *shape).check() for number, shape in enumerate(self.shapes)]
        return [mirror_candle(bar, TOTAL) for bar in bars] if self.is_mirrored else bars

    def context(self, count: int | None = None) -> StrategyContext:
        """What an engine sees at the close of bar `count`; zones are known as they are at the end."""
        every = self.candles()
        bars = every[: count or len(every)]
        time_ms = self.timeframe.end_ms(bars[-1].open_time_ms)
        close = bars[-1].close
        frames = {
            frame: FrameReading(
                frame,
                frame.open_ms(time_ms),
                close,
                atr=self.atr,
                ema_200=self.average,
                flow=self.flow,
                regime=RegimeReading(self.regime, 0.8, Bias.NEUTRAL),
            )
            for frame in (Timeframe.M15, Timeframe.H1, Timeframe.H4, Timeframe.D1)
        }
        return StrategyContext(
            "TESTUSDT",
            time_ms,
            frames,
            lambda timeframe, wanted: bars[-wanted:] if timeframe is self.timeframe else (),
            zones=self.zones,
            daily_vwap=self.vwap,
            tick_size=0.01,
        )


def zone(
    low: float,
    high: float,
    kind: ZoneKind = ZoneKind.SUPPORT,
    timeframe: Timeframe = Timeframe.H1,
    *,
    strength: float = 80.0,
    flipped_ms: int | None = None,
) -> Zone:
    """A zone; `flipped_ms` makes it a broken one."""
    name = f"{timeframe.code}-{low}-{high}"
    flipped = flipped_ms is not None
    found = Zone(name, "TESTUSDT", timeframe, kind, low, high, strength, 3, 2, START_MS, START_MS, flipped, flipped_ms)
    return replace(found, strength=strength)


def quiet(count: int, price: float = 100.0) -> tuple[Shape, ...]:
    return ((price, price + 0.3, price - 0.3, price, 100.0),) * count


FLIP_BARS_BACK = 6
RETEST: tuple[Shape, ...] = (
    (98.5, 99.9, 98.4, 99.8, 300.0),
    *quiet(3),
    (100.0, 100.1, 99.0, 99.2, 100.0),
    (99.2, 99.3, 98.7, 98.9, 100.0),
    (98.9, 99.6, 98.85, 99.5, 100.0),
)
"""A break through 98-99 (confirmed by the first bar), price stays above, comes back, and closes 0.8 ATR off the low."""
SWEEP: tuple[Shape, ...] = ((98.6, 98.9, 97.5, 98.8, 300.0),)
"""A bar that goes 0.5 ATR through 98-99 with a long wick and closes inside."""


def flip(timeframe: Timeframe, **changes: object) -> Chart:
    """A broken zone that is retested."""
    before = quiet(70, 97.0)
    at_ms = START_MS + (len(before) + 1) * timeframe.ms
    home = zone(98.0, 99.0, timeframe=timeframe, flipped_ms=at_ms)
    return replace(Chart(timeframe, (*before, *RETEST), (home,)), **changes)  # type: ignore[arg-type]


def sweep(timeframe: Timeframe, shapes: Sequence[Shape] = SWEEP, **changes: object) -> Chart:
    """A support zone that is swept."""
    home = zone(98.0, 99.0, timeframe=timeframe)
    chart = Chart(timeframe, (*quiet(75), *shapes), (home,), regime=Regime.RANGE)
    return replace(chart, **changes)  # type: ignore[arg-type]


def engine(timeframe: Timeframe, **changes: object) -> BaseSignalEngine:
    """The engine of the timeframe without costs."""
    if timeframe is Timeframe.M15:
        fresh = SignalEngineM15("TESTUSDT")
        return SignalEngineM15("TESTUSDT", replace(fresh._settings, **{"levels": FREE, **changes}))  # type: ignore[arg-type]
    hours = SignalEngineH1("TESTUSDT")
    return SignalEngineH1("TESTUSDT", replace(hours._settings, **{"levels": FREE_HOURS, **changes}))  # type: ignore[arg-type]


def answer(chart: Chart, **changes: object) -> Proposal:
    """What a fresh engine says at the last close of the chart."""
    return engine(chart.timeframe, **changes).evaluate(chart.context())


def signal(chart: Chart, **changes: object) -> RawSignal:
    """The signal at the last close; fails with the reason where there is none."""
    found = answer(chart, **changes)
    assert isinstance(found, RawSignal), found
    return found


def reason(chart: Chart, **changes: object) -> str:
    """Why there is no signal at the last close; fails where there is one."""
    found = answer(chart, **changes)
    assert not isinstance(found, RawSignal), found
    return found.reason


ANY_CONFIDENCE = ConfidenceSettings(least=0.0)
