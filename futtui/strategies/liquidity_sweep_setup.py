"""Parameters of the Liquidity Sweep, and the life of one sweep: beyond the stops, and back inside or not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Annotated, Any

from annotated_types import Ge, Gt, Le

from futtui.domain.errors import InvalidInputError
from futtui.strategies.levels import LevelSettings
from futtui.strategies.structure import OrientedBar

SWEEP_LEVELS = LevelSettings()


@dataclass(frozen=True, slots=True)
class LiquiditySweepSettings:
    """Parameters of the Liquidity Sweep. ATR is that of the sweeping bar unless stated; bars are 15m bars."""

    enabled: bool = True
    """Whether the strategy runs."""
    trade: bool = False
    """false = its signals are for information: scored, explained and followed, never traded."""
    swing_side_bars: Annotated[int, Ge(1), Le(10)] = 5
    """Bars on each side that a turning point must stand above or below."""
    swing_lookback_bars: Annotated[int, Ge(10), Le(500)] = 96
    """How old a turning point may be for stops to rest behind it."""
    equal_atr: Annotated[float, Gt(0), Le(1)] = 0.1
    """Turning points this near to each other are equal lows (highs)."""
    zone_score_min: Annotated[float, Ge(0), Le(100)] = 60.0
    """Least score of a zone whose far side counts as a place of stops."""
    depth_min_atr: Annotated[float, Gt(0), Le(2)] = 0.05
    """How far beyond the level price must go to take the stops."""
    depth_max_atr: Annotated[float, Gt(0), Le(5)] = 0.5
    """Farther beyond the level it is a break and no sweep."""
    volume_min: Annotated[float, Ge(0), Le(20)] = 1.5
    """Least volume of the sweeping bar, in medians of the 20 bars before; 0 = any."""
    reclaim_max_bars: Annotated[int, Ge(0), Le(20)] = 3
    """Last bar after the sweep that may close back inside; 0 = only the sweeping bar itself."""
    close_share: Annotated[float, Gt(0), Le(1)] = 0.4
    """The reclaiming bar must close within this part of its range on the trade's side."""
    flow_against_max: Annotated[float, Gt(0), Le(1)] = 0.3
    """A 3-bar taker flow this strong against the trade refuses it; unknown flow never does."""
    against_trend: bool = False
    """Whether sweeps against a 4h trend are traded, too."""
    range_bars: Annotated[int, Ge(5), Le(200)] = 20
    """Bars whose far end is the other side of the local range."""
    target_1_min_r: Annotated[float, Gt(0), Le(5)] = 0.8
    """First target in R when the other side of the local range is nearer than `target_1_r`; never less."""
    target_2_min_r: Annotated[float, Gt(0), Le(20)] = 1.8
    """The next place of stops ahead becomes the second target from this distance on, in R."""
    entry_valid_bars: Annotated[int, Ge(1), Le(20)] = 1
    """How late an entry may still happen."""
    time_stop_bars: Annotated[int, Ge(1), Le(500)] = 12
    """Bars without progress after which the trade is closed."""
    base_score: Annotated[float, Ge(0), Le(10)] = 2.5
    """Points of the bare setup."""
    levels: LevelSettings = SWEEP_LEVELS
    """Limits of stop and targets."""

    def __post_init__(self) -> None:
        if not self.depth_min_atr < self.depth_max_atr:
            raise InvalidInputError("depth_min_atr must be smaller than depth_max_atr.")
        if self.target_1_min_r > self.levels.target_1_r:
            raise InvalidInputError("target_1_min_r must not be larger than levels.target_1_r.")
        if not self.levels.target_1_r < self.target_2_min_r < self.levels.target_3_r:
            raise InvalidInputError("target_2_min_r must lie between levels.target_1_r and levels.target_3_r.")


@dataclass(slots=True)
class SweptPool:
    """Stops that price has just taken. Prices are oriented: for shorts every price has its sign flipped.

    `kind` and `strength` are those of the pool; `extreme` is the lowest low since the sweep began.
    """

    sign: int
    kind: str
    level: float
    strength: float
    extreme: float
    time_ms: int
    atr: float
    volume_ratio: float
    age: int = 0

    def advance(self, bar: OrientedBar, settings: LiquiditySweepSettings) -> str | None:
        """Take in the next closed bar; the reason why the sweep is dropped, or None while it lives."""
        self.age += 1
        if bar.close < self.extreme:
            return "price closed beyond the sweep: it is a break"
        self.extreme = min(self.extreme, bar.low)
        if self.level - self.extreme > settings.depth_max_atr * self.atr:
            return f"price went {(self.level - self.extreme) / self.atr:.1f} ATR beyond: it is a break"
        if self.age > settings.reclaim_max_bars:
            return "price did not come back inside in time"
        return None

    def is_reclaimed(self, bar: OrientedBar, settings: LiquiditySweepSettings) -> bool:
        """Whether this close is back inside, on the trade's side of its bar."""
        return bar.close > self.level and bar.range > 0 and bar.close >= bar.high - settings.close_share * bar.range

    def to_state(self) -> dict[str, Any]:
        """Plain JSON types."""
        return asdict(self)

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> SweptPool:
        """The sweep that `to_state` described."""
        return cls(**state)
