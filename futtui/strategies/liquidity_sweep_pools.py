"""Where stops rest: turning points, equal lows and highs, the extremes of yesterday, far sides of zones."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import NamedTuple

from futtui.domain.candle import Candle
from futtui.domain.packing import quickly_made
from futtui.domain.timeframe import DAY_MS, Timeframe
from futtui.strategies.base import StrategyContext
from futtui.strategies.break_retest_levels import ZoneMemory
from futtui.strategies.structure import OrientedBar, SwingTracker, orient

DAY_BARS = DAY_MS // Timeframe.M15.ms

SWING, EQUAL, DAY, ZONE = "turning point", "equal", "yesterday", "zone"
STRENGTH = {SWING: 0.0, EQUAL: 0.75, DAY: 1.0}
ZONE_STRENGTH = ((80.0, 1.0), (70.0, 0.75), (0.0, 0.5))


@quickly_made
@dataclass(frozen=True, slots=True)
class Pool:
    """A place below price, as the trade sees it, where stops rest that nobody has taken yet; oriented price."""

    kind: str
    level: float
    strength: float


class Reach(NamedTuple):
    """What one bar swept, seen from the trade: levels that it went beyond far enough, coming from inside."""

    before: OrientedBar
    now: OrientedBar
    least: float
    most: float

    def holds(self, level: float) -> bool:
        """Whether price came to the level from inside and the bar went beyond it by `least` to `most`."""
        before, least = self.before, self.least
        return before.close > level and before.low > level - least and least <= level - self.now.low <= self.most


def may_reach(previous: Candle, bar: Candle, sign: int, depth: tuple[float, float]) -> bool:
    """Whether the newest bar may have reached any level at all; `depth` is (least, most) in price units."""
    if sign > 0:
        low, before_low, before_close = bar.low, previous.low, previous.close
    else:
        low, before_low, before_close = -bar.high, -previous.high, -previous.close
    return low + 0.99 * depth[0] < min(before_close, before_low + 1.01 * depth[0])


def reach_of(previous: Candle, bar: Candle, sign: int, depth: tuple[float, float]) -> Reach | None:
    """The reach of the newest bar, None when it reached no level at all; `depth` is (least, most) in price units."""
    if not may_reach(previous, bar, sign, depth):
        return None
    return Reach(orient(previous, sign), orient(bar, sign), *depth)


def swing_pools(sign: int, swings: SwingTracker, tolerance: float, reach: Reach) -> list[Pool]:
    """Turning points that are not taken; those within `tolerance` of each other are one pool at their far end.

    None when the reach holds no single turning point: then it holds no pool of them.
    """
    levels = swings.unbroken(sign, above=False)
    passed = levels[bisect_left(levels, reach.now.low) : bisect_left(levels, reach.before.close)]
    if not any(map(reach.holds, passed)):
        return []
    groups: list[list[float]] = []
    for level in levels:
        if groups and level - groups[-1][0] <= tolerance:
            groups[-1].append(level)
        else:
            groups.append([level])
    kinds = ((EQUAL if len(group) > 1 else SWING, group[0]) for group in groups)
    return [Pool(kind, level, STRENGTH[kind]) for kind, level in kinds]


def day_pool(sign: int, context: StrategyContext, beyond: float, reach: Reach) -> list[Pool]:
    """The low of the UTC day before the newest bar's, unless an earlier bar of its day was `beyond` it already."""
    # The bar that ends a day sees a daily candle that holds the bar itself: "yesterday" follows the bar, not the close.
    day_ms = Timeframe.D1.open_ms(context.candles(Timeframe.M15, 1)[-1].open_time_ms)
    days = [day for day in context.candles(Timeframe.D1, 2) if day.open_time_ms == day_ms - DAY_MS]
    if not days:
        return []
    level = orient(days[0], sign).low
    if not reach.holds(level):
        return []
    bars = context.candles(Timeframe.M15, DAY_BARS)
    today = (orient(bar, sign).low for bar in bars[:-1] if bar.open_time_ms >= day_ms)
    return [] if any(low <= level - beyond for low in today) else [Pool(DAY, level, STRENGTH[DAY])]


def zone_pools(sign: int, zones: ZoneMemory, least_score: float, reach: Reach) -> list[Pool]:
    """Far sides of the zones that protected a trade of direction `sign` before the newest bar and lie where it was."""
    passed = sorted((sign * reach.now.low, sign * reach.before.close))
    found = [zone for zone in zones.in_the_way(-sign, *passed) if zone.score >= least_score]
    return [Pool(ZONE, zone.edges(sign)[0], _zone_strength(zone.score)) for zone in found]


def _zone_strength(score: float) -> float:
    return next(points for least, points in ZONE_STRENGTH if score >= least)
