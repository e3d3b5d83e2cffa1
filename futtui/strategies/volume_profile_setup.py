"""Edges of value: how price left and came back, or left and stayed. Oriented prices: shorts see them flipped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, NamedTuple

from annotated_types import Ge, Gt, Le

from futtui.domain.candle import Candle
from futtui.domain.errors import InvalidInputError
from futtui.domain.packing import quickly_made
from futtui.domain.reading import ProfileReading
from futtui.language.counting import counted
from futtui.strategies.levels import StopSettings
from futtui.strategies.structure import OrientedBar

VOLUME_PROFILE_LEVELS = StopSettings()


@dataclass(frozen=True, slots=True)
class VolumeProfileSettings:
    """Parameters of Volume Profile. Bars are 15m bars, ATR is that of 15m."""

    enabled: bool = True
    """Whether the strategy runs."""
    trade: bool = False
    """false = its signals are for information: scored, explained and followed, never traded."""
    entry: Literal["both", "rejection", "acceptance"] = "both"
    """`rejection` trades the return into value, `acceptance` the move that stays outside."""
    use_previous_day: bool = True
    """Whether the value area of the previous UTC day is traded."""
    use_rolling_24h: bool = True
    """Whether the value area of the last 24 hours is traded (returns only: it moves with price)."""
    use_composite_5d: bool = True
    """Whether the value area of the last five UTC days together is traded."""
    value_min_atr: Annotated[float, Ge(0), Le(50)] = 3.0
    """Least width of a value area."""
    probe_min_atr: Annotated[float, Ge(0), Le(3)] = 0.1
    """How far beyond the edge price must have been before it came back."""
    probe_max_atr: Annotated[float, Gt(0), Le(10)] = 1.5
    """Farther beyond the edge it is a breakout and no probe."""
    probe_max_bars: Annotated[int, Ge(1), Le(50)] = 8
    """How many bars in a row may close outside before the return."""
    hold_bars: Annotated[int, Ge(1), Le(10)] = 2
    """Closes in a row, inside after a return or outside for an acceptance, that are needed."""
    acceptance_volume: Annotated[float, Ge(0), Le(20)] = 1.5
    """Least volume of the strongest of these closes in an acceptance, in medians of the 50 bars before."""
    poc_shift_share: Annotated[float, Ge(0), Le(1)] = 0.1
    """How far the 24 h point of control must have moved along in an acceptance, in widths of the value area."""
    acceptance_inside_atr: Annotated[float, Ge(0), Le(3)] = 0.3
    """How far back inside value the idea of an acceptance is wrong."""
    magnet_atr: Annotated[float, Ge(0), Le(10)] = 1.0
    """A trade that moves away from an untouched point of control this near is refused."""
    agree_atr: Annotated[float, Ge(0), Le(5)] = 0.3
    """Edges of two windows, or an edge and a zone, this near to each other count as one place."""
    allow_expansion: bool = False
    """Whether returns into value are traded while the 4h regime is an expansion."""
    min_reward_r: Annotated[float, Ge(0.5), Le(5)] = 0.8
    """Least worth of the first target, in R."""
    target_1_r: Annotated[float, Ge(0.8), Le(20)] = 1.5
    """First target of an acceptance, in R."""
    target_2_r: Annotated[float, Gt(0), Le(20)] = 2.5
    """Second target of an acceptance, in R; an untouched point of control on the way replaces it."""
    target_3_r: Annotated[float, Gt(0), Le(20)] = 4.0
    """Third target of an acceptance, in R."""
    beyond_share: Annotated[float, Gt(0), Le(3)] = 0.5
    """Third target of a return: this share of the width beyond the far edge, or an untouched point of control there."""
    entry_valid_bars: Annotated[int, Ge(1), Le(20)] = 1
    """How late an entry may still happen."""
    time_stop_bars: Annotated[int, Ge(1), Le(500)] = 32
    """Bars after which a trade that went nowhere is closed."""
    rejection_score: Annotated[float, Ge(0), Le(10)] = 2.5
    """Points of a bare return into value."""
    acceptance_score: Annotated[float, Ge(0), Le(10)] = 2.0
    """Points of a bare acceptance."""
    levels: StopSettings = VOLUME_PROFILE_LEVELS
    """Limits of the stop and of costs."""

    def __post_init__(self) -> None:
        if not self.probe_min_atr < self.probe_max_atr:
            raise InvalidInputError("probe_min_atr must be smaller than probe_max_atr.")
        if not self.target_1_r < self.target_2_r < self.target_3_r:
            raise InvalidInputError("The targets must grow: target_1_r < target_2_r < target_3_r.")


@quickly_made
@dataclass(frozen=True, slots=True)
class Value:
    """A value area as a trade sees it: near the stop `low`, near the last target `high`."""

    low: float
    poc: float
    high: float
    window: str

    @property
    def width(self) -> float:
        """From edge to edge."""
        return self.high - self.low


def value_of(profile: ProfileReading, sign: int) -> Value:
    """The value area of the profile for a trade of direction `sign`."""
    if sign > 0:
        return Value(profile.value_area_low, profile.poc, profile.value_area_high, profile.window)
    return Value(-profile.value_area_high, -profile.poc, -profile.value_area_low, profile.window)


class Answered(NamedTuple):
    """The oriented prices at which the newest bars may have answered: cheap to ask before an edge is looked at."""

    low: float
    """The lower of the last close before those that must hold, and of the low of the first of these."""
    held: float
    """The lowest of the closes that must hold."""

    def near(self, profiles: Sequence[ProfileReading], sign: int) -> list[ProfileReading]:
        """The value areas with an edge that price can have come back to, or stayed beyond."""
        low, held = self
        if sign > 0:
            return [x for x in profiles if low <= x.value_area_low < held or low <= x.value_area_high < held]
        return [x for x in profiles if low <= -x.value_area_high < held or low <= -x.value_area_low < held]


def answered(bars: Sequence[Candle], sign: int, hold_bars: int) -> Answered:
    """What the newest candles reached, as a trade of direction `sign` sees them."""
    before, newest = bars[-hold_bars - 1], bars[-hold_bars:]
    closes = [bar.close for bar in newest]
    if sign > 0:
        return Answered(min(before.close, newest[0].low), min(closes))
    return Answered(-max(before.close, newest[0].high), -max(closes))


def find_return(bars: Sequence[OrientedBar], edge: float, atr: float, settings: VolumeProfileSettings) -> float | str:
    """The lowest price of a probe below `edge` that came back and held by the newest close, or why there is none.

    An empty text means that price was not there at all. The hold counts from the first close inside, so one probe
    answers at one close only.
    """
    first = len(bars) - settings.hold_bars
    if any(bar.close <= edge for bar in bars[first:]):
        return ""
    start = first
    while start > 0 and bars[start - 1].close <= edge:
        start -= 1
    if start == first and bars[first].low >= edge:
        return ""
    outside = first - start
    if outside > settings.probe_max_bars:
        return (
            f"price stayed outside for {counted(outside, 'close')}; {settings.probe_max_bars} is the most for a probe"
        )
    extreme = min(bar.low for bar in bars[start:])
    depth_atr = (edge - extreme) / atr
    if depth_atr < settings.probe_min_atr:
        return f"it probed only {depth_atr:.2f} ATR beyond; {settings.probe_min_atr:g} is the least"
    if depth_atr > settings.probe_max_atr:
        return f"it went {depth_atr:.1f} ATR beyond; {settings.probe_max_atr:g} is the most for a probe"
    return extreme


def is_first_acceptance(bars: Sequence[OrientedBar], edge: float, hold_bars: int) -> bool:
    """Whether exactly the newest `hold_bars` closes lie above the edge."""
    return bars[-hold_bars - 1].close <= edge and all(bar.close > edge for bar in bars[-hold_bars:])
