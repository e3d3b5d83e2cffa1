"""Sweep-Return: price dips through a zone, comes straight back, and leaves a wick that shows who was stronger."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from futtui.domain.regime import Regime
from futtui.domain.timeframe import Timeframe
from futtui.domain.zone import Zone
from futtui.language.counting import counted
from futtui.strategies.base import StrategyContext
from futtui.strategies.figures import median
from futtui.strategies.sr.engine import SIGNS, SrStrategy
from futtui.strategies.sr.settings import SrSweepReturnSettings
from futtui.strategies.sr.setup import NOTHING, Progress, Span, SrSetup, View
from futtui.strategies.structure import (
    OrientedBar,
    opposing_kind,
    seen_as_one,
    swept_spans,
    wick_in_bodies,
    zone_edges,
)

VOLUME_BARS = 20


class Sweep(NamedTuple):
    """A dip through a zone that ended with the newest close; oriented. `whole` is all its bars seen as one bar.

    `bars_outside` counts the closes beyond the zone before the return: 0 when one bar dipped and returned.
    """

    start: int
    whole: OrientedBar
    bars_outside: int
    depth_atr: float
    wick_ratio: float


class SrSweepReturn(SrStrategy):
    """Longs at a support whose low was dipped through and taken back; shorts at a resistance mirrored.

    The wick is measured on the whole dip, from its first open to the close of the return, against the trade and never
    by the colour of a bar. Dips of grade A may stand against the daily VWAP.
    """

    name: ClassVar[str] = "sr_sweep_return"
    title: ClassVar[str] = "Sweep-Return"
    edge_is_far = False

    def __init__(self, symbol: str, settings: SrSweepReturnSettings | None = None) -> None:
        self._settings = settings or SrSweepReturnSettings()
        super().__init__(symbol, self._settings)

    @property
    def window_bars(self) -> int:
        """The longest dip, and what its volume is compared to."""
        return VOLUME_BARS + self._settings.return_max_bars + 2

    def entry_max_atr(self) -> float:
        """Farthest entry from the swept edge, in ATR."""
        return self._settings.entry_max_atr

    def spans(self, view: View) -> tuple[Span, Span]:
        """A dip was below the edge at the newest bar or at the close before; one of the newest closes was above."""
        bars = view.bars
        last, before = bars[-1], bars[-2]
        closes = [bar.close for bar in bars[-self._settings.return_max_bars - 1 :]]
        up, down = min(last.low, before.close), max(last.high, before.close)
        return Span(up, max(closes)), Span(-down, -min(closes))

    def reaches(self, frame: Timeframe, atr: float, context: StrategyContext) -> Sequence[tuple[int, float, float]]:
        """Where a dip with a wick that is long enough, from which the newest bar came back, can have been."""
        settings, found = self._settings, []
        depth, least_body = (settings.depth_min_atr * atr, settings.depth_max_atr * atr), settings.body_least_atr * atr
        for sign in SIGNS:
            dips = context.dips(frame, settings.return_max_bars, sign)
            found += [(sign, *each) for each in swept_spans(dips, depth, settings.wick_min, least_body)]
        return found

    def is_in_play(self, zone: Zone, sign: int, view: View, span: Span) -> bool:
        """Whether price was on both sides of the edge of a zone that protects the trade."""
        edge = zone.low if sign > 0 else -zone.high
        return span.low < edge <= span.high and zone.kind is not opposing_kind(sign)

    def find(self, zone: Zone, sign: int, view: View) -> SrSetup | Progress:
        """The return that the newest bar completed, or how far a dip has come."""
        if zone.kind is opposing_kind(sign):
            return NOTHING
        settings = self._settings
        edge, _ = zone_edges(zone, sign)
        bars = view.oriented(sign)
        sweep = self.sweep(bars, edge, view.atr)
        if isinstance(sweep, Progress):
            return sweep
        started_ms = view.bars[sweep.start].open_time_ms
        if zone.created_ms > started_ms:
            return Progress(3, "price returned through a zone that was not known before the dip")
        if sweep.depth_atr < settings.depth_min_atr:
            return Progress(
                4, f"a dip was only {sweep.depth_atr:.2f} ATR deep; {settings.depth_min_atr:g} is the least"
            )
        if sweep.depth_atr > settings.depth_max_atr:
            return Progress(4, f"a dip was {sweep.depth_atr:.1f} ATR deep; {settings.depth_max_atr:g} is the most")
        if sweep.wick_ratio < settings.wick_min:
            least = settings.wick_min
            return Progress(5, f"the wick of a dip is {sweep.wick_ratio:.1f} times its body; {least:g} is the least")
        ratio = _volume_ratio([bar.volume for bar in view.bars], sweep.start)
        if settings.volume_min > 0 and (ratio is None or ratio < settings.volume_min):
            return Progress(6, f"the volume of a dip is below {settings.volume_min:g} times the usual one")
        is_a = self._is_grade_a(sweep, ratio)
        quality, words = self._quality(sweep, ratio, is_a)
        return SrSetup(zone, sign, edge, sweep.whole.low, started_ms, quality, words, is_a)

    def sweep(self, bars: Sequence[OrientedBar], edge: float, atr: float) -> Sweep | Progress:
        """The dip below `edge` that the newest close came back from, or how things stand."""
        last = len(bars) - 1
        if bars[last].close < edge:
            outside = _closes_below(bars, last, edge)
            if outside > self._settings.return_max_bars:
                return NOTHING
            return Progress(2, "price dipped through a zone; waiting for it to come back")
        bars_outside = _closes_below(bars, last - 1, edge)
        start = last - bars_outside
        if bars_outside > self._settings.return_max_bars or start < 1:
            return Progress(2, "price came back to a zone too late")
        dip = bars[start:]
        low = min(bar.low for bar in dip)
        if low >= edge:
            return NOTHING
        whole = seen_as_one(dip)
        wick_ratio = wick_in_bodies(whole, self._settings.body_least_atr * atr)
        return Sweep(start, whole, bars_outside, (edge - low) / atr, wick_ratio)

    def _is_grade_a(self, sweep: Sweep, ratio: float | None) -> bool:
        settings = self._settings
        is_quick = sweep.bars_outside < settings.grade_a_return_bars
        has_volume = ratio is not None and ratio >= settings.grade_a_volume
        return is_quick and has_volume and sweep.wick_ratio >= settings.grade_a_wick

    def _quality(self, sweep: Sweep, ratio: float | None, is_a: bool) -> tuple[float, str]:
        """How good the dip is, 0-1, and why."""
        settings = self._settings
        words = f"a wick {sweep.wick_ratio:.1f} times the body, {sweep.depth_atr:.2f} ATR through the zone"
        words += (
            ", back in the same bar"
            if sweep.bars_outside == 0
            else f", back after {counted(sweep.bars_outside, 'bar')}"
        )
        words += "; its usual volume is not available" if ratio is None else f"; {ratio:.1f} times the usual volume"
        if is_a:
            return 1.0, f"grade A: {words}"
        long_wick = min(1.0, sweep.wick_ratio / settings.grade_a_wick)
        quick = 1.0 - sweep.bars_outside / (settings.return_max_bars + 1)
        loud = ratio is not None and ratio >= settings.grade_a_volume
        return 0.2 + 0.3 * long_wick + 0.2 * quick + 0.2 * loud, words

    def regime_fit(self, regime: Regime, sign: int) -> float:
        """A range suits a return best; a trend with the trade nearly as well."""
        if regime.is_trend:
            return 0.8 if (regime is Regime.TREND_UP) == (sign > 0) else 0.3
        return 1.0 if regime is Regime.RANGE else 0.4

    def summary(self, setup: SrSetup, level: str) -> str:
        """What happened, in one sentence."""
        name, way, side = ("support", "dipped below", "low") if setup.sign > 0 else ("resistance", "rose above", "high")
        frame = setup.zone.timeframe.code
        return f"Price {way} the {name} ({frame}), whose {side} is at {level}, and came straight back."


def _closes_below(bars: Sequence[OrientedBar], last: int, edge: float) -> int:
    """How many closes in a row up to place `last` lie below `edge`."""
    count = 0
    while count <= last and bars[last - count].close < edge:
        count += 1
    return count


def _volume_ratio(volumes: Sequence[float], start: int) -> float | None:
    """Busiest bar of the dip in medians of the bars before it; None when nothing was traded in them."""
    usual = median(volumes[max(0, start - VOLUME_BARS) : start])
    return max(volumes[start:]) / usual if usual > 0 else None
