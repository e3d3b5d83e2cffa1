"""Which of the living zones is at a place already."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf

from futtui.zones.live_zone import Band, LiveZone, overlap_share


def home_of(price: float, zones: Iterable[LiveZone]) -> LiveZone | None:
    """The zone that holds this price; of several the one whose middle is nearest, the older of equals."""
    best, nearest = None, 0.0
    for zone in zones:
        if zone.low <= price <= zone.high:
            gap = abs(zone.low + zone.high - 2.0 * price)
            if best is None or gap < nearest:
                best, nearest = zone, gap
    return best


def same_place(borders: Band, zones: Iterable[LiveZone], least_overlap: float) -> LiveZone | None:
    """The zone that overlaps these borders enough; of several the most, then the one nearest to their middle."""
    low, high = borders
    best, best_rank = None, (least_overlap, -inf)
    for zone in zones:
        if zone.low > high or zone.high < low:
            continue
        share = overlap_share(zone.low, zone.high, low, high)
        if share >= best_rank[0]:
            rank = (share, -abs(zone.low + zone.high - low - high))
            if rank > best_rank:
                best, best_rank = zone, rank
    return best
