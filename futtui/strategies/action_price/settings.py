"""Parameters of Action Price: bands, entry timing, levels, filters, cooldown and components."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from annotated_types import Ge, Gt, Le

from futtui.domain.errors import InvalidInputError
from futtui.strategies.action_price.component_settings import ComponentSettings


@dataclass(frozen=True, slots=True)
class BandSettings:
    """Which score makes which trade. Below the lower band the cross is skipped."""

    scalp_from: Annotated[float, Ge(-20.0), Le(30.0)] = 3.0
    """Least score of a SCALP trade."""
    standard_from: Annotated[float, Ge(-20.0), Le(30.0)] = 6.0
    """Least score of a STANDARD trade."""

    def __post_init__(self) -> None:
        if not self.scalp_from < self.standard_from:
            raise InvalidInputError("scalp_from must be smaller than standard_from.")


@dataclass(frozen=True, slots=True)
class TimingSettings:
    """When to enter, by the distance of the confirming close from EMA 200 in ATR."""

    wait_from_atr: Annotated[float, Gt(0.0), Le(20.0)] = 1.5
    """From here on the trade waits for price to come back."""
    skip_from_atr: Annotated[float, Gt(0.0), Le(20.0)] = 2.5
    """From here on the cross is skipped: price has run away."""
    return_to_atr: Annotated[float, Gt(0.0), Le(20.0)] = 0.7
    """Where a waiting trade enters: this many ATR from EMA 200."""
    wait_bars: Annotated[int, Ge(1), Le(50)] = 4
    """How many bars it waits."""
    entry_valid_bars: Annotated[int, Ge(1), Le(20)] = 1
    """How late an entry at once may still happen."""

    def __post_init__(self) -> None:
        if not self.return_to_atr < self.wait_from_atr < self.skip_from_atr:
            raise InvalidInputError("These must grow: return_to_atr < wait_from_atr < skip_from_atr.")


@dataclass(frozen=True, slots=True)
class ActionPriceLevels:
    """Stop, targets and what refuses them."""

    stop_push_atr: Annotated[float, Ge(0.0), Le(2.0)] = 0.1
    """How far behind the end of the initiator the stop lies, in the ATR of that bar."""
    stop_min_atr: Annotated[float, Gt(0.0), Le(10.0)] = 0.3
    """Nearest allowed stop, in ATR from the entry (the desk's own limit for all systems applies as well)."""
    stop_max_atr: Annotated[float, Gt(0.0), Le(20.0)] = 3.0
    """Farthest allowed stop, in ATR from the entry."""
    stop_max_pct: Annotated[float, Gt(0.0), Le(50.0)] = 5.0
    """Farthest allowed stop, in percent of the entry price."""
    target_1_r: Annotated[float, Gt(0.0), Le(20.0)] = 1.0
    """First target, in R (distance from entry to stop)."""
    min_reward_r: Annotated[float, Gt(0.0), Le(10.0)] = 0.8
    """Smallest reward at the first target, in R, measured from the entry."""
    scalp_target_2_r: Annotated[float, Gt(0.0), Le(20.0)] = 1.5
    """Second target of a SCALP trade, in R."""
    standard_target_2_r: Annotated[float, Gt(0.0), Le(20.0)] = 2.0
    """Second target of a STANDARD trade, in R."""
    runner_target_r: Annotated[float, Gt(0.0), Le(50.0)] = 3.0
    """Third target, for the part that runs on behind the trailing stop, in R."""
    round_trip_cost_pct: Annotated[float, Ge(0.0), Le(5.0)] = 0.14
    """Fees and slippage of entry and exit together, in percent of the price."""
    max_cost_r: Annotated[float, Gt(0.0), Le(10.0)] = 0.3
    """Largest share of the risk that fees and slippage may take; a stop 1 % away costs 0.14 R at 0.14 % costs."""

    def __post_init__(self) -> None:
        if not self.stop_min_atr < self.stop_max_atr:
            raise InvalidInputError("stop_min_atr must be smaller than stop_max_atr.")
        seconds = (self.scalp_target_2_r, self.standard_target_2_r)
        if not self.target_1_r < min(seconds) <= max(seconds) < self.runner_target_r:
            raise InvalidInputError("The targets must grow: target_1_r < the second targets < runner_target_r.")


@dataclass(frozen=True, slots=True)
class SurroundingsSettings:
    """What the market around the cross must not be. BTC and the late trend are judged by the desk's scorer."""

    avoid_chop: bool = True
    """Skip a cross while the 4h regime is CHOP."""
    avoid_against_higher: bool = True
    """Skip a cross when 1h and 4h are both on the other side of their long average."""


@dataclass(frozen=True, slots=True)
class ActionPriceSettings:
    """Parameters of Action Price. Bars are 15m bars."""

    enabled: bool = True
    """Whether the system runs."""
    trade: bool = False
    """false = its signals are for information: scored, explained and followed, never traded."""
    cooldown_bars: Annotated[int, Ge(0), Le(200)] = 8
    """After a signal, bars without another one in the same direction (8 = 2 hours); a skipped cross does not count."""
    time_stop_bars: Annotated[int, Ge(1), Le(1000)] = 32
    """Bars without 0.5 R after which the trade is closed."""
    bands: BandSettings = field(default_factory=BandSettings)
    """Score bands."""
    timing: TimingSettings = field(default_factory=TimingSettings)
    """Entry timing."""
    levels: ActionPriceLevels = field(default_factory=ActionPriceLevels)
    """Stop and targets."""
    surroundings: SurroundingsSettings = field(default_factory=SurroundingsSettings)
    """Filters by regime and higher timeframes."""
    components: ComponentSettings = field(default_factory=ComponentSettings)
    """Thresholds and points."""

    @property
    def trail_bars(self) -> int:
        """Closes of which the averages must be known, the confirmation included."""
        parts = self.components
        return 1 + max(parts.slope.bars, parts.sticky.bars + 1, parts.base.bars, parts.retest.bars)
