"""Hand-made setups at a zone: price around 100, ATR 1, and what both setups are tested with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from futtui.domain.candle import Candle
from futtui.domain.signal import RawSignal
from futtui.domain.timeframe import Timeframe
from futtui.domain.zone import Zone, ZoneKind
from futtui.strategies.base import StrategyContext
from tests.strategies.crafted import START_MS, STEP_MS, Surroundings, Tape
from tests.strategies.crafted import zone as plain_zone

LOW, HIGH = 100.8, 101.2


@dataclass
class SrSurroundings(Surroundings):
    """Surroundings with a daily VWAP, money flow and the rank of the Bollinger width."""

    vwap: float | None = 100.0
    flow: float | None = 0.2
    width_percentile: float | None = 0.0

    def mirrored(self, total: float = 200.0) -> SrSurroundings:
        turned = super().mirrored(total)
        assert isinstance(turned, SrSurroundings)
        turned.vwap = None if self.vwap is None else total - self.vwap
        turned.flow = None if self.flow is None else -self.flow
        return turned

    def context(self, bars: Sequence[Candle]) -> StrategyContext:
        found = super().context(bars)
        own = replace(found.frames[Timeframe.M15], flow=self.flow, bollinger_width_percentile=self.width_percentile)
        return replace(found, frames={**found.frames, Timeframe.M15: own}, daily_vwap=self.vwap)


def resistance(**changes) -> Zone:
    """The zone of the crafted charts as a resistance on 1h."""
    return replace(plain_zone(ZoneKind.RESISTANCE, LOW, HIGH), **changes)


def support(**changes) -> Zone:
    """The zone of the crafted charts as a support on 1h."""
    return replace(plain_zone(ZoneKind.SUPPORT, LOW, HIGH), **changes)


def barrier(low: float, **changes) -> Zone:
    """A resistance of its own, 0.4 wide."""
    return replace(plain_zone(ZoneKind.RESISTANCE, low, low + 0.4), **changes)


def time_of(place: int) -> int:
    """Open time of bar `place` of a tape."""
    return START_MS + place * STEP_MS


def mirrored_prices(signal: RawSignal, total: float = 200.0) -> list[float]:
    """Entry, stop and targets of the mirrored plan."""
    return [total - price for price in (signal.levels.entry, signal.levels.stop, *signal.levels.targets)]


def prices(signal: RawSignal) -> list[float]:
    """Entry, stop and targets."""
    return [signal.levels.entry, signal.levels.stop, *signal.levels.targets]


def walk_tape(start: Tape, steps: Sequence[tuple[int, int, int]]) -> Tape:
    """The tape continued with bars from (move, reach up, reach down), each in twentieths."""
    close = start.bars[-1].close
    for move, up, down in steps:
        open_, close = close, close + move / 20
        start.bar(open_, max(open_, close) + up / 20, min(open_, close) - down / 20, close)
    return start
