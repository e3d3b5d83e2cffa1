"""Price structure seen from one side, so that a rule written for longs is also the rule for shorts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from math import inf
from typing import Any, NamedTuple

from futtui.domain.candle import Candle
from futtui.domain.zone import Zone, ZoneKind
from futtui.indicators.frame import CUT_EVERY_BARS


class OrientedBar(NamedTuple):
    """A candle turned so that "up" is the direction of the trade: shorts see every price with its sign flipped."""

    open: float
    high: float
    low: float
    close: float

    @property
    def range(self) -> float:
        """High minus low."""
        return self.high - self.low

    @property
    def lower_wick(self) -> float:
        """How far price went against the trade and came back."""
        return min(self.open, self.close) - self.low

    @property
    def body(self) -> float:
        """Size of the body, never negative."""
        return abs(self.close - self.open)


def orient(bar: Candle, sign: int) -> OrientedBar:
    """The candle as a trade of direction `sign` sees it (+1 long, -1 short)."""
    if sign > 0:
        return _make(OrientedBar, (bar.open, bar.high, bar.low, bar.close))
    return _make(OrientedBar, (-bar.open, -bar.low, -bar.high, -bar.close))


_make: Callable[[type[OrientedBar], tuple[float, ...]], OrientedBar] = tuple.__new__
"""What a named tuple is made with in the end; a dozen bars are turned at every close."""


class OrientedBars:
    """The candles of one timeframe as each side sees them; each candle is turned once, when it is first asked for."""

    __slots__ = ("_kept", "_taken", "_turned")

    def __init__(self, kept: int) -> None:
        self._kept = kept
        self._taken = {1: 0, -1: 0}
        self._turned: dict[int, list[OrientedBar]] = {1: [], -1: []}

    def newest(self, candles: Sequence[Candle], taken: int, count: int, sign: int) -> list[OrientedBar]:
        """The newest `count` bars, oldest first. `candles` are all that are kept, `taken` how many there ever were."""
        turned, fresh = self._turned[sign], min(taken - self._taken[sign], len(candles))
        if fresh:
            turned.extend(orient(candle, sign) for candle in candles[-fresh:])
            self._taken[sign] = taken
            if len(turned) >= self._kept + CUT_EVERY_BARS:
                del turned[: -self._kept]
        return turned[-min(count, self._kept) :] if count > 0 else []


def is_rejection(bar: OrientedBar) -> bool:
    """Whether the bar was pushed back in trade direction: wick at least as long as the body, close in the top 40 %."""
    if bar.range <= 0 or bar.close < bar.open:
        return False
    return bar.lower_wick >= bar.body and bar.lower_wick > 0 and bar.close >= bar.high - 0.4 * bar.range


def is_engulfing(previous: OrientedBar, bar: OrientedBar) -> bool:
    """Whether the body of the bar takes back the whole opposite body before it."""
    return previous.close < previous.open and bar.close > bar.open and bar.close >= previous.open


def seen_as_one(bars: Sequence[OrientedBar]) -> OrientedBar:
    """The bars as one long bar."""
    lows, highs = [bar.low for bar in bars], [bar.high for bar in bars]
    return OrientedBar(bars[0].open, max(highs), min(lows), bars[-1].close)


def wick_in_bodies(bar: OrientedBar, least_body: float) -> float:
    """The lower wick divided by the body, which counts as at least `least_body` (price units)."""
    return bar.lower_wick / max(bar.body, least_body)


class Dip(NamedTuple):
    """The newest bars seen as one that dipped below an edge and came back above it; prices as the trade sees them.

    The edge lies between `bottom` and `top`: above the closes outside, not above the one before and the newest one.
    """

    low: float
    wick: float
    body: float
    bottom: float
    top: float


def dips_of(bars: Sequence[Candle], most_outside: int, sign: int) -> list[Dip]:
    """The dips that the newest candle may have ended for a trade of direction `sign`, shortest first.

    Of those with at most `most_outside` closes outside; wherever an edge lies, it was one of these or none.
    """
    first, low, outside, found = bars[-1], inf, -inf, []
    close = sign * first.close
    for older in bars[-2 : -most_outside - 3 : -1]:
        if sign > 0:
            lowest, start, before = first.low, first.open, older.close
        else:
            lowest, start, before = -first.high, -first.open, -older.close
        first = older
        if lowest < low:
            low = lowest
        wick = (start if start < close else close) - low
        if wick > 0:
            found.append(Dip(low, wick, abs(close - start), outside, before if before < close else close))
        if before > outside:
            if before > close:
                break  # an edge above that close would lie above the newest one, too
            outside = before
    return found


def swept_spans(
    dips: Iterable[Dip], depth: tuple[float, float], least_wick: float, least_body: float
) -> list[tuple[float, float]]:
    """Where an edge must lie for one of these dips to be a sweep of it; ends included.

    It went `depth` (least, most; price units) below the edge and left a wick of at least `least_wick` bodies. Only for
    a first look at many zones: prices are compared, with room for rounding, and not distances.
    """
    slack, found = 1e-6 * depth[1], []
    for low, wick, body, bottom, top in dips:
        if wick / (body if body > least_body else least_body) >= least_wick:
            span = max(bottom, low + depth[0] - slack), min(top, low + depth[1] + slack)
            if span[0] <= span[1]:
                found.append(span)
    return found


@dataclass(frozen=True, slots=True)
class Swing:
    """A confirmed turning point. `broken` is set once a close went clearly beyond it."""

    time_ms: int
    price: float
    is_high: bool
    broken: bool = False


class SwingTracker:
    """Confirmed swings of the last `lookback` bars, found one bar at a time.

    A swing high is the highest of its `side_bars` neighbours on both sides (the first one of equals) and is known only
    `side_bars` bars later.
    """

    def __init__(self, side_bars: int, lookback: int, bar_ms: int) -> None:
        self.side_bars = side_bars
        self._life_ms = lookback * bar_ms
        self._swings: list[Swing] = []
        self._unbroken: dict[tuple[bool, int], list[float]] = {}
        """Prices of unbroken swings by kind and side; empty as soon as a swing comes, goes or breaks."""
        self._nearest: tuple[float, float] | None = None
        """The lowest unbroken high and the highest unbroken low; None as soon as a swing comes, goes or breaks."""

    def update(self, bars: Sequence[Candle]) -> None:
        """Take in the newest close; `bars` ends with it and holds at least 2 x side_bars + 1 candles."""
        oldest_ms = bars[-1].open_time_ms - self._life_ms
        while self._swings and self._swings[0].time_ms < oldest_ms:
            del self._swings[0]
            self._changed()
        side = self.side_bars
        before, middle, after = bars[-side - 2], bars[-side - 1], bars[-side]
        # Most bars are neither: their neighbours settle it.
        if before.high < middle.high and after.high <= middle.high and self._is_high(bars, middle.high):
            self._add(Swing(middle.open_time_ms, middle.high, True))
        if before.low > middle.low and after.low >= middle.low and self._is_low(bars, middle.low):
            self._add(Swing(middle.open_time_ms, middle.low, False))

    def _add(self, swing: Swing) -> None:
        self._swings.append(swing)
        self._changed()

    def _changed(self) -> None:
        self._unbroken.clear()
        self._nearest = None

    def _is_high(self, bars: Sequence[Candle], high: float) -> bool:
        before, after = self._neighbours(bars)
        return all(bar.high < high for bar in before) and all(bar.high <= high for bar in after)

    def _neighbours(self, bars: Sequence[Candle]) -> tuple[Sequence[Candle], Sequence[Candle]]:
        """The bars beside the one that may be a swing now."""
        side = self.side_bars
        return bars[-2 * side - 1 : -side - 1], bars[-side:]

    def _is_low(self, bars: Sequence[Candle], low: float) -> bool:
        before, after = self._neighbours(bars)
        return all(bar.low > low for bar in before) and all(bar.low >= low for bar in after)

    def highs(self, sign: int) -> list[Swing]:
        """Swings above price as the trade sees it, oldest first: highs for longs, lows for shorts."""
        return [swing for swing in self._swings if swing.is_high == (sign > 0)]

    def lows(self, sign: int) -> list[Swing]:
        """Swings below price as the trade sees it, oldest first: lows for longs, highs for shorts."""
        return self.highs(-sign)

    def unbroken(self, sign: int, *, above: bool) -> Sequence[float]:
        """Oriented prices, rising, of the swings above price (or below it) that no close went beyond yet."""
        key = above == (sign > 0), sign
        known = self._unbroken.get(key)
        if known is None:
            prices = [sign * each.price for each in self._swings if each.is_high is key[0] and not each.broken]
            known = self._unbroken[key] = sorted(prices)
        return known

    def nearest_above(self, sign: int) -> float:
        """The lowest of `unbroken(sign, above=True)`; infinity without any."""
        high, low = self._nearest or self._find_nearest()
        return high if sign > 0 else -low

    def _find_nearest(self) -> tuple[float, float]:
        highs, lows = self.unbroken(1, above=True), self.unbroken(1, above=False)
        self._nearest = highs[0] if highs else inf, lows[-1] if lows else -inf
        return self._nearest

    def mark_broken(self, close: float, tolerance: float) -> None:
        """Remember which levels a close went beyond by at least `tolerance` (price units)."""
        high, low = self._nearest or self._find_nearest()
        if close - high < tolerance and low - close < tolerance:
            return
        self._changed()
        for place, swing in enumerate(self._swings):
            if not swing.broken:
                beyond = close - swing.price if swing.is_high else swing.price - close
                if beyond >= tolerance:
                    self._swings[place] = replace(swing, broken=True)

    def reset(self) -> None:
        """Forget all swings."""
        self._swings = []
        self._changed()

    def state(self) -> list[dict[str, Any]]:
        """The swings as plain JSON types."""
        return [asdict(swing) for swing in self._swings]

    def restore(self, state: Iterable[Mapping[str, Any]]) -> None:
        """Continue where `state()` was taken."""
        self._swings = [Swing(**swing) for swing in state]
        self._changed()


def zone_edges(zone: Zone, sign: int) -> tuple[float, float]:
    """(near edge, far edge) of a zone above price, or (far, near) of one below, in oriented prices, ascending."""
    return (zone.low, zone.high) if sign > 0 else (-zone.high, -zone.low)


_ABOVE, _BELOW = ZoneKind.RESISTANCE, ZoneKind.SUPPORT


def opposing_kind(sign: int) -> ZoneKind:
    """The kind of zone that stands in the way of a trade of direction `sign`."""
    return _ABOVE if sign > 0 else _BELOW


def opposing_zones(zones: Iterable[Zone], sign: int) -> list[Zone]:
    """The zones that stand in the way of a trade of direction `sign`."""
    kind = opposing_kind(sign)
    return [zone for zone in zones if zone.kind is kind]


def supporting_zones(zones: Iterable[Zone], sign: int) -> list[Zone]:
    """The zones that protect a trade of direction `sign`."""
    return opposing_zones(zones, -sign)
