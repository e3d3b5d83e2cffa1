"""Parameters of the two engines: what they share, and the defaults in which the hours differ from the quarters."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le

from futtui.domain.errors import InvalidInputError

Share = Annotated[float, Ge(0.0), Le(100.0)]


@dataclass(frozen=True, slots=True)
class SetupSettings:
    """When a zone counts as retested or swept. ATR is that of the engine's own timeframe, like all bars here."""

    zone_strength_min: Annotated[float, Ge(0.0), Le(100.0)] = 50.0
    """Least strength of a zone."""
    flip_max_bars: Annotated[int, Ge(3), Le(300)] = 60
    """How long ago a zone may have been broken for its retest to count, in bars."""
    touch_atr: Annotated[float, Ge(0.0), Le(2.0)] = 0.25
    """How near to the edge of a broken zone counts as a touch."""
    reaction_atr: Annotated[float, Gt(0.0), Le(5.0)] = 0.6
    """How far price must close away from the deepest point of the touch."""
    reaction_bars: Annotated[int, Ge(1), Le(50)] = 12
    """Within how many bars after the touch that must happen."""
    flip_entry_atr: Annotated[float, Gt(0.0), Le(5.0)] = 1.0
    """Farthest entry from the edge of a broken zone. Below reaction_atr + touch_atr only deep touches can trade."""
    sweep_entry_atr: Annotated[float, Gt(0.0), Le(5.0)] = 1.0
    """Farthest entry from the edge of a swept zone."""
    sweep_min_atr: Annotated[float, Ge(0.0), Le(5.0)] = 0.05
    """A sweep must go at least this far through the zone."""
    sweep_max_atr: Annotated[float, Gt(0.0), Le(10.0)] = 0.8
    """A sweep that goes farther than this through the zone is a break."""
    return_bars: Annotated[int, Ge(0), Le(10)] = 3
    """How many bars after the first close outside price must be back; 0 = only sweeps within one bar."""
    wick_ratio: Annotated[float, Gt(0.0), Le(20.0)] = 1.5
    """Least wick of a sweep, in bodies (a body counts as at least 0.1 ATR)."""
    grade_a_wick_ratio: Annotated[float, Gt(0.0), Le(20.0)] = 1.8
    """Least wick of a sweep of grade A."""
    grade_a_return_bars: Annotated[int, Ge(0), Le(10)] = 2
    """Most bars outside of a sweep of grade A."""
    grade_a_volume: Annotated[float, Ge(0.0), Le(20.0)] = 1.5
    """Least volume of a sweep of grade A, in medians of the 20 bars before."""

    def __post_init__(self) -> None:
        if not self.sweep_min_atr < self.sweep_max_atr:
            raise InvalidInputError("sweep_min_atr must be smaller than sweep_max_atr.")
        if not self.wick_ratio < self.grade_a_wick_ratio:
            raise InvalidInputError("wick_ratio must be smaller than grade_a_wick_ratio.")


@dataclass(frozen=True, slots=True)
class HourSetupSettings(SetupSettings):
    """When a zone counts as retested or swept, with the defaults of the hours."""

    reaction_atr: Annotated[float, Gt(0.0), Le(5.0)] = 0.7
    """How far price must close away from the deepest point of the touch."""
    reaction_bars: Annotated[int, Ge(1), Le(50)] = 8
    """Within how many bars after the touch that must happen."""


@dataclass(frozen=True, slots=True)
class DualLevels:
    """Stop and targets. The stop lies behind the zone and behind the deepest point of the touch or sweep."""

    stop_push_atr: Annotated[float, Ge(0.0), Le(3.0)] = 0.25
    """How far behind it lies, in ATR."""
    stop_min_atr: Annotated[float, Gt(0.0), Le(10.0)] = 0.8
    """Nearest stop, in ATR from the entry: a nearer one is moved away to here."""
    stop_max_atr: Annotated[float, Gt(0.0), Le(20.0)] = 2.5
    """Farthest allowed stop, in ATR from the entry."""
    stop_max_pct: Annotated[float, Gt(0.0), Le(50.0)] = 6.0
    """Farthest allowed stop, in percent of the entry price."""
    target_1_r: Annotated[float, Gt(0.0), Le(20.0)] = 1.0
    """First target, in R, where no opposite zone is nearer."""
    target_1_min_r: Annotated[float, Gt(0.0), Le(20.0)] = 0.8
    """An opposite zone nearer than this leaves no room, and the setup is refused."""
    target_2_r: Annotated[float, Gt(0.0), Le(20.0)] = 2.0
    """Second target, in R, where no opposite zone lies between here and `target_2_max_r`."""
    target_2_max_r: Annotated[float, Gt(0.0), Le(20.0)] = 4.0
    """Farthest opposite zone that becomes the second target, in R."""
    runner_extra_r: Annotated[float, Gt(0.0), Le(20.0)] = 1.0
    """How far beyond the second target the third one lies, in R."""
    round_trip_cost_pct: Annotated[float, Ge(0.0), Le(5.0)] = 0.14
    """Fees and slippage of entry and exit together, in percent of the price."""
    min_target_costs: Annotated[float, Ge(0.0), Le(100.0)] = 4.0
    """The first target must be at least this many round-trip costs away."""

    def __post_init__(self) -> None:
        if not self.stop_min_atr < self.stop_max_atr:
            raise InvalidInputError("stop_min_atr must be smaller than stop_max_atr.")
        if not self.target_1_min_r <= self.target_1_r < self.target_2_r <= self.target_2_max_r:
            raise InvalidInputError(
                "The targets must grow: target_1_min_r <= target_1_r < target_2_r <= target_2_max_r."
            )


