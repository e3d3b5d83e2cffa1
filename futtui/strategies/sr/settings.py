"""Parameters of the support and resistance system: what both setups share, and what each has of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le

from futtui.domain.errors import InvalidInputError

EntryFrames = Literal["15m", "1h", "15m and 1h"]
Points = Annotated[float, Ge(0.0), Le(100.0)]


@dataclass(frozen=True, slots=True)
class SrGates:
    """What must hold before a setup may become a signal. ATR is that of the entry timeframe."""

    zone_strength_min: Annotated[float, Ge(0.0), Le(100.0)] = 60.0
    """Least strength of the zone."""
    allow_trend: bool = True
    """Trade while the 4h regime is a trend."""
    allow_range: bool = True
    """Trade while the 4h regime is a range."""
    allow_squeeze: bool = False
    """Trade while the 4h regime is a squeeze: price is too quiet to come far."""
    allow_chop: bool = False
    """Trade while the 4h regime is chop."""
    allow_expansion: bool = False
    """Trade while the 4h regime is an expansion: moves are too wild for stops behind a zone."""
    use_vwap: bool = True
    """Demand that price is on the trade's side of the daily VWAP; a sweep of grade A may stand against it."""
    vwap_slack_atr: Annotated[float, Ge(0.0), Le(5.0)] = 0.05
    """How far on the wrong side of the daily VWAP is still accepted, in ATR."""


@dataclass(frozen=True, slots=True)
class SrLevels:
    """Stop, targets and what refuses them. ATR is that of the entry timeframe; R is the distance from entry to stop."""

    stop_push_quiet_atr: Annotated[float, Ge(0.0), Le(2.0)] = 0.25
    """How far behind the zone or the sweep the stop lies in the quietest market, in ATR."""
    stop_push_wild_atr: Annotated[float, Ge(0.0), Le(2.0)] = 0.5
    """The same in the wildest market, by the rank of the Bollinger width; also used while that is not available."""
    stop_min_atr: Annotated[float, Gt(0.0), Le(10.0)] = 0.8
    """Nearest stop, in ATR from the entry: a nearer one is moved away to here."""
    stop_max_atr: Annotated[float, Gt(0.0), Le(20.0)] = 3.0
    """Farthest allowed stop, in ATR from the entry: a farther one refuses the setup."""
    stop_max_pct: Annotated[float, Gt(0.0), Le(50.0)] = 6.0
    """Farthest allowed stop, in percent of the entry price."""
    room_min_r: Annotated[float, Gt(0.0), Le(10.0)] = 0.8
    """Least room to the next opposite zone, in R; with less the setup is refused."""
    room_strength_min: Annotated[float, Ge(0.0), Le(100.0)] = 50.0
    """Weaker opposite zones neither stand in the way nor serve as targets."""
    target_1_r: Annotated[float, Gt(0.0), Le(20.0)] = 1.0
    """First target, in R, where no opposite zone is near enough to be one."""
    target_1_zone_max_r: Annotated[float, Gt(0.0), Le(20.0)] = 1.5
    """Farthest opposite zone that may be the first target, in R."""
    target_2_r: Annotated[float, Gt(0.0), Le(20.0)] = 2.0
    """Second target, in R; the next opposite zone between here and the next limit takes its place."""
    target_2_zone_max_r: Annotated[float, Gt(0.0), Le(20.0)] = 4.0
    """Farthest opposite zone that may be the second target, in R."""
    target_3_beyond_r: Annotated[float, Gt(0.0), Le(20.0)] = 1.0
    """How far beyond the second target the third one lies, in R."""
    round_trip_cost_pct: Annotated[float, Ge(0.0), Le(5.0)] = 0.14
    """Fees and slippage of entry and exit together, in percent of the price."""
    max_cost_r: Annotated[float, Gt(0.0), Le(10.0)] = 0.3
    """Largest share of the risk that fees and slippage may take."""

    def __post_init__(self) -> None:
        if not self.stop_min_atr < self.stop_max_atr:
            raise InvalidInputError("stop_min_atr must be smaller than stop_max_atr.")
        if self.stop_push_quiet_atr > self.stop_push_wild_atr:
            raise InvalidInputError("stop_push_quiet_atr must not be larger than stop_push_wild_atr.")
        if not self.room_min_r <= self.target_1_r <= self.target_1_zone_max_r < self.target_2_r:
            raise InvalidInputError("These must grow: room_min_r <= target_1_r <= target_1_zone_max_r < target_2_r.")
        if self.target_2_r > self.target_2_zone_max_r:
            raise InvalidInputError("target_2_r must not be larger than target_2_zone_max_r.")


@dataclass(frozen=True, slots=True)
class SrConfidence:
    """The confidence of a signal, 0-100: what each part gives at most. The parts add up to it."""

    zone_points: Points = 45.0
    """Strength of the zone."""
    setup_points: Points = 20.0
    """Quality of the setup."""
    higher_points: Points = 15.0
    """Higher timeframes: 1h and 4h on the trade's side of their long average, a zone that is a high one itself."""
    vwap_points: Points = 5.0
    """Price on the trade's side of the daily VWAP."""
    flow_points: Points = 5.0
    """Buyers (for longs) or sellers (for shorts) were more active in the last three bars."""
    regime_points: Points = 10.0
    """The 4h regime suits the setup."""
    strength_zero: Annotated[float, Ge(0.0), Le(100.0)] = 40.0
    """Strength of a zone that gives no points."""
    strength_full: Annotated[float, Ge(0.0), Le(100.0)] = 80.0
    """Strength of a zone that gives all of them."""
    confidence_min: Annotated[float, Ge(0.0), Le(100.0)] = 60.0
    """Least confidence of a proposal; the desk then adds what it knows and has its own threshold."""

    def __post_init__(self) -> None:
        if not self.strength_zero < self.strength_full:
            raise InvalidInputError("strength_zero must be smaller than strength_full.")
        points = (self.zone_points, self.setup_points, self.higher_points)
        if sum((*points, self.vwap_points, self.flow_points, self.regime_points)) > 100.0 + 1e-9:
            raise InvalidInputError("The points of all parts together must not be more than 100.")


