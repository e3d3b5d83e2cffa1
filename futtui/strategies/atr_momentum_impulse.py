"""Impulse bars: what counts as one, and how it ages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Le

from futtui.domain.candle import Candle
from futtui.strategies.figures import median
from futtui.strategies.levels import LevelSettings
from futtui.strategies.structure import OrientedBar, orient

MEDIAN_BARS = 20

ATR_MOMENTUM_LEVELS = LevelSettings()


@dataclass(frozen=True, slots=True)
class AtrMomentumSettings:
    """Parameters of ATR Momentum. Bars are 15m bars."""

    enabled: bool = True
    """Whether the strategy runs."""
    trade: bool = False
    """false = its signals are for information: scored, explained and followed, never traded."""
    entry: Literal["both", "breakout", "pullback"] = "both"
    """`breakout` enters on a close beyond the impulse, `pullback` waits for the first small pullback."""
    impulse_range_atr: Annotated[float, Gt(0), Le(10)] = 1.4
    """Least range of an impulse bar, in medians of the last 20 ATR values."""
    impulse_close_share: Annotated[float, Gt(0), Le(0.5)] = 0.2
    """The close must lie in this outer share of the bar."""
    impulse_volume: Annotated[float, Ge(0), Le(50)] = 2.0
    """Least volume of the impulse bar, in medians of the 20 bars before it."""
    impulse_life_bars: Annotated[int, Ge(1), Le(50)] = 5
    """How many bars after the impulse an entry may come."""
    exhaustion_bars: Annotated[int, Ge(1), Le(500)] = 30
    """Window in which impulses of the same direction are counted."""
    exhaustion_impulses: Annotated[int, Ge(1), Le(50)] = 3
    """More impulses than this in the window: the move is tired."""
    adx_min: Annotated[float, Ge(0), Le(100)] = 25.0
    """Least 15m ADX."""
    allow_expansion: bool = True
    """Whether the 4h regime EXPANSION is good enough; otherwise only a trend in trade direction is."""
    room_atr: Annotated[float, Ge(0), Le(20)] = 2.0
    """Least free way to the nearest opposing zone or turning point, in ATR."""
    swing_side_bars: Annotated[int, Ge(1), Le(10)] = 3
    """Bars on each side that a turning point must stand above or below."""
    swing_lookback_bars: Annotated[int, Ge(10), Le(1000)] = 100
    """How old a turning point may be to stand in the way."""
    pullback_level: Annotated[float, Ge(0.5), Le(0.62)] = 0.58
    """Where the pullback entry waits: share of the impulse that is still kept there."""
    pullback_keep: Annotated[float, Gt(0), Le(0.6)] = 0.5
    """Share of the impulse that the pullback must hold."""
    pullback_valid_bars: Annotated[int, Ge(1), Le(50)] = 5
    """How long the pullback entry waits."""
    pullback_push_atr: Annotated[float, Ge(0), Le(1)] = 0.2
    """How far behind the structure the stop of a pullback entry lies, in ATR."""
    entry_valid_bars: Annotated[int, Ge(1), Le(20)] = 1
    """How late an entry after a close may still happen."""
    time_stop_bars: Annotated[int, Ge(1), Le(500)] = 8
    """Bars without 0.5 R after which the trade is closed."""
    base_score: Annotated[float, Ge(0), Le(10)] = 1.0
    """Points of the bare setup."""
    levels: LevelSettings = ATR_MOMENTUM_LEVELS
    """Limits of stop and targets."""


@dataclass(slots=True)
class Impulse:
    """A bar that moved far, with volume, and closed at its end. Prices are oriented: shorts see them sign-flipped."""

    sign: int
    time_ms: int
    low: float
    high: float
    close_share: float
    volume_ratio: float
    tired: bool
    age: int = 0
    pulled_back: bool = False

    @property
    def middle(self) -> float:
        """Half of the way."""
        return (self.low + self.high) / 2.0

    def kept(self, share: float) -> float:
        """The price at which `share` of the impulse is still kept."""
        return self.low + share * (self.high - self.low)

    def to_state(self) -> dict[str, Any]:
        """Plain JSON types."""
        return asdict(self)

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Impulse:
        """The impulse that `to_state` described."""
        return cls(**state)


def median_volume_ratio(bars: Sequence[Candle]) -> float | None:
    """Volume of the last bar in medians of the 20 bars before it; None when they had no volume."""
    usual = median([bar.volume for bar in bars[-MEDIAN_BARS - 1 : -1]])
    return bars[-1].volume / usual if usual > 0 else None


def closes_at_its_end(bar: Candle, settings: AtrMomentumSettings) -> bool:
    """Whether the bar has a body and closed at the end that it moved to."""
    if bar.close == bar.open:
        return False
    wick = bar.high - bar.close if bar.close > bar.open else bar.close - bar.low
    return wick <= settings.impulse_close_share * (bar.high - bar.low)


def find_impulse(
    bars: Sequence[Candle], usual_atr: float, settings: AtrMomentumSettings
) -> tuple[int, OrientedBar, float] | None:
    """(direction, oriented bar, volume in medians) when the last bar is an impulse, else None.

    `bars` holds at least 21 candles; `usual_atr` is the median of the ATR values before the last bar.
    """
    last = bars[-1]
    sign = 1 if last.close > last.open else -1
    bar = orient(last, sign)
    if not closes_at_its_end(last, settings) or bar.range < settings.impulse_range_atr * usual_atr:
        return None
    ratio = median_volume_ratio(bars)
    return (sign, bar, ratio) if ratio is not None and ratio >= settings.impulse_volume else None