@dataclass(frozen=True, slots=True)
class HourLevels(DualLevels):
    """Stop and targets with the defaults of the hours."""

    stop_push_atr: Annotated[float, Ge(0.0), Le(3.0)] = 0.30
    """How far behind it lies, in ATR."""


@dataclass(frozen=True, slots=True)
class ConfidenceSettings:
    """What each part adds to the confidence at most: together 100 with these defaults."""

    zone_points: Share = 45.0
    """The strength of the zone."""
    full_strength: Annotated[float, Gt(0.0), Le(100.0)] = 80.0
    """Strength from which a zone earns all its points, so that zones of every timeframe can."""
    setup_points: Share = 20.0
    """How good the retest or sweep is."""
    higher_points: Share = 15.0
    """Higher timeframes that agree, and a zone of theirs at the same place."""
    vwap_points: Share = 6.0
    """Price on the right side of the daily VWAP."""
    flow_points: Share = 4.0
    """Money flow in the direction of the trade."""
    regime_points: Share = 10.0
    """A 4h regime that suits the setup."""
    least: Share = 50.0
    """Setups with less are not proposed; the threshold of the system decides later, with all that the desk knows."""


@dataclass(frozen=True, slots=True)
class DualEngineSettings:
    """Parameters of the quarter-hour engine (M15): quick trades at zones of 15m and 1h."""

    enabled: bool = True
    """Whether the engine runs."""
    trade: bool = False
    """false = its signals are for information: scored, explained and followed, never traded."""
    valid_bars: Annotated[int, Ge(1), Le(100)] = 12
    """How late an entry may still happen, and how long a zone is locked after a signal, in bars."""
    cooldown_bars: Annotated[int, Ge(0), Le(200)] = 4
    """Bars after a signal without another one in the same direction."""
    time_stop_bars: Annotated[int, Ge(1), Le(1000)] = 16
    """Bars without progress after which the trade is closed."""
    vwap_required: bool = True
    """Demand the right side of the daily VWAP; a sweep of grade A may stand against it."""
    vwap_band_atr: Annotated[float, Ge(0.0), Le(5.0)] = 0.25
    """How far on the wrong side of the daily VWAP still counts as neutral, in ATR."""
    vwap_waived_with_overlap: bool = False
    """Whether a zone of 4h or 1d at the same place makes up for the wrong side of the VWAP."""
    wall_atr: Annotated[float, Ge(0.0), Le(10.0)] = 1.2
    """Least distance to the next opposite zone of 4h or 1d, in ATR."""
    wall: Literal["block", "penalty"] = "block"
    """What a nearer one does: `block` refuses the setup, `penalty` takes `wall_points` away."""
    wall_points: Share = 20.0
    """Points that a near opposite zone takes away with `penalty`."""
    inside_opposite: bool = True
    """Demand more proof from a zone that lies mostly inside an opposite zone of 1h."""
    setups: SetupSettings = field(default_factory=SetupSettings)
    """Retests and sweeps."""
    levels: DualLevels = field(default_factory=DualLevels)
    """Stop and targets."""
    confidence: ConfidenceSettings = field(default_factory=ConfidenceSettings)
    """Score from 0 to 100."""


@dataclass(frozen=True, slots=True)
class HourEngineSettings(DualEngineSettings):
    """Parameters of the hour engine (H1): longer trades at zones of 1h, 4h and 1d."""

    valid_bars: Annotated[int, Ge(1), Le(100)] = 8
    """How late an entry may still happen, and how long a zone is locked after a signal, in bars."""
    cooldown_bars: Annotated[int, Ge(0), Le(200)] = 3
    """Bars after a signal without another one in the same direction."""
    time_stop_bars: Annotated[int, Ge(1), Le(1000)] = 24
    """Bars without progress after which the trade is closed."""
    vwap_required: bool = False
    """Demand the right side of the daily VWAP; a sweep of grade A may stand against it."""
    vwap_waived_with_overlap: bool = True
    """Whether a zone of 4h or 1d at the same place makes up for the wrong side of the VWAP."""
    wall_atr: Annotated[float, Ge(0.0), Le(10.0)] = 1.0
    """Least distance to the next opposite zone of 4h or 1d, in ATR."""
    wall: Literal["block", "penalty"] = "penalty"
    """What a nearer one does: `block` refuses the setup, `penalty` takes `wall_points` away."""
    inside_opposite: bool = False
    """Demand more proof from a zone that lies mostly inside an opposite zone of 1h."""
    setups: SetupSettings = field(default_factory=HourSetupSettings)
    """Retests and sweeps."""
    levels: DualLevels = field(default_factory=HourLevels)
    """Stop and targets."""
