"""What the zone room may be told. Distances end in `_atr` (of the same frame), `_pct` (of price) or `_days`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge, Gt, Interval

from futtui.domain.errors import InvalidInputError
from futtui.domain.timeframe import Timeframe


@dataclass(frozen=True)
class ZoneFrameSettings:
    """Settings that differ by timeframe; the defaults are those of 15 minutes."""

    fractal_bars: Annotated[int, Interval(ge=1, le=20)] = 2
    """Bars on each side that must be less extreme for a bar to be a swing."""
    lookback_bars: Annotated[int, Interval(ge=50, le=2000)] = 480
    """How far back swings count."""
    min_width_atr: Annotated[float, Gt(0)] = 0.35
    """Narrowest zone."""
    max_width_atr: Annotated[float, Gt(0)] = 0.7
    """Widest zone."""
    guard_atr: Annotated[float, Gt(0)] = 0.9
    """A cluster wider than this is split."""
    guard_pct: Annotated[float, Gt(0)] = 0.8
    """A cluster wider than this share of price is split."""
    guard_range: Annotated[float, Gt(0)] = 0.25
    """A cluster wider than this share of the range of the last 20 bars is split."""
    reaction_bars: Annotated[int, Ge(1)] = 12
    """Bars after a touch within which a bounce or a break must happen."""
    freshness_days: Annotated[float, Gt(0)] = 7.0
    """Age at which freshness has fallen to 37 %."""
    prune_days: Annotated[float, Gt(0)] = 3.0
    """A weak zone (score below 40) goes after so many days without a touch."""
    expiry_days: Annotated[float, Gt(0)] = 5.0
    """Any zone goes after so many days without a touch."""
    max_zones: Annotated[int, Ge(1)] = 15
    """Most zones shown for this timeframe."""
    spacing_atr: Annotated[float, Ge(0)] = 0.4
    """Least distance between the middles of two zones; the stronger one stays."""
    stale_bars: Annotated[int, Ge(1)] = 200
    """A zone that was not touched for so many bars is stale; a weak one goes at once."""
    cooldown_bars: Annotated[int, Ge(0)] = 30
    """Bars for which no new zone is made where one has just gone."""
    flip_days: Annotated[float, Gt(0)] = 1.0
    """Days for which a zone that changed kind is shown as flipped and pays for it with its score."""
    kde_bandwidth_atr: Annotated[float, Interval(ge=0.05, le=1)] = 0.15
    """Width of the bell with which each swing counts in the density of swings."""

    def __post_init__(self) -> None:
        if self.min_width_atr > self.max_width_atr:
            raise InvalidInputError(
                f"min_width_atr ({self.min_width_atr}) is above max_width_atr ({self.max_width_atr}). "
                "Set it to the same value or a lower one."
            )


_H1 = ZoneFrameSettings(
    fractal_bars=3,
    lookback_bars=480,
    min_width_atr=0.5,
    max_width_atr=1.0,
    guard_atr=1.2,
    guard_pct=1.2,
    guard_range=0.30,
    reaction_bars=8,
    freshness_days=15.0,
    prune_days=7.0,
    expiry_days=15.0,
    max_zones=15,
    spacing_atr=0.5,
    stale_bars=200,
    cooldown_bars=24,
    flip_days=4.0,
    kde_bandwidth_atr=0.2,
)
_H4 = ZoneFrameSettings(
    fractal_bars=3,
    lookback_bars=300,
    min_width_atr=0.6,
    max_width_atr=1.2,
    guard_atr=1.6,
    guard_pct=1.8,
    guard_range=0.35,
    reaction_bars=6,
    freshness_days=25.0,
    prune_days=14.0,
    expiry_days=30.0,
    max_zones=12,
    spacing_atr=0.6,
    stale_bars=150,
    cooldown_bars=18,
    flip_days=12.0,
    kde_bandwidth_atr=0.25,
)
_D1 = ZoneFrameSettings(
    fractal_bars=4,
    lookback_bars=200,
    min_width_atr=0.8,
    max_width_atr=1.6,
    guard_atr=2.0,
    guard_pct=2.5,
    guard_range=0.40,
    reaction_bars=5,
    freshness_days=40.0,
    prune_days=30.0,
    expiry_days=60.0,
    max_zones=10,
    spacing_atr=0.7,
    stale_bars=90,
    cooldown_bars=12,
    flip_days=40.0,
    kde_bandwidth_atr=0.3,
)


@dataclass(frozen=True)
class ZoneSettings:
    """Settings of all timeframes together."""

    m15: ZoneFrameSettings = ZoneFrameSettings()
    """15-minute zones."""
    h1: ZoneFrameSettings = _H1
    """1-hour zones."""
    h4: ZoneFrameSettings = _H4
    """4-hour zones."""
    d1: ZoneFrameSettings = _D1
    """1-day zones."""
    minimum_bars: Annotated[int, Ge(1)] = 50
    """Bars of a timeframe before its first zones."""
    cluster_eps_atr: Annotated[float, Gt(0)] = 0.6
    """Swings closer than this belong together (DBSCAN eps)."""
    cluster_min_swings: Annotated[int, Ge(2)] = 2
    """Swings that make a cluster (DBSCAN min samples)."""
    min_width_pct: Annotated[float, Gt(0)] = 0.1
    """Narrowest zone as a share of price."""
    match_overlap: Annotated[float, Interval(gt=0, le=1)] = 0.5
    """Overlap from which a new cluster is an existing zone seen again."""
    border_weight: Annotated[float, Interval(gt=0, le=1)] = 0.5
    """How far borders move towards a new measurement."""
    bounce_atr: Annotated[float, Gt(0)] = 0.7
    """Move away from the near edge that makes a touch a bounce."""
    break_atr: Annotated[float, Gt(0)] = 0.3
    """Close beyond the far edge that makes a touch a break."""
    leave_atr: Annotated[float, Gt(0)] = 0.5
    """Close away from the near edge that ends a visit."""
    flip_closes: Annotated[int, Ge(1)] = 2
    """Further closes beyond the zone that confirm its break."""
    retest_bars: Annotated[int, Ge(1)] = 12
    """Bars within which a retest can confirm a break instead."""
    retest_near_atr: Annotated[float, Gt(0)] = 0.25
    """How near to the edge a retest must come."""
    retest_reaction_atr: Annotated[float, Gt(0)] = 0.4
    """Move away from the edge that completes a retest."""
    retest_reaction_bars: Annotated[int, Ge(1)] = 4
    """Bars after a retest within which it must be completed."""
    flip_score_factor: Annotated[float, Interval(gt=0, le=1)] = 0.6
    """What is left of the score of a zone that changed kind."""
    flips_worn_out: Annotated[int, Ge(1)] = 2
    """Changes of kind after which a zone is no border any more and goes."""
    near_atr: Annotated[float, Gt(0)] = 0.25
    """Distance at which the 200-bar average still counts as at the zone."""
    merge_overlap: Annotated[float, Interval(gt=0, le=1)] = 0.4
    """Overlap from which a zone is absorbed by a zone of the same kind on a higher timeframe."""
    merge_bonus: Annotated[float, Ge(0)] = 5.0
    """Score that an absorbed zone adds to the one that absorbs it."""
    reversal_atr: Annotated[float, Gt(0)] = 1.0
    """Move back from an extreme that makes it a swing, beside the swings found by neighbouring bars."""
    recency_half_life: Annotated[float, Gt(0)] = 0.5
    """Age, as a share of the lookback, at which a swing counts half."""
    outlier_z: Annotated[float, Gt(0)] = 3.0
    """A swing so many standard deviations from the mean of its cluster is left out."""
    valley_gap_atr: Annotated[float, Gt(0)] = 0.6
    """Least distance of two density peaks between which a cluster may be split."""
    prominence_min: Annotated[float, Interval(ge=0, le=1)] = 0.25
    """How far a cluster must stand out of the density of all swings, as a share of the highest peak."""
    purity_min: Annotated[float, Interval(ge=0, le=1)] = 0.65
    """Least share of closes outside a new zone."""
    purity_demote: Annotated[float, Interval(ge=0, le=1)] = 0.6
    """Share of closes outside below which a zone is a candidate again."""
    score_demote: Annotated[float, Interval(ge=0, le=100)] = 50.0
    """Score below which a zone is a candidate again."""
    score_key: Annotated[float, Interval(ge=0, le=100)] = 80.0
    """Score of a key zone."""
    sweep_atr: Annotated[float, Gt(0)] = 0.05
    """Least depth of a wick through a zone that counts as a sweep."""
    bucket_zones: Annotated[int, Ge(1)] = 2
    """Most zones of a timeframe within 1 ATR."""

    def frame(self, timeframe: Timeframe) -> ZoneFrameSettings:
        """Settings of one timeframe; raises InvalidInputError for one without zones."""
        frames = {Timeframe.M15: self.m15, Timeframe.H1: self.h1, Timeframe.H4: self.h4, Timeframe.D1: self.d1}
        if timeframe not in frames:
            known = ", ".join(member.code for member in frames)
            raise InvalidInputError(f"There are no zones on {timeframe.code}. Use one of: {known}.")
        return frames[timeframe]
