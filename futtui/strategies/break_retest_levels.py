"""Finds the level that a bar breaks: turning points, and zones that stood in the way before this bar."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from futtui.domain.packing import quickly_made
from futtui.domain.zone import Zone, ZoneKind
from futtui.strategies.structure import OrientedBar, SwingTracker, opposing_kind

MAX_KNOWN_ZONES = 24


@quickly_made
@dataclass(frozen=True, slots=True)
class KnownZone:
    """What is remembered of a zone as it was BEFORE the bar that may break it (real prices)."""

    zone_id: str
    kind: str
    low: float
    high: float
    score: float

    def edges(self, sign: int) -> tuple[float, float]:
        """(near, far) edge of a zone in the way of a trade of direction `sign`, oriented."""
        return (self.low, self.high) if sign > 0 else (-self.high, -self.low)


@dataclass(frozen=True, slots=True)
class LevelBreak:
    """A level that the newest close is beyond; oriented prices. `guard` is the far side for the stop."""

    level: float
    guard: float
    zone: KnownZone | None


def _known(zone: Zone) -> KnownZone:
    return KnownZone(zone.zone_id, zone.kind.value, zone.low, zone.high, zone.score)


class ZoneMemory:
    """The zones nearest to price as of the previous close."""

    def __init__(self) -> None:
        self._zones: tuple[KnownZone, ...] | None = ()
        self._seen: tuple[tuple[Zone, ...], float] = ((), 0.0)

    def in_the_way(self, sign: int, low: float, high: float) -> list[KnownZone]:
        """Remembered zones between two real prices, of the kind that opposes a trade of direction `sign`."""
        if self._zones is None:
            wanted, seen = opposing_kind(sign), self._seen[0]
            near = [zone for zone in seen if zone.low <= high and zone.high >= low and zone.kind is wanted]
            if not near or len(seen) <= MAX_KNOWN_ZONES:
                return [_known(zone) for zone in near]
        kind = opposing_kind(sign).value
        return [zone for zone in self._chosen() if zone.kind == kind and zone.low <= high and zone.high >= low]

    def remember(self, zones: Iterable[Zone], price: float) -> None:
        """Replace the memory by the zones as they are now; the nearest are chosen only when somebody asks."""
        self._seen, self._zones = (tuple(zones), price), None

    def _chosen(self) -> tuple[KnownZone, ...]:
        if self._zones is None:
            zones, price = self._seen
            nearest = sorted(zones, key=lambda zone: (zone.gap_pct(price), zone.zone_id))[:MAX_KNOWN_ZONES]
            self._zones = tuple(map(_known, nearest))
        return self._zones

    def reset(self) -> None:
        """Forget all zones."""
        self._zones = ()

    def state(self) -> list[dict[str, Any]]:
        """Plain JSON types."""
        return [asdict(zone) for zone in self._chosen()]

    def restore(self, state: Sequence[Mapping[str, Any]]) -> None:
        """Continue where `state()` was taken."""
        self._zones = tuple(KnownZone(**{**zone, "kind": ZoneKind(zone["kind"]).value}) for zone in state)


def find_break(
    sign: int, previous: OrientedBar, bar: OrientedBar, beyond: float, swings: SwingTracker, zones: ZoneMemory
) -> LevelBreak | None:
    """The outermost level that this close is the first to be `beyond` (price units) of; None when there is none.

    Turning points that an earlier close already broke do not count, nor do zones that the previous close was past.
    """
    if bar.close <= bar.open:
        return None
    limit = bar.close - beyond
    levels = swings.unbroken(sign, above=True)
    passed = sorted((sign * previous.close, sign * limit))
    in_the_way = zones.in_the_way(sign, *passed) if previous.close < limit else ()
    broken_zones = [zone for zone in in_the_way if previous.close < zone.edges(sign)[1] <= limit]
    reached = [*levels[: bisect_right(levels, limit)], *(zone.edges(sign)[1] for zone in broken_zones)]
    if not reached:
        return None
    level = max(reached)
    holders = [zone for zone in broken_zones if zone.edges(sign)[0] <= level <= zone.edges(sign)[1]]
    holder = max(holders, key=lambda zone: (zone.score, zone.zone_id), default=None)
    guard = level if holder is None else min(level, holder.edges(sign)[0])
    return LevelBreak(level, guard, holder)
