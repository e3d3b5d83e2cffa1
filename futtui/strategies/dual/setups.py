"""Flip-Retest and Sweep-Return as rules about a zone and the last closed bars, written for longs, true for shorts.

All prices are oriented: for shorts every price has its sign flipped, so that the zone always lies below the trade.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from futtui.domain.candle import Candle
from futtui.domain.packing import quickly_made
from futtui.domain.zone import Zone
from futtui.strategies.dual.settings import SetupSettings
from futtui.strategies.figures import median
from futtui.strategies.structure import Dip, OrientedBar, seen_as_one, swept_spans, wick_in_bodies, zone_edges

VOLUME_BARS = 20
MIN_BODY_ATR = 0.1
SLACK_ATR = 1e-6
"""Room for rounding where a first look compares prices and the rule compares their distances."""


@quickly_made
@dataclass(frozen=True, slots=True)
class ZoneSetup:
    """A zone that was retested or swept, decided by the newest close.

    `deepest` is the lowest low of the touch or sweep, `reach` the reaction (flip) or the depth of the sweep in ATR,
    `closes_beyond` the closes in a row above the zone, `wick` the wick in bodies, `bars_outside` the closes below it.
    """

    kind: Literal["flip", "sweep"]
    sign: int
    zone: Zone
    far: float
    near: float
    close: float
    deepest: float
    reach: float
    closes_beyond: int = 0
    wick: float = 0.0
    bars_outside: int = 0
    volume_ratio: float | None = None
    grade_a: bool = False

    @property
    def distance(self) -> float:
        """How far the close is above the zone, in price; 0 inside it."""
        return max(0.0, self.close - self.near)


def find_setup(
    zone: Zone,
    sign: int,
    candles: Sequence[Candle],
    bars: Sequence[OrientedBar],
    atr: float,
    settings: SetupSettings,
) -> ZoneSetup | None:
    """What the newest close completes at a zone that supports a trade of direction `sign`; None for nothing.

    `bars` are the candles as the trade sees them. A broken zone is looked at as such first: LONG only at former
    resistance, SHORT only at former support.
    """
    if not may_answer(zone, sign, candles[-1], candles[-2]):
        return None
    return _flip_retest(zone, sign, candles, bars, atr, settings) or _sweep_return(
        zone, sign, candles, bars, atr, settings
    )


class Reach(NamedTuple):
    """Where the edges of a zone must lie for the newest close to complete anything there; oriented, ends included.

    `retested` is for the near edge of a broken zone, each of `swept` for the far edge of any.
    """

    retested: tuple[float, float] | None
    swept: tuple[tuple[float, float], ...]

    def holds(self, zone: Zone, sign: int) -> bool:
        """Whether the zone, of the kind that supports a trade of direction `sign`, may be retested or swept."""
        far, near = (zone.low, zone.high) if sign > 0 else (-zone.high, -zone.low)
        if self.retested is not None and zone.flipped and self.retested[0] <= near <= self.retested[1]:
            return True
        for low, high in self.swept:  # noqa: SIM110 - quicker than `any`
            if low <= far <= high:
                return True
        return False


def reach_of(
    bars: Sequence[Candle], dips: Iterable[Dip], sign: int, atr: float, settings: SetupSettings
) -> Reach | None:
    """The reach of the newest bars for a trade of direction `sign`; None when they complete nothing wherever zones lie.

    `bars` are the newest `reaction_bars` + 1. What depends on no zone is asked of them as it is of zones.
    """
    last, retested = bars[-1], None
    if (last.close > last.open) if sign > 0 else (last.close < last.open):
        lowest = min([bar.low for bar in bars]) if sign > 0 else -max([bar.high for bar in bars])
        if sign * last.close - lowest >= settings.reaction_atr * atr:
            retested = lowest - (settings.touch_atr + SLACK_ATR) * atr, sign * last.close
    depth = settings.sweep_min_atr * atr, settings.sweep_max_atr * atr
    swept = swept_spans(dips, depth, settings.wick_ratio, MIN_BODY_ATR * atr)
    return Reach(retested, tuple(swept)) if retested is not None or swept else None


def may_answer(zone: Zone, sign: int, last: Candle, before: Candle) -> bool:
    """Whether either rule can hold at a zone after these two candles; cheap, as most zones are nowhere near price.

    Not on the far side of the zone, and broken before or swept now.
    """
    if sign > 0:
        far = zone.low
        return last.close >= far and (zone.flipped or last.low <= far or before.close < far)
    far = zone.high
    return last.close <= far and (zone.flipped or last.high >= far or before.close > far)


def _flip_retest(
    zone: Zone, sign: int, candles: Sequence[Candle], bars: Sequence[OrientedBar], atr: float, settings: SetupSettings
) -> ZoneSetup | None:
    if not zone.flipped or zone.flipped_ms is None:
        return None
    since_ms, most = zone.flipped_ms, min(settings.flip_max_bars, len(bars) - 1)
    if candles[-most - 1].open_time_ms >= since_ms:
        return None
    first = len(bars) - most
    while first < len(bars) and candles[first].open_time_ms < since_ms:
        first += 1
    after = bars[first:]
    far, near = zone_edges(zone, sign)
    line = near + settings.touch_atr * atr
    if any(bar.close < far for bar in after):
        return None
    start = _touch(after, line, settings.reaction_bars)
    if start is None:
        return None
    since = after[start:]
    reactions = _reactions(since, near)
    last = since[-1]
    needed = settings.reaction_atr * atr
    # Only the close that completes the reaction decides; a later one would enter somewhere else.
    if last.close <= last.open or reactions[-1] < needed or any(each >= needed for each in reactions[:-1]):
        return None
    beyond = 0
    while beyond < len(since) and since[-1 - beyond].close > near:
        beyond += 1
    deepest = min(bar.low for bar in since)
    return ZoneSetup("flip", sign, zone, far, near, last.close, deepest, reactions[-1] / atr, closes_beyond=beyond)


def _touch(after: Sequence[OrientedBar], line: float, most_bars: int) -> int | None:
    """Where the retest begins: the first bar of the last `most_bars` + 1 that comes back to the line after leaving."""
    left = next((number for number, bar in enumerate(after) if bar.low > line), None)
    if left is None:
        return None
    first = max(left + 1, len(after) - 1 - most_bars)
    return next((number for number in range(first, len(after)) if after[number].low <= line), None)


def _reactions(bars: Sequence[OrientedBar], near: float) -> list[float]:
    """How far each close is above the deepest low so far; 0 for a close that is not above the zone."""
    found, deepest = [], bars[0].low
    for bar in bars:
        deepest = min(deepest, bar.low)
        found.append(bar.close - deepest if bar.close > near else 0.0)
    return found


def _sweep_return(
    zone: Zone, sign: int, candles: Sequence[Candle], bars: Sequence[OrientedBar], atr: float, settings: SetupSettings
) -> ZoneSetup | None:
    far, near = zone_edges(zone, sign)
    count = _bars_of_sweep(bars, far, settings.return_bars)
    if count is None:
        return None
    swept = bars[-count:]
    if count == 1 and (far - swept[0].low) / atr < settings.sweep_min_atr:
        return None
    whole = seen_as_one(swept)
    depth, wick = (far - whole.low) / atr, wick_in_bodies(whole, MIN_BODY_ATR * atr)
    if not settings.sweep_min_atr <= depth <= settings.sweep_max_atr or wick < settings.wick_ratio:
        return None
    ratio = _volume_ratio(candles, count)
    outside = count - 1
    grade_a = (
        wick >= settings.grade_a_wick_ratio
        and outside <= settings.grade_a_return_bars
        and ratio is not None
        and ratio >= settings.grade_a_volume
    )
    return ZoneSetup(
        "sweep",
        sign,
        zone,
        far,
        near,
        whole.close,
        whole.low,
        depth,
        wick=wick,
        bars_outside=outside,
        volume_ratio=ratio,
        grade_a=grade_a,
    )


def _bars_of_sweep(bars: Sequence[OrientedBar], far: float, most_outside: int) -> int | None:
    """How many of the last bars make up the sweep, the returning close included; None when price is not back."""
    if bars[-1].close < far:
        return None
    count = 1
    while count <= most_outside and count < len(bars) and bars[-1 - count].close < far:
        count += 1
    came_from_above = count < len(bars) and bars[-1 - count].close >= far
    return count if came_from_above else None


def _volume_ratio(candles: Sequence[Candle], count: int) -> float | None:
    """Largest volume of the sweep in medians of the bars before it; None where that is not known."""
    before = [candle.volume for candle in candles[-count - VOLUME_BARS : -count]]
    usual = median(before) if len(before) == VOLUME_BARS else 0.0
    return max(candle.volume for candle in candles[-count:]) / usual if usual > 0.0 else None


def lack_of_proof(setup: ZoneSetup, vwap_holds: bool | None, settings: SetupSettings) -> str:
    """What a setup inside an opposite zone of 1h still lacks, in words; empty when it is proven well enough."""
    if setup.kind == "flip":
        strong = setup.reach >= settings.reaction_atr + 0.5
        return "" if setup.closes_beyond >= 2 or strong else "only one close is beyond the zone"
    if setup.wick < settings.grade_a_wick_ratio:
        return "the wick of the sweep is too short"
    if setup.bars_outside > settings.grade_a_return_bars:
        return "price came back too late"
    return "" if vwap_holds else "price is not on the right side of the daily VWAP"


def overlap_share(zone: Zone, other: Zone) -> float:
    """Which share of `zone` lies inside `other`, 0-1."""
    shared = min(zone.high, other.high) - max(zone.low, other.low)
    width = zone.high - zone.low
    return max(0.0, shared) / width if width > 0.0 else float(other.contains(zone.low))
