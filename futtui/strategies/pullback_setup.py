"""Legs and pullbacks: what counts as a leg of a trend, and how far and how often price came back. Oriented prices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge, Gt, Le

from futtui.domain.errors import InvalidInputError
from futtui.strategies.levels import StopSettings
from futtui.strategies.structure import OrientedBar, is_engulfing, is_rejection

PULLBACK_LEVELS = StopSettings(stop_push_atr=0.2)


@dataclass(frozen=True, slots=True)
class MaVwapPullbackSettings:
    """Parameters of MA/VWAP Pullback. 4h says whether there is a trend; all bars and the ATR here are those of 1h."""

    enabled: bool = True
    """Whether the strategy runs."""
    trade: bool = False
    """false = its signals are for information: scored, explained and followed, never traded."""
    swing_side_bars: Annotated[int, Ge(1), Le(10)] = 3
    """Bars on each side that a turning point must stand above or below."""
    leg_min_atr: Annotated[float, Gt(0), Le(30)] = 3.0
    """Least size of the leg that price comes back from."""
    leg_max_bars: Annotated[int, Ge(5), Le(500)] = 60
    """Longest leg, from its start to its end."""
    pullback_max_bars: Annotated[int, Ge(3), Le(200)] = 30
    """Longest way back, from the end of the leg to the newest bar."""
    retrace_min: Annotated[float, Gt(0), Le(1)] = 0.38
    """Least share of the leg that must be given back."""
    retrace_max: Annotated[float, Gt(0), Le(1)] = 0.62
    """Largest share of the leg that may be given back."""
    max_pullbacks: Annotated[int, Ge(1), Le(10)] = 2
    """How many pullbacks of one trend are traded; later ones are tired."""
    touch_atr: Annotated[float, Ge(0), Le(3)] = 0.25
    """How near the pullback must come to EMA 20, EMA 50 or the VWAP since the start of the leg."""
    touch_bars: Annotated[int, Ge(1), Le(20)] = 3
    """How many of the newest bars may have touched it."""
    allow_squeeze: bool = True
    """Whether a squeeze on 4h is good enough; otherwise only a trend in trade direction is."""
    adx_min_trend: Annotated[float, Ge(0), Le(100)] = 20.0
    """Least 4h ADX in a trend."""
    adx_min_squeeze: Annotated[float, Ge(0), Le(100)] = 15.0
    """Least 4h ADX in a squeeze."""
    target_1_r: Annotated[float, Ge(0.8), Le(20)] = 1.2
    """The first target is this many R away, or at the end of the leg where that is nearer."""
    target_2_extension: Annotated[float, Gt(1), Le(5)] = 1.272
    """The second target, in lengths of the leg from its start."""
    target_3_extension: Annotated[float, Gt(1), Le(5)] = 1.618
    """The third target, in lengths of the leg from its start."""
    min_reward_r: Annotated[float, Ge(0.5), Le(5)] = 0.8
    """Least worth of the first target, in R."""
    entry_valid_bars: Annotated[int, Ge(1), Le(20)] = 1
    """How late an entry may still happen, in 15m bars."""
    time_stop_bars: Annotated[int, Ge(1), Le(500)] = 24
    """Bars after which a trade that went nowhere is closed."""
    base_score: Annotated[float, Ge(0), Le(10)] = 2.5
    """Points of the bare setup."""
    levels: StopSettings = PULLBACK_LEVELS
    """Limits of the stop and of costs."""

    def __post_init__(self) -> None:
        if not self.retrace_min < self.retrace_max:
            raise InvalidInputError("retrace_min must be smaller than retrace_max.")
        if not self.target_2_extension < self.target_3_extension:
            raise InvalidInputError("target_2_extension must be smaller than target_3_extension.")


@dataclass(frozen=True, slots=True)
class Leg:
    """A move from a confirmed low to a confirmed higher high: positions in the window and oriented prices."""

    start: int
    end: int
    low: float
    high: float

    @property
    def size(self) -> float:
        """Length of the leg in price."""
        return self.high - self.low

    def extension(self, lengths: float) -> float:
        """The price that lies so many lengths of the leg above its start."""
        return self.low + lengths * self.size


@dataclass(frozen=True, slots=True)
class Pullback:
    """How price came back from a leg: where the deepest bar is, how deep, and which pullback of the trend it is."""

    leg: Leg
    deepest: int
    low: float
    number: int

    @property
    def retrace(self) -> float:
        """Share of the leg that was given back."""
        return (self.leg.high - self.low) / self.leg.size


def find_pullback(bars: Sequence[OrientedBar], atr: float, settings: MaVwapPullbackSettings) -> Pullback | str:
    """The pullback that the newest bar belongs to, or in words why there is none."""
    side, last = settings.swing_side_bars, len(bars) - 1
    oldest = max(side, last - settings.pullback_max_bars)
    end = max(range(oldest, last + 1), key=lambda each: (bars[each].high, -each))
    if end > last - side:
        return "price is at the end of its move: no pullback yet"
    if not _is_high(bars, end, side):
        return f"no high that is at most {settings.pullback_max_bars} bars old ended a leg"
    leg = _leg_to(bars, end, atr, settings)
    if leg is None:
        return f"no leg of at least {settings.leg_min_atr:g} ATR led to the last high"
    deepest = min(range(end + 1, last + 1), key=lambda each: (bars[each].low, each))
    return Pullback(leg, deepest, bars[deepest].low, _count(bars, leg, atr, settings))


def is_reversal(previous: OrientedBar, bar: OrientedBar) -> bool:
    """Whether the bar turned price: a rejection, an engulfing bar, or a rising close above the high before it."""
    beyond = bar.close > bar.open and bar.close > previous.high
    return beyond or is_rejection(bar) or is_engulfing(previous, bar)


def is_first_reversal(bars: Sequence[OrientedBar], found: Pullback, side_bars: int) -> bool:
    """Whether no bar since the deepest one (and since the leg was confirmed) has turned price before the newest did."""
    first = max(found.deepest, found.leg.end + side_bars)
    return not any(is_reversal(bars[each - 1], bars[each]) for each in range(first, len(bars) - 1))


def _is_high(bars: Sequence[OrientedBar], at: int, side: int) -> bool:
    before, after = bars[at - side : at], bars[at + 1 : at + side + 1]
    high = bars[at].high
    whole = len(before) == len(after) == side
    return whole and all(each.high < high for each in before) and all(each.high <= high for each in after)


def _is_low(bars: Sequence[OrientedBar], at: int, side: int) -> bool:
    before, after = bars[at - side : at], bars[at + 1 : at + side + 1]
    low = bars[at].low
    whole = len(before) == len(after) == side
    return whole and all(each.low > low for each in before) and all(each.low >= low for each in after)


def _leg_to(bars: Sequence[OrientedBar], end: int, atr: float, settings: MaVwapPullbackSettings) -> Leg | None:
    """The shortest leg that ends at this high: nothing in it is lower than its start or higher than its end."""
    high, lowest = bars[end].high, bars[end].low
    for at in range(end - 1, max(settings.swing_side_bars, end - settings.leg_max_bars) - 1, -1):
        if bars[at].high >= high:
            return None
        is_lowest = bars[at].low <= lowest
        lowest = min(lowest, bars[at].low)
        far_enough = high - bars[at].low >= settings.leg_min_atr * atr
        if is_lowest and far_enough and _is_low(bars, at, settings.swing_side_bars):
            return Leg(at, end, bars[at].low, high)
    return None


def _count(bars: Sequence[OrientedBar], leg: Leg, atr: float, settings: MaVwapPullbackSettings) -> int:
    """Which pullback of its trend it is: one more than the rising legs that led to this one without a break."""
    number = 1
    while number <= settings.max_pullbacks:
        oldest = max(settings.swing_side_bars, leg.start - settings.pullback_max_bars)
        if oldest >= leg.start:
            break
        end = max(range(oldest, leg.start), key=lambda each: (bars[each].high, -each))
        before = _leg_to(bars, end, atr, settings) if _is_high(bars, end, settings.swing_side_bars) else None
        if before is None or before.low >= leg.low or before.high >= leg.high:
            break
        number, leg = number + 1, before
    return number
