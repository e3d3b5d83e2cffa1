"""Thresholds and points of the eleven components of Action Price. ATR means the ATR of 15m bars."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Annotated

from annotated_types import Ge, Le

from futtui.domain.errors import InvalidInputError

Points = Annotated[float, Ge(-5.0), Le(5.0)]
Atrs = Annotated[float, Ge(0.0), Le(20.0)]
Ratio = Annotated[float, Ge(0.0), Le(50.0)]
Bars = Annotated[int, Ge(1), Le(50)]


@dataclass(frozen=True, slots=True)
class InitiatorSizeSettings:
    """Body of the bar that crosses."""

    large_atr: Atrs = 1.10
    """A body of at least this many ATR is large."""
    large_points: Points = 2.0
    """Points of a large body."""
    medium_atr: Atrs = 0.80
    """A body of at least this many ATR is medium."""
    medium_points: Points = 1.0
    """Points of a medium body."""

    def __post_init__(self) -> None:
        _rising(medium_atr=self.medium_atr, large_atr=self.large_atr)


@dataclass(frozen=True, slots=True)
class DistanceSettings:
    """How far the confirming close is from EMA 200: the nearer, the better. Counted once, by this component only."""

    near_atr: Atrs = 0.30
    """Nearer than this is near."""
    near_points: Points = 2.0
    """Points of a near close."""
    close_atr: Atrs = 0.50
    """Nearer than this is close."""
    close_points: Points = 1.0
    """Points of a close that is close."""
    fair_atr: Atrs = 0.70
    """Nearer than this is fair."""
    fair_points: Points = 0.0
    """Points of a fair distance."""
    far_atr: Atrs = 1.00
    """Nearer than this is far, everything else is too far."""
    far_points: Points = -1.0
    """Points of a far close."""
    too_far_points: Points = -2.0
    """Points of a close that ran away."""

    def __post_init__(self) -> None:
        _rising(near_atr=self.near_atr, close_atr=self.close_atr, fair_atr=self.fair_atr, far_atr=self.far_atr)


@dataclass(frozen=True, slots=True)
class ClosePositionSettings:
    """Where the confirming close stands among EMA 5, 13 and 21."""

    inside_points: Points = 2.0
    """Points while both EMA 13 and EMA 21 are still ahead of the close."""
    between_points: Points = 1.0
    """Points when the close is between EMA 13 and EMA 21."""
    stretched_atr: Atrs = 0.50
    """A close this many ATR past EMA 5, with EMA 13 and EMA 21 behind it, is stretched."""
    stretched_points: Points = -2.0
    """Points of a stretched close."""


@dataclass(frozen=True, slots=True)
class SlopeSettings:
    """Slope of EMA 200."""

    bars: Bars = 10
    """Over how many bars the slope is measured."""
    least_atr: Atrs = 0.20
    """A change of at least this many ATR is a slope; less is flat."""
    with_points: Points = 1.0
    """Points when EMA 200 goes with the trade."""
    against_points: Points = -1.0
    """Points when EMA 200 goes against the trade."""


@dataclass(frozen=True, slots=True)
class FanSettings:
    """Order and spread of EMA 5, 9, 13 and 21 (a fan in trade direction has the fastest in front)."""

    tight_atr: Atrs = 0.05
    """A spread from EMA 5 to EMA 21 below this many ATR is a tight fan."""
    tight_points: Points = 2.0
    """Points of a tight fan: the move only begins."""
    narrow_atr: Atrs = 0.10
    """Below this, a narrow fan."""
    narrow_points: Points = 1.0
    """Points of a narrow fan."""
    wide_atr: Atrs = 0.20
    """From here on, a wide fan."""
    wide_points: Points = -2.0
    """Points of a wide fan: the move is old."""
    against_points: Points = -2.0
    """Points of a fan against the trade."""

    def __post_init__(self) -> None:
        _rising(tight_atr=self.tight_atr, narrow_atr=self.narrow_atr, wide_atr=self.wide_atr)


@dataclass(frozen=True, slots=True)
class StickySettings:
    """Price that stuck to EMA 200 before the cross."""

    bars: Bars = 5
    """How many bars before the initiator are looked at."""
    touches: Bars = 3
    """This many touches of EMA 200 among them are too many."""
    points: Points = -2.0
    """Points of a sticky average."""

    def __post_init__(self) -> None:
        _within(touches=self.touches, bars=self.bars)


@dataclass(frozen=True, slots=True)
class ColourSettings:
    """Colour of the confirming bar."""

    with_points: Points = 1.0
    """Points when its body goes with the trade."""
    near_atr: Atrs = 0.30
    """A close nearer to EMA 200 than this leaves no room for a bar against the trade."""
    against_near_points: Points = -1.0
    """Points when its body goes against the trade that near to EMA 200."""


@dataclass(frozen=True, slots=True)
class BaseBuildingSettings:
    """Quiet bars on the right side of EMA 13 and EMA 21 before the confirmation."""

    bars: Bars = 3
    """How many bars before the confirmation are looked at."""
    needed: Bars = 2
    """How many of them must close beyond EMA 13, stay beyond EMA 21 and be small."""
    range_atr: Atrs = 0.50
    """A bar with a smaller range than this is small."""
    points: Points = 2.0
    """Points of a base."""

    def __post_init__(self) -> None:
        _within(needed=self.needed, bars=self.bars)


@dataclass(frozen=True, slots=True)
class RetestSettings:
    """A bar before the confirmation that dipped to EMA 13 or EMA 21 and closed beyond it."""

    bars: Bars = 5
    """How many bars before the confirmation are looked at."""
    points: Points = 2.0
    """Points of a retest."""


@dataclass(frozen=True, slots=True)
class WickSettings:
    """Wick of the initiator against the move: how far price was pushed back before it went."""

    least_atr: Atrs = 0.25
    """Shortest wick that counts."""
    points: Points = 2.0
    """Points of the wick."""


@dataclass(frozen=True, slots=True)
class VolumeSettings:
    """Volume of the initiator against the mean of the bars before it."""

    bars: Bars = 20
    """How many bars make the mean."""
    high_ratio: Ratio = 1.8
    """From here on volume is high."""
    high_points: Points = 2.0
    """Points of high volume."""
    raised_ratio: Ratio = 1.2
    """From here on volume is raised."""
    raised_points: Points = 1.0
    """Points of raised volume."""
    low_ratio: Ratio = 0.8
    """Below this volume is low."""
    low_points: Points = -1.0
    """Points of low volume."""

    def __post_init__(self) -> None:
        _rising(low_ratio=self.low_ratio, raised_ratio=self.raised_ratio, high_ratio=self.high_ratio)


@dataclass(frozen=True, slots=True)
class ComponentSettings:
    """The eleven components; 0 points switch one off."""

    initiator_size: InitiatorSizeSettings = field(default_factory=InitiatorSizeSettings)
    """Size of the crossing bar."""
    distance: DistanceSettings = field(default_factory=DistanceSettings)
    """Distance of the confirming close from EMA 200."""
    close_position: ClosePositionSettings = field(default_factory=ClosePositionSettings)
    """Place of the confirming close among the fast averages."""
    slope: SlopeSettings = field(default_factory=SlopeSettings)
    """Slope of EMA 200."""
    fan: FanSettings = field(default_factory=FanSettings)
    """Order and spread of the fast averages."""
    sticky: StickySettings = field(default_factory=StickySettings)
    """Touches of EMA 200 before the cross."""
    colour: ColourSettings = field(default_factory=ColourSettings)
    """Colour of the confirming bar."""
    base: BaseBuildingSettings = field(default_factory=BaseBuildingSettings)
    """Break and base."""
    retest: RetestSettings = field(default_factory=RetestSettings)
    """Retest of EMA 13 or EMA 21."""
    wick: WickSettings = field(default_factory=WickSettings)
    """Wick of the crossing bar."""
    volume: VolumeSettings = field(default_factory=VolumeSettings)
    """Volume of the crossing bar."""


def _rising(**limits: float) -> None:
    if any(later <= earlier for earlier, later in pairwise(limits.values())):
        raise InvalidInputError(f"These limits must grow in this order: {' < '.join(limits)}.")


def _within(**counts: int) -> None:
    (part, count), (whole, size) = counts.items()
    if count > size:
        raise InvalidInputError(f"{part} cannot be more than {whole} ({size}).")
