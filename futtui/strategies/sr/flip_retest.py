"""Flip-Retest: a zone is broken, price comes back to it from the other side, and the zone holds in its new role."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from futtui.domain.regime import Regime
from futtui.domain.timeframe import Timeframe
from futtui.domain.zone import Zone
from futtui.strategies.base import StrategyContext
from futtui.strategies.sr.engine import SLACK_ATR, SrStrategy
from futtui.strategies.sr.settings import SrFlipRetestSettings
from futtui.strategies.sr.setup import NOTHING, Progress, Span, SrSetup, View
from futtui.strategies.structure import OrientedBar, is_engulfing, opposing_kind, orient, zone_edges


@dataclass(slots=True)
class FlipWalk:
    """One pass over the bars of a window: broken at, left, touched. Places are those of the bars."""

    broken: int | None = None
    top: float = 0.0
    first_touch: int | None = None
    touch: int | None = None
    failed: bool = False

    def fail(self) -> None:
        """The break is over; a later one may begin."""
        self.broken = self.first_touch = self.touch = None
        self.failed = True


class SrFlipRetest(SrStrategy):
    """Longs from a resistance that was broken upwards and holds as support; shorts mirrored.

    Break: a close clearly beyond the zone. Confirmation: the next closes stay beyond. Price leaves, touches the broken
    edge again, and the newest bar takes back the bar before it or closes above the whole way back.
    """

    name: ClassVar[str] = "sr_flip_retest"
    title: ClassVar[str] = "Flip-Retest"
    edge_is_far = True

    def __init__(self, symbol: str, settings: SrFlipRetestSettings | None = None) -> None:
        self._settings = settings or SrFlipRetestSettings()
        super().__init__(symbol, self._settings)

    @property
    def window_bars(self) -> int:
        """The life of a break, and two bars before it."""
        return self._settings.break_max_bars + 3

    def entry_max_atr(self) -> float:
        """Farthest entry from the broken edge, in ATR."""
        return self._settings.entry_max_atr

    def spans(self, view: View) -> tuple[Span, Span]:
        """A break needs a close at or below the edge, then one clearly beyond it."""
        closes = [bar.close for bar in view.bars]
        low, high, margin = min(closes), max(closes), self._settings.break_close_atr * view.atr
        return Span(low, high, margin), Span(-high, -low, margin)

    def reaches(self, frame: Timeframe, atr: float, context: StrategyContext) -> Sequence[tuple[int, float, float]]:
        """Between the lowest price of the newest bars, which must have touched it, and the close that turns."""
        settings = self._settings
        bars = context.candles(frame, max(settings.trigger_bars + 1, 2))
        if len(bars) < 2 or bars[-1].close == bars[-1].open:
            return ()
        sign = 1 if bars[-1].close > bars[-1].open else -1
        before, last = orient(bars[-2], sign), orient(bars[-1], sign)
        if not (last.close > before.high or is_engulfing(before, last)):
            return ()
        touching = bars[-settings.trigger_bars - 1 :]
        lowest = min([bar.low for bar in touching]) if sign > 0 else -max([bar.high for bar in touching])
        return ((sign, lowest - (settings.touch_atr + SLACK_ATR) * atr, last.close),)

    def is_in_play(self, zone: Zone, sign: int, view: View, span: Span) -> bool:
        """Whether closes lie on both sides of the edge of a zone that stood in the way."""
        edge = zone.high if sign > 0 else -zone.low
        return span.low <= edge and edge + span.margin <= span.high and _had_role(zone, sign, view)

    def find(self, zone: Zone, sign: int, view: View) -> SrSetup | Progress:
        """The retest that the newest bar completed, or how far the break has come."""
        if not _had_role(zone, sign, view):
            return NOTHING
        guard, edge = zone_edges(zone, sign)
        bars = view.oriented(sign)
        walk = self.walk(bars, guard, edge, view.atr)
        if walk.broken is None:
            return Progress(2, "a break failed: price closed back inside") if walk.failed else NOTHING
        last = len(bars) - 1
        age = last - walk.broken
        if age > self._settings.break_max_bars:
            return Progress(2, "a zone was broken, but no retest came in time")
        if age <= self._settings.confirm_closes:
            return Progress(3, "a zone was broken; waiting for closes that confirm it")
        if walk.touch is None:
            return Progress(4, "a zone was broken; waiting for price to leave it and come back")
        if last - walk.touch > self._settings.trigger_bars:
            return Progress(5, "a broken zone was touched again, but nothing followed")
        engulfs, turns = self.triggers(bars, walk, edge)
        if not (engulfs or turns):
            return Progress(6, "a broken zone is being touched again; waiting for a bar that turns")
        quality, words = _quality(zone, sign, engulfs, turns, min(bar.low for bar in bars[walk.touch :]) >= guard)
        return SrSetup(zone, sign, edge, guard, view.bars[walk.broken].open_time_ms, quality, words)

    def walk(self, bars: Sequence[OrientedBar], guard: float, edge: float, atr: float) -> FlipWalk:
        """What the bars did at a zone from `guard` to `edge`, the newest break counting."""
        settings, walk = self._settings, FlipWalk()
        lowest_close = bars[0].close
        for place in range(1, len(bars)):
            bar, before = bars[place], bars[place - 1]
            if walk.broken is None:
                limit = edge + settings.break_close_atr * atr
                if lowest_close <= edge and before.close < limit <= bar.close:
                    walk.broken, walk.top, walk.failed = place, bar.high, False
            else:
                self._follow(walk, place, bar, guard, edge, atr)
            lowest_close = min(lowest_close, bar.close)
        return walk

    def _follow(self, walk: FlipWalk, place: int, bar: OrientedBar, guard: float, edge: float, atr: float) -> None:
        settings = self._settings
        assert walk.broken is not None
        is_young = place - walk.broken <= settings.confirm_closes
        floor = edge if is_young else max(guard, edge - settings.fail_close_atr * atr)
        if bar.close < floor:
            walk.fail()
            return
        has_left = walk.top >= edge + settings.leave_atr * atr
        if not is_young and has_left and bar.low <= edge + settings.touch_atr * atr:
            walk.touch = place
            walk.first_touch = place if walk.first_touch is None else walk.first_touch
        walk.top = max(walk.top, bar.high)

    def triggers(self, bars: Sequence[OrientedBar], walk: FlipWalk, edge: float) -> tuple[bool, bool]:
        """Whether the newest bar takes back the one before it, and whether it closes above the whole way back."""
        last, before = bars[-1], bars[-2]
        if walk.first_touch is None or not last.close > max(edge, last.open):
            return False, False
        way_back = bars[walk.first_touch - 1 : -1]
        turns = walk.first_touch < len(bars) - 1 and last.close > max(bar.high for bar in way_back)
        return is_engulfing(before, last), turns

    def regime_fit(self, regime: Regime, sign: int) -> float:
        """A trend with the trade suits a broken zone best."""
        if regime.is_trend:
            return 1.0 if (regime is Regime.TREND_UP) == (sign > 0) else 0.2
        return 0.6 if regime is Regime.RANGE else 0.4

    def summary(self, setup: SrSetup, level: str) -> str:
        """What happened, in one sentence."""
        old, new = ("resistance", "support") if setup.sign > 0 else ("support", "resistance")
        return f"The {old} at {level} ({setup.zone.timeframe.code}) was broken and now holds as {new}."


def _had_role(zone: Zone, sign: int, view: View) -> bool:
    """Whether the zone stood in the way before the break: it still is of that kind, or changed within the window."""
    if zone.kind is opposing_kind(sign):
        return True
    return zone.flipped_ms is not None and zone.flipped_ms > view.bars[0].open_time_ms


def _quality(zone: Zone, sign: int, engulfs: bool, turns: bool, held: bool) -> tuple[float, str]:
    """How good the retest is, 0-1, and why."""
    renamed = zone.kind is not opposing_kind(sign)
    judged = (
        (0.25, engulfs, "took back the bar before"),
        (0.25, turns, "closed above the way back" if sign > 0 else "closed below the way back"),
        (0.25, held, "the retest stayed out of the far side of the zone"),
        (0.25, renamed, "the zone has changed its role on its own timeframe"),
    )
    return sum(share for share, holds, _ in judged if holds), ", ".join(words for _, holds, words in judged if holds)
