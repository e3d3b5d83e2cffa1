"""The life of one broken level: broken, left behind, touched again, or cancelled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Le

from futtui.domain.errors import InvalidInputError
from futtui.domain.regime import Regime
from futtui.strategies.levels import LevelSettings
from futtui.strategies.structure import OrientedBar, is_engulfing, is_rejection


@dataclass(frozen=True, slots=True)
class BreakRetestLevels(LevelSettings):
    """Limits of stop and targets with the defaults of this strategy: it aims farther, behind a wider push."""

    stop_push_atr: Annotated[float, Ge(0), Le(1)] = 0.2
    """How far past the retest low or the zone the stop is placed, in ATR."""
    target_1_r: Annotated[float, Gt(0), Le(20)] = 1.5
    """First target, in R."""
    target_2_r: Annotated[float, Gt(0), Le(20)] = 2.5
    """Second target, in R; an opposing zone between 2 and 3 R takes its place."""
    target_3_r: Annotated[float, Gt(0), Le(20)] = 3.5
    """Third target, in R."""


BREAK_RETEST_LEVELS = BreakRetestLevels()


@dataclass(frozen=True, slots=True)
class BreakRetestSettings:
    """Parameters of Break Retest. ATR is that of the break bar unless stated; bars are 15m bars."""

    enabled: bool = True
    """Whether the strategy runs."""
    trade: bool = False
    """false = its signals are for information: scored, explained and followed, never traded."""
    entry: Literal["close", "armed"] = "close"
    """`close` waits for a bar that is pushed back from the level; `armed` waits for the level itself inside a bar."""
    swing_side_bars: Annotated[int, Ge(1), Le(10)] = 3
    """Bars on each side that a turning point must stand above or below."""
    level_lookback_bars: Annotated[int, Ge(10), Le(500)] = 60
    """How old a turning point may be to count as a level."""
    break_close_atr: Annotated[float, Gt(0), Le(3)] = 0.25
    """How far beyond the level the break bar must close."""
    leave_atr: Annotated[float, Gt(0), Le(5)] = 0.5
    """How far price must move away before it may come back."""
    retest_touch_atr: Annotated[float, Gt(0), Le(2)] = 0.25
    """How near to the level counts as a touch."""
    retest_min_bars: Annotated[int, Ge(1), Le(100)] = 3
    """First bar after the break that may be the retest."""
    retest_max_bars: Annotated[int, Ge(1), Le(200)] = 20
    """Last bar after the break that may be the retest; later the level is dropped."""
    fail_close_atr: Annotated[float, Gt(0), Le(3)] = 0.3
    """A close this far back inside cancels the break."""
    trigger_bars: Annotated[int, Ge(0), Le(10)] = 2
    """How many bars after a touch the push back may still come."""
    volume_min_trend: Annotated[float, Ge(0), Le(20)] = 1.8
    """Volume of the break bar in a trend, in averages of the 20 bars before."""
    volume_min_squeeze: Annotated[float, Ge(0), Le(20)] = 1.2
    """The same in a squeeze."""
    volume_min_other: Annotated[float, Ge(0), Le(20)] = 1.5
    """The same in any other regime."""
    adx_min_trend: Annotated[float, Ge(0), Le(100)] = 25.0
    """Least ADX at the break in a trend."""
    adx_min_squeeze: Annotated[float, Ge(0), Le(100)] = 15.0
    """Least ADX at the break in a squeeze."""
    adx_min_other: Annotated[float, Ge(0), Le(100)] = 20.0
    """Least ADX at the break in any other regime."""
    armed_offset_atr: Annotated[float, Ge(0), Le(1)] = 0.1
    """How far in front of the level an armed entry waits."""
    armed_valid_bars: Annotated[int, Ge(1), Le(100)] = 12
    """How long an armed entry waits at most."""
    entry_valid_bars: Annotated[int, Ge(1), Le(20)] = 1
    """How late an entry after a close may still happen."""
    time_stop_bars: Annotated[int, Ge(1), Le(500)] = 12
    """Bars without progress after which the trade is closed."""
    base_score: Annotated[float, Ge(0), Le(10)] = 2.5
    """Points of the bare setup."""
    levels: BreakRetestLevels = BREAK_RETEST_LEVELS
    """Limits of stop and targets."""

    def __post_init__(self) -> None:
        if self.retest_min_bars > self.retest_max_bars:
            raise InvalidInputError("retest_min_bars must not be larger than retest_max_bars.")
        if self.leave_atr <= self.retest_touch_atr:
            raise InvalidInputError("leave_atr must be larger than retest_touch_atr.")

    def volume_min(self, regime: Regime) -> float:
        """Least volume of the break bar in this regime, in averages."""
        if regime.is_trend:
            return self.volume_min_trend
        return self.volume_min_squeeze if regime is Regime.SQUEEZE else self.volume_min_other

    def adx_min(self, regime: Regime) -> float:
        """Least ADX at the break in this regime."""
        if regime.is_trend:
            return self.adx_min_trend
        return self.adx_min_squeeze if regime is Regime.SQUEEZE else self.adx_min_other


@dataclass(slots=True)
class BrokenLevel:
    """A level that price closed beyond. Prices are oriented: for shorts every price has its sign flipped.

    `guard` is the far edge of the broken zone, or the level itself. `deepest` is the lowest low since price left.
    """

    sign: int
    level: float
    guard: float
    time_ms: int
    atr: float
    volume_ratio: float
    adx: float
    adx_rising: bool | None
    zone_id: str = ""
    zone_score: float | None = None
    age: int = 0
    left: bool = False
    touch_age: int | None = None
    deepest: float | None = None

    def advance(self, bar: OrientedBar, settings: BreakRetestSettings) -> str | None:
        """Take in the next closed bar; the reason why the level is dropped, or None while it lives."""
        self.age += 1
        if bar.close < self.level - settings.fail_close_atr * self.atr:
            return "the break failed: price closed back inside"
        if self.age > settings.retest_max_bars:
            return "no retest in time"
        if self.left:
            self.deepest = bar.low if self.deepest is None else min(self.deepest, bar.low)
            if self.age >= settings.retest_min_bars and self.is_touched_by(bar, settings):
                self.touch_age = self.age
        elif bar.high >= self.level + settings.leave_atr * self.atr:
            self.left = True
        return None

    def is_touched_by(self, bar: OrientedBar, settings: BreakRetestSettings) -> bool:
        """Whether the bar came back to the level."""
        return bar.low <= self.level + settings.retest_touch_atr * self.atr

    def is_pushed_back(self, previous: OrientedBar, bar: OrientedBar, settings: BreakRetestSettings) -> bool:
        """Whether this close rejects the level in trade direction, at or shortly after a touch."""
        if self.touch_age is None or self.age - self.touch_age > settings.trigger_bars:
            return False
        return self.is_pushed_by(previous, bar)

    def is_pushed_by(self, previous: OrientedBar, bar: OrientedBar) -> bool:
        """Whether the bar rejects the level in trade direction, touched or not."""
        return bar.close > max(self.level, bar.open) and (is_rejection(bar) or is_engulfing(previous, bar))

    def can_arm(self, bar: OrientedBar, settings: BreakRetestSettings) -> bool:
        """Whether the next bar is the first that may be the retest, and price has not come back yet."""
        in_window = settings.retest_min_bars - 1 <= self.age < settings.retest_max_bars
        return self.left and in_window and self.touch_age is None and not self.is_touched_by(bar, settings)

    def to_state(self) -> dict[str, Any]:
        """Plain JSON types."""
        return asdict(self)

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> BrokenLevel:
        """The level that `to_state` described."""
        return cls(**state)
