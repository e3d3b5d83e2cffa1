"""Stage one: what must be true of a cluster of swings before it may become a zone."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Sequence
from itertools import pairwise
from math import sqrt
from typing import NamedTuple, TypeVar

from futtui.zones.clustering import NOISE, dbscan_labels, split_at_gaps
from futtui.zones.density import Density, Valley, deepest
from futtui.zones.swings import Swing
from futtui.zones.weights import quantile

CORE = (0.15, 0.85)
"""A cluster that is too wide is first cut down to what lies between these quantiles."""
LEAST_TO_JUDGE = 3
"""Fewer values have neither outliers nor a shape."""
LEAST_TO_SPLIT = 6
Item = TypeVar("Item")


class Guard(NamedTuple):
    """Limits of one close, in price: `widest` span of a cluster, density `bandwidth`, `valley_gap` between peaks."""

    widest: float
    bandwidth: float
    valley_gap: float
    outlier_z: float
    least: int


def dense_parts(chain: list[Swing], eps: float, least: int) -> list[list[Swing]]:
    """The clusters that DBSCAN finds in a chain."""
    by_label: dict[int, list[Swing]] = {}
    for swing, label in zip(chain, dbscan_labels([each.price for each in chain], eps, least), strict=True):
        by_label.setdefault(label, []).append(swing)
    by_label.pop(NOISE, None)
    return list(by_label.values())


def refined(group: list[Swing], guard: Guard, wanted: Collection[int] | None = None) -> list[list[Swing]]:
    """The parts of a cluster (swings by rising price) that are left after outlier removal and the width guard.

    With `wanted` open times of bars only the parts that hold a swing of one of these.
    """
    kept = without_outliers(group, guard.outlier_z)
    if len(kept) < guard.least:
        return []
    return within_width(kept, guard, wanted)


def without_outliers(group: list[Swing], limit_z: float) -> list[Swing]:
    """The swings within `limit_z` standard deviations (of the population) from the mean price."""
    count = len(group)
    # The largest possible |z| of n values is sqrt(n - 1): smaller groups hold no outlier and need no arithmetic.
    if count < LEAST_TO_JUDGE or sqrt(count - 1) <= limit_z:
        return group
    # Measured from the first price: squares of large prices would drown the differences.
    base = group[0].price
    mean = sum(swing.price - base for swing in group) / count
    limit = limit_z * sqrt(sum((swing.price - base - mean) ** 2 for swing in group) / count)
    return [swing for swing in group if abs(swing.price - base - mean) <= limit]


def within_width(group: list[Swing], guard: Guard, wanted: Collection[int] | None = None) -> list[list[Swing]]:
    """Pieces that span `widest` at most: the core of the group, else its sides of a density valley, else of gaps."""
    if group[-1].price - group[0].price <= guard.widest:
        return [group] if len(group) >= guard.least and _holds(group, wanted) else []
    valleys: list[Valley] | None = None
    pending, pieces = [group], []
    cuts: list[float]
    while pending:
        part = pending.pop()
        if len(part) < guard.least or not _holds(part, wanted):
            continue
        prices, cuts = [swing.price for swing in part], []
        core = [part] if prices[-1] - prices[0] <= guard.widest else _core(part, prices, guard)
        if core:
            pieces += core
            continue
        if len(part) >= LEAST_TO_SPLIT:
            if valleys is None:
                valleys = _valleys([swing.price for swing in group], guard)
            cuts = deepest(valleys, prices[0], prices[-1])
        if cuts:
            pending += cut_at(part, prices, cuts)
        else:
            indices = split_at_gaps(prices, list(range(len(part))), guard.least, guard.widest)
            pieces += [[part[index] for index in piece] for piece in indices]
    return [piece for piece in pieces if _holds(piece, wanted)]


def _holds(group: Sequence[Swing], wanted: Collection[int] | None) -> bool:
    if wanted is None:
        return True
    for swing in group:  # noqa: SIM110 - twice as quick as `any`, and asked twice of each cluster
        if swing.time_ms in wanted:
            return True
    return False


def _core(group: list[Swing], prices: list[float], guard: Guard) -> list[list[Swing]]:
    """The group without its outer 15 % on each side, in a list, if that is narrow enough; else nothing."""
    low, high = core_borders(prices)
    if high - low > guard.widest:
        return []
    core = group[bisect_left(prices, low) : bisect_right(prices, high)]
    return [core] if len(core) >= guard.least else []


def core_borders(ordered: Sequence[float]) -> tuple[float, float]:
    """The 15 % and the 85 % quantile of rising values."""
    low, high = quantile(ordered, CORE[0]), quantile(ordered, CORE[1])
    # A hair of tolerance: interpolation may miss the very value that it stands on.
    rest = 1e-12 * max(abs(low), abs(high))
    return low - rest, high + rest


def split_prices(ordered: Sequence[float], guard: Guard) -> list[list[float]]:
    """Rising prices cut at the deepest density valley; whole when they are few or the density has one peak only."""
    if len(ordered) < LEAST_TO_SPLIT:
        return [list(ordered)]
    cuts = deepest(_valleys(ordered, guard), ordered[0], ordered[-1])
    return cut_at(list(ordered), ordered, cuts)


def _valleys(ordered: Sequence[float], guard: Guard) -> list[Valley]:
    return Density(ordered, [1.0] * len(ordered), guard.bandwidth).valleys(guard.valley_gap)


def cut_at(items: list[Item], prices: Sequence[float], cuts: Sequence[float]) -> list[list[Item]]:
    """Items, whose prices rise, cut at these prices; pieces without an item are left out."""
    places = [0, *(bisect_right(prices, cut) for cut in cuts), len(items)]
    return [items[start:end] for start, end in pairwise(places) if end > start]


def stands_out(group: Sequence[Swing], all_swings: Density, bandwidth: float, least: float) -> bool:
    """Whether a cluster is a hill of its own in the density of ALL swings of the frame; two swings always are."""
    if len(group) < LEAST_TO_JUDGE:
        return True
    return all_swings.prominence_at(group[0].price - bandwidth, group[-1].price + bandwidth) >= least
