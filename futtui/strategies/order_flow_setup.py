"""Flow of takers at a level: selling that a level swallows, or buying that lifts price off it. Oriented figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le

from futtui.domain.candle import Candle
from futtui.domain.errors import InvalidInputError
from futtui.strategies.levels import StopSettings
from futtui.strategies.structure import OrientedBar

ORDER_FLOW_LEVELS = StopSettings(stop_push_atr=0.2)


@dataclass(frozen=True, slots=True)
class OrderFlowSettings:
    """Parameters of Order Flow. Bars and ATR are those of 15m; flow is taker buying minus selling, -1 to +1."""

    enabled: bool = True
    """Whether the strategy runs."""
    trade: bool = False
    """false = its signals are for information: scored, explained and followed, never traded."""
    entry: Literal["both", "absorption", "initiation"] = "both"
    """`absorption`: takers run into a level that holds; `initiation`: takers lift price off a level."""
    touch_atr: Annotated[float, Ge(0), Le(3)] = 0.25
    """How near to the level price must have come."""
    zone_score_min: Annotated[float, Ge(0), Le(100)] = 60.0
    """Least score of a zone whose edge counts as a level."""
    absorption_bars: Annotated[int, Ge(1), Le(20)] = 3
    """Bars over which the takers ran against the level, before the newest one."""
    rank_windows: Annotated[int, Ge(10), Le(500)] = 96
    """Earlier windows of the same length that the flow is compared with."""
    rank_max: Annotated[float, Gt(0), Le(0.5)] = 0.1
    """The flow against the level must be among this share of the strongest ones."""
    absorption_flow: Annotated[float, Ge(0), Le(1)] = 0.05
    """Least flow against the level."""
    advance_max_atr: Annotated[float, Ge(0), Le(5)] = 0.3
    """Farther than this through the level the takers did advance: nothing was absorbed."""
    initiation_bars: Annotated[int, Ge(1), Le(20)] = 3
    """Newest bars in a row whose takers must stand on the trade's side."""
    initiation_flow: Annotated[float, Gt(0), Le(1)] = 0.2
    """Least flow of each of these bars. 0.2 three times in a row is rare on 15m; 0.1 comes some nine times as often."""
    initiation_max_atr: Annotated[float, Gt(0), Le(10)] = 1.5
    """Farther than this from the level the move has already gone."""
    min_reward_r: Annotated[float, Ge(0.8), Le(5)] = 0.8
    """Least worth of the first target, in R."""
    target_1_r: Annotated[float, Ge(0.8), Le(20)] = 1.0
    """First target, in R."""
    target_2_r: Annotated[float, Gt(0), Le(20)] = 2.0
    """Second target, in R; the far edge of value between the first and the third replaces it."""
    target_3_r: Annotated[float, Gt(0), Le(20)] = 3.0
    """Third target, in R."""
    entry_valid_bars: Annotated[int, Ge(1), Le(20)] = 1
    """How late an entry may still happen."""
    time_stop_bars: Annotated[int, Ge(1), Le(500)] = 16
    """Bars after which a trade that went nowhere is closed."""
    base_score: Annotated[float, Ge(0), Le(10)] = 2.5
    """Points of the bare setup."""
    levels: StopSettings = ORDER_FLOW_LEVELS
    """Limits of the stop and of costs."""

    def __post_init__(self) -> None:
        if not self.target_1_r < self.target_2_r < self.target_3_r:
            raise InvalidInputError("The targets must grow: target_1_r < target_2_r < target_3_r.")


@dataclass(frozen=True, slots=True)
class FlowPush:
    """What takers did: `flow` as the trade sees it, and the lowest oriented price meanwhile."""

    absorbed: bool
    flow: float
    low: float


def flow_of(bars: Sequence[Candle]) -> float | None:
    """Taker buying minus selling as a share of all volume; None where any of it is unknown or nothing was traded."""
    known = [bar.delta for bar in bars if bar.delta is not None]
    total = fsum(bar.volume for bar in bars)
    return fsum(known) / total if len(known) == len(bars) and total > 0 else None


def may_push(bars: Sequence[Candle], settings: OrderFlowSettings) -> bool:
    """Whether `find_absorption` or `find_initiation` may find anything for either side; cheap, as mostly none does."""
    last, newest = bars[-1], flow_of(bars[-1:])
    if newest is not None and abs(newest) >= settings.initiation_flow:
        return True
    if last.close == last.open:
        return False
    flow, turned_to = flow_of(bars[-settings.absorption_bars - 1 : -1]), 1 if last.close > last.open else -1
    return flow is not None and turned_to * flow <= -settings.absorption_flow


def find_absorption(
    bars: Sequence[Candle], oriented: Sequence[OrientedBar], sign: int, settings: OrderFlowSettings
) -> FlowPush | None:
    """Strong flow against the trade up to the bar before the newest, which turned; None when it is not there."""
    count, last = settings.absorption_bars, oriented[-1]
    flow = flow_of(bars[-count - 1 : -1])
    if flow is None or sign * flow > -settings.absorption_flow:
        return None
    if not (last.close > last.open and last.close > oriented[-2].high - 0.5 * oriented[-2].range):
        return None
    ends = range(len(bars) - 1 - settings.rank_windows, len(bars) - 1)
    earlier = [flow_of(bars[end - count : end]) for end in ends]
    stronger = sum(1 for each in earlier if each is not None and sign * each < sign * flow)
    if stronger > settings.rank_max * settings.rank_windows:
        return None
    return FlowPush(True, sign * flow, min(bar.low for bar in oriented[-count - 1 :]))


def find_initiation(
    bars: Sequence[Candle], oriented: Sequence[OrientedBar], sign: int, settings: OrderFlowSettings
) -> FlowPush | None:
    """Flow with the trade in each of the newest bars, for the first time in a row; None when it is not there."""
    count = settings.initiation_bars
    flows = [flow_of([bar]) for bar in bars[-count - 1 :]]
    strong = [each is not None and sign * each >= settings.initiation_flow for each in flows]
    flow = flow_of(bars[-count:])
    if flow is None or strong[0] or not all(strong[1:]) or not oriented[-1].close > oriented[-count].open:
        return None
    return FlowPush(False, sign * flow, min(bar.low for bar in oriented[-count:]))