@dataclass(frozen=True, slots=True, kw_only=True)
class SrSettings:
    """What both setups share. Bars are bars of the entry timeframe, ATR is its ATR."""

    enabled: bool = True
    """Whether the setup runs."""
    trade: bool = False
    """false = its signals are for information: scored, explained and followed, never traded."""
    entry_frames: EntryFrames = "15m and 1h"
    """Timeframes whose bars are watched; zones of the same timeframe and of higher ones are used."""
    cooldown_bars: Annotated[int, Ge(0), Le(200)] = 4
    """Bars after a setup in which the same zone gives no other one in the same direction."""
    entry_valid_bars: Annotated[int, Ge(1), Le(20)] = 1
    """How late an entry at once may still happen, in 15m bars."""
    skip_from_atr: Annotated[float, Gt(0.0), Le(20.0)] = 2.0
    """This far from the edge price has run away and the setup is skipped."""
    wait_bars: Annotated[int, Ge(1), Le(50)] = 4
    """How many bars a setup that closed farther away than `entry_max_atr` waits for price to come back to there."""
    time_stop_bars: Annotated[int, Ge(1), Le(500)] = 16
    """Bars without progress after which the trade is closed."""
    gates: SrGates = field(default_factory=SrGates)
    """Filters by zone, regime and VWAP."""
    levels: SrLevels = field(default_factory=SrLevels)
    """Stop and targets."""
    confidence: SrConfidence = field(default_factory=SrConfidence)
    """Points."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SrFlipRetestSettings(SrSettings):
    """Parameters of Flip-Retest."""

    break_close_atr: Annotated[float, Gt(0.0), Le(3.0)] = 0.3
    """How far beyond the zone the break must close."""
    confirm_closes: Annotated[int, Ge(1), Le(10)] = 2
    """Closes after the break that must stay beyond the zone."""
    leave_atr: Annotated[float, Gt(0.0), Le(5.0)] = 0.5
    """How far price must move away before it may come back."""
    touch_atr: Annotated[float, Gt(0.0), Le(2.0)] = 0.25
    """How near to the broken edge counts as a retest."""
    fail_close_atr: Annotated[float, Gt(0.0), Le(3.0)] = 0.5
    """A close this far back inside cancels the break; so does one behind the zone."""
    break_max_bars: Annotated[int, Ge(4), Le(100)] = 12
    """How long after the break the trigger may come."""
    trigger_bars: Annotated[int, Ge(0), Le(10)] = 2
    """How many bars after a touch the trigger may come."""
    entry_max_atr: Annotated[float, Gt(0.0), Le(5.0)] = 0.5
    """Farthest entry from the broken edge; after a farther close the trade waits there."""

    def __post_init__(self) -> None:
        if self.leave_atr <= self.touch_atr:
            raise InvalidInputError("leave_atr must be larger than touch_atr.")
        if self.confirm_closes >= self.break_max_bars:
            raise InvalidInputError("confirm_closes must be smaller than break_max_bars.")
        if self.entry_max_atr >= self.skip_from_atr:
            raise InvalidInputError("entry_max_atr must be smaller than skip_from_atr.")


@dataclass(frozen=True, slots=True, kw_only=True)
class SrSweepReturnSettings(SrSettings):
    """Parameters of Sweep-Return."""

    depth_min_atr: Annotated[float, Ge(0.0), Le(5.0)] = 0.05
    """Least depth of the dip beyond the zone."""
    depth_max_atr: Annotated[float, Gt(0.0), Le(5.0)] = 0.8
    """Greatest depth; a deeper dip is a break."""
    return_max_bars: Annotated[int, Ge(0), Le(10)] = 3
    """Most closes beyond the zone before the close that comes back."""
    wick_min: Annotated[float, Gt(0.0), Le(20.0)] = 1.2
    """Least wick of the whole dip, in bodies."""
    body_least_atr: Annotated[float, Gt(0.0), Le(2.0)] = 0.1
    """A body counts as at least this large, so that a bar without one can be measured."""
    volume_min: Annotated[float, Ge(0.0), Le(20.0)] = 0.0
    """Least volume of the busiest bar of the dip, in medians of the 20 bars before; 0 = any."""
    grade_a_wick: Annotated[float, Gt(0.0), Le(20.0)] = 2.0
    """Least wick of a dip of grade A, in bodies."""
    grade_a_return_bars: Annotated[int, Ge(1), Le(10)] = 2
    """A dip of grade A is back by the close of this bar, its first one counting as 1."""
    grade_a_volume: Annotated[float, Ge(0.0), Le(20.0)] = 1.5
    """Least volume of a dip of grade A, in medians of the 20 bars before."""
    entry_max_atr: Annotated[float, Gt(0.0), Le(5.0)] = 1.0
    """Farthest entry from the swept edge; after a farther close the trade waits there."""

    def __post_init__(self) -> None:
        if self.depth_min_atr >= self.depth_max_atr:
            raise InvalidInputError("depth_min_atr must be smaller than depth_max_atr.")
        if self.wick_min > self.grade_a_wick:
            raise InvalidInputError("wick_min must not be larger than grade_a_wick.")
        if self.entry_max_atr >= self.skip_from_atr:
            raise InvalidInputError("entry_max_atr must be smaller than skip_from_atr.")
